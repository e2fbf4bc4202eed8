"""The command that starts everything, run as a person runs it, on small checkouts made here.

Most of these have an environment whose Python only writes down what it is asked to do: pip is not
run. One test lets it make a real environment.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import checks
import dev
import environment
import pytest
from machine import Stop

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")

PROJECT = """
[build-system]
requires = ["some-backend"]
build-backend = "backend"

[project]
name = "small"
version = "1"
dependencies = ["torch", "numpy>=2"]

[dependency-groups]
dev = ["pytest"]
"""

# Answers which version it is, fails where it is told to, and writes down everything else.
STAND_IN = """#!/bin/sh
case "$*" in
    *platform.python_version*) echo {version}; exit 0 ;;
    "-m pip --version") exit 0 ;;
esac
printf '%s\\n' "$*" >> "{log}"
case "$*" in *"{fails}"*) exit 3 ;; esac
"""


class Checkout:
    """A folder laid out like this project, with a stand-in for its environment's Python."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.stamp = folder / ".venv" / "installed.json"
        self.python = folder / ".venv" / "bin" / "python"
        scripts = folder / "packaging"
        scripts.mkdir(parents=True)
        for name in ("dev.py", "environment.py", "machine.py", "checks.py"):
            shutil.copy(ROOT / "packaging" / name, scripts)
        (scripts / "constraints.txt").write_text("torch==2.13.0\nnumpy==2.4.6\n")
        (folder / "pyproject.toml").write_text(PROJECT)

    def put_stand_in(self, version: str = "3.11.7", fails: str = "no such thing") -> None:
        self.python.parent.mkdir(parents=True, exist_ok=True)
        script = STAND_IN.format(version=version, log=self.log, fails=fails)
        self.python.write_text(script)
        self.python.chmod(0o755)

    def start(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run dev.py and forget what was written down before."""
        self.log.unlink(missing_ok=True)
        # Without a display, so that no test can make this machine install libraries of X.
        hidden = ("DISPLAY", "WAYLAND_DISPLAY")
        return subprocess.run(
            [sys.executable, str(self.folder / "packaging" / "dev.py"), *arguments],
            cwd=ROOT,  # has a visualizer too, which must not be taken for the checkout's own
            env={name: value for name, value in os.environ.items() if name not in hidden},
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self) -> list[str]:
        """What the environment's Python was asked to do, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "check out")  # with a space, as people's folders have
    made.put_stand_in()
    return made


def test_the_first_start_installs_and_hands_over(checkout: Checkout) -> None:
    done = checkout.start("run", "some file.denoise", "--seed", "3")
    assert done.returncode == 0, done.stderr
    packages, project, program = checkout.asked()
    assert packages.startswith("-m pip --disable-pip-version-check install -c")
    assert packages.endswith("constraints.txt some-backend torch numpy>=2")
    assert project.endswith(f"--no-deps --no-build-isolation -e {checkout.folder}")
    assert program == "-P -m visualizer some file.denoise --seed 3"


def test_the_size_is_said_before_a_large_download(checkout: Checkout) -> None:
    assert "500 MB" in checkout.start("run").stdout
    checkout.stamp.unlink()
    (checkout.folder / ".venv/lib/python3.11/site-packages/torch").mkdir(parents=True)
    assert "MB" not in checkout.start("run").stdout


def test_the_second_start_goes_straight_on(checkout: Checkout) -> None:
    checkout.start("run")
    durations = []
    for _ in range(3):
        began = time.perf_counter()
        done = checkout.start("run", "--help")
        durations.append(time.perf_counter() - began)
        assert (done.stdout, done.stderr) == ("", "")
        assert checkout.asked() == ["-P -m visualizer --help"]
    print(f"own time of a second start: {min(durations):.2f} s (target 1 s)")


def test_changed_requirements_and_pins_are_installed(checkout: Checkout) -> None:
    checkout.start("run")
    settings = checkout.folder / "pyproject.toml"
    settings.write_text(PROJECT + "[tool.ruff]\nline-length = 80\n")
    checkout.start("run")
    assert checkout.asked() == ["-P -m visualizer"]
    settings.write_text(PROJECT.replace("numpy>=2", "numpy>=2.1"))
    checkout.start("run")
    assert len(checkout.asked()) == 3
    (checkout.folder / "packaging/constraints.txt").write_text("torch==2.14.0\n")
    checkout.start("run")
    assert len(checkout.asked()) == 3


def test_the_tools_come_with_the_first_test_and_stay(checkout: Checkout) -> None:
    checkout.start("run")
    checkout.start("bench", "decoding")
    packages, _, program = checkout.asked()
    assert packages.endswith("numpy>=2 pytest")
    assert program == "-m benchmarks decoding"
    checkout.start("run")
    assert checkout.asked() == ["-P -m visualizer"]
    checkout.start("screenshots", "--all")
    assert checkout.asked() == [f"{checkout.folder}/packaging/screenshots.py --all"]
    checkout.start("rebuild", "--list")
    assert checkout.asked() == [f"{checkout.folder}/packaging/rebuild.py --list"]


def test_the_address_for_torch_is_handed_to_pip(checkout: Checkout) -> None:
    checkout.start("run", "--torch-index", "there/wheels", "--seed", "3")
    packages, _, program = checkout.asked()
    assert "--extra-index-url there/wheels some-backend" in packages
    assert program == "-P -m visualizer --seed 3"
    checkout.start("run", "--torch-index=there/wheels")
    assert checkout.asked() == ["-P -m visualizer"]


def test_a_failed_installation_is_tried_again(checkout: Checkout) -> None:
    checkout.put_stand_in(fails="-e ")
    done = checkout.start("run")
    assert done.returncode == 1
    assert "did not finish" in done.stderr
    assert "Traceback" not in done.stderr
    assert not checkout.stamp.exists()
    checkout.put_stand_in()
    assert checkout.start("run").returncode == 0
    assert len(checkout.asked()) == 3


def test_ctrl_c_is_answered_with_a_sentence(checkout: Checkout) -> None:
    waiting = checkout.folder / "waiting"
    checkout.python.write_text(
        checkout.python.read_text().replace(
            "printf", f'case "$*" in *install*) touch "{waiting}"; exec sleep 60;; esac\nprintf'
        )
    )
    command = [sys.executable, str(checkout.folder / "packaging/dev.py"), "run"]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Where the tests run in the background of a script, Ctrl+C is ignored from the start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        while not waiting.exists():
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to the child too
        _, said = process.communicate(timeout=30)
    assert process.returncode == dev.INTERRUPTED
    assert "Stopped" in said
    assert "Traceback" not in said
    assert not checkout.stamp.exists()


def test_what_an_interruption_left_incomplete_is_installed_again(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.11/site-packages"

    def put(name: str, *, size: int = 5, record: bool = True) -> Path:
        info = packages / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (packages / f"{name}.py").write_text("x = 1")
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
        (info / "INSTALLER").write_text("pip\n")
        if record:
            (info / "RECORD").write_text(f"{name}.py,sha256=x,{size}\n__pycache__/{name}.pyc,,\n")
        return info

    whole, cut, unrecorded = put("whole"), put("cut", size=6), put("unrecorded", record=False)
    environment.forget_half_installed(tmp_path)
    assert whole.exists()
    assert not cut.exists()
    assert not unrecorded.exists()


def test_two_starts_do_not_install_at_once(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    began = tmp_path / "began"
    code = (
        "import pathlib, environment\n"
        f"pathlib.Path({str(began)!r}).touch()\n"
        f"with environment.only_one_at_a_time(pathlib.Path({str(lock)!r})): pass\n"
    )
    with environment.only_one_at_a_time(lock):
        second = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "packaging")},
        )
        assert second.stdout is not None
        assert "waiting" in second.stdout.readline()
    with second:
        assert second.wait(timeout=30) == 0


