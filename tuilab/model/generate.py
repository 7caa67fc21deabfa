"""Ready shapes of any size: star, linear, fat tree, mesh.

Names and addresses follow one scheme, so that a generated lab reads like one made by
hand: hosts ``h1, h2, ...`` with ``eth0``, switches ``br1, br2, ...`` in the lab's root
namespace, all hosts in one network.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from itertools import combinations, pairwise

from tuilab.model.topology import (
    HOST,
    Bridge,
    Endpoint,
    Link,
    Namespace,
    Topology,
    Veth,
)

NETWORK = ipaddress.ip_network("10.0.0.0/16")


class _Builder:
    """Collects links by namespace; topologies are built in one go at the end."""

    def __init__(self) -> None:
        self.links: dict[str, dict[str, Link]] = {HOST: {}}
        self._addresses = self._free_addresses()
        self._ports = 0

    @staticmethod
    def _free_addresses() -> Iterator[str]:
        for address in NETWORK.hosts():
            yield f"{address}/{NETWORK.prefixlen}"

    def switch(self, name: str, *, stp: bool = False) -> str:
        self.links[HOST][name] = Bridge(stp=stp)
        return name

    def host(self, name: str, switch: str) -> None:
        near, far = Endpoint(name, "eth0"), Endpoint(HOST, self._port())
        self.links[name] = {"eth0": Veth(peer=far, addresses=(next(self._addresses),))}
        self.links[HOST][far.ifname] = Veth(peer=near, master=switch)

    def trunk(self, one: str, other: str) -> None:
        a, b = Endpoint(HOST, self._port()), Endpoint(HOST, self._port())
        self.links[HOST][a.ifname] = Veth(peer=b, master=one)
        self.links[HOST][b.ifname] = Veth(peer=a, master=other)

    def _port(self) -> str:
        self._ports += 1
        return f"p{self._ports}"

    def topology(self, name: str) -> Topology:
        namespaces = {k: Namespace(links=v) for k, v in self.links.items()}
        return Topology(name, namespaces)


def star(hosts: int) -> Topology:
    """One switch with that many hosts."""
    builder = _Builder()
    switch = builder.switch("br1")
    for number in range(1, hosts + 1):
        builder.host(f"h{number}", switch)
    return builder.topology(f"star{hosts}")


def linear(hosts: int) -> Topology:
    """A chain of switches with one host each, as Mininet's ``linear,N``."""
    builder = _Builder()
    switches = [builder.switch(f"br{n}") for n in range(1, hosts + 1)]
    for number, switch in enumerate(switches, start=1):
        builder.host(f"h{number}", switch)
    for one, other in pairwise(switches):
        builder.trunk(one, other)
    return builder.topology(f"linear{hosts}")


def fat_tree(k: int) -> Topology:
    """The k-ary fat tree of Al-Fares et al. (SIGCOMM 2008): k*k*k/4 hosts.

    It has loops, which the spanning tree protocol of its switches cuts.
    """
    builder = _Builder()
    half = k // 2
    core = [builder.switch(f"core{n}", stp=True) for n in range(1, half * half + 1)]
    count = 0
    for pod in range(1, k + 1):
        upper = [builder.switch(f"agg{pod}-{n}", stp=True) for n in range(1, half + 1)]
        lower = [builder.switch(f"edge{pod}-{n}", stp=True) for n in range(1, half + 1)]
        for group, switch in enumerate(upper):
            for above in core[group * half : (group + 1) * half]:
                builder.trunk(above, switch)
            for below in lower:
                builder.trunk(switch, below)
        for switch in lower:
            for _ in range(half):
                count += 1
                builder.host(f"h{count}", switch)
    return builder.topology(f"fattree{k}")


def mesh(switches: int, hosts: int = 0) -> Topology:
    """Switches each joined with every other, with that many hosts each.

    It has loops, which the spanning tree protocol of its switches cuts.
    """
    builder = _Builder()
    names = [builder.switch(f"br{n}", stp=True) for n in range(1, switches + 1)]
    for one, other in combinations(names, 2):
        builder.trunk(one, other)
    for number in range(hosts * switches):
        builder.host(f"h{number + 1}", names[number % switches])
    return builder.topology(f"mesh{switches}")
