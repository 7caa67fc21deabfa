"""What is drawn of a lab, and how it is marked."""

from __future__ import annotations

from dataclasses import replace

from tests.canvas_labs import Sketch, gateway, nested, snapshot, switch, two_hosts
from tuilab.lab.snapshot import Live
from tuilab.model.topology import HOST, Cable, Endpoint, Topology
from tuilab.plan.state import RouteState, State, expand
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Edge, Graph, Item, Node
from tuilab.tui.canvas.group import group


def node(graph: Graph, item: Item) -> Node:
    return next(node for node in graph.nodes if node.item == item)


def edge(graph: Graph, item: Item) -> Edge:
    return next(edge for edge in graph.edges if edge.item == item)


def with_link(state: State, name: str, ifname: str, **changes: object) -> State:
    """A state in which one link is otherwise; None instead of it: gone."""
    links = dict(state.namespaces[name].links)
    if changes:
        links[ifname] = replace(links[ifname], **changes)  # type: ignore[arg-type]
    else:
        del links[ifname]
    there = replace(state.namespaces[name], links=links)
    return State({**state.namespaces, name: there})


def home(graph: Graph, item: Item) -> Item | None:
    """The namespace that something is drawn in."""
    index = next(n for n, node in enumerate(graph.nodes) if node.item == item)
    parent = graph.parents.get(index)
    return None if parent is None else graph.nodes[parent].item


CABLE = Item("cable", "blue", "eth0", Endpoint("red", "eth0"))


def test_an_empty_lab_has_nothing_to_draw() -> None:
    assert build(Sketch().snapshot()) == Graph()


def test_host_is_drawn_once_it_takes_part() -> None:
    host = Item("namespace", HOST)
    items = {node.item for node in build(switch().snapshot()).nodes}
    assert host not in items  # a bridge without an address is only a switch
    graph = build(gateway().snapshot())
    assert host in {node.item for node in graph.nodes}
    assert home(graph, Item("bridge", HOST, "br0")) == host


def test_host_stays_when_its_bridge_loses_its_address_by_going_down() -> None:
    lab = Sketch().bridge("host/br0", "fd00::1/64").topology()
    bridge = Item("bridge", HOST, "br0")
    for up in (True, False):
        state = with_link(
            expand(lab), HOST, "br0", up=up, addresses=("fd00::1/64",) if up else ()
        )
        graph = build(snapshot(lab, observed=state))
        assert home(graph, bridge) == Item("namespace", HOST)
        assert (node(graph, bridge).health == "up") == up


def test_a_bridge_stands_in_its_namespace() -> None:
    sketch = Sketch().bridge("sw/br0").cable("h1", "sw/br0").tap("sw/br0", "tap0")
    graph = build(sketch.bridge("host/free").cable("h1", "host/free").snapshot())
    switch = Item("namespace", "sw")
    assert home(graph, Item("bridge", "sw", "br0")) == switch
    assert home(graph, Item("tap", "sw", "tap0")) == switch
    assert home(graph, Item("bridge", HOST, "free")) is None
    assert home(graph, switch) is None


def test_what_hangs_on_a_node_of_a_cluster_is_drawn_in_it() -> None:
    graph = group(build(nested().snapshot()), Choices())
    for pod, box in (("pod1a", "node1"), ("pod2c", "node2")):
        assert home(graph, Item("namespace", pod)) == Item("namespace", box)
    assert home(graph, Item("namespace", "node1")) is None
    # A mere switch can't talk to its hosts: they are not its own.
    sketch = Sketch().bridge("sw/br0").cable("h1", "sw/br0").cable("h2", "sw/br0")
    graph = group(build(sketch.snapshot()), Choices())
    assert home(graph, Item("namespace", "h1")) is None
    # What hangs on something else too is not in the box.
    graph = group(build(nested().cable("pod1a", "pod2a").snapshot()), Choices())
    assert home(graph, Item("namespace", "pod1a")) is None
    assert home(graph, Item("namespace", "pod1b")) == Item("namespace", "node1")


def test_a_folded_box_tells_of_what_is_inside() -> None:
    sketch = nested().cable("pod1d", "node1/cni0", up=(True, False))
    node1 = Item("namespace", "node1")
    graph = group(build(sketch.snapshot()), Choices({node1: True}))
    folded = node(graph, node1)
    assert folded.label == "node1 (+5)"
    assert dict(folded.census) == {"down": 1, "no-carrier": 1}
    assert graph.folds[node1].folded
    assert not graph.folds[Item("namespace", "node2")].folded
    assert graph.hidden[Item("namespace", "pod1a")] == node1
    assert graph.hidden[Item("link", "pod1a", "eth0")] == node1
    assert graph.hidden[Item("bridge", "node1", "cni0")] == node1
    kept = {e.item for e in graph.edges}
    assert len(kept) == len(build(sketch.snapshot()).edges) - 4


