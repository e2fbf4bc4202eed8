"""The loop as code: true of the run that is looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.ui.example_timelines import make_timeline
from visualizer.diffusion.parameterization import PREDICTION_TYPES
from visualizer.ui.denoise_panels.code_text import (
    LETTERS,
    Loop,
    calls_of,
    code_lines,
    loop_of,
    part_of,
)

GUIDED = Loop(prediction="v_prediction", guiding="twice", weight=5.0, steps=30, shape=(8, 16, 16))


def texts(loop: Loop) -> list[str]:
    return [line.text for line in code_lines(loop)]


def test_a_guided_loop_asks_twice_and_mixes() -> None:
    assert texts(GUIDED) == [
        'ids = tokenizer([prompt, ""])',
        "words, blank = text_encoder(ids)",
        "sched.set_timesteps(30)",
        "x = randn(8, 16, 16)",
        "x = x * sched.init_noise_sigma",
        "for t in sched.timesteps:",
        "  z = sched.scale_model_input(x, t)",
        "  v_u = unet(z, t, blank)",
        "  v_c = unet(z, t, words)",
        "  v = v_u + w * (v_c - v_u)",
        "  x = sched.step(v, t, x)",
        "picture = vae.decode(x / scale)",
    ]


def test_without_guidance_it_asks_once() -> None:
    lines = texts(replace(GUIDED, guiding="off"))
    assert "ids = tokenizer(prompt)" in lines
    assert "  v = unet(z, t, words)" in lines
    assert len(lines) == 10
    assert not any("blank" in line for line in lines)


def test_a_distilled_model_is_told_the_scale() -> None:
    assert "  v = unet(z, t, words, w)" in texts(replace(GUIDED, guiding="inside"))


def test_an_avoid_text_takes_the_place_of_no_prompt() -> None:
    lines = texts(replace(GUIDED, avoid=True))
    assert lines[:2] == [
        "ids = tokenizer([prompt, avoid_text])",
        "words, avoid = text_encoder(ids)",
    ]
    assert "  v_u = unet(z, t, avoid)" in lines


def test_a_flow_scales_nothing() -> None:
    lines = texts(replace(GUIDED, prediction="flow_prediction", denoiser="transformer"))
    assert "  u_c = transformer(x, t, words)" in lines
    assert not any("scale_model_input" in line or "init_noise" in line for line in lines)


@pytest.mark.parametrize(
    ("start", "line"),
    [
        ("edited noise", "x = edit(randn(8, 16, 16))"),
        ("picture", "x = noised(vae.encode(picture))"),
    ],
)
def test_what_it_begins_as(start: str, line: str) -> None:
    assert line in texts(replace(GUIDED, start=start))


def test_the_code_is_python_and_every_prediction_has_a_letter() -> None:
    assert set(LETTERS) == set(PREDICTION_TYPES)
    for prediction in PREDICTION_TYPES:
        for guiding in ("off", "twice", "inside"):
            for ends in ("latent", "pixels", "prior"):
                loop = replace(GUIDED, prediction=prediction, guiding=guiding, ends=ends)
                lines = code_lines(loop)
                compile("\n".join(line.text for line in lines), "loop", "exec")
                assert all(line.about.endswith(".") for line in lines)
                assert [line.when for line in lines if line.here] == [
                    "words",
                    "static",
                    "step",
                    "decode",
                ]
                assert max(len(line.text) for line in lines) <= 38


def test_the_moments_of_a_run() -> None:
    assert [part_of(k, 3) for k in range(4)] == ["static", "step", "step", "decode"]


def test_a_run_tells_its_loop() -> None:
    guided = make_timeline(4, guided=True)
    loop = loop_of(guided, None, "DDIM")
    assert (loop.guiding, loop.prediction, loop.shape) == ("twice", "epsilon", (4, 4, 4))
    assert (loop.steps, loop.seed, loop.denoiser) == (4, 7, "model")
    assert "x = randn(4, 4, 4)" in texts(loop)
    plain = loop_of(make_timeline(4), None, "DDIM")
    assert plain.guiding == "off"


def test_the_calls_of_the_network_are_counted() -> None:
    steps = make_timeline(5, guided=True).steps
    assert len(steps) == 6  # the last one is not asked any more
    assert calls_of(steps, "twice") == 10
    assert calls_of(steps[:3], "off") == 3
