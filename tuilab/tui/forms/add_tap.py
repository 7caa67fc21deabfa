"""Add tap: a port for a program such as a virtual machine."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.model.addressing import free_name
from tuilab.model.edits import Change, add_tap
from tuilab.model.topology import HOST, Endpoint, Topology
from tuilab.tui.forms import checks
from tuilab.tui.forms.base import ChangeForm, Field, Option, Value, Values, row, text
from tuilab.tui.forms.proposals import Place, near_bridge, places


class AddTap(ChangeForm):
    """The dialog of the key ``t``."""

    title = "Add tap"
    rows = (
        row("Name", Field("name", help="At most 15 characters, as for every link.")),
        row(
            "In",
            Field("place", "choice", help="A namespace, or a bridge to be a port of."),
        ),
        row(
            "Owner",
            Field("user", placeholder="anyone entitled", help="A user name or number."),
        ),
        row(
            "Group",
            Field("group", placeholder="none", help="A group name or number."),
        ),
        row(
            "Address",
            Field(
                "address",
                placeholder="none",
                help="With prefix length; several with spaces between.",
            ),
        ),
    )

    def __init__(
        self, topology: Topology, selected: Place | None = None, user: str = ""
    ) -> None:
        super().__init__(topology)
        self._selected = selected
        self._user = user

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Every place of the lab."""
        return [Option(place.key, place.label) for place in places(self.topology)]

    def propose(self, given: Values) -> dict[str, Value]:
        """The next free tapN, on the bridge at hand."""
        place = near_bridge(self.topology, self._selected) or self._selected
        values: dict[str, Value] = {
            "place": (place or Place(HOST)).key,
            "user": self._user,
            "group": "",
            "address": "",
            **given,
        }
        where = Place.of(text(values, "place"))
        namespace = self.topology.namespaces.get(where.namespace)
        taken = namespace.links if namespace else {}
        values.setdefault("name", free_name("tap", taken))
        return values

    def unused(self, values: Values) -> frozenset[str]:
        """A port of a bridge has no address of its own."""
        on_bridge = bool(Place.of(text(values, "place")).bridge)
        return frozenset({"address"}) if on_bridge else frozenset()

    def problems(self, values: Values) -> dict[str, str]:
        """A wrong name, owner or address."""
        found = {
            "name": checks.new_link(self.topology, self._endpoint(values)),
            "user": checks.account(text(values, "user"), "user"),
            "group": checks.account(text(values, "group"), "group"),
            "address": checks.addresses(text(values, "address")),
        }
        unused = self.unused(values)
        return {k: v for k, v in found.items() if v and k not in unused}

    def notes(self, values: Values) -> dict[str, str]:
        """How long the name is, and why the tap will have no carrier."""
        return {
            "name": checks.free_note(text(values, "name")),
            "place": "no carrier until it is opened",
        }

    def change(self, values: Values) -> Change:
        """The tap device."""
        place = Place.of(text(values, "place"))
        address = () if place.bridge else checks.canonical(text(values, "address"))
        return add_tap(
            self._endpoint(values),
            user=text(values, "user") or None,
            group=text(values, "group") or None,
            master=place.bridge or None,
            addresses=address,
        )

    def _endpoint(self, values: Values) -> Endpoint:
        place = Place.of(text(values, "place"))
        return Endpoint(place.namespace, text(values, "name"))
