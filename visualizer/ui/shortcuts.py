"""Every key of the window: one table, read by the window and shown by F1."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Shortcut:
    """One thing that keys do.

    Attributes:
        action: the window's name for it.
        keys: as Qt spells them; any of them does it.
        shown: as people read them; empty where another entry tells these too.
        says: what it does.
        repeats: True where holding the key down goes on.
    """

    action: str
    keys: tuple[str, ...]
    shown: str
    says: str
    repeats: bool = False


GROUPS: tuple[tuple[str, tuple[Shortcut, ...]], ...] = (
    (
        "Time",
        (
            Shortcut("toggle", ("Space", "K"), "Space or K", "Play, pause"),
            Shortcut("back", ("Left",), "←", "One step back", True),
            Shortcut("forward", ("Right",), "→", "One step on", True),
            Shortcut("back_ten", ("Shift+Left",), "Shift+←", "Ten steps back", True),
            Shortcut("forward_ten", ("Shift+Right",), "Shift+→", "Ten steps on", True),
            Shortcut("home", ("Home",), "Home", "To the static"),
            Shortcut("end", ("End",), "End", "To the picture"),
            Shortcut("slower", ("J",), "J", "Play slower"),
            Shortcut("faster", ("L",), "L", "Play, and faster"),
        ),
    ),
    (
        "Views",
        (
            Shortcut("view_1", ("1",), "1", "Noisy latent"),
            Shortcut("view_2", ("2",), "2", "Model’s guess"),
            Shortcut("view_3", ("3",), "3", "Predicted noise"),
            Shortcut("view_4", ("4",), "4", "Change"),
            Shortcut("view_5", ("5",), "5", "Channels"),
            Shortcut("view_6", ("6",), "6", "Without the prompt"),
            Shortcut("view_7", ("7",), "7", "The prompt’s pull"),
        ),
    ),
    (
        "Making pictures",
        (
            Shortcut("generate", ("Ctrl+Return", "Ctrl+Enter"), "Ctrl+Enter", "Generate"),
            Shortcut("branch", ("B",), "B", "Branch from here"),
            Shortcut("escape", ("Esc",), "Esc", "Go back, or stop"),
            Shortcut("open", ("Ctrl+O",), "Ctrl+O", "Open a run or a picture"),
            Shortcut("save", ("Ctrl+S",), "Ctrl+S", "Save this run"),
            Shortcut("export", ("Ctrl+E",), "Ctrl+E", "Export"),
            Shortcut("copy", ("Ctrl+C",), "Ctrl+C", "Copy this picture"),
            Shortcut("paste", ("Ctrl+V",), "Ctrl+V", "Destroy a copied picture"),
        ),
    ),
    (
        "Side by side",
        (
            Shortcut("lane_left", ("Ctrl+Left",), "Ctrl+← → ↑ ↓", "Another lane", True),
            Shortcut("lane_right", ("Ctrl+Right",), "", "Another lane", True),
            Shortcut("lane_up", ("Ctrl+Up",), "", "Another lane", True),
            Shortcut("lane_down", ("Ctrl+Down",), "", "Another lane", True),
            Shortcut("lane_enlarge", ("Z",), "Z", "Enlarge it, and back"),
            Shortcut("lane_remove", ("Del",), "Delete", "Remove it"),
        ),
    ),
    (
        "Window",
        (
            Shortcut("page_1", ("Ctrl+1",), "Ctrl+1", "Denoise"),
            Shortcut("page_2", ("Ctrl+2",), "Ctrl+2", "Compare"),
            Shortcut("page_3", ("Ctrl+3",), "Ctrl+3", "Noise"),
            Shortcut("page_4", ("Ctrl+4",), "Ctrl+4", "Destroy"),
            Shortcut("page_5", ("Ctrl+5",), "Ctrl+5", "Train"),
            Shortcut("page_6", ("Ctrl+6",), "Ctrl+6", "Words"),
            Shortcut("page_7", ("Ctrl+7",), "Ctrl+7", "Physics"),
            Shortcut("lessons", ("Ctrl+L",), "Ctrl+L", "Lessons"),
            Shortcut("shortcuts", ("F1",), "F1", "These shortcuts"),
            Shortcut("full_screen", ("F11",), "F11", "Full screen, for a projector"),
        ),
    ),
)


def shown_keys(keys: str) -> str:
    """How this system spells a key: ⌘ instead of Ctrl on a Mac."""
    return keys.replace("Ctrl+", "⌘") if sys.platform == "darwin" else keys
