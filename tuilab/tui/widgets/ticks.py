"""Options of which any number can be ticked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import ItemGrid
from textual.message import Message

from tuilab.tui.forms.base import Option
from tuilab.tui.widgets.check import Check


class Ticks(ItemGrid):
    """Check boxes side by side, as many a row as fit."""

    DEFAULT_CSS = """
    Ticks { height: auto; width: 1fr; }
    """

    @dataclass
    class Changed(Message):
        """Something was ticked or cleared."""

        ticks: Ticks

        @property
        def control(self) -> Ticks:
            """The group."""
            return self.ticks

    def __init__(
        self,
        options: Sequence[Option],
        value: tuple[str, ...] = (),
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id, min_column_width=_width(options), stretch_height=False)
        self._offered = tuple(options)
        self._ticked = value

    def compose(self) -> ComposeResult:
        """One box an option."""
        for option in self._offered:
            yield Check(option.label, option.value in self._ticked)

    @property
    def value(self) -> tuple[str, ...]:
        """What is ticked, in the order of the options."""
        boxes = list(self.query(Check))
        if not boxes:
            return self._ticked
        return tuple(
            option.value
            for option, box in zip(self._offered, boxes, strict=True)
            if box.value
        )

    async def set_options(self, options: Sequence[Option]) -> None:
        """Offer other options; none is ticked."""
        if tuple(options) == self._offered:
            return
        self._offered = tuple(options)
        self._ticked = ()
        await self.recompose()

    def height_in(self, cells: int) -> int:
        """Rows that it takes where it has so many cells."""
        return -(-len(self._offered) // max(1, cells // _width(self._offered)))

    @on(Check.Changed)
    def _changed(self, event: Check.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))


def _width(options: Sequence[Option]) -> int:
    """Cells of a box with the longest label, and of what parts it from the next."""
    return 6 + max((len(option.label) for option in options), default=0)