def test_items_of_cables_are_the_same_from_either_end() -> None:
    one, other = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
    assert Item.of_cable(Cable.of(one, other)) == Item.of_cable(Cable.of(other, one))
    assert CABLE.cable == Cable.of(one, other)
    assert Item("namespace", "red").endpoint is None


def test_a_link_that_is_down_takes_the_carrier_from_its_peer() -> None:
    graph = build(Sketch().cable("red", "blue", up=(False, True)).snapshot())
    cable = edge(graph, CABLE)
    assert (cable.b.health, cable.a.health) == ("down", "no-carrier")
    assert not cable.alive


def test_the_kernel_knows_best_how_a_link_is() -> None:
    live = {Endpoint("red", "eth0"): Live("no-carrier")}
    graph = build(two_hosts().snapshot(live=live))
    cable = edge(graph, CABLE)
    assert (cable.a.health, cable.b.health) == ("up", "no-carrier")
    unknown = {Endpoint("red", "eth0"): Live("unknown")}
    assert edge(build(two_hosts().snapshot(live=unknown)), CABLE).alive


def test_counters_do_not_change_the_drawing() -> None:
    end = Endpoint("red", "eth0")
    before = build(two_hosts().snapshot(live={end: Live("up", rx_bytes=1)}))
    assert before == build(two_hosts().snapshot(live={end: Live("up", rx_bytes=9)}))


def test_what_is_wished_but_not_there_is_missing_or_pending() -> None:
    lab = two_hosts().topology()
    gone = with_link(expand(lab), "red", "eth0")
    assert edge(build(snapshot(lab, observed=gone)), CABLE).b.health == "missing"
    assert edge(build(snapshot(lab, observed=gone)), CABLE).b.mark == "missing"
    later = build(snapshot(lab, observed=gone, pending="add cable"))
    assert edge(later, CABLE).b.mark == "pending"


def test_what_somebody_made_outside_is_drawn_and_marked() -> None:
    lab = two_hosts().topology()
    graph = build(snapshot(Topology("lab"), observed=expand(lab)))
    assert node(graph, Item("namespace", "red")).mark == "outside"
    assert edge(graph, CABLE).a.mark == "outside"


def test_what_somebody_changed_outside_is_drawn_as_it_is() -> None:
    lab = two_hosts().topology()
    end = Item("link", "red", "eth0")
    changed = with_link(expand(lab), "red", "eth0", addresses=("10.9.9.9/24",))
    red = node(build(snapshot(lab, observed=changed)), Item("namespace", "red"))
    assert red.mark == "drift"  # the box says that something in it differs
    (interface,) = red.interfaces
    assert interface.item == end
    assert interface.mark == "drift"
    assert interface.addresses == ("10.9.9.9/24",)


def test_what_no_link_shows_marks_its_namespace() -> None:
    lab = two_hosts().topology()
    there = expand(lab)
    red = replace(there.namespaces["red"], sysctls={"net.ipv4.ip_forward": "1"})
    changed = State({**there.namespaces, "red": red})
    item = Item("namespace", "red")
    assert node(build(snapshot(lab, observed=changed)), item).mark == "drift"
    later = build(snapshot(lab, observed=changed, pending="set"))
    assert node(later, item).mark == "pending"
    assert node(later, item).health == "up"
    route = RouteState("10.7.0.0/16", None, "eth0", 0, 254)
    red = replace(there.namespaces["red"], routes=frozenset({route}))
    changed = State({**there.namespaces, "red": red})
    (interface,) = node(build(snapshot(lab, observed=changed)), item).interfaces
    assert interface.mark == "drift"


def test_a_link_moved_out_of_the_lab_leaves_no_cable() -> None:
    lab = two_hosts().topology()
    changed = with_link(expand(lab), "red", "eth0", peer=None)
    assert not build(snapshot(lab, observed=changed)).edges


def test_a_lab_that_is_as_wished_has_no_mark() -> None:
    for sketch in (two_hosts(), gateway(), switch()):
        graph = build(sketch.snapshot())
        assert not any(node.mark for node in graph.nodes)
        assert not any(edge.a.mark or edge.b.mark for edge in graph.edges)


def test_a_model_without_a_kernel_is_drawn_as_wished() -> None:
    graph = build(two_hosts().snapshot(observed=State()))
    assert not any(node.mark for node in graph.nodes)
    assert edge(graph, CABLE).alive


def test_places_set_by_hand_are_found_by_name_and_endpoint() -> None:
    lab = gateway().topology({"red": (3, 1), "host:br0": (0, 0), "nobody": (1, 1)})
    graph = build(snapshot(lab))
    pins = {graph.nodes[n].item: place for n, place in graph.pins.items()}
    assert pins == {
        Item("namespace", "red"): (3, 1),
        Item("bridge", HOST, "br0"): (0, 0),
    }
