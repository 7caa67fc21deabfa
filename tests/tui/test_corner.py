"""The small picture of a large drawing."""

from __future__ import annotations

from tests.canvas_labs import fat_tree, switch, two_hosts
from tests.tui.canvas_bench import CanvasBench, namespace, shown
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.widget import Canvas


async def test_it_is_shown_where_there_is_more_than_fits_and_a_click_goes_there() -> (
    None
):
    app = CanvasBench(fat_tree().snapshot())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("plus", "plus")
        canvas = app.canvas
        place = canvas._map()
        assert place is not None
        assert "┌" in shown(app)
        canvas.scroll_to(0, 0, animate=False, immediate=True)
        await pilot.pause()
        region, _ = canvas._map() or place
        corner = (region.right - 1, region.bottom - 1)
        await pilot.click(Canvas, offset=(corner[0] + 1, corner[1] + 1))
        assert canvas.scroll_x > 0
        canvas.turn_map()
        assert canvas._map() is None


async def test_it_never_covers_the_selection() -> None:
    app = CanvasBench(fat_tree().snapshot())
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("plus", "plus")
        for item in list(app.canvas.drawing.boxes):
            app.canvas.selected = item
            await pilot.pause()
            found = app.canvas._map()
            assert found is not None
            box = app.canvas.drawing.boxes[item]
            left, top = app.canvas._origin
            cells = {(box.x + left, box.y + top)}
            cells |= {(box.x + left + box.width - 1, box.y + top + box.height - 1)}
            assert not any(found[0].contains(*cell) for cell in cells), item


async def test_it_stands_in_the_emptiest_corner() -> None:
    app = CanvasBench(switch(12).snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.choices = Choices(most=100)
        await pilot.press("plus", "plus")
        found = app.canvas._map()
        assert found is not None
        place = found[0]
        left, top = place.offset - app.canvas._origin
        under = {
            app.canvas.drawing.at(left + x, top + y)
            for x in range(place.width)
            for y in range(place.height)
        }
        assert under == {None}


async def test_a_drawing_that_fits_has_none() -> None:
    app = CanvasBench(two_hosts().snapshot())
    async with app.run_test(size=(100, 30)):
        app.canvas.selected = namespace("red")
        assert app.canvas._map() is None
