"""Labs to draw: a short way to write them down, well-known ones, and random ones.

Unlike those of ``strategies`` they may have loops, parallel cables and cables within
one namespace: the canvas has to draw whatever there is.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tuilab.lab.snapshot import Live, Snapshot
from tuilab.model.topology import (
    HOST,
    Bridge,
    Endpoint,
    Link,
    Namespace,
    Tap,
    Topology,
    Veth,
)
from tuilab.plan.difference import differences
from tuilab.plan.history import History
from tuilab.plan.state import State, expand


class Sketch:
    """A lab in the making. A place is ``namespace`` or ``namespace/bridge``."""

    def __init__(self) -> None:
        self.namespaces: dict[str, dict[str, Link]] = {HOST: {}}
        self.sysctls: dict[str, dict[str, str]] = {}

    def add(self, *names: str) -> Sketch:
        for name in names:
            self.namespaces.setdefault(name, {})
        return self

    def bridge(self, place: str, *addresses: str) -> Sketch:
        name, ifname = place.split("/")
        self.add(name).namespaces[name][ifname] = Bridge(addresses=addresses)
        return self

    def tap(self, place: str, ifname: str) -> Sketch:
        name, _, master = place.partition("/")
        self.add(name).namespaces[name][ifname] = Tap(master=master or None)
        return self

    def cable(
        self,
        a: str,
        b: str,
        *,
        addresses: tuple[str, str] = ("", ""),
        up: tuple[bool, bool] = (True, True),
    ) -> Sketch:
        ends, masters = [], []
        for place in (a, b):
            name, _, master = place.partition("/")
            links = self.add(name).namespaces[name]
            stem = "port" if master else "eth"
            number = sum(other.startswith(stem) for other in links)
            while f"{stem}{number}" in links:
                number += 1  # one before it has been taken away
            links[f"{stem}{number}"] = Tap()  # keeps the name for a moment
            ends.append(Endpoint(name, f"{stem}{number}"))
            masters.append(master or None)
        for at in (0, 1):
            self.namespaces[ends[at].namespace][ends[at].ifname] = Veth(
                peer=ends[1 - at],
                master=masters[at],
                up=up[at],
                addresses=(addresses[at],) if addresses[at] else (),
            )
        return self

    def router(self, name: str) -> Sketch:
        self.add(name).sysctls[name] = {"net.ipv4.ip_forward": "1"}
        return self

    def topology(self, layout: Mapping[str, tuple[int, int]] | None = None) -> Topology:
        return Topology(
            "lab",
            {
                name: Namespace(links=links, sysctls=self.sysctls.get(name, {}))
                for name, links in self.namespaces.items()
            },
            layout=layout or {},
        )

    def snapshot(self, **kwargs: object) -> Snapshot:
        return snapshot(self.topology(), **kwargs)  # type: ignore[arg-type]


def snapshot(
    topology: Topology,
    *,
    observed: State | None = None,
    live: Mapping[Endpoint, Live] | None = None,
    pending: str = "",
) -> Snapshot:
    """A lab at rest, or as the kernel is said to hold it."""
    wish = expand(topology)
    there = wish if observed is None else observed
    return Snapshot(
        topology.name,
        topology,
        there,
        History(topology),
        live or {},
        pending,
        drift=tuple(differences(wish, there)),
    )


def two_hosts() -> Sketch:
    return Sketch().cable("red", "blue", addresses=("10.0.0.1/24", "10.0.0.2/24"))


def switch(count: int = 3) -> Sketch:
    sketch = Sketch().bridge("host/br0")
    for number in range(1, count + 1):
        address = f"10.0.{number // 250}.{number % 250}/16"
        if count < 250:
            address = f"10.0.0.{number}/24"
        sketch.cable(f"h{number}", "host/br0", addresses=(address, ""))
    return sketch


def gateway() -> Sketch:
    sketch = Sketch().bridge("host/br0", "192.168.15.5/24")
    sketch.cable("red", "host/br0").cable("blue", "host/br0").tap("host/br0", "tap0")
    return sketch.cable("host", "uplink")


def two_subnets() -> Sketch:
    sketch = Sketch().router("r1").bridge("host/br1").bridge("host/br2")
    sketch.cable("host", "r1", addresses=("10.0.0.1/30", "10.0.0.2/30"))
    for net in (1, 2):
        sketch.cable("r1", f"host/br{net}", addresses=(f"10.{net}.0.1/24", ""))
    for net in (1, 2):
        for number in (1, 2, 3):
            sketch.cable(
                f"pc{net}{number}",
                f"host/br{net}",
                addresses=(f"10.{net}.0.1{number}/24", ""),
                up=((net, number) != (1, 3), True),
            )
    return sketch


def nested() -> Sketch:
    sketch = Sketch().bridge("host/underlay")
    for node in ("node1", "node2"):
        sketch.bridge(f"{node}/cni0").cable(node, "host/underlay")
        for pod in "abc":
            sketch.cable(f"pod{node[-1]}{pod}", f"{node}/cni0")
    return sketch


def nodes() -> Sketch:
    """Two namespaces with pods inside, joined by a cable."""
    sketch = Sketch()
    for node in ("node1", "node2"):
        sketch.bridge(f"{node}/cni0")
        for pod in "ab":
            sketch.cable(f"pod{node[-1]}{pod}", f"{node}/cni0")
    return sketch.cable("node1", "node2")


def ring(count: int = 6) -> Sketch:
    sketch = Sketch().add(*(f"r{number}" for number in range(count)))
    for number in range(count):
        sketch.cable(f"r{number}", f"r{(number + 1) % count}")
    for number in range(count):
        sketch.cable(f"h{number}", f"r{number}")
    return sketch


def bare_ring(*names: str) -> Sketch:
    """Only what goes round; named in the order of the numbers behind the names."""
    sketch = Sketch().add(*sorted(names, key=lambda name: int(name[1:])))
    for one, other in zip(names, (*names[1:], names[0]), strict=True):
        sketch.cable(one, other)
    return sketch


def mesh(count: int = 5) -> Sketch:
    sketch = Sketch().add(*(f"r{number}" for number in range(count)))
    for b in range(count):
        for a in range(b):
            sketch.cable(f"r{a}", f"r{b}")
    return sketch


def switches(
    count: int, cables: Iterable[tuple[int, int]], hosts: int = 1, inner: int = 0
) -> Sketch:
    """Namespaces that hold a bridge each, joined bridge to bridge.

    Args:
        count: How many.
        cables: Which are joined.
        hosts: How many hosts hang from each.
        inner: How many namespaces stand in each, on its bridge; it can talk to them.
    """
    sketch = Sketch()
    for number in range(count):
        sketch.bridge(f"s{number}/br0", *([f"10.{number}.0.1/24"] if inner else []))
    for a, b in cables:
        sketch.cable(f"s{a}/br0", f"s{b}/br0")
    for number in range(count):
        for at in range(hosts):
            sketch.cable(f"h{number}{at}", f"s{number}/br0")
        for at in range(inner):
            sketch.cable(f"p{number}{at}", f"s{number}/br0")
    return sketch


def around(count: int) -> list[tuple[int, int]]:
    """The cables of a ring."""
    return [(number, (number + 1) % count) for number in range(count)]


def fat_tree(k: int = 4) -> Sketch:
    """Of 5k²/4 switches and k³/4 hosts: 36 nodes for 4."""
    sketch, half, host = Sketch(), k // 2, 0
    for core in range(half * half):
        sketch.bridge(f"host/c{core}")
    for pod in range(k):
        for at in range(half):
            sketch.bridge(f"host/a{pod}{at}").bridge(f"host/e{pod}{at}")
    for pod in range(k):
        for at in range(half):
            for other in range(half):
                sketch.cable(f"host/a{pod}{at}", f"host/c{at * half + other}")
                sketch.cable(f"host/e{pod}{at}", f"host/a{pod}{other}")
                sketch.cable(f"h{host}", f"host/e{pod}{at}")
                host += 1
    return sketch


def branches(switches: int = 4, hosts: int = 4) -> Sketch:
    sketch = Sketch().add("r1")
    for number in range(switches):
        sketch.bridge(f"host/br{number}").cable("r1", f"host/br{number}")
        for at in range(hosts):
            sketch.cable(f"h{number}{at}", f"host/br{number}")
    return sketch


def odd() -> Sketch:
    """Parallel cables, a cable within one namespace, taps everywhere, a loner."""
    sketch = Sketch().add("a", "b", "lonely").bridge("c/br0").bridge("c/empty")
    sketch.cable("a", "b").cable("a", "b", up=(True, False))
    sketch.cable("a", "b", up=(False, True)).cable("c", "c").cable("c", "c/br0")
    sketch.cable("c/br0", "c/br0").cable("d", "c/br0").cable("d", "c/br0")
    return sketch.tap("b", "tap0").tap("c/br0", "tap0").tap("host", "tap1")


KNOWN = {
    "two hosts": two_hosts,
    "switch": switch,
    "gateway": gateway,
    "two subnets": two_subnets,
    "nested": nested,
    "nodes": nodes,
    "ring": ring,
    "bare ring": lambda: bare_ring(*(f"r{number}" for number in range(7))),
    "mesh": mesh,
    "fat tree": fat_tree,
    "branches": branches,
    "odd": odd,
}


def at_random(seed: int) -> Sketch:
    """Any lab of up to sixteen namespaces, as tangled as the seed says."""
    dice = random.Random(seed)
    sketch = Sketch()
    names = [HOST]
    for number in range(dice.randint(0, 16)):
        name = dice.choice(("n", "node", "a-long-name-")) + str(number)
        sketch.add(name)
        names.append(name)
    places = list(names)
    for number in range(dice.randint(0, 5)):
        place = f"{dice.choice([HOST, *names])}/br{number}"
        address = (f"10.9.{number}.1/24",) if dice.random() < 0.3 else ()
        sketch.bridge(place, *address)
        places += [place] * dice.randint(1, 5)
    for _ in range(dice.randint(0, 24)):
        a, b = dice.choice(places), dice.choice(places)
        up = (dice.random() < 0.9, dice.random() < 0.9)
        sketch.cable(a, b, up=up)
        if dice.random() < 0.1:
            sketch.cable(a, b)
    for number in range(dice.randint(0, 3)):
        sketch.tap(dice.choice(places), f"tap{number}")
    return sketch


NAMES = ("n", "node", "a-long-name-", "x.y_z", "the-longest-name-of-any-namespace-")
PARTS = (
    "192.168.100.200/24",
    "2001:db8:1234:5678:9abc:def0:1234:5678/64",
    "fe80::1/64",
)
VLANS = ("1 pvid untagged", "10", "100-4000", "7 pvid", "20 untagged")


def wild(seed: int) -> Sketch:
    """Any lab, as odd as the seed says: more than a person would draw.

    Many cables between the same two, from the inside of one namespace to the inside of
    another and back to where they come from, long names and addresses, VLANs on ports,
    things down, taps at everything.
    """
    dice = random.Random(seed)
    sketch = Sketch()
    names = [HOST]
    for number in range(dice.randint(1, dice.choice((3, 8, 14)))):
        names.append(dice.choice(NAMES) + str(number))
        sketch.add(names[-1])
        if dice.random() < 0.2:
            sketch.router(names[-1])
    places = list(names)
    for number in range(dice.randint(0, 8)):
        place = f"{dice.choice(names)}/{dice.choice(('br', 'bridge-', 'b.'))}{number}"
        some = dice.sample(PARTS, dice.choice((0, 0, 1, 3)))
        sketch.bridge(place, *some)
        name, ifname = place.split("/")
        filters = replace(Bridge(addresses=tuple(some)), vlan_filtering=True)
        if dice.random() < 0.3:
            sketch.namespaces[name][ifname] = filters
        places += [place] * dice.randint(1, 6)
    for _ in range(dice.randint(0, 20)):
        a, b = dice.choice(places), dice.choice(places)
        if dice.random() < 0.1:
            b = a
        for _ in range(dice.choice((1, 1, 1, 1, 2, 3, 7))):
            up = (dice.random() < 0.8, dice.random() < 0.8)
            sketch.cable(a, b, up=up)
    for number in range(dice.randint(0, 4)):
        sketch.tap(
            dice.choice(places), dice.choice(("t", "tap-of-qemu-")) + str(number)
        )
    for links in sketch.namespaces.values():
        for ifname, link in links.items():
            if not isinstance(link, Veth):
                continue
            if link.master is None and dice.random() < 0.4:
                some = dice.sample(PARTS, dice.randint(1, 3))
                links[ifname] = replace(link, addresses=tuple(some))
            elif link.master is not None and dice.random() < 0.3:
                tags = tuple(dice.sample(VLANS, dice.randint(1, 3)))
                links[ifname] = replace(link, vlans=tags)
    return sketch


def pins_at_random(topology: Topology, seed: int) -> Mapping[str, tuple[int, int]]:
    """Places for some nodes of a lab, as if a person had set them."""
    dice = random.Random(seed)
    names = [str(name) for name in topology.namespaces]
    names += [str(end) for end, link in topology.links() if link.kind == "bridge"]
    chosen = [name for name in names if dice.random() < 0.3]
    return {name: (dice.randint(-1, 6), dice.randint(-1, 4)) for name in chosen}
