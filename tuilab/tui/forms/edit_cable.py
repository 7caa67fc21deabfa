"""Edit cable: what a person may choose about both of its ends, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tuilab.model.edits import Change, together
from tuilab.model.topology import Cable, Endpoint, Topology
from tuilab.tui.forms.base import ChangeForm, Option, Row, Value, Values, text
from tuilab.tui.forms.edit_link import EditLink

_ASKED = ("name", "up", "mtu", "mac", "master", "addresses")
"""What is asked of each end; all else is asked of the end alone."""


def _rows() -> tuple[Row, ...]:
    return tuple(
        Row(
            row.label, tuple(replace(field, name=f"{end}_{field.name}") for end in "ab")
        )
        for row in EditLink.rows
        for field in row.fields
        if field.name in _ASKED
    )


class EditCable(ChangeForm):
    """The dialog of the key ``e`` on a cable."""

    verb = "Save"
    rows = _rows()

    def __init__(self, topology: Topology, cable: Cable) -> None:
        super().__init__(topology)
        self.cable = cable
        self.title = "Edit cable"
        self.columns = (str(cable.a), str(cable.b))

    def _ends(self) -> Mapping[str, EditLink]:
        return {
            "a": EditLink(self.topology, self.cable.a),
            "b": EditLink(self.topology, self.cable.b),
        }

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """The bridges of an end's namespace."""
        end, _, field = name.partition("_")
        return self._ends()[end].options(field, _of(values, end))

    def propose(self, given: Values) -> dict[str, Value]:
        """Both ends as they are."""
        return {
            f"{end}_{name}": value
            for end, form in self._ends().items()
            for name, value in form.propose(_of(given, end)).items()
            if name in _ASKED
        }

    def unused(self, values: Values) -> frozenset[str]:
        """What an end does not have."""
        return frozenset(
            f"{end}_{name}"
            for end, form in self._ends().items()
            for name in form.unused(form.propose(_of(values, end)))
        )

    def problems(self, values: Values) -> dict[str, str]:
        """What is wrong with an end."""
        return {
            f"{end}_{name}": words
            for end, form in self._ends().items()
            for name, words in form.problems(form.propose(_of(values, end))).items()
        }

    def change(self, values: Values) -> Change:
        """Only what differs, as one edit."""
        changes = [
            form.change(form.propose(_of(values, end)))
            for end, form in self._ends().items()
        ]
        before = self.topology
        parts = [change for change in changes if change.apply(before) != before]
        if len(parts) == 1:
            return parts[0]
        return together(f"edit cable {self.cable.a} = {self.cable.b}", parts)

    def renamed(self, values: Values) -> Cable:
        """The cable under the names that were given."""
        ends = (
            Endpoint(end.namespace, text(values, f"{side}_name"))
            for side, end in (("a", self.cable.a), ("b", self.cable.b))
        )
        return Cable.of(*ends)


def _of(values: Values, end: str) -> dict[str, Value]:
    """The values of one end."""
    mark = f"{end}_"
    return {
        name.removeprefix(mark): value
        for name, value in values.items()
        if name.startswith(mark)
    }
