"""Remembered: what a file says of how it was made, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from visualizer.diffusion.request import SamplingRequest

OURS = "Denoising Visualizer"
"""``source`` of our own files."""


class MetadataError(Exception):
    """A file whose memory cannot be read; its text is a sentence for a person."""


@dataclass(frozen=True)
class RememberedLane:
    """One run of a comparison.

    Attributes:
        label: what sets it apart, e.g. "seed 7"; may be "".
        request: what was asked for; None where it cannot be read.
        model, model_hash: which model made it; may be "".
    """

    label: str
    request: SamplingRequest | None
    model: str = ""
    model_hash: str = ""


@dataclass(frozen=True)
class Remembered:
    """What a file remembers.

    Attributes:
        source: the program that made it: "Denoising Visualizer", "AUTOMATIC1111", "Forge",
            "SD.Next", "ComfyUI", "InvokeAI", "Fooocus" or "NovelAI".
        request: what could be taken over of it; of a comparison its first run. None where nothing
            could.
        model, model_hash: the model it was made with, as that program calls it; may be "".
        version: of the program, as the file says it; may be "".
        not_honored: sentences on what the file says that could not be taken over.
        raw: the text fields as they stand in the file.
        title: of a comparison, or "".
        lanes: the runs of a comparison; () for a single picture.
        size: width and height of the picture in the file, where its beginning tells them.
    """

    source: str
    request: SamplingRequest | None
    model: str = ""
    model_hash: str = ""
    version: str = ""
    not_honored: tuple[str, ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    lanes: tuple[RememberedLane, ...] = ()
    size: tuple[int, int] | None = None
