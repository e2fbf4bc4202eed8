"""PageSetup: how a lesson sets a page of the window up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

OPTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "denoise": {"panel": ("explanation", "code", "sculptor", "drawings")},
        "compare": {"experiment": ("yes",), "prompts": (), "seeds": (), "guidances": ()},
        "noise": {},
        "destroy": {
            "picture": (),  # "scene 12", "run"
            "space": ("latents", "pixels"),
            "stage": ("round trip", "destroy", "turn round"),
            "from": (),  # turn round from this share of noise, in percent
        },
        "train": {
            "part": ("example", "lab", "checkpoints"),
            "start": ("yes",),
            "noise": (),  # of the example, the share in percent
        },
        "words": {
            "part": ("reading", "attention", "swap", "guidance"),
            "word": (),
            "swap": (),  # "red -> blue", "sunset ->"
            "strip": ("guidance", "no prompt"),  # of the part "guidance"
        },
        "physics": {
            "shape": ("swiss roll", "rings", "letters", "by hand"),
            "text": (),  # of the letters
            "way": ("forward", "sde", "ode"),
            "start": ("yes", "again"),  # learn where it was not learned, or from nothing
        },
    }
)
"""What a lesson may ask of each page; the values that are allowed, or () where any is."""

_FIELDS = ("prompt", "avoid", "seed", "steps", "guidance", "sampler", "run")
GENERAL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "denoise": (*_FIELDS, "playhead", "view"),
        "compare": (*_FIELDS, "playhead", "view"),
        "noise": _FIELDS,
        "destroy": (*_FIELDS, "playhead"),
        "train": _FIELDS,
        "words": (*_FIELDS, "playhead", "view"),
        "physics": ("run", "playhead"),  # it has no header
    }
)
"""Which of the fields that pages share mean anything on each of them."""


@dataclass(frozen=True)
class PageSetup:
    """Everything that a "do it" button puts in place.

    Attributes:
        page: its name, a key of OPTIONS.
        prompt, avoid, seed, steps, guidance, sampler: into the fields of the header; None leaves
            what stands there. ``sampler`` is a key of ``visualizer.diffusion.samplers``.
        run: whether something is made at once, as by Enter.
        playhead: where on the timeline the page stands then, 0 its beginning … 1 its end; None is
            left to the page. Of a run that is made it is taken up when the run has ended.
        view: a view of the picture, as in ``visualizer.session.playhead.VIEWS``.
        options: what this page alone knows, see OPTIONS.

    Not every page has a use for each of them, see GENERAL.
    """

    page: str
    prompt: str | None = None
    avoid: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    run: bool = False
    playhead: float | None = None
    view: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def makes_something(self) -> bool:
        """Whether what is asked for takes its time: it waits for what is being made, and its own
        end is worth waiting for."""
        return self.run or "start" in self.options or "experiment" in self.options
