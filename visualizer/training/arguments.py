"""Numbers on the command lines of training and evaluation; none that fails hours later."""

from __future__ import annotations

import argparse
import math


def positive_number(text: str) -> float:
    """An option that is a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"'{text}' is no number above 0")
    return value


def whole_number(text: str) -> int:
    """An option that is a whole number, 1 or more."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number of 1 or more")
    return value
