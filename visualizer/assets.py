"""Where the data that ships with the program lies (the built-in model, icons, the prepared run)."""

from __future__ import annotations

from pathlib import Path


def asset_path(*parts: str) -> Path:
    """The path of a shipped file or folder, e.g. ``asset_path("builtin-model")``.

    An installed wheel carries ``assets/`` inside the package; a checkout has it beside the package.

    Raises:
        FileNotFoundError: with a sentence saying that the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "assets", package.parent / "assets"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(
        f"The program's own file '{'/'.join(parts)}' is missing: install the program again."
    )