def test_a_missing_ensurepip_is_answered_with_the_line_to_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("environment._has_ensurepip", lambda: False)
    monkeypatch.setattr("environment.apt_install", lambda packages: False)
    monkeypatch.setattr("environment.shutil.which", lambda name: f"/bin/{name}")
    with pytest.raises(Stop, match=r"apt-get install python3\.\d+-venv"):
        environment.make_venv(tmp_path / ".venv")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fly"], "'fly' is not a command of dev.py: use one of run, test, bench, screenshots, "),
        (["--torch-index", "x"], "A command is missing"),
        (["run", "--torch-index"], "--torch-index needs the address"),
    ],
)
def test_a_wrong_command_gets_a_sentence(
    checkout: Checkout, arguments: list[str], said: str
) -> None:
    done = checkout.start(*arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert checkout.asked() == []


def test_words_after_two_dashes_are_not_read() -> None:
    wish = dev.read_arguments(["run", "--", "--torch-index"])
    assert (wish.arguments, wish.torch_index) == (["--", "--torch-index"], None)


def test_test_runs_every_check_and_ends_with_the_verdict_of_pytest(checkout: Checkout) -> None:
    checkout.put_stand_in(fails="ruff format")
    script = checkout.python.read_text()
    checkout.python.write_text(
        script + 'case "$*" in *pytest*) printf "..\\n2 pas"; echo sed;; esac'
    )
    done = checkout.start("test", "-k", "thing")
    assert done.returncode == 1
    ran = checkout.asked()
    order = ["-m ruff check", "-m ruff format --check", "-m mypy", "-m pytest -k thing"]
    assert [words for words in ran if words.startswith(tuple(order))][:3] == order[:3]
    assert ran[-1].startswith(order[-1])
    assert any("importlinter" in words for words in ran)
    lines = done.stdout.splitlines()
    assert lines[-1] == "2 passed"
    assert "FAILED  ruff format" in lines
    assert "passed  mypy" in lines


@pytest.mark.parametrize(
    ("arguments", "cores", "expected"),
    [
        (["-k", "thing"], 2, ["-n", "2", "--dist", "loadfile"]),
        ([], 64, ["-n", "4", "--dist", "loadfile"]),
        ([], 1, []),
        (["-n0"], 8, []),
        (["--pdb"], 8, []),
    ],
)
def test_tests_run_side_by_side_unless_told_otherwise(
    arguments: list[str], cores: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert checks.side_by_side(arguments) == expected


BACKEND = '''
"""Builds an editable wheel with nothing but the standard library."""
import pathlib, zipfile

def build_editable(folder, settings=None, metadata=None):
    name = "small-1-py3-none-any.whl"
    info = "small-1.dist-info/"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("small.pth", str(pathlib.Path.cwd()))
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
                       "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
'''


def test_a_real_environment_is_made_and_repaired(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    settings = PROJECT.replace('"some-backend"', "").replace('"torch", "numpy>=2"', "")
    settings = settings.replace('backend = "backend"', 'backend = "backend"\nbackend-path = ["."]')
    (checkout.folder / "pyproject.toml").write_text(settings)
    (checkout.folder / "backend.py").write_text(BACKEND)
    program = checkout.folder / "visualizer"
    program.mkdir()
    (program / "__main__.py").write_text("import sys; print('here', sys.prefix, sys.argv[1:])")

    first = checkout.start("run", "x")
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.splitlines()[-1] == f"here {checkout.folder / '.venv'} ['x']"
    second = checkout.start("run", "x")
    assert len(second.stdout.splitlines()) == 1

    # As after a crash in the middle of an installation.
    checkout.stamp.unlink()
    [info] = checkout.folder.glob(".venv/lib/python*/site-packages/small-*.dist-info")
    (info / "RECORD").unlink()
    third = checkout.start("run")
    assert "Was not completely installed: small" in third.stdout
    assert third.returncode == 0
    assert json.loads(checkout.stamp.read_text())["root"] == str(checkout.folder)

    # As after the folder was moved: paths inside an environment are absolute.
    moved = tmp_path / "moved"
    checkout.folder.rename(moved)
    done = subprocess.run(
        [sys.executable, str(moved / "packaging/dev.py"), "run"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "making it anew" in done.stdout
    assert done.stdout.splitlines()[-1] == f"here {moved / '.venv'} []"
