"""Recording maps of cross-attention while a pipeline runs, beside what the model computes.

Replacing the model's own attention by one that hands out its weights would change the last bits of
the picture. So the model's attention stays as it is, and what every layer was given is used once
more: q and k are projected again by the layer's own weights, for the prompted half only, and the
softmax is taken in float32. Nothing of that flows back, and nothing that goes wrong here ends a
run: it goes on unrecorded, and the recorder says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.diffusion import families
from visualizer.diffusion.attention import AttentionMaps, PromptToken
from visualizer.diffusion.attention_models import cross_attentions, why_no_attention
from visualizer.diffusion.families import Family
from visualizer.diffusion.held import Held
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.word_tokens import ReadPrompt, check_words, tokens_of_run

LEAST_SIDE = 8
"""Layers with fewer positions along a side are left out, where there are finer ones: in the
built-in model its 4 × 4 layers look about as much outside of a thing as inside."""
MOST_SIDE = 64
"""Maps are kept no larger than this, so that a long run of a large picture stays small."""
_FAILED = (
    "Which words the picture listened to could not be recorded: {reason} The picture is the same "
    "as without."
)
Grid = tuple[int, int]


class UnknownGridError(ValueError):
    """A layer has positions that are no rows and columns of the latent."""


class AttentionRecorder:
    """Records one run, of one picture or a batch. Give a fresh one to ``sample``.

    Attributes:
        why_not: a sentence saying why the run, or the rest of it, is not recorded; else "".
    """

    def __init__(self, least_side: int = LEAST_SIDE) -> None:
        """
        Args:
            least_side: layers with fewer positions along a side are left out; 1 keeps them all.
        """
        self.why_not = ""
        self._least_side = least_side
        self._lanes: list[_Lane] = []
        self._conditional_first = self._perturbed = False
        self._size: Grid = (1, 1)
        self._sums: dict[Grid, torch.Tensor] = {}  # (lanes, tokens, positions) of this call
        self._counts: dict[Grid, int] = {}
        self._left_out: set[int] = set()  # numbers of positions of coarse layers
        self._call: list[Held] | None = None
        self._first = 0

    def maps(self, lane: int = 0, *, wait: bool = True) -> AttentionMaps | None:
        """What has been recorded of one picture so far; None before its first step.

        Args:
            wait: for steps whose maps are still on their way from the device.
        """
        return self._lanes[lane].maps(self._first, wait=wait) if self._lanes else None

    # --- called while a pipeline runs ---------------------------------------------------------

    @contextmanager
    def attached(
        self, pipeline: Any, family: Family, requests: Sequence[SamplingRequest], first: int = 0
    ) -> Iterator[None]:
        """Listen to a pipeline in this context; afterwards it is as it was.

        Where there is nothing to record, nobody listens, and ``why_not`` says why.

        Args:
            first: the step of the run that the network is asked about first.
        """
        self.why_not = why_not_recorded(pipeline, requests)
        if self.why_not:
            yield
            return
        self._first = first
        self._lanes = [_Lane(pipeline, request) for request in requests]
        self._conditional_first = family.conditional_first
        self._pipeline = pipeline
        _, denoiser = next(iter(families.denoisers(pipeline)))
        with ExitStack() as undo:
            listen = self._unless_it_fails
            begin = denoiser.register_forward_pre_hook(listen(self._begin_call), with_kwargs=True)
            undo.callback(begin.remove)
            undo.callback(denoiser.register_forward_hook(listen(self._end_call)).remove)
            for layer in cross_attentions(pipeline):
                hook = layer.register_forward_pre_hook(listen(self._hear), with_kwargs=True)
                undo.callback(hook.remove)
            undo.callback(self._drop_call)
            yield

    def take_step(self) -> None:
        """The newest call of the network was that of a step."""
        if self._call is not None:
            for lane, held in zip(self._lanes, self._call, strict=True):
                lane.add(held)
        self._drop_call()

    def pass_over(self) -> None:
        """The newest call was a trial of a sampler, or none of this run's."""
        self._drop_call()

    def _drop_call(self) -> None:
        self._call = None
        self._sums.clear()
        self._counts.clear()

    def _unless_it_fails(self, listen: Callable[..., None]) -> Callable[..., None]:
        """A listener that ends the recording where it fails, and never the run."""

        def carefully(*given: Any) -> None:
            if self.why_not:
                return
            try:
                listen(*given)
            except Exception as error:  # noqa: BLE001 - a layer may be like none that is known
                self._drop_call()
                own = isinstance(error, UnknownGridError)
                reason = str(error) if own else f"{type(error).__name__}."
                self.why_not = _FAILED.format(reason=reason)

        return carefully

    def _begin_call(self, _denoiser: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if self._call is not None:
            return  # asked twice in one step: the prompted one came first
        sample = args[0] if args else kwargs["sample" if "sample" in kwargs else "hidden_states"]
        self._size = sample.shape[-2], sample.shape[-1]
        self._parts = len(sample) // len(self._lanes)
        self._sums.clear()
        self._counts.clear()

    @property
    def _prompted(self) -> slice:
        """Which entries of the network's batch read the prompt, not the avoid text."""
        perturbed = bool(getattr(self._pipeline, "do_perturbed_attention_guidance", False))
        alone = self._parts - perturbed <= 1
        part = 0 if alone or self._conditional_first else 1
        return slice(part * len(self._lanes), (part + 1) * len(self._lanes))

    def _hear(self, layer: Any, args: Any, kwargs: dict[str, Any]) -> None:
        """A layer of cross-attention is about to be asked."""
        if self._call is not None:
            return
        x = args[0] if args else kwargs["hidden_states"]
        words = args[1] if len(args) > 1 else kwargs.get("encoder_hidden_states")
        positions = x.shape[1] if x.ndim == 3 else x.shape[-2] * x.shape[-1]
        if words is None or positions in self._left_out:
            return
        words = words[0] if isinstance(words, tuple) else words  # pictures may follow the words
        mask = args[2] if len(args) > 2 else kwargs.get("attention_mask")
        chosen = self._prompted
        weights = attention_weights(
            layer, x[chosen], words[chosen], None if mask is None else mask[chosen]
        )
        grid = grid_of(positions, self._size)
        before = self._sums.get(grid)
        self._sums[grid] = weights if before is None else before + weights
        self._counts[grid] = self._counts.get(grid, 0) + 1

    def _end_call(self, _denoiser: Any, _inputs: Any, _output: Any) -> None:
        if self._call is not None or not self._sums:
            return
        finest = max(self._sums, key=lambda grid: grid[0] * grid[1])
        least = min(self._least_side, *finest)
        kept = [grid for grid in self._sums if min(grid) >= least]
        self._left_out = {
            rows * columns for rows, columns in self._sums if (rows, columns) not in kept
        }
        size = bounded(finest)
        total = sum(self._counts[grid] for grid in kept)
        mean = sum(resized(self._sums[grid], grid, size) for grid in kept) / total
        assert isinstance(mean, torch.Tensor)
        self._call = [
            Held(lane.gathered(weights).to(torch.float16))
            for lane, weights in zip(self._lanes, mean, strict=True)
        ]


class _Lane:
    """What is recorded of one picture of a batch."""

    def __init__(self, pipeline: Any, request: SamplingRequest) -> None:
        self._pipeline, self._request = pipeline, request
        self._read: ReadPrompt | None = None
        self._coming: list[Held] = []
        self._steps: list[NDArray[np.float16]] = []

    def add(self, held: Held) -> None:
        self._coming.append(held)
        self._collect(wait=False)

    def gathered(self, weights: torch.Tensor) -> torch.Tensor:
        """(tokens + 1, rows, columns) of (length, rows, columns): the filling is one token."""
        if self._read is None:
            self._read = tokens_of_run(self._pipeline, self._request, len(weights))
        at = [token.position for token in self._read.tokens if token.position < len(weights)]
        first, last = at[0], at[-1] + 1
        own = weights[first:last] if at == list(range(first, last)) else weights[at]
        return torch.cat([own, (weights.sum(0) - own.sum(0)).clamp(min=0)[None]])

    def maps(self, first: int, *, wait: bool) -> AttentionMaps | None:
        self._collect(wait=wait)
        if self._read is None or not self._steps:
            return None
        rows, columns = self._steps[0].shape[1:]
        after = self._read.tokens[-1].position + 1
        tokens = (*self._read.tokens, PromptToken("", after, None, "padding"))
        return AttentionMaps(self._read.words, tokens, rows, columns, tuple(self._steps), first)

    def _collect(self, *, wait: bool) -> None:
        while self._coming and (wait or not self._coming[0].late):
            self._steps.append(self._coming.pop(0).array())


def why_not_recorded(pipeline: Any, requests: Sequence[SamplingRequest]) -> str:
    """A sentence saying why the attention of these runs cannot be recorded, or ""."""
    reason = why_no_attention(pipeline)
    if reason:
        return reason
    try:
        for request in requests:
            check_words(pipeline, request)
    except RequestError as error:
        return str(error)
    return ""


def attention_weights(
    layer: Any, x: torch.Tensor, words: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """softmax(q·kᵀ / √d) of one layer, mean over its heads (Vaswani et al. 2017, eq. 1).

    Args:
        layer: an ``Attention`` of diffusers.
        x: (batch, positions, channels) or (batch, channels, rows, columns).
        words: (batch, tokens, channels).
        mask: (batch, 1, tokens), added to the scores.

    Returns:
        (batch, tokens, positions) float32, summing to 1 over tokens.
    """
    if x.ndim == 4:
        x = x.flatten(2).transpose(1, 2)
    if layer.group_norm is not None:
        x = layer.group_norm(x.transpose(1, 2)).transpose(1, 2)
    if layer.norm_cross:
        words = layer.norm_encoder_hidden_states(words)
    q, k = (
        made.unflatten(-1, (layer.heads, -1)).transpose(1, 2)
        for made in (layer.to_q(x), layer.to_k(words))
    )
    q = q if layer.norm_q is None else layer.norm_q(q)
    k = k if layer.norm_k is None else layer.norm_k(k)
    scores = (k.float() * q.shape[-1] ** -0.5) @ q.float().transpose(-1, -2)
    if mask is not None:  # (batch, 1, tokens) ► (batch, heads, tokens, positions)
        scores = scores + mask.float().transpose(-1, -2)[:, None]
    weights: torch.Tensor = scores.softmax(dim=2).mean(dim=1)
    return weights


def grid_of(positions: int, size: Grid) -> Grid:
    """(rows, columns) of a layer: the latent's size, halved until it has so many positions.

    Raises:
        UnknownGridError: where it never has.
    """
    rows, columns = size
    while rows * columns > positions:
        rows, columns = -(-rows // 2), -(-columns // 2)
    if rows * columns != positions:
        raise UnknownGridError(
            f"{positions} positions do not fit a latent of {size[0]} × {size[1]}."
        )
    return rows, columns


def bounded(grid: Grid) -> Grid:
    """The grid, or what is kept of one that is too large."""
    factor = -(-max(grid) // MOST_SIDE)
    return -(-grid[0] // factor), -(-grid[1] // factor)


def resized(weights: torch.Tensor, grid: Grid, size: Grid) -> torch.Tensor:
    """(lanes, tokens, positions) weights as (lanes, tokens, rows, columns) of another size."""
    maps = weights.reshape(*weights.shape[:-1], *grid)
    if grid == size:
        return maps
    if grid[0] > size[0]:
        return torch.nn.functional.adaptive_avg_pool2d(maps, size)
    enlarged: torch.Tensor = torch.nn.functional.interpolate(maps, size=size, mode="bilinear")
    return enlarged
