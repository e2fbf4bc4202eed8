"""Text on pictures: fonts that have its letters, lines that fit."""

from __future__ import annotations

from visualizer.export import lettering


def test_characters_get_a_font_that_has_them() -> None:
    plain, greek = lettering.font_for("a cat", 20), lettering.font_for("ένα γατί", 20)
    assert plain.getname()[0] != greek.getname()[0]
    assert lettering._missing(greek, "ένα γατί") == 0


def test_every_word_of_a_line_gets_a_font_that_has_it() -> None:
    line = lettering.line_of("a cat, ένα γατί, котка", 20)
    assert line.text == "a cat, ένα γατί, котка"
    assert all(not lettering._missing(font, piece) for piece, font in line.pieces)
    # words written from right to left stay in one piece, in which they are put in order
    assert len(lettering.line_of("سيارة حمراء على طريق", 20).pieces) == 1


def test_lines_fit_their_width() -> None:
    lines = lettering.wrapped("a red Ferrari on a mountain road " * 9, 30, 500, 3)
    assert len(lines) == 3
    assert lines[0].text.startswith("a red Ferrari")
    assert lines[-1].text.endswith("…")
    assert all(line.width <= 500 for line in lines)
    assert [line.text for line in lettering.wrapped("two\n\nlines\t", 30, 500, 3)] == ["two lines"]
