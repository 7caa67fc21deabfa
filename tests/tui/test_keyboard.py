"""All that a person does to a lab, with the keyboard alone, at every size."""

from __future__ import annotations

import pytest

from tests.canvas_labs import fat_tree
from tests.canvas_labs import switch as fan
from tests.tui.bench import Bench, opened
from tests.tui.labs import switch, two_hosts
from tuilab.model.topology import HOST, Endpoint, Veth
from tuilab.tui.canvas.graph import Item

DRAWN = ((80, 24), (120, 36), (160, 48), (250, 70))
LISTED = (60, 15)
"""One pane at a time, and the list instead of the drawing."""


def sizes(*some: tuple[int, int]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "size", some, ids=lambda size: f"{size[0]}x{size[1]}"
    )


RED, BLUE = Item("namespace", "red"), Item("namespace", "blue")
BRIDGE = Item("bridge", HOST, "br0")


async def go(bench: Bench, name: str) -> None:
    """Select by name, as a person who knows what it is called."""
    await bench.press("slash")
    await bench.type(name)
    await bench.press("enter")


def far_end(bench: Bench, namespace: str, ifname: str) -> Endpoint | None:
    link = bench.topology.link(Endpoint(namespace, ifname))
    return link.peer if isinstance(link, Veth) else None


@sizes(LISTED, *DRAWN)
async def test_a_lab_is_built_changed_and_undone(size: tuple[int, int]) -> None:
    async with opened(size=size) as bench:
        await bench.press("n", "enter", "n", "enter", "b", "enter")
        for name in ("red", "blue"):
            await go(bench, name)
            await bench.press("space")
            await go(bench, "br0")
            await bench.press("space", "enter")
        assert far_end(bench, "blue", "eth0") == Endpoint(HOST, "port2")
        # Cables from one to the other, by the key of cables.
        await go(bench, "red")
        await bench.press("space")
        await go(bench, "blue")
        await bench.press("v", "enter")
        assert far_end(bench, "red", "eth1") == Endpoint("blue", "eth1")
        await go(bench, "red")
        await bench.press("D")
        assert "red2" in bench.topology.namespaces
        await go(bench, "red2")
        await bench.press("d", "enter")
        assert "red2" not in bench.topology.namespaces
        await go(bench, "host:br0")
        await bench.press("x")
        assert not bench.topology.link(Endpoint(HOST, "br0")).up
        await bench.press("u", "u", "u", "u")
        assert far_end(bench, "red", "eth1") is None
        await bench.press("U")
        assert far_end(bench, "red", "eth1") == Endpoint("blue", "eth1")
        assert not bench.in_dialog


@sizes(*DRAWN)
async def test_walking_boxing_moving_and_the_ports(size: tuple[int, int]) -> None:
    async with opened(switch(), size=size) as bench:
        canvas = bench.main.canvas
        await go(bench, "host:br0")
        await bench.press("down")
        first = bench.main.selected
        await bench.press("right")
        other = bench.main.selected
        if other == first:  # it was the right one
            await bench.press("left")
            other = bench.main.selected
        assert {first, other} == {RED, BLUE}
        await bench.press("p")
        assert bench.main.selected.kind == "link"
        await bench.press("escape")
        assert bench.main.selected == other
        await go(bench, "red")
        boxes = canvas.drawing.boxes
        way = "right" if boxes[RED].x < boxes[BLUE].x else "left"
        await bench.press("V", way, "enter")
        assert {*bench.main.selection} == {RED, BLUE}
        await go(bench, "red")
        await bench.press("m", way, way, "enter")
        assert [*bench.topology.layout] == ["red"]
        boxes = canvas.drawing.boxes
        assert (boxes[RED].x > boxes[BLUE].x) == (way == "right")
        await bench.press("m", "delete")
        assert not bench.topology.layout


@sizes(*DRAWN)
async def test_zoom_pan_jump_and_fold(size: tuple[int, int]) -> None:
    async with opened(fat_tree().topology(), size=size) as bench:
        canvas = bench.main.canvas
        await bench.press("minus", "minus", "minus")
        assert canvas.level == 0
        await bench.press("plus", "plus", "plus")
        assert canvas.level == 3
        if canvas.max_scroll_x > 0:
            await bench.press(*"HHHHHHHHHHHHHHHH")
            assert canvas.scroll_x == 0
            await bench.press("L")
            assert canvas.scroll_x > 0
        await bench.press("0")
        assert canvas.fitted
        await bench.press("g")
        label, (item, _) = next(iter(canvas.tool._labels.items()))
        await bench.press(*label)
        assert bench.main.selected == item
    async with opened(fan(12).topology(), size=size) as bench:
        canvas = bench.main.canvas
        grid = next(item for item in canvas.drawing.boxes if item.kind == "grid")
        await go(bench, "h5")
        await bench.press("f")
        assert grid not in canvas.drawing.boxes
        await bench.press("f")
        assert grid in canvas.drawing.boxes


@sizes(LISTED, *DRAWN)
async def test_the_inspector_the_list_and_every_menu(size: tuple[int, int]) -> None:
    async with opened(two_hosts(), size=size) as bench:
        await go(bench, "red")
        await bench.press("enter")
        inspector = bench.main.inspector
        await bench.until(lambda: bench.main.focused is inspector)
        await bench.press("slash", *"10.0.0", "enter", "down")
        assert "10.0.0.1/24" in bench.text
        await bench.press("e")
        assert "Edit red:eth0" in bench.text
        await bench.press("f1", "escape", "full_stop")
        assert "edit the row" in bench.text
        await bench.press("escape", "escape", "escape")
        assert bench.main.focused is bench.main.map
        await bench.press("full_stop")
        assert bench.in_dialog
        await bench.press("escape")
        if not bench.main.outline.display:
            await bench.press("T")
            await bench.until(lambda: bench.main.outline.display)
        await bench.press("home", "down", "left", "right", "space")
        await go(bench, "blue")
        await bench.press("space", "enter")
        assert far_end(bench, "red", "eth1") == Endpoint("blue", "eth1")
        for key in ("2", "3", "4", "1"):
            await bench.press(key)
        assert bench.main.bottom.tab == "packets"
        assert not bench.in_dialog
