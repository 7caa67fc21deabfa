"""Everything that is wrong with a topology, each with its place and its remedy.

One mistake is one problem: what merely follows from another one is left out. Places
are paths in the plain data of `model.plain`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise

from tuilab.errors import InvalidTopology, Problem
from tuilab.model.addressing import (
    address,
    cidr_problem,
    derived_mac,
    ifname_problem,
    interface,
    lab_name_problem,
    mac_problem,
    namespace_name_problem,
    segment,
)
from tuilab.model.bridging import bridging_problems
from tuilab.model.places import FARTHEST, SPREAD, thing_of
from tuilab.model.policies import neighbour_problems, rule_problems
from tuilab.model.routes import route_problems
from tuilab.model.settings import setting_problems
from tuilab.model.sharing import unshared
from tuilab.model.topology import (
    LO,
    Bridge,
    Cable,
    Endpoint,
    Link,
    Loopback,
    Namespace,
    Tap,
    Topology,
    Veth,
)

LEAST_MTU = 68
"""RFC 791: every IPv4 host takes 68 bytes."""
LEAST_MTU_V6 = 1280
"""RFC 8200, section 5; below it the kernel takes IPv6 off the link."""

_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,31}\$?\Z")
_Path = tuple[str | int, ...]


def check(topology: Topology, source: str = "") -> None:
    """Let a topology pass that can be built.

    Raises:
        InvalidTopology: With all that is wrong.
    """
    found = problems(topology)
    if found:
        raise InvalidTopology(found, source)


def problems(topology: Topology, before: Topology | None = None) -> list[Problem]:
    """Everything that is wrong, in the order of the topology.

    Args:
        topology: Any.
        before: One that is known to be right: only what is otherwise there, and what
            that has to do with, is looked at.
    """
    scope = changed(before, topology)
    found: list[Problem] = []
    if fact := lab_name_problem(topology.name):
        found.append(Problem(("name",), fact, "choose another name for the lab"))
    for name in scope:
        if namespace := topology.namespaces.get(name):
            found.extend(_namespace(name, namespace))
            found.extend(bridging_problems(topology.name, name, namespace))
    if any(True for cable in _joined(before, topology) if _is_wrong(topology, cable)):
        for index, cable in enumerate(topology.cables):
            if not {cable.a.namespace, cable.b.namespace}.isdisjoint(scope):
                found.extend(_cable(topology, cable, index))
    found.extend(_segments(topology, before, scope))
    found.extend(_expectations(topology))
    found.extend(_layout(topology))
    return found


def changed(before: Topology | None, after: Topology) -> Collection[str]:
    """The namespaces that are not the very same in both, in the order of the last."""
    if before is None:
        return after.namespaces
    return dict.fromkeys(unshared(after.namespaces, before.namespaces))


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """A remedy for a name that nothing answers to."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f'did you mean "{close[0]}"?' if close else otherwise


# -- one namespace ---------------------------------------------------------------


def _namespace(name: str, namespace: Namespace) -> Iterator[Problem]:
    at = ("namespaces", name)
    if fact := namespace_name_problem(name):
        yield Problem(at, fact, "choose another name for the namespace")
    for ifname, link in namespace.links.items():
        yield from _link(Endpoint(name, ifname), link, namespace)
    yield from _masters(name, namespace)
    yield from _address_twice(name, namespace)
    yield from route_problems(name, namespace)
    yield from rule_problems(name, namespace)
    yield from neighbour_problems(name, namespace)
    yield from setting_problems(name, namespace)


def _link(endpoint: Endpoint, link: Link, namespace: Namespace) -> Iterator[Problem]:
    at = _at(endpoint)
    if (endpoint.ifname == LO) != isinstance(link, Loopback):
        fact = f'"{endpoint}" can\'t be a {link.kind}: lo is the loopback link'
        yield Problem(at, fact, "choose another name for the link")
        return
    if fact := ifname_problem(endpoint.ifname):
        yield Problem(at, fact, "choose another name for the link")
    for index, cidr in enumerate(link.addresses):
        fact, remedy = cidr_problem(cidr)
        if not fact and cidr.startswith("::1/") and endpoint.ifname != LO:
            fact, remedy = f'"{cidr}" belongs on lo alone', "use another address"
        if fact:
            yield Problem((*at, "addresses", index), fact, remedy)
    if link.mac is not None:
        if isinstance(link, Loopback):
            yield Problem((*at, "mac"), f'"{endpoint}" can have no MAC', "remove it")
        elif fact := mac_problem(link.mac):
            remedy = "change it, or leave it out to get one derived"
            yield Problem((*at, "mac"), fact, remedy)
    if link.master is not None and isinstance(link, Loopback):
        yield Problem((*at, "master"), f'"{endpoint}" can\'t be a port', "remove it")
    elif link.master is not None and link.addresses:
        fact = f'"{endpoint}" is a port of "{link.master}" and has addresses'
        remedy = f'give them to the bridge "{link.master}": a port itself has none'
        yield Problem((*at, "addresses"), fact, remedy)
    yield from _mtu(endpoint, link, namespace)
    if isinstance(link, Tap):
        for key, account in (("user", link.user), ("group", link.group)):
            if account is not None and not _is_account(account):
                fact = f'"{account}" is no name of a {key}, nor a number'
                yield Problem((*at, key), fact, "write one, or leave it out")


