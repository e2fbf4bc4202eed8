"""Models: opened safely, and what the window must know of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.builtin_sizes import HEIGHT, LATENT_SIDE, REDUCTION, STEPS, TOKENS, WIDTH
from tests.diffusion.tiny_pipelines import tiny_pipeline
from visualizer.assets import asset_path
from visualizer.diffusion import Model, ModelError, SamplingRequest, sample
from visualizer.diffusion.fast_decoder import FastDecoder
from visualizer.diffusion.libraries import diffusers


def test_facts_of_the_builtin_model(builtin: Model) -> None:
    facts = builtin.facts
    assert (facts.width, facts.height) == facts.sizes[0] == (WIDTH, HEIGHT)
    assert facts.steps == STEPS
    assert facts.guidance
    assert facts.vocabulary is not None
    assert {"ferrari", "sunset", "mountain"} <= facts.vocabulary.words
    assert "DDIM" in [s.label for s in facts.samplers]
    assert facts.own_sampler in [s.label for s in facts.samplers]


def test_plain_diffusers_opens_the_builtin_folder_and_generates() -> None:
    pipeline = diffusers.DiffusionPipeline.from_pretrained(asset_path("builtin-model"))
    image = pipeline("a red car", num_inference_steps=2).images[0]
    assert image.size == (WIDTH, HEIGHT)
    assert np.asarray(image).std() > 1


def test_opening_and_sampling_prints_nothing() -> None:
    code = (
        "from visualizer.diffusion import Model, SamplingRequest, sample;"
        "sample(Model.builtin(), SamplingRequest('a red car', steps=2, sampler='ddim'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_importing_the_library_loads_neither_qt_nor_torch() -> None:
    code = (
        "import sys, visualizer.diffusion as d; d.SamplingRequest('a'); d.Trajectory; d.Step;"
        "import visualizer.diffusion.runfile;"
        "assert not {'torch', 'diffusers', 'PySide6'} & set(sys.modules), sorted(sys.modules);"
        "d.Model; d.sample; assert 'torch' in sys.modules; assert 'PySide6' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_window_loads_no_torch() -> None:
    code = (
        "import sys, visualizer.ui.window, visualizer.app;"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_identity_is_by_content_not_by_place(builtin: Model, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(asset_path("builtin-model"), copy)
    other = Model.open(copy, device="cpu")
    assert other.identity.weights_hash == builtin.identity.weights_hash
    assert other.identity.config_hash == builtin.identity.config_hash
    assert str(tmp_path) not in repr(other.identity)


def test_changed_weights_are_another_model(builtin: Model, tmp_path: Path) -> None:
    copy = tmp_path / "changed"
    shutil.copytree(asset_path("builtin-model"), copy)
    other = Model.open(copy, device="cpu")
    next(other.pipeline.unet.parameters()).data[0] += 1
    assert other.identity.weights_hash != builtin.identity.weights_hash


def test_decode_and_fast_decode_agree_in_the_large(builtin: Model) -> None:
    """Averaged over 16 × 16 pixels, the affine map must show what the VAE shows."""
    run = sample(builtin, SamplingRequest("a red car on a road", seed=7, steps=8))
    for k in (0, 4, 8):
        exact = run.picture(k).astype(float)
        fast = builtin.fast_decoder.show(run.steps[k], "noisy").astype(float)
        assert fast.shape == exact.shape
        blocks = (HEIGHT // 16, 16, WIDTH // 16, 16, 3)
        coarse = [p.reshape(blocks).mean((1, 3)) for p in (fast, exact)]
        assert np.abs(coarse[0] - coarse[1]).mean() < 20  # of 255
        if k:
            assert np.corrcoef(coarse[0].ravel(), coarse[1].ravel())[0, 1] > 0.85


def test_the_fast_decoder_shows_static_as_static(builtin: Model) -> None:
    """At step 0 patches differ by little in the mean and by much within: no stained glass."""
    run = sample(builtin, SamplingRequest("a red car on a road", seed=7, steps=4))
    for picture in (builtin.fast_decoder.show(run.steps[0], "noisy"), run.picture(0)):
        patches = picture.astype(float).reshape(LATENT_SIDE, REDUCTION, LATENT_SIDE, REDUCTION, 3)
        within = patches.std((1, 3)).mean()
        between = patches.mean((1, 3)).std()
        assert within > 3 * between


def test_encode_is_the_inverse_of_decode(builtin: Model) -> None:
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    smooth = np.stack([x * 190 + 20, y * 190 + 20, 128 + 0 * x], axis=-1).astype(np.uint8)
    decoded = builtin.decode(builtin.encode(smooth)).astype(float)
    assert np.abs(decoded - smooth).mean() < 12


def test_missing_folder_and_missing_device(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no folder"):
        Model.open(tmp_path / "nothing")
    with pytest.raises(ModelError, match="no device 'cuda:9'"):
        Model.open(asset_path("builtin-model"), device="cuda:9")


def test_long_prompts_say_how_much_is_read(builtin: Model) -> None:
    reading = builtin.read_prompt("red car " * 40)
    assert reading.words_total == 80
    assert reading.words_read == TOKENS - 2
    assert builtin.read_prompt("a red car").words_read == 3
    notice = builtin.plan(SamplingRequest("red car " * 40, steps=4)).notice
    assert f"first {reading.words_read} of its 80 words" in notice
    assert builtin.plan(SamplingRequest("a red car", steps=4)).notice == ""


def test_unknown_words_are_found_where_they_stand(builtin: Model) -> None:
    prompt = "a Red elephant, at sunset"
    assert [(prompt[a:b], w) for a, b, w in builtin.read_prompt(prompt).unknown] == [
        ("elephant", "elephant")
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("recommended.json", '{"steps": "many"}'),
        ("recommended.json", '{"sizes": 5}'),
        ("vocabulary.json", '{"words": 5}'),
        ("vocabulary.json", "[1, 2]"),
    ],
)
def test_advice_that_makes_no_sense_is_no_advice(tmp_path: Path, name: str, content: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(asset_path("builtin-model"), folder)
    (folder / name).write_text(content)
    assert Model.open(folder, device="cpu").facts.steps > 0


def test_free_models_offer_sizes_that_can_be_sampled() -> None:
    model = Model(tiny_pipeline())
    sizes = model.facts.sizes
    assert sizes[0] == (model.facts.width, model.facts.height)
    assert len(sizes) > 1
    for width, height in sizes:
        run = sample(model, SamplingRequest("a boat", steps=2, width=width, height=height))
        assert run.final is not None
        assert run.final.shape == (height, width, 3)


def test_a_word_longer_than_the_model_reads(builtin: Model) -> None:
    notice = builtin.plan(SamplingRequest("x" * 200_000, steps=4)).notice
    assert "only the beginning" in notice


def test_a_kept_fast_decoder_that_is_damaged_is_fitted_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.safetensors"
    assert FastDecoder.load(path) is None
    FastDecoder(np.zeros((1, 5, 12), np.float32), (0.0,), 2).save(path)
    assert FastDecoder.load(path) is not None
    FastDecoder(np.zeros((1, 5, 11), np.float32), (0.0,), 2).save(path)
    assert FastDecoder.load(path) is None
    path.write_bytes(b"nonsense")
    assert FastDecoder.load(path) is None
