"""Send packets and see the answers come in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static
from textual.worker import Worker

from tuilab.errors import TuilabError
from tuilab.packets.results import ArpResult, PingResult
from tuilab.packets.send import Sender
from tuilab.tui.forms.send import Request, Send
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.moves import moves
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.text import Line, Span, contents, line
from tuilab.tui.widgets.ping_text import Run, result_lines

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
        return [line(("Like ", "title"), f"{request.command}")]

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
            async with contextlib.aclosing(_results(self._sender, request)) as results:
                async for result in results:
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

    def action_stop(self) -> None:
        """Send no more."""
        self._stop()

    def _stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None


async def _results(
    sender: Sender, request: Request
) -> AsyncGenerator[PingResult | ArpResult, None]:
    """Results of either kind."""
    if request.kind == "ping":
        pings = sender.ping(
            request.namespace,
            request.to,
            count=request.count,
            interval=request.interval,
        )
        async with contextlib.aclosing(pings):
            async for ping in pings:
                yield ping
        return
    arps = sender.arp(
        request.namespace,
        None,
        request.to,
        count=request.count,
        interval=request.interval,
    )
    async with contextlib.aclosing(arps):
        async for arp in arps:
            yield arp
