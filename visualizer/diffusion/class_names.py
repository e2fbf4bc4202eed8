"""The classes that a model folder names, held against the libraries' own before they are used.

A name is looked up in the lists of names that the libraries publish; only then is the class
imported, and it must be of a kind that a pipeline is made of: a name such as "load_image" or
"pipelines" is public too, and no part.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from visualizer.diffusion.libraries import diffusers, transformers
from visualizer.diffusion.model_folder import ModelError, ModelFolder, Part, is_part, name_of

_DIFFUSERS_KINDS = ("ModelMixin", "SchedulerMixin")
_TRANSFORMERS_KINDS = (
    "PreTrainedModel",
    "PreTrainedTokenizerBase",
    "ProcessorMixin",
    "FeatureExtractionMixin",
    "ImageProcessingMixin",
)


_MOVED = {"wuerstchen": "deprecated.wuerstchen"}
"""Folders of pipelines that moved within diffusers; Stable Cascade has parts in this one."""
_SPARE = re.compile(r"(text_encoder|tokenizer)_\d")
"""Of several text encoders, those after the first may be left out ([null, null])."""
_RENAMED = {"CLIPFeatureExtractor": "CLIPImageProcessor"}
"""Names of older folders that diffusers knows under another name today."""


def check_classes(folder: ModelFolder) -> None:
    """Refuse a folder whose pipeline or parts are not classes of diffusers and transformers.

    Raises:
        ModelError: with what is wrong and what to do.
    """
    pipeline = pipeline_class(folder.pipeline_class)
    for name, value in folder.index.items():
        if not name.startswith("_") and is_part(value):
            # also those that are not wanted from this folder: diffusers imports them all
            library, class_name = map(str, (*value, "", "")[:2])
            part_class(Part(name, library, class_name, folder.path), name_of(folder.path))
    given = {name for name, value in folder.index.items() if value != [None, None]}
    for missing in sorted(_needed_parts(pipeline) - given):
        raise ModelError(
            f"A {folder.pipeline_class} needs a part '{missing}', which the model_index.json of "
            f"'{name_of(folder.path)}' does not name."
        )


def pipeline_class(name: str) -> Any:
    """diffusers' own pipeline of a name.

    Raises:
        ModelError: when there is none.
    """
    found = getattr(diffusers, name) if _publishes(diffusers, name) else None
    if not _is_kind(found, [diffusers.DiffusionPipeline]):
        raise ModelError(
            f"This version of diffusers has no pipeline called '{name}'. A newer version of this "
            "program may have it; if the model brings its own code, it cannot be opened."
        )
    return found


def part_class(part: Part, model: str) -> Any:
    """The class of a part: a model, scheduler, tokenizer or processor of the two libraries.

    Raises:
        ModelError: when it is anything else.
    """
    module = _module(part.library)
    name = _RENAMED.get(part.class_name, part.class_name)
    if module is not None and _publishes(module, name):
        found = getattr(module, name)
        if _is_kind(found, _kinds()):
            return found
    raise ModelError(
        f"The part '{part.name}' of '{model}' is a {part.library}.{part.class_name}, which is no "
        "model, scheduler, tokenizer or processor of diffusers or transformers: for safety it is "
        "not loaded."
    )


def _module(library: str) -> ModuleType | None:
    """A library, or one of diffusers' folders of pipelines, which hold a few parts of their own."""
    if library in ("diffusers", "transformers"):
        # what diffusers itself would take: transformers puts another module in its place at times
        return import_module(library)
    pipelines = diffusers.pipelines
    if library in _MOVED and not hasattr(pipelines, library):
        # folders name it by its old place, where diffusers no longer finds it itself
        setattr(pipelines, library, import_module(f"{pipelines.__name__}.{_MOVED[library]}"))
    if not library.isidentifier() or not _publishes(pipelines, library):
        return None
    found = getattr(pipelines, library)
    name = f"{pipelines.__name__}."
    return found if inspect.ismodule(found) and found.__name__.startswith(name) else None


def _publishes(module: ModuleType, name: str) -> bool:
    # a name may come later: importing PRX's pipeline gives transformers a class that it lacks
    return not name.startswith("_") and (name in _public_names(module) or name in dir(module))


@cache
def _public_names(module: ModuleType) -> frozenset[str]:
    """Both libraries list their names before they import what stands behind them."""
    return frozenset(dir(module))


def _kinds() -> list[Any]:
    diffusers_kinds = [getattr(diffusers, name) for name in _DIFFUSERS_KINDS]
    found = [getattr(transformers, name, None) for name in _TRANSFORMERS_KINDS]
    return [*diffusers_kinds, *(kind for kind in found if kind is not None)]


def _is_kind(found: Any, kinds: list[Any]) -> bool:
    if not inspect.isclass(found) or not issubclass(found, tuple(kinds)):
        return False
    own = found.__module__.split(".")[0]
    return own in ("diffusers", "transformers")


def _needed_parts(pipeline: Any) -> set[str]:
    """Arguments of the pipeline that have no default, but for those that may be left out."""
    parameters = inspect.signature(pipeline.__init__).parameters.values()
    needed = {
        p.name
        for p in parameters
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    optional = {"self", *getattr(pipeline, "_optional_components", ())}
    return {name for name in needed - optional if not _SPARE.fullmatch(name)}
