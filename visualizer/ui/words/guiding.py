"""Guiding: what guidance does at a step, the same static ever harder, and no prompt at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from visualizer.ui.explanation import percent
from visualizer.ui.tile_grid import ShownTile, TileGrid
from visualizer.ui.words import exhibits
from visualizer.ui.words.guidance_part import SCALES, SEEDS, GuidancePart
from visualizer.ui.words.guidance_words import UNGUIDED, guidance_words
from visualizer.ui.words.swapping import Base

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.session.failure import Failure
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline
    from visualizer.session.words import Words

_NO_RUN = "Describe a picture above and press Enter."
_MAKING = "Making it …"
_NOT_YET = "Not made yet"
_VIEWS = {
    "unprompted": "Guess without the prompt",
    "guidance": "What the prompt changes",
    "denoised": "Guess with guidance",
}


class Guiding(QObject):
    """The pictures stand in the middle of the page; words and buttons in the panel."""

    def __init__(
        self,
        words: Words,
        part: GuidancePart,
        playhead: Playhead,
        base: Base,
        parent: QObject | None = None,
    ) -> None:
        """``base`` tells what the pictures are made from, but for guidance, prompt or seed."""
        super().__init__(parent)
        self._words, self._part, self._playhead = words, part, playhead
        self._base = base
        self._made_for: SamplingRequest | None = None
        self._facts: ModelFacts | None = None
        self._run: Timeline | None = None
        self._active = False
        self._making = ""  # the look that is being made
        self._asked: list[int] = []  # which of its pictures are on their way
        self._made: dict[str, list[Picture | None]] = {}
        self.stage = TileGrid("Pictures of guidance")
        part.look_chosen.connect(lambda _look: self._show())
        part.make_asked.connect(lambda: self.begin(part.look))
        part.stop_asked.connect(self.stop)
        playhead.moved.connect(self._moved)
        words.strip_progressed.connect(self._take)
        words.strip_ended.connect(self._end)
        words.failed.connect(self._fail)
        self.forget()

    @property
    def busy(self) -> bool:
        """Whether pictures are being made."""
        return bool(self._making)

    # --- what is looked at --------------------------------------------------------------------

    def set_active(self, active: bool) -> None:
        """Whether somebody looks at this part."""
        self._active = active
        self._show()

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model is there."""
        self._facts = facts
        self.stop()
        self.forget()

    def set_run(self, run: Timeline | None) -> None:
        """Another run is looked at: what was made beside the last one goes."""
        if run is self._run:
            return
        self.stop()
        if self._run is not None:
            self._run.picture_changed.disconnect(self._picture_changed)
            self._run.grown.disconnect(self._grown)
        self._run = run
        if run is not None:
            run.picture_changed.connect(self._picture_changed)
            run.grown.connect(self._grown)
        self.forget()

    def forget(self) -> None:
        """What was made does not hold any more."""
        self._made_for = self._base()
        self._made = {"strip": [self._own(s) for s in SCALES], "unprompted": [None] * SEEDS}
        self._show()

    def look_again(self) -> None:
        """The fields may ask for something else: what was made for them before goes then."""
        if self._base() != self._made_for:
            self.stop()
            self.forget()

    def _own(self, scale: float) -> Picture | None:
        """The picture of the run itself, where it was made with this guidance."""
        run = self._run
        if run is None or run.trajectory is None or run.request != self._made_for:
            return None
        return run.trajectory.final if run.request.guidance_scale == scale else None

    # --- making -------------------------------------------------------------------------------

    def begin(self, look: str) -> None:
        """Make the pictures of a look, those that are not there yet."""
        self._part.looks.set_current(look)
        self.look_again()
        base, missing = self._base(), self._missing(look)
        if base is None or not missing or not self._can():
            self._show()
            return
        self.stop()
        self._making, self._asked = look, missing
        if look == "strip":
            self._words.strip(base, [SCALES[n] for n in missing])
        else:
            seeds = self._seeds()
            self._words.unprompted(base, [seeds[n] for n in missing])
        self._show()

    def stop(self) -> bool:
        """Stop what is being made; whether there was something."""
        was, self._making = bool(self._making), ""
        if was:
            self._words.cancel_strip()
            self._show()
        return was

    def _grown(self) -> None:
        run = self._run
        if run is not None and run.trajectory is not None and not self._making:
            self._made["strip"] = [
                made if made is not None else self._own(scale)
                for made, scale in zip(self._made["strip"], SCALES, strict=True)
            ]
        self._moved()

    def _take(self, n: int, picture: Picture) -> None:
        if self._making and n < len(self._asked):
            self._made[self._making][self._asked[n]] = picture
            self._show()

    def _end(self) -> None:
        self._making = ""
        self._show()

    def _fail(self, _failure: Failure) -> None:
        self._making = ""
        self._show()

    def _can(self) -> bool:
        return self._facts is not None and self._base() is not None

    def _seeds(self) -> list[int]:
        from visualizer.ui.number_field import MAX_SEED

        base = self._made_for
        first = 0 if base is None else base.seed
        return [(first + n) % (MAX_SEED + 1) for n in range(SEEDS)]

    def _missing(self, look: str) -> list[int]:
        return [n for n, picture in enumerate(self._made.get(look, ())) if picture is None]

    # --- what is shown ------------------------------------------------------------------------

    def _moved(self) -> None:
        if self._active and self._part.look == "step":
            self._show()

    def _picture_changed(self, k: int, _view: str) -> None:
        if k == self._playhead.index:
            self._moved()

    def _show(self) -> None:
        look = self._part.look
        missing = len(self._missing(look))
        unguided = look == "strip" and self._facts is not None and not self._facts.guidance
        self._part.show_state(
            guidance_words(look, self._run, self._made_for, self._facts),
            UNGUIDED if unguided else self._state(look),
            0 if unguided else missing,
            busy=self._making == look,
            can=self._can(),
        )
        if self._active:
            self.stage.show_tiles(self._tiles(look))

    def _state(self, look: str) -> str:
        if look == "step":
            return self._pull()
        made, total = len(self._made[look]) - len(self._missing(look)), len(self._made[look])
        return f"{made} of {total}" if self._making == look else ""

    def _pull(self) -> str:
        run, k = self._run, self._playhead.index
        strength = None if run is None else run.guidance_strength(k)
        if run is None or strength is None:
            return ""
        return f"{run.label(k)}: the prompt moved the guess by {percent(strength)}."

    def _tiles(self, look: str) -> list[ShownTile]:
        if look == "step":
            return self._step_tiles()
        words = _MAKING if self._making == look else _NOT_YET
        pictures = self._made[look]
        if look == "strip":
            scale = None if self._made_for is None else self._made_for.guidance_scale
            return [
                ShownTile(f"guidance {s:g}", picture, words, marked=s == scale)
                for s, picture in zip(SCALES, pictures, strict=True)
            ]
        return [
            ShownTile(f"seed {seed}", picture, words)
            for seed, picture in zip(self._seeds(), pictures, strict=True)
        ]

    def _step_tiles(self) -> list[ShownTile]:
        run, k = self._run, self._playhead.index
        if run is None or not len(run):
            return [ShownTile(caption, None, _NO_RUN) for caption in _VIEWS.values()]
        found = []
        for view, caption in _VIEWS.items():
            why = run.why_missing(k, view)
            picture = None if why else run.picture(k, view)
            scale = run.request.guidance_scale
            if view == "denoised" and scale is not None:
                caption = f"{caption} {scale:g}"
            found.append(ShownTile(caption, picture, why or _MAKING, marked=view == "denoised"))
        return found

    def exhibit(self) -> ExhibitPlan | None:
        """The pictures that are there, one after the other."""
        look = self._part.look
        tiles = self._tiles(look)
        title = {"step": "What the prompt changes", "strip": "Guidance", "unprompted": "No prompt"}
        return exhibits.of_pictures(title[look], [(tile.caption, tile.picture) for tile in tiles])
