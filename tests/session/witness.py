"""Witness: writes down what a session says."""

from __future__ import annotations

from typing import Any

from visualizer.session.session import Session

SIGNALS = (
    "model_loading",
    "model_ready",
    "planned",
    "plan_refused",
    "running_changed",
    "run_started",
    "progressed",
    "run_finished",
    "opened",
    "current_changed",
    "saved",
    "failed",
)


class Witness:
    """The signals of a session as (name, value), in the order they came."""

    def __init__(self, session: Session) -> None:
        self.said: list[tuple[str, Any]] = []
        for name in SIGNALS:
            getattr(session, name).connect(self._writer(name))
        session.history_changed.connect(lambda: self.said.append(("history_changed", None)))

    def _writer(self, name: str) -> Any:
        return lambda value: self.said.append((name, value))

    def all(self, name: str) -> list[Any]:
        """The values one signal came with."""
        return [value for said, value in self.said if said == name]

    def names(self, *only: str) -> list[str]:
        """The names of some signals, in order."""
        return [said for said, _ in self.said if said in only]
