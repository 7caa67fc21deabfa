"""A lab as a value: its names and addresses, the verbs of the editor, plain data."""

import copy
import ipaddress
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.strategies import changes, documents, sequences, topologies
from tuilab.errors import NotFoundError, UsageError
from tuilab.model import addressing as ad
from tuilab.model import edits
from tuilab.model.edits import Change, Rename
from tuilab.model.links import Bridge, Endpoint, Loopback, Tap, Veth
from tuilab.model.plain import from_data, to_data
from tuilab.model.routing import outgoing
from tuilab.model.topology import (
    HOST,
    LO,
    Cable,
    Expectation,
    Namespace,
    Route,
    Topology,
)
from tuilab.model.validate import problems

SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
E = Endpoint.parse


def made(*steps: Change, name: str = "lab") -> Topology:
    return edits.together("", steps).apply(Topology(name))


def office() -> Topology:
    """Red and blue on a bridge of the host, and a tap."""
    return made(
        edits.add_namespace("red"),
        edits.add_namespace("blue"),
        edits.add_bridge(E("host:br0"), addresses=("10.0.0.254/24",)),
        edits.connect(
            E("red:eth0"),
            E("host:p1"),
            a_end={"addresses": ("10.0.0.1/24",)},
            b_end={"master": "br0"},
        ),
        edits.connect(
            E("blue:eth0"),
            E("host:p2"),
            a_end={"addresses": ("10.0.0.2/24",)},
            b_end={"master": "br0"},
        ),
        edits.add_tap(E("host:tap0"), master="br0", user="1000"),
        edits.add_route("red", Route("default", "10.0.0.254")),
        edits.place({"red": (1, 2)}),
        edits.place({"red:eth0": (3, 4)}),
    )


# -- values --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["red", ":eth0", "red:", "", ":"])
def test_what_is_no_endpoint(text: str) -> None:
    with pytest.raises(ValueError, match="NAMESPACE:IFNAME"):
        Endpoint.parse(text)


def test_an_endpoint_is_read_as_it_is_shown() -> None:
    assert str(Endpoint.parse("red:eth0")) == "red:eth0"


def test_a_cable_has_no_direction() -> None:
    a, b = E("red:eth0"), E("blue:eth0")
    assert Cable.of(a, b) == Cable.of(b, a)
    assert office().cables == (
        Cable(E("host:p1"), E("red:eth0")),
        Cable(E("blue:eth0"), E("host:p2")),
    )


def test_lo_is_always_there() -> None:
    namespace = Namespace()
    assert namespace.link(LO) == Loopback()
    assert list(namespace.all_links()) == [(LO, Loopback())]
    assert list(Topology("x").links()) == []
    assert Topology("x").link(E("host:lo")) == Loopback()
    assert Topology("x").link(E("red:lo")) is None


def test_a_bridge_knows_its_ports() -> None:
    host = office().namespaces[HOST]
    assert host.bridges() == ["br0"]
    assert host.ports("br0") == ["p1", "p2", "tap0"]


# -- names and addresses ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("eth0", True),
        ("a-name-of-15-ch", True),
        ("x@y+z.1_2", True),
        ("1", True),
        ("", False),
        ("a-name-of-16-chr", False),
        (".", False),
        ("..", False),
        ("a b", False),
        ("a/b", False),
        ("a:b", False),
        ("é", False),
        ("eth0\n", False),
        ("all", False),
        ("default", False),
        ("-x", False),
    ],
)
def test_names_of_links(name: str, fine: bool) -> None:
    assert (ad.ifname_problem(name) == "") is fine


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("red", True),
        ("ns-1.a_b", True),
        ("x" * 48, True),
        ("x" * 49, False),
        ("", False),
        ("..", False),
        (".hidden", False),
        ("-x", False),
        ("a/b", False),
        ("a b", False),
        ("a:b", False),
    ],
)
def test_names_of_namespaces_and_labs(name: str, fine: bool) -> None:
    assert (ad.namespace_name_problem(name) == "") is fine
    assert (ad.lab_name_problem(name) == "") is fine


def test_a_derived_mac_is_the_same_for_ever() -> None:
    """Saved labs and running ones rely on it: this value may never change."""
    mac = ad.derived_mac("lab", "red", "eth0")
    assert mac == "02:53:5d:aa:c1:a6"
    assert ad.mac_problem(mac) == ""
    others = {
        ad.derived_mac("lab", "red", "eth1"),
        ad.derived_mac("lab", "rede", "th0"),
        ad.derived_mac("la", "bred", "eth0"),
        ad.derived_mac("lab2", "red", "eth0"),
        mac,
    }
    assert len(others) == 5


