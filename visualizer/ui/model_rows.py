"""The rows of the model picker: which models stand where, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from visualizer.byte_words import in_words
from visualizer.ui.licenses import license_words
from visualizer.ui.model_problems import in_short

if TYPE_CHECKING:
    from visualizer.diffusion.found_models import FoundModel
    from visualizer.ui.fit_mark import Fit

Kind = Literal["heading", "model", "problem", "note"]
SECTIONS: tuple[tuple[str, str], ...] = (
    ("builtin", ""),
    ("opened", "Opened before"),
    ("cache", "In your Hugging Face cache"),
    ("folder", "In your folders"),
)
"""Where a model comes from, and what that is called; the built-in one stands above them all."""
LOOKING = "Looking …"
_NOTHING = {
    "cache": "No models in your Hugging Face cache. Models you download appear here.",
    "folder": "You have not added a folder yet: the models in it would be listed here.",
}
_NOTHING_IN_FOLDERS = "There are no models in the folders you added."


@dataclass(frozen=True)
class Row:
    """One line of the picker.

    Attributes:
        text: a heading, a note, or a model's name.
        detail: what is known of the model, or in short what is wrong with it.
        fit: whether it fits into memory, where that is known.
        current: whether it is the model that generates.
        model: the model itself, where it is one.
    """

    kind: Kind
    text: str
    detail: str = ""
    fit: Fit | None = None
    current: bool = False
    model: FoundModel | None = None

    @property
    def can_be_chosen(self) -> bool:
        """Whether it can be opened."""
        return self.kind == "model"

    @property
    def can_be_reached(self) -> bool:
        """Whether the keys stop at it: also at a model that can only say why it does not open."""
        return self.model is not None

    @property
    def reason(self) -> str:
        """The whole sentence why it cannot be opened, or ""."""
        return self.model.problem if self.model is not None else ""

    @property
    def spoken(self) -> str:
        """All of it, for a screen reader."""
        from visualizer.ui.fit_mark import WORDS

        now = "in use" if self.current else ""
        fit = WORDS[self.fit] if self.fit else ""
        return ", ".join(part for part in (self.text, now, self.detail, fit) if part)


def rows_of(
    found: Iterable[FoundModel],
    *,
    current: str | None,
    wanted: str = "",
    looking: bool = False,
    folders: Sequence[str] = (),
    fit_of: Callable[[FoundModel], Fit | None] = lambda _model: None,
) -> list[Row]:
    """The rows, section by section.

    Args:
        current: the path of the model that generates, None for the built-in one.
        wanted: words that the models shown must have.
        looking: whether more models may be found.
        folders: where the person keeps models.
    """
    models = [model for model in found if _has(model, wanted)]
    rows: list[Row] = []
    for origin, heading in SECTIONS:
        here = sorted(
            (model for model in models if model.origin == origin),
            key=lambda model: (bool(model.problem), model.name.casefold()),
        )
        note = "" if here or wanted else _empty(origin, looking, folders)
        if not here and not note:
            continue
        if heading:
            rows.append(Row("heading", heading))
        rows += [_row(model, current, fit_of) for model in here]
        if note:
            rows.append(Row("note", note))
    if wanted and not models:
        rows.append(Row("note", LOOKING if looking else f"No model here has “{wanted}”."))
    return rows


def is_current(model: FoundModel, current: str | None) -> bool:
    """Whether this is the model that generates."""
    return current is None if model.origin == "builtin" else str(model.path) == current


def _row(model: FoundModel, current: str | None, fit_of: Callable[[FoundModel], Fit | None]) -> Row:
    if model.problem:
        return Row("problem", model.name, in_short(model.problem, model.name), model=model)
    size = in_words(model.bytes) if model.bytes else ""
    facts = (model.family, size, license_words(model.license))
    detail = "  ·  ".join(fact for fact in facts if fact)
    return Row("model", model.name, detail, fit_of(model), is_current(model, current), model)


def _empty(origin: str, looking: bool, folders: Sequence[str]) -> str:
    if origin not in _NOTHING or (origin == "folder" and not folders):
        return _NOTHING.get(origin, "")
    if looking:
        return LOOKING
    return _NOTHING_IN_FOLDERS if origin == "folder" else _NOTHING[origin]


def _has(model: FoundModel, wanted: str) -> bool:
    text = f"{model.name} {model.family} {model.license} {license_words(model.license)}".casefold()
    return all(word in text for word in wanted.casefold().split())
