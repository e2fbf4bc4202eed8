"""Pictures beside the prompt, for models that want them: dropped, pasted, opened, taken away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.sitting import RUN_MS, Sitting
from visualizer.ui.control_pictures import ControlPictures
from visualizer.ui.picture_slot import PictureSlot, picture_in
from visualizer.ui.window import wear

SIDE = 32


def make_picture(height: int = SIDE, width: int = SIDE, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


class Controlled(Sitting):
    """A sitting whose model wants pictures."""

    def want(self, *arguments: str, control_optional: bool = False) -> ControlPictures:
        """Load a model that wants these."""
        self.model.facts = replace(
            self.model.facts, control=arguments, control_optional=control_optional
        )
        with self.qtbot.waitSignal(self.session.model_ready, timeout=RUN_MS):
            self.session.load_model(None)
        return self.window.header.control

    def slots(self) -> dict[str, PictureSlot]:
        """What is on screen, by the name a person reads."""
        found = self.window.header.control.findChildren(PictureSlot)
        return {slot.accessibleName(): slot for slot in found if not slot.isHidden()}

    def give(self, act: Any) -> None:
        """Do something that hands a picture over, and wait until it is there."""
        with self.qtbot.waitSignal(self.session.picture_read, timeout=RUN_MS):
            act()

    def extra(self) -> Any:
        return self.window.header.request().extra


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path) -> Iterator[Controlled]:
    wear("dark")
    made = Controlled(qtbot, tmp_path)
    made.start()
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "edges.png"
    Image.fromarray(make_picture()).save(file)
    return file


def drop(on: QWidget, data: QMimeData) -> bool:
    held = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, *held)
    QApplication.sendEvent(on, enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, *held)
        QApplication.sendEvent(on, event)
    return enter.isAccepted()


def file_data(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def test_there_is_no_row_for_a_model_that_wants_no_picture(sitting: Controlled, path: Path) -> None:
    header = sitting.window.header
    height = header.sizeHint().height()
    assert header.control.isHidden()
    assert not sitting.extra()
    assert drop(sitting.window, file_data(path))
    message = sitting.window.message
    sitting.qtbot.waitUntil(lambda: "takes no picture" in message.text, timeout=RUN_MS)
    sitting.want("image")
    assert header.control.isVisible()
    assert header.sizeHint().height() > height
    sitting.want()
    assert header.control.isHidden()
    assert header.sizeHint().height() == height


def test_a_dropped_picture_is_what_the_run_is_made_with(sitting: Controlled, path: Path) -> None:
    sitting.want("control_image")
    (slot,) = sitting.slots().values()
    assert slot.accessibleName() == "Control picture"
    assert slot.empty
    sitting.give(lambda: drop(slot, file_data(path)))
    assert "edges.png" in slot.says
    timeline = sitting.run("a red car")
    given = timeline.request.extra["control_image"]
    np.testing.assert_array_equal(given, make_picture())
    assert not sitting.window.denoise.side_panel.reuse.isVisible()
    sitting.qtbot.mouseClick(slot.remove, Qt.MouseButton.LeftButton)
    assert slot.empty
    assert not sitting.extra()
    # the run's own picture comes back with its settings
    assert sitting.window.denoise.side_panel.reuse.isVisible()
    sitting.qtbot.mouseClick(sitting.window.denoise.side_panel.reuse, Qt.MouseButton.LeftButton)
    np.testing.assert_array_equal(sitting.extra()["control_image"], given)
    assert not sitting.window.denoise.side_panel.reuse.isVisible()


def test_a_picture_dropped_anywhere_fills_the_first_empty_slot(
    sitting: Controlled, path: Path, tmp_path: Path
) -> None:
    sitting.want("image", "mask_image", "control_image")
    assert list(sitting.slots()) == ["Picture", "Mask", "Control picture"]
    others = [tmp_path / f"{k}.png" for k in range(2)]
    for k, other in enumerate(others):
        Image.fromarray(make_picture(seed=k + 1)).save(other)
    for each in (path, *others):
        sitting.give(lambda each=each: drop(sitting.window, file_data(each)))
    for k, argument in enumerate(("image", "mask_image", "control_image")):
        np.testing.assert_array_equal(sitting.extra()[argument], make_picture(seed=k))


def test_a_picture_is_pasted_outside_text_fields(sitting: Controlled) -> None:
    sitting.want("image")
    picture = make_picture()
    line = 3 * SIDE
    image = QImage(picture.tobytes(), SIDE, SIDE, line, QImage.Format.Format_RGB888).copy()
    QApplication.clipboard().setImage(image)
    (slot,) = sitting.slots().values()
    sitting.window.denoise.timeline_view.setFocus()
    sitting.give(lambda: sitting.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier))
    np.testing.assert_array_equal(sitting.extra()["image"], picture)
    assert "Pasted picture" in slot.says
    QApplication.clipboard().setText("a blue boat")
    sitting.type_prompt("")
    sitting.window.header.prompt.clear()
    sitting.press(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert sitting.window.header.prompt.text() == "a blue boat"
    QApplication.clipboard().clear()


def test_a_press_opens_a_picture(
    sitting: Controlled, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.want("image")
    monkeypatch.setattr(
        "visualizer.ui.files.QFileDialog.getOpenFileName", lambda *_arguments: (str(path), "")
    )
    (slot,) = sitting.slots().values()
    sitting.give(lambda: sitting.qtbot.mouseClick(slot, Qt.MouseButton.LeftButton))
    np.testing.assert_array_equal(sitting.extra()["image"], make_picture())


def test_pictures_are_cut_to_the_size_of_the_request(sitting: Controlled, tmp_path: Path) -> None:
    sizes = ((32, 32), (64, 32))
    sitting.model.facts = replace(sitting.model.facts, sizes=sizes)
    sitting.want("image")
    path = tmp_path / "wide.png"
    wide = np.zeros((32, 64, 3), dtype=np.uint8)
    wide[:, 16:48] = 200
    Image.fromarray(wide).save(path)
    sitting.give(lambda: drop(sitting.window, file_data(path)))
    (slot,) = sitting.slots().values()
    assert slot.says == "wide.png\ncut to 32 × 32"
    assert (sitting.extra()["image"] == 200).all()
    sitting.window.header.settings_row.set_size((64, 32))
    np.testing.assert_array_equal(sitting.extra()["image"], wide)
    assert slot.says == "wide.png\n64 × 32"


def test_generate_without_a_picture_says_what_is_missing(sitting: Controlled, path: Path) -> None:
    sitting.want("image", "mask_image")
    sitting.give(lambda: drop(sitting.window, file_data(path)))
    sitting.type_prompt("a red car")
    sitting.press(Qt.Key.Key_Return)
    assert not sitting.session.running
    assert "needs a mask" in sitting.window.message.text
    sitting.give(lambda: drop(sitting.window, file_data(path)))
    assert not sitting.window.message.is_failure
    assert "given to the model" in sitting.window.message.text
    sitting.run("a red car")
    assert not sitting.window.message.isVisible()


def test_a_model_that_changes_pictures_also_makes_them_from_words(sitting: Controlled) -> None:
    sitting.want("image", control_optional=True)
    (slot,) = sitting.slots().values()
    assert slot.accessibleName() == "Picture"
    assert "Optional" in slot.says
    assert "image" not in sitting.run("a red car").request.extra


def test_a_file_that_is_no_picture_is_told_and_the_old_one_stays(
    sitting: Controlled, path: Path, tmp_path: Path
) -> None:
    sitting.want("image")
    sitting.give(lambda: drop(sitting.window, file_data(path)))
    broken = tmp_path / "broken.png"
    broken.write_text("buy milk")
    (slot,) = sitting.slots().values()
    with sitting.qtbot.waitSignal(sitting.session.failed, timeout=RUN_MS):
        sitting.give(lambda: drop(slot, file_data(broken)))
    assert "‘broken.png’ is no picture" in sitting.window.message.text
    assert "edges.png" in slot.says
    np.testing.assert_array_equal(sitting.extra()["image"], make_picture())


def test_pictures_wait_for_the_next_model_that_wants_them(sitting: Controlled, path: Path) -> None:
    sitting.want("image")
    sitting.give(lambda: drop(sitting.window, file_data(path)))
    sitting.want()
    assert not sitting.extra()
    sitting.want("image")
    np.testing.assert_array_equal(sitting.extra()["image"], make_picture())


def test_only_pictures_are_taken_for_pictures(path: Path, tmp_path: Path) -> None:
    assert picture_in(file_data(path)) == path
    for name in ("run.denoise", "model.safetensors", "notes.txt"):
        assert picture_in(file_data(tmp_path / name)) is None
    assert picture_in(QMimeData()) is None
