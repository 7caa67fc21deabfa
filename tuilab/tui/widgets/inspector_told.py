"""What the inspector says, from values alone: of a large thing made beside the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tuilab.errors import TuilabError
from tuilab.lab.closeup import Closeup
from tuilab.lab.snapshot import Snapshot
from tuilab.model.sharing import unshared
from tuilab.model.topology import Topology
from tuilab.plan.state import State, expand, on_host
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.text import Line, line, width
from tuilab.tui.widgets.inspector_rows import Row, drawn, in_sight, is_shut, shortened
from tuilab.tui.widgets.inspector_text import Room, describe

LARGE = 100
"""Links in a namespace, things that have drifted, or namespaces that are others, that
take longer to tell of than keys may wait."""

Expanded = tuple[Topology, State]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told of, and how.

    Attributes:
        snapshot: The lab.
        item: What of it.
        closeup: What a closer look has shown.
        glyphs: Signs to use.
        keymap: Keys to name.
        room: How much fits.
        turned: Keys of the sections that a person opened or shut.
        sought: Words that rows must have.
        hints: What else is said below.
        expanded: A topology that was expanded before, to go on from.
    """

    snapshot: Snapshot
    item: Item | None
    closeup: Closeup
    glyphs: Glyphs
    keymap: Keymap
    room: Room
    turned: frozenset[str]
    sought: str
    hints: Sequence[Line]
    expanded: Expanded | None


@dataclass(frozen=True, slots=True)
class Told:
    """What is said.

    Attributes:
        rows: Those that are shown.
        lines: As they are drawn.
        widest: Cells of the longest line.
        expanded: The lab's topology, and its state with every default filled in.
    """

    rows: Sequence[Row] = ()
    lines: Sequence[Line] = ()
    widest: int = 0
    expanded: Expanded | None = None


def is_large(asked: Asked) -> bool:
    """Whether there is so much to tell that keys should not wait for it."""
    snapshot, item = asked.snapshot, asked.item
    former = asked.expanded[0].namespaces if asked.expanded else {}
    others = unshared(snapshot.topology.namespaces, former)
    if max(len(snapshot.drift), len(others)) > LARGE:
        return True
    if item is None or item.kind not in ("namespace", "bridge", "grid"):
        return False
    known = (snapshot.topology, snapshot.observed, snapshot.foreign)
    namespaces = (it.namespaces.get(item.namespace) for it in known)
    return any(it is not None and len(it.links) > LARGE for it in namespaces)


def told(asked: Asked) -> Told:
    """Say it; may run beside the loop."""
    snapshot, sought, turned = asked.snapshot, asked.sought, asked.turned
    expanded, wanted = _expanded(snapshot, asked.expanded)

    def shut(row: Row) -> bool:
        return not sought and bool(row.key) and is_shut(row, turned)

    described = describe(
        snapshot,
        wanted,
        asked.item,
        asked.closeup,
        asked.glyphs,
        asked.keymap,
        asked.room,
        # What is shut is put into words for those who search.
        lambda row: not shut(row),
    )
    if not sought:
        described = shortened(described, turned)
    rows = in_sight([*described, *map(Row, asked.hints)], turned, sought)
    lines = [drawn(row, asked.glyphs, shut=shut(row)) for row in rows]
    if not rows and sought:
        lines = [line((f'nothing has "{sought}"', "dim"))]
    return Told(rows, lines, max(map(width, lines), default=0), expanded)


def _expanded(snapshot: Snapshot, known: Expanded | None) -> tuple[Expanded, State]:
    """A topology with every default filled in, and what of it is to be here."""
    topology = snapshot.topology
    if known is None or known[0] is not topology:
        try:
            known = topology, expand(topology, known)
        except TuilabError:
            known = topology, State()
    if snapshot.host and known[1].namespaces:
        return known, on_host(*known)
    return known, known[1]
