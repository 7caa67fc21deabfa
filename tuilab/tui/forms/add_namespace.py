"""Add namespace: a name, and if wanted its first cable, address and default route."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.model.address_plan import segment_plan
from tuilab.model.addressing import canonical_address, free_namespace_name
from tuilab.model.edits import Change, add_namespace, add_route, connect, together
from tuilab.model.topology import Endpoint, Route, Topology
from tuilab.tui.forms import checks
from tuilab.tui.forms.base import (
    ChangeForm,
    Field,
    Option,
    Value,
    Values,
    flag,
    row,
    text,
)
from tuilab.tui.forms.proposals import (
    FORWARD_V4,
    Place,
    end_name,
    fresh_pair,
    gateway_for,
    near_bridge,
    next_address,
    places,
)

OWN_END = "eth0"


class AddNamespace(ChangeForm):
    """The dialog of the key ``n``."""

    title = "Add namespace"
    rows = (
        row("Name", Field("name", help="Letters, digits, _ - and . are allowed.")),
        row(
            "Connect",
            Field(
                "connect",
                "choice",
                help="A cable from its eth0 to a bridge or to another namespace.",
            ),
        ),
        row(
            "Address",
            Field(
                "address",
                help="Of its eth0, with prefix length; several with spaces between.",
                placeholder="none",
            ),
        ),
        row(
            "Far end",
            Field(
                "far",
                help="Address of the other end of the cable.",
                placeholder="none",
            ),
        ),
        row(
            "Gateway",
            Field(
                "gateway",
                help="Where its default route leads. Leave empty for no default route.",
                placeholder="no default route",
            ),
        ),
        row(
            "Options",
            Field(
                "forward",
                "check",
                label="ip_forward",
                help="Let it pass packets on from one link to another: a router.",
            ),
        ),
    )

    def __init__(self, topology: Topology, selected: Place | None = None) -> None:
        super().__init__(topology)
        self._selected = selected

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """No cable, or one to any place of the lab."""
        return [
            Option("", "nothing yet"),
            *(Option(place.key, place.label) for place in places(self.topology)),
        ]

    def propose(self, given: Values) -> dict[str, Value]:
        """A free name; on a bridge also the next free address and the gateway."""
        near = near_bridge(self.topology, self._selected)
        values: dict[str, Value] = {
            "name": free_namespace_name(self.topology),
            "connect": near.key if near else "",
            "forward": False,
            **given,
        }
        address, far, gateway = "", "", ""
        place = self._place(values)
        if place and place.bridge:
            address = next_address(self.topology, place.endpoint)
            gateway = gateway_for(self.topology, place.endpoint, address)
        elif place:
            far, address = fresh_pair(self.topology)
        return {"address": address, "far": far, "gateway": gateway, **values}

    def unused(self, values: Values) -> frozenset[str]:
        """Addresses need a cable; only another namespace has a far end."""
        place = self._place(values)
        if place is None:
            return frozenset({"address", "far", "gateway"})
        return frozenset({"far"}) if place.bridge else frozenset()

    def problems(self, values: Values) -> dict[str, str]:
        """Wrong names and addresses."""
        found = {
            "name": checks.new_namespace(self.topology, text(values, "name")),
            "address": checks.addresses(text(values, "address")),
            "far": checks.addresses(text(values, "far")),
        }
        if not found["address"]:
            own = checks.canonical(text(values, "address"))
            found["gateway"] = checks.gateway(text(values, "gateway"), own)
        unused = self.unused(values)
        return {k: v for k, v in found.items() if v and k not in unused}

    def notes(self, values: Values) -> dict[str, str]:
        """Where the proposals come from."""
        found = {"name": "free"}
        place = self._place(values)
        if place and place.bridge:
            bridge = Endpoint(place.namespace, place.bridge)
            known = segment_plan(self.topology, bridge).subnets
            where = f"next free on {place.key}"
            found["address"] = where if known else f"new network for {place.key}"
        return found

    def change(self, values: Values) -> Change:
        """The namespace and what goes with it, as one edit."""
        name = text(values, "name")
        sysctls = {FORWARD_V4: "1"} if flag(values, "forward") else {}
        parts = [add_namespace(name, sysctls)]
        place = self._place(values)
        title = f"add namespace {name}"
        if place is not None:
            far = {} if place.bridge else {"addresses": _cidrs(values, "far")}
            parts.append(
                connect(
                    Endpoint(name, OWN_END),
                    Endpoint(place.namespace, end_name(self.topology, place)),
                    a_end={"addresses": _cidrs(values, "address")},
                    b_end={"master": place.bridge} if place.bridge else far,
                )
            )
            if gateway := text(values, "gateway"):
                parts.append(add_route(name, _default(canonical_address(gateway))))
            title = f"{title} on {place.key}"
        return together(title, parts)

    def _place(self, values: Values) -> Place | None:
        key = text(values, "connect")
        return Place.of(key) if key else None


def _cidrs(values: Values, name: str) -> tuple[str, ...]:
    return checks.canonical(text(values, name))


def _default(gateway: str) -> Route:
    return Route(to="default", via=gateway)
