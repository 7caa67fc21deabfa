"""Asking on the terminal whether to keep a change that may have cut it off."""

from __future__ import annotations

import asyncio
import os
from functools import partial

from tuilab.cli.output import say
from tuilab.lab.guarded import Confirm


def confirmed(stop: asyncio.Event, seconds: float) -> Confirm:
    """How the command line asks.

    Args:
        stop: Set when the person, or the end of the terminal, stops us: that is a no.
        seconds: How long an answer may take.
    """
    return Confirm(partial(_ask, stop), seconds)


async def _ask(stop: asyncio.Event, title: str, risk: str, seconds: float) -> bool:
    say(f"{title}: done, but {risk}.")
    say(f"Keep it? [y/N] Without an answer it is taken back in {seconds:.0f} s.")
    stopped = asyncio.create_task(stop.wait())
    answer = asyncio.create_task(_line())
    try:
        await asyncio.wait({stopped, answer}, return_when=asyncio.FIRST_COMPLETED)
        return answer.done() and answer.result().strip().lower() in ("y", "yes")
    finally:
        stopped.cancel()
        answer.cancel()


async def _line() -> str:
    """The next line of the standard input; what there is of it when that ends."""
    loop = asyncio.get_running_loop()
    read: asyncio.Future[None] = loop.create_future()
    text = b""

    def take() -> None:
        nonlocal text
        try:
            some = os.read(0, 1024)
        except OSError:
            some = b""
        text += some
        if (not some or b"\n" in some) and not read.done():
            read.set_result(None)

    try:
        loop.add_reader(0, take)
    except OSError:
        # A plain file, or /dev/null: it never keeps one waiting.
        while not read.done():
            take()
        return text.decode(errors="replace")
    try:
        await read
    finally:
        loop.remove_reader(0)
    return text.decode(errors="replace")
