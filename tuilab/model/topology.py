"""A lab as an immutable value.

Mappings inside are plain dicts that nobody changes: an edit builds a new topology that
shares every untouched part with the old one, so a history of them is cheap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tuilab.model.links import Bridge, Endpoint, Link, Loopback, Tap, Veth

__all__ = [
    "HOST",
    "LO",
    "REFUSALS",
    "UNICAST",
    "Bridge",
    "Cable",
    "Endpoint",
    "Expectation",
    "Hop",
    "Link",
    "Loopback",
    "Namespace",
    "Neighbour",
    "Route",
    "Rule",
    "Tap",
    "Topology",
    "Veth",
]

HOST = "host"
"""The lab's own root namespace: always there, never renamed or removed."""
LO = "lo"


UNICAST = "unicast"
REFUSALS = ("blackhole", "unreachable", "prohibit")
"""What a route or rule may do with a packet instead of sending it on: drop it in
silence, or answer that there is no way, or that it is forbidden (ip-route(8))."""


@dataclass(frozen=True, slots=True, order=True)
class Hop:
    """One of several ways that a route spreads its flows over.

    Attributes:
        via: Gateway, or None when the destination is on the link.
        dev: Link it leaves by; None when the gateway's subnet tells.
        weight: Its share, 1 to 256.
    """

    via: str | None = None
    dev: str | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """A static route.

    Attributes:
        to: Destination CIDR; ``0.0.0.0/0`` or ``::/0`` for the default route.
        via: Gateway address, or None when the destination is on the link.
        dev: Link it leaves by; None when the gateway's subnet tells.
        metric: None for the kernel's default (0 for IPv4, 1024 for IPv6).
        table: Routing table number; None for main (254).
        src: Address that packets sent from here bear; None for the kernel's choice.
        onlink: The gateway is taken to be on the link whatever the addresses say.
        type: ``unicast``, or one of `REFUSALS`, which has neither gateway nor link.
        hops: Several ways instead of ``via`` and ``dev``; at least two.
    """

    to: str
    via: str | None = None
    dev: str | None = None
    metric: int | None = None
    table: int | None = None
    src: str | None = None
    onlink: bool = False
    type: str = UNICAST
    hops: tuple[Hop, ...] = ()

    def ways(self) -> tuple[Hop, ...]:
        """The hops, be they one or several; none for what leads nowhere on purpose."""
        if self.type != UNICAST:
            return ()
        return self.hops or (Hop(self.via, self.dev),)


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """Which packets look for their route in which table; see ip-rule(8).

    Attributes:
        priority: The lower is asked first.
        family: 4 or 6.
        source: CIDR of the packet's source, or None for any.
        to: CIDR of its destination, or None for any.
        iif: Link that it came in by, which need not exist; ``lo`` for own packets.
        oif: Link that its socket is bound to.
        fwmark: Its mark, as ``0x10`` or ``0x10/0xff``.
        table: Routing table to look in; None with an ``action``.
        action: One of `REFUSALS`, or None.
    """

    priority: int
    family: int = 4
    source: str | None = None
    to: str | None = None
    iif: str | None = None
    oif: str | None = None
    fwmark: str | None = None
    table: int | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Neighbour:
    """A neighbour that is known without asking, or answered for; see ip-neighbour(8).

    Attributes:
        to: Its address.
        dev: Link it is on.
        mac: Its MAC address; None with ``proxy``.
        proxy: This namespace answers for it (proxy ARP, proxy NDP).
    """

    to: str
    dev: str
    mac: str | None = None
    proxy: bool = False


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace: its links by name, routes, rules and settings.

    ``lo`` need not be among the links; it is there all the same (`all_links`).
    """

    links: Mapping[str, Link] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()

    def all_links(self) -> Iterator[tuple[str, Link]]:
        """Every link with its name, ``lo`` first."""
        yield LO, self.links.get(LO) or Loopback()
        for ifname, link in self.links.items():
            if ifname != LO:
                yield ifname, link

    def link(self, ifname: str) -> Link | None:
        """The link of that name, ``lo`` included, or None."""
        if ifname == LO:
            return self.links.get(LO) or Loopback()
        return self.links.get(ifname)

    def ports(self, bridge: str) -> list[str]:
        """Names of the links whose master is that bridge, in order."""
        return [name for name, link in self.links.items() if link.master == bridge]

    def ports_by_bridge(self) -> dict[str, list[str]]:
        """The same for every bridge, in one go; none for one that has none."""
        found: dict[str, list[str]] = {}
        for name, link in self.links.items():
            if link.master is not None:
                found.setdefault(link.master, []).append(name)
        return found

    def bridges(self) -> list[str]:
        """Names of the bridges, in order."""
        return [n for n, link in self.links.items() if isinstance(link, Bridge)]


@dataclass(frozen=True, slots=True, order=True)
class Cable:
    """A veth pair seen as one thing. ``a`` sorts before ``b``."""

    a: Endpoint
    b: Endpoint

    @classmethod
    def of(cls, one: Endpoint, other: Endpoint) -> Cable:
        """The cable between two endpoints, whichever is given first."""
        return cls(one, other) if one <= other else cls(other, one)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a lab's author says must hold: ``source`` reaches ``to``, or does not.

    Attributes:
        source: Namespace the ping is sent from.
        to: An address, or a namespace (any of its addresses, the first that fits).
        reachable: Whether replies must come.
    """

    source: str
    to: str
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class Topology:
    """An immutable description of a lab.

    Attributes:
        name: The lab's name; MACs are derived from it.
        namespaces: By name; `HOST` is always among them.
        layout: Canvas places set by hand, column and row by key: see `places`.
        expect: What `tuilab check --live` verifies.
    """

    name: str
    namespaces: Mapping[str, Namespace] = field(
        default_factory=lambda: {HOST: Namespace()}
    )
    layout: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()

    def link(self, endpoint: Endpoint) -> Link | None:
        """The link at an endpoint, or None."""
        namespace = self.namespaces.get(endpoint.namespace)
        return namespace.link(endpoint.ifname) if namespace else None

    def links(self) -> Iterator[tuple[Endpoint, Link]]:
        """Every link that is not ``lo``, with its endpoint."""
        for name, namespace in self.namespaces.items():
            for ifname, link in namespace.links.items():
                if ifname != LO:
                    yield Endpoint(name, ifname), link

    @property
    def cables(self) -> tuple[Cable, ...]:
        """All veth pairs, each once, in the order of their first ends."""
        found: dict[Cable, None] = {}
        for endpoint, link in self.links():
            if isinstance(link, Veth):
                found.setdefault(Cable.of(endpoint, link.peer))
        return tuple(found)

    def with_namespace(self, name: str, namespace: Namespace) -> Topology:
        """This topology with one namespace put in or replaced, order kept."""
        return replace(self, namespaces={**self.namespaces, name: namespace})

    def with_link(self, endpoint: Endpoint, link: Link) -> Topology:
        """This topology with one link put in or replaced, order kept.

        A ``lo`` with nothing to say is left out, so that one lab is one value.
        """
        namespace = self.namespaces[endpoint.namespace]
        links = {**namespace.links, endpoint.ifname: link}
        if endpoint.ifname == LO and link == Loopback():
            del links[LO]
        return self.with_namespace(endpoint.namespace, replace(namespace, links=links))
