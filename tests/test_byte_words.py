"""Sizes as people say them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.byte_words import in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (12, "12 bytes"),
        (999, "999 bytes"),
        (34_000, "34 kB"),
        (999_400, "999 kB"),
        (999_600, "1 MB"),
        (16_800_000, "16.8 MB"),
        (999_000_000, "999 MB"),
        (999_700_000, "1 GB"),
        (6_500_000_000, "6.5 GB"),
        (6_938_000_000, "6.94 GB"),
        (13_400_000_000, "13.4 GB"),
        (134_000_000_000, "134 GB"),
        (3_600_000_000_000, "3.6 TB"),
    ],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert in_words(size) == words


@given(st.integers(0, 10**15 - 10**12))
def test_every_size_is_right_to_three_digits_and_short(size: int) -> None:
    number, unit = in_words(size).split()
    scale = {"TB": 1e12, "GB": 1e9, "MB": 1e6, "kB": 1e3, "bytes": 1, "byte": 1}[unit]
    assert float(number) * scale == pytest.approx(size, rel=0.00501)
    assert "e" not in number
    assert len(number) <= 4


def test_it_needs_neither_torch_nor_qt() -> None:
    code = (
        "import sys, visualizer.byte_words;"
        "assert not {'torch', 'numpy', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
