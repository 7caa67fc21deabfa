"""A small lab that tests of the model change."""

from hypothesis import HealthCheck, settings

from tuilab.model import edits
from tuilab.model.edits import Change
from tuilab.model.links import Endpoint
from tuilab.model.topology import (
    Route,
    Topology,
)

SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
E = Endpoint.parse


def made(*steps: Change, name: str = "lab") -> Topology:
    return edits.together("", steps).apply(Topology(name))


def office() -> Topology:
    """Red and blue on a bridge of the host, and a tap."""
    return made(
        edits.add_namespace("red"),
        edits.add_namespace("blue"),
        edits.add_bridge(E("host:br0"), addresses=("10.0.0.254/24",)),
        edits.connect(
            E("red:eth0"),
            E("host:p1"),
            a_end={"addresses": ("10.0.0.1/24",)},
            b_end={"master": "br0"},
        ),
        edits.connect(
            E("blue:eth0"),
            E("host:p2"),
            a_end={"addresses": ("10.0.0.2/24",)},
            b_end={"master": "br0"},
        ),
        edits.add_tap(E("host:tap0"), master="br0", user="1000"),
        edits.add_route("red", Route("default", "10.0.0.254")),
        edits.place({"red": (1, 2)}),
        edits.place({"red:eth0": (3, 4)}),
    )
