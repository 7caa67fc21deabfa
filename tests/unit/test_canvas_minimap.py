"""The small picture of a large drawing."""

from __future__ import annotations

from tests.canvas_labs import branches, fat_tree
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.drawing import Area, Drawing
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.minimap import minimap
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


def test_of_a_long_row_something_can_be_seen() -> None:
    made = draw(compose(build(branches(10, 19).snapshot()), Wish(9999, 21, 2)))
    assert made.width > 15 * made.height
    rows = lines(made, Area(made.width // 2, 0, 78, made.height))
    assert len(rows) == 4
    middle = len(rows[0]) // 2
    assert [row.find(sign) for row, sign in zip(rows, "┌││└", strict=True)] == (
        [middle] * 4
    )
    # What is in it is spread over all of it.
    assert all(row.strip("\u2800 ┌─┐│└┘") for row in rows)


def test_without_anything_to_show_there_is_no_map() -> None:
    assert minimap(Drawing(), Area(0, 0, 9, 9), 24, 8) == ()
    small = draw(compose(build(branches(1, 2).snapshot()), Wish(80, 24, 1)))
    assert minimap(small, Area(0, 0, 9, 9), 2, 8) == ()
