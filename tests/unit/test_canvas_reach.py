"""Who reaches whom, laid over a drawing."""

from itertools import pairwise

import pytest

from tests.canvas_labs import snapshot
from tuilab.model.generate import generate
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.layout import layout
from tuilab.tui.canvas.overlay import overlaid
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.reach import Reached, reach_cells
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner


def drawn(number, *, level=2, ascii_only=False):
    """A ring of routers, and their names."""
    graph = build(snapshot(generate("ring", number, routers=True)))
    scene = layout(graph, arrange(graph), Manner(level), 120)
    drawing = draw(scene, ASCII if ascii_only else UNICODE)
    names = [it.namespace for it in drawing.boxes if it.kind == "namespace"]
    return drawing, [name for name in names if name != "host"]


def pairs(names, failing=()):
    """All pairs of these; those with one that fails fail."""
    found = []
    for number, a in enumerate(names):
        for b in names[number + 1 :]:
            up = not {a, b} & {*failing}
            found.append(Reached(a, b, up, "0.1ms" if up else "no"))
    return found


def by_cell(row):
    return [(sign, run.style) for run in row for sign in run.text]


@pytest.mark.parametrize("every", [1, 2, 3, 7, 1000])
def test_what_lies_over_a_drawing_changes_its_cells_alone(every):
    drawing, _ = drawn(3)
    spots = [(x, y) for y in range(0, drawing.height, 2) for x in range(drawing.width)]
    cells = dict.fromkeys(spots[::-every], ("+", "marked"))
    there = overlaid(drawing, cells | {(drawing.width, 0): ("x", "marked")})
    for y, (before, after) in enumerate(zip(drawing.rows, there.rows, strict=True)):
        wanted = by_cell(before)
        for x in range(drawing.width):
            wanted[x] = cells.get((x, y), wanted[x])
        assert by_cell(after) == wanted
        styles = [run.style for run in after]
        assert all(one != other for one, other in pairwise(styles))
    assert overlaid(drawing, {(0, -1): ("x", "marked")}) is drawing


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_few_pairs_all_have_a_line_and_what_they_took(ascii_only):
    drawing, names = drawn(3, ascii_only=ascii_only)
    cells = reach_cells(drawing, pairs(names), (), ascii_only=ascii_only)
    text = overlaid(drawing, cells).text()
    # Of the ends of the row too: nothing stands between them.
    assert text.count("0.1ms") >= 2, text
    assert text.count("2/2") == 3, text
    assert text.isascii() == ascii_only
    # Boxes are as they were, but for the counts on their borders.
    for x, y in cells:
        node = drawing.node_at(x, y)
        box = drawing.boxes[node] if node else None
        assert box is None or y in (box.y, box.y + box.height - 1)


def test_of_many_pairs_those_that_fail_or_are_selected_have_lines():
    drawing, names = drawn(5)
    quiet = overlaid(drawing, reach_cells(drawing, pairs(names), (), ascii_only=False))
    assert "0.1ms" not in quiet.text()
    assert quiet.text().count("✓4/4") == 5
    chosen = (Item("namespace", names[0]),)
    cells = reach_cells(drawing, pairs(names), chosen, ascii_only=False)
    assert "0.1ms" in overlaid(drawing, cells).text()
    cells = reach_cells(drawing, pairs(names, names[4:]), (), ascii_only=False)
    text = overlaid(drawing, cells).text()
    assert "✗no" in text
    assert "0.1ms" not in text
    assert text.count("✗3/4") == 4
    assert text.count("✗0/4") == 1


def test_what_is_not_known_or_not_drawn_is_left_out():
    drawing, names = drawn(3)
    found = [Reached(names[0], names[1], None, ""), Reached(names[0], "gone", True, "")]
    assert reach_cells(drawing, found, (), ascii_only=False) == {}
