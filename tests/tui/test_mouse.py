"""All that a person does to a drawing, with the mouse alone, at every size."""

from __future__ import annotations

import pytest
from textual.geometry import Offset

from tests.canvas_labs import fat_tree
from tests.canvas_labs import switch as fan
from tests.tui.bench import Bench, opened
from tests.tui.labs import switch, two_hosts
from tests.tui.mouse import Mouse
from tuilab.model.topology import HOST, Endpoint, Veth
from tuilab.tui.canvas.graph import Item

SIZES = ((80, 24), (120, 36), (160, 48), (250, 70))
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")

RED, BLUE = Item("namespace", "red"), Item("namespace", "blue")
BRIDGE = Item("bridge", HOST, "br0")


def port(namespace: str, ifname: str) -> Item:
    return Item("link", namespace, ifname)


def far_end(bench: Bench, namespace: str, ifname: str) -> Endpoint | None:
    link = bench.topology.link(Endpoint(namespace, ifname))
    return link.peer if isinstance(link, Veth) else None


@sizes
async def test_a_lab_is_built_changed_and_undone(size: tuple[int, int]) -> None:
    async with opened(size=size) as bench:
        mouse = Mouse(bench)
        await mouse.click("Add the first namespace")
        await mouse.click("[ Create")
        await mouse.click("n ns")
        await mouse.click("[ Create")
        await mouse.click("b bridge")
        await mouse.click("[ Create")
        assert set(bench.main.canvas.drawing.boxes) == {RED, BLUE, BRIDGE}
        # From box to box with ctrl, from port to port without.
        for node in (RED, BLUE):
            await mouse.drag(node, BRIDGE, control=True)
            await mouse.click("[ Create")
        assert bench.topology.link(Endpoint("blue", "eth0")) is not None
        await mouse.drag(port("red", "eth0"), port("blue", "eth0"))
        await mouse.click("[ Create")
        between = far_end(bench, "red", "eth1")
        assert between == Endpoint("blue", "eth1")
        # Several at once: by clicks, then by a box.
        await mouse.click(RED)
        await mouse.click(BLUE, shift=True)
        assert bench.main.selection == (RED, BLUE)
        await mouse.menu(BLUE, "duplicate it")
        assert {"red2", "blue2"} <= set(bench.topology.namespaces)
        await mouse.click("4 Undo")
        await mouse.click("add cable red:eth1", times=2)
        assert "red2" not in bench.topology.namespaces
        await mouse.menu(RED, "copy this part")
        await mouse.menu(mouse.nowhere, "paste the part")
        assert "red2" in bench.topology.namespaces
        await mouse.menu(mouse.nowhere, "undo the last edit")
        # What goes with it is shown before it goes.
        await mouse.menu(RED, "delete it")
        assert "This goes with it" in bench.text
        assert "veth red:eth0" in bench.text
        await mouse.click("[ Remove")
        assert "red" not in bench.topology.namespaces
        await mouse.menu(mouse.nowhere, "undo the last edit")
        assert far_end(bench, "red", "eth1") == between
        assert not bench.in_dialog


