"""What stands beside the picture: the switch, the code with its numbers, and the sculptor."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFont, QFontMetrics
from pytestqt.qtbot import QtBot

from tests.ui.example_timelines import make_timeline, playhead_on
from tests.ui.sitting import STEPS, Sitting
from visualizer.diffusion import spectrum
from visualizer.lessons.page_setup import OPTIONS, PageSetup
from visualizer.session.sculpting import GUESS
from visualizer.settings import Settings
from visualizer.ui import theme
from visualizer.ui.code_view import ROW
from visualizer.ui.denoise_panels.band_sieve import BANDS, BandSieve
from visualizer.ui.denoise_panels.code_panel import CodePanel
from visualizer.ui.denoise_panels.panels import CODE, EXPLANATION, SCULPTOR

LEFT = Qt.MouseButton.LeftButton


def test_the_panel_that_was_chosen_is_remembered(sitting: Sitting) -> None:
    panels = sitting.window.denoise.panels
    assert panels.current == EXPLANATION
    sitting.qtbot.mouseClick(panels.switch.buttons[CODE], LEFT)
    assert panels.code.isVisible()
    assert not panels.explanation.isVisible()
    sitting.window.close()
    assert Settings.load(sitting.settings.folder).panel == CODE


def test_the_code_follows_the_playhead(sitting: Sitting) -> None:
    timeline = sitting.run()
    panels, playhead = sitting.window.denoise.panels, sitting.session.playhead
    panels.show_panel(CODE)
    code = panels.code.code
    said = []
    for k in (0, 1, STEPS - 1, STEPS):
        playhead.seek(k)
        said.append(code.lines[code.running].strip())
        step = timeline.step(k)
        assert panels.code.numbers["latent mean"].text() == _number(step.latents.mean())
        assert panels.code.numbers["latent std"].text() == _number(step.latents.std())
        assert panels.code.numbers["guess std"].text() == _number(step.denoised.std())
        if step.noise is None:
            assert panels.code.numbers["noise mean"].text() == "–"
        else:
            assert panels.code.numbers["noise mean"].text() == _number(step.noise.mean())
        assert f"t = {step.timestep:.4g}" in panels.code.level.text()
        place = f"Pass {k + 1} of {STEPS}: by then" if k < STEPS else "The end: by then"
        assert panels.code.calls.text().startswith(place)
        assert panels.code.shape.text() == "4 × 4 × 4"
        times = f"{2 * min(k + 1, STEPS)} times, twice a step"
        assert times in panels.code.calls.text(), "the answer that is shown has been asked for"
    assert said == 3 * ["x = sched.step(eps, t, x)"] + ["picture = vae.decode(x / scale)"]


def test_the_loop_is_marked_as_one_and_slow_play_goes_through_its_lines(qtbot: QtBot) -> None:
    timeline = make_timeline(6, guided=True)
    playhead = playhead_on(timeline, 0)
    panel = CodePanel(playhead)
    qtbot.addWidget(panel)
    panel.set_timeline(timeline)
    panel.resize(288, 500)
    panel.show()
    code = panel.code
    marked = [code.lines[row].strip() for row in code.span]
    assert marked[0] == "for t in sched.timesteps:"
    assert marked[-1] == "x = sched.step(eps, t, x)"
    assert code.running == code.span[-1]
    playhead.speed = 0.25
    playhead.play()
    seen = [code.running]
    panel._walk.timeout.connect(lambda: seen.append(code.running))
    qtbot.waitUntil(lambda: code.span[-1] in seen)
    assert seen == sorted(seen)
    assert {code.lines[row].strip() for row in seen} > {"z = sched.scale_model_input(x, t)"}
    playhead.pause()
    assert code.running == code.span[-1]
    assert not panel._walk.isActive()


@pytest.mark.parametrize("size", [(1280, 800), (960, 600)])
def test_no_label_of_the_switch_is_cut(sitting: Sitting, size: tuple[int, int]) -> None:
    sitting.window.resize(*size)
    panels = sitting.window.denoise.panels
    for name, button in panels.switch.buttons.items():
        sitting.window.denoise.set_up(PageSetup("denoise", options={"panel": name}))
        sitting.qtbot.waitUntil(lambda: panels.isVisible() and panels.switch.width() > 0)
        strong = QFont(button.font())  # the chosen one is bold
        strong.setPixelSize(theme.FONT_SMALL)
        strong.setBold(True)
        needed = QFontMetrics(strong).horizontalAdvance(button.text()) + 8  # padding and frame
        third = panels.switch.contentsRect().width() // 3 - 2  # whoever of them grows first
        assert needed <= min(button.width(), third), button.text()


def test_a_line_that_is_clicked_is_explained(qtbot: QtBot) -> None:
    timeline = make_timeline(6, guided=True)
    panel = CodePanel(playhead_on(timeline, 3))
    qtbot.addWidget(panel)
    panel.set_timeline(timeline)
    panel.resize(288, 500)
    panel.show()
    assert panel.about.isHidden()
    row = next(i for i, line in enumerate(panel.code.lines) if "eps_u = " in line)
    qtbot.mouseClick(panel.code, LEFT, pos=QPoint(40, row * ROW + ROW // 2))
    assert panel.about.text().startswith("What the network says without the prompt.")
    qtbot.keyClick(panel.code, Qt.Key.Key_Down)
    assert panel.about.text().startswith("What it says with the prompt.")
    qtbot.mouseClick(panel.code, LEFT, pos=QPoint(40, (row + 1) * ROW + ROW // 2))
    assert panel.about.isHidden()


def test_before_anything_is_made_the_code_stands_there_without_numbers(qtbot: QtBot) -> None:
    panel = CodePanel(playhead_on(None))
    qtbot.addWidget(panel)
    panel.show()
    assert len(panel.code.lines) >= 9
    assert panel.code.running == -1
    assert panel.numbers["latent mean"].text() == "–"


def test_the_sculptor_measures_every_guess_and_marks_what_was_decided(sitting: Sitting) -> None:
    timeline = sitting.run()
    panels = sitting.window.denoise.panels
    panels.show_panel(SCULPTOR)
    sculpting = sitting.session.sculpting
    sitting.qtbot.waitUntil(
        lambda: (
            all(sculpting.change(k) is not None for k in range(1, STEPS + 1))
            and sculpting.decided("layout") is not None
        ),
        timeout=20_000,
    )
    guesses = [sitting.expected(k, GUESS) for k in range(STEPS + 1)]
    waves = [spectrum.waves(spectrum.values_of(guess)) for guess in guesses]
    assert sculpting.change(3) == pytest.approx(spectrum.change_by_band(waves[2], waves[3]))
    assert sculpting.decided("layout") == STEPS, "the fake model changes its mind to the end"
    sitting.session.playhead.seek(2)
    assert "This step changed the guess by" in panels.sculptor.says.text()
    sitting.qtbot.mouseClick(panels.sculptor.decided["layout"], LEFT)
    assert sitting.session.playhead.index == STEPS
    bands = panels.sculptor.bands
    place = QPoint(round(bands.x_of(1)), bands.height() // 2)
    sitting.qtbot.mouseClick(bands, LEFT, pos=place)
    assert sitting.session.playhead.index == 1
    assert timeline.complete


def test_the_sculptor_grows_with_a_run_and_tells_what_was_decided_at_its_end(
    sitting: Sitting,
) -> None:
    panels = sitting.window.denoise.panels
    panels.show_panel(SCULPTOR)
    sitting.begin(3)
    sculpting = sitting.session.sculpting
    sitting.qtbot.waitUntil(lambda: sculpting.change(2) is not None, timeout=20_000)
    assert sculpting.decided("details") is None
    sitting.let_finish()
    sitting.qtbot.waitUntil(lambda: sculpting.decided("details") is not None, timeout=20_000)


def test_one_band_of_the_picture_is_shown_while_the_sculptor_is(sitting: Sitting) -> None:
    sitting.run()
    page, canvas = sitting.window.denoise, sitting.window.denoise.canvas
    sitting.exact(STEPS)
    whole = canvas.picture
    assert whole is not None
    page.panels.show_panel(SCULPTOR)
    sitting.qtbot.mouseClick(page.panels.sculptor.shown.buttons["high"], LEFT)
    shown = canvas.picture
    assert shown is not None
    assert np.array_equal(shown, spectrum.band_picture(whole, "high"))
    assert canvas.caption() == "Only detail, around mid-gray, amplified 3 times"
    page.panels.show_panel(EXPLANATION)
    assert canvas.picture is whole
    assert canvas.caption() == ""


def test_a_sieve_remembers_what_it_made() -> None:
    assert BANDS == spectrum.BANDS
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    sieve = BandSieve("low")
    assert sieve(picture) is sieve(picture)
    assert sieve(picture.copy()) is not sieve(picture)


def test_a_lesson_may_ask_for_each_panel(sitting: Sitting) -> None:
    page = sitting.window.denoise
    for name in OPTIONS["denoise"]["panel"]:
        page.set_up(PageSetup("denoise", options={"panel": name}))
        assert name == "drawings" or page.panels.current == name


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
