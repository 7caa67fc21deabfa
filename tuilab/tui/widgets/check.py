"""A check box whose state shows without colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tuilab.tui.moves import moves


class Check(Widget, can_focus=True):
    """``[x] label``; Space or a click turns it over."""

    DEFAULT_CSS = """
    Check {
        width: auto;
        height: 1;
        margin-right: 2;
        &:focus { text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("check")]

    value: reactive[bool] = reactive(False, layout=True)

    @dataclass
    class Changed(Message):
        """The box was ticked or cleared."""

        check: Check
        value: bool

        @property
        def control(self) -> Check:
            """The box."""
            return self.check

    def __init__(
        self,
        label: str,
        value: bool = False,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.label = label
        self.set_reactive(Check.value, value)

    @property
    def cells(self) -> int:
        """Columns of box and label, and of the blanks to what is beside."""
        return cell_len(self.label) + 4 + 2

    def render(self) -> Content:
        """The box and its label."""
        return Content(f"[{'x' if self.value else ' '}] {self.label}")

    def watch_value(self, value: bool) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self, value))

    def action_turn(self) -> None:
        """Tick or clear."""
        self.value = not self.value

    def on_click(self, event: events.Click) -> None:
        """Tick or clear."""
        event.stop()
        self.action_turn()
