"""What a person chose, kept between launches in one small JSON file."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from visualizer import EXAMPLE_PROMPT
from visualizer.folders import config_folder

FILE_NAME = "settings.json"
CHOICES = {
    "theme": ("system", "dark", "light"),
    "y_axis": ("share", "sigma", "log_snr"),
    "panel": ("explanation", "code", "sculptor"),
}
RANGES = {
    "seed": (0, 2**32 - 1),
    "steps": (1, 100_000),
    "guidance_scale": (0, 1000),
    "width": (8, 16384),
    "height": (8, 16384),
    "speed": (0.25, 4.0),
    "picture_memory_mib": (64, 65_536),
}


@dataclass
class Settings:
    """The choices themselves. A field that is None leaves the model's own recommendation.

    Attributes:
        theme: "system" (follow it), "dark" or "light".
        prompt, avoid, seed, steps, guidance_scale, sampler, width, height: the last request.
        model_folder: the model that was open, None for the built-in one.
        model_folders: where the person keeps models.
        geometry: the window's place and size, as Qt saves it, in base64.
        speed, loop: of playing.
        y_axis: of the noise plot: "share", "sigma" or "log_snr".
        panel: what stands beside the picture: "explanation", "code" or "sculptor".
        hard_pixels: whether the picture is enlarged without smoothing.
        picture_memory_mib: how much memory full pictures of all runs may take together, in MiB.
        export: how something was exported last, as ``ExportOptions.to_json`` tells it.
        lessons: how far they were read, as ``visualizer.lessons.progress`` tells it.
    """

    theme: str = "system"
    prompt: str = EXAMPLE_PROMPT
    avoid: str = ""
    seed: int = 7
    steps: int | None = None
    guidance_scale: float | None = None
    sampler: str | None = None
    width: int | None = None
    height: int | None = None
    model_folder: str | None = None
    model_folders: list[str] = field(default_factory=list)
    geometry: str = ""
    speed: float = 1.0
    loop: bool = False
    y_axis: str = "share"
    panel: str = "explanation"
    hard_pixels: bool = False
    picture_memory_mib: int = 512
    export: dict[str, Any] = field(default_factory=dict)
    lessons: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = field(default=None, repr=False, compare=False)
    """Where ``save`` writes; None is the person's own folder."""

    @classmethod
    def load(cls, folder: Path | None = None) -> Settings:
        """Read the file; whatever in it is missing, damaged or senseless keeps its default."""
        settings = cls(folder=folder)
        try:
            values = json.loads(settings.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return settings  # the first launch, or a damaged file: neither is worth a word
        if isinstance(values, dict):
            for name, value in values.items():
                settings._take(name, value)
        return settings

    @property
    def path(self) -> Path:
        """The file."""
        return (self.folder or config_folder()) / FILE_NAME

    def save(self) -> None:
        """Write the file in one piece: it is the old one or the new one, never half of one.

        Raises:
            OSError: when the folder cannot be written to.
        """
        values = {name: value for name, value in asdict(self).items() if name != "folder"}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=FILE_NAME)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(values, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _take(self, name: str, value: Any) -> None:
        """Keep one value of the file if it is of the right kind."""
        kinds = {f.name: str(f.type).split(" | ") for f in fields(self) if f.name != "folder"}
        if name not in kinds or type(value).__name__ not in _accepted(kinds[name]):
            return
        if name in CHOICES and value not in CHOICES[name]:
            return
        if isinstance(value, list):
            value = list(dict.fromkeys(item for item in value if isinstance(item, str) and item))
        if name in RANGES and value is not None:
            low, high = RANGES[name]
            if not low <= value <= high:  # also what is not a number at all
                return
        if "float" in kinds[name] and value is not None:
            value = float(value)
        setattr(self, name, value)


_KINDS = {"None": "NoneType", "list[str]": "list", "dict[str, Any]": "dict"}


def _accepted(kinds: list[str]) -> set[str]:
    names = {_KINDS.get(kind, kind) for kind in kinds}
    return names | {"int"} if "float" in names else names
