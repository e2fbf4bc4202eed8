"""The export panel in the real window: chosen, seen beforehand, written, cancelled, remembered."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.ui.sitting import RUN_MS, STEPS, Sitting, pixels
from visualizer.export.estimate import Estimate
from visualizer.export.estimate_words import estimate_words
from visualizer.export.options import ExportOptions
from visualizer.session import session as session_module
from visualizer.settings import Settings
from visualizer.ui import files
from visualizer.ui.closing import REMEMBERED_S, Closing
from visualizer.ui.export_panel import ExportPanel
from visualizer.ui.export_progress import place_words

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
PLAIN = ExportOptions(size="1")


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


class Dialog:
    """Stands in for the file dialog: answers with names, and remembers what it was asked."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *answers: Path | str, kind: str = ""
    ) -> None:
        self.answers = [str(answer) for answer in answers]
        self.asked: list[tuple[Any, ...]] = []
        self._kind = kind
        monkeypatch.setattr("visualizer.ui.files.QFileDialog.getSaveFileName", self._ask)

    def _ask(self, *asked: Any) -> tuple[str, str]:
        self.asked.append(asked[1:])  # not the window, which would outlive its test
        return self.answers.pop(0), self._kind


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "mine 🚗"
    folder.mkdir()
    return folder


def opened(sitting: Sitting, options: ExportOptions = PLAIN) -> ExportPanel:
    """Make a run, open the panel on it, and see its first frame."""
    sitting.run()
    return open_panel(sitting, options)


def open_panel(sitting: Sitting, options: ExportOptions = PLAIN) -> ExportPanel:
    panel = sitting.window.export_panel
    panel.fields.set_options(options)
    sitting.press(Qt.Key.Key_E, CONTROL)
    assert panel.isVisible()
    sitting.qtbot.waitUntil(lambda: panel.stage.picture is not None, timeout=RUN_MS)
    return panel


def write(sitting: Sitting, panel: ExportPanel) -> str:
    """Press the main button and wait for the file."""
    with sitting.qtbot.waitSignal(sitting.session.exports.exported, timeout=RUN_MS) as written:
        sitting.qtbot.mouseClick(panel.export_button, LEFT)
    path: str = written.args[0]
    return path


def frame(panel: ExportPanel) -> np.ndarray[Any, Any]:
    """What the preview shows, pixel by pixel."""
    picture = panel.stage.picture
    assert picture is not None
    return picture


# --- opening and closing --------------------------------------------------------------------------


def test_ctrl_e_opens_it_also_from_a_text_field_and_escape_closes(sitting: Sitting) -> None:
    sitting.run()
    sitting.drag_playhead(STEPS, 3)
    sitting.type_prompt("a red boat")
    panel = open_panel(sitting)
    window = sitting.window
    assert QApplication.activeModalWidget() is None
    assert not window.denoise.isVisible(), "what cannot be seen is not reached by Tab"
    assert panel.stage.playing
    sitting.press(Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert window.denoise.isVisible()
    assert window.focusWidget() is window.denoise.timeline_view
    assert sitting.session.playhead.index == 3, "the playhead stayed where it was"
    sitting.press(Qt.Key.Key_E, CONTROL)
    assert panel.isVisible()
    sitting.press(Qt.Key.Key_E, CONTROL)
    assert not panel.isVisible()


def test_nothing_made_nothing_to_export(qtbot: QtBot, tmp_path: Path) -> None:
    made = Sitting(qtbot, tmp_path)
    made.show()
    made.press(Qt.Key.Key_E, CONTROL)
    assert not made.window.export_panel.isVisible()
    made.close()


def test_other_pages_and_a_new_run_take_its_place(sitting: Sitting) -> None:
    panel = opened(sitting)
    sitting.press(Qt.Key.Key_2, CONTROL)
    assert not panel.isVisible()
    assert sitting.window.compare.isVisible()
    sitting.press(Qt.Key.Key_1, CONTROL)
    open_panel(sitting)
    sitting.window.rail.chosen.emit("denoise")  # the page that it stands for
    assert not panel.isVisible()
    open_panel(sitting)
    sitting.run("a blue boat")
    assert not panel.isVisible()
    assert sitting.window.denoise.isVisible()


def test_keys_of_time_and_views_act_on_the_preview(sitting: Sitting) -> None:
    panel = opened(sitting)
    playhead = sitting.session.playhead
    before = playhead.index, playhead.view
    for key, index in ((Qt.Key.Key_Home, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_End, STEPS)):
        sitting.press(key)
        sitting.qtbot.waitUntil(lambda index=index: panel.stage.index == index, timeout=RUN_MS)  # type: ignore[misc]
    assert not panel.stage.playing
    sitting.press(Qt.Key.Key_Space)
    assert panel.stage.playing
    sitting.press(Qt.Key.Key_2)
    assert panel.fields.options.view == "denoised"
    assert (playhead.index, playhead.view) == before


def test_every_control_has_a_name_and_says_what_it_does(sitting: Sitting) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider

    panel = opened(sitting)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider)
    controls = [each for kind in kinds for each in panel.findChildren(kind)]
    fields = [e for e in panel.findChildren(QLineEdit) if e.parent() not in controls]
    inner = [e for e in (*controls, *fields) if e.objectName().startswith("qt_")]
    for control in (*controls, *fields):
        if control not in inner:
            assert control.accessibleName(), control
            assert control.toolTip(), control.accessibleName()


