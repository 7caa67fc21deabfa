"""What a topology file expects, tried with real packets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tuilab.cli import targets, work
from tuilab.cli.output import put, put_json, say
from tuilab.errors import EXIT_NO, EXIT_OK, NotFoundError
from tuilab.model.topology import Expectation, Topology
from tuilab.packets.reach import destination

if TYPE_CHECKING:
    from tuilab.packets.send import Sender

_PATIENCE = 25
"""Pings that may stay unanswered before something counts as unreachable."""
_DOUBTS = 3
"""Pings that must all stay unanswered where nothing is to be reached."""
_INTERVAL = 0.3
_TIMEOUT = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one expectation.

    Attributes:
        wish: What was expected.
        address: Where the pings went; empty where there is no such address.
        reached: Whether a reply came.
        detail: How long it took, or why none came.
    """

    wish: Expectation
    address: str
    reached: bool
    detail: str

    @property
    def ok(self) -> bool:
        """Whether it is as expected."""
        return self.reached == self.wish.reachable

    def __str__(self) -> str:
        to = self.wish.to
        if self.address not in ("", to):
            to = f"{to} ({self.address})"
        verb = "reaches" if self.reached else "does not reach"
        mark = "ok  " if self.ok else "FAIL"
        return f"{mark}  {self.wish.source} {verb} {to}: {self.detail}"

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "from": self.wish.source,
            "to": self.wish.to,
            "address": self.address,
            "expected": self.wish.reachable,
            "reached": self.reached,
            "ok": self.ok,
            "detail": self.detail,
        }


def verify(topology: Topology, lab: str | None, *, json: bool) -> int:
    """Try all that a topology expects; 1 when something is otherwise.

    Args:
        topology: What the file says.
        lab: The running lab to try it in; else the one of that name if it runs and
            is just like the file, else one that goes away afterwards.
        json: Print JSON.
    """
    if not topology.expect:
        say("nothing is expected; a file says so with: expect: [{from: red, to: blue}]")
    there = work.running(option=lab) if lab else targets.known(topology.name)
    if there is not None and there.running:
        now = work.journal(there).history.topology
        if (
            lab
            or replace(now, expect=topology.expect, layout=topology.layout) == topology
        ):
            say(f'trying it in the running lab "{there.name}"')
            work.enter(there)
            verdicts = asyncio.run(_try_all(now, topology.expect))
            return _tell(verdicts, json=json)
        say(f'lab "{there.name}" runs but is otherwise: trying it in one of its own')
    return _tell(_apart(topology), json=json)


def _apart(topology: Topology) -> list[Verdict]:
    """In a sandbox that ends with us, however we end."""
    from tuilab.kernel import sandbox

    async def work_it(directory: Path) -> list[Verdict]:
        async with _built(topology, directory):
            return await _try_all(topology, topology.expect)

    with sandbox.trial() as (keeper, _), TemporaryDirectory() as directory:
        sandbox.enter(keeper)
        return asyncio.run(work_it(Path(directory)))


@asynccontextmanager
async def _built(topology: Topology, directory: Path) -> AsyncIterator[None]:
    from tuilab.kernel.netlink import NetlinkDriver
    from tuilab.lab.journal import MemoryJournal
    from tuilab.lab.lab import Lab

    lab = await Lab.open(NetlinkDriver(), MemoryJournal(topology), directory)
    try:
        await lab.restore()
        yield
    finally:
        await lab.aclose()


def _tell(verdicts: list[Verdict], *, json: bool) -> int:
    if json:
        put_json([verdict.data() for verdict in verdicts])
    else:
        for verdict in verdicts:
            put(str(verdict))
    return EXIT_OK if all(verdict.ok for verdict in verdicts) else EXIT_NO


async def _try_all(
    topology: Topology, wishes: tuple[Expectation, ...]
) -> list[Verdict]:
    """Try everything at once; what must stay unreachable after the rest.

    By then every bridge and address is at work, so that silence means something.
    """
    from tuilab.packets.send import Sender

    verdicts: dict[int, Verdict] = {}
    async with Sender() as sender:
        for reachable in (True, False):
            numbers = [n for n, w in enumerate(wishes) if w.reachable is reachable]
            found = await asyncio.gather(
                *(_try(sender, topology, wishes[number]) for number in numbers)
            )
            verdicts.update(zip(numbers, found, strict=True))
    return [verdicts[number] for number in range(len(wishes))]


async def _try(sender: Sender, topology: Topology, wish: Expectation) -> Verdict:
    try:
        to = destination(topology, wish.source, wish.to)
    except NotFoundError as error:
        return Verdict(wish, "", reached=False, detail=error.summary)
    why = "no reply"
    pings = sender.ping(
        wish.source,
        to,
        count=_PATIENCE if wish.reachable else _DOUBTS,
        interval=_INTERVAL,
        timeout=_TIMEOUT,
    )
    async with contextlib.aclosing(pings):
        async for result in pings:
            if result.ok:
                return Verdict(wish, to, reached=True, detail=f"{result.rtt_ms:.3f} ms")
            why = result.error
    return Verdict(wish, to, reached=False, detail=why)
