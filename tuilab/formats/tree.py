"""YAML text as a tree of values that know where they stand.

Nothing is constructed but mappings, lists, texts, numbers and truth values (YAML 1.2
core schema), whatever tags a file carries. Names may be written bare: a scalar keeps
its text beside its value, and keys are always text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tuilab.errors import InvalidTopology, Problem

MOST_CHARACTERS = 4 * 1024 * 1024
"""More than thirty times a lab of a thousand namespaces."""
MOST_ITEMS = 500_000
"""With every alias written out: what a few lines of anchors may grow to."""
MOST_LEVELS = 32

_LISTS = (
    "addresses",
    "fdb",
    "vlans",
    "routes",
    "hops",
    "rules",
    "neighbours",
    "cables",
    "expect",
)
"""What may have any number of members; other lists are pairs."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text: line and column from 0, index of the character."""

    line: int
    column: int
    index: int


@dataclass(slots=True, eq=False)
class Item:
    """A value, and where it is written.

    Attributes:
        value: A dict of items, a list of items, or a scalar.
        start: Where the value begins; its key for a value that is not written.
        end: Where it ends.
        text: What stands there, for a scalar.
        key: Where its key begins, in a mapping.
        key_end: Where its key ends.
        flow: Whether it is in brackets or braces.
        alias: Whether it is written elsewhere and only referred to here.
        merged: Whether it came with a ``<<``.
        size: Items below it, itself included, with every alias written out.
        depth: Levels below it.
        blamed: Something was wrong here and has been reported.
    """

    value: Any
    start: Mark
    end: Mark
    text: str = ""
    key: Mark | None = None
    key_end: Mark | None = None
    flow: bool = False
    alias: bool = False
    merged: bool = False
    size: int = 1
    depth: int = 0
    blamed: bool = False

    @property
    def place(self) -> tuple[int, int]:
        """Line and column from 1 to point at: the key of what is more than a word."""
        here = self.start
        if self.key is not None and isinstance(self.value, dict | list | None):
            here = self.key
        return here.line + 1, here.column + 1

    @property
    def key_place(self) -> tuple[int, int]:
        """Line and column, from 1, of its key."""
        here = self.key or self.start
        return here.line + 1, here.column + 1

    def plain(self) -> Any:
        """The bare value, all the way down."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value

    def get(self, key: str | int) -> Item | None:
        """The item below it under a key or at an index."""
        if isinstance(self.value, dict):
            found = self.value.get(key)
            return found if isinstance(found, Item) else None
        if isinstance(self.value, list) and isinstance(key, int):
            return self.value[key] if 0 <= key < len(self.value) else None
        return None


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    item: Item
    anchor: str | None
    key: tuple[str, Mark, Mark] | None = None
    awaits_key: bool = True
    reach: Mark | None = None
    merges: list[Item] = field(default_factory=list)


def read(text: str, source: str = "") -> tuple[Item, list[Problem]]:
    """The tree of a text, with the mistakes that did not keep it from being read.

    Of two equal keys the first is kept, with what only the second one has below it.

    Raises:
        InvalidTopology: It is no YAML, holds nothing, or is far too large.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    if len(text) > MOST_CHARACTERS:
        fact = f"the file has {len(text)} characters, {MOST_CHARACTERS} are the most"
        raise InvalidTopology([Problem((), fact, "is it a topology?", 1, 1)], source)
    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _Stop as stop:
        builder.problems.append(stop.problem)
    except MarkedYAMLError as error:
        builder.problems.append(_syntax(error))
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        fact = f'"\\x{ord(text[error.position]):02x}" is no character for a text file'
        builder.problems.append(Problem((), fact, "remove it", line, column))
    except YAMLError as error:
        builder.problems.append(Problem((), str(error), "see yaml.org", 1, 1))
    else:
        if builder.root is not None:
            return builder.root, builder.problems
        hint = 'start with "tuilab: 1", "name: my-lab" and "namespaces:"'
        builder.problems.append(Problem((), "the file says nothing", hint, 1, 1))
    raise InvalidTopology(builder.problems, source)


