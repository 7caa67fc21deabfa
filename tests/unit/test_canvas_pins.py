"""Places set by hand hold, whatever else comes, goes, folds, or is zoomed.

A place is a column and a row, counted in the connected part that the node is in, or in
the box around it. It holds if what is in one column stands with its middle in the same
column of cells, right of what is in a smaller one, and each node is in its row, counted
from the one that would be the top one if nothing were placed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canvas_labs import (
    Sketch,
    around,
    at_random,
    branches,
    fat_tree,
    mesh,
    nested,
    nodes,
    ring,
    snapshot,
    switch,
    switches,
)
from tuilab.formats import yaml
from tuilab.model.places import GROUP, Slot
from tuilab.model.topology import HOST, Topology
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.layers import Layers, Memory
from tuilab.tui.canvas.layout import Wish, compose, layout
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner, Scene
from tuilab.tui.canvas.slots import Slots


def line(count: int, hosts: bool) -> Sketch:
    """Nodes one behind the other, named as unevenly as can be."""
    names = [f"r{'-long' * (number % 3)}{number}" for number in range(count)]
    sketch = Sketch().add(*names)
    for one, other in pairwise(names):
        sketch.cable(one, other)
    for name in names if hosts else ():
        sketch.cable(f"h-{name}", name)
    return sketch


LABS = st.one_of(
    st.builds(line, st.integers(3, 24), st.booleans()),
    st.builds(ring, st.integers(3, 20)),
    st.builds(lambda n: switches(n, around(n), hosts=2), st.integers(3, 9)),
    st.builds(lambda n: switches(n, around(n)[1:], 1, 2), st.integers(3, 6)),
    st.builds(mesh, st.integers(3, 8)),
    st.builds(branches, st.integers(1, 5), st.integers(1, 11)),
    st.builds(switch, st.integers(1, 30)),
    st.builds(lambda _: nested(), st.none()),
    st.builds(lambda _: nodes(), st.none()),
    st.builds(lambda _: fat_tree(2), st.none()),
    st.builds(at_random, st.integers(0, 10_000)),
)
SIZES = st.sampled_from([(60, 15), (78, 20), (120, 30), (160, 44), (250, 66)])
SLOTS = st.tuples(st.integers(-2, 9), st.integers(-1, 5))


@dataclass
class Pane:
    """A lab on the canvas, as the canvas keeps it from one picture to the next."""

    sketch: Sketch
    pins: dict[str, Slot] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)
    memory: Memory = field(default_factory=dict)
    count: int = 0

    @property
    def topology(self) -> Topology:
        made = self.sketch.topology()
        keys = {str(name) for name in made.namespaces}
        keys |= {str(end) for end, _ in made.links()}
        there = {
            key: at for key, at in self.pins.items() if key.removeprefix(GROUP) in keys
        }
        return replace(made, layout=there)

    def graph(self) -> Graph:
        return build(snapshot(self.topology))

    def draw(self, size: tuple[int, int], level: int | None = None) -> Scene:
        wish = Wish(*size, level, self.choices, scrolled=True)  # type: ignore[arg-type]
        scene = compose(self.graph(), wish, self.memory)
        self.memory = scene.memory
        return scene

    def host(self, place: str) -> None:
        self.count += 1
        self.sketch.cable(f"new{self.count}", place)

    def remove(self, name: str) -> None:
        """A namespace with all cables to it."""
        del self.sketch.namespaces[name]
        for links in self.sketch.namespaces.values():
            for ifname, link in list(links.items()):
                peer = getattr(link, "peer", None)
                if peer is not None and peer.namespace == name:
                    del links[ifname]


def key(item: Item) -> str:
    """What a place is saved under."""
    if item.kind == "grid":
        return GROUP + str(replace(item, kind="bridge" if item.ifname else "namespace"))
    return str(item)


def regions(scene: Scene) -> list[Layers]:
    """What places are counted in."""
    order = scene.order
    joined = [part for part in order.parts if sum(map(len, part.rows)) > 1]
    return [*joined, *order.inner.values()]


def assert_held(scene: Scene) -> None:
    """Every place set by hand is where its node is drawn; see above."""
    graph = scene.graph
    for layers in regions(scene):
        row_of = {v: at for at, row in enumerate(layers.rows) for v in row}
        pinned = [v for v in row_of if v in graph.pins]
        zero = layers.top - layers.zero
        for one in pinned:
            box, (column, row) = scene.boxes[one], graph.pins[one]
            assert row_of[one] - zero == row, graph.nodes[one].item
            for other in pinned:
                there, (far, lower) = scene.boxes[other], graph.pins[other]
                middles = box.x + box.width // 2, there.x + there.width // 2
                names = graph.nodes[one].item, graph.nodes[other].item
                if column == far:
                    assert middles[0] == middles[1], names
                elif column < far:
                    assert middles[0] < middles[1], names
                if row < lower:
                    assert box.bottom <= there.y, names


def rows(scene: Scene) -> dict[tuple[Item | None, int], list[Item]]:
    """What stands in the rows from left to right, by the box around and the rank."""
    found: dict[tuple[Item | None, int], list[Item]] = {}
    graph = scene.graph
    for layers in regions(scene):
        for depth, row in enumerate(layers.rows):
            there = [v for v in row if v < len(graph.nodes)]
            homes = {graph.parents.get(v) for v in there}
            for home in homes:
                box = None if home is None else graph.nodes[home].item
                place = found.setdefault((box, layers.top - depth), [])
                place += [graph.nodes[v].item for v in there]
    return found


def free_slots(pane: Pane, scene: Scene, items: Mapping[Item, Slot]) -> dict[str, Slot]:
    """Places of which no two are one."""
    graph = scene.graph
    home = {
        graph.nodes[v].item: number
        for number, layers in enumerate(regions(scene))
        for row in layers.rows
        for v in row
        if v < len(graph.nodes)
    }
    taken = {
        (home.get(graph.nodes[v].item), at): graph.nodes[v].item
        for v, at in graph.pins.items()
    }
    found = {}
    for item, at in items.items():
        if taken.setdefault((home.get(item), at), item) == item:
            found[key(item)] = at
    return found


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pin", "here", "host", "remove", "fold", "cable", "reload"]),
        st.integers(0, 1000),
        SLOTS,
        SIZES,
        st.sampled_from([None, None, 0, 1, 2, 3]),
    ),
    min_size=1,
    max_size=8,
)


def put(pane: Pane, scene: Scene, what: str, item: Item, slot: Slot) -> None:
    """Set a node to a place, or to where it stands."""
    if what == "pin":
        pane.pins |= free_slots(pane, scene, {item: slot})
    elif what == "here":
        pane.pins |= free_slots(pane, scene, {item: Slots(scene).of(item)})


def change(pane: Pane, scene: Scene, what: str, item: Item, number: int) -> None:
    """Have one thing more, or less, or folded."""
    if what == "host" and item.kind in ("namespace", "bridge"):
        pane.host(str(item).replace(":", "/"))
    elif what == "cable" and item.kind == "namespace":
        namespaces = [it.item for it in scene.graph.nodes if it.item.kind == item.kind]
        pane.sketch.cable(str(item), str(namespaces[number % len(namespaces)]))
    elif what == "remove" and item.kind == "namespace" and item.namespace != HOST:
        pane.remove(item.namespace)
    elif what == "fold" and item in scene.graph.folds:
        pane.choices = pane.choices.toggled(scene.graph.folds[item])


@given(LABS, STEPS)
def test_a_place_set_by_hand_is_where_the_node_is_drawn(sketch: Sketch, steps) -> None:
    pane = Pane(sketch)
    scene = pane.draw((120, 30))
    for what, number, slot, size, level in steps:
        items = [node.item for node in scene.graph.nodes]
        if not items:
            return
        item = items[number % len(items)]
        put(pane, scene, what, item, slot)
        change(pane, scene, what, item, slot[0])
        if what == "reload":
            again = yaml.loads(yaml.dump(pane.topology)).topology
            assert dict(again.layout) == dict(pane.topology.layout)
            pane.memory = {}
        scene = pane.draw(size, level)
        if len(set(scene.graph.pins.values())) == len(scene.graph.pins):
            assert_held(scene)


@given(LABS, SIZES, st.sampled_from([None, 1, 2, 3]), st.integers(1, 3), st.data())
def test_what_is_pinned_where_it_stands_stays_among_its_neighbours(
    sketch: Sketch, size: tuple[int, int], level: int | None, turns: int, data
) -> None:
    pane = Pane(sketch)
    scene = pane.draw(size, level)
    order = arrange(scene.graph, pane.memory, turns=turns)
    scene = layout(scene.graph, order, scene.manner, size[0])
    slots = Slots(scene)
    numbers = data.draw(st.sets(st.integers(0, max(0, len(scene.graph.nodes) - 1))))
    pins = {
        number: slots.of(scene.graph.nodes[number].item)
        for number in numbers
        if number < len(scene.graph.nodes)
    }
    before = rows(scene)
    graph = replace(scene.graph, pins=pins)
    order = arrange(graph, pane.memory, turns=turns)
    after = layout(graph, order, scene.manner, size[0])
    assert rows(after) == before
    assert_held(after)
    # Without them again, and with them once more.
    free = arrange(scene.graph, order.memory, turns=turns)
    assert rows(layout(scene.graph, free, scene.manner, size[0])) == before
    again = arrange(graph, free.memory, turns=turns)
    assert rows(layout(graph, again, scene.manner, size[0])) == before


@given(LABS, SIZES, st.data())
def test_undo_and_redo_bring_back_what_was_there(
    sketch: Sketch, size: tuple[int, int], data
) -> None:
    pane = Pane(sketch)
    scene = pane.draw(size)
    if not scene.graph.nodes:
        return
    # What is in sight must not depend on how many leaves have a place of their own.
    folds = scene.graph.folds.items()
    pane.choices = Choices(folds={it: fold.folded for it, fold in folds})
    items = [node.item for node in scene.graph.nodes]
    states = [(pane.pins, way(scene), rows(scene))]
    for _ in range(data.draw(st.integers(1, 4))):
        item = data.draw(st.sampled_from(items))
        # Far enough from each other that nothing between them has to go.
        column, row = data.draw(SLOTS)
        pane.pins = pane.pins | free_slots(pane, scene, {item: (9 * column, row)})
        scene = pane.draw(size)
        states.append((pane.pins, way(scene), rows(scene)))
        if data.draw(st.booleans()):
            pane.draw(data.draw(SIZES))
    for pane.pins, turned, there in (*states[::-1], *states):
        # A cell more or less may let a ring or a line be turned once more or less.
        if way(scene := pane.draw(size)) == turned:
            assert rows(scene) == there


Standing = tuple[int, Item | None, int]
"""Part, box around, rank."""


def in_row(scene: Scene) -> dict[Item, tuple[Standing, int]]:
    graph = scene.graph
    found = {}
    for number, layers in enumerate(regions(scene)):
        for depth, row in enumerate(layers.rows):
            there = [v for v in row if v < len(graph.nodes)]
            for at, vertex in enumerate(there):
                home = graph.parents.get(vertex)
                box = None if home is None else graph.nodes[home].item
                standing = number if box is None else 0, box, layers.top - depth
                found[graph.nodes[vertex].item] = standing, at
    return found


def way(scene: Scene) -> tuple[int, ...]:
    """Whether it is turned or shelved, how often, and whether as a ring or a line."""
    order = scene.order
    most = max((len(part.rows) for part in order.parts), default=0)
    return order.chained, order.shelves, order.turns, most if order.turns > 1 else 0


@given(LABS, STEPS)
def test_one_more_or_less_never_reorders_the_others(sketch: Sketch, steps) -> None:
    """At any level and size, turned or not, whatever is pinned or changes."""
    pane = Pane(sketch)
    scene = pane.draw((120, 30))
    for what, number, slot, size, level in steps:
        items = [node.item for node in scene.graph.nodes]
        if not items:
            return
        item = items[number % len(items)]
        put(pane, scene, what, item, slot)
        before = pane.draw(size, level)
        change(pane, scene, what, item, slot[0])
        scene = pane.draw(size, level)
        if way(before) != way(scene):
            continue
        old, new = in_row(before), in_row(scene)
        for one, (where, at) in old.items():
            for other, (there, far) in old.items():
                if where != there or at >= far:
                    continue
                if (
                    one in new
                    and other in new
                    and new[one][0] == new[other][0] == where
                ):
                    assert new[one][1] < new[other][1], (what, one, other)


@pytest.mark.parametrize("by", [-3, -2, -1, 1, 2, 3])
@pytest.mark.parametrize("at", range(3))
def test_one_less_in_a_turned_line_passes_nothing_set_by_hand(at: int, by: int) -> None:
    """All behind it go on by one, and some to the next row; it stands where it was put.

    Args:
        at: Which node of the second row is moved.
        by: By so many columns.
    """
    pane = Pane(line(16, hosts=False))

    def turned() -> Scene:
        graph = pane.graph()
        free = arrange(graph, pane.memory)
        order = arrange(graph, free.memory, turns=4)
        pane.memory = order.memory
        return layout(graph, order, Manner(1), 60)

    scene = turned()
    nodes = scene.graph.nodes
    moved = [v for v in scene.order.parts[0].rows[1] if v < len(nodes)][at]
    column, row = Slots(scene).of(nodes[moved].item)
    pane.pins = {key(nodes[moved].item): (column + by, row)}
    for gone in scene.order.parts[0].way[:3]:
        before = turned()
        pane.remove(nodes[gone].item.namespace)
        after = turned()
        assert way(before) == way(after)
        old, new = in_row(before), in_row(after)
        stay = [it for it in new if new[it][0] == old[it][0]]
        for one, other in combinations(stay, 2):
            if old[one][0] == old[other][0]:
                assert (old[one] < old[other]) == (new[one] < new[other])


@given(LABS, STEPS, st.integers(1, 3))
def test_drawn_once_more_all_stands_where_it_stood(
    sketch: Sketch, steps, turns: int
) -> None:
    """Lines that pass too, in a lab turned or not, wherever its nodes were put."""
    pane = Pane(sketch)
    scene = pane.draw((120, 30))
    for what, number, slot, *_ in steps:
        items = [node.item for node in scene.graph.nodes]
        if not items:
            return
        put(pane, scene, what, items[number % len(items)], slot)
        graph = pane.graph()
        free = arrange(graph, pane.memory)
        first = arrange(graph, free.memory, turns=turns)
        again = arrange(graph, first.memory, turns=turns)
        assert [p.rows for p in again.parts] == [p.rows for p in first.parts]
        pane.memory = again.memory


def test_a_line_that_passes_takes_no_column_from_what_stands_where_it_stood() -> None:
    """What closes a ring of four rows passes left of all of them."""
    pane = Pane(ring(13))
    scene = pane.draw((60, 15))
    order = arrange(scene.graph, pane.memory, turns=2)
    slots = Slots(layout(scene.graph, order, scene.manner, 60))
    items = [node.item for node in scene.graph.nodes]
    there = {v: slots.of(it) for v, it in enumerate(items) if str(it) in NEAR}
    graph = replace(scene.graph, pins=there)
    pinned = arrange(graph, pane.memory, turns=2)
    free = arrange(scene.graph, pinned.memory, turns=2)
    again = arrange(graph, free.memory, turns=2)
    assert len(there) == len(NEAR)
    assert again.parts[0].rows == pinned.parts[0].rows == order.parts[0].rows


NEAR = {"r0", "r1", "r2", "r3", "r4", "r5", "r7"}
"""All of the first two rows of a ring of 13, but one."""
