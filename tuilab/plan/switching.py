"""Steps that make bridges and ports what they should be: part of `plan.planner`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tuilab.model import vlans
from tuilab.model.topology import Endpoint
from tuilab.plan.bridging import changed_options
from tuilab.plan.operations import (
    AddEntry,
    AddVlans,
    DeleteEntry,
    DeleteVlans,
    Operation,
    SetBridge,
    SetPort,
)
from tuilab.plan.simulate import Machine
from tuilab.plan.state import LinkState

MADE_ANEW = "a static entry holds for the VLANs that there are when it is made"

Wanted = tuple[Endpoint, LinkState]
"""A link, and how it should be."""


class Steps(Protocol):
    """Where steps go, and what they lead to as far as they go."""

    machine: Machine

    def emit(self, operation: Operation) -> None:
        """The next step."""

    def attempt(self, operation: Operation) -> None:
        """The same for what a later round may still manage."""


def set_bridging(steps: Steps, apart: Sequence[Wanted]) -> None:
    """Options of bridges and ports, VLANs, static entries: those that go first.

    VLANs are set while the bridge looks at them: before it ceases to, after it begins.

    Args:
        steps: Where the steps go.
        apart: The links of one namespace that are not as they should be.
    """
    machine = steps.machine
    _set_vlans(steps, apart)
    for endpoint, wanted in apart:
        there = machine.link(endpoint)
        if there is None:
            continue
        if there.bridge != wanted.bridge:
            if there.bridge.stp and not wanted.bridge.stp:
                # Only without it may the times be any.
                steps.emit(SetBridge(endpoint, stp=False))
                there = machine.link(endpoint) or there
            options = changed_options(there.bridge, wanted.bridge)
            if options:
                steps.emit(SetBridge(endpoint, **options))
        if there.port != wanted.port and there.master == wanted.master:
            options = changed_options(there.port, wanted.port)
            if options:
                steps.emit(SetPort(endpoint, **options))
            for mac in there.port.fdb:
                if mac not in wanted.port.fdb:
                    steps.attempt(DeleteEntry(endpoint, mac))
    _set_vlans(steps, apart)
    for endpoint, wanted in apart:
        there = machine.link(endpoint)
        for mac in wanted.port.fdb:
            if there is not None and mac not in there.port.fdb:
                steps.attempt(AddEntry(endpoint, mac))


def _set_vlans(steps: Steps, apart: Sequence[Wanted]) -> None:
    for endpoint, wanted in apart:
        there = steps.machine.link(endpoint)
        if there is None or (there.bridge.vlans, there.port.vlans) == (
            wanted.bridge.vlans,
            wanted.port.vlans,
        ):
            continue
        itself = there.kind == "bridge"
        name = endpoint.ifname if itself else there.master
        bridge = steps.machine.link(Endpoint(endpoint.namespace, name or ""))
        if bridge is None or not bridge.bridge.vlan_filtering:
            continue
        if not itself and there.master != wanted.master:
            continue
        for mac in there.port.fdb:
            steps.attempt(DeleteEntry(endpoint, mac, reason=MADE_ANEW))
        now, goal = (
            vlans.table(it.bridge.vlans if itself else it.port.vlans)
            for it in (there, wanted)
        )
        gone = {vlan: () for vlan in now if vlan not in goal}
        for entry in vlans.words(gone):
            steps.attempt(DeleteVlans(endpoint, entry, itself))
        # A new pvid first: the former one is none any more by that alone.
        fresh = {k: v for k, v in goal.items() if now.get(k) != v}
        for entry in sorted(vlans.words(fresh), key=lambda it: vlans.PVID not in it):
            steps.attempt(AddVlans(endpoint, entry, itself))
