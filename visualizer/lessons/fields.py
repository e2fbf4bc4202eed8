"""Fields: names and values of a block, "name: value" in lines, each of which knows its line.

The blocks are YAML without its surprises. Every value is text until somebody asks for a number, so
that "yes", "007" and "1e3" are what they look like. And a text needs no quotes, whatever stands in
it: "look: *This* is it: watch" is no mistake here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import yaml

from visualizer.lessons.lesson import LessonError

# What neither YAML nor a screen shows: control characters, and three that are lines to YAML alone.
_UNREADABLE = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MOST_SHOWN = 40
_WHOLE = re.compile(r"[0-9]{1,10}")
_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{1,7})?")
_YES = {"yes": True, "true": True, "no": False, "false": False}
_COMMENT = " A comment stands on a line of its own."
_LIKE = "Write one 'name: value' a line, and begin further lines of a text with two spaces."
_VALUE = re.compile(r"(?P<name> *- +| *[^\s:#-][^\s:]*: +)(?P<text>\S.*?) *")
_AS_IT_IS = re.compile(r"""[|>][-+]?|"([^"\\]|\\.)*"|'([^']|'')*'""")
"""A text of several lines, or one in quotes: YAML reads these as a person means them."""


class Fields:
    """The values of one block, by name. Whoever reads it asks for what it knows, then ``finish``.

    Every question raises a LessonError that names the line and says what to write.
    """

    def __init__(self, file: str, first_line: int, text: str, what: str) -> None:
        """
        Args:
            first_line: of the block's content, counted from 1.
            what: the kind of block, for messages: "the block ```do".
        """
        self.file, self.first_line, self._what = file, first_line, what
        self._nodes: dict[str, tuple[int, yaml.Node]] = {}
        self._asked: set[str] = set()
        for key, value in self._pairs(text):
            name, line = str(key.value), first_line + key.start_mark.line
            if name in self._nodes:
                raise self.error(f"'{_cut(name)}' stands here twice: leave one out.", line)
            self._nodes[name] = (line, value)

    def error(self, says: str, line: int | None = None) -> LessonError:
        """What is wrong, with the file and the line (the first of the block by default)."""
        return LessonError(self.file, self.first_line if line is None else line, says)

    def line(self, name: str) -> int:
        """The line of a field, or of the block where it has none of this name."""
        return self._nodes[name][0] if name in self._nodes else self.first_line

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    # --- questions ----------------------------------------------------------------------------

    def text(self, name: str, most: int, *, empty: bool = False) -> str | None:
        """A text of at most so many letters; None where the field is not there.

        Args:
            empty: whether it may be "".
        """
        self._asked.add(name)
        if name not in self._nodes:
            return None
        line, node = self._nodes[name]
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(f"'{name}' is one text, not a list: write {name}: the text", line)
        value = str(node.value).strip()
        if not value and not empty:
            raise self.error(f"'{name}' is empty: write something after the colon.", line)
        if len(value) > most:
            raise self.error(f"'{name}' has {len(value)} letters; {most} is the most.", line)
        return value

    def needed(self, name: str, most: int, example: str) -> str:
        """A text that must be there."""
        value = self.text(name, most)
        if value is None:
            raise self.error(f"'{name}' is missing in {self._what}: write {name}: {example}")
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number."""
        value = self.text(name, 100)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value) or not low <= int(value) <= high:
            raise self.error(
                f"'{name}' is a whole number from {low} to {high}, not '{_cut(value)}'."
                + _of_comment(value),
                self.line(name),
            )
        return int(value)

    def number(self, name: str, low: float, high: float) -> float | None:
        """A number, whole or not."""
        value = self.text(name, 100)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value) or not low <= float(value) <= high:
            raise self.error(
                f"'{name}' is a number from {low:g} to {high:g}, with a point and not a comma, "
                f"not '{_cut(value)}'." + _of_comment(value),
                self.line(name),
            )
        return float(value)

    def yes(self, name: str) -> bool:
        """Yes or no; no where nothing is said."""
        value = self.text(name, 100)
        if value is None:
            return False
        if value.casefold() not in _YES:
            says = f"'{name}' is yes or no, not '{_cut(value)}'." + _of_comment(value)
            raise self.error(says, self.line(name))
        return _YES[value.casefold()]

    def one_of(self, name: str, known: Iterable[str], value: str | None) -> None:
        """Refuse a value of a field that is none of the known ones."""
        if value is not None and value not in (names := tuple(known)):
            raise self.error(
                f"'{name}' cannot be '{_cut(value)}'. {_instead(value, names)}"
                + _of_comment(value),
                self.line(name),
            )

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A list of texts, one a line; nothing where the field is not there."""
        self._asked.add(name)
        if name not in self._nodes:
            return ()
        line, node = self._nodes[name]
        if not isinstance(node, yaml.SequenceNode):
            raise self.error(f"'{name}' is a list: write each on a line of its own, '- …'.", line)
        found = []
        for item in node.value:
            at = self.first_line + item.start_mark.line
            if not isinstance(item, yaml.ScalarNode) or not str(item.value).strip():
                raise self.error(f"Each of '{name}' is one text in one line. {_LIKE}", at)
            value = str(item.value).strip()
            if len(value) > most:
                raise self.error(f"This has {len(value)} letters; {most} is the most.", at)
            found.append(value)
        return tuple(found)

    def finish(self, hint: str = "") -> None:
        """Refuse what nobody asked for: it would be dropped without a word.

        Args:
            hint: to be said with it.
        """
        for name, (line, _node) in self._nodes.items():
            if name not in self._asked:
                instead = _instead(name, sorted(self._asked))
                says = f"{self._what} has no '{_cut(name)}'{hint}. {instead}"
                raise self.error(says[:1].upper() + says[1:], line)

    # --- YAML ---------------------------------------------------------------------------------

    def _pairs(self, text: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
        try:
            root = yaml.compose(_quoted(text), Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            # of a name without its colon YAML tells the place where it gave up waiting for it
            waited = "could not find expected ':'" in (error.problem or "")
            mark = (waited and error.context_mark) or error.problem_mark
            line = self.first_line + (mark.line if mark is not None else 0)
            last = self.first_line + text.rstrip("\n").count("\n")
            raise self.error(f"This is no 'name: value'. {_LIKE}", min(line, last)) from error
        except (yaml.YAMLError, RecursionError) as error:
            raise self.error(f"This cannot be read. {_LIKE}") from error
        if root is None:
            raise self.error(f"{self._what} is empty.".capitalize())
        if not isinstance(root, yaml.MappingNode):
            raise self.error("Every line here is 'name: value', with a space after the colon.")
        for key, value in root.value:
            if not isinstance(key, yaml.ScalarNode):
                line = self.first_line + key.start_mark.line
                raise self.error("A name is one word, followed by a colon and a space.", line)
            for node in (key, *(value.value if isinstance(value, yaml.SequenceNode) else (value,))):
                self._check_letters(node)
        return list(root.value)

    def _check_letters(self, node: yaml.Node) -> None:
        """In quotes YAML knows names of signs, as "\\x07": they are signs all the same."""
        if isinstance(node, yaml.ScalarNode):
            says = unreadable(str(node.value))
            if says:
                raise self.error(says, self.first_line + node.start_mark.line)


def unreadable(text: str) -> str:
    """What is wrong where a sign cannot be read; "" where each can."""
    found = _UNREADABLE.search(text)
    return f"There is a sign that nobody can read (U+{ord(found[0]):04X})." if found else ""


def _of_comment(value: str) -> str:
    return _COMMENT if " #" in value else ""


def _quoted(text: str) -> str:
    """The same lines, with every text that YAML might take for something else in quotes."""
    lines = text.split("\n")
    k = 0
    while k < len(lines):
        found = _VALUE.fullmatch(lines[k])
        last = k
        while last + 1 < len(lines) and _goes_on(lines[k], lines[last + 1]):
            last += 1
        if found is not None and not _AS_IT_IS.fullmatch(found["text"]):
            lines[k] = f"{found['name']}'{found['text']}"
            for at in range(k, last + 1):
                begin = len(found["name"]) + 1 if at == k else 0
                lines[at] = lines[at][:begin] + lines[at][begin:].replace("'", "''")
            lines[last] += "'"
        k = last + 1
    return "\n".join(lines)


def _goes_on(first: str, line: str) -> bool:
    """Whether a line belongs to the text that began in another one: it stands further in."""
    indent = len(first) - len(first.lstrip())
    name = first.rstrip().endswith(":")
    return bool(line.strip()) and line.startswith(" " * (indent + 1)) and not name


def _instead(value: str, known: Iterable[str]) -> str:
    names = tuple(known)
    close = difflib.get_close_matches(value, names, n=1)
    meant = f"Did you mean '{close[0]}'? " if close else ""
    return f"{meant}It can be: {', '.join(names)}."


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
