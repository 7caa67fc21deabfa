"""Where things stand, that they stay there, and what a cell belongs to."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.canvas_labs import (
    KNOWN,
    Sketch,
    around,
    at_random,
    bare_ring,
    branches,
    fat_tree,
    gateway,
    nested,
    nodes,
    odd,
    pins_at_random,
    ring,
    snapshot,
    switch,
    switches,
    two_hosts,
    two_subnets,
)
from tuilab.lab.snapshot import Live, Snapshot
from tuilab.model.edits import Rename
from tuilab.model.generate import generate
from tuilab.model.topology import HOST, Endpoint, Topology
from tuilab.plan.state import State, expand
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.draw import draw_text
from tuilab.tui.canvas.drawing import Area, Drawing, differences
from tuilab.tui.canvas.glyphs import ASCII
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.group import group
from tuilab.tui.canvas.layers import Order, Segment
from tuilab.tui.canvas.layout import Wish, compose, layout, least_width
from tuilab.tui.canvas.names import renamed_places
from tuilab.tui.canvas.navigate import next_node, next_port, ports
from tuilab.tui.canvas.rank import components
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner


def generate_lab(kind: str, number: int) -> Snapshot:
    return snapshot(generate(kind, number, routers=True))


def drawing(
    topology: Topology, level: int = 2, selected: Item | None = None
) -> Drawing:
    graph = build(snapshot(topology))
    return draw(
        layout(graph, arrange(graph), Manner(level), 120),  # type: ignore[arg-type]
        selected=[selected] if selected else [],
    )


def namespace(name: str) -> Item:
    return Item("namespace", name)


# -- the look --------------------------------------------------------------------


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
        way = made.ways[cable]
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


# -- places ----------------------------------------------------------------------


def contains(outer: Area, inner: Area) -> bool:
    """Whether an area lies within another one, borders apart."""
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


@pytest.mark.parametrize("seed", range(40))
def test_boxes_keep_apart_and_inside(seed: int) -> None:
    for level in LEVELS:
        made = drawing(at_random(seed).topology(), level)
        boxes = list(made.boxes.values())
        frames = [made.boxes[item] for item in made.frames]
        for index, one in enumerate(boxes):
            assert 0 <= one.x <= one.x + one.width <= made.width
            assert 0 <= one.y <= one.y + one.height <= made.height
            for other in boxes[:index]:
                beside = one.x > other.x + other.width or other.x > one.x + one.width
                over = one.y >= other.y + other.height or other.y >= one.y + one.height
                inside = other in frames and contains(other, one)
                assert beside or over or inside


def rows_of(order: Order, names: list[Item]) -> list[list[Item]]:
    return [
        [names[vertex] for vertex in row if vertex < len(names)]
        for part in (*order.parts, *order.inner.values())
        for row in part.rows
    ]


def left_to_right(order: Order, names: list[Item]) -> dict[Item, tuple[int, int, int]]:
    """Rank, and place from the left, for every node that is joined."""
    out = {}
    inner = [order.inner[box] for box in sorted(order.inner)]
    for number, part in enumerate((*order.parts, *inner)):
        for depth, row in enumerate(part.rows):
            if part.hops or part.flats:
                for at, vertex in enumerate(row):
                    if vertex < len(names):
                        out[names[vertex]] = (part.top - depth, number, at)
    return out


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_one_node_more_or_less_reorders_nothing(seed: int, pinned: bool) -> None:
    """What was set by hand stands at its column, whatever comes to stand before it."""
    dice = random.Random(seed)
    sketch = at_random(seed)
    pins = pins_at_random(sketch.topology(), seed) if pinned else {}
    choices = Choices(most=(3, 100)[seed % 2])

    def read() -> Graph:
        return group(build(snapshot(sketch.topology(pins))), choices)

    before = read()
    order = arrange(before, arrange(replace(before, pins={})).memory)
    for step in range(6):
        place = dice.choice(
            [node.item for node in before.nodes] or [namespace("first")]
        )
        where = str(place).replace(":", "/") if place.kind == "bridge" else str(place)
        if place.kind == "tap" or dice.random() < 0.3:
            sketch.add(f"new{step}")
        else:
            sketch.cable(f"new{step}", where)
        after = read()
        new = arrange(after, order.memory)
        old_places = left_to_right(order, [node.item for node in before.nodes])
        new_places = left_to_right(new, [node.item for node in after.nodes])
        # What is folded from now on has no place of its own.
        by_hand = {before.nodes[node].item for node in before.pins}
        old_places = {
            item: place
            for item, place in old_places.items()
            if item in new_places and item not in by_hand
        }
        for one, (rank, *old_one) in old_places.items():
            for other, (other_rank, *old_other) in old_places.items():
                same_row = rank == other_rank and old_one[0] == old_other[0]
                if not same_row or old_one >= old_other:
                    continue
                if new_places[one][0] == rank == new_places[other][0]:
                    assert new_places[one][1:] < new_places[other][1:]
        before, order = after, new


Places = dict[Item, tuple[int, int]]


def parts_of(graph: Graph) -> dict[Item, Places]:
    """Where everything is, part by part and by the first node of each, in one shelf."""
    scene = layout(graph, arrange(graph), Manner(2), 10_000)
    top = {n: graph.parents.get(n, n) for n in range(len(graph.nodes))}
    segments = [
        Segment(number, top[edge.a.node], top[edge.b.node])
        for number, edge in enumerate(graph.edges)
    ]
    return {
        graph.nodes[part[0]].item: {
            graph.nodes[n].item: (scene.boxes[n].x, scene.boxes[n].y)
            for n in top
            if top[n] in part
        }
        for part in components(sorted(set(top.values())), segments)
    }


def left_of(part: Places) -> int:
    return min(x for x, _ in part.values())


def shape_of(part: Places) -> Places:
    """A part as seen from its upper left."""
    top = min(y for _, y in part.values())
    return {item: (x - left_of(part), y - top) for item, (x, y) in part.items()}


@pytest.mark.parametrize("seed", range(60))
def test_a_place_set_by_hand_moves_its_own_part_alone(seed: int) -> None:
    dice = random.Random(seed)
    graph = group(build(at_random(seed).snapshot()), Choices())
    before = parts_of(graph)
    for node in range(len(graph.nodes)):
        place = (dice.randint(0, 5), dice.randint(0, 4))
        after = parts_of(replace(graph, pins={node: place}))
        own = next(it for it, part in before.items() if graph.nodes[node].item in part)
        others = [item for item in before if item != own]
        assert all(shape_of(before[it]) == shape_of(after[it]) for it in others)
        in_order = sorted(others, key=lambda it: left_of(before[it]))
        assert in_order == sorted(others, key=lambda it: left_of(after[it]))


def test_what_is_joined_with_nothing_can_be_put_anywhere() -> None:
    sketch = switch(3).add("lonely")
    plain = drawing(sketch.topology()).boxes
    for place in ((0, 2), (2, 0), (9, 3), (0, 0)):
        boxes = dict(drawing(sketch.topology({"lonely": place})).boxes)
        box = boxes.pop(namespace("lonely"))
        assert all(boxes[item] == plain[item] for item in boxes)
        for other in boxes.values():
            apart = box.x > other.x + other.width or other.x > box.x + box.width
            over = box.y >= other.y + other.height or other.y >= box.y + box.height
            assert apart or over


def test_what_comes_back_stands_where_it_stood() -> None:
    full = build(switch(5).snapshot())
    order = arrange(full)
    before = rows_of(order, [node.item for node in full.nodes])
    sketch = switch(5)
    del sketch.namespaces["h2"]
    port = next(
        name
        for name, link in sketch.namespaces[HOST].items()
        if getattr(link, "peer", None) == Endpoint("h2", "eth0")
    )
    del sketch.namespaces[HOST][port]
    fewer = arrange(build(sketch.snapshot()), order.memory)
    again = arrange(full, fewer.memory)
    assert rows_of(again, [node.item for node in full.nodes]) == before


def test_places_set_by_hand_are_kept() -> None:
    plain = drawing(switch().topology())
    assert plain.boxes[namespace("h1")].x < plain.boxes[namespace("h3")].x
    lab = switch().topology({"h3": (0, 2), "h1": (4, 2), "host:br0": (1, 0)})
    moved = drawing(lab)
    assert moved.boxes[namespace("h3")].x < moved.boxes[namespace("h1")].x
    assert moved.boxes[namespace("h3")].y == moved.boxes[namespace("h1")].y
    assert moved.boxes[Item("bridge", HOST, "br0")].y == 0


@pytest.mark.parametrize("level", LEVELS)
def test_places_set_by_hand_hold_inside_a_box_too(level: int) -> None:
    pins = {"pod1c": (0, 2), "pod1a": (2, 2), "node1:cni0": (1, 0)}
    made = drawing(nested().topology(pins), level)
    one, three = (made.boxes[namespace(name)] for name in ("pod1a", "pod1c"))
    assert three.x < one.x
    assert three.y == one.y
    assert made.boxes[Item("bridge", "node1", "cni0")].y < one.y
    other = drawing(nested().topology(), level)
    two = [made.boxes[namespace(f"pod2{pod}")].x for pod in "abc"]
    assert two == sorted(two)
    assert other.boxes[namespace("pod1a")].x < other.boxes[namespace("pod1c")].x


def test_a_box_with_another_name_keeps_the_order_inside() -> None:
    rename = Rename("node1", "worker")
    graph = build(nested().snapshot())
    scene = compose(graph, Wish(160, 48, 2))
    memory = renamed_places(scene.memory, rename)
    places = [place for place in memory.values() if place.home == namespace("worker")]
    assert len(places) == 4
    assert not any(place.home == namespace("node1") for place in memory.values())


def test_the_most_detail_that_fits_is_chosen() -> None:
    graph = build(two_subnets().snapshot())
    levels = [
        compose(graph, Wish(*size)).level for size in ((160, 48), (78, 22), (60, 15))
    ]
    assert levels == [3, 2, 1]


@pytest.mark.parametrize("seed", range(20))
def test_no_drawing_is_less_wide_than_was_said(seed: int) -> None:
    graph = group(build(at_random(seed).snapshot()), Choices())
    order = arrange(graph)
    for level in LEVELS:
        for manner in (Manner(level), Manner(level, tight=True, narrow=8)):
            made = layout(graph, order, manner, 1)
            assert least_width(graph, order, level) <= made.width


def test_what_is_too_wide_by_far_is_drawn_as_a_map() -> None:
    graph = build(switch(200).snapshot())
    scene = compose(graph, Wish(78, 20, choices=Choices(most=1000)))
    assert scene.level == 0
    assert len(scene.boxes) == len(graph.nodes)
    assert compose(build(Sketch().snapshot()), Wish(78, 20)).boxes == {}


def test_names_that_can_be_scrolled_are_better_than_a_map_without() -> None:
    graph = build(fat_tree().snapshot())
    assert compose(graph, Wish(78, 20)).level == 0
    assert compose(graph, Wish(78, 20, scrolled=True)).level == 1
    assert compose(graph, Wish(40, 15, scrolled=True)).level == 0


def test_a_wide_lab_lists_its_hosts_below_one_another() -> None:
    graph = build(branches(4, 4).snapshot())
    assert len(graph.nodes) == 21
    scene = compose(graph, Wish(78, 12))
    assert scene.width <= 78
    assert scene.height <= 12
    rows = draw(scene).text().splitlines()
    assert " │ │ │ ╰─[h00]" in rows[-4]
    assert " ╰───────[h03]" in rows[-1]


def test_no_row_is_spent_where_there_are_few() -> None:
    graph = build(two_subnets().snapshot())
    assert compose(graph, Wish(60, 12)).height == 12
    assert compose(graph, Wish(60, 10)).height == 10
    down = two_subnets().cable("r1", "host/br1", up=(True, False))
    graph = build(down.snapshot())
    scene = compose(graph, Wish(60, 8, 1))
    assert draw(scene).text().count("✗") == 2  # shown all the same


def test_unconnected_parts_go_into_shelves() -> None:
    sketch = Sketch().add(*(f"n{number}" for number in range(20)))
    graph = build(sketch.snapshot())
    scene = layout(graph, arrange(graph), Manner(2), 60)
    assert scene.width <= 60
    assert scene.height > 3


# -- what is where ---------------------------------------------------------------


def test_every_cell_knows_its_item() -> None:
    made = drawing(gateway().topology(), 3)
    bridge = Item("bridge", HOST, "br0")
    box = made.boxes[bridge]
    assert made.at(box.x, box.y) == bridge
    assert made.at(-1, 0) is None
    assert made.at(made.width, 0) is None
    free = (box.x - 1, box.y)
    assert made.node_at(*free) == namespace(HOST)
    assert made.at(*free) is None
    for node, spots in made.ports.items():
        if made.boxes[node].height > 1:
            assert all(made.at(spot.x, spot.y) == spot.item for spot in spots)
    cable = next(item for item in made.ways if item.kind == "cable")
    middle = made.ways[cable][1]
    assert made.at(*middle) == cable
    red = made.boxes[namespace("red")]
    assert made.at(red.x + 3, red.y + 2) == Item("link", "red", "eth0")


def test_ports_are_walked_around_the_box() -> None:
    made = drawing(odd().topology(), 2)
    assert [str(item) for item in ports(made, namespace("a"))] == [
        "a:eth0",
        "a:eth1",
        "a:eth2",
    ]
    first = Item("link", "a", "eth0")
    assert next_port(made, first, "down") == Item("link", "a", "eth1")
    assert next_port(made, first, "left") == Item("link", "a", "eth2")


def test_walking_goes_to_the_nearest_node() -> None:
    made = drawing(two_subnets().topology(), 2)
    r1, br1 = namespace("r1"), Item("bridge", HOST, "br1")
    assert next_node(made, namespace(HOST), "down") == r1
    assert next_node(made, r1, "up") == namespace(HOST)
    assert next_node(made, br1, "right") == Item("bridge", HOST, "br2")
    assert next_node(made, br1, "down") == namespace("pc12")
    assert next_node(made, namespace("pc11"), "left") is None


@pytest.mark.parametrize("seed", range(20))
def test_every_node_can_be_walked_to(seed: int) -> None:
    made = drawing(at_random(seed).topology(), 2)
    seen: set[Item] = set()
    queue = list(made.boxes)[:1]
    while queue:
        item = queue.pop()
        if item not in seen:
            seen.add(item)
            for way in ("left", "right", "up", "down"):
                there = next_node(made, item, way)
                queue += [there] if there else []
    assert seen == set(made.boxes)


@pytest.mark.parametrize("level", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("seed", range(30))
def test_states_change_the_signs_of_a_drawing_and_nothing_else(
    seed: int, level: int | None
) -> None:
    """What stands already is not placed anew, and looks as if it had been."""
    dice = random.Random(seed)
    topology = at_random(seed).topology()
    ends = [end for end, _ in topology.links()]
    wish = Wish(100, 40, level, Choices(most=(2, 100)[seed % 2]))  # type: ignore[arg-type]
    scene = compose(build(snapshot(topology)), wish)
    states = {end: Live(dice.choice(("up", "down", "no-carrier"))) for end in ends}
    graph = build(snapshot(topology, live=states))
    fresh = compose(graph, wish)
    kept = compose(graph, wish, scene.memory, scene)
    if kept.ways is not scene.ways:
        # No row was spent where nothing had to be shown, as there is now.
        assert scene.manner.tight or scene.manner.combs
        return
    assert draw(kept).text() == draw(fresh).text()
    assert draw(kept).ports == draw(fresh).ports


def test_where_only_states_differ_nothing_is_placed_anew() -> None:
    lab = fat_tree().topology()
    wish = Wish(160, 60)
    scene = compose(build(snapshot(lab)), wish)
    down = build(snapshot(lab, live={Endpoint("h0", "eth0"): Live("down")}))
    kept = compose(down, wish, scene.memory, scene)
    assert kept.ways is scene.ways
    more = build(fat_tree().cable("h0", "h1").snapshot())
    assert compose(more, wish, scene.memory, scene).ways is not scene.ways
    assert compose(down, Wish(80, 60), scene.memory, scene).ways is not scene.ways


def test_one_port_more_down_changes_a_few_cells() -> None:
    up = Sketch().cable("a", "b").cable("a", "b")
    down = Sketch().cable("a", "b").cable("a", "b", up=(False, True))
    areas = differences(drawing(up.topology()), drawing(down.topology()))
    assert len(areas) == 1
    assert areas[0].height == 1
    assert areas[0].width == 9  # the ports and the line between them


# -- size -----------------------------------------------------------------------


def test_large_labs_still_draw() -> None:
    graph = build(branches(10, 19).snapshot())
    made = draw(layout(graph, arrange(graph), Manner(1), 160), ASCII)
    assert len(made.boxes) == 201


# -- folding --------------------------------------------------------------------


def folded(sketch: Sketch, choices: Choices | None = None, **wish: int) -> Drawing:
    asked = Wish(wish.get("width", 160), 48, 2, choices or Choices())
    return draw(compose(build(sketch.snapshot()), asked))


def test_more_than_eight_leaves_fold_into_a_grid_of_cells() -> None:
    assert Item("grid", HOST, "br0") not in folded(switch(8)).boxes
    made = folded(switch(100))
    assert (made.width, made.height) == (73, 17)
    text = made.text()
    assert "─ 100 hosts ─" in text
    assert "│ ●h91   ●h92   ●h93 " in text
    h42 = made.boxes[namespace("h42")]
    assert made.at(h42.x + 1, h42.y) == namespace("h42")
    assert made.at(h42.x, h42.y) == Item("link", "h42", "eth0")
    assert made.node_at(h42.x, h42.y) == namespace("h42")


def test_a_cell_shows_how_it_is_and_the_grid_tells_of_it() -> None:
    sketch = switch(7).cable("h8", "host/br0", up=(False, True))
    sketch.cable("h9", "host/br0", up=(True, False))
    lab = sketch.topology()
    there = expand(lab)
    h2 = there.namespaces["h2"]
    links = {**h2.links, "eth0": replace(h2.links["eth0"], mtu=1400)}
    state = State({**there.namespaces, "h2": replace(h2, links=links)})
    graph = build(snapshot(lab, observed=state))
    text = draw(compose(graph, Wish(80, 24, 2))).text()
    for sign in ("●h1 ", "●h2≠", "✗h8", "○h9", " 9 hosts ✗1 ○1 ≠1 "):
        assert sign in text
    plain = draw(compose(graph, Wish(80, 24, 1, roomy=True)), ASCII).text()
    for sign in ("oh1 ", "oh2!", "xh8", ".h9", " 9 x1 .1 !1 "):
        assert sign in plain


def test_folding_is_a_choice_that_can_be_taken_back() -> None:
    few, many = switch(5), switch(12)
    bridge = Item("bridge", HOST, "br0")
    open_one = folded(few)
    assert not open_one.folds[bridge].folded
    choices = Choices().toggled(open_one.folds[bridge])
    closed = folded(few, choices)
    assert "─ 5 hosts ─" in closed.text()
    cell = closed.folds[namespace("h3")]
    assert cell == closed.folds[bridge] == closed.folds[Item("grid", HOST, "br0")]
    assert folded(few, choices.toggled(cell)).text() == open_one.text()
    unfolded = folded(many, Choices().toggled(folded(many).folds[bridge]))
    assert "12 hosts" not in unfolded.text()
    assert len(unfolded.ways) == 12


def test_what_is_folded_can_still_be_found() -> None:
    made = folded(switch(9))
    cable = Item.of_cable(switch(9).topology().cables[0])
    assert cable not in made.ways
    leaf = made.hidden[cable]
    assert made.node_of(cable) == leaf
    assert made.node_of(Item("link", leaf.namespace, "eth0")) == leaf
    below = next_node(made, Item("bridge", HOST, "br0"), "down")
    assert below in (namespace("h2"), namespace("h3"))
    assert next_node(made, namespace("h1"), "right") == namespace("h2")
    assert next_node(made, namespace("h1"), "up") == Item("grid", HOST, "br0")


def test_a_leaf_with_a_place_of_its_own_stays_out_of_the_grid() -> None:
    lab = switch(12).topology({"h3": (0, 2)})
    made = draw(compose(build(snapshot(lab)), Wish(120, 40, 2)))
    assert "11 hosts" in made.text()
    assert made.boxes[namespace("h3")].height == 3


def test_ten_bridges_of_nineteen_hosts_fit_a_wide_terminal_with_all_names() -> None:
    made = draw(compose(build(branches(10, 19).snapshot()), Wish(160, 48)))
    assert made.level >= 1
    assert made.width <= 160
    assert made.height <= 48
    assert all(f"●h{n}{at}" in made.text() for n in range(10) for at in range(19))


def test_one_group_unfolded_does_not_take_the_names_away() -> None:
    graph = build(branches(10, 19).snapshot())
    whole = compose(graph, Wish(104, 26, scrolled=True))
    grid = next(key.item for key in whole.graph.nodes if key.cells)
    choices = Choices(folds={grid: False})
    scene = compose(graph, Wish(104, 26, None, choices, scrolled=True))
    assert whole.level == scene.level == 1


def test_what_is_too_wide_stands_on_shelves_in_the_same_order() -> None:
    graph = build(switch(8).snapshot())
    wide = compose(graph, Wish(160, 48, 2))
    made = draw(compose(graph, Wish(48, 48, 2), wide.memory))
    assert made.width <= 48
    places = {item: (box.y, box.x) for item, box in made.boxes.items()}
    hosts = [namespace(f"h{number}") for number in range(1, 9)]
    assert hosts == sorted(hosts, key=places.__getitem__)
    assert len({places[host][0] for host in hosts}) > 1
    again = draw(compose(graph, Wish(160, 48, 2), wide.memory))
    assert again.boxes == draw(wide).boxes


def test_a_thousand_hosts_stay_a_small_graph() -> None:
    made = folded(switch(1000))
    assert made.width <= 160
    assert len(made.boxes) == 1002


def test_what_is_unfolded_stands_in_its_own_order() -> None:
    graph = build(switch(12).snapshot())
    scene = compose(graph, Wish(160, 48, 2))
    choices = Choices(most=100)
    scene = compose(graph, Wish(160, 48, 2, choices), scene.memory)
    boxes = draw(scene).boxes
    names = sorted((box.x, item.namespace) for item, box in boxes.items())
    hosts = [name for _, name in names if name != HOST]
    assert hosts == [f"h{number}" for number in range(1, 13)]
