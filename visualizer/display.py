"""Is there a display a window could open on? Asked before Qt, which would end the process."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping


def has_display(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> bool:
    """True where a window can open. Windows and macOS always have a display."""
    if system in ("win32", "darwin", "cygwin"):
        return True
    chosen = environment.get("QT_QPA_PLATFORM", "")  # e.g. "offscreen" or "wayland;xcb"
    platforms = [name.partition(":")[0] for name in chosen.split(";") if name]
    if any(not name.startswith(("xcb", "wayland")) for name in platforms):
        return True  # offscreen, vnc, eglfs, …: need nothing, or were asked for on purpose
    wayland = not platforms or any(name.startswith("wayland") for name in platforms)
    x11 = not platforms or any(name.startswith("xcb") for name in platforms)
    return (wayland and _wayland_answers(environment)) or (
        x11 and _x_answers(environment.get("DISPLAY", ""))
    )


def _wayland_answers(environment: Mapping[str, str]) -> bool:
    name = environment.get("WAYLAND_DISPLAY", "")
    if not name:
        return False
    path = os.path.join(environment.get("XDG_RUNTIME_DIR", ""), name)  # the name may be a path
    return _answers(socket.AF_UNIX, path)


def _x_answers(display: str) -> bool:
    """Whether somebody listens at an X display such as ":0" or "host:10.0"."""
    if not display:
        return False
    found = re.fullmatch(r"(.*):(\d+)(\.\d+)?", display)
    if not found:
        return True  # a form only Qt knows
    host, number = found[1].rpartition("/")[2], int(found[2])
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return _answers(socket.AF_UNIX, path) or _answers(socket.AF_UNIX, "\0" + path)
    return _answers(socket.AF_INET, (host, 6000 + number))


def _answers(family: int, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(3)
            connection.connect(address)
    except (OSError, ValueError, OverflowError):
        return False
    return True
