"""The small picture of a large drawing."""

from __future__ import annotations

import pytest
from textual.geometry import Region

from tests.canvas_labs import branches, fat_tree, switch, two_hosts
from tests.tui.bench import opened
from tests.tui.canvas_bench import CanvasBench, namespace, shown
from tuilab.model import generate
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


@pytest.mark.parametrize("size", [(100, 30), (80, 24), (60, 16)])
async def test_it_never_hides_a_node(size) -> None:
    app = CanvasBench(fat_tree().snapshot())
    async with app.run_test(size=size) as pilot:
        shown = 0
        for key in ("", "plus", "plus"):
            if key:
                await pilot.press(key)
            canvas = app.canvas
            for item in list(canvas.drawing.boxes):
                canvas.selected = item
                await pilot.pause()
                if (found := canvas._map()) is None:
                    continue
                shown += 1
                for node, (x, y, wide, tall) in canvas.drawing.boxes.items():
                    box = Region(x, y, wide, tall).translate(canvas._origin)
                    assert not found[0].overlaps(box), (item, node)
        assert shown


async def test_in_a_pane_of_few_rows_more_must_be_out_of_sight() -> None:
    async with opened(generate.fat_tree(4), size=(80, 24)) as bench:
        canvas = bench.main.canvas
        assert 0.5 < canvas.portion < 0.75
        assert canvas._map() is None
        await bench.press("N")
        assert canvas._map() is not None


async def test_asked_for_it_finds_a_place_where_nodes_are_everywhere() -> None:
    """The selection stays in sight; asked once more, it goes."""
    topology = branches(10, 19).topology()
    async with opened(topology, size=(160, 48)) as bench:
        canvas = bench.main.canvas
        assert canvas.portion < 1
        assert canvas._map() is None  # by itself it hides no node
        some = list(canvas.drawing.boxes)
        for item in (some[0], some[-1], *some[1::40]):
            bench.main.select(item)
            canvas.show_item(item)
            await bench.press("N")
            found = canvas._map()
            assert found is not None, item
            assert "┌" in bench.text
            place, area = found[0], canvas.drawing.boxes[item]
            assert not place.overlaps(Region(*area).translate(canvas._origin))
            await bench.press("N")
            assert canvas._map() is None


async def test_it_is_said_why_there_can_be_none() -> None:
    async with opened(two_hosts().topology(), size=(100, 30)) as bench:
        await bench.press("N")
        assert bench.toasts == ["all of the drawing is in sight"]
    async with opened(fat_tree().topology(), size=(80, 24)) as bench:
        await bench.press("plus", "plus", "i")
        bench.main.canvas.styles.height = 8
        await bench.idle()
        await bench.press("N")
        assert bench.toasts[-1] == "the pane is too small for an overview"


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
