"""The folder .venv: made, filled, repaired after an interruption, and left alone when it is whole.

A stamp in it says what the last finished installation covered. It is removed before anything is
changed and written when all is done, so an interruption at any moment is seen by the next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import NEWEST_PYTHON, OLDEST_PYTHON, Stop, apt_install, apt_line

if TYPE_CHECKING:
    from importlib.metadata import PathDistribution

# The tables of pyproject.toml that decide what is installed; settings of tools do not.
INSTALLING_TABLES = ("build-system", "project", "dependency-groups")


class Environment:
    """The virtual environment of one checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        on_windows = sys.platform == "win32"
        self.python = self.folder / ("Scripts/python.exe" if on_windows else "bin/python")
        self._constraints = root / "packaging" / "constraints.txt"
        self._stamp = self.folder / "installed.json"

    def ensure(self, *, tools: bool, torch_index: str | None = None) -> None:
        """Bring in the program's packages, and the development tools if ``tools``.

        Does nothing when the stamp says that all is there.

        Raises:
            Stop: when the environment cannot be made, or pip gave up.
        """
        if self._is_whole(tools, torch_index):
            return
        with only_one_at_a_time(self.root / ".venv.lock"):
            if not self._is_whole(tools, torch_index):  # the one waited for may have done it all
                self._install(tools, torch_index)

    def _is_whole(self, tools: bool, torch_index: str | None) -> bool:
        stamp = self._read_stamp()
        return (
            stamp.get("root") == str(self.root)
            and stamp.get("content") == self._content()
            and (stamp.get("tools", False) or not tools)
            and torch_index in (None, stamp.get("torch_index"))
            and stamp.get("python") == self._python_version()
        )

    def _install(self, tools: bool, torch_index: str | None) -> None:
        stamp = self._read_stamp()
        self._stamp.unlink(missing_ok=True)
        if not self._is_usable(stamp, torch_index):
            make_venv(self.folder)
        forget_half_installed(self.folder)
        # A start of the program after one of the tests does not take the tools away.
        tools = tools or bool(stamp.get("tools"))
        requirements = self._requirements(tools)
        if requirements:
            self._say_what_is_downloaded(torch_index)
            index = ["--extra-index-url", torch_index] if torch_index else []
            self._pip("install", "-c", str(self._constraints), *index, *requirements)
        # The build backend is among them, with its version held: none is fetched besides.
        self._pip("install", "--no-deps", "--no-build-isolation", "-e", str(self.root))
        found = {
            "root": str(self.root),
            "content": self._content(),
            "tools": tools,
            "torch_index": torch_index or stamp.get("torch_index"),
            "python": self._python_version(),
        }
        self._stamp.write_text(json.dumps(found, indent=1), encoding="utf-8")

    def _is_usable(self, stamp: dict[str, Any], torch_index: str | None) -> bool:
        """Whether the folder can be filled further, or must be made anew."""
        version = self._python_version()
        if version is None:
            return False
        if not OLDEST_PYTHON <= tuple(map(int, version.split(".")[:2])) <= NEWEST_PYTHON:
            return False
        if stamp and (stamp.get("root"), stamp.get("python")) != (str(self.root), version):
            print("The environment was made for another place or Python: making it anew.")
            return False
        if stamp and torch_index not in (None, stamp.get("torch_index")):
            print("PyTorch is wanted from another address now: making the environment anew.")
            return False
        pip = [str(self.python), "-m", "pip", "--version"]
        return subprocess.run(pip, capture_output=True, check=False).returncode == 0

    def _python_version(self) -> str | None:
        """What the environment's Python says it is, e.g. "3.11.7"; None if it does not start."""
        question = "import platform; print(platform.python_version())"
        try:
            # -I and -S: nothing but the interpreter itself, so that asking costs nothing.
            answer = subprocess.run(
                [str(self.python), "-I", "-S", "-c", question],
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            return None
        return answer.stdout.strip() or None

    def _read_stamp(self) -> dict[str, Any]:
        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def _project(self) -> dict[str, Any]:
        import tomllib  # not in Python before 3.11, where this module must still load

        return tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))

    def _content(self) -> str:
        project = self._project()
        tables = [project.get(name) for name in INSTALLING_TABLES]
        pins = self._constraints.read_text(encoding="utf-8")
        return hashlib.sha256(json.dumps([tables, pins]).encode()).hexdigest()

    def _requirements(self, tools: bool) -> list[str]:
        project = self._project()
        wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
        wanted += project["project"].get("optional-dependencies", {}).get("video", [])
        # Read here, so that the pip which comes with Python, too old for --group, is enough.
        return wanted + (project["dependency-groups"]["dev"] if tools else [])

    def _say_what_is_downloaded(self, torch_index: str | None) -> None:
        if any((packages / "torch").is_dir() for packages in site_packages(self.folder)):
            return
        print("Installing into .venv. This happens once, and takes some minutes.")
        if torch_index or not sys.platform.startswith("linux"):
            print("About 500 MB are downloaded, 200 MB of them PyTorch; 2 GB on the disk.")
        else:
            print(
                "About 500 MB are downloaded where a PyTorch without CUDA is found, but on most "
                "Linux machines it comes\nwith NVIDIA's libraries: several GB. Without such a "
                "card the small one is enough: stop with Ctrl+C and\nadd --torch-index and the "
                "address of PyTorch's CPU wheels, which pytorch.org gives."
            )
        sys.stdout.flush()

    def _pip(self, *arguments: str) -> None:
        command = [str(self.python), "-m", "pip", "--disable-pip-version-check", *arguments]
        if wait_for(subprocess.Popen(command)) != 0:
            raise Stop(
                "The installation did not finish; pip says why above. Start again when that is "
                "solved: what is already there is kept."
            )


