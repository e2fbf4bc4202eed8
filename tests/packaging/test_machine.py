"""What is said on a machine where the project cannot be installed as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import machine
import pytest
from machine import Interpreter, Library, Stop

ROOT = Path(__file__).resolve().parents[2]
ABSENT = Library("libnobody-has-this.so.9", "libnobody9", "nobody-libs", "nobody")


@pytest.mark.parametrize("minor", [11, 12, 13, 14])
@pytest.mark.parametrize("system", ["Linux", "Windows", "Darwin"])
def test_a_supported_python_gets_no_sentence(minor: int, system: str) -> None:
    processor = "arm64" if system == "Darwin" else "x86_64"
    assert machine.why_unsupported(Interpreter((3, minor), "cpython", system, processor)) is None


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (Interpreter((3, 10)), "Python 3.10, which is too old"),
        (Interpreter((3, 15)), "Python 3.15, which PyTorch and Qt have no ready-made packages"),
        (Interpreter((3, 12), "pypy"), "This is pypy"),
        (Interpreter((3, 13), has_gil=False), "free-threaded"),
        (Interpreter((3, 12), is_64_bit=False), "32-bit"),
        (Interpreter((3, 12), system="Darwin", machine="x86_64"), "Intel"),
        (Interpreter((3, 9), system="Windows"), r"py -3.13 packaging\dev.py run"),
    ],
)
def test_an_unsupported_python_gets_a_sentence(python: Interpreter, said: str) -> None:
    assert said in (machine.why_unsupported(python) or "")


def test_the_bounds_are_those_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">={}.{}".format(*machine.OLDEST_PYTHON)
    newest = "Programming Language :: Python :: {}.{}".format(*machine.NEWEST_PYTHON)
    assert newest in project["classifiers"]


def pretend(monkeypatch: pytest.MonkeyPatch, *programs: str, root: bool = False) -> None:
    """A machine where just these programs are on the PATH."""
    monkeypatch.setattr(
        "machine.shutil.which", lambda name: f"/bin/{name}" if name in programs else None
    )
    monkeypatch.setattr("machine._is_root", lambda: root)


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("apt-get", "sudo apt-get update && sudo apt-get install libnobody9"),
        ("dnf", "sudo dnf install nobody-libs"),
        ("pacman", "sudo pacman -S --needed nobody"),
        ("zypper", "libnobody-has-this.so.9"),
    ],
)
def test_a_missing_library_is_answered_with_the_line_to_run(
    monkeypatch: pytest.MonkeyPatch, program: str, line: str
) -> None:
    pretend(monkeypatch, program)
    with pytest.raises(Stop) as stop:
        machine.ensure_libraries((ABSENT,))
    assert line in str(stop.value)


def test_root_installs_what_is_missing_and_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "apt-get", root=True)
    ran = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(command[1:])
        environment = options["env"]
        assert isinstance(environment, dict)
        assert environment["DEBIAN_FRONTEND"] == "noninteractive"
        # A list that cannot be fetched is no reason to give up.
        return subprocess.CompletedProcess(command, 100 if command[1] == "update" else 0)

    monkeypatch.setattr("machine.subprocess.run", run)
    assert machine.apt_install(["libnobody9"])
    install = ["install", "-qq", "--yes", "--no-install-recommends", "libnobody9"]
    assert ran == [["update", "-qq"], install]


def test_a_library_that_apt_did_not_bring_is_still_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, "apt-get", root=True)
    monkeypatch.setattr("machine.apt_install", lambda packages: True)
    with pytest.raises(Stop, match="apt-get install libnobody9"):
        machine.ensure_libraries((ABSENT,))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux has the libraries apart")
def test_only_a_window_needs_the_libraries_of_x(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = machine.needed_libraries
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert needed("run", []) == ()
    assert needed("screenshots", []) == needed("rebuild", []) == machine.QT_LIBRARIES
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert needed("run", []) == machine.QT_LIBRARIES
    monkeypatch.setenv("DISPLAY", ":0")
    for arguments in ([], ["a.denoise"]):
        assert needed("run", arguments) == machine.QT_LIBRARIES + machine.WINDOW_LIBRARIES
    assert needed("run", ["train"]) == machine.QT_LIBRARIES
    assert needed("run", ["run", "a red car"]) == ()
    assert needed("test", []) == machine.QT_LIBRARIES


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="asks for POSIX")
def test_who_is_root_is_asked_of_the_system() -> None:
    assert machine._is_root() == (os.geteuid() == 0)
