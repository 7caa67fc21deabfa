"""The small menu of what can be done, by mouse and by keys."""

from __future__ import annotations

import pytest
from textual.geometry import Offset, Region

from tests.canvas_labs import switch as fan
from tests.tui.bench import Bench, opened
from tests.tui.labs import BR0, router, switch, two_hosts
from tuilab.model.topology import HOST
from tuilab.tui.actions import ACTIONS, Context
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.graph import Item
from tuilab.tui.moves import MOVES
from tuilab.tui.screens.menu import (
    ON_NOTHING,
    ON_ONE,
    ON_PACKETS,
    ON_ROW,
    ON_SEVERAL,
    Menu,
    MenuScreen,
)

RED, BRIDGE = Item("namespace", "red"), Item("bridge", HOST, BR0.ifname)


def place(bench: Bench, item: Item) -> tuple[int, int]:
    """Where an item is on the screen."""
    canvas = bench.main.canvas
    box = canvas.drawing.boxes[item]
    corner = canvas.content_region.offset + canvas._origin
    return corner.x + box.x + 1, corner.y + box.y + 1


async def test_every_entry_is_in_the_table() -> None:
    assert {*ON_NOTHING, *ON_ONE, *ON_SEVERAL, *ON_ROW, *ON_PACKETS} <= {
        *ACTIONS,
        *MOVES,
    }


async def test_a_right_click_opens_it_where_it_was_and_a_click_runs_an_entry() -> None:
    async with opened(switch()) as bench:
        await bench.pilot.click(offset=place(bench, RED), button=3)
        await bench.until(lambda: isinstance(bench.app.screen, MenuScreen))
        assert bench.main.selected == RED
        menu = bench.app.screen.query_one(Menu)
        assert menu.border_title == "red"
        entry = menu.region.offset + Offset(3, 1 + ON_ONE.index("edit"))
        await bench.pilot.click(offset=entry)
        await bench.until(lambda: not isinstance(bench.app.screen, MenuScreen))
        await bench.idle()
        assert bench.in_dialog
        assert "Edit" in bench.app.screen.title_text


async def test_a_click_beside_it_or_esc_closes_it() -> None:
    async with opened(switch()) as bench:
        for close in ("click", "escape"):
            await bench.pilot.click(offset=place(bench, RED), button=3)
            await bench.until(lambda: isinstance(bench.app.screen, MenuScreen))
            if close == "click":
                await bench.pilot.click(offset=(1, 22))
            else:
                await bench.press(close)
            await bench.until(lambda: not bench.in_dialog)
        assert not bench.lab.snapshot.history.edits


async def test_on_empty_space_it_adds_and_nothing_stays_selected() -> None:
    async with opened(switch()) as bench:
        bench.main.select(RED)
        canvas = bench.main.canvas
        corner = canvas.content_region.offset
        await bench.pilot.click(offset=corner + Offset(1, 1), button=3)
        await bench.until(lambda: isinstance(bench.app.screen, MenuScreen))
        assert bench.main.selected is None
        assert "add namespace" in bench.text
        await bench.press("down", "enter")
        assert "bridge" in bench.app.screen.title_text.lower()


async def test_the_key_opens_it_beside_the_selection_and_keys_of_entries_work() -> None:
    async with opened(switch(), size=(160, 48)) as bench:
        bench.main.select(RED, BRIDGE)
        await bench.press("full_stop")
        menu = bench.app.screen.query_one(Menu)
        assert menu.border_title == "2 selected"
        assert [str(name) for name in menu._names] == [*ON_SEVERAL]
        await bench.press("x")
        assert not bench.in_dialog
        down = {str(end) for end, link in bench.topology.links() if not link.up}
        assert down == {"host:br0", "red:eth0"}


async def test_what_can_not_be_done_says_why() -> None:
    async with opened(router(), size=(120, 36)) as bench:
        bench.main.select(Item("namespace", "r1"))
        await bench.press("full_stop")
        assert "has 2 links" in bench.text
        await bench.press("x")
        assert any('"r1" has 2 links' in toast for toast in bench.toasts)


async def test_it_stays_on_the_screen_at_any_size() -> None:
    async with opened(switch(), size=(80, 24)) as bench:
        bench.main.select(RED)
        await bench.press("full_stop")
        for width, height in ((80, 24), (60, 15), (30, 8)):
            await bench.pilot.resize_terminal(width, height)
            await bench.idle()
            region = bench.app.screen.query_one(Menu).region
            assert bench.app.screen.region.contains_region(region)


async def test_f_folds_and_unfolds_and_says_where_there_is_nothing_to_fold() -> None:
    async with opened(fan(12).topology(), size=(160, 48)) as bench:
        canvas = bench.main.canvas
        grid = next(item for item in canvas.drawing.boxes if item.kind == "grid")
        bench.main.select(Item("namespace", "h3"))
        await bench.press("f")
        assert grid not in canvas.drawing.boxes
        assert canvas.selected == Item("namespace", "h3")
        await bench.press("f")
        assert grid in canvas.drawing.boxes
        assert canvas.selected == Item("namespace", "h3")
        assert not bench.lab.snapshot.history.edits
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("f")
        assert any("nothing to fold" in toast for toast in bench.toasts)


@pytest.mark.parametrize("level", LEVELS)
async def test_what_was_unfolded_is_in_sight_above_the_scroll_bar(level: int) -> None:
    async with opened(fan(100).topology()) as bench:
        canvas = bench.main.canvas
        canvas.zoom_to(level)
        bench.main.select(Item("namespace", "h6"))
        await bench.press("f")
        assert canvas.portion < 1
        seen = canvas.scrollable_content_region.at_offset(canvas.scroll_offset)
        assert seen.contains_region(Region(*canvas.drawing.boxes[canvas.selected]))


async def test_a_menu_knows_only_what_is_selected() -> None:
    async with opened(switch()) as bench:
        context = bench.main.context()
        assert isinstance(context, Context)
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("full_stop")
        assert "move" not in bench.app.screen.query_one(Menu)._names


async def test_a_row_of_the_inspector_has_a_menu_of_its_own() -> None:
    async with opened(two_hosts(), size=(120, 36)) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("i", "i", "enter", "slash", *"10.0.0", "enter", "down")
        assert bench.main.row is not None
        await bench.press("full_stop")
        menu = bench.app.screen.query_one(Menu)
        assert [*menu._names] == [*ON_ROW]
        assert menu.region.y == bench.main.inspector.below_cursor.y
        await bench.press("e")
        assert "Edit red:eth0" in bench.text


async def test_the_list_of_packets_has_one_too() -> None:
    async with opened(two_hosts()) as bench:
        await bench.press("1", "full_stop")
        assert "only its conversation" in bench.text
        await bench.press("c")
        assert "List packets" in bench.app.screen.title_text
