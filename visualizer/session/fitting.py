"""Fitting: the fast decoder of a model, made a slice at a time so that nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visualizer.diffusion.fast_decoder import FastDecoder, FastDecoderFit
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.tiny_autoencoder import TinyDecoder


class Fitting:
    """The fast decoder of one model: kept from an earlier start, or in the making.

    Only the thread that owns the model calls it. A slice that fails ends it for good.

    Args:
        model: whose decoder is imitated.
        told: called with each better fast decoder.
    """

    def __init__(self, model: Any, told: Callable[[FastDecoder], None]) -> None:
        self._model, self._told = model, told
        self._fit: FastDecoderFit | None = None
        self._slices = 0
        self._slices_used = 0  # of which the fast decoder of now was made
        self._fitted = False
        self.fast: FastDecoder | None = None
        self.tiny: TinyDecoder | None = None
        """A tiny autoencoder that the person has, sharper than the fast decoder and slower."""
        self.open = True
        """Whether there is more to do."""

    def advance(self) -> None:
        """One slice: looking for a kept one, one exact decode, or looking for a tiny one."""
        self.open = False  # it stays so if anything goes wrong
        if self._fitted:
            self.tiny = self._model.find_tiny_autoencoder()
            return
        with suppress(LookupError):  # nothing leads from pictures to latents: no previews
            more = self._begin() if self._fit is None else self._go_on(self._fit)
            self._fitted = not more
            self.open = True

    def previewer(self, step: Step, seconds: float) -> FastDecoder | TinyDecoder | None:
        """What shows a step of a run at no cost worth speaking of.

        Args:
            seconds: how long the last step took; 0 when that is not known.
        """
        if self.tiny is not None and self.tiny.keeps_up(step, seconds):
            return self.tiny
        return self.fast

    def hasten(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        """A run begins: get on for so long at most, and use what there is by then."""
        until = time.monotonic() + seconds
        while self.open and not cancelled() and time.monotonic() < until:
            self.advance()
        if self.open and self._fit is not None and self._fit.usable:
            self._improve()

    def _begin(self) -> bool:
        kept = self._model.kept_fast_decoder
        if kept is not None:
            self._tell(kept)
            return False
        self._fit = self._model.begin_fast_decoder()
        return True

    def _go_on(self, fit: FastDecoderFit) -> bool:
        fit.advance()
        self._slices += 1
        if fit.finished:
            self._tell(self._model.keep_fast_decoder(fit))
            return False
        if fit.usable and self.fast is None:
            self._improve()
        return True

    def _improve(self) -> None:
        if self._fit is not None and self._slices > self._slices_used:
            self._slices_used = self._slices
            self._tell(self._fit.decoder())

    def _tell(self, fast: FastDecoder) -> None:
        self.fast = fast
        self._told(fast)
