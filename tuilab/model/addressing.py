"""Names and addresses: legal, canonical, derived, next free."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import count

from tuilab.model.links import Bridge, Endpoint, Veth
from tuilab.model.topology import LO, Topology

IFNAMSIZ = 15
"""Longest interface name in characters (IFNAMSIZ less the final NUL)."""
NAME_MAX = 48
"""Longest namespace name: it is a file name, but a box must still show it."""

Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DEFAULT_V4 = "0.0.0.0/0"
DEFAULT_V6 = "::/0"

_NAMESPACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_IFNAME = re.compile(r"[A-Za-z0-9_.@+-]+\Z")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_MOST_TRIED = 4096
_EVERYBODY = ipaddress.IPv4Address("255.255.255.255")


def namespace_name_problem(name: str) -> str:
    """Why a namespace may not be called that, or an empty string."""
    if not name:
        return "a namespace needs a name"
    if len(name) > NAME_MAX:
        return f'"{name}" is {len(name)} characters long, {NAME_MAX} are the most'
    if not _NAMESPACE.match(name):
        if _NAMESPACE.match(f"x{name}"):
            return f'"{name}" may not begin with "{name[0]}"'
        return f'"{name}" is no name: letters, digits, "_", "-" and "." only'
    return ""


def lab_name_problem(name: str) -> str:
    """Why a lab may not be called that, or an empty string."""
    if not name:
        return "a lab needs a name"
    return namespace_name_problem(name)


def ifname_problem(name: str) -> str:
    """Why a link may not be called that, or an empty string.

    The kernel's rule (dev_valid_name) less what would confuse tuilab's own
    ``namespace:ifname`` and a shell.
    """
    if not name:
        return "a link needs a name"
    if len(name) > IFNAMSIZ:
        return f'"{name}" is {len(name)} characters long, {IFNAMSIZ} are the most'
    if name in (".", "..") or not _IFNAME.match(name):
        return f'"{name}" is no name: letters, digits and "_.-+@" only'
    if name in ("all", "default"):
        return f'"{name}" is what the kernel calls the settings of every link'
    if name.startswith("-"):
        return f'"{name}" would be an option to ip and other programs'
    return ""


def mac_problem(mac: str) -> str:
    """Why a link may not have that MAC address, or an empty string."""
    if not _MAC.match(mac.lower()):
        return f'"{mac}" is not a MAC address like 02:00:00:00:00:01'
    if int(mac[:2], 16) & 1:
        return f'"{mac}" is a multicast address, a link needs a unicast one'
    if mac == "00:00:00:00:00:00":
        return f'"{mac}" is no address of a link'
    return ""


@lru_cache(maxsize=65536)
def cidr_problem(cidr: str) -> tuple[str, str]:
    """Why a link may not have that address, and what to do; both empty if it may.

    Wider than what the kernel refuses: it takes an IPv4 network or broadcast address
    and then nobody can talk to it.
    """
    try:
        have = interface(cidr)
    except ValueError:
        return _unreadable(cidr)
    net, host = have.network, have.ip
    if "%" in cidr:
        return f'"{cidr}" names a link inside the address', "leave out the % part"
    if host.is_multicast:
        return f'"{cidr}" is a multicast address', "use a unicast address"
    if host.is_unspecified or host == _EVERYBODY:
        return f'"{cidr}" is no address of one machine', "use a unicast address"
    if net.version == 4 and net.prefixlen < 31:
        what = ""
        if host == net.network_address:
            what = "the address of the network itself"
        elif host == net.broadcast_address:
            what = "the broadcast address of its network"
        if what:
            use = f"use a host address such as {net[1]}/{net.prefixlen}"
            return f'"{cidr}" is {what}', use
    return "", ""


def _unreadable(cidr: str) -> tuple[str, str]:
    host, slash, prefix = cidr.partition("/")
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        like = "fd00::1/64" if ":" in cidr else "10.0.0.1/24"
        return f'"{cidr}" is not an address', f"write one like {like}"
    most = known.max_prefixlen
    like = f"write {host}/{24 if most == 32 else 64}"
    if not slash:
        return f'"{cidr}" has no prefix length', like
    return f'"{cidr}" has "{prefix}" for a prefix length, not 0 to {most}', like


@lru_cache(maxsize=65536)
def interface(cidr: str) -> Interface:
    """Read an address with its prefix length, such as ``10.0.0.1/24``.

    Raises:
        ValueError: It is not one, or it has no prefix length.
    """
    if "/" not in cidr:
        msg = f'"{cidr}" has no prefix length'
        raise ValueError(msg)
    return ipaddress.ip_interface(cidr)


@lru_cache(maxsize=65536)
def address(text: str) -> Address:
    """Read an address without prefix length.

    Raises:
        ValueError: It is not one.
    """
    return ipaddress.ip_address(text)


def version(text: str) -> int:
    """4 or 6, for an address or CIDR in canonical form."""
    return 6 if ":" in text else 4


def canonical_cidr(text: str) -> str:
    """The one spelling of an address with prefix length; as given when unreadable."""
    try:
        return str(interface(text.strip()))
    except ValueError:
        return text


def canonical_address(text: str) -> str:
    """The one spelling of an address; as given when unreadable."""
    try:
        return str(address(text.strip()))
    except ValueError:
        return text


def canonical_destination(to: str, via: str | None = None) -> str:
    """The one spelling of a route's destination; as given when unreadable.

    ``default`` takes its family from the gateway, IPv4 where there is none.
    """
    if to == "default":
        return DEFAULT_V6 if via and version(via) == 6 else DEFAULT_V4
    try:
        return str(ipaddress.ip_network(to.strip()))
    except ValueError:
        return to


def show_destination(to: str) -> str:
    """A destination as iproute2 prints it: ``default`` for both default routes."""
    return "default" if to in (DEFAULT_V4, DEFAULT_V6) else to


@lru_cache(maxsize=65536)
def derived_mac(lab: str, namespace: str, ifname: str) -> str:
    """The MAC of a link that names none: stable, unicast, locally administered."""
    seed = f"{lab}\0{namespace}\0{ifname}".encode()
    digest = hashlib.blake2b(seed, digest_size=5).digest()
    return "02:" + ":".join(f"{octet:02x}" for octet in digest)


def link_local(mac: str) -> str:
    """The IPv6 link-local address the kernel makes from a MAC (RFC 4291, EUI-64)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    eui = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + eui))


