"""The lessons beside a page: read, guessed, done, presented, and read again when they change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.session.fake_model import Gate
from tests.ui.sitting import STEPS, Sitting
from visualizer.lessons.beats import beats_of
from visualizer.lessons.lesson import DoIt, Lesson
from visualizer.lessons.library import read_library
from visualizer.lessons.page_setup import PageSetup
from visualizer.session.timeline import Timeline
from visualizer.settings import Settings
from visualizer.ui import theme
from visualizer.ui.lessons.lesson_panel import WIDTH, LessonPanel
from visualizer.ui.lessons.reading import as_html
from visualizer.ui.pages import ENTRIES, PHYSICS
from visualizer.ui.window import wear

LESSON = """---
title: Of mine
order: 1
minutes: 5
summary: A lesson for tests.
---
## One
Words.

```ask
question: Which one?
choices:
- this
- that
right: 2
answer: That one.
```

```do
label: Look at noise
page: denoise
view: noise
look: There.
```

## Two
```ask
question: How come?
answer: It was made.
```

```do
label: Make it
page: denoise
prompt: a red car
run: yes
playhead: 0
```
"""


class Running(QObject):
    """A session, as far as the panel listens to it."""

    running_changed = Signal(bool)
    settled = True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.md").write_text(LESSON, encoding="utf-8")
    return tmp_path


MakePanel = Callable[[], LessonPanel]


@pytest.fixture
def session() -> Running:
    return Running()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def make_panel(qtbot: QtBot, folder: Path, session: Running, settings: Settings) -> MakePanel:
    def make() -> LessonPanel:
        panel = LessonPanel(session, settings, folder)  # type: ignore[arg-type]
        panel.set_up_asked.connect(panel.take)  # as a window does that is not busy
        qtbot.addWidget(panel)
        panel.show()
        return panel

    return make


def click(qtbot: QtBot, button: object) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_list_tells_how_far_one_was(make_panel: MakePanel, settings: Settings) -> None:
    panel = make_panel()
    assert panel.lesson is None
    assert set(panel.list.buttons) == {lesson.name for lesson in panel.library.lessons}
    panel.open("mine")
    panel.show_list()
    assert "1 of 2 steps" in panel.list.buttons["mine"].accessibleDescription()
    panel.open("mine")
    panel.next()
    panel.show_list()
    assert "✓ read" in panel.list.buttons["mine"].accessibleDescription()


def test_a_person_comes_back_to_where_he_was(make_panel: MakePanel, settings: Settings) -> None:
    panel = make_panel()
    panel.open("sculptor")
    panel.next()
    panel.next()
    again = make_panel()
    assert again.lesson is not None
    assert (again.lesson.name, again.step) == ("sculptor", 2)


@pytest.mark.parametrize(
    "kept",
    [
        {"lesson": 3, "steps": [], "seen": {"mine": 4}},
        {"lesson": "gone", "steps": {"mine": -1, "noise": True}, "seen": {"mine": [1, "a", None]}},
        {"lesson": "mine", "steps": {"mine": 99}},
    ],
)
def test_what_was_kept_wrongly_does_no_harm(
    make_panel: MakePanel, settings: Settings, kept: dict[str, object]
) -> None:
    settings.lessons = kept
    panel = make_panel()
    panel.open("mine")
    assert panel.step in (0, 1)


def test_guess_do_and_be_told(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.open("mine")
    view = panel.view
    assert view is not None
    (question,), (card,) = view.questions, view.doing
    click(qtbot, question.choices[0])
    assert question.guess == 0
    assert question.answer.isHidden()
    with qtbot.waitSignal(panel.set_up_asked) as asked:
        click(qtbot, card.button)
    assert asked.args == [PageSetup("denoise", view="noise")]
    assert card.done
    assert not card.look.isHidden()
    with qtbot.waitSignal(question.answered):
        pass
    assert not question.answer.isHidden()
    assert "your guess" in question.labels[0].text()
    assert question.labels[1].text().startswith("✓")
    click(qtbot, question.choices[1])
    assert question.guess == 0, "it is too late to guess"


def test_the_answer_waits_for_what_is_to_be_seen(
    qtbot: QtBot, make_panel: MakePanel, session: Running
) -> None:
    panel = make_panel()
    panel.open("mine")
    assert panel.view is not None
    (question,), (card,) = panel.view.questions, panel.view.doing
    session.settled = False  # the model is still being loaded
    panel.view.do(card)
    panel.take(card.do_it.setup)
    panel.view._later.timeout.emit()
    assert not question.is_open
    assert panel.view._later.isActive()
    session.settled = True
    with qtbot.waitSignal(question.answered):
        pass


def test_the_answer_waits_for_what_is_made(
    qtbot: QtBot, make_panel: MakePanel, session: Running
) -> None:
    panel = make_panel()
    panel.open("mine")
    panel.next()
    assert panel.view is not None
    (question,), (card,) = panel.view.questions, panel.view.doing
    panel.view.do(card)
    session.running_changed.emit(False)  # what was made before has ended
    assert not question.is_open
    session.running_changed.emit(True)
    assert not question.is_open
    session.running_changed.emit(False)
    assert question.is_open


def test_somebody_who_does_not_want_to_guess_asks(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.open("mine")
    assert panel.view is not None
    (question,) = panel.view.questions
    click(qtbot, question.show_button)
    assert question.is_open
    assert question.show_button.isHidden()


def test_a_changed_file_is_read_again(qtbot: QtBot, make_panel: MakePanel, folder: Path) -> None:
    panel = make_panel()
    panel.open("mine")
    panel.next()
    path = folder / "mine.md"
    path.write_text(LESSON.replace("## Two", "## Second"), encoding="utf-8")
    qtbot.waitUntil(lambda: panel.view is not None and panel.view.step.title == "Second")
    assert panel.step == 1
    path.write_text(LESSON.replace("page: denoise", "page: denoize", 1), encoding="utf-8")
    qtbot.waitUntil(lambda: panel.lesson is None)
    assert any("denoise" in label.text() for label in panel.list.problems)
    assert any(label.text() == "mine.md, line 21" for label in panel.list.problems)
    (folder / "more.md").write_text(LESSON, encoding="utf-8")
    qtbot.waitUntil(lambda: "more" in panel.list.buttons)


def test_the_folder_has_a_first_lesson(
    qtbot: QtBot, session: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    folder = tmp_path / "new" / "lessons"
    panel = LessonPanel(session, Settings(), folder)  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    click(qtbot, panel.list.folder_button)
    assert opened == [str(folder)]
    assert "my-first-lesson" in panel.list.buttons
    assert panel.library.problems == ()
    click(qtbot, panel.list.folder_button)
    assert [path.name for path in folder.iterdir()] == ["my-first-lesson.md"]


def test_a_folder_that_cannot_be_made_is_told(
    qtbot: QtBot, session: Running, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    panel = LessonPanel(session, Settings(), tmp_path / "file" / "lessons")  # type: ignore[arg-type]
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.failed):
        panel.open_folder()


def test_markdown_has_no_html_of_its_own() -> None:
    html = as_html("*Look* <img src='x'> [here](https://arxiv.org)", 14)
    assert "<img" not in html
    assert "arxiv.org" in html


# --- for a class ------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", read_library(Path("none")).lessons, ids=lambda one: one.name)
def test_one_key_leads_through_all_of_a_lesson(lesson: Lesson) -> None:
    beats = beats_of(lesson)
    shown = [beat.part for beat in beats if beat.kind != "answer"]
    assert shown == [part for step in lesson.steps for part in step.parts]
    for k, beat in enumerate(beats):
        if beat.kind == "ask":
            answer = next(
                n for n, b in enumerate(beats) if b.kind == "answer" and b.part is beat.part
            )
            assert answer > k
            between = [b.kind for b in beats[k + 1 : answer]]
            assert between in ([], ["do"], ["text"], ["text", "do"])


def test_a_class_is_shown_beat_by_beat(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.resize(700, 1080)
    panel.open("mine")
    with qtbot.waitSignal(panel.present_asked, check_params_cb=bool):
        click(qtbot, panel.present_button)
    presenter = panel.presenter
    asked: list[PageSetup] = []
    panel.set_up_asked.connect(asked.append)
    kinds = []
    for key in (Qt.Key.Key_Space, Qt.Key.Key_PageDown, Qt.Key.Key_Right, Qt.Key.Key_Space):
        assert presenter.beat is not None
        kinds.append(presenter.beat.kind)
        QTest.keyClick(panel, key)
    assert kinds == ["text", "ask", "do", "answer"]
    assert len(asked) == 1
    assert panel.step == 1
    QTest.keyClick(panel, Qt.Key.Key_PageUp)
    QTest.keyClick(panel, Qt.Key.Key_PageUp)
    assert presenter.beat is not None
    assert presenter.beat.kind == "do"
    assert len(asked) == 1, "going back does nothing again"
    with qtbot.waitSignal(panel.present_asked, check_params_cb=lambda on: not on):
        QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.presenting
    assert panel.step == 0


def test_letters_can_be_read_from_the_back(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.setFixedHeight(1080)
    panel.open("mine")
    panel.present(True)
    qtbot.waitUntil(lambda: panel.presenter.letters >= 28)
    for label in panel.presenter.findChildren(QLabel):
        told = label in (panel.presenter.words, panel.presenter.keys)
        assert told or label.fontInfo().pixelSize() >= 28
    assert "font-size:30px" in panel.presenter.words.text()
    panel.present(False)


def test_a_black_screen_lets_the_class_look_at_the_teacher(
    qtbot: QtBot, make_panel: MakePanel
) -> None:
    panel = make_panel()
    panel.open("mine")
    panel.present(True)
    at = panel.presenter.index
    QTest.keyClick(panel, Qt.Key.Key_B)
    QTest.keyClick(panel, Qt.Key.Key_Space)  # wakes it, and no more
    assert panel.presenter.index == at
    QTest.keyClick(panel, Qt.Key.Key_Space)
    assert panel.presenter.index == at + 1
    panel.present(False)


def test_the_black_follows_the_size_of_the_window(qtbot: QtBot, make_panel: MakePanel) -> None:
    panel = make_panel()
    panel.open("mine")
    panel.present(True)
    QTest.keyClick(panel, Qt.Key.Key_B)
    black = panel.window().childAt(1, 1)
    assert black is not None
    panel.window().resize(panel.width() + 200, panel.height() + 300)
    qtbot.waitUntil(lambda: black.geometry() == panel.window().rect())
    panel.present(False)


# --- in the window ----------------------------------------------------------------------------


def test_the_window_is_set_up_and_taken_back(qtbot: QtBot, sitting: Sitting) -> None:
    window = sitting.window
    window.toggle_lessons()
    panel = window.lessons
    with qtbot.waitSignal(sitting.session.run_finished, timeout=20_000):
        panel.set_up_asked.emit(
            PageSetup(
                "denoise", prompt="a red car", seed=3, run=True, playhead=0.5, view="denoised"
            )
        )
    current = sitting.session.current
    assert current is not None
    assert (current.request.prompt, current.request.seed) == ("a red car", 3)
    playhead = sitting.session.playhead
    assert (playhead.index, playhead.view) == (3, "denoised")
    panel.set_up_asked.emit(PageSetup("denoise", playhead=0))
    assert playhead.index == 0
    panel.open("sculptor")
    panel.present(True)
    assert not window.header.isVisible()
    assert not window.rail.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.header.isVisible()
    assert window.rail.isVisible()
    assert not window.isFullScreen()
    panel.present(True)
    qtbot.keyClick(window, Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert window.page == "noise"
    assert not panel.presenting
    assert window.header.isVisible()
    assert window.rail.isVisible()
    panel.present(True)
    window.toggle_lessons()  # by its key
    qtbot.waitUntil(lambda: window.header.isVisible() and not window.isFullScreen())


def test_what_is_asked_for_while_something_runs_waits_for_its_end(
    qtbot: QtBot, sitting: Sitting
) -> None:
    window, session = sitting.window, sitting.session
    window.toggle_lessons()
    panel = window.lessons
    panel.open("sculptor")
    panel.show_step(1)
    assert panel.view is not None
    card = panel.view.doing[0]
    wanted = replace(
        card.do_it.setup, prompt="a blue car", steps=STEPS, run=True, playhead=0.0, options={}
    )
    card.do_it = replace(card.do_it, setup=wanted)
    sitting.begin()
    panel.view.do(card)
    assert not card.done  # nothing has come of it yet
    sitting.gate = Gate(100)
    with qtbot.waitSignal(session.run_finished, timeout=20_000, check_params_cb=_is_blue):
        pass
    assert card.done
    qtbot.waitUntil(lambda: session.playhead.index == 0)


def _is_blue(run: Timeline) -> bool:
    return run.request.prompt == "a blue car"


def test_a_place_that_is_asked_for_during_a_run_is_kept_until_its_end(
    qtbot: QtBot, sitting: Sitting
) -> None:
    window, session = sitting.window, sitting.session
    sitting.begin()
    window.set_up(PageSetup("denoise", playhead=0.5, options={"panel": "sculptor"}))
    assert window.denoise.panels.current == "sculptor"
    sitting.let_finish()
    qtbot.waitUntil(lambda: session.playhead.index == round(0.5 * STEPS))


@pytest.mark.parametrize("name", [e.name for e in ENTRIES if e.name != PHYSICS])
def test_a_narrow_window_keeps_its_page_and_a_wide_one_has_room_for_both(
    qtbot: QtBot, sitting: Sitting, name: str
) -> None:
    window = sitting.window
    window.resize(960, 600)
    window.show_page(name)
    window.toggle_lessons()
    panel, page = window.lessons, window.pages[name]
    assert isinstance(page, QWidget)
    qtbot.waitUntil(lambda: panel.geometry().right() == window.width() - 1)
    pictures = page.pictures

    def nothing_is_covered() -> bool:
        end = pictures.mapTo(window, QPoint(pictures.width(), 0)).x()
        return end <= panel.mapTo(window, QPoint(0, 0)).x()

    qtbot.waitUntil(nothing_is_covered)
    if name != "compare":  # which has no side in a narrow window
        assert page.width() >= window.width() - window.rail.width() - 6 * theme.SPACE
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: panel.height() == 800)  # from top to bottom, so that it never moves
    assert panel.width() == WIDTH
    assert page.width() >= 960 - window.rail.width()


def test_a_class_sees_pages_without_their_sides_and_its_teacher_the_keys(
    qtbot: QtBot, sitting: Sitting
) -> None:
    window = sitting.window
    window.resize(1280, 800)
    window.toggle_lessons()
    window.lessons.open("sculptor")
    sides = {
        "denoise": window.denoise.panels,
        "noise": window.noise.panel,
    }
    window.lessons.present(True)
    for name, side in sides.items():
        window.set_up(PageSetup(name))
        assert side.isHidden()
    window.set_up(PageSetup("denoise", options={"panel": "sculptor"}))
    assert not sides["denoise"].isHidden()  # that is what the class is to look at
    assert "Esc" in window.lessons.presenter.keys.text()
    before = window.lessons.presenter.place.styleSheet()
    wear("light")
    qtbot.waitUntil(lambda: window.lessons.presenter.place.styleSheet() != before)
    wear("dark")
    window.lessons.present(False)
    window.denoise.panels.show_panel("explanation")
    assert not window.noise.panel.isHidden()


def test_a_comparison_is_set_up(qtbot: QtBot, sitting: Sitting) -> None:
    window, lanes = sitting.window, sitting.session.lanes
    with qtbot.waitSignal(lanes.running_changed, check_params_cb=lambda on: not on, timeout=20_000):
        window.set_up(
            PageSetup(
                "compare",
                prompt="a red car",
                run=True,
                playhead=0,
                options={"seeds": "1-2", "guidances": "1, 3"},
            )
        )
    assert [(lane.request.seed, lane.request.guidance_scale) for lane in lanes.lanes] == [
        (1, 1.0),
        (2, 1.0),
        (1, 3.0),
        (2, 3.0),
    ]
    qtbot.waitUntil(lambda: lanes.playhead.index == 0)
    window.set_up(PageSetup("compare", options={"prompts": "a red car | a blue car"}))
    fields = window.compare.axis_fields
    assert (fields.across.field, fields.down.field) == ("prompt", "")


def test_every_page_takes_what_the_lessons_ask_of_it(qtbot: QtBot, sitting: Sitting) -> None:
    """But for the work itself, which the pages' own tests let them do."""
    window = sitting.window
    works = ("start", "experiment")
    for lesson in read_library(Path("none")).lessons:
        for step in lesson.steps:
            for part in step.parts:
                if not isinstance(part, DoIt):
                    continue
                options = {k: v for k, v in part.setup.options.items() if k not in works}
                window.set_up(replace(part.setup, run=False, options=options))
                assert window.page == part.setup.page
                page = window.pages[part.setup.page]
                assert window.header.isVisible() == page.uses_header
                if part.setup.prompt is not None:
                    assert window.header.prompt.text() == part.setup.prompt
                if part.setup.seed is not None:
                    assert window.header.seed.whole() == part.setup.seed
    assert sitting.failures == []
