"""A tiny pipeline of every text-to-image family of diffusers, for tests; nothing is fetched."""

from __future__ import annotations

import importlib
import pkgutil

from tests.families.dummy import Dummy


def _modules() -> list[tuple[Dummy, ...]]:
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = [
        importlib.import_module(f"{__name__}.{name}")
        for name in names
        if not name.startswith(("test_", "conftest"))
    ]
    return [module.DUMMIES for module in modules if hasattr(module, "DUMMIES")]


FAMILIES: dict[str, Dummy] = {dummy.name: dummy for dummies in _modules() for dummy in dummies}

REPRESENTATIVES: tuple[str, ...] = tuple(dummies[0].name for dummies in _modules())
"""The first family of each module: what is tested without --all-families."""
