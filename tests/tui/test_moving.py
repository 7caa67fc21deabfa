"""Nodes are carried about on the canvas, and stay where they were put."""

from __future__ import annotations

import pytest

from tests.canvas_labs import branches, fat_tree, switch, two_subnets
from tests.tui.bench import opened
from tests.tui.canvas_bench import CanvasBench, cell, namespace, shown
from tests.tui.labs import router, two_hosts
from tests.tui.labs import switch as small
from tuilab.formats import yaml
from tuilab.model import edits
from tuilab.model.generate import generate
from tuilab.model.topology import HOST, Endpoint
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.slots import Slots
from tuilab.tui.canvas.widget import Canvas


def column(app: CanvasBench, name: str) -> int:
    return app.canvas.drawing.boxes[namespace(name)].x


@pytest.mark.parametrize("lab", [switch(), two_subnets(), fat_tree(), branches()])
async def test_a_node_that_is_pinned_where_it_stands_stays_there(lab) -> None:
    app = CanvasBench(lab.snapshot())
    async with app.run_test(size=(200, 60)):
        canvas = app.canvas
        slots = Slots(canvas.scene)
        before = dict(canvas.drawing.boxes)

        def beside(item: Item) -> set[Item]:
            boxes = canvas.drawing.boxes
            return {other for other in boxes if boxes[other].y == boxes[item].y}

        rows = {item: beside(item) for item in before if item.kind != "grid"}
        for item, row in rows.items():
            canvas.hold({item: slots.of(item)})
            assert beside(item) == row, item
        canvas.hold({})
        assert canvas.drawing.boxes == before


async def test_arrows_carry_a_node_and_enter_asks_to_keep_it_there() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("h1")
        assert column(app, "h1") < column(app, "h2") < column(app, "h3")
        app.canvas.start_move()
        await pilot.press("right", "right")
        assert column(app, "h2") < column(app, "h3") < column(app, "h1")
        assert "move h1" in app.canvas.tool_words
        await pilot.press("left")
        assert column(app, "h2") < column(app, "h1") < column(app, "h3")
        await pilot.press("enter")
        asked = [m for m in app.said if isinstance(m, Canvas.PlaceRequested)]
        assert [m.places for m in asked] == [{namespace("h1"): (1, 0 + 1)}]


async def test_a_node_goes_below_the_last_row_and_comes_back() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("h1")
        app.canvas.start_move()

        def below() -> int:
            boxes = app.canvas.drawing.boxes
            return boxes[namespace("h1")].y - boxes[namespace("h2")].y

        assert below() == 0
        await pilot.press("down")
        once = below()
        await pilot.press("down")
        assert 0 < once < below()
        await pilot.press("up", "up")
        assert below() == 0


async def test_esc_puts_it_back() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("h1")
        before = shown(app)
        app.canvas.start_move()
        await pilot.press("right", "right", "x", "escape")
        assert shown(app) == before
        assert not [m for m in app.said if isinstance(m, Canvas.PlaceRequested)]


async def test_a_drag_of_a_box_moves_it_and_esc_cancels() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        before = shown(app)
        start, end = cell(app, namespace("h1")), cell(app, namespace("h3"))
        await pilot.mouse_down(Canvas, offset=start)
        await pilot.hover(Canvas, offset=end)
        assert column(app, "h3") < column(app, "h1")
        await pilot.press("escape")
        await pilot.mouse_up(Canvas, offset=end)
        app.canvas.selected = None
        assert shown(app) == before
        await pilot.mouse_down(Canvas, offset=start)
        await pilot.hover(Canvas, offset=end)
        await pilot.mouse_up(Canvas, offset=end)
        asked = [m for m in app.said if isinstance(m, Canvas.PlaceRequested)]
        assert [list(m.places) for m in asked] == [[namespace("h1")]]
        # What follows a drag is a click again.
        await pilot.click(Canvas, offset=(2, 2), button=3)
        assert isinstance(app.said[-1], Canvas.MenuRequested)