def _is_account(account: str) -> bool:
    """A user's or group's name or number; the last number stands for nobody."""
    if account.isdigit():
        return account.isascii() and int(account) < 2**32 - 1
    return bool(_ACCOUNT.match(account))


def _mtu(endpoint: Endpoint, link: Link, namespace: Namespace) -> Iterator[Problem]:
    at = _at(endpoint)
    if link.mtu is not None and not LEAST_MTU <= link.mtu <= link.most_mtu:
        fact = f'"{endpoint}" can\'t have the mtu {link.mtu}'
        remedy = f"a {link.kind} takes {LEAST_MTU} to {link.most_mtu}"
        yield Problem((*at, "mtu"), fact, remedy)
        return
    if not any(":" in cidr for cidr in link.addresses):
        return
    if link.mtu is not None and link.mtu < LEAST_MTU_V6:
        fact = f'"{endpoint}" has an IPv6 address, but an mtu of {link.mtu} only'
        yield Problem((*at, "mtu"), fact, f"give it at least {LEAST_MTU_V6}")
    if link.mtu is None and isinstance(link, Bridge):
        for port in namespace.ports(endpoint.ifname):
            mtu = namespace.links[port].mtu
            if mtu is not None and LEAST_MTU <= mtu < LEAST_MTU_V6:
                fact = f'"{endpoint}" has an IPv6 address, but takes its mtu from '
                fact += f'its port "{port}", which has {mtu}'
                remedy = f"give the port at least {LEAST_MTU_V6}"
                yield Problem(
                    (*_at(Endpoint(endpoint.namespace, port)), "mtu"), fact, remedy
                )
                return


def _masters(name: str, namespace: Namespace) -> Iterator[Problem]:
    links = namespace.links
    looping: set[str] = set()
    for ifname, link in links.items():
        if link.master is None or ifname == LO or ifname in looping:
            continue
        at = (*_at(Endpoint(name, ifname)), "master")
        master = links.get(link.master)
        if link.master == ifname:
            fact = f'"{name}:{ifname}" is its own master'
            yield Problem(at, fact, "name another bridge, or none")
        elif link.master == LO:
            fact = f'"{LO}" is the master of "{name}:{ifname}", but no bridge'
            yield Problem(at, fact, "name a bridge")
        elif master is None:
            fact = f'"{name}" has no link "{link.master}" to be master of "{ifname}"'
            remedy = f'add the bridge "{link.master}" to "{name}"'
            bridges = namespace.bridges()
            yield Problem(at, fact, suggestion(link.master, bridges, remedy))
        elif not isinstance(master, Bridge):
            fact = f'"{link.master}" is the master of "{name}:{ifname}", but no bridge'
            fact += f": it is a {master.kind}"
            yield Problem(at, fact, "name a bridge, or make it one")
        elif loop := _loop(links, ifname):
            looping.update(loop)
            ring = " -> ".join(f'"{n}"' for n in (*loop, ifname))
            fact = f'"{name}:{ifname}" is in a loop of masters: {ring}'
            yield Problem(at, fact, "break it: a bridge can't be a port of a bridge")
        elif isinstance(link, Bridge):
            fact = f'"{name}:{ifname}" is a bridge and can\'t be a port of '
            fact += f'"{link.master}"'
            yield Problem(at, fact, "connect the two with a cable instead")


def _loop(links: Mapping[str, Link], start: str) -> tuple[str, ...]:
    """The ring of masters through that link, or nothing."""
    ring = [start]
    while True:
        link = links.get(ring[-1])
        master = link.master if link else None
        if master == start:
            return tuple(ring)
        if master is None or master in ring:
            return ()
        ring.append(master)


