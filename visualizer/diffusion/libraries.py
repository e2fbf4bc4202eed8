"""diffusers and transformers, imported without the advice they print on every start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_VERBOSITY = ("TRANSFORMERS_VERBOSITY", "DIFFUSERS_VERBOSITY")

# Both read their verbosity once, when they are imported; what a person set stays as it is.
_ours = [name for name in _VERBOSITY if name not in os.environ]
os.environ.update(dict.fromkeys(_ours, "error"))
try:
    import diffusers
    import transformers
finally:
    for _name in _ours:
        del os.environ[_name]

__all__ = ["diffusers", "quiet", "transformers"]


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars and no warnings of the two libraries while a model loads."""
    logs = (diffusers.utils.logging, transformers.utils.logging)
    bars = [log.is_progress_bar_enabled() for log in logs]
    levels = [log.get_verbosity() for log in logs]
    for log in logs:
        log.disable_progress_bar()
        log.set_verbosity_error()
    try:
        yield
    finally:
        for log, bar, level in zip(logs, bars, levels, strict=True):
            log.set_verbosity(level)
            if bar:
                log.enable_progress_bar()
