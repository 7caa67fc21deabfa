"""Random valid labs and random valid edits of them, for property tests.

Everything here is built through ``model.edits``, the road that people take, and small
pools of names, subnets and destinations make the parts collide and interact often.
No lab has a layer 2 loop: without spanning tree, that would be a broadcast storm.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

import tests.profile  # noqa: F401 - loads the Hypothesis profile
from tuilab.errors import TuilabError
from tuilab.model import edits, policy_edits, vlans
from tuilab.model.addressing import Network, interface, segment_networks
from tuilab.model.edits import Change
from tuilab.model.links import Bridge, Endpoint, Link, PortLink, Tap, Veth
from tuilab.model.moving import move_link
from tuilab.model.topology import (
    HOST,
    LO,
    REFUSALS,
    Expectation,
    Hop,
    Neighbour,
    Route,
    Rule,
    Topology,
)
from tuilab.model.validate import problems

NAMES = ("red", "blue", "green", "amber", "ns-1", "a.b_c")
IFNAMES = ("eth0", "eth1", "p2", "veth-long.name1", "x@y+z")
BRIDGES = ("br0", "sw1")
TAPS = ("tap0", "t1")
V4 = (
    *(ipaddress.ip_network(f"10.0.{n}.0/24") for n in range(4)),
    ipaddress.ip_network("192.168.7.0/30"),
    ipaddress.ip_network("198.51.100.4/31"),
)
V6 = (
    *(ipaddress.ip_network(f"fd00:{n}::/64") for n in range(3)),
    ipaddress.ip_network("2001:db8::/126"),
    ipaddress.ip_network("fe80::/64"),
)
DESTINATIONS4 = ("0.0.0.0/0", "172.16.0.0/16", "172.16.5.0/24", "203.0.113.9/32")
DESTINATIONS6 = ("::/0", "2001:db8:a::/48", "2001:db8:a:5::/64", "fd77::9/128")
MTUS = (None, 576, 1280, 1400, 1500, 9000)
MACS = (None, *(f"02:aa:00:00:00:{n:02x}" for n in range(8)))
OWNERS = (None, "root", "0", "1000", "3000000000")
BRIDGE_OPTIONS: dict[str, tuple[object, ...]] = {
    "stp": (False, True),
    "priority": (None, 0, 4096, 32768, 65535),
    "ageing": (None, 0, 0.02, 12.5, 300, 1_000_000),
    "forward_delay": (None, 0, 2, 4.02, 30),
    "hello_time": (None, 1, 1.5, 10),
    "max_age": (None, 6, 40),
    "mcast_snooping": (True, False),
}
"""VLAN filtering, which is not in every kernel, comes with VLANs: `_set_vlans`."""
PORT_OPTIONS: dict[str, tuple[object, ...]] = {
    "isolated": (False, True),
    "hairpin": (False, True),
    "cost": (None, 1, 7, 65535),
    "priority": (None, 0, 32, 63),
    "learning": (True, False),
    "flood": (True, False),
}
ENTRIES = (*(f"02:aa:00:00:00:{n:02x}" for n in range(4)), "02:bb:00:00:00:01")
"""Some of them are among `MACS`."""
SETTINGS = {
    "net.ipv4.ip_default_ttl": ("1", "64", "255"),
    "net.ipv4.conf.all.rp_filter": ("0", "2"),
    "net.ipv4.conf.all.accept_redirects": ("0", "1"),
    "net.ipv4.conf.default.arp_ignore": ("0", "1"),
    "net.ipv6.conf.all.disable_ipv6": ("0", "1"),
    "net.ipv6.conf.default.accept_ra": ("0", "2"),
}
LINK_SETTINGS = {
    "ipv4": ("forwarding", "arp_ignore", "proxy_arp"),
    "ipv6": ("forwarding", "disable_ipv6", "accept_ra"),
}
SYSCTLS = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")


@st.composite
def tagged(draw: st.DrawFn) -> tuple[str, ...] | None:
    """VLANs of a port or a bridge: as usual, none, some."""
    if draw(st.integers(0, 5)) == 0:
        return None
    numbers = st.sampled_from((1, 2, 3, 4, 5, 10, 11, 12, 100, 4093, 4094))
    flags = st.sampled_from(((), ("untagged",)))
    table = draw(st.dictionaries(numbers, flags, max_size=8))
    if table and draw(st.booleans()):
        vlan = draw(st.sampled_from(sorted(table)))
        table[vlan] = ("pvid", *table[vlan])
    return vlans.words(table)


def fits(topology: Topology) -> bool:
    """Valid, and without a layer 2 loop."""
    return not problems(topology) and not has_loop(topology)


def has_loop(topology: Topology) -> bool:
    """Whether some frame could go round: a cycle of cables and bridges."""
    root: dict[Endpoint, Endpoint] = {}

    def find(item: Endpoint) -> Endpoint:
        while root.setdefault(item, item) != item:
            item = root[item]
        return item

    joints = [(cable.a, cable.b) for cable in topology.cables]
    for endpoint, link in topology.links():
        if link.master:
            joints.append((endpoint, Endpoint(endpoint.namespace, link.master)))
    for a, b in joints:
        one, other = find(a), find(b)
        if one == other:
            return True
        root[one] = other
    return False


def applied(topology: Topology, change: Change | None) -> Topology | None:
    """What a change makes of a lab; None where it is refused, invalid or nothing."""
    if change is None:
        return None
    try:
        after = change.apply(topology)
    except TuilabError:
        return None
    return after if after != topology and fits(after) else None


# -- pieces --------------------------------------------------------------------


def _namespace(draw: st.DrawFn, lab: Topology) -> str:
    return draw(st.sampled_from(sorted(lab.namespaces)))


def _endpoint(
    draw: st.DrawFn, lab: Topology, wanted: Callable[[Link], bool] = lambda _: True
) -> Endpoint | None:
    found = sorted(e for e, link in lab.links() if wanted(link))
    return draw(st.sampled_from(found)) if found else None


def _free(draw: st.DrawFn, lab: Topology, names: tuple[str, ...]) -> Endpoint | None:
    namespace = _namespace(draw, lab)
    free = [n for n in names if lab.namespaces[namespace].link(n) is None]
    return Endpoint(namespace, draw(st.sampled_from(free))) if free else None


def _host_in(draw: st.DrawFn, network: Network) -> str:
    """A host address of a network as CIDR."""
    last = min(network.num_addresses - 1, 12)
    lowest, highest = 1, last
    if network.version == 4 and network.prefixlen < 31:
        highest = last - 1 if last == network.num_addresses - 1 else last
    elif network.prefixlen >= 31 and network.version == 4:
        lowest = 0
    number = draw(st.integers(lowest, highest))
    return f"{network[number]}/{network.prefixlen}"


def _cidr(draw: st.DrawFn, lab: Topology, at: Endpoint | None) -> str:
    """An address, preferably in a subnet that the segment uses already."""
    near = segment_networks(lab, at) if at and lab.link(at) else []
    near = [n for n in near if n in V4 or n in V6]
    if near and draw(st.integers(0, 2)):
        return _host_in(draw, draw(st.sampled_from(near)))
    return _host_in(draw, draw(st.sampled_from((*V4, *V6))))


def _attributes(draw: st.DrawFn, lab: Topology, at: Endpoint) -> dict[str, object]:
    """Attributes of a new link; mostly defaults, so that small labs stay small."""
    found: dict[str, object] = {}
    bridges = lab.namespaces[at.namespace].bridges()
    if bridges and draw(st.booleans()):
        found["master"] = draw(st.sampled_from(bridges))
        if not draw(st.integers(0, 3)):
            found |= _options(draw, PORT_OPTIONS)
    else:
        count = draw(st.integers(0, 2))
        found["addresses"] = tuple(
            dict.fromkeys(_cidr(draw, lab, at) for _ in range(count))
        )
    if not draw(st.integers(0, 3)):
        found["mtu"] = draw(st.sampled_from(MTUS))
    if not draw(st.integers(0, 3)):
        found["mac"] = draw(st.sampled_from(MACS))
    if not draw(st.integers(0, 4)):
        found["up"] = False
    return found


# -- one function per kind of edit; None where the lab has nothing to do it to ---


def _add_namespace(draw: st.DrawFn, lab: Topology) -> Change | None:
    free = [n for n in NAMES if n not in lab.namespaces]
    return edits.add_namespace(draw(st.sampled_from(free))) if free else None


def _remove_namespace(draw: st.DrawFn, lab: Topology) -> Change | None:
    there = sorted(n for n in lab.namespaces if n != HOST)
    return edits.remove_namespace(draw(st.sampled_from(there))) if there else None


def _rename_namespace(draw: st.DrawFn, lab: Topology) -> Change | None:
    there = sorted(n for n in lab.namespaces if n != HOST)
    free = [n for n in NAMES if n not in lab.namespaces]
    if not there or not free:
        return None
    old = draw(st.sampled_from(there))
    return edits.rename_namespace(old, draw(st.sampled_from(free)))


def _add_bridge(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _free(draw, lab, BRIDGES)
    if at is None:
        return None
    attributes = _attributes(draw, lab, at)
    for name in ("master", *PORT_OPTIONS):
        attributes.pop(name, None)
    if not draw(st.integers(0, 3)):
        attributes |= _options(draw, BRIDGE_OPTIONS)
    ports = [
        name
        for name, link in lab.namespaces[at.namespace].links.items()
        if isinstance(link, Veth | Tap) and not link.addresses
    ]
    chosen = draw(st.lists(st.sampled_from(ports), unique=True)) if ports else []
    return edits.add_bridge(at, ports=chosen, **attributes)


def _add_tap(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _free(draw, lab, TAPS)
    if at is None:
        return None
    attributes = _attributes(draw, lab, at)
    return edits.add_tap(at, user=draw(st.sampled_from(OWNERS)), **attributes)


def _connect(draw: st.DrawFn, lab: Topology) -> Change | None:
    a = _free(draw, lab, IFNAMES)
    b = _free(draw, lab, IFNAMES)
    if a is None or b is None or a == b:
        return None
    one = _attributes(draw, lab, a)
    other = _attributes(draw, lab, b)
    if one.get("addresses") and other.get("addresses") and draw(st.booleans()):
        network = interface(one["addresses"][0]).network  # type: ignore[index]
        other["addresses"] = (_host_in(draw, network),)
    return edits.connect(a, b, a_end=one, b_end=other)


def _remove_link(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab)
    return edits.remove_link(at) if at else None


def _rename_link(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab)
    if at is None:
        return None
    free = [
        n
        for n in (*IFNAMES, *BRIDGES, *TAPS)
        if lab.namespaces[at.namespace].link(n) is None
    ]
    return edits.rename_link(at, draw(st.sampled_from(free))) if free else None


def _move_link(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab, lambda link: isinstance(link, Veth | Tap))
    others = [name for name in lab.namespaces if at and name != at.namespace]
    if at is None or not others:
        return None
    return move_link(at, Endpoint(draw(st.sampled_from(others)), at.ifname))


def _up_down(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab)
    link = lab.link(at) if at else None
    return edits.set_link(at, up=not link.up) if at and link else None


def _set_mtu(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab)
    return edits.set_link(at, mtu=draw(st.sampled_from(MTUS))) if at else None


def _set_mac(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab)
    return edits.set_link(at, mac=draw(st.sampled_from(MACS))) if at else None


def _set_master(draw: st.DrawFn, lab: Topology) -> Change | None:
    able = [
        (endpoint, master)
        for endpoint, link in lab.links()
        if not isinstance(link, Bridge) and not link.addresses
        for master in (None, *lab.namespaces[endpoint.namespace].bridges())
        if master != link.master
    ]
    if not able:
        return None
    at, master = draw(st.sampled_from(able))
    return edits.set_link(at, master=master)


def _set_bridge(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab, lambda link: isinstance(link, Bridge))
    return edits.set_link(at, **_options(draw, BRIDGE_OPTIONS)) if at else None


def _set_port(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab, lambda link: link.master is not None)
    return edits.set_link(at, **_options(draw, PORT_OPTIONS)) if at else None


def _set_vlans(draw: st.DrawFn, lab: Topology) -> Change | None:
    """Of a bridge or its port; the bridge looks at them from then on, or no more."""
    at = _endpoint(draw, lab, lambda link: bool(link.master) or link.kind == "bridge")
    link = lab.link(at) if at else None
    if at is None or link is None:
        return None
    bridge = Endpoint(at.namespace, link.master or at.ifname)
    if draw(st.integers(0, 3)):
        on = edits.set_link(bridge, vlan_filtering=True)
        return edits.together("tag", [on, edits.set_link(at, vlans=draw(tagged()))])
    ports = lab.namespaces[bridge.namespace].ports(bridge.ifname)
    gone = [edits.set_link(Endpoint(at.namespace, it), vlans=None) for it in ports]
    off = edits.set_link(bridge, vlan_filtering=False, vlans=None)
    return edits.together("untag", [*gone, off])


def _options(draw: st.DrawFn, pool: dict[str, tuple[object, ...]]) -> dict[str, object]:
    names = draw(st.lists(st.sampled_from(sorted(pool)), min_size=1, max_size=3))
    return {name: draw(st.sampled_from(pool[name])) for name in names}


def _add_entry(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab, lambda link: link.master is not None)
    return edits.add_entry(at, draw(st.sampled_from(ENTRIES))) if at else None


def _remove_entry(draw: st.DrawFn, lab: Topology) -> Change | None:
    found = sorted(
        (at, mac)
        for at, link in lab.links()
        if isinstance(link, PortLink)
        for mac in link.fdb
    )
    return edits.remove_entry(*draw(st.sampled_from(found))) if found else None


def _set_owner(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab, lambda link: isinstance(link, Tap))
    if at is None:
        return None
    which = draw(st.sampled_from(("user", "group")))
    owner = draw(st.sampled_from(OWNERS))
    return edits.set_link(at, **{which: owner})


def _add_address(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab, lambda link: link.master is None)
    return edits.add_address(at, _cidr(draw, lab, at)) if at else None


def _add_lo_address(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = Endpoint(_namespace(draw, lab), LO)
    cidr = draw(st.sampled_from(("192.0.2.1/32", "192.0.2.2/32", "fd00:ffff::1/128")))
    return edits.add_address(at, cidr)


def _set_lo(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = Endpoint(_namespace(draw, lab), LO)
    wish = {"mtu": (None, 1400, 16_000_000), "up": (True, False)}
    which = draw(st.sampled_from(sorted(wish)))
    return edits.set_link(at, **{which: draw(st.sampled_from(wish[which]))})


def _remove_address(draw: st.DrawFn, lab: Topology) -> Change | None:
    found = sorted(
        (Endpoint(name, ifname), cidr)
        for name, namespace in lab.namespaces.items()
        for ifname, link in namespace.all_links()
        for cidr in link.addresses
    )
    return edits.remove_address(*draw(st.sampled_from(found))) if found else None


def _add_route(draw: st.DrawFn, lab: Topology) -> Change | None:
    usable = [
        (endpoint, interface(cidr).network)
        for endpoint, link in lab.links()
        for cidr in link.addresses
    ]
    if not usable:
        return None
    at, network = draw(st.sampled_from(usable))
    family = network.version
    to = draw(st.sampled_from(DESTINATIONS4 if family == 4 else DESTINATIONS6))
    shape = draw(st.integers(0, 3))
    via = None if shape == 0 else _host_in(draw, network).partition("/")[0]
    dev = at.ifname if shape in (0, 1) else None
    if family == 6 and shape == 1 and draw(st.booleans()):
        via = "fe80::99"
    elif shape == 3 and draw(st.booleans()):
        # Reached by a route of its own, which may be there or yet to come.
        gateway = "169.254.1.1" if family == 4 else "fd99::1"
        single = f"{gateway}/{32 if family == 4 else 128}"
        have = [r for r in lab.namespaces[at.namespace].routes if r.to == single]
        if not have:
            return edits.add_route(at.namespace, Route(single, dev=at.ifname))
        via = gateway
    metric = draw(st.sampled_from((None, None, 5, 70000)))
    table = draw(st.sampled_from((None, None, None, 100)))
    route = Route(to, via, dev, metric, table, src=_source(draw, lab, at, family))
    if shape == 1 and not draw(st.integers(0, 3)):
        far = "192.0.2.254" if family == 4 else "2001:db8:ffff::1"
        route = replace(route, via=far, onlink=True)
    return edits.add_route(at.namespace, route)


def _source(draw: st.DrawFn, lab: Topology, at: Endpoint, family: int) -> str | None:
    """Mostly none, else any address of the namespace."""
    own = [
        str(interface(cidr).ip)
        for _, link in lab.namespaces[at.namespace].all_links()
        for cidr in link.addresses
        if interface(cidr).version == family
    ]
    if not own or draw(st.integers(0, 3)):
        return None
    return draw(st.sampled_from(own))


def _add_refusal(draw: st.DrawFn, lab: Topology) -> Change:
    to = draw(st.sampled_from((*DESTINATIONS4, *DESTINATIONS6)))
    kind = draw(st.sampled_from(REFUSALS))
    metric = draw(st.sampled_from((None, 5, 70000)))
    table = draw(st.sampled_from((None, None, 100)))
    route = Route(to, metric=metric, table=table, type=kind)
    return edits.add_route(_namespace(draw, lab), route)


def _add_spread(draw: st.DrawFn, lab: Topology) -> Change | None:
    """A route with several hops, through one link or several."""
    usable = {
        (endpoint, interface(cidr).network)
        for endpoint, link in lab.links()
        for cidr in link.addresses
    }
    if not usable:
        return None
    at, network = draw(st.sampled_from(sorted(usable, key=str)))
    family = network.version
    near = sorted(
        (item for item in usable if item[0].namespace == at.namespace), key=str
    )
    hops = []
    for _ in range(draw(st.integers(2, 3))):
        end, subnet = draw(st.sampled_from(near))
        if subnet.version != family:
            continue
        via = _host_in(draw, subnet).partition("/")[0]
        dev = end.ifname if subnet in V6[-1:] or draw(st.booleans()) else None
        hops.append(Hop(via, dev, draw(st.sampled_from((1, 1, 2, 256)))))
    to = draw(st.sampled_from(DESTINATIONS4 if family == 4 else DESTINATIONS6))
    table = draw(st.sampled_from((None, None, 100)))
    src = _source(draw, lab, at, family)
    route = Route(to, table=table, src=src, hops=tuple(hops))
    return edits.add_route(at.namespace, route)


def _add_rule(draw: st.DrawFn, lab: Topology) -> Change:
    family = draw(st.sampled_from((4, 6)))
    networks = (None, None, *(DESTINATIONS4[1:] if family == 4 else DESTINATIONS6[1:]))
    names = (None, None, None, LO, *IFNAMES[:2])
    action = draw(st.sampled_from((None, None, *REFUSALS)))
    rule = Rule(
        priority=0,
        family=family,
        source=draw(st.sampled_from(networks)),
        to=draw(st.sampled_from(networks)),
        iif=draw(st.sampled_from(names)),
        oif=draw(st.sampled_from((None, None, *IFNAMES[:2]))),
        fwmark=draw(st.sampled_from((None, None, "7", "0x10/0xff"))),
        table=None if action else draw(st.sampled_from((100, 254, 1000000))),
        action=action,
    )
    priority = draw(st.sampled_from((None, None, 5, 32765)))
    return policy_edits.add_rule(_namespace(draw, lab), rule, priority=priority)


def _remove_rule(draw: st.DrawFn, lab: Topology) -> Change | None:
    found = sorted(
        (name, rule.priority, rule.family)
        for name, namespace in lab.namespaces.items()
        for rule in namespace.rules
    )
    return policy_edits.remove_rule(*draw(st.sampled_from(found))) if found else None


def _add_neighbour(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab)
    if at is None:
        return None
    to = draw(st.sampled_from(("10.0.0.99", "203.0.113.9", "fd00::99", "fe80::99")))
    mac = draw(st.sampled_from((None, *MACS[1:3])))
    neighbour = Neighbour(to, at.ifname, mac, proxy=mac is None)
    return policy_edits.add_neighbour(at.namespace, neighbour)


def _remove_neighbour(draw: st.DrawFn, lab: Topology) -> Change | None:
    found = sorted(
        (Endpoint(name, one.dev), one.to, one.proxy)
        for name, namespace in lab.namespaces.items()
        for one in namespace.neighbours
    )
    if not found:
        return None
    at, to, proxy = draw(st.sampled_from(found))
    return policy_edits.remove_neighbour(at, to, proxy=proxy)


def _remove_route(draw: st.DrawFn, lab: Topology) -> Change | None:
    found = sorted(
        ((name, route) for name, ns in lab.namespaces.items() for route in ns.routes),
        key=repr,
    )
    return edits.remove_route(*draw(st.sampled_from(found))) if found else None


def _set_sysctl(draw: st.DrawFn, lab: Topology) -> Change | None:
    key = draw(st.sampled_from(SYSCTLS))
    value = draw(st.sampled_from(("0", "1", "1", None)))
    return edits.set_sysctl(_namespace(draw, lab), key, value)


def _set_other(draw: st.DrawFn, lab: Topology) -> Change | None:
    key = draw(st.sampled_from(sorted(SETTINGS)))
    value = draw(st.sampled_from((None, *SETTINGS[key])))
    return edits.set_sysctl(_namespace(draw, lab), key, value)


def _set_of_link(draw: st.DrawFn, lab: Topology) -> Change | None:
    name = _namespace(draw, lab)
    link = draw(st.sampled_from([n for n, _ in lab.namespaces[name].all_links()]))
    family = draw(st.sampled_from(sorted(LINK_SETTINGS)))
    key = f"net.{family}.conf.{link}.{draw(st.sampled_from(LINK_SETTINGS[family]))}"
    return edits.set_sysctl(name, key, draw(st.sampled_from((None, "0", "1", "1"))))


def _place(draw: st.DrawFn, lab: Topology) -> Change | None:
    at = _endpoint(draw, lab)
    item = str(at) if at and draw(st.booleans()) else _namespace(draw, lab)
    spot = st.tuples(st.integers(-5, 200), st.integers(-5, 200))
    return edits.place({item: draw(st.one_of(st.none(), spot))})


GROWING = (_add_namespace, _add_bridge, _connect, _connect, _add_tap)
"""What makes a lab bigger."""
DETAILS = (
    _up_down,
    _set_mtu,
    _set_mac,
    _set_master,
    _set_master,
    _set_bridge,
    _set_port,
    _set_vlans,
    _add_entry,
    _add_entry,
    _set_owner,
    _add_address,
    _add_address,
    _add_lo_address,
    _set_lo,
    _add_route,
    _add_route,
    _add_refusal,
    _add_spread,
    _add_rule,
    _add_neighbour,
    _set_sysctl,
    _set_other,
    _set_of_link,
)
"""What changes what is there."""
REMOVING = (
    _remove_namespace,
    _rename_namespace,
    _remove_link,
    _remove_entry,
    _rename_link,
    _move_link,
    _remove_address,
    _remove_route,
    _remove_rule,
    _remove_neighbour,
)
"""What takes away or renames."""


def _change(
    draw: st.DrawFn,
    lab: Topology,
    makers: tuple[Callable[[st.DrawFn, Topology], Change | None], ...],
) -> tuple[Change, Topology]:
    for _ in range(6):
        maker = draw(st.sampled_from(makers))
        change = maker(draw, lab)
        after = applied(lab, change)
        if change is not None and after is not None:
            return change, after
    # Never what is so already: that would be no edit.
    other = "0" if lab.namespaces[HOST].sysctls.get(SYSCTLS[0]) == "1" else "1"
    change = edits.set_sysctl(HOST, SYSCTLS[0], other)
    return change, change.apply(lab)


# -- what tests use ------------------------------------------------------------


@st.composite
def changes(draw: st.DrawFn, topology: Topology, growing: bool = False) -> Change:
    """A random edit that leaves that topology valid, or one that makes it bigger."""
    makers = GROWING if growing else (*GROWING, *DETAILS, *REMOVING, _place)
    return _change(draw, topology, makers)[0]


def random_change(
    topology: Topology, chance: random.Random, growing: bool = False
) -> Change:
    """A change that the numbers of a generator decide on: its seed replays it."""
    found: list[Change] = []

    @given(changes(topology, growing))
    def draw(change: Change) -> None:
        found.append(change)

    while not found:
        draw.hypothesis.fuzz_one_input(chance.randbytes(512))  # type: ignore[attr-defined]
    return found[-1]


@st.composite
def topologies(
    draw: st.DrawFn, name: str = "lab", max_namespaces: int = 6, max_edits: int = 24
) -> Topology:
    """A random valid lab; shrinks towards an empty one."""
    lab = Topology(name)
    for other in NAMES[: draw(st.integers(0, max_namespaces - 1))]:
        lab = edits.add_namespace(other).apply(lab)
    makers = (*GROWING[1:], *DETAILS)
    for _ in range(draw(st.integers(0, max_edits))):
        _, lab = _change(draw, lab, makers)
    return lab


@st.composite
def sequences(
    draw: st.DrawFn, max_start: int = 10, max_edits: int = 10
) -> tuple[Topology, list[Change]]:
    """A lab, and edits that can be applied to it one after the other."""
    start = draw(topologies(max_edits=max_start))
    lab, found = start, []
    for _ in range(draw(st.integers(1, max_edits))):
        makers = (*GROWING, *DETAILS, *REMOVING)
        change, lab = _change(draw, lab, makers)
        found.append(change)
    return start, found


POLICIES = (
    _up_down,
    _set_mtu,
    _set_mac,
    _add_address,
    _remove_address,
    _set_lo,
    _rename_link,
    _add_route,
    _add_route,
    _add_refusal,
    _add_spread,
    _add_spread,
    _remove_route,
    _add_rule,
    _add_rule,
    _remove_rule,
    _add_neighbour,
    _add_neighbour,
    _remove_neighbour,
)
"""What is about routing, and what that depends on."""


@st.composite
def rerouting(draw: st.DrawFn, topology: Topology) -> Change:
    """A random edit of routing, of what it depends on, or of settings."""
    makers = (*POLICIES, _set_of_link, _set_of_link, _set_other)
    return _change(draw, topology, makers)[0]


@st.composite
def policed(draw: st.DrawFn, edits_each: int = 14) -> tuple[Topology, list[Change]]:
    """A router with two links that have addresses, and edits of its routing."""
    lab = edits.add_namespace("red").apply(Topology("lab"))
    for name, cidrs in (
        ("eth0", ("10.0.0.1/24", "fd00:0:0::1/64")),
        ("eth1", ("10.0.1.1/24", "fd00:1::1/64")),
    ):
        ends = Endpoint("red", name), Endpoint(HOST, name)
        lab = edits.connect(*ends, a_end={"addresses": cidrs}).apply(lab)
    found = []
    start = lab
    for _ in range(draw(st.integers(1, edits_each))):
        change, lab = _change(draw, lab, POLICIES)
        found.append(change)
    return start, found


@st.composite
def documents(draw: st.DrawFn) -> Topology:
    """A lab with what only its file says as well: layout and expectations."""
    lab = draw(topologies())
    for _ in range(draw(st.integers(0, 3))):
        change = _place(draw, lab)
        lab = change.apply(lab) if change else lab
    names = st.sampled_from(sorted(lab.namespaces))
    to = st.one_of(names, st.sampled_from(("10.0.0.1", "fd00:1::2")))
    one = st.builds(Expectation, names, to, st.booleans())
    return replace(lab, expect=tuple(draw(st.lists(one, max_size=3))))


__all__ = [
    "applied",
    "changes",
    "documents",
    "fits",
    "has_loop",
    "policed",
    "rerouting",
    "sequences",
    "topologies",
]
