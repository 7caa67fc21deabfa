"""How packets are listed: columns, times, colours."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.model.topology import Topology
from tuilab.tui.forms.base import Field, Form, Option, Value, Values, lines, row, text
from tuilab.tui.packet_looks import COLUMNS, RULES, TIMES, Looks


class PacketLooks(Form):
    """The dialog of the key ``c`` in the packet list."""

    title = "List packets"
    verb = "Keep"
    rows = (
        row("Columns", Field("columns", "many", help="What each line tells.")),
        row("Time", Field("time", "choice", help="What the time column tells.")),
        row(
            "Colours",
            Field(
                "colours",
                "many",
                help="What is coloured. Errors and resets have a ! as well.",
            ),
        ),
    )

    def __init__(self, topology: Topology, looks: Looks) -> None:
        super().__init__(topology)
        self._looks = looks

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """All columns, times or colours."""
        offered = {"columns": COLUMNS, "time": TIMES, "colours": RULES}[name]
        return [
            Option(key, key if name == "columns" else words)
            for key, words in offered.items()
        ]

    def propose(self, given: Values) -> dict[str, Value]:
        """As it is."""
        looks = self._looks
        return {
            "columns": looks.columns,
            "time": looks.time,
            "colours": looks.colours,
            **given,
        }

    def problems(self, values: Values) -> dict[str, str]:
        """Nothing at all to see."""
        if not lines(values, "columns"):
            return {"columns": "choose at least one"}
        return {}

    def looks(self, values: Values) -> Looks:
        """What was chosen."""
        return Looks(
            lines(values, "columns"),
            text(values, "time"),
            lines(values, "colours"),
            self._looks.hex,
        )
