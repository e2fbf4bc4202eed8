"""A model folder, looked at before anything in it is trusted."""

from __future__ import annotations

import json
from pathlib import Path

from visualizer.diffusion.libraries import diffusers, transformers

_LIBRARIES = {"diffusers": diffusers, "transformers": transformers}


class ModelError(RuntimeError):
    """A model that cannot be opened or used; its text is a sentence with what to do."""


def check_folder(folder: Path) -> None:
    """Refuse what cannot be a model folder, or what would run code that is not the libraries' own.

    Raises:
        ModelError: with what is wrong and what to do.
    """
    if not folder.exists():
        raise ModelError(f"There is no folder '{folder}'.")
    index_file = folder / "model_index.json"
    if not index_file.is_file():
        raise ModelError(
            f"'{folder.name}' is not a diffusers model folder: it holds no model_index.json."
        )
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
        parts = {k: v for k, v in index.items() if not k.startswith("_") and isinstance(v, list)}
        pipeline_class = index["_class_name"]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"The model_index.json of '{folder.name}' cannot be read.") from error
    if not isinstance(pipeline_class, str) or not hasattr(diffusers, pipeline_class):
        raise ModelError(f"This version of diffusers has no pipeline called '{pipeline_class}'.")
    for part, named in parts.items():
        library, class_name = (*named, None, None)[:2]
        if library is None:
            continue
        module = _LIBRARIES.get(str(library))
        if module is None or not hasattr(module, str(class_name)):
            raise ModelError(
                f"The part '{part}' of '{folder.name}' is a {library}.{class_name}, which is not "
                f"one of {' or '.join(_LIBRARIES)}: for safety it is not loaded."
            )


def license_of(folder: Path) -> str:
    """The license named in a model card's front matter, or ""."""
    try:
        card = (folder / "README.md").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    for line in card.split("---")[1].splitlines() if card.startswith("---") else ():
        key, _, value = line.partition(":")
        if key.strip() == "license":
            return value.strip()
    return ""
