"""The terminal itself: lending it to others, letting go of the mouse, its end."""

from __future__ import annotations

import asyncio
import curses
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver
from textual.scrollbar import ScrollBarRender

from tuilab.tui.escapes import Parser
from tuilab.tui.thrift import Shown


class PlainScrollBar(ScrollBarRender):
    """Scroll bars without partial blocks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


MOUSE_OFF = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
MOUSE_ON = "\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h"


def needs_ascii(environ: Mapping[str, str], encoding: str | None) -> bool:
    """Whether a terminal lacks our signs.

    Linux's own console has neither round corners nor heavy lines in its usual fonts;
    without UTF-8 there are no lines at all.
    """
    utf8 = (encoding or "").lower().replace("-", "") == "utf8"
    return environ.get("TERM") == "linux" or not utf8


def can_erase(environ: Mapping[str, str]) -> bool:
    """Whether a terminal erases cells in the colour that is set, as terminfo has it."""
    try:
        curses.setupterm(environ.get("TERM", ""), 1)
        return curses.tigetflag("bce") == 1 and curses.tigetstr("ech") is not None
    except curses.error:
        return False  # not known here


def can_move(environ: Mapping[str, str]) -> bool:
    """Whether a terminal moves rows, and cells within a row, as terminfo has it."""
    wanted = ("csr", "ind", "ri", "dch", "ich")
    try:
        curses.setupterm(environ.get("TERM", ""), 1)
        return all(curses.tigetstr(name) is not None for name in wanted)
    except curses.error:
        return False  # not known here


class TerminalDriver(LinuxDriver):
    """Leaves the app when the terminal has gone, as when an SSH connection breaks."""

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        self._file: Any = _Lossy(self._file, lambda: app.call_later(app.exit))

    def run_input_thread(self) -> None:
        """Read keys. Textual has no other way to be told of a parser."""
        linux_driver.XTermParser = Parser  # type: ignore[attr-defined]
        super().run_input_thread()

    def start_application_mode(self) -> None:
        """Take the terminal, which may show anything."""
        if isinstance(shown := getattr(self._app, "shown", None), Shown):
            shown.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]


class _Lossy:
    """A terminal's file; what is written when the terminal has gone is lost.

    Textual writes in a thread of its own. An exception would end that, and whoever
    wrote then would wait forever for room in its queue.
    """

    def __init__(self, file: Any, gone: Callable[[], object]) -> None:
        self._file = file
        self._gone = gone

    def write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError:
            self._gone()

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            self._gone()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


async def run_in_terminal(argv: Sequence[str], greeting: str) -> int:
    """Run a program in the terminal we have given up; its exit status."""
    if sys.__stdout__ is not None:
        print(greeting, file=sys.__stdout__, flush=True)
    with _interrupts_ignored():
        process = await asyncio.create_subprocess_exec(*argv)
        status = await process.wait()
        _take_back()
    return status


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """ctrl+c is for the program. A handler, as ignoring would be inherited by it."""
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _take_back() -> None:
    """A shell that was killed leaves the terminal to a group that is gone."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        with suppress(OSError):
            os.tcsetpgrp(0, os.getpgrp())
    finally:
        signal.signal(signal.SIGTTOU, before)
