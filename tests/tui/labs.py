"""Small labs to start from."""

from __future__ import annotations

from tuilab.model import edits
from tuilab.model.topology import HOST, Endpoint, Route, Topology

RED = Endpoint("red", "eth0")
BLUE = Endpoint("blue", "eth0")
BR0 = Endpoint(HOST, "br0")
PORT1 = Endpoint(HOST, "port1")
PORT2 = Endpoint(HOST, "port2")


def built(*changes: edits.Change, name: str = "demo") -> Topology:
    """A topology made by these edits."""
    topology = Topology(name)
    for change in changes:
        topology = change.apply(topology)
    return topology


def two_hosts() -> Topology:
    """red:eth0 = blue:eth0 with addresses."""
    return built(
        edits.add_namespace("red"),
        edits.add_namespace("blue"),
        edits.connect(
            RED,
            BLUE,
            a_end={"addresses": ("10.0.0.1/24",)},
            b_end={"addresses": ("10.0.0.2/24",)},
        ),
    )


def switch() -> Topology:
    """red and blue on host:br0, which has an address and is red's gateway."""
    return built(
        edits.add_bridge(BR0, addresses=("10.0.0.254/24",)),
        edits.add_namespace("red"),
        edits.add_namespace("blue"),
        edits.connect(
            RED,
            PORT1,
            a_end={"addresses": ("10.0.0.1/24",)},
            b_end={"master": "br0"},
        ),
        edits.connect(
            BLUE,
            PORT2,
            a_end={"addresses": ("10.0.0.2/24",)},
            b_end={"master": "br0"},
        ),
        edits.add_route("red", Route("default", "10.0.0.254")),
    )


def router() -> Topology:
    """left and right, each on its own network, joined by the router r1."""
    return built(
        edits.add_namespace("left"),
        edits.add_namespace("r1", {"net.ipv4.ip_forward": "1"}),
        edits.add_namespace("right"),
        edits.connect(
            Endpoint("left", "eth0"),
            Endpoint("r1", "lan1"),
            a_end={"addresses": ("10.1.0.11/24", "fd01::11/64")},
            b_end={"addresses": ("10.1.0.1/24", "fd01::1/64")},
        ),
        edits.connect(
            Endpoint("right", "eth0"),
            Endpoint("r1", "lan2"),
            a_end={"addresses": ("10.2.0.11/24", "fd02::11/64")},
            b_end={"addresses": ("10.2.0.1/24", "fd02::1/64")},
        ),
        edits.add_route("left", Route("default", "10.1.0.1")),
        edits.add_route("right", Route("default", "10.2.0.1")),
    )
