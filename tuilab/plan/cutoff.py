"""Whether a change of the machine's own network may cut the connection one is on.

Pure, and rather too careful than not: the way to the far end is looked up in what is
there now and in what would be, as the kernel does (longest prefix, then the smallest
metric), and any change of it counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tuilab.model.addressing import address, interface, version
from tuilab.model.routing import MAIN_TABLE
from tuilab.plan.forwarding import HopState
from tuilab.plan.state import LinkState, NamespaceState

_V6_CONNECTED_METRIC = 256
_RISKY = {
    "rp_filter": "may drop what comes another way than it goes",
}
_RISKY_V6 = {
    "forwarding": "makes the kernel forget routes that routers announced",
    "accept_ra": "decides whether routes that routers announce are taken",
    "disable_ipv6": "takes IPv6 away",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to this machine.

    Attributes:
        local: Our address.
        peer: That of the far end.
    """

    local: str
    peer: str


@dataclass(frozen=True, slots=True, order=True)
class _Way:
    """A candidate for the way to an address; the smallest is taken."""

    shortness: int
    metric: int
    dev: str
    via: str


def cuts(
    connection: Connection,
    around: NamespaceState,
    before: NamespaceState,
    after: NamespaceState,
) -> str:
    """Why a change may cut a connection, or an empty string.

    Args:
        connection: To this machine, through its root namespace.
        around: What is there and not the lab's.
        before: What is there of the lab's.
        after: What would be.
    """
    if address(connection.peer).is_loopback:
        return ""
    ways = _ways((around, before), connection.peer)
    return (
        _taken(connection, ways, before, after)
        or _way_changed(connection, around, ways, after)
        or _carrier_changed(connection, ways, before, after)
        or _neighbour(connection, ways, before, after)
        or _setting(connection, before, after)
    )


def _ways(parts: Sequence[NamespaceState], to: str) -> list[_Way]:
    """The ways the kernel may take to an address, all equally good."""
    found = sorted(way for part in parts for way in _candidates(part, to))
    return [
        way
        for way in found
        if (way.shortness, way.metric) == (found[0].shortness, found[0].metric)
    ]


def _candidates(part: NamespaceState, to: str) -> Iterator[_Way]:
    wanted = address(to)
    for ifname, link in part.links.items():
        for cidr in link.addresses if link.up else ():
            here = interface(cidr)
            if here.version == wanted.version and wanted in here.network:
                metric = 0 if here.version == 4 else _V6_CONNECTED_METRIC
                yield _Way(-here.network.prefixlen, metric, ifname, "")
    for route in part.routes:
        network = interface(route.to).network
        if (
            route.table == MAIN_TABLE
            and network.version == wanted.version
            and wanted in network
        ):
            # One that is no way at all, such as a blackhole, is in the way.
            for hop in route.ways or (HopState(None, route.type),):
                yield _Way(-network.prefixlen, route.metric, hop.dev, hop.via or "")


def _taken(
    connection: Connection,
    ways: list[_Way],
    before: NamespaceState,
    after: NamespaceState,
) -> str:
    """An address that only one may have comes to a link of the lab, or goes."""
    said = {way.via: "its gateway's" for way in ways if way.via}
    said |= {connection.peer: "the far end's", connection.local: "this end's"}
    was, now = _addresses(before), _addresses(after)
    for text, whose in said.items():
        one = address(text)
        if one in now and now[one] != was.get(one):
            return f'"host:{now[one]}" would take {text}, {_of(connection, whose)}'
        if one in was and one not in now:
            return f'"host:{was[one]}" would lose {text}, {_of(connection, whose)}'
    return ""


def _of(connection: Connection, whose: str) -> str:
    return f"{whose} address of the connection you are on (from {connection.peer})"


def _addresses(part: NamespaceState) -> dict[object, str]:
    return {
        interface(cidr).ip: ifname
        for ifname, link in part.links.items()
        for cidr in link.addresses
    }


def _way_changed(
    connection: Connection,
    around: NamespaceState,
    ways: list[_Way],
    after: NamespaceState,
) -> str:
    new = _ways((around, after), connection.peer)
    if new == ways:
        return ""
    other = next((way for way in new if way not in ways), None)
    if other is None:
        return f"there would be no way left to {_where(connection)}"
    return f'"host:{other.dev}" would become a way to {_where(connection)}'


def _where(connection: Connection) -> str:
    return f"{connection.peer}, where the connection you are on comes from"


def _carrier_changed(
    connection: Connection,
    ways: list[_Way],
    before: NamespaceState,
    after: NamespaceState,
) -> str:
    """A link of the lab that carries the connection, or a port of it, changes."""
    for way in ways:
        names = [
            way.dev,
            *(n for n, at in before.links.items() if at.master == way.dev),
        ]
        for name in names:
            was, now = before.links.get(name), after.links.get(name)
            if was is not None and _carried(was) != (now and _carried(now)):
                return f'"host:{name}" carries the connection you are on'
    return ""


def _carried(link: LinkState) -> tuple[object, ...]:
    return link.kind, link.up, link.mtu, link.mac, link.master, link.peer


def _neighbour(
    connection: Connection,
    ways: list[_Way],
    before: NamespaceState,
    after: NamespaceState,
) -> str:
    """Who is next on the way gets another MAC, or somebody answers for it."""
    next_ones = {connection.peer, connection.local, *(way.via for way in ways)}
    for entry in before.neighbours ^ after.neighbours:
        if entry.to in next_ones:
            return f"{entry.to} is on the way to {_where(connection)}"
    return ""


def _setting(
    connection: Connection, before: NamespaceState, after: NamespaceState
) -> str:
    risky = _RISKY if version(connection.peer) == 4 else {**_RISKY, **_RISKY_V6}
    for key, value in after.sysctls.items():
        name = key.rpartition(".")[2]
        family = key.split(".")[1:2] != ["ipv6"] or version(connection.peer) == 6
        if name in risky and family and before.sysctls.get(key, value) != value:
            return (
                f"{key} = {value} on host {risky[name]}: you are connected through it"
            )
    return ""
