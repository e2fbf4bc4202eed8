"""Files, and folders of them, that are either whole or not there: written beside their place, then
moved into it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""How the names of files end that are being written."""


class WriteError(Exception):
    """A file that could not be written; its text is a sentence saying why."""


@contextlib.contextmanager
def replacing(path: Path, last_word: Callable[[], None] = lambda: None) -> Iterator[BinaryIO]:
    """A binary file to write and seek in, which takes the place of ``path`` when the block ends.

    Whatever goes wrong (a full disk, an exception in the block, Ctrl+C), a former file at ``path``
    stays as it was and nothing is left beside it.

    Args:
        last_word: called when all is written, right before it takes its place; may still raise.

    Raises:
        WriteError: with a sentence, when the operating system refuses.
    """
    place = _place_of(path)
    part = _beside(place, PART)
    try:
        mode = _check_place(place)
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.seek(0, os.SEEK_END)
            if file.tell() != part.stat().st_size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if mode is not None:
            part.chmod(mode)
        last_word()
        part.replace(place)
    except OSError as error:
        raise WriteError(_sentence(error, path)) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    _sync_folder(place.parent)


@contextlib.contextmanager
def replacing_folder(
    path: Path,
    mark: str,
    ours: Callable[[str], bool],
    last_word: Callable[[], None] = lambda: None,
) -> Iterator[Path]:
    """An empty folder to write in, which takes the place of ``path`` when the block ends.

    Whatever goes wrong, a former folder at ``path`` stays as it was and nothing is left beside it.

    Args:
        mark: the file that a folder of ours has; only such a folder, or an empty one, is replaced.
        ours: whether a file in a folder of ours may have a name.
        last_word: called when all is written, right before it takes its place; may still raise.

    Raises:
        WriteError: with a sentence, when the operating system refuses, or when there is something
            of that name that is not to be replaced.
    """
    place = _place_of(path)
    part, former = _beside(place, PART), _beside(place, ".former")
    try:
        _check_folder(place, path, mark, ours)
        part.mkdir()
        yield part
        for file in part.iterdir():
            _sync(file)
        _sync_folder(part)
        _check_folder(place, path, mark, ours)  # it may have changed meanwhile
        last_word()
        _put_in_place(part, place, former)
    except OSError as error:
        raise WriteError(_sentence(error, path)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if os.path.lexists(place):  # else the former one must not be lost
            shutil.rmtree(former, ignore_errors=True)
    _sync_folder(place.parent)


def check_folder(path: Path, mark: str, ours: Callable[[str], bool]) -> None:
    """Say beforehand whether ``replacing_folder`` could write ``path``.

    Raises:
        WriteError: with a sentence, when it could not.
    """
    place = _place_of(path)
    part = _beside(place, PART)
    try:
        _check_folder(place, path, mark, ours)
        part.mkdir()
        part.rmdir()
    except OSError as error:
        raise WriteError(_sentence(error, path)) from error


def check_writable(path: Path) -> None:
    """Say beforehand whether ``path`` could be written, without touching what is there.

    Raises:
        WriteError: with a sentence, when it could not.
    """
    place = _place_of(path)
    part = _beside(place, PART)
    try:
        _check_place(place)
        part.open("xb").close()
        part.unlink()
    except OSError as error:
        raise WriteError(_sentence(error, path)) from error


def remove_parts(path: Path, process: int) -> None:
    """Remove what a process that was killed has left of a file, or a folder, it was writing.

    Args:
        process: its number.
    """
    with contextlib.suppress(OSError, WriteError):
        for part in _place_of(path).parent.glob(f".{process}-*{PART}"):
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)


def display_name(path: Path) -> str:
    """A file's name as it can be printed anywhere, also when it is no valid text."""
    return (path.name or str(path)).encode("utf-8", "replace").decode("utf-8")


def _place_of(path: Path) -> Path:
    """Where the file really lies: a link goes on pointing at it."""
    sentence = f"'{display_name(path)}' is not a name that a file can have."
    try:
        place = Path(os.path.realpath(path))
    except ValueError as error:  # a NUL or half a symbol in the name
        raise WriteError(sentence) from error
    if not place.name:  # the root of a disk
        raise WriteError(sentence)
    return place


def _beside(place: Path, suffix: str) -> Path:
    """A hidden name beside a place that nobody else takes; it tells whose it is."""
    return place.with_name(f".{os.getpid()}-{secrets.token_hex(6)}{suffix}")


def _check_place(place: Path) -> int | None:
    """The permissions of the file to be replaced; None when there is none."""
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file")
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(mode)


def _check_folder(place: Path, path: Path, mark: str, ours: Callable[[str], bool]) -> None:
    """See whether a folder may take this place."""
    try:
        names = [entry.name for entry in place.iterdir()]
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        if not place.exists():
            raise  # one of the folders above it is a file
        raise WriteError(
            f"'{display_name(path)}' was not saved: there is a file of that name."
        ) from error
    if names and not (mark in names and all(ours(name) for name in names)):
        raise WriteError(
            f"'{display_name(path)}' was not saved: there are other files in that folder. "
            "Choose a new name."
        )
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _put_in_place(part: Path, place: Path, former: Path) -> None:
    """Move what was written to its place, and what is there out of it; both or neither."""
    try:
        with contextlib.suppress(FileNotFoundError):
            place.rename(former)
        part.rename(place)
    except BaseException:  # a cancel may come between the two moves as well
        if part.exists():
            with contextlib.suppress(FileNotFoundError):
                former.rename(place)
        raise


def _sync(path: Path) -> None:
    """Have what was written reach the disk: a full one may say so only now."""
    with path.open("r+b") as file:  # Windows does it for those only who may write
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make names last through a power cut, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sentence(error: OSError, path: Path) -> str:
    name = display_name(path)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"'{name}' was not saved: the disk is full."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"'{name}' was not saved: you may not write there. Choose another folder."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        if _place_of(path).parent.is_dir():
            return f"'{name}' was not saved: nothing can be made in that folder. Choose another."
        return f"'{name}' was not saved: its folder does not exist."
    if error.errno == errno.EISDIR:
        return f"'{name}' was not saved: there is a folder of that name."
    if error.errno == errno.ENAMETOOLONG:
        return f"'{name[:40]}…' was not saved: its name is too long."
    return f"'{name}' was not saved: {error.strerror or error}."
