"""docs/models.md says what the code says."""

from __future__ import annotations

import model_page

from tests.families import FAMILIES


def test_the_page_is_the_one_made_from_the_code() -> None:
    assert model_page.PAGE.read_text(encoding="utf-8") == model_page.page()


def test_every_pipeline_that_is_tested_has_its_row() -> None:
    page = model_page.page()
    assert all(f"`{name}`" in page for name in FAMILIES)
