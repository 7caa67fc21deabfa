"""Add bridge: a switch, with its own addresses and its first ports."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.model.addressing import free_name
from tuilab.model.edits import Change, add_bridge
from tuilab.model.topology import HOST, LO, Bridge, Endpoint, Topology
from tuilab.model.words import options_from
from tuilab.tui.forms import checks
from tuilab.tui.forms.base import (
    ChangeForm,
    Field,
    Option,
    Value,
    Values,
    lines,
    row,
    text,
)
from tuilab.tui.forms.proposals import Place


class AddBridge(ChangeForm):
    """The dialog of the key ``b``."""

    title = "Add bridge"
    rows = (
        row("Name", Field("name", help="At most 15 characters, as for every link.")),
        row(
            "In",
            Field("place", "choice", help="The namespace that owns the bridge."),
        ),
        row(
            "Address",
            Field(
                "address",
                placeholder="none",
                help="Makes the bridge itself a station, such as the gateway.",
            ),
        ),
        row(
            "MTU",
            Field("mtu", placeholder="default", help="Bytes; usually 1500."),
        ),
        row(
            "Options",
            Field(
                "options",
                placeholder="as by default",
                help="As: stp on, vlan_filtering on, ageing 30, priority 4096.",
            ),
        ),
        row(
            "Ports",
            Field(
                "ports", "many", help="Links of that namespace that join it at once."
            ),
        ),
    )

    def __init__(self, topology: Topology, selected: Place | None = None) -> None:
        super().__init__(topology)
        self._selected = selected

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Namespaces, or the links of the chosen one that can be ports."""
        if name == "place":
            return [Option(name, name) for name in self.topology.namespaces]
        namespace = self.topology.namespaces.get(text(values, "place"))
        if namespace is None:
            return []
        return [
            Option(ifname, ifname)
            for ifname, link in namespace.links.items()
            if ifname != LO
            and not link.master
            and not link.addresses
            and not isinstance(link, Bridge)
        ]

    def propose(self, given: Values) -> dict[str, Value]:
        """The next free brN, in host or beside the selected bridge."""
        near = self._selected
        place = near.namespace if near and near.bridge else HOST
        values: dict[str, Value] = {"place": place, **given}
        namespace = self.topology.namespaces.get(text(values, "place"))
        taken = namespace.links if namespace else {}
        free: dict[str, Value] = {"name": free_name("br", taken)}
        rest: dict[str, Value] = {"address": "", "mtu": "", "options": "", "ports": ()}
        return {**free, **rest, **values}

    def problems(self, values: Values) -> dict[str, str]:
        """A wrong name, address or MTU."""
        found = {
            "name": checks.new_link(self.topology, self._endpoint(values)),
            "address": checks.addresses(text(values, "address")),
            "mtu": checks.mtu(text(values, "mtu")),
            "options": checks.options(text(values, "options"), Bridge()),
        }
        return {k: v for k, v in found.items() if v}

    def notes(self, values: Values) -> dict[str, str]:
        """How long the name is, and what the other fields are for."""
        return {
            "name": checks.free_note(text(values, "name")),
            "place": "namespace that owns the bridge",
            "address": "optional",
            "options": "stp on, ageing 30 ...",
        }

    def unused(self, values: Values) -> frozenset[str]:
        """Ports, where there is nothing that could be one."""
        return frozenset() if self.options("ports", values) else frozenset({"ports"})

    def change(self, values: Values) -> Change:
        """The bridge and its first ports."""
        mtu = text(values, "mtu")
        return add_bridge(
            self._endpoint(values),
            ports=lines(values, "ports"),
            addresses=checks.canonical(text(values, "address")),
            mtu=int(mtu) if mtu else None,
            **options_from(Bridge(), text(values, "options")),
        )

    def _endpoint(self, values: Values) -> Endpoint:
        return Endpoint(text(values, "place"), text(values, "name"))