async def test_a_move_is_an_edit_that_does_nothing_to_the_kernel() -> None:
    async with opened(small()) as bench:
        bench.main.select(Item("namespace", "red"))
        observed = bench.lab.snapshot.observed
        logged = len(bench.lab.log)
        await bench.press("m", "right", "enter")
        await bench.until(lambda: "red" in bench.topology.layout)
        await bench.idle()
        history = bench.lab.snapshot.history
        assert history.edits[-1].title == "move red"
        assert bench.lab.snapshot.observed == observed
        assert not [c for entry in bench.lab.log[logged:] for c in entry.commands]
        boxes = dict(bench.main.canvas.drawing.boxes)
        assert boxes[namespace("blue")].x < boxes[namespace("red")].x
        assert "layout:" in yaml.dump(bench.topology)
        await bench.press("u")
        assert not bench.topology.layout
        assert bench.main.canvas.drawing.boxes != boxes
        await bench.press("U")
        assert bench.main.canvas.drawing.boxes == boxes
        assert bench.main.canvas.selected == namespace("red")
        await bench.press("m", "delete")
        await bench.until(lambda: not bench.topology.layout)
        await bench.idle()
        assert bench.lab.snapshot.history.edits[-1].title == "unpin red"


async def test_several_move_as_one_edit() -> None:
    async with opened(router()) as bench:
        bench.main.select(namespace("left"), namespace("right"))
        await bench.press("m", "right", "enter")
        await bench.until(lambda: len(bench.topology.layout) == 2)
        assert bench.lab.snapshot.history.edits[-1].title == "move left and right"
        assert len(bench.lab.snapshot.history.edits) == 1


async def test_a_folded_group_stands_where_it_is_put_as_one() -> None:
    lab = branches(2, 12).topology()
    first, other = Item("grid", HOST, "br0"), Item("bridge", HOST, "br1")
    async with opened(lab, size=(160, 48)) as bench:
        boxes = bench.main.canvas.drawing.boxes
        assert boxes[first].x < boxes[other].x
        bench.main.select(first)
        await bench.press("m", "right", "right", "right", "enter")
        await bench.until(lambda: bench.topology.layout)
        await bench.idle()
        assert list(bench.topology.layout) == ["all on host:br0"]
        assert bench.lab.snapshot.history.edits[-1].title == "move all on host:br0"
        boxes = bench.main.canvas.drawing.boxes
        assert boxes[first].x > boxes[other].x
        assert bench.main.canvas.selected == first
        assert yaml.loads(yaml.dump(bench.topology)).topology == bench.topology
        # It goes with its bridge: under another name, and away.
        end = Endpoint(HOST, "br0")
        await bench.edit(edits.rename_link(end, "lan"))
        assert list(bench.topology.layout) == ["all on host:lan"]
        await bench.edit(edits.remove_link(Endpoint(HOST, "lan")))
        assert not bench.topology.layout
        await bench.press("u", "u")
        bench.main.select(first)
        bench.main.start("unpin")
        await bench.until(lambda: not bench.topology.layout)


async def test_what_is_taken_out_of_a_folded_group_is_beside_it() -> None:
    async with opened(branches(1, 12).topology(), size=(160, 48)) as bench:
        grid = Item("grid", HOST, "br0")
        bench.main.select(namespace("h05"))
        await bench.press("m", "right")
        boxes = bench.main.canvas.drawing.boxes
        assert boxes[namespace("h05")].x > boxes[grid].x + boxes[grid].width - 1
        assert boxes[namespace("h05")].y > boxes[Item("bridge", HOST, "br0")].y
        await bench.press("escape")
        assert namespace("h05") not in bench.topology.layout


