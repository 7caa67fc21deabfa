"""The small picture of a large drawing."""

from __future__ import annotations

from tests.canvas_labs import branches, fat_tree
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.drawing import Area, Drawing
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.minimap import minimap, place_at
from tuilab.tui.canvas.raster import draw


def large() -> Drawing:
    return draw(compose(build(fat_tree(6).snapshot()), Wish(80, 24, 2)))


def lines(drawing: Drawing, view: Area, *, ascii_only: bool = False) -> list[str]:
    rows = minimap(drawing, view, 24, 8, ascii_only=ascii_only)
    return ["".join(run.text for run in row) for row in rows]


def test_a_map_has_the_shape_of_the_drawing_and_fits() -> None:
    made = large()
    rows = lines(made, Area(0, 0, 80, 24))
    assert len({len(row) for row in rows}) == 1
    assert len(rows[0]) <= 24
    assert len(rows) <= 8
    assert any("\u2800" < sign <= "\u28ff" for row in rows for sign in row)


def test_the_frame_is_where_the_view_is() -> None:
    made = large()
    start = lines(made, Area(0, 0, 40, 10))
    assert start[0][0] == "┌"
    end = lines(made, Area(made.width - 40, made.height - 10, 40, 10))
    assert end[-1][-1] == "┘"
    assert end[0][0] != "┌"
    whole = lines(made, Area(0, 0, made.width, made.height))
    assert (whole[0][0], whole[-1][-1]) == ("┌", "┘")


def test_a_plain_map_is_plain() -> None:
    rows = lines(large(), Area(30, 3, 40, 10), ascii_only=True)
    assert all(row.isascii() for row in rows)
    assert any("#" in row for row in rows)


def test_a_cell_of_the_map_stands_for_one_of_the_drawing() -> None:
    made = large()
    assert place_at(made, 24, 8, 0, 0) < (made.width // 10, made.height // 2)
    x, _ = place_at(made, 24, 8, 23, 0)
    assert made.width * 0.9 < x < made.width


def test_without_anything_to_show_there_is_no_map() -> None:
    assert minimap(Drawing(), Area(0, 0, 9, 9), 24, 8) == ()
    small = draw(compose(build(branches(1, 2).snapshot()), Wish(80, 24, 1)))
    assert minimap(small, Area(0, 0, 9, 9), 2, 8) == ()
