"""Folders that are either whole or not there, also where the system or a person interrupts."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from visualizer.diffusion import atomic
from visualizer.diffusion.atomic import (
    WriteError,
    check_writable,
    remove_parts,
    replacing,
    replacing_folder,
)

MARK = "index"


class Ended(BaseException):
    """What ends a process that writes; no handler of errors takes it."""


def write(place: Path, content: str) -> None:
    """A folder of ours with this in it."""
    with replacing_folder(place, MARK, lambda _name: True) as folder:
        (folder / MARK).write_text(content)


class LikeWindows:
    """The module ``os`` where no folder can be opened, and only what may be written can be made to
    last."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Path, flags: int) -> int:
        if path.is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return os.open(path, flags)

    def fsync(self, handle: int) -> None:
        if not _may_be_written(handle):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        os.fsync(handle)


def _may_be_written(handle: int) -> bool:
    try:
        os.write(handle, b"")
    except OSError:
        return False
    return True


def test_a_folder_can_be_written_and_replaced_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "os", LikeWindows())
    place = tmp_path / "frames"
    for content in ("one", "two"):
        write(place, content)
        assert (place / MARK).read_text() == content
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("error", [Ended, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", [0, 1])
def test_whatever_ends_the_moves_leaves_one_whole_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    moment: str,
    number: int,
) -> None:
    place = tmp_path / "frames"
    write(place, "one")
    rename, moves = Path.rename, []

    def interrupted(self: Path, target: Path) -> Path:
        moves.append(target)
        ends = len(moves) == number + 1
        if ends and moment == "before":
            raise error
        moved = rename(self, target)
        if ends:
            raise error
        return moved

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(WriteError if error is OSError else error):
        write(place, "two")
    assert list(tmp_path.iterdir()) == [place]
    assert (place / MARK).read_text() == ("two" if (number, moment) == (1, "after") else "one")


def test_a_former_folder_that_cannot_be_put_back_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "frames"
    write(place, "one")
    rename = Path.rename

    def refusing(self: Path, target: Path) -> Path:
        if target == place:
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(WriteError, match="you may not write there"):
        write(place, "two")
    (former,) = tmp_path.iterdir()
    assert (former / MARK).read_text() == "one"


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".77-0123456789ab.part", ".778-0123456789ab.part", "a.gif", ".77.part"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / ".77-0123456789ac.part").mkdir()
    (tmp_path / ".77-0123456789ac.part" / "0000.png").write_bytes(b"x")
    remove_parts(tmp_path / "b.gif", 77)
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == [".77.part", ".778-0123456789ab.part", "a.gif"]


def test_the_root_of_a_disk_is_no_name(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="not a name"), replacing(Path("/")):
        pass
    with pytest.raises(WriteError, match="not a name"):
        check_writable(Path("/"))
