"""A modelled kernel in which things happen: the same at every look."""

from __future__ import annotations

from dataclasses import replace

from tuilab.kernel.detail import (
    Detail,
    Entry,
    NeighbourDetail,
    RouteDetail,
    Socket,
)
from tuilab.kernel.live import Live, Process
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab.meter import Rate, Traffic
from tuilab.model.topology import HOST
from tuilab.plan.forwarding import RouteState

FLOW = Traffic(
    tuple(
        Rate(rx=n * 40.0, tx=(29 - n) * 900.0, rx_packets=n / 3, tx_packets=29 - n)
        for n in range(30)
    )
)
MAC = "02:00:00:00:00:0c"


class Alive(ModelDriver):
    """Neighbours talk, programs listen, a bridge learns."""

    async def detail(self, namespace: str, ifname: str | None = None) -> Detail:
        """What the model holds, and what happens in it."""
        whole = await super().detail(namespace, ifname)
        links = {
            name: replace(
                link,
                qdisc="noqueue",
                live=Live(link.live.operstate, 18_240, 1_204_200, 152, 410, 0, 2),
            )
            for name, link in whole.links.items()
        }
        found = replace(whole, links=links)
        if namespace == HOST and ifname == "br0":
            learned = (
                Entry("br0", "port1", MAC, "learned", 3.0),
                Entry("br0", "port2", "02:00:00:00:00:0d", "learned", 124.0),
            )
            return replace(found, entries=(*found.entries, *learned))
        if ifname is None:
            return self._inhabited(found)
        return found

    @staticmethod
    def _inhabited(found: Detail) -> Detail:
        dhcp = RouteState("172.16.0.0/16", "10.0.0.254", "eth0", 100, 254)
        return replace(
            found,
            routes=(*found.routes, RouteDetail(dhcp, "dhcp", valid=3600)),
            neighbours=(
                *found.neighbours,
                NeighbourDetail("10.0.0.254", "eth0", MAC, "REACHABLE", confirmed=4),
                NeighbourDetail("10.0.0.9", "eth0", "", "FAILED"),
            ),
            sockets=(
                Socket("tcp", "LISTEN", "0.0.0.0:80", inode=7, pid=41, program="nginx"),
                Socket(
                    "tcp",
                    "ESTAB",
                    "10.0.0.1:80",
                    "10.0.0.2:39120",
                    inode=8,
                    pid=41,
                    program="nginx",
                ),
            ),
            processes=(Process(41, "nginx: master process"),),
            tables=("inet filter",),
        )
