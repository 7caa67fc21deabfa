"""Forms without a screen: what they propose works, what they say fits."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import applied, topologies
from tests.tui.labs import BLUE, RED, built, router, switch, two_hosts
from tuilab.errors import UsageError
from tuilab.model import edits
from tuilab.model.addressing import interface
from tuilab.model.canonical import canonical_route
from tuilab.model.topology import HOST, LO, Endpoint, Hop, Route, Tap
from tuilab.model.validate import problems
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms import checks
from tuilab.tui.forms.add_bridge import AddBridge
from tuilab.tui.forms.add_cable import AddCable
from tuilab.tui.forms.add_namespace import AddNamespace
from tuilab.tui.forms.add_tap import AddTap
from tuilab.tui.forms.edit_cable import EditCable
from tuilab.tui.forms.edit_link import AddAddress, EditLink
from tuilab.tui.forms.edit_namespace import AddRoute, EditNamespace
from tuilab.tui.forms.proposals import Place, near_bridge, pair, partner, place_of
from tuilab.tui.forms.send import Send
from tuilab.tui.forms.toggle import switched, toggle
from tuilab.tui.forms.watch import Watch
from tuilab.tui.suggest import LayerSuggester, completed


def selections(topology):
    """Everything that can be selected, and nothing."""
    yield None
    for name, namespace in topology.namespaces.items():
        yield place_of(topology, name, "")
        for ifname in namespace.links:
            yield place_of(topology, name, ifname)


# -- Enter-Enter always works ---------------------------------------------------------


@given(topologies(), st.data())
def test_what_is_proposed_can_be_run_at_once(topology, data):
    selected = data.draw(st.sampled_from(list(selections(topology))))
    forms = [
        AddNamespace(topology, selected),
        AddBridge(topology, selected),
        AddTap(topology, selected, user="root"),
    ]
    ends = pair(topology, selected, None)
    # What two bridges lead to may have one address twice: only a person can tell.
    if ends and not (ends[0].bridge and ends[1].bridge):
        forms.append(AddCable(topology, selected))
    for form in forms:
        values = form.propose({})
        assert set(values) == set(form.fields)
        assert form.problems(values) == {}, form.title
        after = form.change(values).apply(topology)
        assert problems(after) == [], form.title
        assert after != topology


@given(topologies(), st.data())
def test_an_address_that_is_proposed_is_free_and_fits(topology, data):
    links = [end for end, link in topology.links() if not link.master]
    end = data.draw(st.sampled_from(links)) if links else None
    form = AddAddress(topology, end)
    values = form.propose({})
    if form.problems(values):
        # Only a network without a free address has nothing to propose.
        assert values["address"] == ""
        return
    assert problems(form.change(values).apply(topology)) == []


@pytest.mark.parametrize("where", ["red:eth1", "host:br0"])
def test_a_link_too_small_for_ipv6_is_offered_none_though_the_lab_has_no_other(where):
    port, small = Endpoint(HOST, "port1"), {"mtu": 1000}
    lab = built(
        edits.add_namespace("red"),
        edits.add_namespace("blue"),
        edits.add_bridge(Endpoint(HOST, "br0")),
        edits.connect(RED, BLUE, a_end={"addresses": ("fd00::1/64",)}),
        edits.connect(Endpoint("red", "eth1"), Endpoint("blue", "eth1"), a_end=small),
        edits.connect(Endpoint("red", "eth2"), port, b_end={"master": "br0", **small}),
    )
    other = AddAddress(lab, Endpoint("blue", "eth1"))
    assert other.propose({})["address"].endswith("::1/64")
    form = AddAddress(lab, Endpoint.parse(where))
    values = form.propose({})
    assert values["address"] == "10.0.0.1/24"
    assert problems(form.change(values).apply(lab)) == []


@given(topologies(), st.data())
def test_an_edit_form_that_nobody_touched_changes_nothing(topology, data):
    name = data.draw(st.sampled_from(list(topology.namespaces)))
    form = EditNamespace(topology, name)
    assert form.change(form.propose({})).apply(topology) == topology
    for ifname, _ in topology.namespaces[name].all_links():
        form = EditLink(topology, Endpoint(name, ifname))
        values = form.propose({})
        assert form.problems(values) == {}
        assert form.change(values).apply(topology) == topology
    for cable in topology.cables:
        form = EditCable(topology, cable)
        values = form.propose({})
        assert form.problems(values) == {}
        assert form.change(values).apply(topology) == topology


@given(topologies(), st.data())
def test_x_is_undone_by_x(topology, data):
    links = [(end, link) for end, link in topology.links()]
    if not links:
        return
    end, _ = data.draw(st.sampled_from(links))
    item = Item("link", end.namespace, end.ifname)
    once = applied(topology, toggle(topology, [item]))
    if once is not None:
        assert toggle(once, [item]).apply(once) == topology


# -- places and partners --------------------------------------------------------------


def test_partners():
    lab = built(
        edits.add_namespace("a"),
        edits.add_namespace("b"),
        edits.add_namespace("c"),
        edits.connect(Endpoint("a", "eth0"), Endpoint("b", "eth0")),
    )
    assert partner(lab, Place("a")) == Place("c")
    assert pair(lab, None, None) == (Place("a"), Place("c"))
    assert pair(lab, Place("b"), None) == (Place("b"), Place("c"))
    assert pair(lab, Place("c"), Place("b")) == (Place("b"), Place("c"))
    assert pair(lab, Place("c"), Place("c")) == (Place("c"), Place("a"))
    assert pair(built(), None, None) is None
    alone = built(edits.add_namespace("a"))
    assert pair(alone, None, None) == (Place("a"), Place(HOST))


def test_a_lonely_namespace_is_offered_the_bridge():
    lab = built(
        edits.add_bridge(Endpoint(HOST, "br0")),
        edits.add_namespace("a"),
        edits.add_namespace("b"),
    )
    assert pair(lab, Place("a"), None) == (Place("a"), Place(HOST, "br0"))
    assert pair(lab, Place(HOST, "br0"), None) == (Place("a"), Place(HOST, "br0"))


def test_the_bridge_at_hand():
    two = edits.add_bridge(Endpoint(HOST, "br1")).apply(switch())
    assert near_bridge(switch(), None) == Place(HOST, "br0")
    assert near_bridge(two, None) is None
    assert near_bridge(two, Place("red")) == Place(HOST, "br0")
    assert near_bridge(two, Place(HOST, "br1")) == Place(HOST, "br1")
    assert near_bridge(two_hosts(), Place("red")) is None


def test_the_router_of_a_segment_is_the_gateway():
    form = AddNamespace(router(), Place("left"))
    values = form.propose({"connect": "r1"})
    assert values["gateway"] == ""
    assert AddRoute(router(), "left").propose({})["via"] == "10.1.0.1"
    assert AddRoute(switch(), "red").propose({})["via"] == "10.0.0.254"


def test_v6_addresses_go_with_v4_ones():
    form = AddCable(two_hosts())
    values = {**form.propose({}), "a_address": "10.9.0.1/24, fd00::1/64 10.9.1.1/24"}
    after = form.change(values).apply(two_hosts())
    link = after.link(form.endpoint(values, "a"))
    assert link.addresses == ("10.9.0.1/24", "fd00::1/64", "10.9.1.1/24")


# -- sending and watching -------------------------------------------------------------


def test_a_ping_goes_from_the_selection_to_its_neighbour():
    values = Send(switch(), Item("namespace", "blue")).propose({})
    assert (values["source"], values["to"]) == ("blue", "10.0.0.254")
    cable = Item.of_cable(two_hosts().cables[0])
    values = Send(two_hosts(), cable).propose({})
    assert (values["source"], values["to"]) == ("red", "10.0.0.2")
    values = Send(built(edits.add_namespace("a")), None).propose({})
    assert (values["source"], values["to"]) == ("a", "")
    assert "no target yet" in Send(built(), None).problems(values)["to"]


def test_a_target_can_be_a_namespace():
    form = Send(two_hosts(), Item("namespace", "red"))
    values = {**form.propose({}), "to": "blue"}
    assert form.problems(values) == {}
    assert form.request(values).to == "10.0.0.2"
    assert form.notes(values)["to"] == "blue:eth0"
    bare = Send(built(edits.add_namespace("a")), None)
    assert "has no address" in bare.problems({**values, "to": "a"})["to"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", "0"),
        ("count", "x"),
        ("interval", "0"),
        ("interval", "soon"),
        ("size", "70000"),
        ("ttl", "0"),
        ("from", "me"),
    ],
)
def test_senseless_numbers_are_refused(field, value):
    form = Send(two_hosts(), None)
    assert field in form.problems({**form.propose({}), field: value})


def test_the_command_of_a_request():
    form = Send(two_hosts(), Item("namespace", "red"))
    values = {**form.propose({}), "kind": "arp", "count": "1"}
    assert form.request(values).command == (
        "ip netns exec red arping -c 1 -i 0.5 10.0.0.2"
    )


def test_all_links_of_a_namespace_can_be_watched():
    form = Watch(router(), [Item("namespace", "r1")])
    assert form.propose({})["link"] == "r1:lan1"
    assert "r1:*" in [option.value for option in form.options("link", {})]
    ends = form.endpoints({"link": "r1:*", "filter": ""})
    assert ends == [Endpoint("r1", "lan1"), Endpoint("r1", "lan2")]
    assert form.commands({"link": "host:lo", "filter": "icmp"}) == [
        "tcpdump -ni lo icmp"
    ]


def test_several_selected_things_are_watched_together():
    picked = [Item("namespace", "r1"), Item.of_cable(router().cables[0])]
    form = Watch(router(), picked)
    values = form.propose({})
    assert values["link"] == "several"
    ends = [str(end) for end in form.endpoints(values)]
    assert ends == ["r1:lan1", "r1:lan2", "left:eth0"]
    assert form.unused(values) == frozenset()
    assert "tick at least one" in form.problems({**values, "links": ()})["links"]
    everything = form.endpoints({"link": "*"})
    assert everything == [end for end, _ in router().links()]
    assert form.whole({"link": "*"})
    assert not form.whole(values)


def test_filters_go_by_name():
    form = Watch(two_hosts())
    values = {**form.propose({}), "filter": "tcp syn"}
    assert form.problems(values) == {}
    assert form.notes(values)["filter"].startswith("valid: tcp[tcpflags]")
    assert "tcp-syn" in form.commands(values)[0]


@pytest.mark.parametrize(
    ("kind", "more", "command"),
    [
        ("ping", {"size": "9", "ttl": "3"}, "ping -c 4 -i 0.5 -s 9 -t 3 10.0.0.2"),
        ("trace-tcp", {}, "traceroute -n -T -p 80 10.0.0.2"),
        ("trace-icmp", {"from": "10.0.0.1"}, "traceroute -n -I -s 10.0.0.1 10.0.0.2"),
        ("tcp", {"port": "22"}, "nc -nvz 10.0.0.2 22"),
        ("udp", {}, "nc -nu 10.0.0.2 9"),
        ("dns", {"record": "MX"}, "dig @10.0.0.2 example.org MX"),
    ],
)
def test_each_kind_asks_for_what_it_needs(kind, more, command):
    form = Send(two_hosts(), Item("namespace", "red"))
    values = form.propose({"kind": kind, **more})
    assert form.problems(values) == {}
    request = form.request(values)
    assert request.command == f"ip netns exec red {command}"
    assert request.title.endswith("from red")
    assert {"to", "kind", "source"}.isdisjoint(form.unused(values))
    assert "expression" in form.unused(values)


@pytest.mark.parametrize(
    ("kind", "field", "value", "words"),
    [
        ("tcp", "port", "0", "1 to 65535"),
        ("dns", "name", "", "what is to be asked for"),
        ("scapy", "expression", "", "write a packet"),
        ("scapy", "expression", "IP(/", "invalid syntax"),
        ("answer", "link", "-", "has no tap"),
        ("answer", "addresses", "x", '"x" is no address'),
    ],
)
def test_what_is_missing_is_told(kind, field, value, words):
    form = Send(two_hosts(), None)
    values = form.propose({"kind": kind, field: value})
    assert words in form.problems(values)[field]


def test_a_selected_tap_is_answered_for_with_a_free_address():
    lab = edits.add_tap(Endpoint(HOST, "tap0"), master="br0").apply(switch())
    values = Send(lab, Item("link", HOST, "tap0")).propose({})
    assert values["kind"] == "answer"
    assert values["source"] == HOST
    assert values["link"] == "tap0"
    assert values["addresses"] == "10.0.0.3"


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("I", "IP"),
        ("Ether()/I", "Ether()/IP"),
        ("IP(d", "IP(dst="),
        ('IP(dst="I', None),
        ('IP(dst="10.0.0.2")/TC', 'IP(dst="10.0.0.2")/TCP'),
        ("IP", "IPv6"),
        ("Q", None),
        ("IP()/", None),
    ],
)
def test_words_of_an_expression_are_completed(typed, whole):
    names = {"IP": ["src", "dst"], "IPv6": ["src"], "TCP": ["dport"], "Ether": []}
    assert completed(typed, names) == whole


async def test_names_are_asked_for_once_however_fast_one_types():
    asked, go = [], asyncio.Event()

    async def names():
        asked.append(1)
        await go.wait()
        return {"Ether": ["dst"]}

    suggester = LayerSuggester(names)
    first = asyncio.create_task(suggester.get_suggestion("E"))
    await asyncio.sleep(0)
    first.cancel()
    second = asyncio.create_task(suggester.get_suggestion("Et"))
    await asyncio.sleep(0)
    go.set()
    assert await second == "Ether"
    assert await suggester.get_suggestion("Ether(d") == "Ether(dst="
    assert asked == [1]


# -- typed values --------------------------------------------------------------------

GATEWAYS = st.one_of(st.none(), st.ip_addresses(v=4).map(str))
NUMBERS = st.one_of(st.none(), st.integers(0, 2**32 - 1))


@given(
    st.ip_addresses(v=4).map(lambda ip: f"{ip}/32"),
    GATEWAYS,
    st.sampled_from([None, "eth0", "x@y+z"]),
    NUMBERS,
    NUMBERS,
)
def test_routes_are_read_as_they_are_shown(to, via, dev, metric, table):
    route = canonical_route(Route(to, via, dev, metric, table))
    assert canonical_route(checks.parse_route(checks.show_route(route))) == route


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        (
            Route("10.0.0.0/8", type="blackhole", metric=5),
            "blackhole 10.0.0.0/8 metric 5",
        ),
        (
            Route("0.0.0.0/0", "9.9.9.9", "e", table=7, src="10.0.0.1", onlink=True),
            "default via 9.9.9.9 dev e table 7 src 10.0.0.1 onlink",
        ),
        (
            Route("::/0", hops=(Hop("fe80::1", "a"), Hop("fe80::2", "b", 3))),
            "default hop via fe80::1 dev a hop via fe80::2 dev b weight 3",
        ),
        (Route("::/0", type="prohibit"), "prohibit ::/0"),
        (Route("0.0.0.0/0", table=254, type="prohibit"), "prohibit default table 254"),
    ],
)
def test_routes_in_depth_are_read_as_they_are_shown(route, shown):
    assert checks.show_route(route) == shown
    assert canonical_route(checks.parse_route(shown)) == route


@pytest.mark.parametrize(
    "route",
    [Route("::/0", "fd00::1"), Route("0.0.0.0/0", "10.0.0.1"), Route("::/0", dev="lo")],
)
def test_default_routes_keep_their_family(route):
    assert canonical_route(checks.parse_route(checks.show_route(route))) == route


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "no destination"),
        ("default via", '"via" needs a value'),
        ("default via nowhere", '"nowhere" is no gateway'),
        ("default metric x", 'metric "x" is no number'),
        ("default via 10.0.0.1 via 10.0.0.2", '"via" is not understood here'),
        ("10.0.0.1/24 via 10.0.0.2", "the network is 10.0.0.0/24"),
        ("over there", '"there" is not understood here'),
        ("default hop 10.0.0.1", '"10.0.0.1" is not understood here'),
        ("default src here", '"here" is no address'),
        ("blackhole", "no destination"),
    ],
)
def test_senseless_routes_say_why(typed, said):
    with pytest.raises(UsageError) as caught:
        checks.parse_route(typed)
    assert said in str(caught.value) or "not understood" in str(caught.value)


def test_addresses_are_checked_one_by_one():
    assert checks.addresses("10.0.0.1/24 fd00::1/64") == ""
    assert checks.addresses("") == ""
    assert "there twice" in checks.addresses("10.0.0.1/24,10.0.0.1/24")
    assert "prefix length" in checks.addresses("10.0.0.1")
    assert checks.canonical("FD00::0001/64") == ("fd00::1/64",)
    assert interface(checks.canonical("10.0.0.1/24")[0]).network.prefixlen == 24


def test_gateways_must_be_on_the_link():
    assert checks.gateway("", ()) == ""
    assert checks.gateway("10.0.0.254", ("10.0.0.1/24",)) == ""
    assert "not in the network" in checks.gateway("10.1.0.1", ("10.0.0.1/24",))
    assert "no address" in checks.gateway("there", ("10.0.0.1/24",))


def test_what_x_acts_on():
    assert switched(two_hosts(), []) == []
    assert switched(two_hosts(), [Item("namespace", "red")]) == [RED]
    assert switched(router(), [Item("namespace", "r1")]) == []
    both = switched(two_hosts(), [Item.of_cable(two_hosts().cables[0])])
    assert both == [BLUE, RED]
    assert toggle(router(), [Item("namespace", "r1")]) is None
    several = [Item("namespace", "red"), Item("namespace", "gone")]
    assert switched(two_hosts(), several) == [RED]
    down = toggle(router(), [Item("namespace", "r1"), Item("namespace", "left")])
    assert down.title == "set r1 and left down"
    ends = dict(down.apply(router()).links())
    assert [str(end) for end, link in ends.items() if link.up] == ["right:eth0"]


def test_a_tap_is_edited_with_its_owner():
    lab = edits.add_tap(Endpoint(HOST, "tap0"), user="root").apply(built())
    form = EditLink(lab, Endpoint(HOST, "tap0"))
    values = {**form.propose({}), "user": "0", "group": "0"}
    after = form.change(values).apply(lab)
    assert after.link(Endpoint(HOST, "tap0")) == Tap(user="0", group="0")
    assert "user" not in form.unused(values)
    assert "user" in EditLink(two_hosts(), RED).unused(values)


def test_how_large_an_mtu_may_be_depends_on_the_kind():
    loopback = EditLink(two_hosts(), Endpoint("red", LO))
    assert loopback.problems({**loopback.propose({}), "mtu": "16000000"}) == {}
    form = EditLink(two_hosts(), RED)
    values = {**form.propose({}), "mtu": "65536"}
    assert "68 to 65535 bytes are possible" in form.problems(values)["mtu"]


def test_lo_has_addresses_but_no_other_name():
    form = EditLink(two_hosts(), Endpoint("red", LO))
    values = {**form.propose({}), "addresses": ("192.0.2.1/32",)}
    assert {"name", "mac", "master"} <= form.unused(values)
    after = form.change(values).apply(two_hosts())
    assert after.link(Endpoint("red", LO)).addresses == ("192.0.2.1/32",)


def test_the_options_of_a_bridge_or_port_are_words():
    bridge, lab = Endpoint(HOST, "br0"), switch()
    port = next(end for end, link in lab.links() if link.master == "br0")
    form = EditLink(lab, bridge)
    values = form.propose({"options": "stp on ageing 12.5"})
    assert not form.problems(values)
    lab = form.change(values).apply(lab)
    assert (lab.link(bridge).stp, lab.link(bridge).ageing) == (True, 12.5)
    assert EditLink(lab, bridge).propose({})["options"] == "stp on ageing 12.5"
    form = EditLink(lab, port)
    assert "stp" in form.problems(form.propose({"options": "stp on"}))["options"]
    assert form.problems(form.propose({"options": "cost much"}))["options"]
    lab = form.change(form.propose({"options": "isolated on cost 9"})).apply(lab)
    assert (lab.link(port).isolated, lab.link(port).cost) == (True, 9)
    # Out of the bridge it has none.
    form = EditLink(lab, port)
    out = form.propose({"master": ""})
    assert "options" in form.unused(out)
    assert not problems(form.change(out).apply(lab))
    back = form.change(form.propose({"options": ""})).apply(lab)
    assert not back.link(port).isolated
    assert "options" in EditLink(two_hosts(), RED).unused({"master": ""})
