"""Opening and dropping pictures that remember: the fields are filled, and what is lost is said."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.sitting import RUN_MS, Sitting
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import EditedNoise, Flip
from visualizer.metadata.note import LaneNote, Note
from visualizer.metadata.writing import png_info
from visualizer.ui.pages import COMPARE, DENOISE
from visualizer.ui.picture_slot import PictureSlot
from visualizer.ui.window import wear

WEBUI = (
    "a castle by a lake <lora:film:0.8>\nNegative prompt: fog\n"
    "Steps: 12, Sampler: Euler, CFG scale: 4.5, Seed: 99, Size: 512x768, "
    "Model hash: 6ce0161689, Model: dreamshaper_8, Clip skip: 2"
)


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path) -> Iterator[Sitting]:
    wear("dark")
    made = Sitting(qtbot, tmp_path)
    made.model.facts = replace(made.model.facts, sizes=((32, 32), (64, 32)))
    made.start()
    yield made
    made.close()


def remembering(path: Path, info: PngInfo | None = None, **texts: str) -> Path:
    """A picture with text fields."""
    info = info or PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8)).save(path, pnginfo=info)
    return path


def ours(path: Path, *requests: SamplingRequest, model: str = "Built-in") -> Path:
    lanes = tuple(LaneNote(request, str(i), model=model) for i, request in enumerate(requests))
    return remembering(path, png_info(Note(lanes, comparison=len(lanes) > 1)))


def mime(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(on: QWidget, data: QMimeData) -> None:
    held = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, *held)
    QApplication.sendEvent(on, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(on, QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, *held))


def said(sitting: Sitting, part: str) -> str:
    """Wait until the message says something."""
    message = sitting.window.message
    sitting.qtbot.waitUntil(lambda: part in message.text, timeout=RUN_MS)
    return message.text


def test_a_picture_of_ours_fills_every_field_and_runs_nothing(
    sitting: Sitting, tmp_path: Path
) -> None:
    request = SamplingRequest(
        "a green castle at night", "fog", 4_000_000_000, 9, 2.5, "euler", 64, 32
    )
    drop(sitting.window, mime(ours(tmp_path / "castle.png", request)))
    text = said(sitting, "castle.png")
    assert sitting.window.header.request() == request
    assert text == (
        "The settings of ‘castle.png’ are in the fields. Press Generate to make it again."
    )
    assert not sitting.session.running
    assert not sitting.window.message.is_failure
    timeline = sitting.run("a green castle at night")
    assert timeline.request == request


def test_what_was_in_the_fields_comes_back_with_one_press(sitting: Sitting, tmp_path: Path) -> None:
    header, message = sitting.window.header, sitting.window.message
    sitting.type_prompt("a red car")
    header.seed.set_number(123)
    header.settings_row.avoid.setText("rain")
    before = header.request()
    drop(sitting.window, mime(ours(tmp_path / "a.png", SamplingRequest("a boat", seed=5, steps=3))))
    said(sitting, "are in the fields")
    assert header.request() != before
    assert header.settings_row.avoid.text() == ""  # the picture avoided nothing
    assert message.offer_button.isVisible()
    assert message.offer_button.text() == "Put back"
    sitting.qtbot.mouseClick(message.offer_button, Qt.MouseButton.LeftButton)
    assert header.request() == before
    assert not message.isVisible()


def test_another_programs_picture_says_what_was_not_taken_over(
    sitting: Sitting, tmp_path: Path
) -> None:
    drop(sitting.window, mime(remembering(tmp_path / "film.png", parameters=WEBUI)))
    text = said(sitting, "are in the fields")
    request = sitting.window.header.request()
    assert request.prompt == "a castle by a lake"
    assert (request.negative_prompt, request.seed, request.steps) == ("fog", 99, 12)
    assert (request.guidance_scale, request.sampler) == (4.5, "euler")
    assert (request.width, request.height) == (32, 32)
    assert "AUTOMATIC1111" in text
    assert "Made by dreamshaper_8, which is not the open model" in text
    assert "512\u00a0×\u00a0768 is no size of this model" in text
    assert "LoRA 'film'" in text
    assert text.endswith("more things were not taken over.")


def test_numbers_that_the_fields_cannot_say_are_told(sitting: Sitting, tmp_path: Path) -> None:
    request = SamplingRequest("a boat", seed=2, guidance_scale=7.25)
    drop(sitting.window, mime(ours(tmp_path / "a.png", request)))
    text = said(sitting, "are in the fields")
    guidance = sitting.window.header.settings_row.guidance
    assert text.endswith(f"Guidance 7.25 became {guidance.value():g}.")
    assert guidance.value() == pytest.approx(7.25, abs=0.06)


def test_the_open_dialog_takes_pictures_as_well(
    sitting: Sitting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ours(tmp_path / "boat.png", SamplingRequest("a blue boat", seed=8))
    monkeypatch.setattr(
        "visualizer.ui.files.QFileDialog.getOpenFileName", lambda *_arguments: (str(path), "")
    )
    sitting.press(Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    said(sitting, "boat.png")
    assert sitting.window.header.prompt.text() == "a blue boat"


def test_pictures_that_remember_nothing_are_damaged_or_no_pictures(
    sitting: Sitting, tmp_path: Path
) -> None:
    drop(sitting.window, mime(remembering(tmp_path / "plain.png")))
    text = said(sitting, "plain.png")
    assert text == (
        "‘plain.png’ remembers no settings, and this model takes no picture beside the prompt."
    )
    broken = tmp_path / "broken.png"
    broken.write_bytes(remembering(tmp_path / "x.png", parameters=WEBUI).read_bytes()[:60])
    drop(sitting.window, mime(broken))
    said(sitting, "could not be read")
    assert sitting.window.message.is_failure


def test_of_several_files_the_first_is_opened(sitting: Sitting, tmp_path: Path) -> None:
    paths = [ours(tmp_path / f"{k}.png", SamplingRequest(f"a car {k}")) for k in range(3)]
    drop(sitting.window, mime(*paths))
    text = said(sitting, "are in the fields")
    assert text.startswith("Only the first of 3 files is opened.")
    assert sitting.window.header.prompt.text() == "a car 0"


def test_an_address_is_not_fetched(sitting: Sitting) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/car.png")])
    drop(sitting.window, data)
    assert "nothing is fetched from the internet" in sitting.window.message.text


def test_a_picture_out_of_a_browser_is_read_from_its_content(
    sitting: Sitting, tmp_path: Path
) -> None:
    content = remembering(tmp_path / "x.png", parameters=WEBUI).read_bytes()
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/castle.png")])
    data.setData("image/png", content)
    drop(sitting.window, data)
    assert said(sitting, "are in the fields").startswith("The settings of this picture")
    assert sitting.window.header.seed.whole() == 99


def test_a_model_that_takes_pictures_gets_those_that_remember_nothing(
    sitting: Sitting, tmp_path: Path
) -> None:
    sitting.model.facts = replace(sitting.model.facts, control=("image",))
    with sitting.qtbot.waitSignal(sitting.session.model_ready, timeout=RUN_MS):
        sitting.session.load_model(None)
    control = sitting.window.header.control
    with sitting.qtbot.waitSignal(sitting.session.picture_read, timeout=RUN_MS):
        drop(sitting.window, mime(remembering(tmp_path / "plain.png")))
    assert "image" in control.values()
    assert "given to the model" in said(sitting, "plain.png")
    control._clear("image")
    path = ours(tmp_path / "castle.png", SamplingRequest("a castle", seed=3))
    drop(sitting.window, mime(path))
    text = said(sitting, "are in the fields")
    assert "drop it on its place below the prompt" in text
    assert control.values() == {}
    slot = control.findChild(PictureSlot)
    assert slot is not None
    sitting.type_prompt("a red car")
    with sitting.qtbot.waitSignal(sitting.session.picture_read, timeout=RUN_MS):
        drop(slot, mime(path))
    assert "image" in control.values()
    assert sitting.window.header.prompt.text() == "a red car"


def test_the_grid_of_a_comparison_fills_the_fields_of_the_compare_page(
    sitting: Sitting, tmp_path: Path
) -> None:
    requests = [
        SamplingRequest(prompt, seed=seed, steps=6, guidance_scale=3.0, width=32, height=32)
        for prompt in ("a red car", "a green boat")
        for seed in (1, 2, 3)
    ]
    drop(sitting.window, mime(ours(tmp_path / "grid.png", *requests)))
    text = said(sitting, "grid.png")
    assert "a comparison of 6 pictures, are in the fields" in text
    assert sitting.window.page == COMPARE
    grid = sitting.window.compare.axis_fields.grid(sitting.window.header.request())
    assert [cell.request for cell in grid] == requests


def test_a_comparison_of_something_else_gives_its_first_picture(
    sitting: Sitting, tmp_path: Path
) -> None:
    requests = [SamplingRequest("a red car", seed=1), SamplingRequest("a boat", seed=2, steps=3)]
    drop(sitting.window, mime(ours(tmp_path / "pair.png", *requests)))
    text = said(sitting, "pair.png")
    assert "The settings of its first one are in the fields" in text
    assert sitting.window.page == DENOISE
    assert sitting.window.header.prompt.text() == "a red car"


def test_what_this_model_has_not_is_said(sitting: Sitting, tmp_path: Path) -> None:
    start = EditedNoise((Flip("horizontal"),))
    request = SamplingRequest("a boat", seed=2, sampler="heun", start=start)
    drop(sitting.window, mime(ours(tmp_path / "a.png", request, model="Other")))
    text = said(sitting, "are in the fields")
    assert "Made by Other, which is not the open model" in text
    assert "The sampler heun does not go with this model" in text
    assert "began from edited static" in text
    assert sitting.window.header.request().sampler is None


def test_a_long_list_is_cut_to_what_anybody_reads(sitting: Sitting, tmp_path: Path) -> None:
    loras = " ".join(f"<lora:style{k}:1>" for k in range(9))
    text = f"a castle {loras}\nSteps: 12, Sampler: Euler, CFG scale: 4, Seed: 9, Size: 32x32"
    drop(sitting.window, mime(remembering(tmp_path / "many.png", parameters=text)))
    told = said(sitting, "are in the fields")
    assert told.count("LoRA") == 3
    assert told.endswith("more things were not taken over.")
    assert sitting.window.message._detail.toolTip().count("LoRA") == 9  # all of it, on hover


def test_the_note_stays_beside_the_plan_and_goes_with_the_run(
    sitting: Sitting, tmp_path: Path
) -> None:
    long = " ".join(["car"] * 40)  # more words than the model reads: the plan says so
    drop(sitting.window, mime(ours(tmp_path / "long.png", SamplingRequest(long, seed=2))))
    with sitting.qtbot.waitSignal(sitting.session.planned, timeout=RUN_MS):
        said(sitting, "are in the fields")
    assert "are in the fields" in sitting.window.message.text
    with sitting.qtbot.waitSignal(sitting.session.run_finished, timeout=RUN_MS):
        sitting.press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "are in the fields" not in sitting.window.message.text


def test_before_there_is_a_model_the_fields_wait_for_it(qtbot: QtBot, tmp_path: Path) -> None:
    sitting = Sitting(qtbot, tmp_path)
    sitting.show()
    request = SamplingRequest("a boat", seed=2, steps=5, sampler="euler", width=32, height=32)
    sitting.window.open(str(ours(tmp_path / "boat.png", request)))
    said(sitting, "when the model is loaded")
    with qtbot.waitSignal(sitting.session.model_ready, timeout=RUN_MS):
        sitting.session.load_model(None)
    said(sitting, "are in the fields")
    found = sitting.window.header.request()
    assert replace(found, guidance_scale=None) == request
    sitting.close()


def test_a_graph_that_cannot_be_read_is_said(sitting: Sitting, tmp_path: Path) -> None:
    before = sitting.window.header.request()
    graph = json.dumps({"1": {"class_type": "Mystery", "inputs": {}}})
    drop(sitting.window, mime(remembering(tmp_path / "comfy.png", prompt=graph)))
    said(sitting, "comfy.png")
    assert sitting.window.header.request() == before


def test_what_is_copied_here_can_be_dropped_here(sitting: Sitting) -> None:
    timeline = sitting.run("a red car at sunset")
    sitting.window.clipboard.do_on_canvas()
    content = bytes(QApplication.clipboard().mimeData().data("image/png").data())
    Image.open(io.BytesIO(content)).verify()
    data = QMimeData()
    data.setData("image/png", content)
    sitting.type_prompt("something else")
    drop(sitting.window, data)
    said(sitting, "are in the fields")
    assert sitting.window.header.request() == timeline.request
    QApplication.clipboard().clear()


def damaged(path: Path) -> Path:
    path.write_bytes(remembering(path, parameters=WEBUI).read_bytes()[:60])
    return path


def test_what_is_said_of_a_picture_takes_the_place_of_an_older_error(
    sitting: Sitting, tmp_path: Path
) -> None:
    message, prompt = sitting.window.message, sitting.window.header.prompt
    drop(sitting.window, mime(damaged(tmp_path / "broken.png")))
    said(sitting, "could not be read")
    before = prompt.text()
    drop(sitting.window, mime(remembering(tmp_path / "film.png", parameters=WEBUI)))
    text = said(sitting, "are in the fields")
    assert not message.is_failure
    assert "could not be read" not in text
    assert "LoRA 'film'" in message._detail.toolTip()
    assert message.offer_button.text() == "Put back"
    sitting.qtbot.mouseClick(message.offer_button, Qt.MouseButton.LeftButton)
    assert prompt.text() == before
    drop(sitting.window, mime(damaged(tmp_path / "broken.png")))
    said(sitting, "could not be read")
    drop(sitting.window, mime(remembering(tmp_path / "plain.png")))
    said(sitting, "remembers no settings")


def test_one_picture_dropped_on_the_compare_page_takes_the_place_of_what_is_compared(
    sitting: Sitting, tmp_path: Path
) -> None:
    window, fields = sitting.window, sitting.window.compare.axis_fields
    sitting.type_prompt("a red car")
    window.show_page(COMPARE)
    fields.down.set_field("prompt")
    fields.down.set_text("a red car\na blue cat")
    before = fields.grid(window.header.request())
    assert len(before) == 8
    request = SamplingRequest("a green castle", seed=4_000_000_000, steps=5)
    drop(window, mime(ours(tmp_path / "castle.png", request)))
    text = said(sitting, "are in the fields")
    assert text == (
        "The settings of ‘castle.png’ are in the fields. Its seed and its prompt took the place "
        "of the lists above: add others to compare. Press Generate to make it again."
    )
    assert window.page == COMPARE
    assert fields.said.sentence.endswith("1 × 1 = 1 picture.")
    (cell,) = fields.grid(window.header.request())
    made = (cell.request.prompt, cell.request.seed, cell.request.steps)
    assert made == ("a green castle", 4_000_000_000, 5)
    sitting.qtbot.mouseClick(window.message.offer_button, Qt.MouseButton.LeftButton)
    assert fields.grid(window.header.request()) == before
    window.show_page(DENOISE)
    assert window.header.prompt.text() == "a red car"


def test_fields_that_say_it_already_or_cannot_say_it_stay(sitting: Sitting, tmp_path: Path) -> None:
    window, fields = sitting.window, sitting.window.compare.axis_fields
    window.show_page(COMPARE)
    fields.show_seeds("7")
    fields.down.set_field("prompt")
    fields.down.set_text("a red car\na blue cat")
    drop(window, mime(ours(tmp_path / "a.png", SamplingRequest("a | b", seed=7))))
    text = said(sitting, "are in the fields")
    assert "Its prompt does not fit into the list, which stays as it is." in text
    assert "took the place" not in text
    assert fields.across.text() == "7"
    assert fields.down.text() == "a red car\na blue cat"
    fields.down.set_field("steps")
    kept = fields.down.text()
    other = "a boat\nSteps: many, Sampler: Euler, Seed: 8, Size: 32x32, RNG: CPU"
    drop(window, mime(remembering(tmp_path / "b.png", parameters=other)))
    text = said(sitting, "‘b.png’")
    assert "Its seed took the place of the list above" in text
    assert fields.down.text() == kept  # the picture does not say how many steps


def test_samplers_and_an_avoid_text_take_the_place_of_those_that_are_compared(
    sitting: Sitting, tmp_path: Path
) -> None:
    window, fields = sitting.window, sitting.window.compare.axis_fields
    window.show_page(COMPARE)
    fields.across.set_field("sampler")
    fields.across.set_values((None, "ddim"))
    fields.down.set_field("negative_prompt")
    fields.down.set_text("fog\nrain")
    before = fields.grid(window.header.request())
    picture = SamplingRequest("a boat", seed=7, sampler="euler", guidance_scale=3.0)
    drop(window, mime(ours(tmp_path / "a.png", picture)))
    text = said(sitting, "are in the fields")
    assert "Its sampler and its text to avoid took the place" in text
    (cell,) = fields.grid(window.header.request())
    assert (cell.request.sampler, cell.request.negative_prompt) == ("euler", None)
    sitting.qtbot.mouseClick(window.message.offer_button, Qt.MouseButton.LeftButton)
    assert fields.grid(window.header.request()) == before


def test_a_comparison_that_this_model_cannot_make_leaves_the_page_as_it_is(
    sitting: Sitting, tmp_path: Path
) -> None:
    requests = [SamplingRequest("a red car", sampler=sampler) for sampler in ("euler", "heun")]
    drop(sitting.window, mime(ours(tmp_path / "grid.png", *requests)))
    assert "The settings of its first one are in the fields" in said(sitting, "grid.png")
    assert sitting.window.page == DENOISE


def test_what_is_compared_comes_back_after_another_comparison(
    sitting: Sitting, tmp_path: Path
) -> None:
    window, fields = sitting.window, sitting.window.compare.axis_fields
    sitting.type_prompt("a red car")
    window.show_page(COMPARE)
    before = fields.grid(window.header.request())
    requests = [
        SamplingRequest(prompt, seed=seed, steps=6, guidance_scale=3.0, width=32, height=32)
        for prompt in ("a boat", "a castle")
        for seed in (8, 9)
    ]
    drop(window, mime(ours(tmp_path / "grid.png", *requests)))
    said(sitting, "a comparison of 4 pictures")
    sitting.qtbot.mouseClick(window.message.offer_button, Qt.MouseButton.LeftButton)
    assert fields.grid(window.header.request()) == before


def test_line_breaks_that_become_blanks_are_said(sitting: Sitting, tmp_path: Path) -> None:
    request = SamplingRequest("a red car\nby a lake", "fog\nrain", seed=2)
    drop(sitting.window, mime(ours(tmp_path / "a.png", request)))
    text = said(sitting, "are in the fields")
    assert "Line breaks of the prompt became blanks: its field is one line." in text
    assert "Line breaks of the text to avoid became blanks" in text
    assert sitting.window.header.prompt.text() == "a red car by a lake"
    drop(sitting.window, mime(ours(tmp_path / "b.png", SamplingRequest("a car\n", seed=2))))
    assert "became" not in said(sitting, "‘b.png’")
    drop(sitting.window, mime(ours(tmp_path / "c.png", SamplingRequest("a car " * 6000, seed=2))))
    assert "Only the first 32,767 characters of the prompt fit" in said(sitting, "‘c.png’")
