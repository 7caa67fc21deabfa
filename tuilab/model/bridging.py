"""What is wrong with bridges and their ports: part of `model.validate`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from tuilab.errors import Problem
from tuilab.model import vlans
from tuilab.model.addressing import derived_mac, mac_problem
from tuilab.model.links import PORT_OPTIONS, Bridge, Endpoint, Link, PortLink, Tap
from tuilab.model.topology import Namespace

TICK = 0.02
"""Seconds: what kernels of any CONFIG_HZ from 100 to 1000 can keep exactly."""

SECONDS: dict[str, tuple[int, int]] = {
    "ageing": (0, 1_000_000),
    "forward_delay": (0, 30),
    "hello_time": (1, 10),
    "max_age": (6, 40),
}
"""Least and most, as the kernel takes them (IEEE 802.1D-1998, table 8-3)."""
LEAST_FORWARD_DELAY = 2
"""Seconds, with spanning tree."""
MOST_BRIDGE_PRIORITY, MOST_PORT_PRIORITY, MOST_COST = 65535, 63, 65535
KERNELS_TAP_COSTS = (2, 100)
"""What kernels choose for a tap, new and old: no dump tells who chose a cost."""

VLAN_WORDS = "write 10, 10 untagged, 10 pvid untagged or 20-29, each VLAN once"
_Path = tuple[str | int, ...]


def bridging_problems(lab: str, name: str, namespace: Namespace) -> Iterator[Problem]:
    """Everything wrong with the bridges and ports of one namespace."""
    for ifname, link in namespace.links.items():
        at = ("namespaces", name, "links", ifname)
        endpoint = Endpoint(name, ifname)
        if isinstance(link, Bridge):
            yield from _bridge(at, endpoint, link)
        elif isinstance(link, PortLink):
            yield from _port(at, endpoint, link)
        if isinstance(link, Bridge | PortLink) and link.vlans is not None:
            yield from _vlans(at, endpoint, link, namespace)
    ports = namespace.ports_by_bridge()
    for bridge in namespace.bridges():
        yield from _entries(lab, name, bridge, ports.get(bridge, []), namespace)


def _bridge(at: _Path, endpoint: Endpoint, link: Bridge) -> Iterator[Problem]:
    for key, (least, most) in SECONDS.items():
        seconds = getattr(link, key)
        if seconds is None:
            continue
        if key == "forward_delay" and link.stp:
            least = LEAST_FORWARD_DELAY
        ticks = seconds / TICK
        if not least <= seconds <= most:
            fact = f'"{endpoint}" can\'t have {key} {seconds}'
            yield Problem((*at, key), fact, f"write {least} to {most} seconds")
        elif abs(ticks - round(ticks)) > 1e-6:
            fact = f'"{endpoint}" can\'t have {key} {seconds}: no kernel counts that'
            yield Problem((*at, key), fact, f"write a multiple of {TICK} seconds")
    if link.priority is not None and not 0 <= link.priority <= MOST_BRIDGE_PRIORITY:
        fact = f'"{endpoint}" can\'t have the priority {link.priority}'
        remedy = f"a bridge takes 0 to {MOST_BRIDGE_PRIORITY}"
        yield Problem((*at, "priority"), fact, remedy)


def _port(at: _Path, endpoint: Endpoint, link: PortLink) -> Iterator[Problem]:
    if link.master is None:
        for key in said_as_port(link):
            fact = f'"{endpoint}" is no port of a bridge, which {key} is for'
            remedy = f"name its bridge with master, or remove {key}"
            yield Problem((*at, key), fact, remedy)
        return
    if link.cost is not None and not 1 <= link.cost <= MOST_COST:
        fact = f'"{endpoint}" can\'t have the cost {link.cost}'
        yield Problem((*at, "cost"), fact, f"a port takes 1 to {MOST_COST}")
    elif isinstance(link, Tap) and link.cost in KERNELS_TAP_COSTS:
        fact = f'"{endpoint}" can\'t be given the cost {link.cost}: it is what kernels '
        fact += "choose for a tap by themselves"
        yield Problem((*at, "cost"), fact, "leave it out, or choose another")
    if link.priority is not None and not 0 <= link.priority <= MOST_PORT_PRIORITY:
        fact = f'"{endpoint}" can\'t have the priority {link.priority}'
        remedy = f"a port takes 0 to {MOST_PORT_PRIORITY}"
        yield Problem((*at, "priority"), fact, remedy)
    for index, mac in enumerate(link.fdb):
        if fact := mac_problem(mac):
            remedy = "write the MAC of a machine behind the port"
            yield Problem((*at, "fdb", index), fact, remedy)


def _vlans(
    at: _Path, endpoint: Endpoint, link: Bridge | PortLink, namespace: Namespace
) -> Iterator[Problem]:
    name = endpoint.ifname if isinstance(link, Bridge) else link.master
    bridge = namespace.links.get(name or "")
    if isinstance(bridge, Bridge) and not bridge.vlan_filtering:
        fact = (
            f'"{endpoint}" can\'t have vlans: "{endpoint.namespace}:{name}" does not '
        )
        remedy = f"switch vlan_filtering of {name} on, or remove vlans"
        yield Problem((*at, "vlans"), fact + "look at them", remedy)
    for index, fact in vlans.problems(link.vlans or ()):
        yield Problem((*at, "vlans", index), f'"{endpoint}": {fact}', VLAN_WORDS)


def _entries(
    lab: str, name: str, bridge: str, ports: list[str], namespace: Namespace
) -> Iterator[Problem]:
    """Static entries that contradict each other, or a MAC of the bridge itself."""
    if not any(getattr(namespace.links[port], "fdb", ()) for port in ports):
        return
    own: dict[str, str] = {}
    for ifname in (bridge, *ports):
        mac = namespace.links[ifname].mac or derived_mac(lab, name, ifname)
        own.setdefault(mac, ifname)
    seen: dict[str, str] = {}
    for ifname in ports:
        link = namespace.links[ifname]
        for index, mac in enumerate(link.fdb if isinstance(link, PortLink) else ()):
            at = ("namespaces", name, "links", ifname, "fdb", index)
            if mac in own:
                fact = f'"{mac}" is the MAC of "{name}:{own[mac]}" itself'
                yield Problem(at, fact, "the bridge knows it; remove the entry")
            elif mac in seen:
                fact = f'"{mac}" is said to be behind "{name}:{seen[mac]}"'
                fact += "" if seen[mac] == ifname else f' and "{name}:{ifname}"'
                fact += " twice" if seen[mac] == ifname else ""
                yield Problem(at, fact, "a MAC is behind one port: remove one")
            seen.setdefault(mac, ifname)


def said_as_port(link: Link) -> list[str]:
    """The options of a port that are not as by default."""
    if not isinstance(link, PortLink):
        return []
    defaults = {f.name: f.default for f in fields(link)}
    return [name for name in PORT_OPTIONS if getattr(link, name) != defaults[name]]


__all__ = [
    "KERNELS_TAP_COSTS",
    "SECONDS",
    "TICK",
    "VLAN_WORDS",
    "bridging_problems",
    "said_as_port",
]
