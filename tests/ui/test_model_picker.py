"""The model picker: what is listed, in which words, and how one is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QToolTip

from tests.ui.sitting import Sitting, pixels
from visualizer.diffusion.found_models import FoundModel
from visualizer.ui import theme
from visualizer.ui.licenses import license_words
from visualizer.ui.model_picker import ModelPicker
from visualizer.ui.model_problems import in_short
from visualizer.ui.model_rows import LOOKING, Row, rows_of
from visualizer.ui.window import wear

GB = 10**9
BUILT_IN = FoundModel(
    "", "Built-in", "Stable Diffusion", "StableDiffusionPipeline", 16 * 10**6, "mit", "builtin", GB
)
TURBO = FoundModel(
    "/cache/turbo",
    "stabilityai/sdxl-turbo",
    "Stable Diffusion XL",
    "StableDiffusionXLPipeline",
    7 * GB,
    "sai-nc-community",
    "cache",
    8 * GB,
)
FLUX = replace(
    TURBO,
    path="/cache/flux",
    name="black-forest-labs/FLUX.1-dev",
    family="Flux",
    memory_bytes=60 * GB,
)
PICKLED = replace(
    TURBO,
    path="/cache/pickled",
    name="someone/pickled",
    family="",
    problem=(
        "The part 'unet' of 'someone/pickled' holds its weights only as a pickle, which can run "
        "any program when it is opened: for safety only .safetensors are loaded."
    ),
)
MINE = replace(
    TURBO,
    path="/models/mine.safetensors",
    name="mine",
    family="Stable Diffusion 1.x",
    license="",
    origin="folder",
    memory_bytes=4 * GB,
)
ALL = (BUILT_IN, TURBO, FLUX, PICKLED, MINE)


def texts(rows: list[Row]) -> list[str]:
    return [row.text for row in rows]


# --- What stands in it ----------------------------------------------------------------------------


def test_models_stand_under_where_they_come_from() -> None:
    rows = rows_of(ALL, current=TURBO.path, folders=["/models"])
    assert texts(rows) == [
        "Built-in",
        "In your Hugging Face cache",
        "black-forest-labs/FLUX.1-dev",
        "stabilityai/sdxl-turbo",
        "someone/pickled",
        "In your folders",
        "mine",
    ]
    assert [row.text for row in rows if row.current] == ["stabilityai/sdxl-turbo"]
    turbo = next(row for row in rows if row.current)
    assert turbo.detail.startswith("Stable Diffusion XL  ·  7 GB  ·  Stability AI")
    pickled = next(row for row in rows if row.kind == "problem")
    assert pickled.detail == "Only pickle weights (.bin): not safe to open."
    assert pickled.reason == PICKLED.problem
    assert not pickled.can_be_chosen
    assert next(row for row in rows if row.text == "mine").detail.endswith("7 GB")


def test_the_built_in_model_is_the_one_without_a_path() -> None:
    rows = rows_of(ALL, current=None)
    assert [row.text for row in rows if row.current] == ["Built-in"]


def test_what_is_not_there_is_said_in_words() -> None:
    said = " ".join(texts(rows_of((BUILT_IN,), current=None)))
    assert "No models in your Hugging Face cache" in said
    assert "not added a folder yet" in said
    said = " ".join(texts(rows_of((BUILT_IN,), current=None, folders=["/models"])))
    assert "no models in the folders you added" in said
    looking = texts(rows_of((), current=None, looking=True, folders=["/models"]))
    assert looking.count(LOOKING) == 2
    assert "Opened before" not in looking


def test_words_filter_by_name_family_and_license() -> None:
    def shown(wanted: str) -> list[str]:
        rows = rows_of(ALL, current=None, wanted=wanted)
        return [row.text for row in rows if row.model is not None]

    assert shown("sdxl") == ["stabilityai/sdxl-turbo"]
    assert shown("stable diffusion") == ["Built-in", "stabilityai/sdxl-turbo", "mine"]
    assert shown("FLUX sai-nc") == ["black-forest-labs/FLUX.1-dev"]
    assert shown("flux mit") == []
    assert texts(rows_of(ALL, current=None, wanted="zebra")) == ["No model here has “zebra”."]


# --- The panel ------------------------------------------------------------------------------------


@pytest.fixture
def picker(sitting: Sitting) -> ModelPicker:
    """Open, with all models found."""
    window = sitting.window
    sitting.qtbot.mouseClick(window.header.settings_row.model, Qt.MouseButton.LeftButton)
    picker = window.model_picker
    picker.begin_scan()
    for model in ALL:
        picker.add(model)
    picker.end_scan()
    picker.set_memory("CPU, 2 threads", 9 * GB)
    sitting.qtbot.waitUntil(lambda: len(picker.list.rows) > 5)
    return picker


def selected(picker: ModelPicker) -> str:
    row = picker.list.selected
    return row.text if row is not None else ""


def test_the_button_opens_and_closes_it(sitting: Sitting) -> None:
    picker, button = sitting.window.model_picker, sitting.window.header.settings_row.model
    for shown in (True, False, True):
        sitting.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert picker.isVisible() == shown
    assert picker.filter.hasFocus()
    assert QApplication.activeModalWidget() is None
    assert QApplication.activePopupWidget() is None
    sitting.press(Qt.Key.Key_Escape)
    assert not picker.isVisible()
    assert button.hasFocus()


def test_it_hangs_under_its_button_and_stays_in_the_window(
    sitting: Sitting, picker: ModelPicker
) -> None:
    window, button = sitting.window, sitting.window.header.settings_row.model
    for size in ((1280, 800), (960, 600)):
        window.resize(*size)
        QApplication.processEvents()
        below = button.mapTo(window, QPoint(0, button.height())).y()
        corner = picker.mapTo(window, QPoint(picker.width(), picker.height()))
        assert below <= picker.mapTo(window, QPoint(0, 0)).y() <= below + 8
        assert corner.x() <= size[0]
        assert corner.y() <= size[1]


def test_a_press_elsewhere_closes_it(sitting: Sitting, picker: ModelPicker) -> None:
    sitting.qtbot.mouseClick(picker.filter, Qt.MouseButton.LeftButton)
    sitting.qtbot.mouseClick(picker.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 60))
    assert picker.isVisible()
    sitting.qtbot.mouseClick(sitting.window.denoise.canvas, Qt.MouseButton.LeftButton)
    assert not picker.isVisible()


def test_leaving_it_by_tab_closes_it(sitting: Sitting, picker: ModelPicker) -> None:
    sitting.window.header.prompt.setFocus()
    sitting.qtbot.waitUntil(lambda: not picker.isVisible())
    assert sitting.window.header.prompt.hasFocus()


def test_the_way_to_the_downloads_and_back_stays_open(
    sitting: Sitting, picker: ModelPicker
) -> None:
    sitting.qtbot.mouseClick(picker.download_button, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert picker.downloads.isVisible()
    assert picker.downloads.field.hasFocus()
    sitting.qtbot.mouseClick(picker.downloads.back, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert picker.list.isVisible()
    assert picker.filter.hasFocus()


def test_arrows_and_enter_choose(sitting: Sitting, picker: ModelPicker) -> None:
    chosen: list[str | None] = []
    picker.model_chosen.connect(chosen.append)
    assert selected(picker) == "Built-in"
    for key, expected in (
        (Qt.Key.Key_Down, FLUX.name),
        (Qt.Key.Key_Down, TURBO.name),
        (Qt.Key.Key_Down, PICKLED.name),
        (Qt.Key.Key_Down, MINE.name),
        (Qt.Key.Key_Down, MINE.name),
        (Qt.Key.Key_Up, PICKLED.name),
        (Qt.Key.Key_Up, TURBO.name),
        (Qt.Key.Key_PageUp, BUILT_IN.name),
    ):
        sitting.press(key)
        assert selected(picker) == expected
    sitting.press(Qt.Key.Key_Down)
    sitting.press(Qt.Key.Key_Return)
    assert chosen == [FLUX.path]
    assert not picker.isVisible()


def test_typing_filters_and_enter_takes_the_first(sitting: Sitting, picker: ModelPicker) -> None:
    chosen: list[str | None] = []
    picker.model_chosen.connect(chosen.append)
    sitting.qtbot.keyClicks(picker.filter, "1 5 turbo")
    assert selected(picker) == ""
    picker.filter.clear()
    sitting.qtbot.keyClicks(picker.filter, "turbo")
    assert selected(picker) == TURBO.name
    sitting.press(Qt.Key.Key_Return)
    assert chosen == [TURBO.path]
    picker.open_panel()
    assert picker.filter.text() == ""


def click_row(sitting: Sitting, picker: ModelPicker, name: str) -> None:
    view = picker.list
    row = texts(view.rows).index(name)
    place = view.visualRect(view.model().index(row, 0)).center()
    sitting.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_click_chooses_and_a_problem_does_not(sitting: Sitting, picker: ModelPicker) -> None:
    chosen: list[str | None] = []
    picker.model_chosen.connect(chosen.append)
    for name in (PICKLED.name, "In your folders"):
        click_row(sitting, picker, name)
        assert picker.isVisible()
    click_row(sitting, picker, "Built-in")
    assert chosen == [None]


def test_enter_on_a_model_with_a_problem_says_why(sitting: Sitting, picker: ModelPicker) -> None:
    chosen: list[str | None] = []
    reasons: list[str] = []
    picker.model_chosen.connect(chosen.append)
    picker.list.refused.connect(reasons.append)
    sitting.qtbot.keyClicks(picker.filter, "pickled")
    assert selected(picker) == PICKLED.name
    sitting.press(Qt.Key.Key_Return)
    assert (reasons, chosen) == ([PICKLED.problem], [])
    assert QToolTip.text() == PICKLED.problem
    assert picker.isVisible()
    QToolTip.hideText()


@pytest.mark.parametrize(
    ("problem", "short"),
    [
        (
            "The file 'model.safetensors' of the part 'unet' of 'a/b' is cut off: 3 MB of its 7 MB "
            "of weights are there. Download the model again.",
            "A weights file is incomplete. Download it again.",
        ),
        (
            "The part 'unet' of 'a/b' is missing: there is no folder of that name. Download the "
            "model again.",
            "A part is missing. Download it again.",
        ),
        ("A LTXPipeline does not make pictures from text.", "It does not make pictures from text."),
        ("Something new of 'a/b' is odd.", "Something new is odd."),
    ],
)
def test_a_row_tells_a_problem_in_short(problem: str, short: str) -> None:
    assert in_short(problem, "a/b") == short


def test_licenses_have_the_names_that_people_write() -> None:
    assert license_words("creativeml-openrail-m") == "CreativeML OpenRAIL-M"
    assert license_words("somebodys-own") == "somebodys-own"


def test_whether_it_fits_is_a_word_and_a_shape(picker: ModelPicker) -> None:
    fits = {row.text: row.fit for row in picker.list.rows if row.kind == "model"}
    assert fits == {"Built-in": "yes", FLUX.name: "no", TURBO.name: "tight", MINE.name: "yes"}
    spoken = [row.spoken for row in picker.list.rows]
    assert any("FLUX" in text and "too large" in text for text in spoken)
    assert any("Built-in, in use" in text for text in spoken)
    picker.set_memory("CPU, 2 threads", 0)
    picker._fill()
    assert not any(row.fit for row in picker.list.rows)
    assert picker.memory.text() == "CPU, 2 threads"


def test_what_is_gone_leaves_when_the_search_ends(sitting: Sitting, picker: ModelPicker) -> None:
    def listed() -> set[str]:
        return {row.text for row in picker.list.rows if row.model is not None}

    picker.begin_scan()
    picker.add(BUILT_IN)
    sitting.qtbot.waitUntil(lambda: not picker._fill_soon.isActive())
    assert TURBO.name in listed()
    assert picker.looking.text() == LOOKING
    picker.end_scan()
    sitting.qtbot.waitUntil(lambda: listed() == {"Built-in"})
    assert picker.looking.text() == ""
    picker.add_opened(replace(MINE, origin="opened"))
    sitting.qtbot.waitUntil(lambda: listed() == {"Built-in", "mine"})
    assert "Opened before" in texts(picker.list.rows)


def test_the_chosen_row_stays_while_more_are_found(sitting: Sitting, picker: ModelPicker) -> None:
    sitting.press(Qt.Key.Key_Down)
    picker.add(replace(TURBO, path="/cache/a", name="a/first"))
    sitting.qtbot.waitUntil(lambda: "a/first" in texts(picker.list.rows))
    assert selected(picker) == FLUX.name


def test_folders_are_added_and_forgotten_in_a_menu(picker: ModelPicker) -> None:
    forgotten: list[str] = []
    picker.folder_removed.connect(forgotten.append)
    folders = [str(Path.home() / "models"), "/mnt/" + "very-long-name/" * 9 + "models"]
    picker.set_folders(folders)
    entries = [action for action in picker.folders_menu.actions() if action.text()]
    assert entries[0].text() == "Add a folder …"
    assert entries[1].text() == "Forget ~/models"
    assert len(entries[2].text()) < 60
    assert folders[1] in entries[2].toolTip()
    entries[1].trigger()
    assert forgotten == folders[:1]


def test_every_row_is_drawn_in_both_themes(sitting: Sitting, picker: ModelPicker) -> None:
    view = picker.list
    for look in ("dark", "light"):
        wear(look)
        screen = pixels(view.viewport()).astype(int)
        ground = screen[-1, 0]
        for number, row in enumerate(view.rows):
            area = view.visualRect(view.model().index(number, 0)).intersected(view.rect())
            part = screen[area.top() : area.bottom(), area.left() : area.right()]
            assert (abs(part - ground).sum(axis=2) > 150).sum() > 40, (look, row.text)
    wear("dark")


def test_a_long_name_is_cut_in_the_middle_on_the_button(sitting: Sitting) -> None:
    row = sitting.window.header.settings_row
    before = row.model.width()
    name = "Efficient-Large-Model/" + "Sana_Sprint_1.6B_1024px_" * 3 + "diffusers"
    sitting.model.facts = replace(sitting.model.facts, name=name)
    with sitting.qtbot.waitSignal(sitting.session.model_ready):
        sitting.session.load_model("/somewhere")
    assert name in row.model.toolTip()
    sitting.qtbot.waitUntil(lambda: row.model.width() > before)
    assert row.model.width() <= 40 * theme.SPACE
    sitting.window.resize(sitting.window.minimumSize())
    sitting.qtbot.waitUntil(lambda: row.more.geometry().right() <= row.width())
    assert row.model.geometry().right() < row.more.x()


def test_a_distilled_model_says_why_there_is_no_avoid_text(sitting: Sitting) -> None:
    sitting.model.facts = replace(sitting.model.facts, name="Other", avoid=False)
    with sitting.qtbot.waitSignal(sitting.session.model_ready):
        sitting.session.load_model("/somewhere")
    avoid = sitting.window.header.settings_row.avoid
    assert not avoid.isEnabled()
    assert "reads no avoid text" in avoid.toolTip()
