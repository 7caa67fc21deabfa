"""Add veth pair: a cable between any two places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuilab.model.edits import Change, connect
from tuilab.model.topology import Endpoint, Topology
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
    Place,
    end_name,
    fresh_pair,
    next_address,
    pair,
    places,
)

_ENDS = ("a", "b")


def _both(name: str, kind: Any = "text", **attributes: str) -> tuple[Field, Field]:
    return (
        Field(f"a_{name}", kind, **attributes),
        Field(f"b_{name}", kind, **attributes),
    )


class AddCable(ChangeForm):
    """The dialog of the key ``v``."""

    title = "Add veth pair"
    columns = ("End A", "End B")
    rows = (
        row(
            "Place",
            *_both("place", "choice", help="The namespace or bridge it ends in."),
        ),
        row("Name", *_both("name", help="At most 15 characters, free in its place.")),
        row(
            "Address",
            *_both(
                "address",
                placeholder="none",
                help="With prefix length; several with spaces between.",
            ),
        ),
        row("State", *_both("up", "check", label="up", help="Set it up at once.")),
    )

    def __init__(
        self,
        topology: Topology,
        selected: Place | None = None,
        marked: Place | None = None,
    ) -> None:
        super().__init__(topology)
        self._selected = selected
        self._marked = marked

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Every place of the lab."""
        return [Option(place.key, place.label) for place in places(self.topology)]

    def propose(self, given: Values) -> dict[str, Value]:
        """Ends that are likely meant, free names, and addresses that go together."""
        ends = pair(self.topology, self._selected, self._marked)
        first, second = ends or (Place("host"), Place("host"))
        values: dict[str, Value] = {
            "a_place": first.key,
            "b_place": second.key,
            "a_up": True,
            "b_up": True,
            **given,
        }
        a, b = (Place.of(text(values, f"{end}_place")) for end in _ENDS)
        values.setdefault("a_name", end_name(self.topology, a))
        same = {text(values, "a_name")} if a.namespace == b.namespace else set()
        values.setdefault("b_name", end_name(self.topology, b, same))
        for name, address in zip(_ENDS, self._addresses(a, b), strict=True):
            values.setdefault(f"{name}_address", address)
        return values

    def _addresses(self, a: Place, b: Place) -> tuple[str, str]:
        if a.bridge and b.bridge:
            return "", ""
        if a.bridge:
            return "", next_address(self.topology, a.endpoint)
        if b.bridge:
            return next_address(self.topology, b.endpoint), ""
        return fresh_pair(self.topology)

    def unused(self, values: Values) -> frozenset[str]:
        """A port of a bridge has no address of its own."""
        return frozenset(
            f"{end}_address"
            for end in _ENDS
            if Place.of(text(values, f"{end}_place")).bridge
        )

    def problems(self, values: Values) -> dict[str, str]:
        """Wrong names and addresses."""
        found: dict[str, str] = {}
        for end in _ENDS:
            found[f"{end}_name"] = checks.new_link(
                self.topology, self.endpoint(values, end)
            )
            address = text(values, f"{end}_address")
            found[f"{end}_address"] = checks.addresses(address)
        if self.endpoint(values, "a") == self.endpoint(values, "b"):
            found["b_name"] = "both ends have one name; give the other another"
        unused = self.unused(values)
        return {k: v for k, v in found.items() if v and k not in unused}

    def change(self, values: Values) -> Change:
        """The cable with both its ends."""
        return connect(
            self.endpoint(values, "a"),
            self.endpoint(values, "b"),
            a_end=self._end(values, "a"),
            b_end=self._end(values, "b"),
        )

    def endpoint(self, values: Values, end: str) -> Endpoint:
        """Where an end of the cable will be."""
        place = Place.of(text(values, f"{end}_place"))
        return Endpoint(place.namespace, text(values, f"{end}_name"))

    def _end(self, values: Values, end: str) -> dict[str, Any]:
        place = Place.of(text(values, f"{end}_place"))
        attributes: dict[str, Any] = {"up": flag(values, f"{end}_up")}
        if place.bridge:
            attributes["master"] = place.bridge
        else:
            address = text(values, f"{end}_address")
            attributes["addresses"] = checks.canonical(address)
        return attributes
