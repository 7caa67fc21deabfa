"""What is being sent: it goes on when the dialog that began it is closed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer
from textual.worker import Worker

from tuilab.errors import TuilabError
from tuilab.packets.monitor import Cell, Monitor, Pair
from tuilab.packets.send import Sender
from tuilab.tui.canvas.reach import Reached
from tuilab.tui.sending import Request, results
from tuilab.tui.text import plain
from tuilab.tui.widgets.ping_text import Run, summary_lines
from tuilab.tui.widgets.ping_view import PingView

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

RUNS_KEPT = 50
LOOK = 0.1
"""Seconds between two looks at what came back, however much that is."""


class SendDesk:
    """Everything that was sent, and what of it still runs.

    Attributes:
        runs: What was sent, the newest last.
        heard: A dialog that shows its own sending: it is told of every news.
    """

    def __init__(self, screen: MainScreen) -> None:
        self.runs: list[Run] = []
        self.heard: Callable[[Run], None] | None = None
        self._screen = screen
        self._jobs: dict[int, Worker[None]] = {}
        self._timer: Timer | None = None
        self._looked = 0.0
        self._fresh = False
        self._pairs: Run | None = None
        self._monitored: list[Cell] = []

    # -- showing -----------------------------------------------------------------------

    def show(self, run: Run) -> None:
        """Something is being sent, or came back."""
        if not any(known is run for known in self.runs):
            self.runs = [*self.runs, run][-RUNS_KEPT:]
            self._fresh = True
        wait = self._looked + LOOK - time.monotonic()
        if self.heard is not None:
            self.heard(run)
            wait = LOOK  # what is below the dialog comes after what is in it
        if self._timer is None:
            if wait <= 0 or not run.running:
                self._look()
            else:
                self._timer = self._screen.session.set_timer(wait, self._look)

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if not self._screen.is_attached:
            return
        self._looked = time.monotonic()
        if self._fresh:
            self._fresh = False
            self._screen.bottom.tab = "ping"
        self._screen.bottom.query_one(PingView).show_runs(self.runs)
        self._screen.canvas.show_reach(reached(self._monitored))
        self._screen.desk.tell()

    @property
    def running(self) -> list[Run]:
        """What is still being sent and can be stopped."""
        return [run for run in self.runs if id(run) in self._jobs]

    @property
    def words(self) -> str:
        """What the frame says while something is being sent."""
        count = len(self._jobs)
        key = self._screen.session.key("end_sending")
        return f"{count} running, {key} ends all" if count else ""

    # -- sending -----------------------------------------------------------------------

    def send(self, sender: Sender, request: Request) -> Run:
        """Send, until it is done or stopped."""

        async def job(run: Run) -> None:
            async with contextlib.aclosing(results(sender, request)) as found:
                async for result in found:
                    run.results.append(result)
                    self._screen.show_run(run)

        return self._begin(Run(request.title), job)

    def monitor(self, sender: Sender, pairs: Sequence[Pair]) -> Run:
        """Ping all these pairs until it is stopped; the drawing has how they stand."""
        names = len({pair.source for pair in pairs})

        async def job(run: Run) -> None:
            monitor = Monitor(sender, pairs)
            known: dict[Pair, bool | None] = {}
            try:
                async with contextlib.aclosing(monitor.run()) as news:
                    async for cell in news:
                        if known.get(cell.pair) != cell.up:
                            known[cell.pair] = cell.up
                            run.results.append(changed(cell))
                        self._monitored = list(monitor.cells.values())
                        run.told = stands(self._monitored)
                        self._screen.show_run(run)
            finally:
                self._monitored = []

        self._pairs = Run(f"pings between {names} namespaces")
        return self._begin(self._pairs, job)

    @property
    def monitoring(self) -> Run | None:
        """The pings of pairs that run; None if none do."""
        return next((run for run in self.running if run is self._pairs), None)

    def _begin(self, run: Run, job: Callable[[Run], Awaitable[None]]) -> Run:
        self._jobs[id(run)] = self._screen.session.run_job(
            lambda: self._run(run, job), group="send"
        )
        self._screen.show_run(run)
        return run

    async def _run(self, run: Run, job: Callable[[Run], Awaitable[None]]) -> None:
        try:
            await job(run)
        except TuilabError as error:
            run.problem = str(error)
        finally:
            run.running = False
            self._jobs.pop(id(run), None)
            if self._screen.is_attached:
                self._tell_end(run)

    def _tell_end(self, run: Run) -> None:
        if self.heard is None:
            sums = summary_lines(run, self._screen.session.glyphs)
            words = plain(sums[0]).rstrip() if sums else "stopped"
            self._screen.session.say(f"{run.title}: {words}")
        self._screen.show_run(run)

    def stop(self, run: Run | None = None) -> None:
        """Send no more: of one sending, or of all."""
        for one in self.running:
            if run is None or one is run:
                self._jobs[id(one)].cancel()


def changed(cell: Cell) -> str:
    """That a pair stands otherwise than before, in words."""
    pair = cell.pair
    how = f"reached in {cell.rtt_ms:.2f} ms" if cell.rtt_ms is not None else cell.error
    return f"{time.strftime('%H:%M:%S')} {pair.source} > {pair.to}: {how}"


def stands(cells: Sequence[Cell]) -> str:
    """How all of them stand, in words."""
    up = sum(cell.up is True for cell in cells)
    slow = max((cell.rtt_ms for cell in cells if cell.rtt_ms is not None), default=None)
    worst = f", the slowest in {slow:.2f} ms" if slow is not None else ""
    return f"{up} of {len(cells)} pairs reach each other{worst}"


def _short(ms: float) -> str:
    return f"{ms:.2f}ms" if ms < 10 else f"{ms:.0f}ms"


def reached(cells: Sequence[Cell]) -> tuple[Reached, ...]:
    """Both directions of each pair as one."""
    pairs: dict[frozenset[str], list[Cell]] = {}
    for cell in cells:
        pairs.setdefault(frozenset((cell.pair.source, cell.pair.to)), []).append(cell)
    found = []
    for both in pairs.values():
        states = [cell.up for cell in both]
        up = False if False in states else None if None in states else True
        times = [cell.rtt_ms for cell in both if cell.rtt_ms is not None]
        words = _short(max(times)) if up and times else "no"
        pair = both[0].pair
        found.append(Reached(pair.source, pair.to, up, words))
    return tuple(found)
