"""Pictures dragged out of the window: when a drag begins, and what it offers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.sitting import RUN_MS, Sitting
from visualizer.metadata.reading import read
from visualizer.ui import dragging
from visualizer.ui.pages import COMPARE

LEFT = Qt.MouseButton.LeftButton


class FakeDrag:
    """Stands in for QDrag, which waits for a mouse that is let go."""

    begun: list[FakeDrag]

    def __init__(self, source: QWidget) -> None:
        self.source = source
        self.data = QMimeData()
        self.pixmap = QPixmap()

    def setMimeData(self, data: QMimeData) -> None:
        self.data = data

    def setPixmap(self, pixmap: QPixmap) -> None:
        self.pixmap = pixmap

    def setHotSpot(self, _where: QPoint) -> None:
        """Where the cursor holds the small picture."""

    def exec(self, actions: Qt.DropAction) -> Qt.DropAction:
        type(self).begun.append(self)
        return actions


@pytest.fixture
def drags(monkeypatch: pytest.MonkeyPatch) -> list[FakeDrag]:
    """The drags that began."""
    FakeDrag.begun = []
    monkeypatch.setattr(dragging, "QDrag", FakeDrag)
    return FakeDrag.begun


def pull(
    on: QWidget,
    start: QPoint,
    end: QPoint,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QTest.mousePress(on, LEFT, modifier, start)
    QTest.mouseMove(on, start + (end - start) / 4)
    QTest.mouseMove(on, end)
    QTest.mouseRelease(on, LEFT, modifier, end)


def test_a_picture_that_is_seen_whole_is_dragged_away(
    sitting: Sitting, drags: list[FakeDrag]
) -> None:
    timeline = sitting.run("a red car at sunset")
    sitting.exact(len(timeline) - 1)
    canvas = sitting.window.denoise.canvas
    middle = canvas.rect().center()
    pull(canvas, middle, middle + QPoint(90, 10))
    (drag,) = drags
    (url,) = drag.data.urls()
    path = Path(url.toLocalFile())
    assert path.name == f"a-red-car-at-sunset-seed-{timeline.request.seed}.png"
    content = bytes(drag.data.data("image/png").data())
    assert path.read_bytes() == content
    with Image.open(io.BytesIO(content)) as image:
        np.testing.assert_array_equal(np.asarray(image), canvas.picture)
    remembered = read(io.BytesIO(content))
    assert remembered is not None
    assert remembered.request == timeline.request
    assert drag.data.formats()[0] == "text/uri-list"
    assert bytes(drag.data.data("text/uri-list").data()).decode() == f"{url.toString()}\r\n"
    assert max(drag.pixmap.width(), drag.pixmap.height()) == dragging.THUMBNAIL
    assert drag.source is canvas


def test_a_file_that_is_to_remember_nothing_has_a_name_that_says_nothing(
    sitting: Sitting, drags: list[FakeDrag]
) -> None:
    timeline = sitting.run("a red car at sunset")
    sitting.exact(len(timeline) - 1)
    canvas = sitting.window.denoise.canvas
    sitting.settings.export = {"remember": False}
    middle = canvas.rect().center()
    pull(canvas, middle, middle + QPoint(90, 10))
    path = Path(drags[0].data.urls()[0].toLocalFile())
    assert path.name == "picture.png"
    assert read(path) is None
    sitting.session.playhead.seek(3)
    sitting.exact(3)
    pull(canvas, middle, middle + QPoint(90, 10))
    assert Path(drags[1].data.urls()[0].toLocalFile()).name == "picture-step-3.png"


def test_a_click_is_no_drag_and_nothing_is_dragged_where_there_is_no_picture(
    sitting: Sitting, drags: list[FakeDrag]
) -> None:
    sitting.run("a red car")
    canvas = sitting.window.denoise.canvas
    middle = canvas.rect().center()
    pull(canvas, middle, middle + QPoint(2, 0))
    pull(canvas, QPoint(3, 60), QPoint(90, 60))  # beside the picture
    QTest.mouseMove(canvas, middle)  # no button is down any more
    canvas.set_timeline(None)
    pull(canvas, middle, middle + QPoint(90, 0))
    assert drags == []


def test_an_enlarged_picture_is_panned_and_taken_away_with_alt_or_by_the_button(
    sitting: Sitting, drags: list[FakeDrag]
) -> None:
    sitting.run("a red car")
    canvas = sitting.window.denoise.canvas
    canvas.zoom_by(3.0)
    middle, before = canvas.rect().center(), canvas.target_rect()
    pull(canvas, middle, middle + QPoint(40, 0))
    assert drags == []
    panned = canvas.target_rect()
    assert panned.x() > before.x()
    pull(canvas, middle, middle + QPoint(40, 0), Qt.KeyboardModifier.AltModifier)
    assert len(drags) == 1
    assert canvas.target_rect() == panned
    button = canvas.copy_button
    inside = button.rect().center()
    pull(button, inside, inside + QPoint(60, 30))
    assert len(drags) == 2
    assert not button.isDown()
    QApplication.clipboard().clear()
    sitting.qtbot.mouseClick(button, LEFT)
    assert len(drags) == 2
    assert QApplication.clipboard().mimeData().hasImage()
    QApplication.clipboard().clear()


def compared(sitting: Sitting) -> None:
    sitting.type_prompt("a red car at sunset")
    sitting.window.show_page(COMPARE)
    with sitting.qtbot.waitSignal(sitting.session.comparison_kept, timeout=RUN_MS):
        sitting.window.compare.compare_four_seeds()


def test_a_lane_goes_to_another_place_in_the_window_and_to_another_program_out_of_it(
    sitting: Sitting, drags: list[FakeDrag]
) -> None:
    compared(sitting)
    grid, lanes = sitting.window.compare.grid, sitting.session.lanes
    first, last = lanes.lanes[0], lanes.lanes[-1]
    start, end = (grid.place(lane).center() for lane in (first, last))
    pull(grid, start, end + QPoint(grid.place(last).width() // 3, 0))
    assert drags == []
    assert lanes.lanes[0] is not first
    order = lanes.lanes
    start = grid.place(first).center()
    outside = grid.mapFrom(sitting.window, QPoint(sitting.window.width() + 30, 200))
    pull(grid, start, outside)
    (drag,) = drags
    assert lanes.lanes == order
    name = Path(drag.data.urls()[0].toLocalFile()).name
    assert name.startswith(f"a-red-car-at-sunset-seed-{first.request.seed}")
    pull(grid, start, start + QPoint(40, 0), Qt.KeyboardModifier.AltModifier)
    assert len(drags) == 2
    assert lanes.lanes == order


def test_a_lane_that_is_shown_alone_is_dragged_away(
    sitting: Sitting, drags: list[FakeDrag]
) -> None:
    compared(sitting)
    grid, lanes = sitting.window.compare.grid, sitting.session.lanes
    grid.enlarge(lanes.lanes[1].id)
    middle = grid.rect().center()
    pull(grid, middle, middle + QPoint(40, 0))
    assert len(drags) == 1
    grid.zoom_by(2.0)
    pull(grid, middle, middle + QPoint(40, 0))
    assert len(drags) == 1


class OwnDrag(QDragEnterEvent):
    """A drag that began in this program."""

    origin: QWidget

    def source(self) -> QWidget:
        """Where it began."""
        return self.origin


def test_the_window_does_not_take_its_own_picture(sitting: Sitting, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "picture.png"))])
    held = (Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    stranger = QDragEnterEvent(QPoint(20, 20), *held)
    sitting.window.dragEnterEvent(stranger)
    assert stranger.isAccepted()
    own = OwnDrag(QPoint(20, 20), *held)
    own.origin = sitting.window.denoise.canvas
    own.ignore()
    sitting.window.dragEnterEvent(own)
    assert not own.isAccepted()


def test_the_small_picture_keeps_its_shape(sitting: Sitting) -> None:
    image = QPixmap(400, 100).toImage()
    small = dragging.thumbnail_of(image, 2.0)
    assert small.size().toTuple() == (320, 80)
    assert small.deviceIndependentSize().width() == dragging.THUMBNAIL
