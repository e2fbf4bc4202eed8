"""Small doses of every training stage."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from visualizer.diffusion.facts import Recommended, Vocabulary
from visualizer.training import command, dataset, encoding
from visualizer.training.architecture import (
    LATENT_CHANNELS,
    LATENT_SIZE,
    PICTURE_SIZE,
    build_autoencoder,
    build_scheduler,
)
from visualizer.training.autoencoder import (
    psnr,
    reconstruction_loss,
    to_tensor,
)
from visualizer.training.cores import done_in_order
from visualizer.training.denoiser import (
    PLACED,
    THING_WEIGHT,
    Denoiser,
    alphas_cumprod,
    denoising_loss,
    noised,
    placed_steps,
    timesteps,
    with_noise,
)
from visualizer.training.encoding import encode, encode_drawings, fingerprint
from visualizer.training.examples import (
    Batch,
    Batches,
    Examples,
    LatentFile,
    write_captions,
    write_shares,
    write_things,
)
from visualizer.training.folder import assemble, save_folder
from visualizer.training.model_card import (
    RECOMMENDED,
    Course,
    read_course,
    vocabulary,
    write_course,
)
from visualizer.training.static import Static, static_loss
from visualizer.training.world.captions import known_words
from visualizer.training.world.composition import draw_scene
from visualizer.training.world.subjects import COLORS, OBJECTS, PLACES, TIMES
from visualizer.training.world.vocabulary import build_tokenizer

Parts = list[tuple[int, int]]
LATENT = (LATENT_CHANNELS, LATENT_SIZE, LATENT_SIZE)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw_scene(1, index)[0] for index in range(4)])


def test_drawn_files_are_read_back(tmp_path: Path) -> None:
    path = dataset.pictures("scene", tmp_path, seed=1, count=3)
    assert np.array_equal(dataset.read(path)[2], draw_scene(1, 2)[0])
    written = path.stat().st_mtime_ns
    assert dataset.pictures("scene", tmp_path, 1, 3).stat().st_mtime_ns == written
    with pytest.raises(ValueError, match="no pictures of the kind"):
        dataset.pictures("film", tmp_path, 1, 3)


def test_the_autoencoder_learns(pictures: np.ndarray) -> None:
    torch.manual_seed(0)
    vae = build_autoencoder()
    half = PICTURE_SIZE // 2  # as in the first part of the training, on windows
    x = to_tensor(pictures[:2, :half, half:], "cpu")
    assert x.min() >= -1
    assert x.max() <= 1
    optimizer = torch.optim.AdamW(vae.parameters(), 2e-3)
    losses = []
    for _ in range(4):
        loss = reconstruction_loss(vae, x)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert encode(vae, pictures[:1]).shape == (1, *LATENT)
    assert 3 < psnr(vae, pictures[:1]) < 40


def test_scenes_are_drawn_and_encoded_and_gone_on_with_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: np.ndarray
) -> None:
    torch.manual_seed(0)
    vae, path = build_autoencoder(), tmp_path / "latents.npy"
    monkeypatch.setattr(encoding, "DRAWN_AT_ONCE", 2)
    asked: list[list[tuple[int, int]]] = []

    def one_and_then_none(_vae: object, _seed: int, parts: Parts, _device: str) -> Iterator[object]:
        asked.append(parts)
        for k, (start, stop) in enumerate(parts):
            if len(asked) == 1 and k:
                raise KeyboardInterrupt
            yield encode(vae, pictures[start:stop]).numpy()

    monkeypatch.setattr(encoding, "_latents_in_order", one_and_then_none)
    with pytest.raises(KeyboardInterrupt):
        encode_drawings(vae, 1, 4, path)
    (part,) = tmp_path.iterdir()
    with part.open("ab") as file:
        file.write(b"half a row")
    encode_drawings(vae, 1, 4, path)
    assert asked == [[(0, 2), (2, 4)], [(2, 4)]]
    assert [p.name for p in tmp_path.iterdir()] == ["latents.npy"]
    latents = np.load(path, mmap_mode="r")
    assert latents.dtype == np.float16
    assert np.array_equal(latents, encode(vae, pictures).numpy())


def test_a_few_scenes_are_encoded_right_here(tmp_path: Path, pictures: np.ndarray) -> None:
    torch.manual_seed(0)
    vae, path = build_autoencoder(), tmp_path / "latents.npy"
    encode_drawings(vae, 1, 2, path)
    found = torch.from_numpy(np.load(path))
    assert torch.allclose(found, encode(vae, pictures[:2]), atol=2e-3)


def test_another_encoder_makes_its_own_latents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def encoded(_vae: object, _seed: int, count: int, path: Path, *_others: object) -> None:
        made.append(path)
        np.save(path, np.random.default_rng(len(made)).normal(size=(count, 2)))

    monkeypatch.setattr(encoding, "encode_drawings", encoded)
    first, second = build_autoencoder(), build_autoencoder()
    assert fingerprint(first) != fingerprint(second)
    found = [command._latents(tmp_path, vae, 3, "cpu") for vae in (first, second, first)]
    assert found[0] == found[2] != found[1]
    assert [one.path for one in found[:2]] == made
    second.decoder.load_state_dict(first.decoder.state_dict())
    assert command._latents(tmp_path, second, 3, "cpu") == found[1], "no matter the decoder"


def test_other_words_make_captions_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def written(_seed: int, _count: int, path: Path) -> None:
        made.append(path)
        path.touch()

    for name in ("write_captions", "write_things", "write_shares"):
        monkeypatch.setattr(f"visualizer.training.examples.{name}", written)
    captions, things, shares = command._known_of_scenes(tmp_path, 3)
    assert command._known_of_scenes(tmp_path, 3) == (captions, things, shares)
    words = [*known_words(), "zebra"]
    monkeypatch.setattr("visualizer.training.world.vocabulary.known_words", lambda: words)
    others, *same = command._known_of_scenes(tmp_path, 3)
    assert same == [things, shares]
    assert others != captions
    assert made == [captions, things, shares, others]


def test_all_cores_draw_the_scenes_in_order(pictures: np.ndarray) -> None:
    drawn = list(done_in_order(partial(dataset.scenes, 1), [(1, 3), (3, 4)]))
    assert [len(some) for some in drawn] == [2, 1]
    assert np.array_equal(np.concatenate(drawn), pictures[1:4])


def test_the_denoiser_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    np.save(tmp_path / "latents.npy", np.random.default_rng(0).normal(size=(6, *LATENT)) / 2)
    write_captions(1, 6, tmp_path / "captions.npy")
    write_things(1, 6, tmp_path / "things.npy")
    write_shares(1, 6, tmp_path / "shares.npy")
    files = [tmp_path / f"{name}.npy" for name in ("latents", "captions", "things", "shares")]
    examples = Examples(LatentFile(files[0]), *files[1:])
    denoiser = Denoiser(build_tokenizer())
    batch = Batches(examples, 4, "cpu", "key").draw()
    optimizer = torch.optim.AdamW(denoiser.parameters(), 1e-3)
    losses = []
    for _ in range(8):
        generator = torch.Generator().manual_seed(1)
        loss = denoising_loss(denoiser, with_noise(batch, alphas_cumprod(), generator))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_squares_are_learned_only_where_the_layout_can_be_seen() -> None:
    alpha_bars = alphas_cumprod()
    steps = placed_steps(alpha_bars)
    assert alpha_bars[steps - 1] > PLACED >= alpha_bars[steps]
    batch = Batch(
        torch.zeros(4000, 1, 2, 2), torch.zeros(4000, 4, dtype=torch.long), torch.zeros(4000, 2, 2)
    )
    t = with_noise(batch, alpha_bars, torch.Generator().manual_seed(0), steps).t
    assert t.max() < steps
    assert t.max() > steps - 20
    assert t.min() < 20


def test_v_gives_back_picture_and_noise() -> None:
    alpha_bar = alphas_cumprod()[[0, 300, 999]]
    x0, eps = torch.randn(3, *LATENT), torch.randn(3, *LATENT)
    x, v = noised(x0, eps, alpha_bar)
    a, s = alpha_bar.sqrt().view(-1, 1, 1, 1), (1 - alpha_bar).sqrt().view(-1, 1, 1, 1)
    assert torch.allclose(a * x - s * v, x0, atol=1e-4)
    assert torch.allclose(s * x + a * v, eps, atol=1e-4)


def test_training_and_sampling_use_the_same_schedule() -> None:
    scheduler = build_scheduler()
    assert torch.allclose(scheduler.alphas_cumprod, alphas_cumprod())
    assert alphas_cumprod()[-1] < 3e-4, "the first step would know more than the words"


def test_static_has_unit_variance_everywhere_and_follows_its_noise() -> None:
    static = Static()
    eps = torch.randn(300, *LATENT, generator=torch.Generator().manual_seed(3))
    drawn = static(eps)
    assert drawn.shape == (300, 3, PICTURE_SIZE, PICTURE_SIZE)
    assert drawn.std(0).min() > 0.75
    assert drawn.std(0).max() < 1.25
    assert torch.allclose(static(2 * eps[:1]), 2 * drawn[:1], atol=1e-5)
    assert torch.equal(static(eps[:1]), Static()(eps[:1]))


def test_the_decoder_learns_static(pictures: np.ndarray) -> None:
    torch.manual_seed(0)
    vae = build_autoencoder()
    x = to_tensor(pictures[:2], "cpu")
    z = encode(vae, pictures[:2]).float()
    optimizer = torch.optim.AdamW(vae.decoder.parameters(), 2e-3)
    losses = []
    for _ in range(4):
        torch.manual_seed(1)
        loss = static_loss(vae, x, z, 1.0, alphas_cumprod(), Static())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_folder_opens_with_plain_diffusers(tmp_path: Path) -> None:
    from diffusers import DiffusionPipeline

    denoiser = Denoiser(build_tokenizer())
    folder = tmp_path / "model"
    for _ in range(2):  # the second time it replaces the first
        pipeline = assemble(build_autoencoder(), denoiser.text_encoder, denoiser.unet)
        save_folder(pipeline, folder, Course(1, 2, 3))
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 40e6
    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline("a red car", num_inference_steps=2, guidance_scale=3.0).images[0]
    assert image.size == (PICTURE_SIZE, PICTURE_SIZE)
    assert denoiser.unet.dtype == torch.float32


def test_the_folder_says_what_the_model_knows(tmp_path: Path) -> None:
    denoiser = Denoiser(build_tokenizer())
    folder = tmp_path / "model"
    pipeline = assemble(build_autoencoder(), denoiser.text_encoder, denoiser.unet)
    save_folder(pipeline, folder, Course(2024, 1234, 56_789))
    said = Vocabulary.load(folder / "vocabulary.json")
    assert said is not None
    assert (said.objects, said.colors, said.places, said.times) == (OBJECTS, COLORS, PLACES, TIMES)
    assert said.words == set(known_words())
    for names in ("objects", "colors", "places", "times", "sizes", "sides", "relations"):
        assert set(" ".join(vocabulary()[names]).split()) <= said.words, names
    advice = Recommended.load(folder / "recommended.json", Recommended(1, 1.0))
    assert (advice.steps, advice.quick_steps) == (RECOMMENDED["steps"], RECOMMENDED["quick_steps"])
    assert advice.sizes == ((PICTURE_SIZE, PICTURE_SIZE),)
    assert read_course(folder) == Course(2024, 1234, 56_789)
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{PICTURE_SIZE} × {PICTURE_SIZE} pixels" in card
    assert "56,789 pictures" in card
    assert all(name in card for name in (*OBJECTS, *COLORS))
    assert max(map(len, card.splitlines())) < 160


def test_a_course_is_told_in_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not tell how the model was trained"):
        read_course(tmp_path)
    write_course(tmp_path, Course(1, 2, 3))
    assert read_course(tmp_path) == Course(1, 2, 3)
    assert (tmp_path / "training.json").read_bytes().endswith(b"\n}\n")


def test_most_timesteps_are_thrown_in_the_middle_and_none_is_left_out() -> None:
    generator = torch.Generator().manual_seed(0)
    t = timesteps(40_000, 1000, torch.device("cpu"), generator)
    assert t.min() < 20
    assert 980 <= t.max() <= 999
    thrown = torch.histc(t.float(), 5, 0, 1000) / len(t)
    assert thrown[2:4].mean() > 1.3 / 5 > 0.7 / 5 > thrown[0] > 0.2 / 5


class _Silent(torch.nn.Module):
    """Says nothing, so that its error is the target itself."""

    def forward(self, x: torch.Tensor, _t: torch.Tensor, _tokens: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(x)


@pytest.mark.parametrize("placed", [True, False])
def test_things_count_more_where_their_place_can_be_seen(placed: bool) -> None:
    alpha_bars = torch.full((1000,), PLACED + 0.01 if placed else PLACED - 0.01)
    losses = []
    for covered in (0.0, 1.0):
        batch = Batch(
            torch.randn(2, *LATENT, generator=torch.Generator().manual_seed(3)),
            torch.zeros(2, 4, dtype=torch.long),
            torch.full((2, LATENT_SIZE, LATENT_SIZE), covered),
        )
        generator = torch.Generator().manual_seed(4)
        loss = denoising_loss(_Silent(), with_noise(batch, alpha_bars, generator))  # type: ignore[arg-type]
        losses.append(float(loss))
    assert losses[1] == pytest.approx((THING_WEIGHT if placed else 1) * losses[0], rel=1e-4)
