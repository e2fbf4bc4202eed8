"""What is made from the weights: in order, only where it is out of date, and in time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import model_figures
import pytest
import rebuild
from derived import (
    EARLY,
    FAST_DECODER,
    PHOTOGRAPHS,
    PREPARED,
    SHEETS,
    STEPS,
    Places,
    Step,
    early_weights,
    figures,
)
from machine import Stop
from PIL import Image
from rebuild import RECORD, Record
from safetensors import safe_open

from tests.training.evaluation.examples import FIGURES
from visualizer.diffusion.fast_decoder import shipped_name

ROOT = Path(__file__).resolve().parents[2]


class Checkout:
    """Two things made from weights, the second from the first as well."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.taken: list[str] = []
        self.places = Places(root, root / "work", "key")
        self.fails = ""
        (root / "packaging").mkdir()
        (root / "model").mkdir()
        self.put("model/a.safetensors", "weights")
        self.put("model/b.safetensors", "weights")
        self.steps = (
            Step("run", "a run", ("model/*.safetensors",), ("run",), self.making("run")),
            Step("page", "a page", ("run", "model/*.safetensors"), ("page",), self.making("page")),
        )

    def put(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def making(self, name: str) -> Callable[[Places], None]:
        def make(places: Places) -> None:
            assert places == self.places
            if self.fails == name:
                raise Stop("That did not work.")
            self.taken.append(name)
            self.put(name, f"{name} {len(self.taken)}")

        return make

    def rebuild(self, *only: str) -> list[str]:
        """The steps that were taken."""
        self.taken.clear()
        rebuild.rebuild(self.steps, self.places, only=only)
        return list(self.taken)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_what_is_shipped_was_made_from_the_shipped_weights(step: Step) -> None:
    why = Record(ROOT).why_outdated(step)
    assert not why, f"{step.name}: {why}. Run: python3 packaging/dev.py rebuild"


def test_everything_prepared_names_the_same_weights() -> None:
    with safe_open(ROOT / PREPARED, "np") as file:
        run = json.loads(file.metadata()["run"])
    with safe_open(ROOT / "assets/training-drawings/index.safetensors", "np") as file:
        index = file.metadata()
    assert run["model"]["weights_hash"] == index["weights_hash"]
    (fast,) = ROOT.glob(FAST_DECODER)
    assert fast.name == shipped_name(index["weights_hash"])


def test_every_step_is_taken_once_in_order(checkout: Checkout) -> None:
    assert checkout.rebuild() == ["run", "page"]
    assert checkout.rebuild() == []


def test_other_weights_make_everything_anew(checkout: Checkout) -> None:
    checkout.rebuild()
    checkout.put("model/b.safetensors", "better weights")
    assert checkout.rebuild() == ["run", "page"]


def test_what_is_made_from_something_else_follows_it(checkout: Checkout) -> None:
    checkout.rebuild()
    checkout.put("run", "another run")
    assert checkout.rebuild() == ["page"]


def test_what_is_missing_is_made(checkout: Checkout) -> None:
    checkout.rebuild()
    (checkout.root / "page").unlink()
    assert checkout.rebuild() == ["page"]


def test_it_goes_on_after_a_step_that_failed(checkout: Checkout) -> None:
    checkout.fails = "page"
    with pytest.raises(Stop, match="did not work"):
        checkout.rebuild()
    checkout.fails = ""
    assert checkout.rebuild() == ["page"]


def test_one_that_is_named_is_made_in_any_case(checkout: Checkout) -> None:
    checkout.rebuild()
    assert checkout.rebuild("run") == ["run"]
    with pytest.raises(Stop, match="no step 'fly': there are run, page"):
        checkout.rebuild("fly")


def test_a_step_that_makes_nothing_is_not_noted(checkout: Checkout) -> None:
    idle = Step("idle", "nothing", ("model/*",), ("nowhere",), lambda _places: None)
    with pytest.raises(Stop, match="did not make nowhere"):
        rebuild.rebuild((idle,), checkout.places)
    assert Record(checkout.root).why_outdated(idle) == "never made"


def test_the_list_says_how_everything_stands(checkout: Checkout) -> None:
    checkout.rebuild("run")
    said = rebuild.listed(checkout.steps, checkout.root)
    assert "a run: up to date" in said
    assert "a page: never made" in said
    (checkout.root / "run").unlink()
    assert "a run: run is missing" in rebuild.listed(checkout.steps, checkout.root)


def test_ends_of_lines_of_a_checkout_change_nothing(checkout: Checkout) -> None:
    checkout.put("model/c.json", '{\n"steps": 30}\n')
    before = rebuild.content_hash(checkout.root, ("model/*",))
    (checkout.root / "model/c.json").write_bytes(b'{\r\n"steps": 30}\r\n')
    assert rebuild.content_hash(checkout.root, ("model/*",)) == before
    with pytest.raises(Stop, match=r"no files nothing\*"):
        rebuild.content_hash(checkout.root, ("nothing*",))


def test_what_was_made_elsewhere_can_be_noted(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rebuild, "ROOT", checkout.root)
    monkeypatch.setattr("derived.STEPS", checkout.steps)
    monkeypatch.setattr("derived.WEIGHTS", ("model/*.safetensors",))
    checkout.put("run", "made elsewhere")
    assert rebuild.main(["--made", "run"]) == 0
    assert rebuild.main(["--list"]) == 0
    assert "a run: up to date" in capsys.readouterr().out
    assert (checkout.root / RECORD).read_text().endswith("}\n")
    assert rebuild.main(["--only", "fly"]) == 1
    assert "no step 'fly'" in capsys.readouterr().err
    assert checkout.taken == []


# --- the steps ------------------------------------------------------------------------------------


def test_early_weights_are_those_that_the_training_kept(tmp_path: Path) -> None:
    import torch

    from visualizer.training.checkpoints import found_checkpoints, weights_of
    from visualizer.training.denoiser import KEPT_AT, Denoiser, kept_path
    from visualizer.training.stage import Average, save_atomically
    from visualizer.training.world.vocabulary import build_tokenizer

    places = Places(tmp_path, tmp_path / "work", "key")
    with pytest.raises(Stop, match="--workdir"):
        early_weights(places)
    further = places.workdir / "further-0123abcd.pt"
    save_atomically({}, further)
    early_weights(places)  # those of its start stay as they are
    assert not (tmp_path / EARLY).exists()
    checkpoint = places.workdir / "denoiser.pt"
    save_atomically({"clock": {"samples": 10_000}}, checkpoint)
    denoiser = Denoiser(build_tokenizer())
    state = {"parts": {"average": Average(denoiser).state_dict()}}
    for share in KEPT_AT:
        save_atomically(state, kept_path(checkpoint, share))
    early_weights(places)
    found = found_checkpoints(tmp_path / EARLY)
    assert [(c.share, c.pictures) for c in found] == [(0.01, 100), (0.05, 500), (0.2, 2000)]
    (made,) = (step for step in STEPS if step.name == "early-weights")
    assert all((tmp_path / path).exists() for path in made.makes)
    bias = "unet.conv_in.bias"
    assert torch.equal(weights_of(found[0].path)[bias], denoiser.state_dict()[bias])


def test_figures_take_the_place_of_older_ones(tmp_path: Path) -> None:
    page, measured = tmp_path / "page.md", tmp_path / "figures.json"
    begin, end = model_figures.BEGIN, model_figures.END
    page.write_text(f"Before.\n\n{begin}\nold figures\n{end}\n\nAfter.\n", encoding="utf-8")
    measured.write_text(json.dumps(FIGURES), encoding="utf-8")
    for _ in range(2):  # the second time nothing changes
        model_figures.write_into(page, model_figures.read(measured))
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"Before.\n\n{begin}\n")
        assert text.endswith(f"{end}\n\nAfter.\n")
        assert "old figures" not in text
        assert "30 steps, guidance\n5, seeds from 1000, PyTorch 2.13.0" in text
        assert re.search(r"one thing: object +\| 99.5 % \(97.2–99.9\) +\| 199/200 ", text)
        assert re.search(r"PSNR, scenes +\| 30.1 dB +\| 256 ", text)