async def test_what_stands_somewhere_stays_while_others_come_and_go() -> None:
    async with opened(two_hosts(), size=(160, 48)) as bench:
        bench.main.select(namespace("red"))
        await bench.press("m", "right", "right", "right", "enter")
        await bench.until(lambda: "red" in bench.topology.layout)
        await bench.idle()
        at = bench.topology.layout["red"]
        await bench.edit(edits.add_namespace("green"))
        await bench.edit(edits.rename_namespace("red", "crimson"))
        assert bench.topology.layout == {"crimson": at}
        boxes = bench.main.canvas.drawing.boxes
        assert boxes[namespace("crimson")].x > boxes[namespace("blue")].x


async def test_what_can_not_be_moved_says_why() -> None:
    async with opened(small()) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("m")
        assert any("links go where" in toast for toast in bench.toasts)
        bench.main.start("unpin")
        await bench.idle()
        assert any("nothing of it was placed" in toast for toast in bench.toasts)


async def test_verbs_act_on_all_that_is_selected_as_one_edit() -> None:
    async with opened(small(), size=(120, 36)) as bench:
        bench.main.select(namespace("red"), Item("bridge", HOST, "br0"))
        before = bench.topology
        await bench.press("x")
        down = [str(end) for end, link in bench.topology.links() if not link.up]
        assert down == ["host:br0", "red:eth0"]
        await bench.press("x")
        assert bench.topology == before
        await bench.press("D")
        await bench.until(lambda: bench.topology != before)
        assert len(bench.main.selection) == 2
        assert "red2" in bench.topology.namespaces
        await bench.press("u")
        bench.main.select(namespace("red"), Item("bridge", HOST, "br0"))
        await bench.press("d")
        assert "host:port1" in bench.text
        assert "blue" not in bench.topology.layout
        await bench.press("enter")
        await bench.until(lambda: "red" not in bench.topology.namespaces)
        assert bench.topology.link(Endpoint(HOST, "br0")) is None
        assert bench.lab.snapshot.history.edits[-1].title == "remove red and host:br0"
        await bench.press("u")
        assert bench.topology == before


async def test_what_changed_its_row_stands_where_it_stood_after_an_undo() -> None:
    async with opened(two_hosts()) as bench:
        await bench.edit(edits.add_bridge(Endpoint(HOST, "br0")))
        before = dict(bench.main.canvas.drawing.boxes)
        far = Endpoint(HOST, "port1")
        await bench.edit(
            edits.connect(Endpoint("red", "eth1"), far, b_end={"master": "br0"})
        )
        assert bench.main.canvas.drawing.boxes != before  # one above the other now
        await bench.lab.undo()
        await bench.idle()
        assert bench.main.canvas.drawing.boxes == before


@pytest.mark.parametrize("kind", ["ring", "linear"])
async def test_a_ring_or_line_is_turned_around_what_was_placed_by_hand(
    kind: str,
) -> None:
    async with opened(generate(kind, 20), size=(80, 36)) as bench:
        canvas = bench.main.canvas
        level, rows = (
            canvas.level,
            len({box.y for box in canvas.drawing.boxes.values()}),
        )
        assert canvas.portion == 1
        node = Item("bridge", HOST, "br9")
        slot = Slots(canvas.scene).of(node)
        above = sum(
            box.y < canvas.drawing.boxes[node].y
            for item, box in canvas.drawing.boxes.items()
        )
        await bench.edit(edits.place({str(node): slot}))
        boxes = canvas.drawing.boxes
        assert canvas.level == level
        assert canvas.portion == 1
        assert len({box.y for box in boxes.values()}) <= rows + 2
        assert sum(box.y < boxes[node].y for box in boxes.values()) == above
        assert Slots(canvas.scene).of(node) == slot


async def test_what_hangs_from_a_node_of_a_ring_goes_along_with_it() -> None:
    async with opened(generate("ring", 20), size=(80, 36)) as bench:
        canvas = bench.main.canvas
        node, host = Item("bridge", HOST, "br5"), Item("namespace", "h5")
        for row in (1, 2, 3):
            await bench.edit(edits.place({str(node): (4, row)}))
            boxes = canvas.drawing.boxes
            assert boxes[host].y > boxes[node].y, row