def test_link_local_addresses_are_those_of_the_rfc() -> None:
    # RFC 4291, appendix A: 34-56-78-9A-BC-DE gives ...3656:78FF:FE9A:BCDE.
    assert ad.link_local("34:56:78:9a:bc:de") == "fe80::3656:78ff:fe9a:bcde"


@pytest.mark.parametrize(
    ("given_", "canonical"),
    [
        (" 10.0.0.1/24 ", "10.0.0.1/24"),
        ("10.0.0.1/255.255.255.0", "10.0.0.1/24"),
        ("FD00:0:0::1/64", "fd00::1/64"),
        ("nonsense", "nonsense"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_one_spelling(given_: str, canonical: str) -> None:
    assert ad.canonical_cidr(given_) == canonical


def test_one_spelling_of_destinations() -> None:
    assert ad.canonical_destination("default") == "0.0.0.0/0"
    assert ad.canonical_destination("default", "fd00::1") == "::/0"
    assert ad.canonical_destination("10.1.0.0/255.255.0.0") == "10.1.0.0/16"
    assert ad.canonical_destination("10.1.0.1/16") == "10.1.0.1/16"  # left to validate
    assert ad.canonical_destination("2001:DB8::/32") == "2001:db8::/32"
    assert ad.show_destination("::/0") == ad.show_destination("0.0.0.0/0") == "default"
    assert ad.canonical_address("FD00::0:1") == "fd00::1"


def test_the_next_free_of_everything() -> None:
    lab = office()
    assert ad.free_namespace_name(Topology("x")) == "red"
    assert ad.free_namespace_name(lab) == "green"
    assert ad.free_ifname(lab, "red") == "eth1"
    assert ad.free_ifname(lab, "host", "tap") == "tap1"
    assert ad.free_ifname(lab, "nowhere") == "eth0"
    assert str(ad.free_network(lab)) == "10.0.1.0/24"
    network = ipaddress.ip_network("10.0.0.0/24")
    assert ad.free_address(network, ad.all_addresses(lab)) == "10.0.0.3/24"
    tiny = ipaddress.ip_network("10.0.0.0/31")
    assert ad.free_address(tiny, ["10.0.0.0/31", "10.0.0.1/31"]) is None
    many = made(*(edits.add_namespace(name) for name in ad.PROPOSED_NAMES))
    assert ad.free_namespace_name(many) == "ns1"


def test_a_lab_of_ipv6_alone_goes_on_with_it() -> None:
    a, b = E("a:eth0"), E("b:eth0")

    def lab(one: str, *more: str) -> Topology:
        names = (edits.add_namespace(name) for name in "ab")
        cable = edits.connect(a, b, a_end={"addresses": (one,)})
        routes = (edits.add_route("a", Route(to, dev="eth0")) for to in more)
        return made(*names, cable, *routes)

    assert str(ad.free_network(lab("2001:db8::1/64"))) == "2001:db8:0:1::/64"
    assert str(ad.free_network(lab("fd00:1::1/120"))) == "fd00:1:0:1::/64"
    assert str(ad.free_network(lab("fd00:1::1/48"))) == "fd00:1:1::/64"
    routed = lab("fd00::1/64", "fd00:0:0:1::/64", "::/0")
    assert str(ad.free_network(routed)) == "fd00:0:0:2::/64"
    assert ad.free_network(lab("fe80::1/64")).version == 4
    assert ad.free_network(lab("10.9.0.1/24")).version == 4


def test_a_segment_goes_through_bridges_and_cables() -> None:
    lab = office()
    members = {str(e) for e in ad.segment(lab, E("red:eth0"))}
    assert members == {
        "red:eth0",
        "blue:eth0",
        "host:p1",
        "host:p2",
        "host:br0",
        "host:tap0",
    }
    nets = [str(n) for n in ad.segment_networks(lab, E("host:tap0"))]
    assert nets == ["10.0.0.0/24"]
    assert ad.segment(lab, E("red:none")) == set()


@given(topologies())
@SLOW
def test_every_proposal_is_valid(lab: Topology) -> None:
    name = ad.free_namespace_name(lab)
    lab = edits.add_namespace(name).apply(lab)
    network = ad.free_network(lab)
    cidr = ad.free_address(network, ad.all_addresses(lab))
    assert cidr is not None
    at = Endpoint(HOST, ad.free_ifname(lab, HOST))
    end = {"addresses": (cidr,)}
    lab = edits.connect(Endpoint(name, "eth0"), at, a_end=end).apply(lab)
    assert problems(lab) == []


# -- routing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("route", "ifname"),
    [
        (Route("0.0.0.0/0", "10.0.0.9"), "wide"),
        (Route("0.0.0.0/0", "10.0.1.9"), "narrow"),
        (Route("0.0.0.0/0", "10.0.1.9", "wide"), "wide"),
        (Route("0.0.0.0/0", "192.0.2.9"), None),
        (Route("0.0.0.0/0", "172.16.0.9"), None),  # a network of lo
        (Route("0.0.0.0/0", "nonsense"), None),
        (Route("::/0", "fe80::1"), None),
        (Route("::/0", "fe80::1", "wide"), "wide"),
        (Route("::/0", "fe80::1", "none"), None),
        (Route("10.9.0.0/24", None, "narrow"), "narrow"),
        (Route("10.9.0.0/24", None, "lo"), "lo"),
        (Route("10.9.0.0/24", None, "none"), None),
        (Route("10.9.0.0/24"), None),
        (Route("0.0.0.0/0", "169.254.1.1"), "narrow"),  # by a route of its own
        (Route("0.0.0.0/0", "169.254.1.1", "wide"), None),
        (Route("0.0.0.0/0", "169.254.2.2"), None),
        (Route("0.0.0.0/0", "169.254.2.2", table=42), "wide"),
    ],
)
def test_the_link_a_route_leaves_by(route: Route, ifname: str | None) -> None:
    namespace = Namespace(
        {
            LO: Loopback(addresses=("172.16.0.1/24",)),
            "wide": Tap(addresses=("unreadable", "10.0.0.1/8")),
            "narrow": Tap(addresses=("10.0.1.1/24",)),
        },
        (
            Route("169.254.1.1/32", dev="narrow"),
            Route("169.254.2.2/32", dev="wide", table=42),
        ),
    )
    assert outgoing(namespace, route) == ifname


# -- the verbs -------------------------------------------------------------------------


def test_adding() -> None:
    lab = office()
    assert lab.link(E("host:tap0")) == Tap(master="br0", user="1000")
    assert lab.link(E("red:eth0")) == Veth(
        peer=E("host:p1"), addresses=("10.0.0.1/24",)
    )
    assert lab.namespaces["red"].routes == (Route("0.0.0.0/0", "10.0.0.254"),)
    assert problems(lab) == []


def test_what_is_given_is_kept_in_its_one_spelling() -> None:
    lab = made(
        edits.add_tap(E("host:t"), mac="02:AA:00:00:00:01", addresses=("FD00::1/64",)),
        edits.add_address(E("host:t"), "10.0.0.1/255.255.255.0"),
        edits.add_route("host", Route("default", "FD00::2")),
        edits.set_link(E("host:t"), mac="02:BB:00:00:00:01"),
    )
    assert lab.link(E("host:t")) == Tap(
        mac="02:bb:00:00:00:01", addresses=("fd00::1/64", "10.0.0.1/24")
    )
    assert lab.namespaces[HOST].routes == (Route("::/0", "fd00::2"),)


def test_a_bridge_takes_its_first_ports_along() -> None:
    lab = made(edits.add_tap(E("host:t")), edits.add_bridge(E("host:br0"), ports=["t"]))
    assert lab.namespaces[HOST].ports("br0") == ["t"]


REFUSED = [
    (edits.add_namespace("red"), UsageError, 'namespace "red" exists already'),
    (edits.remove_namespace("green"), NotFoundError, 'no namespace "green"'),
    (edits.remove_namespace(HOST), UsageError, "root namespace"),
    (edits.rename_namespace("green", "x"), NotFoundError, 'no namespace "green"'),
    (edits.rename_namespace("red", "blue"), UsageError, '"blue" exists already'),
    (edits.rename_namespace(HOST, "x"), UsageError, "root namespace"),
    (edits.set_sysctl("green", "k", "1"), NotFoundError, 'no namespace "green"'),
    (edits.add_bridge(E("host:br0")), UsageError, '"host:br0" exists already'),
    (edits.add_bridge(E("host:lo")), UsageError, '"host:lo" exists already'),
    (edits.add_tap(E("green:t")), NotFoundError, 'no namespace "green"'),
    (edits.connect(E("red:x"), E("red:x")), UsageError, "both ends"),
    (edits.connect(E("red:x"), E("red:eth0")), UsageError, "exists already"),
    (edits.remove_link(E("red:eth9")), NotFoundError, 'no link "red:eth9"'),
    (edits.remove_link(E("red:lo")), UsageError, "belongs to its"),
    (edits.rename_link(E("red:lo"), "x"), UsageError, "can't be renamed"),
    (edits.rename_link(E("host:p1"), "p2"), UsageError, "exists already"),
    (edits.set_link(E("host:br0"), user="x"), UsageError, "a bridge, which has no"),
    (edits.add_address(E("red:eth0"), "10.0.0.1/24"), UsageError, "already"),
    (edits.remove_address(E("red:eth0"), "10.0.0.9/24"), NotFoundError, "no address"),
    (edits.add_route("red", Route("default", "10.0.0.254")), UsageError, "already"),
    (edits.remove_route("red", Route("10.9.0.0/24")), NotFoundError, "no route to"),
    (edits.remove_route("blue", Route("default")), NotFoundError, "no route to"),
]


@pytest.mark.parametrize(
    ("change", "error", "fact"), REFUSED, ids=[c.title for c, *_ in REFUSED]
)
def test_what_makes_no_sense_is_refused(
    change: Change, error: type[UsageError], fact: str
) -> None:
    with pytest.raises(UsageError) as caught:
        change.apply(office())
    assert type(caught.value) is error
    assert fact in caught.value.summary


def test_removing_a_namespace_takes_all_that_hangs_on_it() -> None:
    lab = replace(
        office(),
        expect=(
            Expectation("red", "blue"),
            Expectation("blue", "red"),
            Expectation("blue", "10.0.0.254"),
        ),
    )
    after = edits.remove_namespace("red").apply(lab)
    assert "red" not in after.namespaces
    assert after.link(E("host:p1")) is None
    assert after.layout == {}
    assert after.expect == (Expectation("blue", "10.0.0.254"),)
    assert problems(after) == []


def test_removing_a_bridge_lets_its_ports_go() -> None:
    after = edits.remove_link(E("host:br0")).apply(office())
    assert [link.master for _, link in after.links()] == [None] * 5
    assert after.namespaces[HOST].routes == ()


def test_routes_die_with_what_they_led_through() -> None:
    lab = edits.add_route("red", Route("10.9.0.0/24", None, "eth0")).apply(office())
    after = edits.remove_address(E("red:eth0"), "10.0.0.1/24").apply(lab)
    assert after.namespaces["red"].routes == (Route("10.9.0.0/24", None, "eth0"),)
    after = edits.remove_link(E("host:p1")).apply(lab)
    assert after.namespaces["red"] == Namespace()


def test_a_route_that_was_dead_before_is_left_alone() -> None:
    lab = office()
    red = lab.namespaces["red"]
    dead = Route("10.8.0.0/24", "192.0.2.1")
    lab = lab.with_namespace("red", replace(red, routes=(*red.routes, dead)))
    after = edits.remove_address(E("red:eth0"), "10.0.0.1/24").apply(lab)
    assert after.namespaces["red"].routes == (dead,)


def test_a_renamed_namespace_is_the_same_everywhere() -> None:
    lab = replace(office(), expect=(Expectation("red", "blue", False),))
    change = edits.rename_namespace("red", "boss")
    after = change.apply(lab)
    assert change.renames == (Rename("red", "boss"),)
    assert list(after.namespaces) == [HOST, "boss", "blue"]
    assert after.link(E("host:p1")) == Veth(peer=E("boss:eth0"), master="br0")
    mac = ad.derived_mac("lab", "red", "eth0")
    assert after.link(E("boss:eth0")) == Veth(
        peer=E("host:p1"), addresses=("10.0.0.1/24",), mac=mac
    )
    assert after.layout == {"boss": (1, 2), "boss:eth0": (3, 4)}
    assert after.expect == (Expectation("boss", "blue", False),)
    assert problems(after) == []


def test_a_renamed_link_is_the_same_everywhere() -> None:
    lab = edits.add_route("red", Route("10.9.0.0/24", None, "eth0")).apply(office())
    after = edits.rename_link(E("red:eth0"), "uplink").apply(lab)
    assert after.link(E("host:p1")) == Veth(peer=E("red:uplink"), master="br0")
    assert after.namespaces["red"].routes[1].dev == "uplink"
    assert after.layout == {"red": (1, 2), "red:uplink": (3, 4)}
    bridge = edits.rename_link(E("host:br0"), "sw").apply(lab)
    assert bridge.namespaces[HOST].ports("sw") == ["p1", "p2", "tap0"]
    assert list(bridge.namespaces[HOST].links) == ["sw", "p1", "p2", "tap0"]
    assert problems(after) == problems(bridge) == []


def test_another_under_the_old_name_gets_a_mac_of_its_own() -> None:
    lab = edits.rename_namespace("red", "boss").apply(office())
    lab = made_on(
        lab,
        edits.add_namespace("red"),
        edits.connect(E("red:eth0"), E("host:p3"), b_end={"master": "br0"}),
        edits.rename_link(E("host:tap0"), "old"),
        edits.add_tap(E("host:tap0"), master="br0"),
    )
    assert problems(lab) == []
    macs = [
        link.mac or ad.derived_mac(lab.name, end.namespace, end.ifname)
        for end, link in lab.links()
    ]
    assert len(set(macs)) == len(macs)


def made_on(lab: Topology, *steps: Change) -> Topology:
    return edits.together("", steps).apply(lab)


def test_removing_one_of_several_routes() -> None:
    lab = made_on(
        office(),
        edits.add_address(E("red:eth0"), "fd00::1/64"),
        edits.add_route("red", Route("default", "fd00::fe")),
        edits.add_route("red", Route("default", "10.0.0.253", metric=5)),
    )
    with pytest.raises(UsageError, match="2 routes to default"):
        edits.remove_route("red", Route("default")).apply(lab)
    after = edits.remove_route("red", Route("default", metric=5)).apply(lab)
    assert [r.via for r in after.namespaces["red"].routes] == ["10.0.0.254", "fd00::fe"]
    after = edits.remove_route("red", Route("default", "fd00::fe")).apply(lab)
    assert [r.metric for r in after.namespaces["red"].routes] == [None, 5]
    only_six = made_on(
        lab,
        edits.remove_route("red", Route("default", "10.0.0.254")),
        edits.remove_route("red", Route("default", metric=5)),
        edits.remove_route("red", Route("default")),
    )
    assert only_six.namespaces["red"].routes == ()


def test_settings_go_back_to_their_default() -> None:
    key = "net.ipv4.ip_forward"
    lab = made(edits.set_sysctl(HOST, key, "1"))
    assert lab.namespaces[HOST].sysctls == {key: "1"}
    assert made_on(lab, edits.set_sysctl(HOST, key, None)) == Topology("lab")


def test_a_lo_that_says_nothing_again_is_not_there() -> None:
    lab = made(
        edits.add_address(E("host:lo"), "192.0.2.1/32"),
        edits.set_link(E("host:lo"), up=False),
    )
    assert lab.link(E("host:lo")) == Loopback(addresses=("192.0.2.1/32",), up=False)
    lab = made_on(
        lab,
        edits.remove_address(E("host:lo"), "192.0.2.1/32"),
        edits.set_link(E("host:lo"), up=True),
    )
    assert lab == Topology("lab")


def test_becoming_another_lab_keeps_the_name() -> None:
    other = replace(office(), name="other")
    assert edits.become("load", other).apply(Topology("mine")).name == "mine"


@pytest.mark.parametrize(
    ("change", "title"),
    [
        (edits.add_bridge(E("host:br0"), ports=["p"]), "add bridge host:br0"),
        (edits.connect(E("a:b"), E("c:d")), "add cable a:b = c:d"),
        (edits.set_link(E("a:b"), up=False, mtu=None), "set a:b down mtu default"),
        (edits.set_link(E("a:b"), master=None), "set a:b nomaster"),
        (edits.set_link(E("a:b"), master="br0", up=True), "set a:b master br0 up"),
        (edits.set_sysctl("a", "k", None), "set a k to its default"),
        (edits.add_route("a", Route("default", "fd00::1")), "add route default in a"),
        (edits.remove_address(E("a:b"), "::1/64"), "remove address ::1/64 from a:b"),
    ],
)
def test_titles_are_what_one_would_say(change: Change, title: str) -> None:
    assert change.title == title


@given(sequences(max_start=12, max_edits=8))
@SLOW
def test_no_verb_changes_what_it_was_given(
    start: tuple[Topology, list[Change]],
) -> None:
    lab, steps = start
    for change in steps:
        before = copy.deepcopy(lab)
        after = change.apply(lab)
        assert lab == before
        for name, namespace in after.namespaces.items():
            was = lab.namespaces.get(name)
            # What an edit leaves alone is shared: comparing it later costs nothing.
            assert after == lab or was != namespace or was is namespace
        lab = after


@given(topologies(), st.data())
@SLOW
def test_removing_what_was_added_is_as_if_it_had_never_been(
    lab: Topology, data: st.DataObject
) -> None:
    host = sorted(lab.namespaces)
    a = Endpoint(data.draw(st.sampled_from(host)), "new-a")
    b = Endpoint(data.draw(st.sampled_from(host)), "new-b")
    there = edits.connect(a, b).apply(lab)
    assert edits.remove_link(data.draw(st.sampled_from((a, b)))).apply(there) == lab
    there = edits.add_namespace("new").apply(lab)
    assert edits.remove_namespace("new").apply(there) == lab


@given(topologies(), st.data())
@SLOW
def test_a_rename_there_and_back_only_writes_macs_down(
    lab: Topology, data: st.DataObject
) -> None:
    def without_macs(topology: Topology) -> Topology:
        for end, link in list(topology.links()):
            topology = topology.with_link(end, replace(link, mac=None))
        return topology

    ends = sorted(end for end, _ in lab.links())
    names = sorted(name for name in lab.namespaces if name != HOST)
    if ends:
        end = data.draw(st.sampled_from(ends))
        there = edits.rename_link(end, "new").apply(lab)
        back = edits.rename_link(Endpoint(end.namespace, "new"), end.ifname)
        assert without_macs(back.apply(there)) == without_macs(lab)
        assert list(back.apply(there).namespaces[end.namespace].links) == list(
            lab.namespaces[end.namespace].links
        )
    if names:
        name = data.draw(st.sampled_from(names))
        there = edits.rename_namespace(name, "new").apply(lab)
        after = edits.rename_namespace("new", name).apply(there)
        assert without_macs(after) == without_macs(lab)
        assert list(after.namespaces) == list(lab.namespaces)


@given(st.data())
@SLOW
def test_changes_leave_a_lab_valid(data: st.DataObject) -> None:
    lab = data.draw(topologies())
    assert problems(data.draw(changes(lab)).apply(lab)) == []


# -- plain data ------------------------------------------------------------------------


@given(documents())
@SLOW
def test_plain_data_says_it_all(lab: Topology) -> None:
    data = json.loads(json.dumps(to_data(lab)))
    assert from_data(data) == lab


def test_plain_data_says_no_more_than_needed() -> None:
    assert to_data(office()) == {
        "tuilab": 1,
        "name": "lab",
        "namespaces": {
            "host": {
                "links": {
                    "br0": {"kind": "bridge", "addresses": ["10.0.0.254/24"]},
                    "p1": {"master": "br0"},
                    "p2": {"master": "br0"},
                    "tap0": {"kind": "tap", "master": "br0", "user": "1000"},
                }
            },
            "red": {
                "links": {"eth0": {"addresses": ["10.0.0.1/24"]}},
                "routes": [{"to": "default", "via": "10.0.0.254"}],
            },
            "blue": {"links": {"eth0": {"addresses": ["10.0.0.2/24"]}}},
        },
        "cables": [["host:p1", "red:eth0"], ["blue:eth0", "host:p2"]],
        "layout": {"red": [1, 2], "red:eth0": [3, 4]},
    }
    assert to_data(Topology("x")) == {"tuilab": 1, "name": "x", "namespaces": {}}


def test_default_routes_are_called_so_where_it_is_clear() -> None:
    lab = Topology(
        "x",
        {
            HOST: Namespace(
                {"t": Tap()},
                (
                    Route("0.0.0.0/0", None, "t"),
                    Route("::/0", None, "t"),
                    Route("::/0", "fe80::1", "t", 5, 7),
                ),
            )
        },
    )
    routes = to_data(lab)["namespaces"]["host"]["routes"]
    assert [route["to"] for route in routes] == ["default", "::/0", "default"]
    assert from_data(to_data(lab)) == lab


def test_plain_data_of_a_broken_lab_can_still_be_shown() -> None:
    odd = Namespace({"b": Bridge(mac="x", mtu=-1)}, (), {"k": "²", "m": "007"})
    data = to_data(Topology("", {HOST: odd}))
    assert data["namespaces"]["host"]["sysctls"] == {"k": "²", "m": "007"}
