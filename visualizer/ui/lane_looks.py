"""What every lane of a comparison shows at the playhead, and what is said of it on hover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.ui.lane_mark import lane_letter
from visualizer.ui.lane_painting import Look

if TYPE_CHECKING:
    from visualizer.session.lanes import Lane, Lanes
    from visualizer.session.timeline import Timeline

_ON_ITS_WAY = "The first step is on its way …"
_MAKING = "Making this picture …"


def look_of(lanes: Lanes, lane: Lane) -> Look:
    """What the canvas would show of the run of a lane, and what went wrong with it."""
    timeline, k, view = lane.timeline, lanes.point(lane), lanes.playhead.view
    failed = lane.state == "failed"
    if timeline is None or k is None:
        return _before_the_first_step(lane)
    note = _note(lane, timeline, k)
    beside = _beside(lanes, timeline, k)
    if not timeline.has_view(k, view):
        why = timeline.why_missing(k, view)
        if timeline.shows_pictures(k):
            return Look(message=why, beside=beside)
        numbers = timeline.picture(k, "channels")
        return Look(numbers, note, failed=failed, numbers=True, beside=beside)
    picture = timeline.picture(k, view)
    if picture is None and timeline.running and not timeline.can_preview:
        numbers = timeline.picture(k, "channels")
        return Look(numbers, note, failed=failed, numbers=True, beside=beside)
    if picture is None:
        return Look(message=_MAKING, beside=beside)
    return Look(picture, note, failed=failed, numbers=view == "channels", beside=beside)


def _before_the_first_step(lane: Lane) -> Look:
    failed = lane.state == "failed"
    waits = _ON_ITS_WAY if lane.state == "running" else ""
    stopped = "Stopped before its first step." if lane.state == "stopped" else ""
    short = "Failed" if failed else lane.state.capitalize() if stopped else ""
    return Look(message=_trouble(lane) or waits or stopped, short=short, failed=failed)


def _note(lane: Lane, timeline: Timeline, k: int) -> str:
    """Over the last picture there is: why no other one came."""
    if k < len(timeline) - 1:
        return ""
    if lane.state == "stopped" and timeline.cancelled:
        return f"Stopped at {_lower(timeline.label(k))}"
    return _trouble(lane) if lane.state == "failed" else ""


def _trouble(lane: Lane) -> str:
    failure = lane.failure
    return "" if failure is None else f"{failure.title} {failure.detail}".strip()


def _beside(lanes: Lanes, timeline: Timeline, k: int) -> str:
    """The lane's own step, where lanes take different numbers of steps."""
    totals = {lane.timeline.total for lane in lanes.lanes if lane.timeline is not None}
    return _lower(timeline.label(k)) if len(totals) > 1 else ""


def explained(lanes: Lanes, lane: Lane) -> str:
    """What its tooltip says of a lane, in lines."""
    lines = [f"{lane_letter(lanes, lane)}: {_told(lane)}"]
    timeline, k = lane.timeline, lanes.point(lane)
    if timeline is not None and k is not None:
        lines.append(timeline.label(k))
    if lane.batch_size > 1:
        lines.append(f"Sampled together with {_others(lane.batch_size - 1)}, as one batch")
    elif lane.batch_size == 1:
        lines.append("Sampled on its own")
    if lane.failure is not None:
        lines.append(_trouble(lane))
    return "\n".join(lines)


def _lower(label: str) -> str:
    """ "step 3 of 20", in the middle of a sentence."""
    return label[:1].lower() + label[1:]


def _told(lane: Lane) -> str:
    """The label of a lane, and what of prompt and seed it does not say, or only in part."""
    prompt, told, parts = lane.request.prompt, False, []
    for part in lane.label.split(" · "):
        said = part.strip("…").strip()
        if not told and said and said in prompt:
            told, part = True, prompt
        parts.append(part)
    label = " · ".join(parts)
    seed = f"seed {lane.request.seed}"
    rest = [] if told or not prompt else [f"“{prompt}”"]
    if seed not in label:
        rest.append(seed)
    return "\n".join(filter(None, (label, ", ".join(rest))))


def _others(count: int) -> str:
    return "one other" if count == 1 else f"{count} others"