def _address_twice(name: str, namespace: Namespace) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for ifname, link in namespace.all_links():
        for index, cidr in enumerate(link.addresses):
            if cidr_problem(cidr)[0]:
                continue
            host = interface(cidr).ip
            # fe80::1 on every link of a router is how it is done.
            key = f"{ifname} {host}" if host.is_link_local else str(host)
            if key in seen:
                here = (*_at(Endpoint(name, ifname)), "addresses", index)
                if seen[key] == ifname:
                    fact = f'"{name}:{ifname}" has the address {host} twice'
                else:
                    first = f"{name}:{seen[key]}"
                    fact = f'"{first}" and "{name}:{ifname}" both have {host}'
                yield Problem(here, fact, "remove one, or change it")
            seen.setdefault(key, ifname)


# -- between namespaces ------------------------------------------------------------


def _joined(before: Topology | None, after: Topology) -> Iterator[Cable]:
    """The cables that have, or had, an end that changed."""
    for name in changed(before, after):
        for topology, other in ((before, after), (after, before)):
            namespace = topology.namespaces.get(name) if topology else None
            beside = other.namespaces.get(name) if other else None
            same = beside.links if beside else {}
            for ifname, link in namespace.links.items() if namespace else ():
                if isinstance(link, Veth) and same.get(ifname) is not link:
                    far = after.link(link.peer)
                    if topology is after or isinstance(far, Veth):
                        yield Cable.of(Endpoint(name, ifname), link.peer)


def _is_wrong(topology: Topology, cable: Cable) -> bool:
    a, b = topology.link(cable.a), topology.link(cable.b)
    return cable.a == cable.b or not (
        isinstance(a, Veth)
        and isinstance(b, Veth)
        and a.peer == cable.b
        and b.peer == cable.a
    )


def _cable(topology: Topology, cable: Cable, index: int) -> Iterator[Problem]:
    if cable.a == cable.b:
        fact = f'"{cable.a}" is both ends of a cable'
        yield Problem(("cables", index), fact, "a cable needs two different ends")
        return
    for side, (end, other) in enumerate(((cable.a, cable.b), (cable.b, cable.a))):
        at = ("cables", index, side)
        if end.namespace not in topology.namespaces:
            fact = f'"{end}" is an end of a cable, but there is no namespace '
            fact += f'"{end.namespace}"'
            remedy = f'add the namespace "{end.namespace}"'
            known = topology.namespaces
            yield Problem(at, fact, suggestion(end.namespace, known, remedy))
            continue
        link = topology.link(end)
        if link is None:
            fact = f'"{other}" is cabled to "{end}", which does not exist'
            yield Problem(at, fact, "add it, or remove the cable")
        elif not isinstance(link, Veth):
            # lo says so itself, when it is what somebody made a cable's end.
            fact = f'"{other}" is cabled to "{end}", which is a {link.kind}'
            yield Problem(at, fact, "a cable ends at links that have no kind")
        elif link.peer != other:
            fact = f'"{other}" is cabled to "{end}", which is cabled to "{link.peer}"'
            yield Problem(at, fact, "a link is the end of one cable")


def _segments(
    topology: Topology, before: Topology | None, scope: Collection[str]
) -> Iterator[Problem]:
    known = before if before and before.name == topology.name else None
    done: set[Endpoint] = set()
    for name in scope:
        namespace = topology.namespaces.get(name)
        former = known.namespaces.get(name) if known else None
        for ifname, link in namespace.links.items() if namespace else ():
            start = Endpoint(name, ifname)
            there = former.links.get(ifname) if former else None
            if ifname != LO and start not in done and not _same_station(there, link):
                members = segment(topology, start)
                done |= members
                if len(members) > 1:
                    yield from _segment(topology, scope, members)


def _segment(
    topology: Topology, scope: Collection[str], members: set[Endpoint]
) -> Iterator[Problem]:
    addresses: dict[str, list[tuple[Endpoint, int]]] = {}
    macs: dict[str, list[Endpoint]] = {}
    for endpoint in members:
        link = topology.link(endpoint)
        if link is None or isinstance(link, Loopback):
            continue
        for index, cidr in enumerate(link.addresses):
            if not cidr_problem(cidr)[0]:
                host = str(interface(cidr).ip)
                addresses.setdefault(host, []).append((endpoint, index))
        mac = link.mac or derived_mac(topology.name, *_parts(endpoint))
        macs.setdefault(mac, []).append(endpoint)
    place = _places(topology, members)
    for host, holders in addresses.items():
        if len(holders) > 1:
            holders.sort(key=lambda item: (place[item[0]], item[1]))
            yield from _shared_address(scope, host, holders)
    for mac, ends in macs.items():
        if len(ends) > 1 and not mac_problem(mac):
            # The one whose MAC was derived has no say in it: it counts as the first.
            ends.sort(key=lambda e: (_named_mac(topology, e), place[e]))
            yield from _shared_mac(topology, scope, mac, ends)


