"""Every mistake a lab can have, found once, in the right place, with a remedy."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.strategies import sequences, topologies
from tuilab.errors import InvalidTopology
from tuilab.model.links import Bridge, Endpoint, Loopback, Tap, Veth
from tuilab.model.sysctls import Sysctl
from tuilab.model.topology import (
    HOST,
    LO,
    Expectation,
    Hop,
    Link,
    Namespace,
    Neighbour,
    Route,
    Rule,
    Topology,
)
from tuilab.model.validate import check, problems

RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")


def lab(
    red: dict[str, Link] | None = None,
    *,
    routes: tuple[Route, ...] = (),
    sysctls: dict[str, str] | None = None,
    rules: tuple[Rule, ...] = (),
    neighbours: tuple[Neighbour, ...] = (),
    **more: object,
) -> Topology:
    """Red and blue with a cable between them, and what a test adds to red."""
    links = {"eth0": Veth(peer=BLUE, addresses=("10.0.0.1/24", "fd00::1/64"))}
    links |= red or {}
    namespaces = {
        HOST: Namespace(),
        "red": Namespace(links, routes, sysctls or {}, rules, neighbours),
        "blue": Namespace({"eth0": Veth(peer=RED, addresses=("10.0.0.2/24",))}),
    }
    return replace(Topology("lab", namespaces), **more)  # type: ignore[arg-type]


def eth0(**attributes: object) -> dict[str, Link]:
    return {"eth0": Veth(peer=BLUE, **attributes)}  # type: ignore[arg-type]


def route(*args: object, **named: object) -> dict[str, object]:
    return {"routes": (Route(*args, **named),)}  # type: ignore[arg-type]


R, E = ("namespaces", "red"), ("namespaces", "red", "links", "eth0")
FIRST = (*R, "routes", 0)
HOPS = (Hop("10.0.0.2"), Hop("10.0.0.3"))

MISTAKES: dict[str, tuple[Topology, tuple[object, ...], str]] = {
    # names
    "lab name": (lab(name="a b"), ("name",), '"a b" is no name'),
    "lab name empty": (lab(name=""), ("name",), "needs a name"),
    "lab name long": (lab(name="x" * 49), ("name",), "49 characters"),
    "lab name a path": (lab(name="../x"), ("name",), "is no name"),
    "namespace name": (
        lab().with_namespace("a/b", Namespace()),
        ("namespaces", "a/b"),
        '"a/b" is no name',
    ),
    "link name long": (
        lab({"a-name-of-16-chr": Tap()}),
        (*R, "links", "a-name-of-16-chr"),
        "16 characters",
    ),
    "link name with colon": (
        lab({"a:b": Tap()}),
        (*R, "links", "a:b"),
        '"a:b" is no name',
    ),
    "link called all": (lab({"all": Tap()}), (*R, "links", "all"), "kernel"),
    "link like an option": (lab({"-x": Tap()}), (*R, "links", "-x"), "option"),
    "lo as a bridge": (lab({LO: Bridge()}), (*R, "links", LO), "loopback"),
    "loopback not called lo": (
        lab({"lo1": Loopback()}),
        (*R, "links", "lo1"),
        "loopback",
    ),
    # addresses
    "no prefix": (
        lab(eth0(addresses=("10.0.0.1",))),
        (*E, "addresses", 0),
        "no prefix length",
    ),
    "octet": (
        lab(eth0(addresses=("10.0.0.1/24", "10.0.0.300/24"))),
        (*E, "addresses", 1),
        '"10.0.0.300/24" is not an address',
    ),
    "prefix": (
        lab(eth0(addresses=("10.0.0.1/33",))),
        (*E, "addresses", 0),
        '"33" for a prefix length, not 0 to 32',
    ),
    "prefix of six": (
        lab(eth0(addresses=("fd00::1/129",))),
        (*E, "addresses", 0),
        "0 to 128",
    ),
    "network address": (
        lab(eth0(addresses=("10.0.0.0/24",))),
        (*E, "addresses", 0),
        "network itself",
    ),
    "broadcast address": (
        lab(eth0(addresses=("10.0.0.255/24",))),
        (*E, "addresses", 0),
        "broadcast",
    ),
    "multicast": (
        lab(eth0(addresses=("224.0.0.5/24",))),
        (*E, "addresses", 0),
        "multicast",
    ),
    "multicast six": (
        lab(eth0(addresses=("ff02::5/64",))),
        (*E, "addresses", 0),
        "multicast",
    ),
    "unspecified": (
        lab(eth0(addresses=("::/64",))),
        (*E, "addresses", 0),
        "no address of one machine",
    ),
    "loopback address elsewhere": (
        lab(eth0(addresses=("::1/128",))),
        (*E, "addresses", 0),
        "lo alone",
    ),
    "scope in address": (
        lab(eth0(addresses=("fe80::1%eth0/64",))),
        (*E, "addresses", 0),
        "inside the address",
    ),
    "address twice on a link": (
        lab(eth0(addresses=("10.0.0.1/24", "10.0.0.1/16"))),
        (*E, "addresses", 1),
        '"red:eth0" has the address 10.0.0.1 twice',
    ),
    "address twice in a namespace": (
        lab({"tap0": Tap(addresses=("10.0.0.1/24",))}),
        (*R, "links", "tap0", "addresses", 0),
        '"red:eth0" and "red:tap0" both have 10.0.0.1',
    ),
    "address twice on a segment": (
        lab(eth0(addresses=("10.0.0.2/24",))),
        ("namespaces", "blue", "links", "eth0", "addresses", 0),
        '"red:eth0" and "blue:eth0", on one segment, both have 10.0.0.2',
    ),
    # mac, mtu, master, owner
    "mac": (lab(eth0(mac="02:00:00:00:00")), (*E, "mac"), "not a MAC"),
    "mac of a group": (lab(eth0(mac="01:00:00:00:00:01")), (*E, "mac"), "multicast"),
    "mac zero": (lab(eth0(mac="00:00:00:00:00:00")), (*E, "mac"), "no address"),
    "mac of lo": (
        lab({LO: Loopback(mac="02:00:00:00:00:01")}),
        (*R, "links", LO, "mac"),
        "no MAC",
    ),
    "mtu small": (lab(eth0(mtu=67)), (*E, "mtu"), "can't have the mtu 67"),
    "mtu large": (lab(eth0(mtu=65536)), (*E, "mtu"), "65536"),
    "mtu of a tap": (
        lab({"tap0": Tap(mtu=65535)}),
        (*R, "links", "tap0", "mtu"),
        "65535",
    ),
    "mtu too small for six": (
        lab(eth0(mtu=1279, addresses=("fd00::1/64",))),
        (*E, "mtu"),
        "IPv6",
    ),
    "bridge whose port is too small for six": (
        lab(
            {"br0": Bridge(addresses=("fd01::1/64",)), "t": Tap(mtu=576, master="br0")}
        ),
        (*R, "links", "t", "mtu"),
        "takes its mtu from its port",
    ),
    "master missing": (
        lab({"t": Tap(master="br7")}),
        (*R, "links", "t", "master"),
        'no link "br7"',
    ),
    "master no bridge": (
        lab({"t": Tap(master="eth0")}),
        (*R, "links", "t", "master"),
        "but no bridge: it is a veth",
    ),
    "master lo": (
        lab({"t": Tap(master=LO)}),
        (*R, "links", "t", "master"),
        "but no bridge",
    ),
    "own master": (
        lab({"br0": Bridge(master="br0")}),
        (*R, "links", "br0", "master"),
        "its own master",
    ),
    "master loop": (
        lab(
            {
                n: Bridge(master=f"br{(int(n[-1]) + 1) % 3}")
                for n in ("br0", "br1", "br2")
            }
        ),
        (*R, "links", "br0", "master"),
        '"br0" -> "br1" -> "br2" -> "br0"',
    ),
    "bridge in a bridge": (
        lab({"br0": Bridge(), "br1": Bridge(master="br0")}),
        (*R, "links", "br1", "master"),
        "is a bridge and can't be a port",
    ),
    "port with addresses": (
        lab({"br0": Bridge(), **eth0(master="br0", addresses=("10.0.0.1/24",))}),
        (*E, "addresses"),
        "is a port of",
    ),
    "lo as a port": (
        lab({"br0": Bridge(), LO: Loopback(master="br0")}),
        (*R, "links", LO, "master"),
        "can't be a port",
    ),
    "tap user": (
        lab({"t": Tap(user="a b")}),
        (*R, "links", "t", "user"),
        '"a b" is no name of a user',
    ),
    "tap user number": (
        lab({"t": Tap(user="4294967295")}),
        (*R, "links", "t", "user"),
        '"4294967295" is no name of a user, nor a number',
    ),
    "tap group": (
        lab({"t": Tap(group="")}),
        (*R, "links", "t", "group"),
        '"" is no name of a group',
    ),
    # cables
    "peer in no namespace": (
        lab({"p": Veth(peer=Endpoint("gren", "eth0"))}),
        ("cables", 1, 0),
        'no namespace "gren"',
    ),
    "peer missing": (
        lab({"p": Veth(peer=Endpoint("blue", "eth7"))}),
        ("cables", 1, 0),
        'cabled to "blue:eth7", which does not exist',
    ),
    "peer points elsewhere": (
        lab({"p": Veth(peer=BLUE)}),
        ("cables", 1, 0),
        'which is cabled to "red:eth0"',
    ),
    "peer no veth": (
        lab({"p": Veth(peer=Endpoint("red", "t")), "t": Tap()}),
        ("cables", 1, 1),
        "which is a tap",
    ),
    "both ends one": (
        lab({"p": Veth(peer=Endpoint("red", "p"))}),
        ("cables", 1),
        '"red:p" is both ends',
    ),
    "mac twice": (
        lab(
            {
                "br0": Bridge(),
                "a": Veth(peer=Endpoint("blue", "a"), mac="02:00:00:00:00:01"),
            }
        ).with_link(
            Endpoint("blue", "a"),
            Veth(peer=Endpoint("red", "a"), mac="02:00:00:00:00:01"),
        ),
        ("namespaces", "blue", "links", "a", "mac"),
        "on one segment, both have the MAC 02:00:00:00:00:01",
    ),
    # routes
    "host bits": (
        lab(**route("10.9.0.1/24", "10.0.0.2")),
        (*FIRST, "to"),
        "an address inside a network",
    ),
    "destination": (lab(**route("ten", "10.0.0.2")), (*FIRST, "to"), "no destination"),
    "gateway": (
        lab(**route("10.9.0.0/24", "10.0.0")),
        (*FIRST, "via"),
        "not the address of a gateway",
    ),
    "gateway with prefix": (
        lab(**route("10.9.0.0/24", "10.0.0.2/24")),
        (*FIRST, "via"),
        "not the address of a gateway",
    ),
    "family": (
        lab(**route("10.9.0.0/24", "fd00::2")),
        (*FIRST, "via"),
        "IPv6, the route to 10.9.0.0/24 is IPv4",
    ),
    "own gateway": (
        lab(**route("0.0.0.0/0", "10.0.0.1")),
        (*FIRST, "via"),
        'the address of "red:eth0" itself',
    ),
    "gateway broadcast": (
        lab(**route("0.0.0.0/0", "10.0.0.255")),
        (*FIRST, "via"),
        "no machine of 10.0.0.0/24",
    ),
    "gateway multicast": (
        lab(**route("0.0.0.0/0", "224.0.0.1")),
        (*FIRST, "via"),
        "can't be a gateway",
    ),
    "gateway unreachable": (
        lab(**route("0.0.0.0/0", "10.0.1.1")),
        (*FIRST, "via"),
        "unreachable",
    ),
    "gateway not by that link": (
        lab({"t": Tap()}, **route("0.0.0.0/0", "10.0.0.2", "t")),
        (*FIRST, "via"),
        'no network of "red:t"',
    ),
    "gateway link-local": (
        lab(**route("::/0", "fe80::1")),
        (*FIRST, "via"),
        "on every link",
    ),
    "gateway in a network of lo": (
        lab(
            {LO: Loopback(addresses=("10.5.0.1/24",))},
            **route("10.9.0.0/24", "10.5.0.7"),
        ),
        (*FIRST, "via"),
        "unreachable",
    ),
    "link of a route": (
        lab(**route("10.9.0.0/24", None, "eth7")),
        (*FIRST, "dev"),
        'no link "eth7"',
    ),
    "link and gateway": (
        lab(**route("10.9.0.0/24", "10.0.7.1", "eth7")),
        (*FIRST, "dev"),
        'no link "eth7"',
    ),
    "nowhere": (lab(**route("10.9.0.0/24")), FIRST, "leads nowhere"),
    "route twice": (
        lab(
            routes=(
                Route("10.9.0.0/24", "10.0.0.2"),
                Route("10.9.0.0/24", "10.0.0.3", metric=0, table=254),
            )
        ),
        (*R, "routes", 1),
        "two routes to 10.9.0.0/24",
    ),
    "route six twice": (
        lab(
            routes=(
                Route("::/0", "fd00::2"),
                Route("::/0", "fd00::3", metric=1024),
            )
        ),
        (*R, "routes", 1),
        "two routes to default",
    ),
    "the kernel's own route": (
        lab(**route("10.0.0.0/24", None, "eth0")),
        (*FIRST, "to"),
        "kernel has that route already",
    ),
    "metric": (
        lab(**route("10.9.0.0/24", "10.0.0.2", metric=2**32)),
        (*FIRST, "metric"),
        "no metric",
    ),
    "table": (
        lab(**route("10.9.0.0/24", "10.0.0.2", table=0)),
        (*FIRST, "table"),
        "no routing table",
    ),
    "table local": (
        lab(**route("10.9.0.0/24", "10.0.0.2", table=255)),
        (*FIRST, "table"),
        "no routing table",
    ),
    "type of a route": (
        lab(routes=(Route("10.9.0.0/24", type="dropped"),)),
        (*FIRST, "type"),
        '"dropped" is no type',
    ),
    "gateway of a blackhole": (
        lab(routes=(Route("10.9.0.0/24", "10.0.0.2", type="blackhole"),)),
        (*FIRST, "via"),
        "sends nothing on",
    ),
    "blackhole twice": (
        lab(
            routes=(
                Route("10.9.0.0/24", type="blackhole"),
                Route("10.9.0.0/24", "10.0.0.2"),
            )
        ),
        (*R, "routes", 1),
        "two routes to 10.9.0.0/24",
    ),
    "source of nobody": (
        lab(**route("10.9.0.0/24", "10.0.0.2", src="10.0.0.9")),
        (*FIRST, "src"),
        'no address of "red"',
    ),
    "source of the other family": (
        lab(**route("10.9.0.0/24", "10.0.0.2", src="fd00::1")),
        (*FIRST, "src"),
        "IPv6, the route to 10.9.0.0/24 is IPv4",
    ),
    "source unreadable": (
        lab(**route("10.9.0.0/24", "10.0.0.2", src="10.0.0.1/24")),
        (*FIRST, "src"),
        "not an address to send from",
    ),
    "onlink without link": (
        lab(**route("10.9.0.0/24", "9.9.9.9", onlink=True)),
        (*FIRST, "onlink"),
        "there is no dev",
    ),
    "one hop": (
        lab(routes=(Route("10.9.0.0/24", hops=(Hop("10.0.0.2"),)),)),
        (*FIRST, "hops"),
        "with one hop",
    ),
    "hops and gateway": (
        lab(routes=(Route("10.9.0.0/24", "10.0.0.2", hops=HOPS),)),
        (*FIRST, "via"),
        "beside hops",
    ),
    "hop twice": (
        lab(routes=(Route("10.9.0.0/24", hops=(*HOPS, Hop("10.0.0.2", "eth0"))),)),
        (*FIRST, "hops", 2),
        "a hop of this route already",
    ),
    "weight": (
        lab(routes=(Route("10.9.0.0/24", hops=(HOPS[0], Hop("10.0.0.3", weight=0))),)),
        (*FIRST, "hops", 1, "weight"),
        "no weight",
    ),
    "hop unreachable": (
        lab(routes=(Route("10.9.0.0/24", hops=(HOPS[0], Hop("10.7.0.3"))),)),
        (*FIRST, "hops", 1, "via"),
        "unreachable",
    ),
    "hop of IPv6 without gateway": (
        lab(routes=(Route("fd09::/64", hops=(Hop("fd00::2"), Hop(None, "eth0"))),)),
        (*FIRST, "hops", 1, "dev"),
        "which IPv6 does not take",
    ),
    # rules and neighbours
    "priority": (
        lab(rules=(Rule(32766, table=100),)),
        (*R, "rules", 0, "priority"),
        "no priority",
    ),
    "priority twice": (
        lab(rules=(Rule(9, table=100), Rule(9, table=101))),
        (*R, "rules", 1, "priority"),
        "two IPv4 rules of priority 9",
    ),
    "neither table nor action": (
        lab(rules=(Rule(9),)),
        (*R, "rules", 0),
        "neither table nor action",
    ),
    "both table and action": (
        lab(rules=(Rule(9, table=7, action="prohibit"),)),
        (*R, "rules", 0),
        "both a table and an action",
    ),
    "action": (
        lab(rules=(Rule(9, action="drop"),)),
        (*R, "rules", 0, "action"),
        "nothing that a rule does",
    ),
    "families of a rule": (
        lab(rules=(Rule(9, 4, "10.0.0.0/8", "fd00::/8", table=7),)),
        (*R, "rules", 0, "to"),
        "IPv6, the rule is IPv4",
    ),
    "host bits of a rule": (
        lab(rules=(Rule(9, 4, "10.0.0.1/8", table=7),)),
        (*R, "rules", 0, "from"),
        "an address inside a network",
    ),
    "every source": (
        lab(rules=(Rule(9, 4, "0.0.0.0/0", table=7),)),
        (*R, "rules", 0, "from"),
        "every address",
    ),
    "mark": (
        lab(rules=(Rule(9, fwmark="red", table=7),)),
        (*R, "rules", 0, "fwmark"),
        "no mark",
    ),
    "table of a rule": (
        lab(rules=(Rule(9, table=255),)),
        (*R, "rules", 0, "table"),
        "no routing table",
    ),
    "link of a rule": (
        lab(rules=(Rule(9, iif="a link", table=7),)),
        (*R, "rules", 0, "iif"),
        "letters, digits",
    ),
    "neighbour nowhere": (
        lab(neighbours=(Neighbour("10.0.0.9", "eth7", "02:00:00:00:00:09"),)),
        (*R, "neighbours", 0, "dev"),
        'no link "eth7"',
    ),
    "neighbour of lo": (
        lab(neighbours=(Neighbour("10.0.0.9", LO, "02:00:00:00:00:09"),)),
        (*R, "neighbours", 0, "dev"),
        "has no neighbours",
    ),
    "neighbour without MAC": (
        lab(neighbours=(Neighbour("10.0.0.9", "eth0"),)),
        (*R, "neighbours", 0),
        "without MAC",
    ),
    "proxy with MAC": (
        lab(neighbours=(Neighbour("10.0.0.9", "eth0", "02:00:00:00:00:09", True),)),
        (*R, "neighbours", 0, "mac"),
        "answered for",
    ),
    "neighbour's MAC": (
        lab(neighbours=(Neighbour("10.0.0.9", "eth0", "33:33:00:00:00:01"),)),
        (*R, "neighbours", 0, "mac"),
        "multicast",
    ),
    "neighbour's address": (
        lab(neighbours=(Neighbour("224.0.0.9", "eth0", "02:00:00:00:00:09"),)),
        (*R, "neighbours", 0, "to"),
        "no address of one machine",
    ),
    "neighbour twice": (
        lab(neighbours=(Neighbour("10.0.0.9", "eth0", "02:00:00:00:00:09"),) * 2),
        (*R, "neighbours", 1, "to"),
        "has the neighbour 10.0.0.9 twice",
    ),
    # settings, expectations, layout
    "sysctl": (
        lab(sysctls={"net.ipv4.ip_forwrd": "1"}),
        (*R, "sysctls", "net.ipv4.ip_forwrd"),
        "no setting",
    ),
    "sysctl value": (
        lab(sysctls={"net.ipv4.ip_forward": "2"}),
        (*R, "sysctls", "net.ipv4.ip_forward"),
        'takes 0 or 1, not "2"',
    ),
    "sysctl value not as the kernel writes it": (
        lab(sysctls={"net.ipv4.ip_forward": "01"}),
        (*R, "sysctls", "net.ipv4.ip_forward"),
        "takes 0 or 1",
    ),
    "expect from": (
        lab(expect=(Expectation("rad", "blue"),)),
        ("expect", 0, "from"),
        '"rad"',
    ),
    "expect to": (
        lab(expect=(Expectation("red", "10.0.0.2/24"),)),
        ("expect", 0, "to"),
        "no namespace or address",
    ),
    "layout": (lab(layout={"green": (1, 1)}), ("layout", "green"), "does not exist"),
    "layout of a link": (
        lab(layout={"red:eth9": (1, 1)}),
        ("layout", "red:eth9"),
        "does not exist",
    ),
    "layout too wide": (
        lab(layout={"red": (10_000, 0), "blue": (-10_001, 0)}),
        ("layout", "blue"),
        "too far",
    ),
    "layout too high": (lab(layout={"red": (0, 2001)}), ("layout", "red"), "too far"),
    "layout too large": (
        lab(layout={"red": (9_000, 0), "blue": (0, 1_000)}),
        ("layout",),
        "9001 columns and 1001 rows",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_one_problem_in_its_place(what: str) -> None:
    topology, path, fact = MISTAKES[what]
    found = problems(topology)
    assert [p.path for p in found] == [path], [str(p) for p in found]
    assert fact in found[0].message
    assert found[0].hint


def test_what_is_right_is_not_complained_about() -> None:
    """Things that look wrong to one who is too careful."""
    right = lab(
        {
            LO: Loopback(addresses=("192.0.2.1/32", "::2/128"), up=False),
            "br0": Bridge(mac="02:00:00:00:00:05", mtu=9000),
            "port": Tap(master="br0", mac="02:00:00:00:00:05", user="1000"),
            "p2p": Tap(addresses=("10.7.0.0/31", "fe80::1/64", "10.8.0.1/32")),
            "p3p": Tap(addresses=("10.7.0.2/31", "fe80::1/64", "10.0.0.200/24")),
        },
        routes=(
            Route("0.0.0.0/0", "10.0.0.254"),
            Route("0.0.0.0/0", "10.0.0.253", metric=5),
            Route("0.0.0.0/0", "10.0.0.253", table=7),
            Route("10.9.0.0/24", "10.7.0.1"),
            Route("10.0.0.0/24", None, "eth0", metric=9),
            Route("fd00::/64", None, "eth0"),
            Route("::/0", "fe80::9", "p2p"),
            Route("203.0.113.7/32", None, "p2p"),
        ),
        sysctls={"net.ipv4.ip_forward": "1"},
        layout={"red": (1, 2), "host": (0, 0), "red:br0": (3, 3)},
        expect=(Expectation("red", "blue"), Expectation("host", "fd00::1", False)),
    )
    assert problems(right) == []
    check(right)


def test_check_raises_with_all_of_them() -> None:
    wrong = lab(eth0(mac="nonsense", mtu=1), name="")
    with pytest.raises(InvalidTopology) as caught:
        check(wrong, "lab.yaml")
    assert [p.path[-1] for p in caught.value.problems] == ["name", "mac", "mtu"]
    assert '"lab.yaml" has 3 mistakes' in str(caught.value)


@pytest.mark.parametrize(
    ("address", "gateway", "said"),
    [
        ("10.0.0.300/24", "10.0.0.254", False),
        ("10.0.0.1/33", "10.0.0.254", False),
        ("10.0.0.1", "10.0.0.254", False),
        ("10.0.0.300/24", "10.1.0.254", True),
        ("fd00::1/200", "fd00::fe", False),
        ("fd00::1/200", "10.0.0.254", True),
        ("fd00:1:g::1/64", "fd00:1::fe", False),
        ("nonsense", "10.0.0.254", False),
    ],
)
def test_an_unreadable_address_excuses_the_gateway_that_it_may_have_reached(
    address: str, gateway: str, said: bool
) -> None:
    topology = Topology(
        "lab",
        {
            HOST: Namespace(
                {"t": Tap(addresses=(address,))},
                (Route("::/0" if ":" in gateway else "0.0.0.0/0", gateway),),
            )
        },
    )
    about = [p.path[2] for p in problems(topology)]
    assert about == (["links", "routes"] if said else ["links"])


def test_a_readable_address_of_the_family_does_not_excuse_nonsense() -> None:
    links = {"t": Tap(addresses=("nonsense", "10.9.0.1/24"))}
    routes = (Route("0.0.0.0/0", "10.0.0.254"),)
    topology = Topology("lab", {HOST: Namespace(links, routes)})
    assert [p.path[2] for p in problems(topology)] == ["links", "routes"]


def test_a_mac_derived_from_names_may_clash_with_a_named_one() -> None:
    from tuilab.model.addressing import derived_mac

    mac = derived_mac("lab", "blue", "eth0")
    found = problems(lab(eth0(mac=mac)))
    assert [p.path for p in found] == [(*E, "mac")]


def test_only_what_is_otherwise_than_before_is_looked_at() -> None:
    before = lab(eth0(mtu=1))
    wrong = before.with_link(Endpoint("blue", "t"), Tap(addresses=("nonsense",)))
    assert [p.path[1] for p in problems(wrong, before)] == ["blue"]
    assert problems(wrong, wrong) == []
    shared = lab(eth0(addresses=("10.0.0.2/24",)))
    assert problems(shared, lab(eth0())) == problems(shared) != []


@given(topologies())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_valid_labs_are_valid(topology: Topology) -> None:
    assert problems(topology) == []


NASTY = st.sampled_from(
    ("", ":", "::", "/", "10.0.0.1", "fe80::%/64", "١٢", "x" * 99, "\0", "10.0.0.1/24")
)


@given(sequences(max_start=8, max_edits=3), st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_topology_is_too_broken_to_be_looked_at(
    start: tuple[Topology, list[object]], data: st.DataObject
) -> None:
    topology = start[0]
    for endpoint, link in list(topology.links()):
        field = data.draw(st.sampled_from(("mac", "master", "addresses", "mtu", "")))
        if not field:
            continue
        value: object = data.draw(NASTY)
        if field == "addresses":
            value = (value,)
        if field == "mtu":
            value = data.draw(st.integers(-1, 70000))
        topology = topology.with_link(endpoint, replace(link, **{field: value}))
    texts = data.draw(st.lists(NASTY, min_size=4, max_size=4))
    wild = Namespace(
        {texts[0]: Veth(peer=Endpoint(texts[1], texts[2])), "x": Tap(user=texts[3])},
        (Route(*texts[:3]), Route(texts[3], metric=-1)),  # type: ignore[call-arg]
        {texts[0]: texts[1]},
    )
    topology = topology.with_namespace(texts[2], wild)
    topology = replace(topology, layout={texts[1]: (0, 0)}, name=texts[3])
    found = problems(topology)
    assert found
    # What was right before need not be looked at again.
    assert problems(topology, replace(start[0], name=texts[3])) == found


def test_a_setting_with_a_range() -> None:
    setting = Sysctl(-1, 100, "0", "")
    assert setting.problem("-1") == setting.problem("100") == ""
    assert setting.problem("101") == "takes a number from -1 to 100"
    assert setting.problem("١") != ""
