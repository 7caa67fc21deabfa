"""Who reaches whom, drawn over the lab: a line a pair, a count on each node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.overlay import Cells
from tuilab.tui.glyphs import ASCII, UNICODE, Glyphs

FEW = 6
"""Pairs that all have a line; of more, only those that fail or are selected."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How two namespaces reach each other.

    Attributes:
        a: One.
        b: The other.
        up: Whether both got their answers; None while that is not known.
        words: How long it took, or that it failed; in a few cells.
    """

    a: str
    b: str
    up: bool | None
    words: str


def reach_cells(
    drawing: Drawing,
    found: Sequence[Reached],
    chosen: Iterable[Item],
    *,
    ascii_only: bool,
) -> Cells:
    """What to lay over a drawing.

    A line is dotted, of crosses where it fails, and leaves boxes and cables as they
    are; where another node is in its way there is none. What stands for several that
    are folded counts for all of them.
    """
    glyphs = ASCII if ascii_only else UNICODE
    chosen_nodes = {drawing.node_of(item) for item in chosen}
    cells: dict[tuple[int, int], tuple[str, str]] = {}
    labels: dict[tuple[int, int], tuple[str, str]] = {}
    counts: dict[Item, list[bool]] = {}
    for pair in found:
        ends = [drawing.node_of(Item("namespace", name)) for name in (pair.a, pair.b)]
        one, other = ends
        if pair.up is None or one is None or other is None or one == other:
            continue
        for node in (one, other):
            counts.setdefault(node, []).append(pair.up)
        few = len(found) <= FEW or not pair.up
        if few or not chosen_nodes.isdisjoint((one, other)):
            way = list(_way(drawing.anchor(one), drawing.anchor(other)))
            if _straight(drawing, way, one, other):
                cells |= _line(drawing, way, pair.up, glyphs)
                labels |= _label(drawing, way, pair, labels, glyphs)
    for node, results in counts.items():
        labels |= _count(drawing, node, results, glyphs)
    return cells | labels


def _way(
    start: tuple[float, float], end: tuple[float, float]
) -> Iterator[tuple[int, int]]:
    """The cells of a straight line."""
    across, down = end[0] - start[0], end[1] - start[1]
    steps = max(1, round(max(abs(across), abs(down))))
    for step in range(steps + 1):
        part = step / steps
        yield round(start[0] + across * part), round(start[1] + down * part)


def _straight(
    drawing: Drawing, way: Sequence[tuple[int, int]], one: Item, other: Item
) -> bool:
    """Whether no third node is in the way: its own lines would seem to be these."""
    around = {*drawing.frames, None, one, other}
    return all(drawing.node_at(*at) in around for at in way)


def _line(
    drawing: Drawing, way: Sequence[tuple[int, int]], up: bool, glyphs: Glyphs
) -> Cells:
    """Every other cell of a way where nothing is drawn."""
    cell = (glyphs.dot, "up") if up else (glyphs.bad, "error")
    return {at: cell for at in way[::2] if _free(drawing, at)}


def _free(drawing: Drawing, at: tuple[int, int]) -> bool:
    return drawing.at(*at) is None and drawing.node_at(*at) is None


def _label(
    drawing: Drawing,
    way: Sequence[tuple[int, int]],
    pair: Reached,
    taken: Cells,
    glyphs: Glyphs,
) -> Cells:
    """What is said of a pair, as near to its middle as there is room."""
    text = f"{glyphs.good if pair.up else glyphs.bad}{pair.words}"
    style = "up" if pair.up else "error"
    middle = len(way) // 2
    outwards = sorted(range(len(way)), key=lambda step: abs(step - middle))
    for words, step in product((f" {text} ", text), outwards):
        x, y = way[step]
        cells = {(x - len(words) // 2 + n, y): sign for n, sign in enumerate(words)}
        if all(drawing.node_at(*at) is None and at not in taken for at in cells):
            return {at: (sign, style) for at, sign in cells.items()}
    return {}


def _count(
    drawing: Drawing, node: Item, results: Sequence[bool], glyphs: Glyphs
) -> Cells:
    """How many of its pairs work, on a border of the node."""
    box = drawing.boxes[node]
    text = f"{glyphs.good if all(results) else glyphs.bad}{sum(results)}/{len(results)}"
    style = "up" if all(results) else "error"
    rows = (box.y + box.height - 1, box.y) if box.height > 2 else ()
    for y, x in product(rows, range(box.x + box.width - 1 - len(text), box.x, -1)):
        places = [(x + n, y) for n in range(len(text))]
        if all(drawing.at(*place) == node for place in places):  # no port of it
            return {
                place: (sign, style) for place, sign in zip(places, text, strict=True)
            }
    return {}
