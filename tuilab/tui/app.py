"""The full-screen app: owns the lab, shows one main screen, says how it ended."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from rich.console import Console
from textual import events
from textual._compositor import CompositorUpdate
from textual.driver import Driver
from textual.message import Message
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from tuilab import __version__
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Event, Gone, Logged
from tuilab.tui.base import BaseApp
from tuilab.tui.contrast import readable
from tuilab.tui.glyphs import ASCII, UNICODE
from tuilab.tui.late import size_of
from tuilab.tui.screens.below import Below
from tuilab.tui.screens.keep import KeepScreen
from tuilab.tui.screens.main import MainScreen
from tuilab.tui.screens.report import ReportScreen
from tuilab.tui.surroundings import ExitChoice, Surroundings
from tuilab.tui.sweeping import sweep, take_short_turns
from tuilab.tui.terminal import (
    MOUSE_OFF,
    MOUSE_ON,
    PlainScrollBar,
    TerminalDriver,
    can_erase,
    can_move,
    needs_ascii,
    run_in_terminal,
)
from tuilab.tui.thrift import Shown, Thrifty
from tuilab.tui.watching import Watching

__all__ = ["ExitChoice", "Surroundings", "TuilabApp", "run"]


class LabEvent(Message):
    """Something happened in the lab."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class TuilabApp(BaseApp[ExitChoice]):
    """One lab on the screen."""

    TITLE = "tuilab"
    CSS_PATH = "tuilab.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-s"), (120, "-m"), (160, "-l")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-low"), (36, "-mid"), (48, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        lab: Lab,
        surroundings: Surroundings | None = None,
        *,
        ascii_only: bool = False,
        mouse: bool = True,
        begin: str = "",
    ) -> None:
        self.glyphs = ASCII if ascii_only else UNICODE
        super().__init__()
        self.lab = lab
        self.around = surroundings or Surroundings()
        self.gone = ""
        self.shown = Shown(erases=can_erase(os.environ), moves=can_move(os.environ))
        self.looks = self.around.looks
        self.watching = Watching(
            lab.directory, self._packets_changed, self._packets_replaced
        )
        self._unsubscribe: Callable[[], None] | None = None
        self._mouse_on = mouse
        self.begin = begin
        self._leaving: list[Callable[[bool | None], None]] = []
        self._next_size: events.Resize | None = None
        self.set_class(ascii_only, "-ascii")
        self.set_keymap(self.around.keymap.for_textual())
        ScrollBar.renderer = PlainScrollBar if ascii_only else ScrollBarRender

    def get_css_variables(self) -> dict[str, str]:
        """The theme's variables, and the kind of frame this terminal can show."""
        return {**readable(super().get_css_variables()), "frame": self.glyphs.frame}

    def get_driver_class(self) -> type[Driver]:
        """The one that outlives its terminal."""
        return TerminalDriver

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return MainScreen(self)

    @property
    def main(self) -> MainScreen:
        """The main screen, below whatever dialog is open."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    # -- the lab ---------------------------------------------------------------------

    def on_mount(self) -> None:
        """Listen to the lab, and be the one that it asks."""
        self._unsubscribe = self.lab.subscribe(self._heard)
        if self.begin:
            self.call_after_refresh(self.main.start, self.begin)
        if self.around.key_problems:
            self.say("\n".join(self.around.key_problems), "warning")
        if self.lab.confirm is not None:
            self.lab.confirm = replace(self.lab.confirm, ask=self._ask_to_keep)

    async def _ask_to_keep(self, title: str, risk: str, seconds: float) -> bool:
        """See `lab.guarded.Confirm`."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def take(kept: bool | None) -> None:
            if not answer.done():
                answer.set_result(bool(kept))

        dialog = KeepScreen(title, risk, seconds)
        self.push_screen(dialog, take)
        self._leaving.append(take)
        try:
            return await answer
        finally:
            self._leaving.remove(take)
            # Too late: the answer was not waited for any longer.
            if answer.cancelled() and dialog.is_current:
                dialog.dismiss(None)

    def _heard(self, event: Event) -> None:
        self.post_message(LabEvent(event))

    async def on_unmount(self) -> None:
        """Let go of what is ours; nobody answers any more."""
        for take in list(self._leaving):
            take(None)
        if self._unsubscribe is not None:
            self._unsubscribe()
        await self.watching.close()

    def on_lab_event(self, message: LabEvent) -> None:
        """Show what happened, unless the screen is on its way out."""
        if not self.main.query("StatusBar"):
            return
        event = message.event
        if isinstance(event, Gone):
            self.gone = event.reason
            self.main.show_gone(event.reason)
            # It would hold what is left of the lab.
            self.run_job(self.watching.stop)
        elif isinstance(event, Logged):
            self.main.show_log(self.lab.log)
        else:
            self.main.show_lab(self.lab.snapshot)

    def _packets_changed(self) -> None:
        if self.is_running:
            self.main.show_packets()

    def _packets_replaced(self) -> None:
        if self.is_running:
            self.main.show_capture()

    def key(self, name: str) -> str:
        """The key of an action as a person reads it."""
        return self.around.keymap.key(name)

    # -- the terminal ----------------------------------------------------------------

    def _display(self, screen: Screen[object], renderable: Any) -> None:
        """Textual paints; see `thrift`."""
        painting = (
            isinstance(renderable, CompositorUpdate | None)
            and not self._batch_count
            and not self.is_headless
            and self._driver is not None
            and self._running
            and not self._closed
        )
        if painting:
            more = isinstance(screen, Below) and screen.painting
            text = self.shown.changes(renderable, self.console, self.size, more=more)
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            if text is not None:
                moved = cursor != self._previous_cursor_position
                renderable = Thrifty(text) if text or (moved and not more) else None
        super()._display(screen, renderable)

    async def on_event(self, event: events.Event) -> None:
        """Take on another size of the window once the picture for this one is whole.

        While a person drags the window's edge there would be none.
        """
        if isinstance(event, events.Resize) and self.screen_stack:
            before, self._next_size = self._next_size, event
            screen = self.screen
            if isinstance(screen, Below) and screen.painting:
                if before is None:
                    self.run_job(partial(self._take_size, screen))
                return
            self._next_size = None
        await super().on_event(event)

    async def _take_size(self, screen: Below[Any]) -> None:
        """Take on the size that came last."""
        await screen.painted()
        size, self._next_size = self._next_size, None
        if size is not None:
            self.post_message(size)

    @property
    def weight(self) -> int:
        """Namespaces and links of the lab."""
        return size_of(self.lab.snapshot.topology)

    def redraw(self) -> None:
        """Paint everything, whatever the terminal shows now."""
        self.shown.forget()
        self.refresh(layout=True)

    async def lend_terminal(self, argv: Sequence[str], greeting: str) -> None:
        """Run a program in place of the screen; the lab is followed all the while."""
        with self.suspend(), self.batch_update():
            await run_in_terminal(argv, greeting)

    def toggle_mouse(self) -> None:
        """Let the terminal select text with the mouse, or use the mouse again."""
        self._mouse_on = not self._mouse_on
        if self._driver is not None:
            self._driver.write(MOUSE_ON if self._mouse_on else MOUSE_OFF)
        said = "the mouse works here again" if self._mouse_on else "mouse released"
        self.say(f"{said} ({self.key('mouse')})")

    # -- leaving ---------------------------------------------------------------------

    async def action_quit(self) -> None:
        """ctrl+q works wherever one is."""
        self.main.start("quit")

    # -- errors ----------------------------------------------------------------------

    def show_report(self, error: Exception) -> None:
        """Save what is known of an unexpected error, and say where."""
        text = "".join(traceback.format_exception(error))
        head = f"tuilab {__version__}, Python {sys.version}\n\n"
        name = time.strftime("report-%Y%m%d-%H%M%S.txt")
        path = self.around.reports / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(head + text)
            where = str(path)
        except OSError as failed:
            where = f"nowhere: {failed.strerror or failed}"
        self.push_screen(ReportScreen(error, where))


async def run(
    lab: Lab,
    surroundings: Surroundings | None = None,
    *,
    ascii_only: bool = False,
    mouse: bool = True,
    begin: str = "",
) -> ExitChoice:
    """Show a lab until the person leaves; what they chose at the end.

    Args:
        lab: The lab.
        surroundings: What is possible around it.
        ascii_only: Draw with ASCII even where the terminal could do better.
        mouse: Use the mouse; else it is left to the terminal.
        begin: An action of the table to begin with.
    """
    encoding = getattr(sys.__stdout__, "encoding", None)
    plain = ascii_only or needs_ascii(os.environ, encoding)
    app = TuilabApp(lab, surroundings, ascii_only=plain, mouse=mouse, begin=begin)
    # What Textual says of a mistake in a message handler goes into our report instead.
    last_words = io.StringIO()
    app.error_console = Console(file=last_words, width=100)
    take_short_turns()
    sweeping = asyncio.create_task(sweep(app))
    try:
        choice = await app.run_async(mouse=mouse)
    finally:
        sweeping.cancel()
    if app.return_code:
        failure = RuntimeError("the screen failed; the lab goes on")
        failure.add_note(last_words.getvalue())
        raise failure
    return choice or ExitChoice()