def test_figures_are_measured_with_the_photographs_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def evaluate(_places: Places, *words: object) -> None:
        said.extend(str(word) for word in words)
        output = Path(said[said.index("--output") + 1])
        output.mkdir()
        (output / "figures.json").write_text(json.dumps(FIGURES), encoding="utf-8")
        for name in SHEETS:
            Image.new("RGB", (20, 30), "red").save(output / f"sheet-{name}.png")

    monkeypatch.setattr("derived._visualizer", evaluate)
    places = Places(tmp_path, tmp_path / "work", "key")
    page = tmp_path / model_figures.PAGE
    for folder in (places.workdir, page.parent):
        folder.mkdir()
    page.write_text(f"{model_figures.BEGIN}\n{model_figures.END}\n", encoding="utf-8")
    (places.workdir / "judge.safetensors").touch()
    figures(places)
    assert said[said.index("--photographs") + 1] == str(tmp_path / PHOTOGRAPHS)
    assert any((ROOT / PHOTOGRAPHS).glob("*.jpg"))
    assert "30 steps" in page.read_text(encoding="utf-8")
    assert "evaluate --count 200 --varied 24`" in page.read_text(encoding="utf-8")
    for shipped in SHEETS.values():
        with Image.open(tmp_path / shipped) as sheet:
            assert sheet.size == (20, 30)


def test_figures_that_are_none_change_nothing(tmp_path: Path) -> None:
    page, measured = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("No such lines.\n", encoding="utf-8")
    with pytest.raises(Stop, match="no lines"):
        model_figures.write_into(page, FIGURES)
    for text in ("", "[]", "{}"):
        measured.write_text(text, encoding="utf-8")
        with pytest.raises(Stop, match="figures"):
            model_figures.read(measured)


def test_the_page_on_the_model_has_room_for_them() -> None:
    text = (ROOT / model_figures.PAGE).read_text(encoding="utf-8")
    assert 0 < text.index(model_figures.BEGIN) < text.index(model_figures.END)
