"""One widget for each kind of field, read and written alike."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget
from textual.widgets import Input

from tuilab.tui.forms.base import Field, Option, Value
from tuilab.tui.widgets.check import Check
from tuilab.tui.widgets.choice import Choice
from tuilab.tui.widgets.lines_field import LinesField
from tuilab.tui.widgets.text_field import TextField
from tuilab.tui.widgets.tick_list import TickList
from tuilab.tui.widgets.ticks import Ticks

COLUMNS = 62
"""Cells that a field has which is alone in its row."""
CHANGES = (
    Input.Changed,
    Choice.Changed,
    Check.Changed,
    LinesField.Changed,
    TickList.Changed,
    Ticks.Changed,
)
"""What these widgets say when a person changed something."""


def make(field: Field, value: Value, options: Sequence[Option]) -> Widget:
    """The widget of a field; its id is the field's name."""
    if field.kind == "check":
        return Check(field.label, value is True, id=field.name)
    if field.kind == "choice":
        return Choice(options, str(value), id=field.name)
    if field.kind in ("list", "many", "ticks"):
        several = value if isinstance(value, tuple) else ()
        if field.kind == "list":
            return LinesField(several, field.placeholder, id=field.name)
        if field.kind == "ticks":
            return TickList(options, several, id=field.name)
        return Ticks(options, several, id=field.name)
    return TextField(str(value), field.placeholder, id=field.name)


def read(widget: Widget) -> Value:
    """What a field holds now."""
    if isinstance(widget, Input):
        return widget.value
    if isinstance(widget, Choice):
        return widget.value
    assert isinstance(widget, Check | LinesField | TickList | Ticks)
    return widget.value


async def write(widget: Widget, value: Value, options: Sequence[Option]) -> None:
    """Put something else into a field, without it saying so."""
    if isinstance(widget, Ticks):
        await widget.set_options(options)
        return
    if isinstance(widget, TickList):
        widget.set_options(options)
        return
    if isinstance(widget, Choice):
        widget.offer(options, str(value))
        return
    if read(widget) == value:
        return
    with widget.prevent(*CHANGES):
        if isinstance(widget, Input) and isinstance(value, str):
            widget.value = value
            widget.cursor_position = len(value)
        elif isinstance(widget, Check) and isinstance(value, bool):
            widget.value = value


def height(widget: Widget) -> int:
    """Rows that a field takes."""
    if isinstance(widget, LinesField):
        return len(widget.value) + 1
    if isinstance(widget, TickList):
        return min(widget.line_count(), widget.most)
    return widget.height_in(COLUMNS) if isinstance(widget, Ticks) else 1


def focusable(widget: Widget) -> Widget:
    """The widget itself, or the first one in it that takes keys."""
    if widget.can_focus:
        return widget
    return next((w for w in widget.query("*") if w.can_focus), widget)
