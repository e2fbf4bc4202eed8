"""Importing torch without freezing the window.

Python's interpreter lock (GIL) is handed over every few milliseconds while Python code runs, but
one call into C keeps it to its end. ``import torch`` has two such calls that are long:

- loading ``libtorch_cpu.so`` (434 MB; its static initializers alone take 0.17 s of CPU). Loaded
  beforehand through ``ctypes``, which lets go of the lock around every foreign call, it stalls
  nobody, and the import finds it there.
- the initialization of ``torch._C`` (0.06 s), which makes some thousands of types and functions.
  Up to Python 3.11 the garbage collector looks in on such C code every few hundred allocations,
  and a collector's callback may let go of the lock. It also moves everything out of the
  collector's sight, so that nothing is ever destroyed on this thread.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SWITCH_SECONDS = 0.001
ALLOCATIONS = 400
"""Between two looks of the collector: about a third of a millisecond of ``torch._C``."""
_LIBRARIES = ("libtorch_cpu", "libtorch", "libtorch_python")


@contextlib.contextmanager
def gently() -> Iterator[None]:
    """Within this block a thread imports or loads without keeping the others waiting."""
    interval, thresholds, collecting = sys.getswitchinterval(), gc.get_threshold(), gc.isenabled()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.callbacks.append(_let_go)
    gc.set_threshold(ALLOCATIONS, *thresholds[1:])
    gc.enable()
    try:
        yield
    finally:
        if not collecting:
            gc.disable()
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(_let_go)
        sys.setswitchinterval(interval)


def _let_go(phase: str, _info: dict[str, int]) -> None:
    if phase == "start":
        gc.freeze()
        time.sleep(0)


def preload_torch() -> None:
    """Load torch's own shared libraries without holding the lock. Does nothing where it cannot."""
    if os.name != "posix" or "torch" in sys.modules:
        return  # on Windows torch itself loads them through ctypes
    found = importlib.util.find_spec("torch")
    folders = found.submodule_search_locations if found is not None else None
    if not folders:
        return
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    for name in _LIBRARIES:
        library = Path(folders[0], "lib", name + suffix)
        if library.exists():
            dlopen(os.fsencode(library), os.RTLD_NOW | os.RTLD_GLOBAL)