def test_tab_goes_through_the_choices_from_top_to_bottom(sitting: Sitting) -> None:
    panel = opened(sitting)
    panel.fields.folds[1].button.click()
    sitting.qtbot.waitUntil(panel.fields.scale.isVisible)
    panel.stage.frame.setFocus()
    seen: list[Any] = []
    for _ in range(60):
        sitting.press(Qt.Key.Key_Tab)
        focus = sitting.window.focusWidget()
        if focus in seen:
            break
        seen.append(focus)
    inside = [each for each in seen if panel.isAncestorOf(each)]
    fields = panel.fields
    way = [
        panel.stage.play_button,
        panel.stage.slider,
        fields.subject.buttons["run"],
        fields.view,
        fields.format,
        fields.folds[0].button,
        fields.folds[1].button,
        fields.scale.scale,
        fields.folds[2].button,
        fields.remember,
        panel.export_button,
    ]
    places = [inside.index(each) for each in way]
    assert places == sorted(places)


# --- the preview ----------------------------------------------------------------------------------


def test_the_preview_shows_the_very_frames_of_the_film(sitting: Sitting) -> None:
    panel = opened(sitting, replace(PLAIN, format="apng"))
    panel.stage.end()
    run = sitting.session.current
    assert run is not None
    for k in (STEPS, 2, 0):
        panel.stage.seek(k)
        sitting.qtbot.waitUntil(lambda k=k: panel.stage.index == k, timeout=RUN_MS)  # type: ignore[misc]
        expected = sitting.expected(k)
        sitting.qtbot.waitUntil(
            lambda e=expected: np.array_equal(frame(panel), e),  # type: ignore[misc]
            timeout=RUN_MS,
        )


def test_a_choice_changes_what_is_seen(sitting: Sitting) -> None:
    panel = opened(sitting, replace(PLAIN, format="apng"))
    side = frame(panel).shape[0]
    panel.fields.folds[1].button.click()
    panel.fields.scale.scale.setCurrentIndex(panel.fields.scale.scale.findData("2"))
    sitting.qtbot.waitUntil(lambda: frame(panel).shape[0] == 2 * side, timeout=RUN_MS)
    assert f"{2 * side} × {2 * side}" in panel.told.text()
    sitting.qtbot.mouseClick(panel.fields.content.buttons["plot"], LEFT)
    sitting.qtbot.waitUntil(lambda: frame(panel).shape[0] != 2 * side, timeout=RUN_MS)
    assert not panel.fields.view.isVisible(), "a plot has no view"