def free_name(stem: str, taken: Container[str], start: int = 0) -> str:
    """``stem`` with the smallest number from ``start`` that is not taken."""
    return next(
        name for number in count(start) if (name := f"{stem}{number}") not in taken
    )


def free_ifname(topology: Topology, namespace: str, stem: str = "eth") -> str:
    """The next free interface name in a namespace, such as ``eth1``."""
    there = topology.namespaces.get(namespace)
    taken = {LO, *(there.links if there else ())}
    return free_name(stem, taken)


PROPOSED_NAMES = ("red", "blue", "green", "amber", "cyan", "violet", "olive", "pink")


def free_namespace_name(topology: Topology) -> str:
    """The next name to propose for a namespace: colours first, then ns1, ns2, ..."""
    taken = topology.namespaces
    for name in PROPOSED_NAMES:
        if name not in taken:
            return name
    return free_name("ns", taken, start=1)


def used_networks(topology: Topology) -> list[Network]:
    """Every network that some link of the lab has an address in."""
    found: dict[Network, None] = {}
    for cidr in all_addresses(topology):
        try:
            found.setdefault(interface(cidr).network)
        except ValueError:
            continue
    return list(found)


def all_addresses(topology: Topology) -> Iterator[str]:
    """Every address of the lab, as written."""
    for namespace in topology.namespaces.values():
        for link in namespace.links.values():
            yield from link.addresses


def free_network(topology: Topology, *, ipv6: bool = True) -> Network:
    """The next 10.0.N.0/24 that overlaps nothing of the lab, nor leads a route there.

    So two bridges never get addresses of one network. Where a lab has IPv6 only, the
    /64 after its last one.

    Args:
        topology: The lab.
        ipv6: Whether it may be an IPv6 one.
    """
    used = [net for net in used_networks(topology) if not net.is_loopback]
    own = [net for net in used if not net.is_link_local]
    if ipv6 and own and all(net.version == 6 for net in own):
        # The first may be taken by a route, and so may some after it.
        first = (max(int(net.broadcast_address) for net in own) >> 64) + 1
        candidates: Iterable[Network] = (
            ipaddress.IPv6Network((number << 64, 64))
            for number in range(first, min(first + _MOST_TRIED, 1 << 64))
        )
        used += _destinations(topology, 6, longer=48)
        last: Network = ipaddress.IPv6Network("fd00::/64")
    else:
        candidates = ipaddress.IPv4Network("10.0.0.0/8").subnets(new_prefix=24)
        used += _destinations(topology, 4, longer=16)
        last = ipaddress.IPv4Network("192.168.0.0/24")
    for net in candidates:
        if not any(net.overlaps(it) for it in used if it.version == net.version):
            return net
    return last


def _destinations(topology: Topology, family: int, *, longer: int) -> Iterator[Network]:
    """Networks that static routes lead to, those with a longer prefix than that."""
    for namespace in topology.namespaces.values():
        for route in namespace.routes:
            with suppress(ValueError):
                net = ipaddress.ip_network(route.to)
                if net.version == family and net.prefixlen > longer:
                    yield net


def free_address(network: Network, taken: Iterable[str]) -> str | None:
    """The lowest host address of a network that is not taken, as CIDR, or None."""
    used = set()
    for cidr in taken:
        try:
            used.add(interface(cidr).ip)
        except ValueError:
            continue
    for host in network.hosts():
        if host not in used:
            return f"{host}/{network.prefixlen}"
    return None


def segment(topology: Topology, start: Endpoint) -> set[Endpoint]:
    """Every endpoint that shares a layer 2 segment with ``start``, itself included.

    Cables are followed to their other end, bridges to all their ports. The bridge
    itself is part of the segment: its own interface is a station on it.
    """
    seen: set[Endpoint] = set()
    todo = [start]
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        link = topology.link(here)
        if link is None:
            continue
        seen.add(here)
        if link.master:
            todo.append(Endpoint(here.namespace, link.master))
        if isinstance(link, Veth):
            todo.append(link.peer)
        if isinstance(link, Bridge):
            ports = topology.namespaces[here.namespace].ports(here.ifname)
            todo.extend(Endpoint(here.namespace, port) for port in ports)
    return seen


def segment_networks(topology: Topology, start: Endpoint) -> list[Network]:
    """The networks that are in use on a layer 2 segment, in order of first use."""
    found: dict[Network, None] = {}
    for endpoint in sorted(segment(topology, start)):
        link = topology.link(endpoint)
        for cidr in link.addresses if link else ():
            try:
                found.setdefault(interface(cidr).network)
            except ValueError:
                continue
    return list(found)
