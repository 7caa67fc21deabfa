"""The rows of the inspector: what each says, is about, and stands under."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from tuilab.model.topology import Endpoint
from tuilab.plan.forwarding import NeighbourState, RouteState, RuleState
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.text import Line, Role, Span, line, plain

ThingKind = Literal["link", "address", "route", "rule", "neighbour", "entry", "setting"]
Part = str | Span | tuple[str, Role]
INDENT = 2
"""Cells that each level stands further in."""
FEW = 8
"""So many rows of a long list are told at once."""
AS_WELL = 2
"""So many further rows are told, too: a row that counts them would spare too little."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What a row is about, where that is less than a namespace or link.

    Attributes:
        kind: What it is.
        namespace: Where.
        ifname: The link it belongs to, or None where it is the namespace's.
        value: The CIDR, MAC or key; a route, rule or neighbour as the kernel holds it;
            nothing for a link.
    """

    kind: ThingKind
    namespace: str
    ifname: str | None
    value: str | RouteState | RuleState | NeighbourState = ""

    @property
    def endpoint(self) -> Endpoint:
        """The link it belongs to."""
        return Endpoint(self.namespace, self.ifname or "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    Attributes:
        spans: What it says, without its place below others.
        copy: What copying it gives; all it says by default.
        thing: What can be edited or deleted here; None for what is selected.
        no_edit: Why that can't be edited, or empty.
        no_delete: Why that can't be deleted, or empty.
        key: What opens and shuts with it; empty where nothing stands below it.
        inside: The keys of the rows that it stands below.
        shut: It is shut until it is opened, and not the other way round.
        more: What it says besides while what stands below it is hidden.
    """

    spans: Line
    copy: str = ""
    thing: Thing | None = None
    no_edit: str = ""
    no_delete: str = ""
    key: str = ""
    inside: tuple[str, ...] = ()
    shut: bool = False
    more: Line = ()

    @property
    def copied(self) -> str:
        """What copying it gives."""
        return self.copy or plain(self.spans).strip()


class Rows:
    """Gathers rows, each below the sections that are being told."""

    def __init__(self, wanted: Callable[[Row], bool] = lambda row: True) -> None:
        """Begin.

        Args:
            wanted: Whether anyone will see what stands below a row: that need not be
                put into words otherwise.
        """
        self._wanted = wanted
        self.made: list[Row] = []
        self._inside: tuple[str, ...] = ()
        self._about = Row(())

    @contextmanager
    def section(
        self,
        key: str,
        *spans: Part,
        shut: bool = False,
        more: Line = (),
        about: Row | None = None,
    ) -> Iterator[bool]:
        """What is added meanwhile stands below a row of its own.

        Args:
            key: Names it among those of its section.
            spans: What its row says.
            shut: It is shut until a person opens it.
            more: What its row says besides while it is shut.
            about: A row about what this section and all in it are about.

        Yields:
            Whether anything need be added: see ``wanted``.
        """
        before = self._inside, self._about
        self._about = about or self._about
        whole = "/".join((*self._inside[-1:], key))
        head = replace(self._about, spans=line(*spans), copy="", key=whole)
        head = replace(head, inside=self._inside, shut=shut, more=more)
        self.made.append(head)
        self._inside = (*self._inside, whole)
        try:
            yield self._wanted(head)
        finally:
            self._inside, self._about = before

    def add(self, *spans: Part, copy: str = "") -> None:
        """Add a line about what its section is about."""
        self.put(replace(self._about, spans=line(*spans), copy=copy))

    def put(self, row: Row) -> None:
        """Add a row."""
        self.made.append(replace(row, inside=self._inside))


def shortened(rows: Sequence[Row], turned: Collection[str]) -> list[Row]:
    """Long lists with no more than their beginning, until a person opens the rest.

    Nobody reads them to the end on the way from one thing to the next. What is not as
    wished is always told.

    Args:
        rows: All.
        turned: Keys of what a person opened or shut.
    """
    asked = {it.key for it in rows if it.shut}
    lists: dict[str, list[Row]] = {}
    for row in rows:
        if row.inside and row.inside[-1] not in asked:
            lists.setdefault(row.inside[-1], []).append(row)
    heads: dict[int, Row] = {}
    hidden: set[int] = set()
    for key, some in lists.items():
        rest = [it for it in some[FEW:] if not _is_marked(it)]
        if len(rest) > AS_WELL:
            words = line((f"{len(rest)} more", "dim"))
            head = Row(words, key=f"{key}/more", inside=some[0].inside, shut=True)
            heads[id(rest[0])] = head
            if is_shut(head, turned):
                hidden |= {id(it) for it in rest}
    made: list[Row] = []
    below: set[str] = set()
    for row in rows:
        if not below.isdisjoint(row.inside):
            continue
        if id(row) in heads:
            made.append(heads[id(row)])
        if id(row) in hidden:
            below |= {row.key} - {""}
        else:
            made.append(row)
    return made


def _is_marked(row: Row) -> bool:
    spans = (*row.spans, *row.more)
    return any(it.role in ("warn", "bad") and it.text for it in spans)


def in_sight(
    rows: Sequence[Row], turned: Collection[str], query: str = ""
) -> list[Row]:
    """The rows that are shown.

    Args:
        rows: All.
        turned: Keys of the sections that a person opened or shut.
        query: Words that a row must have, each of them; then nothing is shut, and
            what a row stands below is shown with it.
    """
    words = query.casefold().split()
    if words:
        fitting = [all(w in plain(it.spans).casefold() for w in words) for it in rows]
        needed = {
            key
            for it, fits in zip(rows, fitting, strict=True)
            if fits
            for key in (*it.inside, it.key)
        } - {""}
        # All that stands below a heading that fits.
        whole = {
            it.key for it, fits in zip(rows, fitting, strict=True) if fits and it.key
        }
        return [
            it
            for it, fits in zip(rows, fitting, strict=True)
            if fits or it.key in needed or whole & set(it.inside)
        ]
    shut = {it.key for it in rows if it.key and is_shut(it, turned)}
    return [it for it in rows if not shut.intersection(it.inside)]


def is_shut(row: Row, turned: Collection[str]) -> bool:
    """Whether what stands below a row is hidden."""
    return row.shut is not (row.key in turned)


def drawn(row: Row, glyphs: Glyphs, *, shut: bool) -> Line:
    """A row as it is drawn: further in the deeper it stands, with its sign."""
    indent = " " * (INDENT * len(row.inside))
    if not row.key:
        return (Span(indent), *row.spans) if indent else row.spans
    sign = glyphs.tree_shut if shut else glyphs.tree_open
    return (Span(f"{indent}{sign} ", "dim"), *row.spans, *(row.more if shut else ()))
