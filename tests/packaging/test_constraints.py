"""The pins of packaging/constraints.txt: complete, exact, and good on every machine."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = {
    canonicalize_name(name): version
    for name, _, version in (line.partition("==") for line in LINES if not line.startswith("#"))
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DIRECT = [
    Requirement(text)
    for text in (
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["dev"],
    )
]
MACHINES = [
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_system": name,
        "platform_machine": processor,
        "os_name": kind,
        "extra": "",
    }
    for python, (system, name, processor, kind) in product(
        ("3.11", "3.12", "3.13", "3.14"),
        (
            ("linux", "Linux", "x86_64", "posix"),
            ("darwin", "Darwin", "arm64", "posix"),
            ("win32", "Windows", "AMD64", "nt"),
        ),
    )
]
# PyTorch itself says, exactly, which of these go with a build of it, and only its CUDA builds do.
OF_PYTORCH = ("nvidia-", "cuda-", "triton")


@pytest.mark.parametrize("sign", ["+", "://", "@", "file:"])
def test_no_pin_names_a_build_or_a_place(sign: str) -> None:
    assert [line for line in LINES if sign in line] == []


def test_every_line_is_one_exact_version() -> None:
    assert all(PINS.values())
    assert len(PINS) == len([line for line in LINES if not line.startswith("#")])
    assert not [name for name in PINS if name.startswith(OF_PYTORCH)]


@pytest.mark.parametrize("requirement", DIRECT, ids=str)
def test_the_pin_is_one_that_the_project_allows(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)])


def test_all_that_is_needed_anywhere_is_pinned() -> None:
    """Follows what the installed packages require on every supported system and Python."""
    unpinned = set()
    seen: set[str] = set()
    waiting = list(DIRECT)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in seen or name.startswith(OF_PYTORCH):
            continue
        seen.add(name)
        if name not in PINS:
            unpinned.add(name)
        try:
            texts = distribution(name).requires or []
        except PackageNotFoundError:  # of another system
            continue
        for text in texts:
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate(one) for one in MACHINES):
                waiting.append(needed)
    assert unpinned == set()
    assert set(PINS) - seen == set(), "pinned, but needed by nothing"


def test_the_tests_run_with_the_pinned_versions() -> None:
    installed = {}
    for name in PINS:
        try:
            installed[name] = distribution(name).version.partition("+")[0]
        except PackageNotFoundError:  # of another system
            continue
    assert installed == {name: PINS[name] for name in installed}