def _same_station(before: Link | None, after: Link) -> bool:
    """Whether a link is where it was on its segment, and goes by the same addresses."""
    return before is after or (
        before is not None
        and (before.kind, before.mac, before.master, before.addresses)
        == (after.kind, after.mac, after.master, after.addresses)
        and getattr(before, "peer", None) == getattr(after, "peer", None)
    )


def _places(topology: Topology, members: set[Endpoint]) -> dict[Endpoint, int]:
    """Numbers that sort endpoints as they stand in the topology."""
    names = {endpoint.namespace for endpoint in members}
    return {
        Endpoint(name, ifname): number
        for number, (name, ifname) in enumerate(
            (name, ifname)
            for name, namespace in topology.namespaces.items()
            if name in names
            for ifname in namespace.links
        )
    }


def _shared_address(
    scope: Collection[str], host: str, holders: list[tuple[Endpoint, int]]
) -> Iterator[Problem]:
    link_local = address(host).is_link_local
    first = holders[0][0]
    for endpoint, index in holders[1:]:
        same = endpoint.namespace == first.namespace
        if (same and not link_local) or endpoint == first:
            continue
        if _in_scope(scope, first, endpoint):
            fact = f'"{first}" and "{endpoint}", on one segment, both have {host}'
            at = (*_at(endpoint), "addresses", index)
            yield Problem(at, fact, "change one")


def _shared_mac(
    topology: Topology, scope: Collection[str], mac: str, ends: list[Endpoint]
) -> Iterator[Problem]:
    for first, endpoint in pairwise(ends):
        if _bridge_and_port(topology, first, endpoint):
            continue
        if _in_scope(scope, first, endpoint):
            fact = (
                f'"{first}" and "{endpoint}", on one segment, both have the MAC {mac}'
            )
            at = (*_at(endpoint), "mac") if _named_mac(topology, endpoint) else ()
            yield Problem(at or _at(endpoint), fact, "give one another MAC")


def _in_scope(scope: Collection[str], *endpoints: Endpoint) -> bool:
    """Whether one of them is in a namespace that is looked at."""
    return any(endpoint.namespace in scope for endpoint in endpoints)


def _named_mac(topology: Topology, endpoint: Endpoint) -> bool:
    link = topology.link(endpoint)
    return link is not None and link.mac is not None


def _bridge_and_port(topology: Topology, one: Endpoint, other: Endpoint) -> bool:
    """A bridge may share the MAC of a port: by itself the kernel does just that."""
    if one.namespace != other.namespace:
        return False
    a, b = topology.link(one), topology.link(other)
    return (a is not None and a.master == other.ifname) or (
        b is not None and b.master == one.ifname
    )


# -- the rest ----------------------------------------------------------------------


def _expectations(topology: Topology) -> Iterator[Problem]:
    known = topology.namespaces
    for index, expectation in enumerate(topology.expect):
        at = ("expect", index)
        source, to = expectation.source, expectation.to
        if source not in known:
            fact = f'"{source}" is expected to reach something, but no namespace'
            remedy = suggestion(source, known, "name one of the namespaces")
            yield Problem((*at, "from"), fact, remedy)
        if to not in known and not _is_address(to):
            fact = f'"{to}" is expected to be reached, but no namespace or address'
            remedy = suggestion(to, known, "write one, without prefix length")
            yield Problem((*at, "to"), fact, remedy)


def _layout(topology: Topology) -> Iterator[Problem]:
    for key, place in topology.layout.items():
        item = thing_of(key)
        try:
            known = topology.link(Endpoint.parse(item)) is not None
        except ValueError:
            known = item in topology.namespaces
        if not known:
            fact = f'"{item}" has a place in the layout, but does not exist'
            everything = [*topology.namespaces, *(str(e) for e, _ in topology.links())]
            remedy = suggestion(item, everything, "remove it from the layout")
            yield Problem(("layout", key), fact, remedy)
        elif any(abs(at) > most for at, most in zip(place, FARTHEST, strict=True)):
            columns, rows = FARTHEST
            remedy = f"columns go from -{columns} to {columns}, rows to {rows}"
            yield Problem(("layout", key), f'"{item}" is placed too far away', remedy)
    columns, rows = (
        max(line) - min(line) + 1
        for line in zip((0, 0), *topology.layout.values(), strict=True)
    )
    if columns * rows > SPREAD:
        fact = f"places are spread over {columns} columns and {rows} rows"
        remedy = f"bring them nearer: columns times rows are at most {SPREAD}"
        yield Problem(("layout",), fact, remedy)


def _is_address(text: str) -> bool:
    try:
        address(text)
    except ValueError:
        return False
    return True


def _at(endpoint: Endpoint) -> _Path:
    return ("namespaces", endpoint.namespace, "links", endpoint.ifname)


def _parts(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.namespace, endpoint.ifname
