"""Shares as people read them."""

from __future__ import annotations


def percent(share: float) -> str:
    """ "62 %"; never 0 or 100 for what is neither."""
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return "< 1 %"
    if whole == 100 and share < 1:
        return "> 99 %"
    return f"{whole} %"


def noise_words(share: float) -> str:
    """ "62 % noise"."""
    return f"{percent(share)} noise"
