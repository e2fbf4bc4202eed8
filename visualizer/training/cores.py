"""Work in parts, done by all cores."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def done_in_order(
    work: Callable[[int, int], T],
    parts: Sequence[tuple[int, int]],
    prepare: Callable[..., None] | None = None,
    *args: Any,
) -> Iterator[T]:
    """What `work(start, stop)` gives for each part in order, done by all cores, a few ahead.

    Args:
        prepare: called with `args` in each process before its first part.
    """
    if len(parts) < 2:
        if parts and prepare is not None:
            prepare(*args)
        yield from (work(*part) for part in parts)
        return
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, context, prepare, args) as pool:
        ahead: deque[Future[T]] = deque()
        for part in parts:
            ahead.append(pool.submit(work, *part))
            if len(ahead) > 2 * cores:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
