"""Settings: kept between launches, never trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as quickly
from hypothesis import strategies as st

from visualizer import EXAMPLE_PROMPT
from visualizer.folders import config_folder
from visualizer.settings import FILE_NAME, Settings


def test_what_was_chosen_is_there_again(tmp_path: Path) -> None:
    chosen = Settings(
        theme="light",
        prompt="a green boat \ud800 at dawn",
        seed=2**32 - 1,
        steps=12,
        guidance_scale=2.5,
        model_folder="/models/one",
        model_folders=["/models", "/mnt/more models"],
        speed=0.5,
        loop=True,
        y_axis="sigma",
        folder=tmp_path / "new" / "folder",
    )
    chosen.save()
    assert Settings.load(chosen.folder) == chosen


def test_a_bound_for_pictures_that_makes_no_sense_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"picture_memory_mib": 1}', encoding="utf-8")
    assert Settings.load(tmp_path).picture_memory_mib == 512
    (tmp_path / "settings.json").write_text('{"picture_memory_mib": 128}', encoding="utf-8")
    assert Settings.load(tmp_path).picture_memory_mib == 128


def test_the_first_launch_has_the_example(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    assert settings == Settings()
    assert settings.prompt == EXAMPLE_PROMPT
    assert settings.theme == "system"


def test_without_a_folder_they_lie_in_the_persons_own() -> None:
    Settings(theme="dark").save()
    assert (config_folder() / FILE_NAME).exists()
    assert Settings.load().theme == "dark"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "\x00\xff", "[" * 100_000])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="latin-1")
    assert Settings.load(tmp_path) == Settings()


@given(
    st.dictionaries(
        st.sampled_from([*Settings.__dataclass_fields__, "unknown"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([1]),
    )
)
@quickly(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_the_file_every_setting_is_of_its_kind(
    tmp_path: Path, values: dict[str, Any]
) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps(values))
    settings = Settings.load(tmp_path)
    assert settings.folder == tmp_path
    assert settings.theme in ("system", "dark", "light")
    assert settings.y_axis in ("share", "sigma", "log_snr")
    assert isinstance(settings.prompt, str)
    assert type(settings.loop) is bool
    assert type(settings.speed) is float
    assert settings.steps is None or type(settings.steps) is int
    assert settings.steps is None or settings.steps >= 1
    assert 0 <= settings.seed < 2**32


def test_saving_leaves_no_other_file(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path)
    settings.save()
    settings.save()
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


def test_what_cannot_be_saved_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Settings(folder=tmp_path / "file").save()


def test_folders_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    folders = ["/models", 7, None, "", "/models", ["/x"]]
    (tmp_path / FILE_NAME).write_text(json.dumps({"model_folders": folders}))
    assert Settings.load(tmp_path).model_folders == ["/models"]
