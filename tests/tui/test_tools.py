"""What the hand can hold on the canvas: a box, letters to jump by, a cable."""

from __future__ import annotations

import asyncio

import pytest

from tests.canvas_labs import branches, fat_tree, snapshot, switch, two_subnets
from tests.tui.bench import opened
from tests.tui.canvas_bench import CanvasBench, cell, namespace, shown
from tests.tui.labs import switch as small
from tuilab.lab.snapshot import Live
from tuilab.model.topology import HOST, Endpoint
from tuilab.tui.actions import ACTIONS, Context
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.widget import Canvas


def names(app: CanvasBench) -> list[str]:
    return [str(item) for item in app.canvas.selection]


async def test_a_box_is_stretched_by_arrows() -> None:
    app = CanvasBench(two_subnets().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("pc11")
        app.canvas.start_box()
        await pilot.press("right", "right")
        assert "3 selected" in app.canvas.tool_words
        assert "╍" in shown(app)
        await pilot.press("left")
        assert "▐pc11▌" in shown(app)
        assert "▐pc12▌" in shown(app)
        assert "▐pc13▌" not in shown(app)
        await pilot.press("enter")
        assert names(app) == ["pc11", "pc12"]
        assert "╍" not in shown(app)
        assert app.canvas.tool is None
        await pilot.press("escape")  # all but the last
        assert names(app) == ["pc12"]


async def test_esc_leaves_a_box_and_the_selection_as_it_was() -> None:
    app = CanvasBench(two_subnets().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("pc11")
        before = shown(app)
        app.canvas.start_box()
        await pilot.press("right", "up", "escape")
        assert names(app) == ["pc11"]
        assert shown(app) == before


@pytest.mark.parametrize("modifier", ["shift", "control"])
async def test_a_box_is_drawn_with_the_mouse(modifier: str) -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        held = {modifier: True}
        h1, h2 = cell(app, namespace("h1")), cell(app, namespace("h2"))
        start, end = (h1[0] - 12, h1[1] - 2), (h2[0], h2[1])
        await pilot.mouse_down(Canvas, offset=start, **held)
        await pilot.hover(Canvas, offset=end)
        assert "▐h1▌" in shown(app)
        assert not names(app)
        await pilot.mouse_up(Canvas, offset=end, **held)
        assert names(app) == ["h1", "h2"]
        # The same with the key and a plain drag, which begins anew.
        app.canvas.start_box()
        await pilot.mouse_down(Canvas, offset=start)
        await pilot.hover(Canvas, offset=h1)
        await pilot.mouse_up(Canvas, offset=h1)
        assert names(app) == ["h1"]


@pytest.mark.parametrize("modifier", ["shift", "control"])
async def test_a_click_with_a_modifier_adds_and_takes_away(modifier: str) -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        held = {modifier: True}
        for name in ("h1", "h2", "h3"):
            await pilot.click(Canvas, offset=cell(app, namespace(name)), **held)
        assert names(app) == ["h1", "h2", "h3"]
        await pilot.click(Canvas, offset=cell(app, namespace("h1")), **held)
        assert names(app) == ["h2", "h3"]
        await pilot.click(Canvas, offset=(2, 2), **held)
        assert names(app) == ["h2", "h3"]
        # A right click within the selection keeps it, one beside it does not.
        await pilot.click(Canvas, offset=cell(app, namespace("h2")), button=3)
        assert names(app) == ["h2", "h3"]
        await pilot.click(Canvas, offset=cell(app, namespace("h1")), button=3)
        assert names(app) == ["h1"]


async def test_shift_and_arrows_extend_the_selection() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.selected = namespace("h1")
        await pilot.press("shift+right", "shift+right")
        assert names(app) == ["h1", "h2", "h3"]
        await pilot.press("shift+left")
        assert names(app) == ["h1", "h2"]
        await pilot.press("shift+up")
        assert names(app) == ["h1", "h2", "host:br0"]
        await pilot.press("down")
        assert len(names(app)) == 1


async def test_letters_select_what_they_stand_on() -> None:
    app = CanvasBench(two_subnets().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.start_jump()
        places = dict(app.canvas.in_sight())
        assert {str(item) for item in places if item.kind != "cable"} == {
            *("host", "r1", "host:br1", "host:br2"),
            *(f"pc{net}{number}" for net in (1, 2) for number in (1, 2, 3)),
        }
        cables = {item for item in places if item.kind == "cable"}
        assert len(cables) == 9
        assert "aa" in shown(app)
        await pilot.press("a")
        await pilot.press("s")
        assert app.canvas.tool is None
        assert app.canvas.selected == list(places)[1]
        before = shown(app)
        for key in ("z", "escape"):  # no such letter; leave
            app.canvas.start_jump()
            await pilot.press(key)
            assert app.canvas.tool is None
            assert shown(app) == before


async def test_only_what_is_in_sight_gets_letters() -> None:
    app = CanvasBench(switch(60).snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        app.canvas.choices = Choices(most=60)
        await pilot.press("plus", "plus")
        assert app.canvas.max_scroll_x > 0
        app.canvas.selected = namespace("h1")
        width, height = app.canvas.size
        seen = app.canvas.in_sight()
        assert seen
        left, top = -app.canvas._origin
        assert all(left <= x < left + width for _, (x, _) in seen)
        assert all(top <= y < top + height for _, (_, y) in seen)
        assert len(seen) < 60


async def test_letters_on_the_map_cover_no_others() -> None:
    app = CanvasBench(branches(10, 19).snapshot())
    async with app.run_test(size=(160, 48)) as pilot:
        await pilot.press("minus", "minus", "minus")
        await app.workers.wait_for_complete()  # so large a lab is laid out beside
        assert app.canvas.level == 0
        app.canvas.start_jump()
        places = [place for _, place in app.canvas.in_sight()]
        cells = [(x + step, y) for x, y in places for step in (0, 1)]
        assert len(cells) == len(set(cells)) > 0
        assert {item.kind for item, _ in app.canvas.in_sight()} >= {"bridge", "grid"}


async def test_every_thing_of_a_large_lab_has_letters_of_its_own() -> None:
    app = CanvasBench(fat_tree().snapshot())
    async with app.run_test(size=(250, 90)):
        app.canvas.start_jump()
        assert app.canvas.tool is not None
        labels = app.canvas.tool._labels  # type: ignore[attr-defined]
        assert len({item for item, _ in labels.values()}) == len(labels) > 60


async def test_a_drag_shows_the_cable_that_it_would_make() -> None:
    app = CanvasBench(switch().snapshot())
    async with app.run_test(size=(80, 24)) as pilot:
        port = next(spot for spot in app.canvas.drawing.ports[namespace("h1")])
        left, top = app.canvas._origin
        start = (left + port.x + 1, top + port.y + 1)
        before = shown(app)
        await pilot.mouse_down(Canvas, offset=start)
        await pilot.hover(Canvas, offset=cell(app, namespace("h3")))
        assert app.canvas.tool_words.startswith("cable h1:eth0 = h3")
        assert "·" in shown(app)
        await pilot.press("escape")
        assert shown(app) == before
        await pilot.mouse_up(Canvas, offset=cell(app, namespace("h3")))
        assert not [m for m in app.said if isinstance(m, Canvas.ConnectRequested)]


async def test_the_frame_counts_and_verbs_for_one_say_so() -> None:
    async with opened(small()) as bench:
        canvas = bench.main.canvas
        canvas.select_all(Item("namespace", name) for name in ("red", "blue"))
        await bench.idle()
        many = canvas.selection
        assert len(many) > 1
        assert f"sel {len(many)}:" in bench.text
        await bench.press("e")
        assert not bench.in_dialog
        assert any("choose one" in toast for toast in bench.toasts)
        await bench.press("y")
        assert bench.app.clipboard.count("\n") == len(many) - 1
        await bench.press("escape")
        assert canvas.selection == many[-1:]


async def test_keys_of_tools_ask_for_the_drawing() -> None:
    async with opened(small()) as bench:
        await bench.press("T")
        bench.main.start("select_box")
        await bench.idle()
        assert bench.main.canvas.tool is None
        assert any("T shows the drawing" in toast for toast in bench.toasts)
        await bench.press("T", "g")
        assert bench.main.canvas.tool is not None
        await bench.press("tab")
        assert bench.main.canvas.tool is None
    async with opened() as bench:
        await bench.press("g")
        assert any("nothing is drawn yet" in toast for toast in bench.toasts)


@pytest.mark.parametrize("key", ["V", "m", "f", "N", "g"])
async def test_keys_of_the_drawing_say_in_the_list_where_they_work(key: str) -> None:
    async with opened(small()) as bench:
        bench.main.select(namespace("red"))
        await bench.press("T", key)
        assert bench.main.canvas.tool is None
        assert bench.toasts == ["the list is shown: T shows the drawing"]


def test_what_can_not_be_done_with_a_folded_group_says_what_unfolds_it() -> None:
    group, some = Item("grid", HOST, "br0"), (namespace("red"), namespace("blue"))
    context = Context(snapshot=snapshot(small()), selection=some, group=group)
    for name in ("rename", "edit"):
        assert "f unfolds it" in ACTIONS[name].refuse(context)


async def test_a_folded_group_is_all_that_is_in_it() -> None:
    async with opened(switch(12).topology(), size=(160, 48)) as bench:
        group = next(it for it in bench.main.canvas.drawing.boxes if it.kind == "grid")
        bench.main.select(group)
        await bench.idle()
        assert "sel all on" in bench.text
        await bench.press("x")
        down = {end for end, link in bench.topology.links() if not link.up}
        assert {end.namespace for end in down} >= {f"h{n}" for n in range(1, 13)}
        await bench.press("u", "D")
        assert len(bench.topology.namespaces) == 25
        await bench.press("u")
        bench.main.select(group)
        await bench.press("full_stop")
        assert "all on br0: 12" in bench.text.replace("host:", "")
        await bench.press("d")
        assert "12" in bench.text or "h12" in bench.text
        await bench.press("enter")
        assert set(bench.topology.namespaces) == {HOST}
        assert len([e.title for e in bench.lab.snapshot.history.edits]) == 1


async def test_other_keys_take_the_box_and_then_do_their_work() -> None:
    async with opened(small()) as bench:
        bench.main.select(Item("bridge", HOST, "br0"))
        await bench.press("V", "e")
        assert bench.in_dialog
        assert bench.main.canvas.tool is None


async def test_traffic_shows_while_it_flows_and_then_no_longer() -> None:
    lab = two_subnets().topology()
    ends = [Endpoint("pc11", "eth0"), Endpoint("pc12", "eth0")]
    before = {end: Live("up") for end in ends}
    app = CanvasBench(snapshot(lab, live=before))
    async with app.run_test(size=(80, 24)) as pilot:
        quiet = shown(app)
        after = {**before, ends[0]: Live("up", tx_packets=3, rx_packets=2)}
        app.canvas.snapshot = snapshot(lab, live=after)
        await pilot.pause()
        assert shown(app) != quiet
        async with asyncio.timeout(30):
            while shown(app) != quiet:
                await pilot.pause(0.05)
