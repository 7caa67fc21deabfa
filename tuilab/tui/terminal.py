"""The terminal itself: lending it to another program, letting go of the mouse."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import ClassVar

from textual.scrollbar import ScrollBarRender


class PlainScrollBar(ScrollBarRender):
    """Scroll bars without partial blocks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


MOUSE_OFF = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
MOUSE_ON = "\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h"


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
