"""The loop as code: true of the run that is looked at."""

from __future__ import annotations

from dataclasses import replace

from visualizer.diffusion.parameterization import PREDICTION_TYPES
from visualizer.ui.denoise_panels.code_text import LETTERS, CodeLine, Loop, code_lines, mark

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


def test_edited_noise_is_edited() -> None:
    assert "x = edit(randn(8, 16, 16))" in texts(replace(GUIDED, start="edited noise"))


def test_a_picture_is_encoded_and_the_first_levels_are_left_out() -> None:
    loop = replace(GUIDED, start="picture", skipped=26)
    assert texts(loop)[2:6] == [
        "sched.set_timesteps(30)",
        "x = vae.encode(picture) * scale",
        "x = noised(x, sched.timesteps[26])",
        "for t in sched.timesteps[26:]:",
    ]
    pixels = texts(replace(loop, ends="pixels"))
    assert "x = picture * 2 - 1" in pixels
    assert not any("vae" in line for line in pixels)


def test_a_solver_with_trials_has_its_timesteps_elsewhere() -> None:
    lines = texts(replace(GUIDED, start="picture", skipped=26, trials=True))
    assert "for t in sched.timesteps[begin:]:" in lines


def test_a_branch_begins_with_the_latent_of_its_parent() -> None:
    branch = replace(GUIDED, start="step", joined=9, skipped=9)
    assert texts(branch)[2:5] == [
        "sched.set_timesteps(30)",
        "x = parent[9]",
        "for t in sched.timesteps[9:]:",
    ]
    assert "x = renoised(parent[9])" in texts(replace(branch, restarts=True))
    renewed = texts(replace(branch, restarts=True, renews=True))
    assert renewed[3:5] == ["fresh = randn(8, 16, 16)", "x = renoised(parent[9], fresh)"]


def test_a_sampler_that_adds_noise_says_so() -> None:
    loop = replace(GUIDED, fresh="generator")
    (step,) = [line for line in code_lines(loop) if "sched.step" in line.text]
    assert step.text == "  x = sched.step(v, t, x, generator=g)"
    assert "fresh noise" in step.about
    own = next(line for line in code_lines(replace(loop, fresh="own")) if line.marked)
    assert own.text == "  x = sched.step(v, t, x)"
    assert "fresh noise" in own.about
    assert not any("fresh noise" in line.about for line in code_lines(GUIDED))


def test_guidance_is_written_as_the_pipeline_does_it() -> None:
    assert "  v = v_c + w * (v_c - v_u)" in texts(replace(GUIDED, mixing="from with"))
    assert "  v = mixed(v_u, v_c)" in texts(replace(GUIDED, mixing="bent"))


def test_the_code_is_python_and_every_prediction_has_a_letter() -> None:
    assert set(LETTERS) == set(PREDICTION_TYPES)
    for prediction in PREDICTION_TYPES:
        for guiding in ("off", "twice", "inside"):
            for ends in ("latent", "pixels", "prior"):
                loop = replace(GUIDED, prediction=prediction, guiding=guiding, ends=ends)
                for start in ("seed", "edited noise", "picture", "step"):
                    _is_python(code_lines(replace(loop, start=start, fresh="generator")))
                _is_python(code_lines(replace(loop, start="step", restarts=True, renews=True)))


def _is_python(lines: tuple[CodeLine, ...]) -> None:
    compile("\n".join(line.text for line in lines), "loop", "exec")
    assert all(line.about.endswith(".") for line in lines)
    assert [line.when for line in lines if line.marked] == ["step", "decode"]
    assert max(len(line.text) for line in lines) <= 40


def test_what_is_marked() -> None:
    lines = code_lines(GUIDED)
    running, span = mark(lines, "pass")
    assert lines[running].text == "  x = sched.step(v, t, x)"
    assert lines[span.start].text == "for t in sched.timesteps:"
    assert span[-1] == running
    running, span = mark(lines, "end")
    assert lines[running].text == "picture = vae.decode(x / scale)"
    assert list(span) == [running]
    running, span = mark(lines, "beginning")
    assert running == -1
    assert [lines[row].when for row in (span[0], span[-1])] == ["words", "ask"]
    assert mark(lines, "") == (-1, range(0))
