"""The loop of a run: where it began, what its sampler skips, how its network was asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.ui.example_timelines import levels_of, make_points, make_timeline, playhead_on
from visualizer.diffusion.arrays import read_only
from visualizer.diffusion.branching import branch
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import FromPicture
from visualizer.diffusion.step import Guidance, Trial
from visualizer.session.timeline import Timeline
from visualizer.ui.denoise_panels.code_of_run import (
    _mixing,
    calls_of,
    loop_of,
    moment_of,
    section_of,
)
from visualizer.ui.denoise_panels.code_panel import CodePanel
from visualizer.ui.denoise_panels.code_text import code_lines


def texts(timeline: Timeline, sampler: str, k: int) -> list[str]:
    return [line.text for line in code_lines(loop_of(timeline, None, sampler, k))]


def branched(parent: Timeline, step: int, shared: int, **changes: Any) -> Timeline:
    """A finished branch of a run of ten steps."""
    request = branch(parent.request, step, **changes)
    plan = Plan(tuple(levels_of(10)), tuple(range(10)), "Euler a", shared=shared)
    timeline = Timeline.branch(parent, request, plan)
    timeline.append(make_points(10)[shared:])
    return timeline


def test_a_run_tells_its_loop() -> None:
    guided = make_timeline(4, guided=True)
    loop = loop_of(guided, None, "DDIM")
    assert (loop.guiding, loop.prediction, loop.shape) == ("twice", "epsilon", (4, 4, 4))
    assert (loop.steps, loop.seed, loop.denoiser) == (4, 7, "model")
    assert "x = randn(4, 4, 4)" in texts(guided, "DDIM", 0)
    assert loop_of(make_timeline(4), None, "DDIM").guiding == "off"


def test_the_first_points_of_a_branch_are_the_loop_of_its_parent() -> None:
    parent = make_timeline(10)
    parent.sampler = "DDIM"
    timeline = branched(parent, 4, 4, seed=99, sampler="euler_a")
    before = loop_of(timeline, None, "Euler a", 3)
    assert (before.seed, before.sampler, before.fresh) == (7, "DDIM", "")
    assert "x = randn(4, 4, 4)" in texts(timeline, "Euler a", 3)
    after = loop_of(timeline, None, "Euler a", 4)
    assert (after.seed, after.sampler, after.fresh) == (99, "Euler a", "generator")
    assert [t for t in texts(timeline, "Euler a", 4) if "parent" in t or "randn" in t] == [
        "fresh = randn(4, 4, 4)",
        "x = renoised(parent[4], fresh)",
    ]
    assert "for t in sched.timesteps[4:]:" in texts(timeline, "Euler a", 4)
    parent.deleteLater()


def test_a_branch_that_is_read_knows_its_parent_from_its_request() -> None:
    parent = make_timeline(10)
    kept = Timeline(branch(parent.request, 4, prompt="a blue car"), levels=levels_of(10))
    kept.append(make_points(10))
    assert "x = randn(4, 4, 4)" in texts(kept, "DDIM", 3)
    assert "x = parent[4]" in texts(kept, "DDIM", 4)
    assert "for t in sched.timesteps[4:]:" in texts(kept, "DDIM", 10)
    assert section_of(kept, 3).request == parent.request
    restarted = Timeline(branch(parent.request, 4, sampler="lcm"), levels=levels_of(10))
    restarted.append(make_points(10))
    assert "for t in sched.timesteps[begin:]:" in texts(restarted, "LCM", 5)


def test_a_picture_leaves_out_the_first_levels() -> None:
    start = FromPicture(read_only(np.zeros((8, 8, 3), dtype=np.uint8)), 26)
    request = SamplingRequest(prompt="a red car", steps=30, start=start)
    timeline = Timeline(request, levels=levels_of(4))
    timeline.append(make_points(4))
    assert {"sched.set_timesteps(30)", "for t in sched.timesteps[26:]:"} <= set(
        texts(timeline, "DDIM", 0)
    )


@pytest.mark.parametrize(
    ("sampler", "fresh"),
    [
        ("Euler a", "generator"),
        ("LCM", "generator"),
        ("DPM++ 2M SDE Karras", "generator"),
        ("DPM++ SDE", "own"),
        ("Euler", ""),
        ("DPM++ 2M Karras", ""),
    ],
)
def test_samplers_that_add_noise(sampler: str, fresh: str) -> None:
    assert loop_of(make_timeline(3), None, sampler).fresh == fresh


def test_guidance_is_measured_in_the_counting_of_the_pipeline() -> None:
    timeline = make_timeline(3, guided=True)  # measured: u + 2 (c − u)
    section = section_of(timeline, 0)
    assert _mixing(section, "StableDiffusionPipeline", 0) == ("from without", 2.0)
    assert _mixing(section, "ZImagePipeline", 0) == ("from with", 1.0)
    point = make_points(3)[0]
    bent = Guidance(point.step.latents, point.step.latents, None)
    other = Timeline(timeline.request, levels=levels_of(3))
    other.append([replace(point, step=replace(point.step, guidance=bent))])
    assert _mixing(section_of(other, 0), "StableDiffusionPipeline", 0) == ("bent", None)


def test_the_calls_of_the_network_are_counted() -> None:
    steps = make_timeline(5, guided=True).steps
    assert len(steps) == 6  # the last one is not asked any more
    assert calls_of(steps, "twice") == 10
    assert calls_of(steps[:1], "off") == 1
    trial = Trial(0.0, steps[0].latents, steps[0].latents)
    tried = [replace(step, trials=(trial,)) for step in steps[:3]]
    assert calls_of(tried, "off") == 5, "the trials of the last one come later"


def test_the_moments_of_a_run() -> None:
    timeline = make_timeline(3)
    assert [moment_of(timeline, k) for k in range(4)] == ["pass", "pass", "pass", "end"]
    planned = make_timeline(3, there=0)
    assert moment_of(planned, 0) == ""
    planned.begin()
    assert moment_of(planned, 0) == "beginning"


def test_the_panel_counts_the_questions_of_a_branch_from_where_it_branched(qtbot: QtBot) -> None:
    parent = make_timeline(10)
    timeline = branched(parent, 4, 4, prompt="a blue car")
    playhead = playhead_on(timeline, 2)
    panel = CodePanel(playhead)
    qtbot.addWidget(panel)
    panel.set_timeline(timeline)
    panel.show()
    said = "Pass 3 of 10 of the run that this one branched from: by then the network was asked 3"
    assert panel.calls.text().startswith(said)
    playhead.seek(5)
    said = "Pass 6 of 10: since it branched at step 4, the network was asked 2 times, once a step."
    assert panel.calls.text() == said
