"""What is said of a picture that remembers: what was taken over of it, and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from visualizer.ui.axis_fields import WORDS as FIELD_NAMES

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.metadata.remembered import Remembered

MOST = 3
"""So many sentences on what was not taken over are said; the others are counted."""
_SHORT = 32


def called(source: PurePath | bytes) -> str:
    """What a picture is called in a sentence."""
    return f"‘{shortened(source.name)}’" if isinstance(source, PurePath) else "this picture"


def taken_over(name: str, remembered: Remembered, *, compared: bool) -> str:
    """What stands in the fields now.

    Args:
        name: what the picture is called in a sentence.
        compared: whether what changes from lane to lane stands there as well.
    """
    whose, lanes = _whose(remembered), len(remembered.lanes)
    if remembered.request is None:
        return begun(f"{name} remembers how it was made{whose}, but nothing can be taken over.")
    if compared:
        return f"The settings of {name}, a comparison of {lanes} pictures, are in the fields."
    if lanes > 1:
        of_all = begun(f"{name} is a comparison of {lanes} pictures.")
        return f"{of_all} The settings of its first one are in the fields."
    return f"The settings of {name}{whose} are in the fields."


def what_next(*, compared: bool) -> str:
    """What to do when the settings stand in the fields."""
    return f"Press Generate to make {'them' if compared else 'it'} again."


def not_taken_over(remembered: Remembered, facts: ModelFacts | None) -> list[str]:
    """Sentences on what the picture says that the fields do not.

    Args:
        facts: of the model that is open; None while there is none.
    """
    said = [] if facts is None else [*_of_the_model(remembered, facts)]
    if remembered.request is not None:
        if facts is not None:
            said += _of_the_fields(remembered.request, facts)
        said += _of_the_start(remembered.request)
    return [*said, *remembered.not_honored]


def one_picture(changed: Mapping[str, bool]) -> str:
    """What became of the lists of what is compared, where one picture came; "" for nothing.

    Args:
        changed: the fields whose list said something else, and whether it could be replaced.
    """
    names = {**FIELD_NAMES, "negative_prompt": "text to avoid"}
    now = [names[field] for field, done in changed.items() if done]
    kept = [names[field] for field, done in changed.items() if not done]
    said = []
    if now:
        what = " and ".join(f"its {name}" for name in now)
        lists = "list" if len(now) == 1 else "lists"
        said.append(begun(f"{what} took the place of the {lists} above: add others to compare."))
    said += [f"Its {name} does not fit into the list, which stays as it is." for name in kept]
    return " ".join(said)


def changed(
    request: SamplingRequest, prompt: str, avoid: str, steps: int, guidance: float
) -> list[str]:
    """Sentences on what the fields cannot say as it is.

    Args:
        prompt, avoid, steps, guidance: what stands in the fields.
    """
    said = [
        *_on_one_line(request.prompt, prompt, "prompt"),
        *_on_one_line(request.negative_prompt or "", avoid, "text to avoid"),
    ]
    if request.steps not in (None, steps):
        said.append(f"{request.steps} steps became {steps}.")
    if request.guidance_scale is not None and abs(request.guidance_scale - guidance) > 1e-6:
        said.append(f"Guidance {request.guidance_scale:g} became {guidance:g}.")
    return said


def _on_one_line(words: str, shown: str, name: str) -> list[str]:
    said = []
    if len(words.strip().splitlines()) > 1:
        said.append(f"Line breaks of the {name} became blanks: its field is one line.")
    if len(shown) < len(words):
        said.append(f"Only the first {len(shown):,} characters of the {name} fit into its field.")
    return said


def in_short(sentences: list[str]) -> str:
    """As much of it as anybody reads."""
    left = len(sentences) - MOST
    shown = sentences if left <= 1 else sentences[:MOST]
    rest = [] if left <= 1 else [f"{left} more things were not taken over."]
    return " ".join([*shown, *rest])


def begun(text: str) -> str:
    """A sentence begins with a capital letter."""
    return text[:1].upper() + text[1:]


def _whose(remembered: Remembered) -> str:
    from visualizer.metadata.remembered import OURS

    return "" if remembered.source == OURS else f" ({remembered.source})"


def _of_the_model(remembered: Remembered, facts: ModelFacts) -> list[str]:
    name, digest = remembered.model, remembered.model_hash.lower()
    same = bool(digest) and facts.weights_hash.lower().startswith(digest)
    if not name or same or _plain(name) == _plain(facts.name):
        return []
    return [f"Made by {shortened(name)}, which is not the open model."]


def _of_the_fields(request: SamplingRequest, facts: ModelFacts) -> list[str]:
    said = []
    if request.negative_prompt and not facts.avoid:
        said.append("This model reads no text to avoid.")
    if request.guidance_scale is not None and not facts.guidance:
        said.append(f"Guidance {request.guidance_scale:g} does nothing with this model.")
    keys = {name.key for name in facts.samplers}
    if request.sampler is not None and request.sampler not in keys:
        said.append(f"The sampler {request.sampler} does not go with this model: its own is taken.")
    asked = (request.width, request.height)
    if None not in asked and asked not in facts.sizes:
        said.append(f"{asked[0]}\u00a0×\u00a0{asked[1]} is no size of this model.")
    if request.extra.get("weighting") and not facts.weighting:
        said.append("This model reads no weights in the prompt.")
    return said


def _of_the_start(request: SamplingRequest) -> list[str]:
    from visualizer.diffusion.starts import EditedNoise, FromPicture, FromStep

    if isinstance(request.start, FromStep):
        return ["It branched from another run: the fields make a whole run from its seed."]
    if isinstance(request.start, FromPicture):
        return ["It started from a picture: the fields begin from the static of its seed."]
    if isinstance(request.start, EditedNoise):
        return ["It began from edited static: the fields begin from the static of its seed."]
    return []


def shortened(name: str) -> str:
    """A name that leaves room for the sentence."""
    half = (_SHORT - 1) // 2
    return name if len(name) <= _SHORT else f"{name[:half]}…{name[-half:]}"


def _plain(name: str) -> str:
    """A model's name without its place and its ending."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return last.removesuffix(".safetensors").removesuffix(".ckpt")
