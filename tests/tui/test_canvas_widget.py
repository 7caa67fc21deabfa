"""The canvas as a person meets it: keys, mouse, and what goes to the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.events import MouseScrollUp
from textual.geometry import Offset, Region

from tests.canvas_labs import (
    Sketch,
    branches,
    fat_tree,
    gateway,
    odd,
    snapshot,
    switch,
    two_hosts,
    two_subnets,
)
from tests.tui.canvas_bench import CanvasBench, cell, namespace, shown
from tuilab.lab.snapshot import Live
from tuilab.model.edits import Rename
from tuilab.model.topology import HOST, Endpoint
from tuilab.plan.history import Edit, History
from tuilab.tui.actions import KEYS
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import STYLES
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.tracing import middle
from tuilab.tui.canvas.widget import Canvas


async def test_an_empty_lab_shows_the_card() -> None:
    app = CanvasBench(Sketch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Add the first namespace" in shown(app)
        await pilot.press("down", "p", "enter", "space", "plus", "0", "c")
        assert app.canvas.selected is None
        app.canvas.snapshot = two_hosts().snapshot()
        await pilot.pause()
        assert "Add the first" not in shown(app)
        assert "red" in shown(app)


@pytest.mark.parametrize(
    ("size", "level"), [((80, 24), 2), ((160, 48), 3), ((64, 16), 1)]
)
async def test_as_much_detail_as_fits(size: tuple[int, int], level: int) -> None:
    app = CanvasBench(two_subnets().snapshot())
    async with app.run_test(size=size):
        assert app.canvas.level == level
        assert app.canvas.fitted
        assert "pc11" in shown(app)
        assert app.canvas.max_scroll_x == app.canvas.max_scroll_y == 0


async def test_keys_walk_from_node_to_node() -> None:
    app = CanvasBench(two_subnets().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down")
        assert app.canvas.selected == namespace(HOST)
        await pilot.press("down", "j")
        assert app.canvas.selected == Item("bridge", HOST, "br1")
        await pilot.press("right", "down", "h")
        assert app.canvas.selected == namespace("pc21")
        assert "▐pc21▌" in shown(app)
        assert [m.item for m in app.said if isinstance(m, Canvas.Selected)] == [
            namespace(HOST),
            namespace("r1"),
            Item("bridge", HOST, "br1"),
            Item("bridge", HOST, "br2"),
            namespace("pc22"),
            namespace("pc21"),
        ]
        await pilot.press("enter")
        last = app.said[-1]
        assert isinstance(last, Canvas.Opened)
        assert last.item == namespace("pc21")


async def test_ports_of_a_node_can_be_walked() -> None:
    app = CanvasBench(odd().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.zoom_to(2)
        app.canvas.selected = namespace("a")
        await pilot.press("p")
        assert app.canvas.selected == Item("link", "a", "eth0")
        await pilot.press("down", "down")
        assert app.canvas.selected == Item("link", "a", "eth2")
        await pilot.press("escape")
        assert app.canvas.selected == namespace("a")


async def test_a_drag_from_the_name_of_a_port_makes_a_cable() -> None:
    app = CanvasBench(odd().snapshot())
    async with app.run_test(size=(120, 40)) as pilot:
        app.canvas.zoom_to(2)
        drawing = app.canvas.drawing
        item = Item("link", "c", "port0")
        found = drawing.port_of(item)
        assert found is not None
        spot = found[1]
        name = spot.x + 2
        assert drawing.at(name, spot.y) == item
        left, top = app.canvas._origin
        x, y = left + name + 1, top + spot.y + 1
        await pilot.mouse_down(Canvas, offset=(x, y))
        await pilot.hover(Canvas, offset=(x, y + 2))
        assert "cable c:port0" in app.canvas.tool_words
        await pilot.press("escape")


async def test_two_marks_ask_for_a_cable() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("h1")
        await pilot.press("space")
        assert app.canvas.marked == namespace("h1")
        await pilot.press("right")
        assert "◆h1◆" in shown(app)
        await pilot.press("space")
        last = app.said[-1]
        assert isinstance(last, Canvas.ConnectRequested)
        assert (last.a, last.b) == (namespace("h1"), namespace("h2"))
        assert app.canvas.marked is None
        await pilot.press("space", "escape")
        assert app.canvas.marked is None


async def test_zoom_fit_and_pan() -> None:
    app = CanvasBench(two_subnets().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("pc23")
        await pilot.press("plus")
        assert app.canvas.level == 3
        assert not app.canvas.fitted
        assert "pc23" in shown(app)  # what is selected stays in sight
        assert "pc11" not in shown(app)
        await pilot.press("plus")
        assert app.canvas.level == 3
        for _ in range(30):
            await pilot.press("H")
        assert app.canvas.scroll_x == 0
        assert "pc11" in shown(app)
        await pilot.press("c")
        assert "pc23" in shown(app)
        await pilot.press("minus", "minus")
        assert app.canvas.level == 1
        await pilot.press("0")
        assert app.canvas.level == 2
        assert app.canvas.fitted
        zoomed = [m for m in app.said if isinstance(m, Canvas.Zoomed)]
        assert (zoomed[-1].level, zoomed[-1].fitted) == (2, True)


async def test_a_walk_scrolls_along() -> None:
    app = CanvasBench(switch(30).snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.choices = Choices(most=30)
        app.canvas.zoom_to(1)
        app.canvas.selected = namespace("h1")
        for _ in range(29):
            await pilot.press("down")
        assert app.canvas.selected == namespace("h30")
        assert "▐h30▌" in shown(app)
        assert app.canvas.scroll_y > 0


async def test_the_mouse_selects_opens_and_asks_for_the_menu() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        h2 = namespace("h2")
        await pilot.click(Canvas, offset=cell(app, h2))
        assert app.canvas.selected == h2
        await pilot.click(Canvas, offset=cell(app, h2), times=2)
        assert any(isinstance(m, Canvas.Opened) and m.item == h2 for m in app.said)
        h3 = namespace("h3")
        await pilot.click(Canvas, offset=cell(app, h3), button=3)
        last = app.said[-1]
        assert isinstance(last, Canvas.MenuRequested)
        assert last.item == h3 == app.canvas.selected
        await pilot.click(Canvas, offset=(2, 2))
        assert app.canvas.selected is None


async def test_a_click_on_a_cable_or_a_port_selects_it() -> None:
    app = CanvasBench(two_hosts().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        cable = Item("cable", "blue", "eth0", Endpoint("red", "eth0"))
        left, top = app.canvas._origin
        x, y = middle(app.canvas.drawing.ways[cable])
        await pilot.click(Canvas, offset=(left + x + 1, top + y + 1))
        assert app.canvas.selected == cable
        assert "━" in shown(app)
        (port,) = app.canvas.drawing.ports[namespace("red")]
        await pilot.click(Canvas, offset=(left + port.x + 1, top + port.y + 1))
        assert app.canvas.selected == Item("link", "red", "eth0")


async def test_a_drag_from_node_to_node_asks_for_a_cable() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        # With a modifier: a plain drag of a box moves it.
        await pilot.mouse_down(Canvas, offset=cell(app, namespace("h1")), control=True)
        await pilot.hover(Canvas, offset=cell(app, namespace("h3")))
        assert app.canvas.marked == namespace("h1")
        assert "h2" in shown(app)  # the line that is drawn goes on behind it
        await pilot.mouse_up(Canvas, offset=cell(app, namespace("h3")))
        asked = [m for m in app.said if isinstance(m, Canvas.ConnectRequested)]
        assert [(m.a, m.b) for m in asked] == [(namespace("h1"), namespace("h3"))]
        assert app.canvas.marked is None


async def test_a_drag_on_empty_space_pans() -> None:
    app = CanvasBench(fat_tree().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("plus", "plus")
        app.canvas.scroll_to(0, 0, animate=False, immediate=True)
        top = app.canvas.drawing.at
        left, row = next(
            (x, y) for y in range(5, 20) for x in range(30, 60) if top(x, y) is None
        )
        await pilot.mouse_down(Canvas, offset=(left + 1, row + 1))
        await pilot.hover(Canvas, offset=(left - 19, row - 1))
        await pilot.mouse_up(Canvas, offset=(left - 19, row - 1))
        assert app.canvas.scroll_offset == (20, 2)


async def test_the_wheel_zooms_at_the_pointer() -> None:
    app = CanvasBench(two_subnets().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        at = cell(app, namespace("pc22"))
        assert await pilot._post_mouse_events(
            [MouseScrollUp],
            Canvas,
            offset=at,
            button=0,
        )
        await pilot.pause()
        assert app.canvas.level == 3
        assert abs(cell(app, namespace("pc22"))[0] - at[0]) <= 1
        assert "pc22" in shown(app)


async def test_without_a_selection_what_is_in_the_middle_is_zoomed_at() -> None:
    app = CanvasBench(fat_tree().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        canvas = app.canvas
        await pilot.press("plus")
        assert canvas.level == 2
        canvas.scroll_to(45, 9, animate=False, immediate=True)
        await pilot.pause()
        centre = Offset(canvas.size.width // 2, canvas.size.height // 2)
        node = canvas.nearest(centre - canvas._origin)
        await pilot.press("plus")
        await pilot.pause()
        assert canvas.level == 3
        x, y = cell(app, node)
        assert abs(x - centre.x) <= 2
        assert 0 <= y < canvas.size.height
        assert canvas.selected is None


async def test_the_selection_survives_edits_and_follows_renames() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)):
        canvas = app.canvas
        canvas.selected = namespace("h2")
        canvas.snapshot = switch().cable("h9", "host/br0").snapshot()
        assert canvas.selected == namespace("h2")
        place = canvas.drawing.boxes[namespace("h2")].x
        renamed = switch().cable("h9", "host/br0")
        renamed.namespaces = {
            {"h2": "xx"}.get(name, name): {
                ifname: replace(link, peer=Endpoint("xx", "eth0"))
                if getattr(link, "peer", None) == Endpoint("h2", "eth0")
                else link
                for ifname, link in links.items()
            }
            for name, links in renamed.namespaces.items()
        }
        canvas.follow([Rename("h2", "xx")])
        canvas.snapshot = renamed.snapshot()
        assert canvas.selected == namespace("xx")
        assert canvas.drawing.boxes[namespace("xx")].x == place


async def test_a_rename_in_the_history_is_followed_both_ways() -> None:
    old, new = Sketch().cable("red", "blue"), Sketch().cable("rot", "blue")
    lab = old.topology()
    start = History(lab)
    later = start.after(Edit("rename", new.topology(), (Rename("red", "rot"),)))
    app = CanvasBench(replace(old.snapshot(), history=start))
    async with app.run_test(size=(80, 24)):
        canvas = app.canvas
        canvas.selected = Item("link", "red", "eth0")
        canvas.snapshot = replace(new.snapshot(), history=later)
        assert canvas.selected == Item("link", "rot", "eth0")
        canvas.snapshot = replace(old.snapshot(), history=later.moved(0))
        assert canvas.selected == Item("link", "red", "eth0")


async def test_what_is_not_drawn_can_be_selected_all_the_same() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)):
        app.canvas.selected = namespace(HOST)  # say, in the list beside
        app.canvas.snapshot = switch(4).snapshot()
        assert app.canvas.selected == namespace(HOST)


async def test_what_is_gone_is_no_longer_selected() -> None:
    app = CanvasBench(odd().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        canvas = app.canvas
        canvas.selected = Item("link", "a", "eth2")
        canvas.snapshot = Sketch().cable("a", "b").snapshot()
        assert canvas.selected == namespace("a")
        canvas.snapshot = Sketch().cable("c", "b").snapshot()
        await pilot.pause()
        assert canvas.selected is None
        last = app.said[-1]
        assert isinstance(last, Canvas.Selected)
        assert last.item is None


async def test_only_what_differs_is_repainted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = fat_tree().topology()
    app = CanvasBench(snapshot(lab))
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        painted: list[Region] = []
        refresh = Canvas.refresh

        def spy(self: Canvas, *regions: Region, **kwargs: bool) -> Canvas:
            painted.extend(regions or [self.size.region])
            return refresh(self, *regions, **kwargs)

        monkeypatch.setattr(Canvas, "refresh", spy)
        before = shown(app)
        live = {Endpoint("h5", "eth0"): Live("up", rx_bytes=5)}
        app.canvas.snapshot = snapshot(lab, live=live)
        assert not painted  # counters are not on the drawing
        live = {Endpoint("h5", "eth0"): Live("no-carrier")}
        app.canvas.snapshot = snapshot(lab, live=live)
        assert 0 < sum(region.area for region in painted) < 40
        after = shown(app)
        for y, (one, other) in enumerate(
            zip(before.split("\n"), after.split("\n"), strict=True)
        ):
            width = max(len(one), len(other))
            for x in range(width):
                if one.ljust(width)[x] != other.ljust(width)[x]:
                    assert any(region.contains(x, y) for region in painted)


async def test_a_large_lab_is_laid_out_beside_the_loop_and_the_old_one_stands() -> None:
    sketch = switch(200)
    app = CanvasBench(sketch.snapshot())
    async with app.run_test(size=(100, 30)) as pilot:
        canvas = app.canvas
        canvas.selected = namespace("h7")
        before = canvas.drawing
        sketch.cable("new", "host/br0")
        canvas.snapshot = sketch.snapshot()
        assert canvas.drawing is before
        sketch.cable("newer", "host/br0")
        canvas.snapshot = sketch.snapshot()
        canvas.selected = namespace("newer")
        while namespace("newer") not in canvas.drawing.boxes:
            await pilot.pause()
        assert namespace("new") in canvas.drawing.boxes
        assert canvas.selected == namespace("newer")
        assert "newer" in shown(app)
        # What has been folded or zoomed since holds.
        sketch.cable("newest", "host/br0")
        canvas.snapshot = sketch.snapshot()
        canvas.zoom_to(3)
        while namespace("newest") not in canvas.drawing.boxes:
            await pilot.pause()
        assert canvas.level == 3


async def test_colours_need_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = CanvasBench(gateway().snapshot())
    async with app.run_test(size=(60, 15)) as pilot:
        assert app.no_color
        await pilot.press("down", "p", "space", "escape", "escape", "plus", "L", "0")
        for y in range(app.canvas.size.height):
            assert all(
                segment.style is not None for segment in app.canvas.render_line(y)
            )
        app.canvas.snapshot = Sketch().snapshot()
        await pilot.pause()
        for y in range(app.canvas.size.height):
            assert all(
                segment.style is not None for segment in app.canvas.render_line(y)
            )


async def test_ascii_only() -> None:
    app = CanvasBench(two_subnets().snapshot(), ascii_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "space", "down", "p")
        assert shown(app).isascii()


async def test_every_theme_paints_every_style() -> None:
    app = CanvasBench(odd().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        for theme in ("textual-dark", "textual-light", "ansi-dark", "ansi-light"):
            app.theme = theme
            await pilot.pause()
            assert "lonely" in shown(app)
            looks = {name: app.canvas._look(name) for name in STYLES}
            background = looks["space"].bgcolor
            for name, look in looks.items():
                if name not in ("space", "selected"):
                    assert look.color is not None, (theme, name)
                    own = look.color.is_default  # the terminal's own text colour
                    assert own or look.color != background, (theme, name)
            assert looks["selected"].reverse
            assert looks["up"].color != looks["down"].color


async def test_navigation_keys_have_ids_and_can_be_changed() -> None:
    assert all(binding.id in KEYS.by_id for binding in Canvas.BINDINGS)  # type: ignore[union-attr]
    app = CanvasBench(two_hosts().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.set_keymap({"canvas.right": "f5"})
        await pilot.press("f5", "f5")
        assert app.canvas.selected == namespace("blue")


async def test_a_smaller_pane_keeps_the_selection_in_sight() -> None:
    app = CanvasBench(branches(4, 4).snapshot())
    async with app.run_test(size=(160, 40)) as pilot:
        app.canvas.zoom_to(1)
        app.canvas.selected = namespace("h33")
        await pilot.resize_terminal(60, 15)
        await pilot.pause()
        assert "▐h33▌" in shown(app)


async def test_a_drawing_stands_still_while_what_is_selected_is_in_sight() -> None:
    app = CanvasBench(fat_tree().snapshot())
    async with app.run_test(size=(60, 20)) as pilot:
        canvas = app.canvas
        canvas.zoom_to(2)
        await pilot.pause()
        width, height = canvas.scrollable_content_region.size
        stood = moved = 0
        for item, box in canvas.drawing.boxes.items():
            for out in (0, 1):
                canvas.select(None)
                at = Offset(box.x + box.width - width, box.y + box.height - height)
                canvas.scroll_to(*(at - (out, 0)), animate=False, immediate=True)
                before = canvas.scroll_offset
                canvas.select(item)
                x, y = canvas.scroll_offset
                if before == at:
                    assert (x, y) == before
                    stood += 1
                elif before == at - (1, 0):
                    assert (x, y) == (min(at.x + 2, canvas.max_scroll_x), at.y)
                    moved += 1
                assert Region(*box) in Region(x, y, width, height)
        assert stood
        assert moved


async def test_of_a_node_as_tall_as_the_pane_its_head_is_enough() -> None:
    app = CanvasBench(branches(10, 19).snapshot())
    async with app.run_test(size=(110, 24)) as pilot:
        canvas = app.canvas
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        groups = [
            (it, box) for it, box in canvas.drawing.boxes.items() if it.kind == "grid"
        ]
        item, box = groups[-1]
        assert box.height > canvas.size.height // 2
        canvas.scroll_to(0, 0, animate=False, immediate=True)
        assert box.y + box.height > canvas.size.height
        canvas.select(item)
        assert canvas.scroll_offset.y == 0
