"""A lab as a shell script: the commands that build it where there is nothing yet."""

from __future__ import annotations

import shlex

from tuilab.model.topology import HOST, Topology
from tuilab.plan.planner import Plan, route_to
from tuilab.plan.simulate import fresh_namespace
from tuilab.plan.state import State, expand


def from_nothing(topology: Topology) -> Plan:
    """All that it takes in a machine that has just been started."""
    return route_to(State({HOST: fresh_namespace()}), expand(topology))


def script(topology: Topology) -> str:
    """A script for sh that builds the lab; it stops at the first thing that fails."""
    head = ["#!/bin/sh", f"# lab {shlex.quote(topology.name)}, to be run as root"]
    return "\n".join([*head, "set -ex", *from_nothing(topology).commands, ""])
