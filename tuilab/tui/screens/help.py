"""All keys, searchable; Enter runs the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding, BindingType

from tuilab.tui.actions import ACTIONS, Action, Context, show_key
from tuilab.tui.canvas.widget import Canvas
from tuilab.tui.screens.pick import Entry, PickDialog, fits
from tuilab.tui.text import Line, line

_KEYS = 12


class HelpScreen(PickDialog[str, str]):
    """Gives the id of the action to run."""

    title_text = "Keys"
    verb = "Run"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._rows = help_rows(context)

    def entries(self, query: str) -> Sequence[Entry[str]]:
        """Every key whose line has what was typed."""
        return [
            (name, row)
            for name, row in self._rows
            if fits(query, "".join(span.text for span in row))
        ]

    def picked(self, value: str | None, query: str) -> None:
        """Run it."""
        if value is None or value not in ACTIONS:
            self.refuse("that key works on the canvas: close this and press it there")
        else:
            self.dismiss(value)


def help_rows(context: Context) -> list[tuple[str, Line]]:
    """Every action with its keys, and why it can't be done now; then the canvas."""
    actions = sorted(ACTIONS.values(), key=lambda action: action.group)
    rows = [(action.id, _row(action, action.refuse(context))) for action in actions]
    return [*rows, *(_canvas_row(binding) for binding in Canvas.BINDINGS)]


def _canvas_row(binding: BindingType) -> tuple[str, Line]:
    assert isinstance(binding, Binding)
    keys = " ".join(show_key(key) for key in binding.key.split(","))
    shown = line((f"{keys:<{_KEYS}}", "key"), ("Canvas   ", "dim"), binding.description)
    return f"canvas:{binding.key}", shown


def _row(action: Action, refused: str) -> Line:
    keys = " ".join(show_key(key) for key in action.keys)
    pane = f" ({action.where})" if action.where else ""
    return line(
        (f"{keys:<{_KEYS}}", "key"),
        (f"{action.group:<9}", "dim"),
        (action.about + pane, "dim" if refused else ""),
        (f"  {refused}", "dim"),
    )
