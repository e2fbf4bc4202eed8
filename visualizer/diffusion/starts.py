"""Where a run starts: from a seed's noise, from edited noise, a step of a run, or a picture.

Noise is an object here: it can be mixed with another seed's, pasted into, mirrored and moved, and
the picture shows what followed from it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.request import SamplingRequest

MAX_SEED = 2**32 - 1
MAX_EDITS = 16
MAX_DEPTH = 32
"""Branches of branches; each holds its parent's request."""
MAX_PICTURE_SIDE = 16384
NO_PICTURE = (
    "It started from a picture, of which only a fingerprint is here. Open its run file instead, or "
    "start from the picture again."
)
Direction = Literal["horizontal", "vertical"]


class RequestError(ValueError):
    """A request that cannot be sampled; its text is a sentence for the person who made it."""


# --- Edits of the starting noise ------------------------------------------------------------------


@dataclass(frozen=True)
class Mix:
    """Spherical interpolation towards another seed's noise (Shoemake 1985).

    On a straight line the middle of two noises would have half their variance, which no model has
    ever seen; on the sphere it stays 1.

    Attributes:
        seed: of the other noise.
        amount: 0 leaves the noise as it is, 1 is the other one.
    """

    seed: int
    amount: float
    kind: ClassVar[str] = "mix"

    def __post_init__(self) -> None:
        check_int("seed", self.seed, 0, MAX_SEED)
        _check_share("mix", self, "amount", 0.0)


@dataclass(frozen=True)
class Paste:
    """A rectangle of the noise taken from another seed, from the same place.

    Attributes:
        seed: of the other noise.
        left, top, right, bottom: its edges as shares of the picture's sides, 0 … 1.
    """

    seed: int
    left: float
    top: float
    right: float
    bottom: float
    kind: ClassVar[str] = "paste"

    def __post_init__(self) -> None:
        check_int("seed", self.seed, 0, MAX_SEED)
        for name in ("left", "top", "right", "bottom"):
            _check_share("region", self, name, 0.0)
        if not (self.left < self.right and self.top < self.bottom):
            raise RequestError("The region of the noise is empty. Draw it from corner to corner.")


@dataclass(frozen=True)
class Flip:
    """The noise mirrored: ``horizontal`` swaps left and right, ``vertical`` top and bottom."""

    axis: Direction
    kind: ClassVar[str] = "flip"

    def __post_init__(self) -> None:
        if self.axis not in get_args(Direction):
            raise RequestError(f"Noise is flipped horizontal or vertical, not '{self.axis}'.")


@dataclass(frozen=True)
class Shift:
    """The noise moved; what leaves at one edge comes in at the other.

    Attributes:
        right, down: shares of the picture's sides, −1 … 1; moved by whole latent positions.
    """

    right: float = 0.0
    down: float = 0.0
    kind: ClassVar[str] = "shift"

    def __post_init__(self) -> None:
        for name in ("right", "down"):
            _check_share("shift", self, name, -1.0)


NoiseEdit: TypeAlias = Mix | Paste | Flip | Shift
_EDITS: dict[str, type[NoiseEdit]] = {cls.kind: cls for cls in (Mix, Paste, Flip, Shift)}


# --- Starts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FromSeed:
    """Start from pure noise, drawn by ``torch.Generator("cpu").manual_seed(seed)``."""

    kind: ClassVar[str] = "seed"


@dataclass(frozen=True)
class EditedNoise:
    """Start from the seed's noise after some edits, in their order.

    Attributes:
        edits: at least one.
    """

    edits: tuple[NoiseEdit, ...]
    kind: ClassVar[str] = "edited noise"

    def __post_init__(self) -> None:
        if not 1 <= len(self.edits) <= MAX_EDITS:
            raise RequestError(f"Noise is edited 1 to {MAX_EDITS} times, not {len(self.edits)}.")
        if not all(isinstance(edit, tuple(_EDITS.values())) for edit in self.edits):
            raise RequestError("This version does not know one of the edits of the noise.")


@dataclass(frozen=True)
class FromStep:
    """Go on from a step of another run: a branch.

    Where the branch asks for the parent's sampler and seed, the parent's steps are played again
    through the real sampler, so that its memory and its random numbers are those of the parent.
    Otherwise the sampler begins anew at that noise level; another seed adds its own noise there.

    Attributes:
        parent: the request of the run that is branched.
        step: the step of it that is taken anew, 0 … N−1.
    """

    parent: SamplingRequest
    step: int
    kind: ClassVar[str] = "step"

    def __post_init__(self) -> None:
        check_int("step", self.step, 0, 1_000_000)
        if self.depth > MAX_DEPTH:
            raise RequestError(
                f"A branch of a branch goes {MAX_DEPTH} runs deep at most. Start a new run with "
                "these settings instead."
            )

    @property
    def depth(self) -> int:
        """How many runs there are above this one."""
        depth, start = 1, self.parent.start
        while isinstance(start, FromStep):
            depth, start = depth + 1, start.parent.start
        return depth


