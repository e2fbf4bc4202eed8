"""The wheel, installed where there is no checkout, brings its data and makes a picture."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a program without what this process has in its environment; its output."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another environment, holding the wheel and, behind it, the packages installed here.

    A .pth file lends it those packages: PyTorch is not installed twice. The .pth files among them
    are not read, so the checkout itself, an editable package here, stays out of sight.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run(
        *pip,
        *("wheel", "--no-index", "--no-build-isolation", "--no-deps", "-w", folder, ROOT),
        cwd=folder,
    )
    [wheel] = folder.glob("denoising_visualizer-*.whl")
    made = folder / "environment"
    venv.create(made, with_pip=False, symlinks=os.name == "posix")
    python = scripts_of(made) / ("python.exe" if os.name == "nt" else "python")
    run(*pip, "--python", python, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    here = sysconfig.get_path("purelib")
    there = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    ).strip()
    Path(there, "lent.pth").write_text(here + "\n", encoding="utf-8")
    return made


def scripts_of(environment: Path) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin")


def ask(environment: Path, question: str, cwd: Path) -> str:
    """Have the other environment's Python evaluate and print an expression."""
    python = scripts_of(environment) / ("python.exe" if os.name == "nt" else "python")
    code = f"import visualizer, visualizer.assets; print({question})"
    return run(python, "-c", code, cwd=cwd).strip()


def test_the_package_comes_from_the_wheel(elsewhere: Path, tmp_path: Path) -> None:
    assert Path(ask(elsewhere, "visualizer.__file__", tmp_path)).is_relative_to(elsewhere)
    assert ask(elsewhere, "visualizer.__version__", tmp_path) == ask(
        Path(sys.prefix), "visualizer.__version__", tmp_path
    )


def test_all_the_data_is_there(elsewhere: Path, tmp_path: Path) -> None:
    there = Path(ask(elsewhere, "visualizer.assets.asset_path()", tmp_path))
    assert there.is_relative_to(elsewhere)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "assets"], cwd=ROOT, capture_output=True, text=True
    )
    assert "assets/builtin-model/model_index.json" in listed.stdout.split("\0")
    for name in filter(None, listed.stdout.split("\0")):
        shipped = there.parent / name
        assert shipped.stat().st_size == (ROOT / name).stat().st_size


def test_menus_find_the_program(elsewhere: Path) -> None:
    for name in ("denoising-visualizer", "denoising-visualizer-window"):
        assert list(scripts_of(elsewhere).glob(name + "*"))
    share = elsewhere / "share"
    assert list(share.glob("icons/hicolor/scalable/apps/denoising-visualizer.svg"))
    assert (share / "applications" / "denoising-visualizer.desktop").is_file()
    assert (share / "metainfo" / "denoising-visualizer.metainfo.xml").is_file()


def test_the_wheel_makes_a_picture(elsewhere: Path, tmp_path: Path) -> None:
    from PIL import Image

    command = scripts_of(elsewhere) / "denoising-visualizer"
    prompt = "a red Ferrari on a mountain road at sunset"
    run(
        *(command, "run", prompt, "--seed", "7", "--steps", "2", "--out", "final.png"),
        cwd=tmp_path,
    )
    assert [file.name for file in tmp_path.iterdir()] == ["final.png"]
    with Image.open(tmp_path / "final.png") as picture:
        assert picture.format == "PNG"
        assert min(picture.size) >= 64
