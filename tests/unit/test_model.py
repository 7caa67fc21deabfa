"""A lab as a value: its names and addresses, and as plain data."""

import ipaddress
import json

import pytest
from hypothesis import given

from tests.strategies import documents, topologies
from tests.unit.office import SLOW, E, made, office
from tuilab.model import addressing as ad
from tuilab.model import edits
from tuilab.model.links import Bridge, Endpoint, Loopback, Tap
from tuilab.model.plain import from_data, to_data
from tuilab.model.routing import outgoing
from tuilab.model.topology import (
    HOST,
    LO,
    Cable,
    Namespace,
    Route,
    Topology,
)
from tuilab.model.validate import problems

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
