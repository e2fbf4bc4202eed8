"""Make everything anew that was made from the built-in model's weights, after they were replaced.

    python3 packaging/dev.py rebuild                what is out of date, one after the other
    python3 packaging/dev.py rebuild --list         what there is, and what is out of date
    python3 packaging/dev.py rebuild --only NAME    this alone, whether or not it is out of date

packaging/derived.json tells from which files each thing was made, as a hash of their content. It is
written after every step, so that an interrupted rebuild goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import derived
from derived import Places, Step
from machine import Stop

ROOT = Path(__file__).resolve().parent.parent
RECORD = "packaging/derived.json"
INTERRUPTED = 130  # what a shell reports for Ctrl+C


class Record:
    """From what each thing was made: the file packaging/derived.json of a checkout."""

    def __init__(self, root: Path) -> None:
        self._root, self._path = root, root / RECORD
        self._made_from: dict[str, str] = {}
        if self._path.exists():
            self._made_from = json.loads(self._path.read_text(encoding="utf-8"))

    def why_outdated(self, step: Step) -> str:
        """A few words on why a step has to be taken, or "" where it need not be."""
        if step.name not in self._made_from:
            return "never made"
        missing = _missing(self._root, step)
        if missing:
            return f"{missing} is missing"
        changed = self._made_from[step.name] != content_hash(self._root, step.reads)
        return "made from other files" if changed else ""

    def note(self, step: Step) -> None:
        """The step has been taken with the files that are there now."""
        self._made_from[step.name] = content_hash(self._root, step.reads)
        text = json.dumps(self._made_from, indent=1, sort_keys=True) + "\n"
        part = self._path.with_suffix(".part")
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(self._path)


def content_hash(root: Path, patterns: Sequence[str]) -> str:
    """One hash of the content and the names of all files that the patterns name.

    Raises:
        Stop: when there are none.
    """
    paths = sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()})
    if not paths:
        raise Stop(f"There are no files {' or '.join(patterns)} in {root}.")
    found = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        if path.suffix == ".json":  # a checkout may have ends of lines of its own
            content = content.replace(b"\r\n", b"\n")
        name = path.relative_to(root).as_posix()
        found.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return found.hexdigest()


def rebuild(steps: Sequence[Step], places: Places, *, only: Sequence[str] = ()) -> None:
    """Take the steps that are out of date, in order; or those that are named, in any case.

    Raises:
        Stop: when a step cannot be taken; what was made before it stays.
    """
    for step in _chosen(steps, only):
        record = Record(places.root)
        why = "asked for" if only else record.why_outdated(step)
        if not why:
            print(f"{step.name}: up to date", flush=True)
            continue
        print(f"\n--- {step.name}: {step.about} ({why})", flush=True)
        step.work(places)
        missing = _missing(places.root, step)
        if missing:
            raise Stop(f"The step {step.name} did not make {missing}.")
        record.note(step)


def listed(steps: Sequence[Step], root: Path) -> str:
    """What there is to be made, in order, and how it stands."""
    record = Record(root)
    wide = max(len(step.name) for step in steps)
    lines = []
    for step in steps:
        state = record.why_outdated(step) or "up to date"
        lines.append(f"{step.name:{wide}}  {step.about}: {state}")
        lines.append(f"{'':{wide}}  from {', '.join(step.reads)}")
    lines.append("to be looked at by hand, beside `python -m benchmarks lessons`:")
    lines += [f"  {place}" for place in derived.BY_HAND]
    return "\n".join(lines)


def _missing(root: Path, step: Step) -> str:
    """Something that a step makes and that is not there, or ""."""
    return next((pattern for pattern in step.makes if not any(root.glob(pattern))), "")


def _chosen(steps: Sequence[Step], names: Sequence[str]) -> list[Step]:
    known = [step.name for step in steps]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Stop(f"There is no step '{unknown[0]}': there are {', '.join(known)}.")
    return [step for step in steps if not names or step.name in names]


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; its exit code."""
    reader = argparse.ArgumentParser(
        prog="dev.py rebuild", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    add = reader.add_argument
    add("--list", action="store_true", help="say what there is and how it stands, and make nothing")
    add("--only", action="append", default=[], metavar="NAME", help="make this; may be repeated")
    add(
        "--made",
        action="append",
        default=[],
        metavar="NAME",
        help="note this as made from the present weights, elsewhere or by hand, and make nothing",
    )
    add(
        "--workdir",
        type=Path,
        default=ROOT / ".train",
        help="the folder that the training worked in (default: .train)",
    )
    wishes = reader.parse_args(argv)
    try:
        if wishes.list:
            print(listed(derived.STEPS, ROOT))
            return 0
        for step in _chosen(derived.STEPS, wishes.made) if wishes.made else ():
            Record(ROOT).note(step)
            print(f"{step.name}: noted")
        if not wishes.made:
            key = content_hash(ROOT, derived.WEIGHTS + derived.SETTINGS)[:12]
            rebuild(derived.STEPS, Places(ROOT, wishes.workdir.resolve(), key), only=wishes.only)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
