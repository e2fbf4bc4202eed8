"""What pages export, painted here and now."""

from __future__ import annotations

from visualizer.export.exhibit import Exhibit, ExhibitPlan


def painted(plan: ExhibitPlan | None) -> Exhibit:
    """All frames of a plan, which has to be there."""
    assert plan is not None
    exhibit = plan.painted()
    assert exhibit is not None
    return exhibit
