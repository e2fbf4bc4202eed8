"""Failure: an error as a person can act on it."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from visualizer.session import crash_log


@dataclass(frozen=True)
class Failure:
    """What happened, in one sentence, and what can be done about it.

    Attributes:
        title: one short sentence, e.g. "The run could not be saved."
        detail: why, and what to do; may be empty.
    """

    title: str
    detail: str = ""


STILL_RUNNING = Failure("This run is still running.", "Stop it, or let it finish.")
LANES_RUNNING = Failure("The lanes are still being made.", "Stop them, or let them finish.")


def describe(error: BaseException, title: str) -> Failure:
    """An exception as a Failure, under a title that says what was being done.

    Exceptions of this program carry a sentence already. What nobody expected is written to the
    crash log, and the detail says where.
    """
    if _is_out_of_memory(error):
        return Failure(
            title,
            "There is not enough memory for this. Choose a smaller size or a smaller model, "
            "or close other programs.",
        )
    if type(error).__module__.startswith("visualizer."):
        return Failure(title, str(error))
    if isinstance(error, OSError) and error.errno is not None:
        return Failure(title, _disk_sentence(error))
    return unexpected(crash_log.record(error, title), error, title)


def unexpected(log: object, error: BaseException, title: str) -> Failure:
    """The Failure of an error that is the program's own fault."""
    reason = f"This is an error in the program ({type(error).__name__})."
    if log is None:
        return Failure(title, f"{reason} You can go on working.")
    return Failure(title, f"{reason} You can go on working; what happened is written in {log}")


def _is_out_of_memory(error: BaseException) -> bool:
    # torch is not imported here: its exception is known by its name, the CPU's by its text
    names = {cls.__name__ for cls in type(error).__mro__}
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )


def _disk_sentence(error: OSError) -> str:
    name = f"“{error.filename}”" if error.filename else "The file"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "The disk is full. Free some space, or choose another place."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{name} may not be written or read here. Choose another place."
        case errno.ENOENT:
            return f"{name} does not exist."
        case errno.EISDIR:
            return f"{name} is a folder."
        case _:
            return f"{name}: {error.strerror or error}."
