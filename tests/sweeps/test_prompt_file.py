"""Files of prompts: encodings, comments, blank lines, and what is no such file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.prompt_file import MAX_FILE, MAX_LINE, read_prompts


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "prompts.txt"
    path.write_bytes(content)
    return path


def test_blank_lines_comments_and_repetitions_are_left_out(tmp_path: Path) -> None:
    text = "# cars\n\n  a red car \r\n\t\na boat, at night | in fog\r# a red car\na red car\n"
    found = read_prompts(write(tmp_path, text.encode()))
    assert found.prompts == ("a red car", "a boat, at night | in fog")
    assert found.notes == ("1 repeated prompt is left out.",)


@pytest.mark.parametrize(
    ("encoding", "guessed"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-32", ""),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, guessed: str) -> None:
    found = read_prompts(write(tmp_path, "# x\na café in Zürich\na boat\n".encode(encoding)))
    assert found.prompts == ("a café in Zürich", "a boat")
    assert [guessed in note for note in found.notes] == ([True] if guessed else [])


def test_bytes_that_mean_nothing_in_windows_are_still_read(tmp_path: Path) -> None:
    found = read_prompts(write(tmp_path, b"caf\xe9 \x81 car\n"))
    assert found.prompts == ("café \x81 car",)
    assert "Latin-1" in found.notes[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "There is no prompt in"),
        (b"\xef\xbb\xbf\n# only comments\n   \n", "There is no prompt in"),
        (b"a car\n\0\0\0\x01", "NUL"),
        (b"\xff\xfea\0b", "damaged"),
        (b"a boat\n" + b"x" * (MAX_LINE + 1), "Line 2"),
        (b"x" * (MAX_FILE + 1), "too large"),
        ("a car \ud841".encode("utf-16-le", "surrogatepass"), "UTF-16-LE"),
    ],
)
def test_what_is_no_list_of_prompts(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SweepError, match=said):
        read_prompts(write(tmp_path, content))


def test_folders_pipes_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="is a folder"):
        read_prompts(tmp_path)
    with pytest.raises(SweepError, match=r"There is no file 'none\.txt'"):
        read_prompts(tmp_path / "none.txt")
    with pytest.raises(SweepError, match="cannot be read"):
        read_prompts(Path("a\0b"))
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(SweepError, match="no text file"):
            read_prompts(tmp_path / "pipe")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300))
def test_any_bytes_give_prompts_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    try:
        prompts = read_prompts(write(tmp_path, content)).prompts
    except SweepError:
        return
    assert prompts
    assert all(p == p.strip() and p and "\n" not in p for p in prompts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
            lambda text: not text.startswith("#")
        ),
        min_size=1,
        max_size=8,
        unique=True,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_was_written_is_read(
    tmp_path: Path, prompts: list[str], encoding: str, end: str
) -> None:
    content = end.join(prompts).encode(encoding)
    assert read_prompts(write(tmp_path, content)).prompts == tuple(prompts)