@sizes
async def test_what_a_menu_has_begun_is_gone_on_with_by_mouse(
    size: tuple[int, int],
) -> None:
    async with opened(switch(), size=size) as bench:
        mouse = Mouse(bench)
        # An end that is marked, and a click on the other end.
        await mouse.menu(RED, "mark an end")
        await mouse.click(BLUE)
        assert "Add veth pair" in bench.text
        await mouse.click("[ Cancel")
        assert bench.main.marked is None
        await mouse.menu(RED, "mark an end")
        await mouse.click(mouse.nowhere)
        assert bench.main.marked is None
        assert not bench.in_dialog
        # A node that is moved, and a click where it is to stand.
        boxes = bench.main.canvas.drawing.boxes
        first, last = sorted((RED, BLUE), key=lambda item: boxes[item].x)
        row = boxes[first].y
        await mouse.menu(first, "move and pin it")
        await mouse.click(mouse.at(last) + Offset(boxes[last].width // 2, 0))
        boxes = bench.main.canvas.drawing.boxes
        assert boxes[last].x < boxes[first].x
        assert boxes[first].y == boxes[last].y == row
        assert [*bench.topology.layout] == [str(first)]
        await mouse.menu(first, "let the drawing place it")
        assert not bench.topology.layout
        # A box that is begun by the menu, and dragged.
        await mouse.menu(mouse.nowhere, "select with a box")
        canvas = bench.main.canvas.content_region
        await mouse.drag(canvas.offset, canvas.bottom_right - Offset(1, 1))
        assert {RED, BLUE, BRIDGE} <= set(bench.main.selection)


@sizes
async def test_a_node_is_dragged_elsewhere_and_undo_puts_it_back(
    size: tuple[int, int],
) -> None:
    async with opened(switch(), size=size) as bench:
        mouse = Mouse(bench)
        before = dict(bench.main.canvas.drawing.boxes)
        await mouse.drag(RED, mouse.at(BLUE) + Offset(before[BLUE].width // 2, 0))
        assert [*bench.topology.layout] == ["red"]
        after = bench.main.canvas.drawing.boxes
        assert (after[RED].x > after[BLUE].x) != (before[RED].x > before[BLUE].x)
        await mouse.menu(mouse.nowhere, "undo the last edit")
        assert bench.main.canvas.drawing.boxes == before


@sizes
async def test_a_large_lab_is_walked_about_in(size: tuple[int, int]) -> None:
    async with opened(fat_tree().topology(), size=size) as bench:
        mouse, canvas = Mouse(bench), bench.main.canvas
        item = [*canvas.drawing.boxes][3]
        await mouse.wheel(item, -1, 3)
        assert canvas.level == 0
        where = mouse.at(item)
        await mouse.wheel(where, 1)
        assert canvas.level == 1
        if canvas.max_scroll_x:
            # What does not fit stays below the pointer; what fits is in the middle.
            assert abs(mouse.at(item).x - where.x) <= 2
        await mouse.wheel(where, 1, 2)
        if canvas.portion < 1:
            before = canvas.scroll_offset
            step = (-9, -3) if before == (0, 0) else (9, 3)
            start = mouse.nowhere
            await mouse.drag(start, start + Offset(*step))
            assert canvas.scroll_offset != before
        await mouse.menu(mouse.nowhere, "fit the pane")
        assert canvas.fitted


@sizes
async def test_leaves_are_folded_and_unfolded(size: tuple[int, int]) -> None:
    async with opened(fan(12).topology(), size=size) as bench:
        mouse, canvas = Mouse(bench), bench.main.canvas
        grid = next(item for item in canvas.drawing.boxes if item.kind == "grid")
        await mouse.menu(grid, "fold or unfold")
        assert grid not in canvas.drawing.boxes
        bridge = next(item for item in canvas.drawing.boxes if item.kind == "bridge")
        await mouse.menu(bridge, "fold or unfold")
        assert grid in canvas.drawing.boxes
        assert not bench.lab.snapshot.history.edits


@sizes
async def test_the_inspector_is_read_folded_and_edited(size: tuple[int, int]) -> None:
    async with opened(two_hosts(), size=size) as bench:
        mouse, inspector = Mouse(bench), bench.main.inspector
        await mouse.click(RED, times=2)
        assert inspector.display
        corner = inspector.content_region.offset
        rows = inspector.plain_text.splitlines()
        await mouse.click(corner + Offset(0, rows.index("▾ Links (1)")))
        assert "▸ Links" in inspector.plain_text
        await mouse.click(corner + Offset(0, rows.index("▾ Links (1)")))
        at = next(i for i, row in enumerate(rows) if "eth0" in row)
        await mouse.click(corner + Offset(4, at))
        rows = inspector.plain_text.splitlines()
        at = next(i for i, row in enumerate(rows) if "10.0.0.1/24" in row)
        await mouse.menu(
            corner + Offset(6, at - inspector.scroll_offset.y), "edit the row"
        )
        assert "Edit red:eth0" in bench.text
        await mouse.click("F1 field help")
        assert any("ddress" in toast for toast in bench.toasts)
        await mouse.click("[ Cancel")
        await mouse.wheel(corner + Offset(1, 1), -1, 20)
        assert inspector.scroll_offset.y == inspector.max_scroll_y
        await mouse.menu(corner + Offset(1, 1), "inspector on or off")
        assert not inspector.display


@sizes
async def test_the_list_is_folded_and_edited(size: tuple[int, int]) -> None:
    async with opened(two_hosts(), size=size) as bench:
        mouse, outline = Mouse(bench), bench.main.outline
        await mouse.menu(mouse.nowhere, "drawing or list")
        await mouse.click("▾ red")
        assert "▸ red" in bench.text
        await mouse.click("▸ red")
        await mouse.menu(outline.content_region.offset + Offset(3, 1), "mark an end")
        await mouse.menu("blue: ", "mark an end")
        await mouse.click("[ Create")
        peer = far_end(bench, "red", "eth1")
        assert peer == Endpoint("blue", "eth1")


@sizes
async def test_tabs_palette_help_and_leaving(size: tuple[int, int]) -> None:
    async with opened(two_hosts(), size=size) as bench:
        mouse = Mouse(bench)
        for number, name in enumerate(("Packets", "Log", "Ping", "Undo"), 1):
            await mouse.click(f"{number} {name}")
            assert bench.main.bottom.tab == name.lower()
        await mouse.click("? keys")
        await mouse.click("[ Cancel")
        await mouse.click(": cmd")
        assert bench.in_dialog
        await mouse.click("[ Cancel")
        assert not bench.in_dialog
        await mouse.click(": cmd")
        await mouse.click("Build: add bridge", times=2)
        assert "Add bridge" in bench.text
        await mouse.click("[ Cancel")
        assert not bench.in_dialog
        assert not bench.lab.snapshot.history.edits
