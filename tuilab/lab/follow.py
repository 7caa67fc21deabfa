"""Keeping up with a lab: what the kernel tells, what others write, the counters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tuilab.errors import TuilabError
from tuilab.kernel.driver import Driver
from tuilab.lab.journal import Begun, Journal
from tuilab.lab.meter import Meter
from tuilab.lab.runner import Runner
from tuilab.lab.uninterrupted import MANY, beside
from tuilab.lab.view import View
from tuilab.plan.difference import differences
from tuilab.plan.state import State, one_sided

COUNTER_PERIOD = 1.0
"""Seconds between looks at the counters."""
REST = 4.0
"""Times as long as a look took, the next one waits: a kernel that tells of something
all the time would have us look all the time."""
MOST_REST = 0.4
"""Seconds of it at most."""
JOURNAL_PERIOD = 0.25
"""Seconds between looks at what other processes did to the lab."""


class Follower:
    """Brings a lab's view up to date, from `start` to `stop`, while no edit does."""

    def __init__(
        self,
        driver: Driver,
        journal: Journal,
        runner: Runner,
        view: View,
        *,
        mutex: asyncio.Lock,
        wish: Callable[[], State],
        recover: Callable[[], Awaitable[None]],
        meter: Meter,
    ) -> None:
        """Nothing is followed yet.

        Args:
            driver: Tells what happens, and counts.
            journal: Where other processes write.
            runner: Looks.
            view: What is to be kept up to date.
            mutex: Held by whoever changes or looks at the lab.
            wish: What the lab is to be now.
            recover: Rolls back what was begun by a process that died.
            meter: Is told the counters.
        """
        self._driver = driver
        self._journal = journal
        self._runner = runner
        self._view = view
        self._mutex = mutex
        self._wish = wish
        self._recover = recover
        self._meter = meter
        self._tasks: list[asyncio.Task[None]] = []
        self._heard: set[str] = set()
        self._rested = 0.0
        self._hearing: asyncio.Task[None] | None = None
        self._stale = False
        self._given_up: Begun | None = None

    def start(self) -> None:
        """Begin, unless that was done before."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._follow_kernel()),
                asyncio.create_task(self._follow_journal()),
                asyncio.create_task(self._follow_counters()),
            ]

    async def stop(self) -> None:
        """Follow no longer."""
        tasks = [*self._tasks, *([self._hearing] if self._hearing else ())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow_kernel(self) -> None:
        async with self._mutex:
            await self._driver.watch(self._hear)
            # Whatever happened before we listened.
            await self._runner.look()

    def _hear(self, names: frozenset[str]) -> None:
        self._heard |= names
        if self._hearing is None or self._hearing.done():
            self._hearing = asyncio.create_task(self._look_outside())

    async def _look_outside(self) -> None:
        """Look wherever something happened that may not have been us."""
        while self._heard:
            await asyncio.sleep(max(0.0, self._rested - time.monotonic()))
            async with self._mutex:
                began = time.monotonic()
                # With all that came while an edit was made, most of it by that edit.
                names, self._heard = self._heard, set()
                await self._look_at(names)
            ended = time.monotonic()
            self._rested = ended + min(REST * (ended - began), MOST_REST)

    async def _look_at(self, names: set[str]) -> None:
        before = self._runner.observed
        try:
            await self._runner.look(names)
            # The far side of a cable hears nothing of a new name on this one.
            if apart := one_sided(self._runner.observed) - names:
                await self._runner.look(apart)
            while self._take_journal():
                # What we saw may be half of what is now written there as done.
                await self._runner.look(names)
            # Of a new namespace we hear a moment later than of the cable into it.
            known = names | self._runner.observed.namespaces.keys()
            if new := self._wish().namespaces.keys() - known:
                await self._runner.look(names | new)
        except TuilabError:
            self._stale = True
            return
        if self._journal.begun is None:
            self._tell(before, names)

    def _tell(self, before: State, names: set[str]) -> None:
        """Log what was done outside: by no tuilab, that is."""
        now, wish = self._runner.observed, self._wish()
        # What agrees with the wish was done by another tuilab, or undone by hand.
        odd = {(it.namespace, it.ifname) for it in differences(wish, now, names)}
        news = [
            str(it)
            for it in differences(before, now, names)
            if (it.namespace, it.ifname) in odd
        ]
        if news:
            self._view.record("; ".join(news), (), outside=True)

    def _take_journal(self) -> bool:
        """Take in what other processes wrote; whether there was anything."""
        if not self._journal.refresh():
            return False
        history, begun = self._journal.history, self._journal.begun
        self._view.update(
            history=history,
            topology=history.topology,
            pending=begun.title if begun else "",
        )
        return True

    async def _follow_journal(self) -> None:
        while True:
            await asyncio.sleep(JOURNAL_PERIOD)
            if not self._mutex.locked():
                with suppress(TuilabError):
                    if self._take_journal() and (names := self._runner.unread()):
                        self._hear(names)
                    await self._take_over()

    async def _take_over(self) -> None:
        """Roll back what another process began if it has died over it."""
        begun = self._journal.begun
        if begun is not self._given_up and self._journal.abandoned():
            # Where that fails, trying four times a second would not help.
            self._given_up = begun
            await self._recover()

    async def _follow_counters(self) -> None:
        while True:
            await asyncio.sleep(COUNTER_PERIOD)
            if not self._view.watched or self._mutex.locked():
                continue
            async with self._mutex:
                with suppress(TuilabError):
                    if self._stale:
                        await self._runner.look()
                        self._stale = False
                    live = await self._driver.live()
                    many = len(live) > MANY
                    await beside(many, self._meter.take, live, time.monotonic())
                    self._view.update(live=live)
