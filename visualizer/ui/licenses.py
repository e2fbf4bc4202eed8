"""Licenses as people write them; the hub knows them by ids in small letters."""

from __future__ import annotations

NAMES = {
    "mit": "MIT",
    "apache-2.0": "Apache 2.0",
    "bsd-3-clause": "BSD 3-Clause",
    "openrail": "OpenRAIL",
    "openrail++": "OpenRAIL++",
    "creativeml-openrail-m": "CreativeML OpenRAIL-M",
    "bigscience-openrail-m": "BigScience OpenRAIL-M",
    "cc0-1.0": "CC0 1.0",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-sa-4.0": "CC BY-SA 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
    "gpl-3.0": "GPL 3.0",
    "agpl-3.0": "AGPL 3.0",
    "gemma": "Gemma",
    "flux-1-dev-non-commercial-license": "FLUX.1 [dev] Non-Commercial",
    "stabilityai-ai-community": "Stability AI Community",
    "sai-nc-community": "Stability AI Non-Commercial Community",
    "tencent-hunyuan-community": "Tencent Hunyuan Community",
}
"""By the id of a model card."""


def license_words(license_id: str) -> str:
    """The name of a license; its id where people have no other name for it."""
    return NAMES.get(license_id.strip().casefold(), license_id)
