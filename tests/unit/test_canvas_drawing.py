"""How labs look when they are drawn, at each level of detail."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.canvas_drawn import drawing, left_to_right, namespace, rows_of
from tests.canvas_labs import (
    KNOWN,
    Sketch,
    around,
    bare_ring,
    branches,
    nodes,
    ring,
    snapshot,
    switch,
    switches,
    two_hosts,
    two_subnets,
)
from tuilab.lab.snapshot import Snapshot
from tuilab.model.generate import generate
from tuilab.model.topology import HOST, Endpoint
from tuilab.plan.state import State, expand
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.draw import draw_text
from tuilab.tui.canvas.glyphs import ASCII
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.layout import Wish, compose, layout
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner
from tuilab.tui.canvas.tracing import along


def generate_lab(kind: str, number: int) -> Snapshot:
    return snapshot(generate(kind, number, routers=True))


def test_two_hosts_stand_side_by_side() -> None:
    assert draw_text(two_hosts().snapshot(), 80, 2) == (
        "╭──────────╮       ╭───────────╮\n"
        "│ red  eth0●───────●eth0  blue │\n"
        "╰──────────╯       ╰───────────╯"
    )
    assert draw_text(two_hosts().snapshot(), 80, 1) == "[red]─────[blue]"


def test_a_switch_stands_over_its_hosts() -> None:
    assert draw_text(switch().snapshot(), 80, 2) == (
        "   ╔═════════════════════╗\n"
        "   ║         br0         ║\n"
        "   ╚═●port0═●port1═●port2╝\n"
        "  ╭──╯      │      ╰──╮\n"
        "  │         │         │\n"
        "╭─●eth0╮  ╭─●eth0╮  ╭─●eth0╮\n"
        "│  h1  │  │  h2  │  │  h3  │\n"
        "╰──────╯  ╰──────╯  ╰──────╯"
    )


def test_the_third_level_lists_interfaces_and_addresses() -> None:
    text = draw_text(two_subnets().snapshot(), 200, 3)
    assert "r1 fwd" in text
    assert "▸eth0 10.0.0.2/30" in text
    assert "✗eth0 10.1.0.13/24" in text


def test_a_small_ring_is_a_row_with_one_arc() -> None:
    text = draw_text(ring(4).snapshot(), 120, 1).splitlines()
    assert text[2] == "[r0]─────[r1]─────[r2]─────[r3]"
    assert text[0].strip(" ╭╮─") == ""


def test_hosts_of_a_ring_stand_outside() -> None:
    text = draw_text(ring().snapshot(), 120, 1).splitlines()
    assert text[0].split() == ["[h0]", "[h1]", "[h2]"]
    assert text[3].replace("─", " ").split() == ["[r0]", "[r1]", "[r2]"]
    assert text[6].replace("─", " ").split() == ["[r5]", "[r4]", "[r3]"]
    assert text[9].split() == ["[h5]", "[h4]", "[h3]"]


def test_a_ring_of_nothing_else_stands_in_two_rows() -> None:
    text = draw_text(bare_ring("r0", "r1", "r2", "r3", "r4", "r5").snapshot(), 120, 1)
    assert text.splitlines() == [
        "[r0]─────[r1]─────[r2]",
        "  │                 │",
        "  │                 │",
        "[r5]─────[r4]─────[r3]",
    ]


def test_a_host_more_at_a_ring_moves_nothing_of_it() -> None:
    sketch = bare_ring("r0", "r1", "r2", "r3", "r4", "r5")
    bare = build(sketch.snapshot())
    order = arrange(bare)
    before = rows_of(order, [node.item for node in bare.nodes])
    for host, at in (("h1", "r1"), ("h4", "r4"), ("h5", "r5"), ("h6", "r4")):
        graph = build(sketch.cable(host, at).snapshot())
        order = arrange(graph, order.memory)
        rows = rows_of(order, [node.item for node in graph.nodes])
        assert [row for row in rows if str(row[0])[0] == "r"] == before
    assert [str(item) for item in rows[-1]] == ["h5", "h6", "h4"]


@pytest.mark.parametrize("at", range(6))
def test_a_ring_that_grows_stays_where_it_is(at: int) -> None:
    names = ["r0", "r1", "r2", "r3", "r4", "r5"]
    before = build(bare_ring(*names).snapshot())
    order = arrange(before)
    old = left_to_right(order, [node.item for node in before.nodes])
    after = build(bare_ring(*names[:at], "r6", *names[at:]).snapshot())
    order = arrange(after, order.memory)
    items = [node.item for node in after.nodes]
    new = left_to_right(order, items)
    moved = [item for item, (rank, *_) in old.items() if new[item][0] != rank]
    assert len(moved) <= 1
    for row in rows_of(order, items):
        stayed = [item for item in row if item in old and item not in moved]
        assert stayed == sorted(stayed, key=old.__getitem__)
    # Nothing is far from its neighbours.
    again = draw(layout(after, order, Manner(1), 120))
    assert all(len({y for _, y in way}) <= 3 for way in again.ways.values())
    assert again.height == 5


@pytest.mark.parametrize("count", range(3, 13))
def test_a_full_mesh_has_the_fewest_crossings(count: int) -> None:
    """As few as Harary and Hill (1963) found for so many nodes; nobody knows fewer."""
    text = draw_text(generate_lab("mesh", count), 200, 1)
    least = (count // 2) * ((count - 1) // 2) * ((count - 2) // 2) * ((count - 3) // 2)
    assert text.count("┼") == least // 4


def test_namespaces_with_switches_are_joined_switch_to_switch() -> None:
    lab = switches(3, around(3), hosts=0).snapshot()
    assert draw_text(lab, 80, 1) == (
        "╭─ s0 ──╮    ╭─ s1 ──╮    ╭─ s2 ──╮\n"
        "│ ═br0═─●────●─═br0═─●────●─═br0═ │\n"
        "│   │   │    ╰───────╯    │   │   │\n"
        "│   │   │                 │   │   │\n"
        "╰───●───╯                 ╰───●───╯\n"
        "    │                         │\n"
        "    ╰─────────────────────────╯"
    )


def test_a_ring_of_switches_in_namespaces_runs_straight_through_their_sides() -> None:
    """In two rows, as any ring: no line leaves its row but those at both ends."""
    lab = switches(8, around(8), hosts=0).snapshot()
    for level in (1, 2, 3):
        scene = compose(build(lab), Wish(200, 200, level))  # type: ignore[arg-type]
        ways = list(scene.ways.values())
        assert sum(len({y for _, y in way}) == 1 for way in ways) == 6


def test_boxes_with_something_inside_are_joined_side_by_side() -> None:
    lab = nodes().topology()
    (cable,) = [
        Item.of_cable(cable)
        for cable in lab.cables
        if {cable.a.namespace, cable.b.namespace} == {"node1", "node2"}
    ]
    for level in (1, 2, 3):
        made = drawing(lab, level)
        way = [*along(made.ways[cable])]
        left, right = (made.boxes[namespace(n)] for n in ("node1", "node2"))
        assert {x for x, _ in way} == set(range(left.x + left.width - 1, right.x + 1))
        assert len({y for _, y in way}) == 1
    text = draw_text(snapshot(lab), 100, 2)
    assert "eth0 ●────● eth0" in text


def test_ascii_is_plain() -> None:
    for sketch in KNOWN.values():
        for level in LEVELS:
            text = draw_text(sketch().snapshot(), 120, level, ascii_only=True)
            assert text.isascii()


def test_states_show_without_colour() -> None:
    rows = draw_text(
        Sketch().cable("a", "b").cable("a", "b", up=(False, True)).snapshot(),
        80,
        2,
    ).splitlines()
    assert any("●───────●" in row for row in rows)
    assert any("✗╌╌╌╌╌╌╌○" in row for row in rows)


def test_drift_shows_without_colour() -> None:
    lab = Sketch().cable("a", "b", addresses=("10.0.0.1/24", "")).topology()
    there = expand(lab)
    link = replace(there.link(Endpoint("a", "eth0")), mtu=1400)
    changed = replace(there.namespaces["a"], links={"eth0": link})
    state = State({**there.namespaces, "a": changed, "c": there.namespaces["b"]})
    drifted = snapshot(lab, observed=state)
    assert "≠" in draw_text(drifted, 80, 0)
    assert "+" in draw_text(drifted, 80, 0)
    for level in (1, 2, 3):
        rows = draw_text(drifted, 80, level).splitlines()
        assert any("a≠" in row for row in rows), level
        assert any("c+" in row for row in rows), level
    assert any("≠───────●" in row for row in draw_text(drifted, 80, 2).splitlines())
    assert any(
        "eth0 10.0.0.1/24≠" in row for row in draw_text(drifted, 80, 3).split("\n")
    )
    assert "a!" in draw_text(drifted, 80, 2, ascii_only=True)


def test_the_selection_shows_without_colour() -> None:
    lab = switch().topology()
    chosen = drawing(lab, selected=namespace("h1"))
    assert "▐h1▌" in chosen.text()
    styles = {run.style for row in chosen.rows for run in row if run.text == "h1"}
    assert styles == {"title selected"}
    cable = Item("cable", "h1", "eth0", Endpoint(HOST, "port0"))
    assert "┃" in drawing(lab, selected=cable).text()
    port = Item("link", "h1", "eth0")
    runs = [run for row in drawing(lab, 1, port).rows for run in row]
    assert ("●", "up selected") in runs


def test_a_line_is_turned_like_a_snake_where_it_is_too_wide() -> None:
    assert draw_text(generate_lab("linear", 8), 40, 1).splitlines() == [
        "[r1]─────[r2]─────[r3]─────[r4]",
        "                             │",
        "                             │",
        "[r8]─────[r7]─────[r6]─────[r5]",
    ]
    ring = draw_text(generate_lab("ring", 16), 40, 1).splitlines()
    assert ring == [
        "[r1]──────[r2]─────[r3]────────[r4]",
        "  │                              │",
        "  │                              ╰╮",
        "  │                               │",
        "  │  [r8]─────[r7]─────[r6]─────[r5]",
        "  │    │",
        "  │    │",
        "  │  [r9]─────[r10]─────[r11]─────[r12]",
        "  │                                 │",
        "  ╰╮                              ╭─╯",
        "   │                              │",
        " [r16]─────[r15]──────[r14]─────[r13]",
    ]


def test_two_switches_far_apart_stand_in_one_row_with_what_is_between() -> None:
    """What hangs from the ends of a line does not make a tower of it."""
    sketch = Sketch().bridge("host/sw1").bridge("host/sw2")
    way = ["host/sw1", *(f"r{number}" for number in range(6)), "host/sw2"]
    for one, other in pairwise(way):
        sketch.cable(one, other)
    for number in range(4):
        sketch.cable(f"a{number}", "host/sw1").cable(f"b{number}", "host/sw2")
    rows = draw_text(sketch.snapshot(), 200, 1).splitlines()
    assert rows[0].replace("─", " ").replace("═", " ").split() == [
        *("sw1", "[r0]", "[r1]", "[r2]", "[r3]", "[r4]", "[r5]", "sw2")
    ]
    assert rows[-1].split() == [f"[{end}{n}]" for end in "ab" for n in range(4)]


def test_zooming_into_a_long_line_needs_no_scrolling_to_the_side() -> None:
    graph = build(snapshot(generate("linear", 100)))
    for level in (1, 2, 3):
        assert compose(graph, Wish(110, 30, level)).width <= 110  # type: ignore[arg-type]


def test_large_labs_still_draw() -> None:
    graph = build(branches(10, 19).snapshot())
    made = draw(layout(graph, arrange(graph), Manner(1), 160), ASCII)
    assert len(made.boxes) == 201
