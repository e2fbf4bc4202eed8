"""What this machine must bring before anything is installed: a fitting Python, and Qt's libraries.

Standard library only, and written so that a Python too old for the project still reaches the
sentence that says so.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from typing import NamedTuple

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)  # the newest that PySide6, PyTorch and all other pins have wheels for


class Stop(Exception):
    """The start cannot go on; the message tells the person what to do."""


class Interpreter(NamedTuple):
    """What decides whether ready-made packages exist for a Python."""

    version: tuple[int, int]
    implementation: str = "cpython"
    system: str = "Linux"
    machine: str = "x86_64"
    is_64_bit: bool = True
    has_gil: bool = True

    @classmethod
    def running(cls) -> Interpreter:
        """The interpreter that runs this file."""
        return cls(
            version=(sys.version_info[0], sys.version_info[1]),
            implementation=sys.implementation.name,
            system=platform.system(),
            machine=platform.machine(),
            is_64_bit=sys.maxsize > 2**32,
            has_gil=not sysconfig.get_config_var("Py_GIL_DISABLED"),
        )


def why_unsupported(python: Interpreter) -> str | None:
    """A sentence saying why nothing can be installed for ``python``, or None if all is well."""
    name = "Python {}.{}".format(*python.version)
    choice = ", ".join(f"3.{minor}" for minor in range(OLDEST_PYTHON[1], NEWEST_PYTHON[1]))
    choice += f" or 3.{NEWEST_PYTHON[1]}"
    if python.system == "Windows":
        how = rf"for example with: py -3.{NEWEST_PYTHON[1] - 1} packaging\dev.py run"
    else:
        how = f"for example with: python3.{NEWEST_PYTHON[1] - 1} packaging/dev.py run"
    if python.version < OLDEST_PYTHON:
        return f"This is {name}, which is too old: please use Python {choice}, {how}"
    if python.version > NEWEST_PYTHON:
        return (
            f"This is {name}, which PyTorch and Qt have no ready-made packages for yet: "
            f"please use Python {choice}, {how}"
        )
    if python.implementation != "cpython":
        return (
            f"This is {python.implementation}, which PyTorch and Qt have no packages for: "
            f"please use the standard Python {choice}."
        )
    if not python.has_gil:
        return (
            f"This is the free-threaded {name}, which Qt has no packages for: "
            f"please use the standard Python {choice}."
        )
    if not python.is_64_bit:
        return (
            f"This is a 32-bit {name}, and PyTorch needs 64 bits: please install a 64-bit Python."
        )
    if python.system == "Darwin" and python.machine == "x86_64":
        return (
            "PyTorch no longer has packages for Macs with an Intel processor. If this Mac has an "
            "Apple processor, please use a Python built for it."
        )
    return None


class Library(NamedTuple):
    """A shared library that Qt loads, and the package that brings it in three families."""

    soname: str
    debian: str
    fedora: str
    arch: str


QT_LIBRARIES = (
    Library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    Library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
)
WINDOW_LIBRARIES = (
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
)


def needed_libraries(command: str, arguments: list[str]) -> tuple[Library, ...]:
    """The libraries that a command of dev.py needs on this machine, and no more.

    Sampling and telling about files need no Qt; the tests, the benchmarks and the scenes that a
    model is trained on are drawn to memory; only a window needs X.
    """
    if not sys.platform.startswith("linux"):
        return ()
    if command in ("test", "bench"):
        return QT_LIBRARIES
    if command == "run" and arguments[:1] in (["train"], ["evaluate"]):
        return QT_LIBRARIES
    if command == "run" and (arguments[:1] in (["run"], ["info"]) or not _has_screen()):
        return ()
    return QT_LIBRARIES + (WINDOW_LIBRARIES if os.environ.get("DISPLAY") else ())


def _has_screen() -> bool:
    """Whether Qt was given somewhere to draw, if only the memory; where not, it is never loaded."""
    return any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")))


def missing_libraries(libraries: tuple[Library, ...]) -> list[Library]:
    """Those that the dynamic loader does not find."""

    def is_there(library: Library) -> bool:
        try:
            ctypes.CDLL(library.soname)
        except OSError:
            return False
        return True

    return [library for library in libraries if not is_there(library)]


def ensure_libraries(libraries: tuple[Library, ...]) -> None:
    """Install what is missing where that is allowed.

    Raises:
        Stop: with the exact line to run, where it is not.
    """
    missing = missing_libraries(libraries)
    if not missing:
        return
    packages = [library.debian for library in missing]
    print(f"Qt needs system libraries that are missing here: {', '.join(packages)}", flush=True)
    if apt_install(packages) and not missing_libraries(tuple(missing)):
        return
    raise Stop(f"Please install them with:\n\n    {install_line(missing)}\n\nand start again.")


def install_line(missing: list[Library]) -> str:
    """The line that installs the missing libraries on this machine's family of Linux."""
    if shutil.which("apt-get"):
        return apt_line([library.debian for library in missing])
    if shutil.which("dnf"):
        return "sudo dnf install " + _joined(library.fedora for library in missing)
    if shutil.which("pacman"):
        return "sudo pacman -S --needed " + _joined(library.arch for library in missing)
    return "your system's package manager, for: " + _joined(library.soname for library in missing)


def apt_line(packages: list[str]) -> str:
    """What a person types on a Debian-like system; root needs no sudo, and may not have it."""
    sudo = "" if _is_root() else "sudo "
    return f"{sudo}apt-get update && {sudo}apt-get install {' '.join(packages)}"


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages without a question; False where it may not or does not work."""
    apt = shutil.which("apt-get")
    if apt is None or not _is_root():
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "-qq", "--yes", "--no-install-recommends", *packages]
    print(f"Installing them: apt-get {' '.join(install[1:])}", flush=True)
    # A fresh machine has no package lists yet, and a stale list names files that are gone.
    # Where they cannot be fetched, what is there may still do.
    subprocess.run([apt, "update", "-qq"], env=environment, check=False)
    return subprocess.run(install, env=environment, check=False).returncode == 0


def _joined(names: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(names))  # each once, in order


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