def test_the_estimate_is_told_and_close_to_the_file(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Estimate] = []
    sitting.session.export_preview.estimated.connect(told.append)
    panel = opened(sitting, replace(PLAIN, format="gif"))
    sitting.qtbot.waitUntil(lambda: "ready in" in panel.told.text(), timeout=RUN_MS)
    assert estimate_words(told[-1]) == panel.told.text()
    assert f"{STEPS + 1} frames" in panel.told.text()
    Dialog(monkeypatch, target / "car.gif")
    size = Path(write(sitting, panel)).stat().st_size
    assert 0.5 < told[-1].bytes / size < 2


# --- choices reach the file -----------------------------------------------------------------------


def test_what_is_chosen_is_what_is_written(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    fields, qtbot = panel.fields, sitting.qtbot
    fields.format.setCurrentIndex(fields.format.findData("gif"))
    qtbot.mouseClick(fields.folds[0].button, LEFT)
    fields.time.speed.setCurrentIndex(1)
    fields.time.fps.setFocus()
    fields.time.fps.selectAll()
    qtbot.keyClicks(fields.time.fps, "5")
    fields.time.hold.set_number(2.5)
    qtbot.mouseClick(fields.time.direction.buttons["back"], LEFT)
    fields.time.steps.setCurrentIndex(fields.time.steps.findData("every"))
    fields.time.every.set_number(3)
    dialog = Dialog(monkeypatch, target / "car")  # without a suffix
    path = write(sitting, panel)
    assert path == str(target / "car.gif")
    assert "*.gif" in dialog.asked[0][2]
    assert dialog.asked[0][1].endswith("a-red-car-at-sunset-seed-7.gif")
    with Image.open(path) as film:
        times = []
        for k in range(film.n_frames):  # type: ignore[attr-defined]
            film.seek(k)
            times.append(film.info["duration"])
        film.seek(0)
        first = np.asarray(film.convert("RGB")).astype(int)
    assert times == [200, 200, 2500]  # steps 6, 3 and 0
    assert np.abs(first - sitting.expected(STEPS)).mean() < 12
    assert panel.strip.words.whole == "Exported as car.gif"
    assert panel.strip.detail.whole == place_words(Path(path))
    assert list(target.iterdir()) == [Path(path)]


def test_another_kind_of_picture_is_chosen_in_the_dialog(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting, replace(PLAIN, format="picture"))
    assert not panel.stage.slider.isVisible(), "a single picture does not play"
    dialog = Dialog(monkeypatch, target / "car", kind="JPEG (*.jpg *.jpeg)")
    path = write(sitting, panel)
    assert path == str(target / "car.jpg")
    assert "WebP" in dialog.asked[0][2]
    with Image.open(path) as picture:
        assert picture.format == "JPEG"


def test_only_what_means_something_is_offered(sitting: Sitting) -> None:
    panel = opened(sitting)
    fields = panel.fields
    time, _size, _captions, quality = fields.folds
    offered: dict[str, tuple[bool, ...]] = {
        "webp": (True, True, True, False),
        "apng": (True, True, False, False),
        "gif": (True, True, True, False),
        "frames": (True, True, False, False),
        "picture": (True, True, False, False),
        "sheet": (False, False, False, True),
        "page": (False, False, True, True),
        "raw": (False, False, False, False),
    }
    for key, (content, view, has_quality, views) in offered.items():
        fields.format.setCurrentIndex(fields.format.findData(key))
        seen = fields.content, fields.view, quality, fields.views["noisy"]
        assert [each.isVisible() for each in seen] == [content, view, has_quality, views], key
        assert time.isVisible() == (key not in ("picture", "raw"))
        assert fields.note.text()
    fields.format.setCurrentIndex(fields.format.findData("gif"))
    sitting.qtbot.mouseClick(quality.button, LEFT)
    assert fields.quality.dither.isVisible()
    assert not fields.quality.quality.isVisible()


def test_what_cannot_be_exported_is_dimmed_and_says_why(sitting: Sitting) -> None:
    panel = opened(sitting)
    buttons = panel.fields.subject.buttons
    assert buttons["run"].isEnabled()
    assert buttons["forward"].isEnabled(), "its model is the one that is open"
    for name in ("grid", "difference"):
        assert not buttons[name].isEnabled()
        assert "Compare page" in buttons[name].toolTip()


def test_a_grid_and_a_difference(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.press(Qt.Key.Key_2, CONTROL)
    sitting.window.compare.axis_fields.show_seeds("1-2")
    sitting.window.generate()
    sitting.qtbot.waitUntil(lambda: not sitting.session.running, timeout=RUN_MS)
    panel = open_panel(sitting)
    fields = panel.fields
    assert fields.subject_key == "grid"
    Dialog(monkeypatch, target / "grid.webp", target / "difference.webp")
    with Image.open(write(sitting, panel)) as grid:
        across = grid.size[0]
    assert across > 2 * sitting.model.decode(np.zeros((4, 4, 4), np.float32)).shape[1]
    lanes = sitting.session.lanes
    if lanes.pair is None:
        assert not fields.subject.buttons["difference"].isEnabled()
        lanes.set_pair((lanes.lanes[0].id, lanes.lanes[1].id))
    sitting.qtbot.mouseClick(fields.subject.buttons["difference"], LEFT)
    assert fields.options.subject == "difference"
    with Image.open(write(sitting, panel)) as difference:
        assert difference.size[0] > across, "A, B, and where they differ"
    lanes.set_pair(None)
    assert fields.subject_key != "difference", "without a pair there is none"


def test_the_forward_process(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting, replace(PLAIN, format="apng"))
    sitting.qtbot.mouseClick(panel.fields.subject.buttons["forward"], LEFT)
    Dialog(monkeypatch, target / "forward.png")
    run = sitting.session.current
    assert run is not None
    assert run.trajectory is not None
    assert run.trajectory.final is not None
    with Image.open(write(sitting, panel)) as film:
        first = np.asarray(film.convert("RGB")).astype(int)
        film.seek(film.n_frames - 1)  # type: ignore[attr-defined]
        last = np.asarray(film.convert("RGB")).astype(int)
    assert np.abs(first - run.trajectory.final).mean() < np.abs(last - run.trajectory.final).mean()


# --- refused --------------------------------------------------------------------------------------


def test_a_preview_that_takes_long_is_waited_for_with_a_word(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting.run()
    preview, frame = sitting.session.export_preview, sitting.window.export_panel.stage.frame
    monkeypatch.setattr(preview, "set", lambda *_asked: None)
    sitting.press(Qt.Key.Key_E, CONTROL)
    sitting.qtbot.waitUntil(lambda: "Preparing" in frame.accessibleDescription())
    preview.refused.emit("It cannot be shown.")
    assert frame.accessibleDescription() == ""


def test_the_name_of_a_block_of_choices_stands_beside_its_first_line(sitting: Sitting) -> None:
    panel = opened(sitting, replace(PLAIN, format="page"))
    first = panel.fields.views["noisy"]
    names = [each for each in panel.fields.findChildren(QLabel) if each.text() == "Views"]
    (name,) = names
    ink = name.fontMetrics().height()
    middle = name.mapTo(panel, name.contentsRect().topLeft()).y() + ink / 2
    assert abs(middle - first.mapTo(panel, first.rect().center()).y()) < ink / 2


def test_a_refusal_stands_below_and_the_button_sleeps(sitting: Sitting) -> None:
    panel = opened(sitting)
    sentence = "These frames would take 812 MB. Choose a smaller size, or MP4."
    sitting.session.export_preview.refused.emit(sentence)
    assert panel.told.text() == sentence
    assert panel.warning.isVisible()
    assert not panel.export_button.isEnabled()
    assert panel.export_button.toolTip() == sentence
    fields = panel.fields
    fields.format.setCurrentIndex(fields.format.findData("apng"))
    sitting.qtbot.waitUntil(panel.export_button.isEnabled, timeout=RUN_MS)
    assert not panel.warning.isVisible()
    assert sentence not in panel.told.text()


def test_a_folder_that_is_not_there_is_told_in_the_window(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    Dialog(monkeypatch, target / "none" / "car.webp")
    with sitting.qtbot.waitSignal(sitting.session.exports.failed, timeout=RUN_MS):
        sitting.qtbot.mouseClick(panel.export_button, LEFT)
    told = panel.strip.failure
    assert told.isVisible()
    assert "folder" in told.text()
    assert not sitting.window.message.isVisible(), "the preview is not covered"
    assert panel.export_button.isEnabled()
    sitting.qtbot.mouseClick(panel.strip.close_button, LEFT)
    assert not panel.strip.isVisible()


def test_an_export_that_fails_where_nobody_sees_the_panel_is_told_in_the_bar(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    Dialog(monkeypatch, target / "none" / "car.webp")
    with sitting.qtbot.waitSignal(sitting.session.exports.failed, timeout=RUN_MS):
        sitting.qtbot.mouseClick(panel.export_button, LEFT)
        sitting.press(Qt.Key.Key_Escape)
    assert sitting.window.message.is_failure
    assert "folder" in sitting.window.message.text
    sitting.press(Qt.Key.Key_E, CONTROL)
    assert not panel.strip.isVisible(), "it was told once"


def test_a_note_is_told_below_the_preview(sitting: Sitting) -> None:
    panel = opened(sitting)
    window, preview = sitting.window, panel.stage.frame
    window._show_correction("A note.")

    def beside() -> bool:
        note = window.message.geometry()
        seen = QRect(preview.mapTo(window._page, QPoint(0, 0)), preview.size())
        room = QRect(panel.notes.mapTo(window._page, QPoint(0, 0)), panel.notes.size())
        return not note.intersects(seen) and room.contains(note)

    sitting.qtbot.waitUntil(beside)
    window.message.dismiss()
    sitting.qtbot.waitUntil(lambda: not panel.notes.isVisible())


def test_the_preview_stays_as_it_is_when_the_result_is_told(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    before = panel.stage.frame.size()
    Dialog(monkeypatch, target / "car.webp")
    write(sitting, panel)
    assert panel.strip.isVisible()
    QApplication.processEvents()
    assert panel.stage.frame.size() == before


# --- names ----------------------------------------------------------------------------------------


def test_a_folder_of_pictures_is_a_new_one(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialog for names walks into a folder that is there, and never asks."""
    panel = opened(sitting, replace(PLAIN, format="frames"))
    chosen: list[str] = [str(target)] * 2
    titles: list[Any] = []

    def choose(*asked: Any) -> str:
        titles.append(asked[1])
        return chosen.pop(0)

    monkeypatch.setattr("visualizer.ui.files.QFileDialog.getExistingDirectory", choose)
    first, second = Path(write(sitting, panel)), Path(write(sitting, panel))
    assert first == target / "a-red-car-at-sunset-seed-7"
    assert second == target / "a-red-car-at-sunset-seed-7-2"
    assert (first / "0000.png").exists()
    assert (second / "0000.png").exists()
    assert "new folder" in titles[0]
    chosen.append("")
    sitting.qtbot.mouseClick(panel.export_button, LEFT)
    assert not sitting.session.exports.running, "the person thought better of it"


def test_a_name_that_exists_is_asked_for_once(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialog asks for what it was given; a suffix added later makes another name of it."""
    kind = PLAIN
    (target / "car.webp").write_bytes(b"mine")
    dialog = Dialog(monkeypatch, target / "car", target / "car.webp")
    assert files.ask_export(sitting.window, "car", kind) == str(target / "car.webp")
    assert dialog.asked[1][1] == str(target / "car.webp"), "proposed, so that the dialog asks"
    dialog = Dialog(monkeypatch, target / "car", "")
    assert files.ask_export(sitting.window, "car", kind) == "", "the person thought better of it"
    dialog = Dialog(monkeypatch, target / "car.webp")
    assert files.ask_export(sitting.window, "car", kind) == str(target / "car.webp")
    assert len(dialog.asked) == 1
    dialog = Dialog(monkeypatch, target / "v1.2")
    assert files.ask_export(sitting.window, "car", kind) == str(target / "v1.2.webp")
    assert len(dialog.asked) == 1


def test_no_name_no_export(sitting: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = opened(sitting)
    Dialog(monkeypatch, "")
    sitting.qtbot.mouseClick(panel.export_button, LEFT)
    assert not sitting.session.exports.running
    assert not panel.strip.isVisible()


def test_the_name_of_a_file_that_is_to_remember_nothing_says_nothing(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    dialog = Dialog(monkeypatch, "", "")
    sitting.qtbot.mouseClick(panel.export_button, LEFT)
    panel.fields.remember.click()
    sitting.qtbot.mouseClick(panel.export_button, LEFT)
    names = [Path(asked[1]).stem for asked in dialog.asked]
    assert names == ["a-red-car-at-sunset-seed-7", "picture"]


# --- while it is written, and after ---------------------------------------------------------------


def test_cancelling_leaves_nothing(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    Dialog(monkeypatch, target / "car.webp")
    with sitting.qtbot.waitSignal(sitting.session.exports.ended, timeout=RUN_MS) as ended:
        sitting.qtbot.mouseClick(panel.export_button, LEFT)
        sitting.qtbot.waitUntil(panel.strip.cancel.isVisible)
        sitting.qtbot.mouseClick(panel.strip.cancel, LEFT)
    assert ended.args is not None
    assert ended.args[0].result == "cancelled"
    assert "Nothing was left behind" in panel.strip.words.whole
    assert not list(target.iterdir())
    assert not sitting.session.exports.running


def test_two_exports_wait_for_each_other_and_the_panel_may_be_closed(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    exports, status = sitting.session.exports, sitting.window.denoise.status
    written: list[str] = []
    exports.exported.connect(written.append)
    Dialog(monkeypatch, target / "one.webp", target / "two.webp")
    sitting.qtbot.mouseClick(panel.export_button, LEFT)
    sitting.qtbot.mouseClick(panel.export_button, LEFT)
    sitting.press(Qt.Key.Key_Escape)
    assert not panel.isVisible()
    sitting.qtbot.waitUntil(lambda: "one.webp" in status.text(), timeout=RUN_MS)
    sitting.qtbot.waitUntil(lambda: len(written) == 2, timeout=RUN_MS)
    assert written == [str(target / "one.webp"), str(target / "two.webp")]
    assert status.text() == "Exported as two.webp"
    assert sorted(each.name for each in target.iterdir()) == ["one.webp", "two.webp"]


def test_closing_the_window_in_the_middle_leaves_nothing(
    qtbot: QtBot, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Sitting(qtbot, tmp_path / "sitting")
    made.start()
    panel = opened(made)
    Dialog(monkeypatch, target / "car.webp")
    made.qtbot.mouseClick(panel.export_button, LEFT)
    assert made.session.exports.running
    assert not made.window.close(), "once it is only warned"
    made.close()
    assert not list(target.iterdir())
    assert not multiprocessing.active_children()


def test_the_folder_is_shown(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Path] = []
    monkeypatch.setattr(
        "visualizer.ui.export_progress.show_in_folder", lambda path, _asker: shown.append(path)
    )
    panel = opened(sitting)
    Dialog(monkeypatch, target / "car.webp")
    path = write(sitting, panel)
    sitting.qtbot.mouseClick(panel.strip.show_button, LEFT)
    assert shown == [Path(path)]
    sitting.qtbot.mouseClick(panel.strip.close_button, LEFT)
    assert not panel.strip.isVisible()


# --- closing the window ---------------------------------------------------------------------------


def test_closing_while_something_is_written_warns_once(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    window, exports = sitting.window, sitting.session.exports
    Dialog(monkeypatch, target / "car.webp")
    with sitting.qtbot.waitSignal(exports.ended, timeout=RUN_MS) as ended:
        sitting.qtbot.mouseClick(panel.export_button, LEFT)
        sitting.qtbot.waitSignal(exports.progressed, timeout=RUN_MS).wait()
        assert not window.close()
        assert window.isVisible()
        assert window.message.text.startswith("car.webp is being written")
        assert "Close again" in window.message.text
    assert ended.args is not None
    assert ended.args[0].result == "exported", "it went on"
    assert window.close(), "now nothing is lost"


def test_a_warning_is_forgotten_and_the_end_of_the_sitting_is_never_held_up(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting)
    now = [0.0]
    closing = Closing(sitting.session.exports, sitting.window, lambda: now[0])
    assert not closing.warning(), "nothing is written"
    Dialog(monkeypatch, target / "car.webp")
    sitting.qtbot.mouseClick(panel.export_button, LEFT)
    assert closing.warning()
    now[0] = REMEMBERED_S
    assert not closing.warning(), "the second time is meant"
    now[0] += 1
    assert closing.warning(), "long ago"
    now[0] += 2 * REMEMBERED_S
    closing.end_sitting()
    assert not closing.warning()


# --- remembered -----------------------------------------------------------------------------------


def test_the_last_choices_are_there_again_at_the_next_launch(qtbot: QtBot, tmp_path: Path) -> None:
    made = Sitting(qtbot, tmp_path)
    made.start()
    panel = opened(made)
    fields = panel.fields
    fields.format.setCurrentIndex(fields.format.findData("gif"))
    fields.captions.captions["prompt"].click()
    fields.captions.background.buttons["own"].click()
    fields.captions.color.setText("#12ab34")
    fields.captions.color.textEdited.emit("#12ab34")
    fields.quality.shared.buttons["shared"].click()
    fields.remember.click()
    wanted = fields.options
    assert wanted.background == "#12ab34"
    made.close()
    settings = Settings.load(tmp_path)
    again = Sitting(qtbot, tmp_path, settings=settings)
    assert again.window.export_panel.fields.options == wanted
    assert wanted.format == "gif"
    assert wanted.captions == ("prompt",)
    assert wanted.palette == "shared"
    assert not wanted.remember
    again.close()


def test_choices_are_saved_when_an_export_begins(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting, replace(PLAIN, format="sheet"))
    sitting.qtbot.mouseClick(panel.fields.kinds["sheet"].buttons[".pdf"], LEFT)
    dialog = Dialog(monkeypatch, target / "car.pdf", kind="PDF (*.pdf)")
    write(sitting, panel)
    assert dialog.asked[0][1].endswith("-sheet.pdf"), "proposed"
    assert dialog.asked[0][2].startswith("PDF")
    assert sitting.settings.folder is not None
    saved = Settings.load(sitting.settings.folder)
    assert ExportOptions.from_json(saved.export).ending == ".pdf"


def test_another_kind_of_the_dialog_is_remembered(
    sitting: Sitting, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = opened(sitting, replace(PLAIN, format="picture"))
    kinds = panel.fields.kinds["picture"]
    assert kinds.current == ".png"
    assert not panel.fields.folds[3].isVisible(), "a PNG has no quality"
    Dialog(monkeypatch, target / "car.jpg")
    write(sitting, panel)
    assert kinds.current == ".jpg"
    assert panel.fields.folds[3].isVisible()
    sitting.qtbot.mouseClick(kinds.buttons[".png"], LEFT)
    assert panel.fields.options.suffix == "", "the usual one is no choice"


def test_a_pdf_is_light_and_so_is_its_preview(sitting: Sitting) -> None:
    panel = opened(sitting, replace(PLAIN, format="sheet"))
    sitting.qtbot.waitUntil(lambda: bool(frame(panel)[0, 0].mean() < 64), timeout=RUN_MS)
    sitting.qtbot.mouseClick(panel.fields.kinds["sheet"].buttons[".pdf"], LEFT)
    sitting.qtbot.waitUntil(lambda: bool(frame(panel)[0, 0].mean() > 192), timeout=RUN_MS)
    sitting.qtbot.mouseClick(panel.fields.captions.background.buttons["dark"], LEFT)
    sitting.qtbot.waitUntil(lambda: bool(frame(panel)[0, 0].mean() < 64), timeout=RUN_MS)


def test_a_page_has_the_background_of_the_device(sitting: Sitting) -> None:
    panel = opened(sitting, replace(PLAIN, format="page"))
    fields = panel.fields
    assert fields.captions.background.current == "auto"
    assert fields.captions.background.buttons["auto"].text() == "As device"
    assert fields.folds[2].button.text() == "Background"
    assert "browser" in fields.note.text()
    fields.format.setCurrentIndex(fields.format.findData("webp"))
    assert fields.captions.background.buttons["auto"].text() == "Auto"
    assert fields.folds[2].button.text() == "Captions"


def test_the_panel_says_which_run_it_is_also_from_the_noise_page(sitting: Sitting) -> None:
    sitting.run("a red car at sunset")
    sitting.press(Qt.Key.Key_3, CONTROL)
    panel = open_panel(sitting)
    assert panel.source.whole == "‘a red car at sunset’, seed 7"
    assert sitting.window.page == "denoise"
    sitting.press(Qt.Key.Key_Escape)
    assert sitting.window.denoise.isVisible()


def test_sizes_are_told_in_pixels(sitting: Sitting) -> None:
    panel = opened(sitting)
    scale = panel.fields.scale.scale
    height, width, _ = sitting.expected(STEPS).shape
    assert scale.itemText(scale.findData("2")) == f"× 2 ({2 * width} × {2 * height})"
    factor = -(-512 // min(width, height))
    automatic = scale.itemText(scale.findData("auto"))
    assert automatic == f"Automatic: × {factor} ({factor * width} × {factor * height})"
    panel.fields.content.buttons["plot"].click()
    assert scale.itemText(scale.findData("2")) == "× 2"


def test_export_and_copy_are_in_the_menu(sitting: Sitting) -> None:
    sitting.run()
    offered = {action.text(): action for action in sitting.window.more_menu.actions()}
    assert offered["Export …"].shortcut().toString() == "Ctrl+E"
    assert offered["Copy picture"].shortcut().toString() == "Ctrl+C"
    offered["Export …"].trigger()
    assert sitting.window.export_panel.isVisible()


def test_half_a_color_is_no_background_yet(sitting: Sitting) -> None:
    panel = opened(sitting)
    captions = panel.fields.captions
    captions.background.buttons["own"].click()
    before = panel.fields.options.background
    captions.color.setText("#12a")
    captions.color.textEdited.emit("#12a")
    assert panel.fields.options.background == before
    captions.color.editingFinished.emit()
    assert captions.color.text() == before


@pytest.mark.parametrize("size", [(960, 600), (1280, 800), (1920, 1080)])
def test_everything_has_room(sitting: Sitting, size: tuple[int, int]) -> None:
    panel = opened(sitting, replace(PLAIN, format="gif", captions=("prompt",)))
    sitting.window.resize(*size)
    for fold in panel.fields.folds:
        fold.button.setChecked(True)
    sitting.qtbot.waitUntil(lambda: sitting.window.width() == size[0])
    fields = panel.fields
    sitting.qtbot.waitUntil(
        lambda: fields.mapTo(panel, fields.rect().topRight()).x() < panel.width()
    )
    for segments in (fields.subject, fields.content, fields.time.direction, fields.quality.dither):
        for button in segments.buttons.values():
            assert button.width() >= button.sizeHint().width(), button.text()
    assert panel.export_button.width() >= panel.export_button.sizeHint().width()
    assert panel._scroll.horizontalScrollBar().maximum() == 0, "nothing is cut at its sides"
    assert pixels(panel).any()
