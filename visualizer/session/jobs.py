"""JobThread: one long-lived thread that does the most urgent job first."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import sys
import threading
from collections.abc import Callable

Job = Callable[[], None]


class JobThread:
    """Runs jobs one after another, the lowest priority number first, equal ones in order.

    The thread starts with the first job. It is a daemon: a job that never ends (a hung import)
    must not keep the program from ending.
    """

    def __init__(
        self, name: str, failed: Callable[[BaseException], None], *, niceness: int = 0
    ) -> None:
        """
        Args:
            name: of the thread.
            failed: told, on this thread, of an exception that a job let out.
            niceness: how far it, and the threads it starts, stand back behind the window where
                processors are short. Linux only: elsewhere niceness is the whole process's.
        """
        self._niceness = niceness
        self._name = name
        self._failed = failed
        self._jobs: list[tuple[int, int, Job]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def post(self, job: Job, priority: int = 0) -> None:
        """Queue a job; after ``close`` it is dropped."""
        with self._wake:
            if self._closing:
                return
            heapq.heappush(self._jobs, (priority, next(self._order), job))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._wake.notify()

    def close(self) -> None:
        """Drop what waits; the thread ends after the job at hand."""
        with self._wake:
            self._closing = True
            self._jobs.clear()
            self._wake.notify()

    def finish(self) -> None:
        """Take no more jobs; the thread ends after those that wait."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    def join(self, seconds: float) -> bool:
        """Wait for the thread to end. False when it has not."""
        thread = self._thread
        if thread is None:
            return True
        thread.join(max(seconds, 0.0))
        return not thread.is_alive()

    def _run(self) -> None:
        if self._niceness and sys.platform == "linux":
            with contextlib.suppress(OSError):  # a sandbox may forbid it
                # relative to what the program itself was started with
                own = os.getpriority(os.PRIO_PROCESS, 0)
                wanted = min(own + self._niceness, 19)
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), wanted)
        try:
            while (job := self._next()) is not None:
                try:
                    job()
                except Exception as error:  # noqa: BLE001 - the one entry of this thread
                    self._tell(error)
                del job  # what the job held (a picture, a model) is not kept while waiting
        except BaseException:
            with self._wake:
                self._thread = None  # the next job gets another thread; this one is lost
            raise

    def _tell(self, error: Exception) -> None:
        try:
            self._failed(error)
        except RuntimeError:
            if not self._closing:
                raise
            # the last job outlasted the window, and Qt has deleted whoever would be told

    def _next(self) -> Job | None:
        with self._wake:
            self._wake.wait_for(lambda: self._jobs or self._closing)
            return heapq.heappop(self._jobs)[2] if self._jobs else None
