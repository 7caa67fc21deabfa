"""Leaves of one switch that fold into a grid of cells, and unfold."""

from __future__ import annotations

from dataclasses import replace

from tests.canvas_drawn import namespace
from tests.canvas_labs import Sketch, branches, snapshot, switch
from tuilab.model.topology import HOST
from tuilab.plan.state import State, expand
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.glyphs import ASCII
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.navigate import next_node
from tuilab.tui.canvas.raster import draw


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
    made = draw(compose(graph, Wish(64, 48, 2), wide.memory))
    assert made.width <= 64
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
