"""How something is exported, as options of a command: those of ``ExportOptions``, one by one.

Names, choices, ranges and defaults come from ``visualizer.export.options``, so that what ``--help``
says is what is done.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from visualizer.commands.headless import number, whole
from visualizer.diffusion.lane_letters import number_of
from visualizer.export.options import CHOICES, RANGES, VIEWS, Caption, ExportOptions

DEFAULTS = ExportOptions()
SEVERAL = ("pair",)
"""Fields that are of use with several runs only."""


@dataclass(frozen=True)
class Flag:
    """One option of the command line.

    Attributes:
        field: of ``ExportOptions``.
        group: the heading it stands under.
        help: what it does; its range and its default are added.
        name: with its dashes; "" for one that is called as its field.
        read: what makes a value of the text, where neither choices nor a range say so.
        metavar: what stands for the value.
        constant: what the option alone sets the field to; None where it takes a value.
        default: how its default is told; "" for the value itself.
    """

    field: str
    group: str
    help: str
    name: str = ""
    read: Callable[[str], Any] | None = None
    metavar: str | None = None
    constant: bool | None = None
    default: str = ""

    @property
    def option(self) -> str:
        """As it is typed."""
        return self.name or "--" + self.field.replace("_", "-")

    @property
    def place(self) -> str:
        """Where argparse keeps its value: sampling has options of the same names."""
        return f"export_{self.field}"


def _list(choices: tuple[str, ...], *, empty: bool = False) -> Callable[[str], tuple[str, ...]]:
    """What reads "a,b", "all", and "none" where there may be none of them."""

    def read(text: str) -> tuple[str, ...]:
        if text == "all":
            return choices
        if empty and text == "none":
            return ()
        found = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
        wrong = [each for each in found if each not in choices]
        if wrong:
            more = ", all or none" if empty else " or all"
            raise argparse.ArgumentTypeError(
                f"'{wrong[0]}' is none of {', '.join(choices)}{more}; several go with commas"
            )
        return found

    return read


def _lane(text: str) -> int:
    found = number_of(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no letter of a run, such as A")
    return found


def _pair(text: str) -> tuple[int, int]:
    found = tuple(map(_lane, text.split(",")))
    if len(set(found)) != 2 or len(found) != 2:
        raise argparse.ArgumentTypeError(f"'{text}' is not two letters such as A,B")
    return found


GROUPS: dict[str, str | None] = {
    "What": None,
    "Steps": None,
    "Time": "of whatever moves",
    "Size": None,
    "Words": None,
    "Formats": "what a format has no use for is passed over",
}
FLAGS: tuple[Flag, ...] = (
    Flag(
        "format",
        "What",
        "the kind of every file, where their endings leave a choice: apng, picture or sheet for "
        ".png, picture or webp for .webp; frames is a folder of pictures",
        default="what the ending says",
    ),
    Flag(
        "subject",
        "What",
        "the whole run or comparison; of a comparison the difference of two runs; of a run the "
        "forward process: its picture destroyed by noise",
    ),
    Flag("content", "What", "the picture, the noise plot with its moving playhead, or both"),
    Flag("view", "What", "what is shown of each step"),
    Flag(
        "views",
        "What",
        "of a page and a sheet: the views in it, or all",
        read=_list(VIEWS),
        metavar="VIEW,VIEW",
    ),
    Flag(
        "pair",
        "What",
        "which two runs of a comparison the difference is of, by their letters",
        read=_pair,
        metavar="A,B",
        default="as the comparison was looked at",
    ),
    Flag(
        "every",
        "Steps",
        "every K-th step, and always the first and the last",
        metavar="K",
        default="all steps",
    ),
    Flag(
        "count",
        "Steps",
        "so many steps, spaced evenly by noise level",
        metavar="N",
        default="all steps",
    ),
    Flag(
        "fps",
        "Time",
        "frames a second",
        metavar="N",
        default="the whole takes about four seconds",
    ),
    Flag("hold", "Time", "how long the last frame stands", metavar="SECONDS"),
    Flag("direction", "Time", "from static to the picture, back, or there and back"),
    Flag(
        "size",
        "Size",
        "times the size of the picture, or as large as fits 1920 × 1080; auto enlarges small "
        "pictures by a whole factor",
        name="--scale",
    ),
    Flag("pixels", "Size", "how enlarged pixels look"),
    Flag(
        "captions",
        "Words",
        f"what is written beside the picture: {', '.join(get_args(Caption))}, all or none",
        read=_list(get_args(Caption), empty=True),
        metavar="WORD,WORD",
    ),
    Flag("caption_place", "Words", "where it is written"),
    Flag(
        "background",
        "Words",
        "what lies behind words and plots: dark, light, a color such as #1c2733, or auto: dark, "
        "but light on paper, and on a page as the reader's own device is",
        metavar="COLOR",
        read=str,
    ),
    Flag(
        "quality",
        "Formats",
        "of WebP, JPEG and video",
        metavar="N",
    ),
    Flag("lossless", "Formats", "WebP keeps every pixel as it is", constant=True),
    Flag("colors", "Formats", "of a GIF", metavar="N"),
    Flag("palette", "Formats", "of a GIF: one for all frames, or one for each"),
    Flag("dither", "Formats", "of a GIF: how colors between those of the palette are made"),
    Flag("codec", "Formats", "of WebM"),
    Flag(
        "remember",
        "Formats",
        "do not write into the file how it was made",
        name="--forget",
        constant=False,
    ),
)
"""In the order of ``--help``. ``steps``, how they are spaced, follows from ``--every`` and
``--count``."""


def add_export_arguments(parser: argparse.ArgumentParser, *, several: bool) -> None:
    """Tell a parser every option of an export.

    Args:
        several: whether what is exported may be several runs.
    """
    groups = {name: parser.add_argument_group(name, text) for name, text in GROUPS.items()}
    spacing = groups["Steps"].add_mutually_exclusive_group()
    for flag in FLAGS:
        if several or flag.field not in SEVERAL:
            place = spacing if flag.group == "Steps" else groups[flag.group]
            _add(place, flag, several=several)
    if several:
        groups["What"].add_argument(
            "--lane", type=_lane, metavar="A", help="one run of a comparison alone, by its letter"
        )


def _add(place: argparse._ActionsContainer, flag: Flag, *, several: bool) -> None:
    if flag.constant is not None:
        place.add_argument(
            flag.option,
            dest=flag.place,
            action="store_const",
            const=flag.constant,
            help=flag.help,
        )
        return
    choices = CHOICES.get(flag.field)
    if flag.field == "subject" and not several:
        choices = tuple(choice for choice in CHOICES["subject"] if choice != "difference")
    place.add_argument(
        flag.option,
        dest=flag.place,
        type=flag.read or _reader(flag.field),
        choices=choices,
        metavar=flag.metavar,
        help=flag.help + _told(flag),
    )


def _reader(field: str) -> Callable[[str], Any]:
    if field not in RANGES:
        return str
    return number if isinstance(getattr(DEFAULTS, field), float) or field == "fps" else whole


def _told(flag: Flag) -> str:
    """Range and default, as ``--help`` tells them."""
    between = ""
    if flag.field in RANGES:
        low, high = RANGES[flag.field]
        between = f"{low:g} to {high:g}; "
    return f" ({between}default: {flag.default or _as_typed(getattr(DEFAULTS, flag.field))})"


def _as_typed(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def format_was_given(options: argparse.Namespace) -> bool:
    """Whether ``--format`` was."""
    return options.export_format is not None


def export_options(options: argparse.Namespace) -> ExportOptions:
    """The options that were given, and the defaults of all others.

    Raises:
        ExportError: with a sentence, for a value that is none.
    """
    given = {
        flag.field: value
        for flag in FLAGS
        if (value := getattr(options, flag.place, None)) is not None
    }
    if "every" in given:
        given["steps"] = "every"
    elif "count" in given:
        given["steps"] = "noise"
    return ExportOptions(**given)
