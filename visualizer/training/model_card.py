"""What the folder of the built-in model says of itself: its words, its advice, its card."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from visualizer.training.architecture import (
    LATENT_CHANNELS,
    LATENT_SIZE,
    PICTURE_SIZE,
    REDUCTION,
    SCHEDULE,
)
from visualizer.training.world import words
from visualizer.training.world.captions import known_words
from visualizer.training.world.subjects import COLORS, OBJECTS, PLACES, SIDES, TIMES

RECOMMENDED: dict[str, Any] = {
    "steps": 30,
    "quick_steps": 8,
    "guidance_scale": 5.0,
    "sizes": [[PICTURE_SIZE, PICTURE_SIZE]],
}
"""What `recommended.json` tells the program to start from."""
PROMPTS = ("a red Ferrari on a mountain road at sunset", "a blue boat in front of a white castle")
_COURSE = "training.json"


@dataclass(frozen=True)
class Course:
    """How a model was trained, as its `training.json` tells it.

    Attributes:
        seed: of the drawn scenes.
        scenes: how many there were.
        shown: how many whole pictures the denoiser was shown, most of them more than once.
    """

    seed: int
    scenes: int
    shown: int


def vocabulary() -> dict[str, Any]:
    """What the model knows, as `vocabulary.json` tells it.

    Lists of plain names, which are words of the model; the other ways to say each of them; and
    all words.
    """
    said = {**words.OBJECTS, **words.COLORS, **words.PLACES, **words.TIMES}
    return {
        "objects": list(OBJECTS),
        "colors": list(COLORS),
        "places": list(PLACES),
        "times": list(TIMES),
        "sizes": list(words.SIZES),
        "sides": list(SIDES),
        "relations": ["left of", "right of", "in front of", "behind"],
        "phrases": {
            name: _once(some) for name, some in {**said, **words.SIZES, **words.SIDES}.items()
        },
        "plurals": {name: _once(some) for name, some in words.PLURALS.items()},
        "words": known_words(),
    }


def write_course(folder: Path, course: Course) -> None:
    """Tell in the folder of a model how it was trained."""
    text = json.dumps(asdict(course), indent=1) + "\n"
    (folder / _COURSE).write_text(text, encoding="utf-8")


def read_course(folder: Path) -> Course:
    """How the model of a folder was trained.

    Raises:
        ValueError: where that is not told, in a sentence.
    """
    path = folder / _COURSE
    try:
        return Course(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{path} does not tell how the model was trained ({error}).") from error


def model_card(course: Course | None = None) -> str:
    """The README of the folder."""
    made, guidance = "", RECOMMENDED["guidance_scale"]
    if course is not None:
        made = f" The denoiser was shown {course.shown:,} pictures, of {course.scenes:,} scenes."
    text = f"""---
license: mit
library_name: diffusers
pipeline_tag: text-to-image
---
# The built-in model of the Denoising Visualizer

A small text-to-image diffusion model, {PICTURE_SIZE} × {PICTURE_SIZE} pixels, trained from nothing
on pictures that a program drew and captioned: no photographs, no artists' work, no other model's
weights.

    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained("builtin-model")
    prompt = "{PROMPTS[0]}"
    settings = {{"guidance_scale": {guidance}, "num_inference_steps": {RECOMMENDED["steps"]}}}
    pipeline(prompt, **settings).images[0]

## What it knows

- {len(OBJECTS)} things: {_listed(OBJECTS)}
- {len(COLORS)} colors: {_listed(COLORS)}
- {len(PLACES)} places: {_listed([_plain(words.PLACES, place) for place in PLACES])}
- {len(TIMES)} times and weathers: {_listed([_plain(words.TIMES, time) for time in TIMES])}
- sizes: {_listed(list(words.SIZES))}; sides: {_listed([_plain(words.SIDES, s) for s in SIDES])}
- two things together, in two colors: left of, right of, in front of, behind, or just "and"

It knows everyday synonyms of most ("Ferrari", "sports car" and "automobile" are cars) and the
plurals of the common ones; place and time may stand anywhere, a color stands before its thing.
`vocabulary.json` lists every word. Good prompts are "{PROMPTS[0]}"
and "{PROMPTS[1]}". A good guidance scale is {RECOMMENDED["guidance_scale"]:g}, in
{RECOMMENDED["steps"]} steps, or in {RECOMMENDED["quick_steps"]} when it has to be quick.

## What it cannot do

Any other word means nothing to it. A plural is one thing. There are no numbers, no three things,
no writing, no people, and no other style than that of its drawings. Of two things one is often
left out or in the wrong place; cats, dogs, planes and rockets are its weakest. How often it does
what it is asked is counted in the program's docs/builtin-model.md.

## How it was made

`visualizer/training` draws the scenes and trains three parts: an autoencoder whose latents
({LATENT_CHANNELS} × {LATENT_SIZE} × {LATENT_SIZE}) are {REDUCTION} times smaller each way than the
pictures, a text encoder with a U-Net that predicts v (Salimans & Ho 2022) on a scaled-linear
schedule from {SCHEDULE["beta_start"]} to {SCHEDULE["beta_end"]}, and at last the decoder once
more.{made} The decoder draws latent noise as pixel noise by design: static. Decoders of other
models draw noise as they happen to. How to make it again, and how well it follows prompts, is told
in the program's docs/builtin-model.md.

## License

That of the program, MIT; the drawings are the program's own.
"""
    return "\n\n".join(_wrapped(paragraph) for paragraph in text.split("\n\n")) + "\n"


def _wrapped(paragraph: str) -> str:
    """Running text in lines of one width; the rest as it is."""
    if paragraph.startswith(("---", "#", "-", "    ")):
        return paragraph.rstrip("\n")
    return textwrap.fill(" ".join(paragraph.split()), 100)


def _plain(table: words.Words, name: str) -> str:
    return table[name][0]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _once(phrases: Sequence[str]) -> list[str]:
    """Without the repetitions that make the commoner ones more frequent."""
    return list(dict.fromkeys(phrases))