def make_venv(folder: Path) -> None:
    """A new, empty environment in place of whatever the folder held.

    Raises:
        Stop: with the line to run, where Python's own venv is not installed.
    """
    if not _has_ensurepip():
        package = f"python3.{sys.version_info[1]}-venv"
        if not (apt_install([package]) and _has_ensurepip()):
            line = apt_line([package]) if shutil.which("apt-get") else "your package manager"
            raise Stop(
                "This Python cannot make virtual environments: the modules venv and ensurepip are "
                f"in a package of their own here. Please install it with:\n\n    {line}\n\n"
                "and start again."
            )
    print(f"Making a virtual environment in {folder}", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(folder)]
    if wait_for(subprocess.Popen(command)) != 0:
        raise Stop(f"Python could not make a virtual environment in {folder}; it says why above.")


def _has_ensurepip() -> bool:
    importlib.invalidate_caches()
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def site_packages(folder: Path) -> list[Path]:
    """Where an environment keeps its packages, on POSIX and on Windows."""
    return [*folder.glob("lib/python*/site-packages"), *folder.glob("Lib/site-packages")]


def forget_half_installed(folder: Path) -> None:
    """Make pip install again what an interruption left incomplete.

    pip goes by a package's .dist-info folder alone, so one whose files are not all there, or not
    of the size on record, loses it.
    """
    from importlib.metadata import PathDistribution  # not in Python 3.7

    for packages in site_packages(folder):
        for info in packages.glob("*.dist-info"):
            if not _is_complete(PathDistribution(info)):
                print(f"Was not completely installed: {info.name.partition('-')[0]}", flush=True)
                shutil.rmtree(info)


def _is_complete(distribution: PathDistribution) -> bool:
    # pip writes the record and its own name last.
    if distribution.read_text("INSTALLER") is None or distribution.read_text("METADATA") is None:
        return False
    for file in distribution.files or ():
        if file.size is None:  # compiled by pip, and made again when missing
            continue
        try:
            if Path(str(file.locate())).stat().st_size != file.size:
                return False
        except OSError:
            return False
    return bool(distribution.files)


@contextlib.contextmanager
def only_one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, so that two starts do not install at once."""
    with lock.open("a") as file:
        said = False
        while not _try_lock(file.fileno()):
            if not said:
                print("Another start is installing: waiting for it.", flush=True)
                said = True
            time.sleep(0.5)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def wait_for(process: subprocess.Popen[Any]) -> int:
    """Wait until a child has ended, also after Ctrl+C, which it gets too and may clean up after.

    Raises:
        KeyboardInterrupt: then, if there was one.
    """
    interrupted = False
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            interrupted = True
        else:
            break
    if interrupted:
        raise KeyboardInterrupt
    return code
