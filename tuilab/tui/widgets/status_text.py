"""What the status bar says, in as much room as there is."""

from __future__ import annotations

from dataclasses import dataclass

from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import HOST, LO, Bridge
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.text import Line, Span, fit, line, width

_Part = tuple[int, Line]
"""What one place of the bar says; where there is no room the greatest goes first."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of what.

    Attributes:
        namespaces: All but ``host``.
        bridges: Links of that kind.
        links: Of any kind, both ends of a cable too.
        up: Those of the links that the kernel says are up; likewise ``down``.
    """

    namespaces: int
    bridges: int
    links: int
    up: int
    down: int


def counts(snapshot: Snapshot) -> Counts:
    """Count a lab; ``host`` and ``lo`` are always there and not counted."""
    topology = snapshot.topology
    namespaces = topology.namespaces.values()
    others = snapshot.foreign if snapshot.foreign.namespaces else None
    states = [
        live.operstate
        for end, live in snapshot.live.items()
        if end.ifname != LO and (others is None or others.link(end) is None)
    ]
    return Counts(
        namespaces=sum(name != HOST for name in topology.namespaces),
        bridges=sum(
            isinstance(link, Bridge) for it in namespaces for link in it.links.values()
        ),
        links=sum(len(it.links) - (LO in it.links) for it in namespaces),
        up=states.count("up"),
        down=len(states) - states.count("up"),
    )


def status_line(
    snapshot: Snapshot,
    cells: int,
    glyphs: Glyphs,
    *,
    capturing: str = "",
    gone: str = "",
    back: str = "",
    unsaved: bool = False,
) -> Line:
    """The bar: what matters least goes first where it is narrow.

    Args:
        snapshot: The lab.
        cells: Width of the bar.
        glyphs: Signs to use.
        capturing: What is being captured, or empty.
        gone: Why the lab has ended, or empty.
        back: The key that brings the other panes back, or empty when they are there.
        unsaved: The lab differs from its file.
    """
    have = counts(snapshot)
    left = _left(snapshot, have, glyphs, unsaved=unsaved)
    right = [
        (5, _states(have, glyphs)),
        (1, line(_where(snapshot, gone))),
        *_reason(snapshot, gone),
    ]
    if capturing:
        right.append((2, line((f" {glyphs.record} {capturing} ", "bad"))))
    if back:
        way = "screen.act('zoom')"
        keyed = line(Span(f" {back}", "key", way), Span(" back ", "", way))
        right.insert(0, (2, keyed))
    right.append((6, line(Span(" ? help ", "dim", "screen.act('help')"))))
    while (room := cells - _wide(left) - _wide(right)) < 0:
        worst = max([*left, *right], key=lambda part: part[0])
        if worst[0] == 0:
            break
        (left if worst in left else right).remove(worst)
    gap = line(" " * max(room, 0))
    spans = tuple(s for _, part in left for s in part)
    spans += gap + tuple(s for _, part in right for s in part)
    if width(spans) <= cells:
        return spans
    return line((fit("".join(s.text for s in spans), cells, glyphs.ellipsis), "title"))


def _left(
    snapshot: Snapshot, have: Counts, glyphs: Glyphs, *, unsaved: bool
) -> list[_Part]:
    name = f" {snapshot.name}{'*' if unsaved else ''} "
    sums = f" ns {have.namespaces}  br {have.bridges}  link {have.links} "
    parts = [(0, line((" tuilab ", "title"), (name, "key"))), (4, line(sums))]
    if snapshot.drift and not snapshot.pending:
        text = f" {glyphs.differs}{len(snapshot.drift)} drift "
        parts.append((3, line(Span(text, "warn", "screen.act('repair')"))))
    if snapshot.pending:
        parts.append((3, line((f" {glyphs.ellipsis} {snapshot.pending} ", "warn"))))
    return parts


def _states(have: Counts, glyphs: Glyphs) -> Line:
    return line(
        (f" {glyphs.up}{have.up}", "good"),
        (f" {glyphs.down}{have.down} ", "bad" if have.down else "dim"),
    )


def _where(snapshot: Snapshot, gone: str) -> Span:
    if gone:
        return Span(" ENDED ", "bad")
    if snapshot.preview:
        return Span(" PREVIEW ", "warn")
    return Span(" HOST ", "bad") if snapshot.host else Span(" sandbox ", "good")


def _reason(snapshot: Snapshot, gone: str) -> list[_Part]:
    text = gone or snapshot.preview
    return [(7, line((f"{text} ", "dim")))] if text else []


def _wide(parts: list[_Part]) -> int:
    return sum(width(part) for _, part in parts)
