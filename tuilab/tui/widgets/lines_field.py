"""A field of several lines, each a value; the last one is always free."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from tuilab.tui.widgets.text_field import TextField


class LinesField(Vertical):
    """One input a line. Emptying a line removes it; the last line adds one."""

    DEFAULT_CSS = """
    LinesField { height: auto; width: 1fr; }
    """

    @dataclass
    class Changed(Message):
        """A line was typed."""

        field: LinesField

        @property
        def control(self) -> LinesField:
            """The field."""
            return self.field

    def __init__(
        self,
        value: tuple[str, ...],
        placeholder: str = "",
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._initial = value
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """The lines there are, and an empty one."""
        for text in (*self._initial, ""):
            yield self._input(text)

    def _input(self, text: str) -> Input:
        return TextField(text, self._placeholder, select_on_focus=False)

    @property
    def value(self) -> tuple[str, ...]:
        """All lines that are not empty."""
        inputs = list(self.query(Input))
        if not inputs:
            return self._initial
        return tuple(i.value.strip() for i in inputs if i.value.strip())

    @on(Input.Changed)
    async def _changed(self, event: Input.Changed) -> None:
        event.stop()
        inputs = list(self.query(Input))
        if inputs and inputs[-1].value.strip():
            await self.mount(self._input(""))
        self.post_message(self.Changed(self))
