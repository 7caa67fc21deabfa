"""Send packets and see the answers come in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static
from textual.worker import Worker

from tuilab.errors import TuilabError
from tuilab.packets.send import Sender
from tuilab.tui.forms.send import Send
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.moves import moves
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.sending import Request, results
from tuilab.tui.suggest import LayerSuggester
from tuilab.tui.text import Line, Span, contents, line
from tuilab.tui.widgets.packet_hex import hex_lines
from tuilab.tui.widgets.ping_text import Run, result_lines

PAUSE = 0.3
"""Seconds without a key after which a packet is built to be looked at."""
SHOWN = 8
"""Results in sight; the ping tab keeps them all."""


class SendScreen(FormDialog):
    """Stays open while results stream in; Esc closes it, sending ends then."""

    DEFAULT_CSS = """
    SendScreen #results { height: auto; margin-top: 1; display: none; }
    SendScreen #results.-shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("send")]

    def __init__(
        self, form: Send, sender: Sender, glyphs: Glyphs, begun: Callable[[Run], None]
    ) -> None:
        """Make it.

        Args:
            form: What is asked.
            sender: Sends.
            glyphs: Signs to use.
            begun: Called with every sending, and again at each of its results.
        """
        super().__init__(form)
        self._asked = form
        self._sender = sender
        self._glyphs = glyphs
        self._begun = begun
        self._sending: Worker[None] | None = None

    def buttons(self) -> Line:
        """Close, stop, send."""
        return line(
            Span("[ Close  Esc ]", "dim", "screen.cancel"),
            "   ",
            Span("[ Stop  ^x ]", "dim", "screen.stop"),
            "   ",
            Span("[ Send  Enter ]", "key", "screen.run"),
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
        """Send, in a worker of its own; the dialog stays."""
        self._stop()
        request = self._asked.request(self.values)
        run = Run(request.title)
        self._sending = self.holder.run_job(
            lambda: self._send(request, run), of=self, group="send"
        )
        self.query_one("#plan").display = False
        self.query_one("#results").add_class("-shown")
        self.holder.release_keys()

    async def _send(self, request: Request, run: Run) -> None:
        self._show(run)
        try:
            async with contextlib.aclosing(results(self._sender, request)) as found:
                async for result in found:
                    run.results.append(result)
                    self._show(run)
        except TuilabError as error:
            run.problem = str(error)
        finally:
            run.running = False
            self._show(run)

    def _show(self, run: Run) -> None:
        self._begun(run)
        if self.is_attached:
            lines = result_lines(run, self._glyphs)[-SHOWN:]
            self.query_one("#results", Static).update(contents(lines))

    def on_mount(self) -> None:
        """Offer the names of layers where a packet is written."""
        field = self.query_one("#expression", Input)
        field.suggester = LayerSuggester(self._sender.names)

    def action_stop(self) -> None:
        """Send no more."""
        self._stop()

    def _stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
