"""What leaves the window by the clipboard: pictures, animations, settings; and saved pictures."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QBuffer, QIODevice, QMimeData, Qt
from PySide6.QtGui import QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from tests.ui.sitting import RUN_MS, Sitting
from visualizer.export.options import ExportOptions
from visualizer.metadata.reading import read
from visualizer.session import outgoing_pictures
from visualizer.session.exports import ExportEnd
from visualizer.session.outgoing_pictures import OutgoingPicture
from visualizer.ui.clipboard import GNOME_FILES, animation_mime
from visualizer.ui.dragging import PictureMime
from visualizer.ui.pages import COMPARE
from visualizer.ui.picture_menu import add_actions
from visualizer.ui.shown_picture import enlarged_size

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def sitting(sitting: Sitting) -> Iterator[Sitting]:
    """A sitting that leaves nothing on the clipboard."""
    yield sitting
    QApplication.clipboard().clear()


def on_clipboard() -> QMimeData:
    data = QApplication.clipboard().mimeData()
    assert data is not None
    return data


def png_on_clipboard() -> bytes:
    return bytes(on_clipboard().data("image/png").data())


def copied(sitting: Sitting) -> Image.Image:
    """Press Ctrl+C on the picture, and read what the clipboard has."""
    sitting.window.denoise.timeline_view.setFocus()
    sitting.press(Qt.Key.Key_C, CTRL)
    return Image.open(io.BytesIO(png_on_clipboard()))


def actions_of(menu: QMenu) -> dict[str, Any]:
    return {action.text().split("\t")[0]: action for action in menu.actions() if action.text()}


def test_the_picture_that_is_shown_is_copied_pixel_for_pixel(sitting: Sitting) -> None:
    timeline = sitting.run("a red car at sunset")
    sitting.exact(len(timeline) - 1)
    shown = sitting.window.denoise.canvas.picture
    assert shown is not None
    np.testing.assert_array_equal(np.asarray(copied(sitting)), shown)
    assert "Picture copied" in sitting.window.denoise.status.text()
    # programs that take images in memory get the very same
    image = QApplication.clipboard().image()
    assert (image.width(), image.height()) == (shown.shape[1], shown.shape[0])
    color = image.pixelColor(3, 5)
    assert (color.red(), color.green(), color.blue()) == tuple(shown[5, 3])
    assert not on_clipboard().hasUrls()  # else a chat would paste the name of a file


@pytest.mark.parametrize("square", [False, True])
def test_it_is_copied_as_large_as_an_export_where_that_is_asked_for(
    sitting: Sitting, square: bool
) -> None:
    timeline = sitting.run("a red car at sunset")
    sitting.exact(len(timeline) - 1)
    canvas = sitting.window.denoise.canvas
    canvas.set_hard_pixels(square)
    shown = canvas.picture
    assert shown is not None
    height, width, _ = shown.shape
    factor = -(-512 // min(width, height))
    menu = canvas.picture_menu()
    actions_of(menu)[f"Copy enlarged ({factor * width} × {factor * height})"].trigger()
    menu.deleteLater()
    found = np.asarray(Image.open(io.BytesIO(png_on_clipboard())))
    assert found.shape == (factor * height, factor * width, 3)
    squares = np.kron(shown, np.ones((factor, factor, 1), np.uint8))
    assert np.array_equal(found, squares) == square
    assert np.abs(found.astype(int) - squares).mean() < 32, "the same picture"


def test_a_picture_that_is_large_is_not_offered_enlarged(qtbot: QtBot) -> None:
    menu = QMenu()
    qtbot.addWidget(menu)
    large = np.zeros((512, 768, 3), np.uint8)
    add_actions(menu, ("picture", "enlarged"), lambda _action: None, large)
    assert list(actions_of(menu)) == ["Copy picture"]


def test_the_view_and_the_step_that_are_shown_are_copied(sitting: Sitting) -> None:
    timeline = sitting.run("a red car at sunset")
    sitting.session.playhead.seek(2)
    sitting.session.playhead.set_view("denoised")
    sitting.exact(2, "denoised")
    found = np.asarray(copied(sitting))
    np.testing.assert_array_equal(found, sitting.expected(2, "denoised"))
    assert (found != sitting.expected(len(timeline) - 1)).any()


def test_a_copied_picture_remembers_its_settings(sitting: Sitting) -> None:
    timeline = sitting.run("a blue boat on a lake")
    image = copied(sitting)
    assert image.info["parameters"].startswith("a blue boat on a lake")
    remembered = read(io.BytesIO(png_on_clipboard()))
    assert remembered is not None
    assert remembered.request == timeline.request
    assert remembered.model == "Built-in"


def test_a_picture_is_told_nothing_where_that_is_switched_off(sitting: Sitting) -> None:
    sitting.settings.export = {"remember": False}
    sitting.run("a blue boat on a lake")
    copied(sitting)
    assert read(io.BytesIO(png_on_clipboard())) is None


def test_the_picture_of_a_run_that_still_goes_on_is_copied(sitting: Sitting) -> None:
    sitting.type_prompt("a red car at night")
    sitting.begin(3)
    image = copied(sitting)
    assert image.info["parameters"].startswith("a red car at night")
    sitting.let_finish()


def test_where_there_is_no_picture_that_is_said(sitting: Sitting) -> None:
    QApplication.clipboard().setText("as before")
    sitting.window.denoise.canvas.set_timeline(None)
    sitting.window.denoise.timeline_view.setFocus()
    sitting.press(Qt.Key.Key_C, CTRL)
    assert "no picture to copy" in sitting.window.denoise.status.text()
    assert QApplication.clipboard().text() == "as before"


def test_where_nothing_is_copied_that_is_said(sitting: Sitting) -> None:
    QApplication.clipboard().setText("as before")
    sitting.press(Qt.Key.Key_3, CTRL)
    sitting.press(Qt.Key.Key_C, CTRL)
    assert "Denoise and Compare" in sitting.window.noise.status.text()
    assert QApplication.clipboard().text() == "as before"


def test_text_that_is_selected_is_copied_instead(sitting: Sitting) -> None:
    sitting.run("a red car")
    sitting.type_prompt("a castle by a lake")
    sitting.window.header.prompt.selectAll()
    sitting.press(Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text() == "a castle by a lake"
    field = sitting.window.header.seed.findChild(QLineEdit)
    assert field is not None
    field.setFocus()
    field.selectAll()
    sitting.press(Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text() == field.text()


def test_the_text_of_a_message_is_copied_instead(sitting: Sitting) -> None:
    sitting.run("a red car")
    message = sitting.window.message
    message.show_note("Something worth knowing.")
    message._title.setFocus()
    message._title.setSelection(0, 9)
    sitting.press(Qt.Key.Key_C, CTRL)
    assert QApplication.clipboard().text() == "Something"


def test_settings_are_copied_as_other_programs_write_them(sitting: Sitting) -> None:
    timeline = sitting.run("a red car at sunset")
    menu = sitting.window.denoise.canvas.picture_menu()
    actions_of(menu)["Copy settings"].trigger()
    menu.deleteLater()
    first, last = QApplication.clipboard().text().split("\n")
    assert first == "a red car at sunset"
    assert f"Seed: {timeline.request.seed}" in last
    assert "Steps: 6" in last
    assert "Settings copied" in sitting.window.denoise.status.text()


def test_a_right_click_on_the_picture_offers_the_ways(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.run("a red car")
    opened: list[list[str]] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, _where: opened.append(list(actions_of(menu))))
    canvas = sitting.window.denoise.canvas
    reason = QContextMenuEvent.Reason.Mouse
    middle = canvas.rect().center()
    event = QContextMenuEvent(reason, middle, canvas.mapToGlobal(middle))
    QApplication.sendEvent(canvas, event)
    assert canvas.picture is not None
    width, height = enlarged_size(canvas.picture)
    enlarged = f"Copy enlarged ({width} × {height})"
    ways = ["Copy picture", enlarged, "Copy animation", "Copy settings", "Save picture …"]
    assert opened == [[*ways, "Was it in the training pictures?"]]


def test_a_picture_is_saved_as_it_is_shown(
    sitting: Sitting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = sitting.run("a red car at sunset")
    sitting.session.playhead.seek(3)
    sitting.exact(3)
    proposed: list[str] = []

    def ask(_parent: object, name: str, suffix: str) -> str:
        proposed.append(name)
        return str(tmp_path / f"mine{suffix}")

    monkeypatch.setattr("visualizer.ui.files.ask_save_as", ask)
    sitting.window.clipboard.do_on_canvas("save")
    status = sitting.window.denoise.status
    sitting.qtbot.waitUntil(lambda: status.text() == "Saved as mine.png", timeout=RUN_MS)
    assert proposed == [f"a-red-car-at-sunset-seed-{timeline.request.seed}-step-3.png"]
    with Image.open(tmp_path / "mine.png") as image:
        np.testing.assert_array_equal(np.asarray(image), sitting.expected(3))


def test_a_folder_without_permission_gets_a_sentence(
    sitting: Sitting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.run("a red car")
    gone = tmp_path / "not there" / "picture.png"
    monkeypatch.setattr("visualizer.ui.files.ask_save_as", lambda *_arguments: str(gone))
    sitting.window.clipboard.do_on_canvas("save")
    message = sitting.window.message
    sitting.qtbot.waitUntil(lambda: message.is_failure, timeout=RUN_MS)
    assert "could not be saved" in message.text


def test_an_animation_is_copied_as_a_file(sitting: Sitting) -> None:
    timeline = sitting.run("a red car at sunset")
    with sitting.qtbot.waitSignal(sitting.session.exports.exported, timeout=60_000):
        sitting.window.clipboard.do_on_canvas("animation")
    data = on_clipboard()
    (url,) = data.urls()
    path = Path(url.toLocalFile())
    assert path.name == f"a-red-car-at-sunset-seed-{timeline.request.seed}.gif"
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) >= len(timeline)
    assert bytes(data.data("image/gif").data()) == path.read_bytes()
    gnome = bytes(data.data(GNOME_FILES).data()).decode().split("\n")
    assert gnome == ["copy", url.toString(url.ComponentFormattingOption.FullyEncoded)]
    sitting.window.close()
    assert not path.exists()  # nothing is left behind


def test_files_that_are_to_remember_nothing_are_called_after_nothing(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.run("a red car at sunset")
    sitting.settings.export = {"remember": False}
    with sitting.qtbot.waitSignal(sitting.session.exports.exported, timeout=60_000):
        sitting.window.clipboard.do_on_canvas("animation")
    (url,) = on_clipboard().urls()
    assert Path(url.toLocalFile()).name == "picture.gif"
    proposed: list[str] = []
    monkeypatch.setattr(
        "visualizer.ui.files.ask_save_as", lambda _parent, name, _suffix: proposed.append(name)
    )
    sitting.session.playhead.seek(3)
    sitting.exact(3)
    sitting.window.clipboard.do_on_canvas("save")
    assert proposed == ["picture-step-3.png"]
    sitting.window.show_page(COMPARE)
    with sitting.qtbot.waitSignal(sitting.session.comparison_kept, timeout=RUN_MS):
        sitting.window.compare.compare_four_seeds()
    sitting.session.lanes.playhead.seek(sitting.session.lanes.total - 1)
    sitting.window.clipboard.do_in_grid("save")
    assert proposed[1:] == ["pictures-compared.png"]


def test_a_name_with_odd_letters_is_a_proper_address(tmp_path: Path) -> None:
    path = tmp_path / "ein grünes Auto 🚗 #1.gif"
    path.write_bytes(b"GIF89a")
    data = animation_mime(path)
    line = bytes(data.data(GNOME_FILES).data()).decode().split("\n")[1]
    assert line.isascii()
    assert "#" not in line
    assert data.urls()[0].toLocalFile() == str(path)


def test_one_lane_or_the_whole_grid_is_copied(sitting: Sitting) -> None:
    window, lanes = sitting.window, sitting.session.lanes
    sitting.type_prompt("a red car at sunset")
    window.show_page(COMPARE)
    with sitting.qtbot.waitSignal(sitting.session.comparison_kept, timeout=RUN_MS):
        window.compare.compare_four_seeds()
    lane = lanes.lanes[2]
    last = lanes.total - 1
    timelines = [lane.timeline for lane in lanes.lanes]
    lanes.playhead.seek(last)
    sitting.qtbot.waitUntil(
        lambda: all(t is not None and t.is_exact(last, "noisy") for t in timelines), timeout=RUN_MS
    )
    lanes.set_focus(lane.id)
    window.compare.grid.setFocus()
    sitting.press(Qt.Key.Key_C, CTRL)
    one = np.asarray(Image.open(io.BytesIO(png_on_clipboard())))
    np.testing.assert_array_equal(one, window.compare.grid.look(lane).picture)
    remembered = read(io.BytesIO(png_on_clipboard()))
    assert remembered is not None
    assert remembered.request == lane.request
    menu = window.compare.grid.menu_of(lane)
    actions_of(menu)["Copy all pictures"].trigger()
    menu.deleteLater()
    remembered = read(io.BytesIO(png_on_clipboard()))
    assert remembered is not None
    assert [each.request for each in remembered.lanes] == [each.request for each in lanes.lanes]
    whole = np.asarray(Image.open(io.BytesIO(png_on_clipboard())))
    assert whole.shape[1] > 2 * one.shape[1]
    lanes.set_focus(None)
    sitting.press(Qt.Key.Key_C, CTRL)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png_on_clipboard()))), whole)


def test_whoever_asks_before_the_picture_is_encoded_waits_for_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    outgoing = OutgoingPicture("a.png")
    data = PictureMime(outgoing, as_file=True)
    assert data.hasUrls()  # what is offered is known at once
    assert data.hasImage()
    threading.Thread(target=lambda: outgoing.make(lambda: picture, None, None)).start()
    found = Image.open(io.BytesIO(bytes(data.data("image/png").data())))
    np.testing.assert_array_equal(np.asarray(found), picture)
    assert data.urls() == []  # no file could be written


def test_other_programs_are_offered_other_kinds_of_picture() -> None:
    picture = np.full((8, 8, 3), (250, 10, 10), dtype=np.uint8)
    outgoing = OutgoingPicture("a.png")
    outgoing.make(lambda: picture, None, None)
    image = PictureMime(outgoing, as_file=False).imageData()
    assert isinstance(image, QImage)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, "BMP")  # type: ignore[call-overload]
    assert image.pixelColor(0, 0).red() == 250


def test_a_picture_that_cannot_be_encoded_is_told_and_keeps_nobody_waiting(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.run("a red car")

    def fail(*_arguments: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(outgoing_pictures, "png_of", fail)
    sitting.window.clipboard.do_on_canvas()
    assert png_on_clipboard() == b""
    message = sitting.window.message
    sitting.qtbot.waitUntil(lambda: message.is_failure, timeout=RUN_MS)
    assert "could not be copied" in message.text
    assert "not enough memory" in message.text


def test_an_animation_waits_for_an_export_and_leaves_its_line_alone(
    sitting: Sitting, tmp_path: Path
) -> None:
    sitting.run("a red car")
    current, panel = sitting.session.current, sitting.window.export_panel
    assert current is not None
    sitting.window.toggle_export()
    path = tmp_path / "first.webp"
    panel.exports.start(current, str(path), ExportOptions())
    ended: list[ExportEnd] = []
    sitting.session.exports.ended.connect(ended.append)
    sitting.window.clipboard.do_on_canvas("animation")
    sitting.qtbot.waitUntil(lambda: len(ended) == 2, timeout=60_000)
    assert [end.result for end in ended] == ["exported", "exported"]
    assert path.exists()
    assert panel.strip.words.whole == "Exported as first.webp"
    assert on_clipboard().urls()[0].toLocalFile() == ended[1].path


def test_an_animation_of_numbers_shows_numbers(sitting: Sitting) -> None:
    sitting.run("a red car")
    sitting.session.playhead.set_view("channels")
    with sitting.qtbot.waitSignal(sitting.session.exports.exported, timeout=60_000):
        sitting.window.clipboard.do_on_canvas("animation")
    path = Path(on_clipboard().urls()[0].toLocalFile())
    assert path.name.endswith("-channels.gif")
