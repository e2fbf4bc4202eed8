"""A tiny pipeline of every text-to-image family of diffusers, for tests; nothing is fetched."""

from __future__ import annotations

import importlib
import pkgutil

from tests.families.dummy import Dummy


def _collect() -> dict[str, Dummy]:
    dummies: dict[str, Dummy] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("test_"):
            found = importlib.import_module(f"{__name__}.{module.name}")
            dummies.update({dummy.name: dummy for dummy in getattr(found, "DUMMIES", ())})
    return dummies


FAMILIES: dict[str, Dummy] = _collect()
