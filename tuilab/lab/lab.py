"""A running lab: every change goes from one topology to another, and is verified.

    change -> new topology -> plan -> operations on the kernel -> observe -> verify

An edit that fails is rolled back by the same planner, to what was observed before it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tuilab.errors import (
    InvalidTopology,
    LabGone,
    NotFoundError,
    UsageError,
)
from tuilab.kernel.detail import Detail
from tuilab.kernel.driver import Driver
from tuilab.kernel.live import Process
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab.closeup import Closeup, Spot
from tuilab.lab.converger import Converger, written
from tuilab.lab.drift import Drift, Wish
from tuilab.lab.follow import Follower
from tuilab.lab.foresight import Foresight
from tuilab.lab.ground import Ground
from tuilab.lab.guarded import Confirm
from tuilab.lab.journal import Journal, MemoryJournal
from tuilab.lab.meter import Meter
from tuilab.lab.snapshot import (
    Adoption,
    Event,
    Gone,
    LogEntry,
    Outcome,
    Snapshot,
)
from tuilab.lab.uninterrupted import are_many, beside
from tuilab.lab.view import View
from tuilab.model import validate
from tuilab.model.edits import Change
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.adopt import adopted
from tuilab.plan.difference import differences
from tuilab.plan.history import Edit, Step
from tuilab.plan.planner import Plan, route_to
from tuilab.plan.repair import Scope, repair
from tuilab.plan.state import State

OPENING = 0.03
"""Seconds for settings that are seen by reading each of them, when a lab is opened."""
_DRIFTED = "the lab is to be like that already: what is otherwise was changed outside"


class Lab:
    """One running topology with its history, on one event loop."""

    def __init__(
        self,
        driver: Driver,
        journal: Journal,
        directory: Path,
        preview: str = "",
        ground: Ground | None = None,
    ) -> None:
        self.directory = directory
        self._driver = driver
        self._journal = journal
        self._mutex = asyncio.Lock()
        self._ground = ground or Ground()
        self._expand = Wish(self._ground)
        self._gone = ""
        topology = journal.history.topology
        self._view = View(
            Snapshot(
                name=topology.name,
                topology=topology,
                observed=State(),
                history=journal.history,
                preview=preview,
                host=self._ground.host,
            ),
            Drift(self._expand),
        )
        self._converger = Converger(
            driver, journal, directory, self._ground, self._view, self._expand
        )
        self._runner = self._converger.runner
        self._foresight = Foresight(driver)
        self._meter = Meter()
        self._follower = Follower(
            driver,
            journal,
            self._runner,
            self._view,
            mutex=self._mutex,
            wish=lambda: self._expand(self._journal.history.topology),
            recover=self._recover_alone,
            meter=self._meter,
        )

    @classmethod
    async def open(
        cls,
        driver: Driver,
        journal: Journal,
        directory: Path,
        preview: str = "",
        ground: Ground | None = None,
    ) -> Lab:
        """A lab on a driver; what a crash cut off is rolled back first."""
        lab = cls(driver, journal, directory, preview, ground)
        async with lab._exclusive():
            await lab._runner.look()
            await lab._runner.search(OPENING)
        return lab

    @classmethod
    async def preview(
        cls,
        topology: Topology | None = None,
        reason: str = "preview",
        directory: Path = Path(),
    ) -> Lab:
        """A lab that is only a model: the whole editor works, no packet flows."""
        start = topology or Topology("preview")
        driver = ModelDriver()
        lab = await cls.open(driver, MemoryJournal(start), directory, reason)
        await lab.restore()
        return lab

    @property
    def snapshot(self) -> Snapshot:
        """The lab as it is known to be now."""
        return self._view.snapshot

    @property
    def log(self) -> list[LogEntry]:
        """The last entries of the command log, oldest first."""
        return self._view.log

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.snapshot.name

    @property
    def source(self) -> Path | None:
        """The file that the lab was loaded from or saved to."""
        return self._journal.source

    @property
    def confirm(self) -> Confirm | None:
        """Asks whether to keep what may cut the connection; None refuses it."""
        return self._converger.confirm

    @confirm.setter
    def confirm(self, confirm: Confirm | None) -> None:
        self._converger.confirm = confirm

    def set_source(self, path: Path) -> None:
        """Remember the file that the lab was loaded from or saved to."""
        self._journal.set_source(path.resolve())

    # -- events --------------------------------------------------------------------

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back on the loop with every event; the answer ends that."""
        unsubscribe = self._view.subscribe(callback)
        self._follower.start()
        return unsubscribe

    def end(self, reason: str) -> None:
        """The sandbox has ended: nothing can be changed any more."""
        self._gone = reason
        self._view.emit(Gone(reason))

    async def processes(
        self, namespaces: Collection[str]
    ) -> Mapping[str, Sequence[Process]]:
        """The programs that run in some namespaces; removing these ends them."""
        return await self._driver.processes(namespaces)

    async def detail(self, namespace: str, ifname: str | None = None) -> Detail:
        """All there is to see of a namespace, or of one link in it, right now.

        Raises:
            NotFoundError: It is not there, or no longer.
        """
        return await self._driver.detail(namespace, ifname)

    async def closeup(self, spots: Iterable[Spot]) -> Closeup:
        """A closer look at some namespaces and links; what is not there is left out."""
        details: dict[Spot, Detail] = {}
        for spot in spots:
            with suppress(NotFoundError):
                details[spot] = await self._driver.detail(*spot)
        flows = {
            end: self._meter.of(end)
            for (name, _), detail in details.items()
            for end in (Endpoint(name, ifname) for ifname in detail.links)
        }
        return Closeup(details, flows)

    # -- planning ------------------------------------------------------------------

    def plan(self, change: Change) -> Plan:
        """What an edit would do, on what was last observed and foreseen.

        Raises:
            UsageError: The change makes no sense.
            InvalidTopology: What it leads to can't be built.
        """
        after = self._checked(change, self.snapshot.topology)
        observed = self._foresight(self.snapshot.observed)
        return self._converger.plan(after, change.renames, observed)

    def foreseen(self, change: Change) -> bool:
        """Whether `plan` knows all that an edit will look at; raises as `plan`."""
        return not self._foresight.lacks(*self._ahead(change))

    async def foresee(self, change: Change) -> None:
        """Look at what a change is the first to name, for `plan`; raises as `plan`."""
        await self._foresight.look(*self._ahead(change))

    def _ahead(self, change: Change) -> tuple[Topology, Topology, State]:
        now = self.snapshot
        after = self._ground.apply(change, now.topology, now.foreign)
        return now.topology, after, now.observed

    def _checked(self, change: Change, before: Topology) -> Topology:
        """What a change leads to, if it can be built here."""
        after = self._ground.apply(change, before, self.snapshot.foreign)
        _check(before, after)
        return after

    def repairs(self, only: Scope | None = None) -> Plan:
        """What repairing would do, on what was last observed; raises as `repair`."""
        wish = self._expand(self._journal.history.topology)
        return repair(wish, self.snapshot.observed, only)

    def adoption(self) -> Adoption:
        """What adopting would leave, on what was last observed.

        Raises:
            InvalidTopology: What is there can't be wished for.
        """
        before, observed = self._journal.history.topology, self.snapshot.observed
        drift = differences(self._expand(before), observed)
        after = adopted(before, observed) if drift else before
        _check(before, after)
        left = differences(self._expand.beside(after), observed)
        return Adoption(after, sum(it not in left for it in drift), tuple(left))

    # -- changing ------------------------------------------------------------------

    async def edit(self, change: Change) -> Outcome:
        """Carry an edit out, verified, as one entry of the history.

        Raises:
            UsageError: The change makes no sense; nothing was touched.
            InvalidTopology: What it leads to can't be built; nothing was touched.
            EditFailed: The kernel refused; the lab is as before, or `leftovers` says
                what is not.
            Busy: Another process is at it.
            LabGone: The lab has ended.
        """

        async def go() -> Outcome:
            before = self._journal.history.topology
            large = change.large or are_many(before.namespaces.values())
            after = await beside(large, self._checked, change, before)
            if after == before:
                # Whoever asks for it may have seen that it is not so.
                drift = bool(self.snapshot.drift)
                return Outcome(change.title, (), (_DRIFTED,) if drift else ())
            title, renames = change.title, change.renames

            def finish(commands: tuple[str, ...]) -> None:
                edit = Edit(title, after, renames, time.time(), commands)
                self._journal.edit(edit)

            return await self._converger.converge(title, after, renames, finish)

        return await self._alone(change.title, go)

    async def repair(self, only: Scope | None = None) -> Outcome:
        """Put right what is otherwise than wished; no entry of the history.

        Args:
            only: Namespaces and links to put right, all by default.

        Raises:
            KernelError: What was made outside is in the way; nothing was touched.
            EditFailed: The kernel refused; as for `edit`.
        """
        title = "repair drift"

        async def go() -> Outcome:
            self._runner.begin()
            await self._look_closely()
            position = self._journal.history.position

            def finish(_: tuple[str, ...]) -> None:
                self._journal.at(position)

            return await self._converger.carry_out(
                title, self.repairs(only), (), finish
            )

        return await self._alone(title, go)

    async def adopt(self) -> Outcome:
        """Make what is otherwise the wish: an entry of the history, nothing is touched.

        Raises:
            UsageError: Nothing of it can be wished for; the same as InvalidTopology.
        """
        title = "adopt drift"

        async def go() -> Outcome:
            await self._look_closely()
            found = self.adoption()
            if not found.count and not found.left:
                return Outcome(title)
            if not found.count:
                raise UsageError(
                    f"nothing of this can be adopted: {found.left[0]}",
                    "repair puts it back to what it was",
                )
            edit = Edit(found.title, found.topology, (), time.time())
            await written(self._journal.edit, edit)
            notes = tuple(f"can't be adopted: {left}" for left in found.left)
            return Outcome(found.title, (), notes)

        return await self._alone(title, go)

    async def undo(self) -> Outcome:
        """Go back by one edit; raises as `edit` does, UsageError at the start."""
        return await self._step(lambda: self._journal.history.undo(), "undo")

    async def redo(self) -> Outcome:
        """Go forward again by one edit that was undone; raises as `edit` does."""
        return await self._step(lambda: self._journal.history.redo(), "redo")

    async def go_to(self, position: int) -> Outcome:
        """Undo or redo until that many edits are done; raises as `edit` does.

        What fails on the way leaves the lab where it got to, as the history says.
        """

        async def go() -> Outcome:
            history = self._journal.history
            if not 0 <= position <= len(history.edits):
                raise UsageError(
                    f'the history has no entry "{position}"',
                    f"it has 0 (the start) to {len(history.edits)}",
                )
            back = position < history.position
            title = f"{'undo' if back else 'redo'} to entry {position}"
            commands: list[str] = []
            for step in history.way_to(position):
                commands += (await self._take_step(step)).commands
            return Outcome(title, tuple(commands))

        return await self._alone(f"go to entry {position}", go)

    async def _step(self, find: Callable[[], Step | None], verb: str) -> Outcome:
        async def go() -> Outcome:
            step = find()
            if step is None:
                raise UsageError(f"nothing to {verb}", "the history shows all edits")
            return await self._take_step(step)

        return await self._alone(verb, go)

    async def _take_step(self, step: Step) -> Outcome:
        return await self._converger.converge(
            step.title,
            step.topology,
            step.renames,
            lambda _: self._journal.at(step.position),
        )

    async def restore(self) -> Outcome:
        """Bring whatever is there to what the history says: a new or lost sandbox."""
        title = f"bring {self.name} up"

        async def go() -> Outcome:
            topology = self._journal.history.topology
            if self._ground.host:
                self._ground.prepare(topology)
                await self._runner.look()
            before, foreign = self.snapshot.observed, self.snapshot.foreign
            self._ground.check(Topology(self.name), topology, foreign)
            large = are_many(topology.namespaces.values())
            large = large or are_many(before.namespaces.values())
            steps = await beside(large, self._way_to, before, topology)
            self._runner.begin()
            if self._ground.risk(before, steps.goal, foreign):
                at = self._journal.history.position
                await self._converger.carry_out(
                    title, steps, (), lambda _: self._journal.at(at)
                )
            else:
                await self._runner.apply(title, steps)
                self._ground.settle(topology)
            self._ground.fresh = False
            return Outcome(title, tuple(self._runner.commands))

        return await self._alone(title, go)

    def _way_to(self, before: State, topology: Topology) -> Plan:
        return route_to(before, self._expand.beside(topology))

    async def _alone(self, title: str, go: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Run a change while no other does, to its end even when the caller is gone."""
        return await asyncio.shield(asyncio.ensure_future(self._run(title, go)))

    async def _run(self, title: str, go: Callable[[], Awaitable[Outcome]]) -> Outcome:
        async with self._exclusive():
            self._view.update(pending=title)
            try:
                return await go()
            finally:
                self._show_history()

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        self._refuse_if_gone()
        async with self._mutex, self._journal.exclusive():
            # It may have ended, and been started elsewhere, while we waited.
            self._refuse_if_gone()
            self._journal.refresh()
            if self._journal.begun is not None:
                await self._converger.recover(self._journal.begun)
                self._show_history()
            yield

    def _show_history(self) -> None:
        history = self._journal.history
        self._view.update(history=history, topology=history.topology, pending="")

    def _refuse_if_gone(self) -> None:
        self._ground.refuse_if_gone()
        if self._gone:
            raise LabGone(self._gone, "start it again with tuilab up")

    async def _recover_alone(self) -> None:
        async with self._exclusive():
            pass

    # -- looking -------------------------------------------------------------------

    async def rescan(self) -> None:
        """Observe everything again, and all settings."""
        async with self._mutex:
            await self._look_closely()

    async def search(self) -> None:
        """Look for changes that are not seen at first sight: all kernel settings."""
        async with self._mutex:
            await self._runner.search()

    async def _look_closely(self) -> None:
        await self._runner.look()
        await self._runner.search()

    async def aclose(self) -> None:
        """Let go of the lab; it goes on running."""
        await self._follower.stop()
        # An edit that is on its way still needs the driver.
        async with self._mutex:
            await self._driver.aclose()


def _check(before: Topology, after: Topology) -> None:
    """Let an edit pass that leads to a lab that can be built."""
    if found := validate.problems(after, before):
        raise InvalidTopology(found)