def scalar(text: str) -> Any:
    """What a bare word means in YAML 1.2: null, true, false, a number or itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) < 40:
        return int(text, 0 if text[:2] in ("0o", "0x") else 10)
    if _FLOAT.fullmatch(text) and len(text) < 40:
        return float(text)
    return text


class _Stop(Exception):
    """Reading on makes no sense."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Builder:
    """Takes the parser's events one after the other."""

    def __init__(self) -> None:
        self.root: Item | None = None
        self.problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, Item | None] = {}
        self._documents = 0

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        start, end = _mark(event.start_mark), _mark(event.end_mark)
        if kind == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise _stop(start, "a second document begins here", "one file, one lab")
        elif kind == "ScalarEvent":
            bare = event.style is None and not event.tag
            item = Item(scalar(event.value) if bare else event.value, start, end)
            item.text = event.value
            self._put(item, event.anchor)
        elif kind == "AliasEvent":
            self._put(self._aliased(event.anchor, start, end), None)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            value: Any = {} if kind == "MappingStartEvent" else []
            item = Item(value, start, end, flow=bool(event.flow_style))
            if event.anchor:
                self._anchors[event.anchor] = None
            self._stack.append(_Open(item, event.anchor))
            if len(self._stack) > MOST_LEVELS:
                raise _deep(start)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._close(end)

    def _close(self, end: Mark) -> None:
        done = self._stack.pop()
        item = done.item
        for source in done.merges:
            for key, child in source.value.items():
                if key not in item.value:
                    item.value[key] = _again(child, child.start, child.end)
                    item.value[key].merged = True
        below = list(_children(item))
        item.size = 1 + sum(child.size for child in below)
        item.depth = 1 + max((child.depth for child in below), default=0)
        if item.size > MOST_ITEMS:
            fact = "what begins here grows to far too much with its aliases"
            raise _stop(item.start, fact, "write fewer aliases of aliases")
        if item.depth > MOST_LEVELS:
            raise _deep(item.start)
        item.end = end if item.flow else done.reach or item.start
        self._put(item, done.anchor)

    def _put(self, item: Item, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = item
        if not self._stack:
            self.root = item
            return
        holder = self._stack[-1]
        if isinstance(holder.item.value, list):
            holder.item.value.append(item)
            holder.reach = item.end
        elif holder.awaits_key:
            holder.awaits_key = False
            holder.key = (item.text, item.start, item.end)
            if isinstance(item.value, dict | list):
                fact = "a list or mapping is no name for anything"
                self._report(item.start, fact, "write a word before the colon")
                holder.key = None
        else:
            holder.awaits_key = True
            if holder.key is not None:
                self._entry(holder, item, *holder.key)

    def _entry(
        self, holder: _Open, item: Item, key: str, start: Mark, end: Mark
    ) -> None:
        item.key, item.key_end = start, end
        if item.value is None and not item.text:
            # The parser puts what is not written at the start of what follows.
            item.start = item.end = end
        holder.reach = item.end
        if key == "<<":
            for source in item.value if isinstance(item.value, list) else [item]:
                if isinstance(source.value, dict):
                    holder.merges.append(source)
                else:
                    fact = '"<<" takes in what is no mapping'
                    self._report(start, fact, "give it the alias of a mapping")
                    holder.item.blamed = True
        elif key in holder.item.value:
            first = holder.item.value[key]
            fact = f'"{key}" is there twice, first in line {first.key.line + 1}'
            self._report(start, fact, "rename one, or remove it")
            join(first, item, key)
        else:
            holder.item.value[key] = item

    def _aliased(self, anchor: str, start: Mark, end: Mark) -> Item:
        item = self._anchors.get(anchor)
        if item is None:
            missing = anchor not in self._anchors
            fact = f'"*{anchor}" ' + (
                "has no anchor" if missing else "is inside itself"
            )
            raise _stop(start, fact, f'mark what it stands for with "&{anchor}"')
        return _again(item, start, end)

    def _report(self, mark: Mark, fact: str, hint: str) -> None:
        self.problems.append(Problem((), fact, hint, mark.line + 1, mark.column + 1))


def join(first: Item, second: Item, name: str) -> None:
    """Let the first have what only the second one has, so that it is checked too."""
    if isinstance(first.value, dict) and isinstance(second.value, dict):
        for key, item in second.value.items():
            if key in first.value:
                join(first.value[key], item, key)
            else:
                first.value[key] = item
    elif (
        name in _LISTS
        and isinstance(first.value, list)
        and isinstance(second.value, list)
    ):
        known = [item.plain() for item in first.value]
        first.value.extend(i for i in second.value if i.plain() not in known)
    elif first.value is None:
        first.value = second.value


def _again(item: Item, start: Mark, end: Mark) -> Item:
    """The same value referred to from another place."""
    return Item(
        item.value,
        start,
        end,
        item.text,
        item.key,
        item.key_end,
        item.flow,
        alias=True,
        size=item.size,
        depth=item.depth,
    )


def _children(item: Item) -> Iterator[Item]:
    yield from item.value.values() if isinstance(item.value, dict) else item.value


def _mark(mark: Any) -> Mark:
    return Mark(mark.line, mark.column, mark.index)


def _stop(mark: Mark, fact: str, hint: str) -> _Stop:
    return _Stop(Problem((), fact, hint, mark.line + 1, mark.column + 1))


def _deep(mark: Mark) -> _Stop:
    fact = f"what begins here is more than {MOST_LEVELS} levels deep"
    return _stop(mark, fact, "no topology has so many: take it apart")


_REMEDIES = {
    "cannot start any token": "indent with spaces; quote a text with such signs",
    "mapping values are not allowed": "one key a line; quote a text with a colon",
    "found unexpected end of stream": "close the quote",
    "expected the end of the block": "line it up with what stands above",
    "expected ',' or": "close the bracket or brace, or add the comma",
    "could not find expected ':'": "a key ends with a colon",
}


_TOKENS = {
    "'<scalar>'": "a word",
    "'<block mapping start>'": "a mapping",
    "<block end>": "the end of the block",
}


def _syntax(error: Any) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = error.problem or error.context or "something is wrong"
    for token, plain in _TOKENS.items():
        said = said.replace(token, plain)
    known = (remedy for part, remedy in _REMEDIES.items() if part in said)
    hint = next(known, "see yaml.org for what YAML allows")
    if error.context and error.context_mark and error.context_mark.line + 1 != line:
        said += f" ({error.context} in line {error.context_mark.line + 1})"
    return Problem((), f"this is no YAML: {said}", hint, line, column)
