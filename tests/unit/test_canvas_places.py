"""Where things stand, that they stay there, and what a cell belongs to."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canvas_drawn import drawing, left_to_right, namespace, rows_of
from tests.canvas_labs import (
    KNOWN,
    Sketch,
    at_random,
    branches,
    fat_tree,
    gateway,
    nested,
    odd,
    pins_at_random,
    snapshot,
    switch,
    two_subnets,
    wild,
)
from tuilab.formats.library import examples
from tuilab.formats.yaml import load
from tuilab.lab.snapshot import Live
from tuilab.model.edits import Rename
from tuilab.model.generate import generate
from tuilab.model.topology import HOST, Endpoint, Topology
from tuilab.tui.canvas.boxes import LEVELS, Level
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import Area, Drawing, differences
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.group import group
from tuilab.tui.canvas.layers import Segment
from tuilab.tui.canvas.layout import Wish, compose, layout, least_width
from tuilab.tui.canvas.names import renamed_places
from tuilab.tui.canvas.navigate import next_node, next_port, ports
from tuilab.tui.canvas.rank import components
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner
from tuilab.tui.canvas.tracing import middle


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


def nameless(made: Drawing, topology: Topology) -> list[Item]:
    """The ends of cables that are neither folded nor have their name in a drawing."""
    words: dict[Item, str] = defaultdict(str)
    for y, row in enumerate(made.rows):
        for x, sign in enumerate("".join(run.text for run in row)):
            if (item := made.at(x, y)) is not None:
                words[item] += sign
    ends = (end for cable in topology.cables for end in (cable.a, cable.b))
    items = (Item("link", end.namespace, end.ifname) for end in ends)
    return [
        item
        for item in items
        if item not in made.hidden and (item.ifname or "") not in words[item]
    ]


@pytest.mark.parametrize("name", [*KNOWN, "mesh of 24"])
def test_every_port_is_named_at_a_level_of_boxes_that_is_asked_for(name: str) -> None:
    """In a pane of any size: to scroll is better than not to know what is what."""
    sketch = KNOWN.get(name)
    topology = sketch().topology() if sketch else generate("mesh", 24)
    graph = build(snapshot(topology))
    for level in (2, 3):
        wish = Wish(30, 10, level, Choices(most=100))  # type: ignore[arg-type]
        made = draw(compose(graph, wish))
        assert not made.hidden
        assert nameless(made, topology) == []


@given(
    st.integers(0, 10_000),
    st.sampled_from((at_random, wild)),
    st.sampled_from((None, None, 2, 3)),
    st.tuples(st.integers(30, 250), st.integers(8, 60)),
    st.sampled_from((1, 8, 100)),
    st.booleans(),
)
def test_every_port_is_named_wherever_there_are_boxes(
    seed: int,
    kind: Callable[[int], Sketch],
    level: Level | None,
    size: tuple[int, int],
    most: int,
    roomy: bool,
) -> None:
    """Whether a person asked for the level or it is the one that fits."""
    sketch = kind(seed)
    topology = sketch.topology(pins_at_random(sketch.topology(), seed))
    wish = Wish(*size, level, Choices(most=most), roomy, scrolled=True)
    scene = compose(build(snapshot(topology)), wish)
    if scene.level >= 2:
        made = draw(scene, ASCII if roomy else UNICODE)
        assert nameless(made, topology) == []


@pytest.mark.parametrize("name", [name for name, _ in examples()])
def test_ready_labs_are_boxes_with_names_from_the_smallest_usual_pane_on(
    name: str,
) -> None:
    """All but the two that have more in them than such a pane has room for."""
    graph = build(snapshot(load(dict(examples())[name]).topology))
    levels = []
    for size in ((78, 13), (78, 21), (104, 26), (164, 48)):
        scene = compose(graph, Wish(*size, scrolled=True))
        levels.append(scene.level)
        assert scene.level < 2 or (scene.width, scene.height) <= size
    expected = {"fat-tree": (1, 1, 1, 2), "campus": (1, 1, 2, 2)}.get(name, (2,) * 4)
    assert tuple(min(2, level) for level in levels) == expected


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
    cable = next(it for it in made.ways if it.peer and it.peer.namespace == "uplink")
    assert made.at(*middle(made.ways[cable])) == cable
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
        assert scene.manner.tight
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


def test_a_tight_drawing_is_placed_anew_only_for_the_first_state_of_a_row() -> None:
    """That takes a row more; one more state beside it has room there."""
    lab = fat_tree().topology()
    wish = Wish(10, 10, 0)
    ends = [Endpoint(host, "eth0") for host in ("h0", "h1")]
    states = [dict.fromkeys(ends[:count], Live("down")) for count in range(3)]
    graphs = [build(snapshot(lab, live=live)) for live in states]
    none = compose(graphs[0], wish)
    assert none.manner.tight
    one = compose(graphs[1], wish, none.memory, none)
    assert one.ways is not none.ways
    assert one.height == none.height + 1
    two = compose(graphs[2], wish, one.memory, one)
    assert two.ways is one.ways
    assert draw(two).text() == draw(compose(graphs[2], wish)).text()


def test_one_port_more_down_changes_a_few_cells() -> None:
    up = Sketch().cable("a", "b").cable("a", "b")
    down = Sketch().cable("a", "b").cable("a", "b", up=(False, True))
    areas = differences(drawing(up.topology()), drawing(down.topology()), range(1000))
    assert len(areas) == 1
    assert areas[0].height == 1
    assert areas[0].width == 9  # the ports and the line between them
