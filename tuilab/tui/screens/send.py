"""Send packets and see the answers come in."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from tuilab.errors import TuilabError
from tuilab.packets.send import Sender
from tuilab.tui.forms.send import Send
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.moves import moves
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.screens.send_desk import SendDesk
from tuilab.tui.sending import Request
from tuilab.tui.suggest import LayerSuggester
from tuilab.tui.text import Line, contents, line
from tuilab.tui.widgets.packet_hex import hex_lines
from tuilab.tui.widgets.ping_text import Run, result_lines

PAUSE = 0.3
"""Seconds without a key after which a packet is built to be looked at."""
PATIENCE = 0.1
"""Seconds without a reply after which that is said."""
SHOWN = 8
"""Results in sight; the ping tab keeps them all."""


class SendScreen(FormDialog):
    """Stays open while results stream in; Esc closes it, sending goes on."""

    DEFAULT_CSS = """
    SendScreen #results { height: auto; margin-top: 1; display: none; }
    SendScreen #results.-shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("send")]

    def __init__(
        self, form: Send, sender: Sender, glyphs: Glyphs, desk: SendDesk
    ) -> None:
        """Make it.

        Args:
            form: What is asked.
            sender: Sends.
            glyphs: Signs to use.
            desk: Keeps what is being sent.
        """
        super().__init__(form)
        self._asked = form
        self._sender = sender
        self._glyphs = glyphs
        self._desk = desk
        self._run: Run | None = None

    def buttons(self) -> Line:
        """Close, stop, send."""
        return line(
            self.button("Close", "dialog.cancel", "dim"),
            "   ",
            self.button("Stop", "send.stop", "dim"),
            "   ",
            self.button("Send", "dialog.run"),
        )

    def body(self) -> ComposeResult:
        """The fields, and below them the results."""
        yield from super().body()
        yield Static(id="results", markup=False)

    def prepare(self) -> list[Line]:
        """What a person would type."""
        request = self._asked.request(self.values)
        if request.kind == "scapy":
            job = lambda: self._build(request)  # noqa: E731
            self.holder.run_job(job, of=self, group="build", exclusive=True)
        return [line(("Like ", "title"), f"{request.command}")]

    async def _build(self, request: Request) -> None:
        """Show the packet that an expression makes, once typing rests."""
        await asyncio.sleep(PAUSE)
        try:
            built = await self._sender.preview(request.namespace, request.expression)
        except TuilabError as error:
            told = [line((str(error), "bad"))]
        else:
            many = f" and {built.count - 1} more" if built.count > 1 else ""
            told = [line(("Makes ", "title"), f"{built.summary}{many}")]
            told += hex_lines(built.data)
        self.query_one("#commands", Static).update(contents(told))

    async def carry_out(self) -> None:
        """Send; the dialog stays, and what it began goes on without it."""
        self._stop()
        self._run = run = self._desk.send(
            self._sender, self._asked.request(self.values)
        )
        # To say that nothing came yet would cost the first reply's time.
        self.set_timer(PATIENCE, lambda: None if run.results else self._show(run))
        self.holder.release_keys()

    def _show(self, run: Run) -> None:
        if run is self._run:
            self.query("#plan").set(display=False)
            self.query("#results").add_class("-shown")
            self._tell(run)

    def _tell(self, run: Run) -> None:
        for shown in self.query("#results").results(Static):  # none when it closes
            lines = result_lines(run, self._glyphs)[-self._room() :]
            shown.update(contents(lines))

    def on_resize(self) -> None:
        """In a window of another size more results have room, or fewer."""
        if self._run is not None:
            self.call_later(self._tell, self._run)

    def _room(self) -> int:
        """Rows for results: those that the plan had, whose place they take."""
        plan = self.query_one("#plan").styles.max_height
        return max(2, min(SHOWN, int(plan.value) - 1 if plan is not None else SHOWN))

    def on_mount(self) -> None:
        """Offer the names of layers where a packet is written."""
        field = self.query_one("#expression", Input)
        field.suggester = LayerSuggester(self._sender.names)
        self._desk.heard = self._show

    def on_unmount(self) -> None:
        """What still runs is told of elsewhere."""
        self._desk.heard = None

    def action_stop(self) -> None:
        """Send no more."""
        self._stop()

    def _stop(self) -> None:
        if self._run is not None:
            self._desk.stop(self._run)
