"""Small dialogs about the packet list: its looks, a file, dropping what is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Static

from tuilab.tui.forms.open_packets import OpenPackets
from tuilab.tui.forms.packet_looks import PacketLooks
from tuilab.tui.packet_looks import Looks
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.text import Line, contents, line


class PacketLooksScreen(FormDialog):
    """Gives the answers once they are kept."""

    def __init__(
        self, form: PacketLooks, keep: Callable[[Looks], Awaitable[None]]
    ) -> None:
        super().__init__(form)
        self._asked = form
        self._keep = keep

    def prepare(self) -> list[Line]:
        """Where it is kept."""
        return [line(("kept for the next time too", "dim"))]

    async def carry_out(self) -> None:
        """Keep it."""
        await self._keep(self._asked.looks(self.values))
        self.dismiss(dict(self.values))


class OpenPacketsScreen(FormDialog):
    """Gives the answers once the file's packets are shown."""

    def __init__(
        self, form: OpenPackets, lost: str, show: Callable[[Path], Awaitable[None]]
    ) -> None:
        """Make it.

        Args:
            form: Asks for the name.
            lost: What is no longer there afterwards, in words; may be empty.
            show: Shows the file's packets; raises TuilabError when it can't.
        """
        super().__init__(form)
        self._asked = form
        self._lost = lost
        self._show = show

    def prepare(self) -> list[Line]:
        """What is lost by it."""
        return [line((self._lost, "warn"))] if self._lost else []

    async def carry_out(self) -> None:
        """Show it."""
        await self._show(self._asked.path(self.values))
        self.dismiss(dict(self.values))


class ClearScreen(Dialog[bool]):
    """Gives True when the packets are to go."""

    title_text = "Drop packets"
    verb = "Drop"

    def __init__(self, count: int, names: str, more: str) -> None:
        super().__init__()
        self._count, self._names, self._more = count, names, more

    def body(self) -> ComposeResult:
        """What is dropped."""
        told = [line(f"{self._count} packets of {self._names} are dropped for good.")]
        if self._more:
            told.append(line((self._more, "dim")))
        yield Static(contents(told), markup=False)

    async def run(self) -> None:
        """Agreed."""
        self.dismiss(True)