@dataclass(frozen=True, eq=False)
class FromPicture:
    """Start from a picture that noise has destroyed in part: image-to-image (Meng et al. 2022).

    The picture is encoded, brought to the noise level of a step of the request's plan with the
    seed's own noise (Ho et al. 2020, eq. 4), and denoised from there; the steps before are left
    out. Two pictures are equal when their numbers are.

    Attributes:
        picture: (H, W, 3) uint8; its middle is cut to the size of the run.
        step: the first step that is taken, 0 … N−1: the later, the more of the picture stays.
    """

    picture: Picture = field(repr=False)
    step: int
    kind: ClassVar[str] = "picture"

    def __post_init__(self) -> None:
        import numpy as np  # the window reads the other starts before it loads numpy

        from visualizer.diffusion.arrays import read_only

        check_int("step", self.step, 0, 1_000_000)
        given = self.picture
        if not isinstance(given, np.ndarray) or given.dtype != np.uint8 or given.shape[2:] != (3,):
            raise RequestError("A run starts from a picture of the shape (H, W, 3), 0 to 255.")
        if not all(1 <= side <= MAX_PICTURE_SIDE for side in given.shape[:2]):
            height, width = given.shape[:2]
            raise RequestError(
                f"A run starts from a picture of 1 to {MAX_PICTURE_SIDE} pixels a side, not "
                f"{width} × {height}."
            )
        if given.flags.writeable or not given.flags.c_contiguous:
            object.__setattr__(self, "picture", read_only(given.copy(order="C")))

    def words(self, noise: str = "") -> str:
        """ "from a picture, from 62 % noise".

        Args:
            noise: how much there is at its step, in words; otherwise the step is named.
        """
        return f"from a picture, from {noise or f'step {self.step}'}"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the picture's numbers."""
        return hashlib.sha256(self.picture.tobytes()).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FromPicture):
            return NotImplemented
        return self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @property
    def _content(self) -> tuple[int, tuple[int, ...], str]:
        return self.step, self.picture.shape, self.digest


Start: TypeAlias = FromSeed | EditedNoise | FromStep | FromPicture
FROM_SEED = FromSeed()


def goes_alone(start: Start) -> bool:
    """Whether its run is made by itself, never in a batch: steps are played again, or left out."""
    return isinstance(start, (FromStep, FromPicture))


def start_to_json(start: Start) -> dict[str, Any]:
    """JSON values only. A picture stands as its hash and shape."""
    values: dict[str, Any] = {"kind": start.kind}
    if isinstance(start, EditedNoise):
        values["edits"] = [{"kind": edit.kind, **asdict(edit)} for edit in start.edits]
    elif isinstance(start, FromStep):
        values |= {"parent": start.parent.to_json(), "step": start.step}
    elif isinstance(start, FromPicture):
        picture = {"array": start.digest, "shape": list(start.picture.shape), "dtype": "uint8"}
        values |= {"picture": picture, "step": start.step}
    return values


def start_from_json(values: Any, depth: int = 0) -> Start:
    """The inverse of ``start_to_json``.

    Args:
        depth: how many branches stand above this one already.

    Raises:
        RequestError: for what this version does not know.
    """
    from visualizer.diffusion.request import SamplingRequest

    kind = values.get("kind") if isinstance(values, Mapping) else None
    if kind == FromSeed.kind:
        return FromSeed()
    try:
        if kind == EditedNoise.kind:
            return EditedNoise(tuple(_edit_from_json(edit) for edit in values["edits"]))
        if kind == FromStep.kind and depth < MAX_DEPTH:
            parent = SamplingRequest.from_json(values["parent"], depth + 1)
            return FromStep(parent, values["step"])
        if kind == FromPicture.kind:
            if isinstance(values["picture"], Mapping):
                raise RequestError(NO_PICTURE)
            return FromPicture(values["picture"], values["step"])
    except RequestError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise RequestError(f"The start '{kind}' of this request is incomplete.") from error
    raise RequestError(f"This version does not know the start '{kind}'.")


def _edit_from_json(values: Mapping[str, Any]) -> NoiseEdit:
    rest = dict(values)
    return _EDITS[rest.pop("kind")](**rest)


# --- Checks ---------------------------------------------------------------------------------------


def check_int(name: str, value: object, low: int, high: int) -> None:
    """Refuse what is no whole number within the bounds.

    Raises:
        RequestError: with the bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(f"The {name} must be a whole number, not {value!r}.")
    if not low <= value <= high:
        raise RequestError(f"The {name} must lie between {low} and {high}, not {value}.")


def _check_share(what: str, owner: object, name: str, low: float) -> None:
    value = getattr(owner, name)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= 1:
        raise RequestError(f"The {name} of the {what} must lie between {low:g} and 1, not {value}.")
    object.__setattr__(owner, name, float(value))
