"""A list of which any number can be ticked, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from tuilab.tui.forms.base import Option
from tuilab.tui.moves import moves
from tuilab.tui.text import Line, line
from tuilab.tui.widgets.pick_view import PickView


class TickList(PickView):
    """``[x] label`` one below the other; Space or a double click turns one over."""

    DEFAULT_CSS = """
    TickList { height: auto; max-height: 6; width: 1fr; background: $surface; }
    """
    most = 6
    """Rows that it takes at most."""
    BINDINGS: ClassVar[list[BindingType]] = [*moves("check")]

    @dataclass
    class Changed(Message):
        """Something was ticked or cleared."""

        ticks: TickList

        @property
        def control(self) -> TickList:
            """The list."""
            return self.ticks

    def __init__(
        self,
        options: Sequence[Option],
        value: tuple[str, ...] = (),
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._options = tuple(options)
        self._ticked = set(value)
        first = [n for n, option in enumerate(options) if option.value in self._ticked]
        self._first = first[0] if first else 0

    def on_mount(self) -> None:
        """Begin at what is ticked."""
        self.lines_changed()
        self.cursor = self._first

    @property
    def value(self) -> tuple[str, ...]:
        """What is ticked, in the order of the options."""
        return tuple(o.value for o in self._options if o.value in self._ticked)

    def set_options(self, options: Sequence[Option]) -> None:
        """Offer others; what is ticked stays so."""
        if tuple(options) != self._options:
            self._options = tuple(options)
            self.lines_changed()

    def line_count(self) -> int:
        """One line an option."""
        return len(self._options)

    def line(self, index: int) -> Line:
        """The box and its label."""
        option = self._options[index]
        box = "x" if option.value in self._ticked else " "
        return line(f"[{box}] {option.label}")

    def action_turn(self) -> None:
        """Tick the current one, or clear it."""
        if self._options:
            self._ticked ^= {self._options[self.cursor].value}
            self.refresh()
            self.post_message(self.Changed(self))

    def action_choose(self) -> None:
        """Tick or clear; Enter is the dialog's."""
        self.action_turn()
