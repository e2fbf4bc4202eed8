"""The library: lessons of two folders, and a broken one that takes no other down."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from visualizer import cli
from visualizer.folders import VARIABLE
from visualizer.lessons.lesson import DoIt, Lesson, LessonError, Question
from visualizer.lessons.library import read_file, read_library, shipped_folder
from visualizer.lessons.page_setup import OPTIONS

OWN = "---\ntitle: My own\norder: 1\nminutes: 5\nsummary: Of a teacher.\n---\nWords.\n"
SHIPPED = sorted(shipped_folder().glob("*.md"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_lesson_of_the_program_asks_first_and_lets_do(path: Path) -> None:
    lesson = read_file(path, own=False)
    parts = [part for step in lesson.steps for part in step.parts]
    doing = [k for k, part in enumerate(parts) if isinstance(part, DoIt)]
    asking = [k for k, part in enumerate(parts) if isinstance(part, Question)]
    assert 5 <= lesson.minutes <= 10
    assert len(doing) >= 3
    assert asking, "nothing to predict"
    assert any(ask < do for ask in asking for do in doing), "the answer is run after the question"


def test_the_course_uses_every_page() -> None:
    library = read_library(Path("no such folder"))
    assert len(library.lessons) >= 6
    assert library.problems == ()
    assert [lesson.order for lesson in library.lessons] == sorted(
        {lesson.order for lesson in library.lessons}
    )
    pages = {part.setup.page for lesson in library.lessons for part in parts_to_do(lesson)}
    assert pages >= set(OPTIONS) - {"noise"}


def parts_to_do(lesson: Lesson) -> list[DoIt]:
    return [part for step in lesson.steps for part in step.parts if isinstance(part, DoIt)]


def test_a_broken_lesson_takes_no_other_down(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(OWN, encoding="utf-8")
    (tmp_path / "bad.md").write_text(OWN.replace("order: 1", "order: one"), encoding="utf-8")
    (tmp_path / f"{SHIPPED[0].stem}.md").write_text(OWN, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a lesson", encoding="utf-8")
    (tmp_path / "folder.md").mkdir()
    library = read_library(tmp_path)
    assert [lesson.name for lesson in library.lessons if lesson.own] == ["good"]
    assert sorted((p.file, p.line) for p in library.problems) == sorted(
        [("bad.md", 3), ("folder.md", 0), (SHIPPED[0].name, 0)]
    )
    good = library.find("good")
    assert good is not None
    assert good.title == "My own"
    assert library.find("bad") is None


def test_a_file_that_cannot_be_opened_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match="cannot be opened"):
        read_file(tmp_path / "nowhere.md")


@pytest.mark.skipif(sys.platform == "win32", reason="it has neither pipes nor links in folders")
def test_what_only_looks_like_a_lesson_is_told_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    (tmp_path / ".#open.md").symlink_to("somebody@somewhere")  # how an editor marks an open file
    (tmp_path / "LOUD.MD").write_text(OWN, encoding="utf-8")
    library = read_library(tmp_path)
    assert [lesson.title for lesson in library.lessons if lesson.own] == ["My own"]
    told = {problem.file: problem.says for problem in library.problems}
    assert set(told) == {"pipe.md", "gone.md"}
    assert "no file with words" in told["pipe.md"]
    assert "No such file" in told["gone.md"]
    assert cli.main(["lessons", "--check", str(tmp_path / "pipe.md")]) == 2


def test_the_command_line_lists_and_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cli.main(["lessons"]) == 0
    said = capsys.readouterr()
    assert all(f"{path.stem}: " in said.out for path in SHIPPED)
    assert str(tmp_path / "data" / "lessons") in said.out
    mine = tmp_path / "mine.md"
    mine.write_text(OWN, encoding="utf-8")
    assert cli.main(["lessons", "--check", str(mine)]) == 0
    assert "mine.md: My own (5 minutes, 1 step, 0 things to do" in capsys.readouterr().out
    mine.write_text(OWN + "```do\npage: denoise\n", encoding="utf-8")
    assert cli.main(["lessons", "--check", str(mine)]) == 2
    assert "mine.md, line 8: This is not closed" in capsys.readouterr().err
