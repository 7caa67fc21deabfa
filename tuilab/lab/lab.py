"""A running lab: every change goes from one topology to another, and is verified.

    change -> new topology -> plan -> operations on the kernel -> observe -> verify

An edit that fails is rolled back by the same planner, to what was observed before it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NoReturn

from tuilab.errors import (
    EditFailed,
    InvalidTopology,
    KernelError,
    LabGone,
    RightsError,
    TuilabError,
    UsageError,
)
from tuilab.kernel.driver import Driver, ModelDriver, Process
from tuilab.lab.follow import Follower
from tuilab.lab.journal import Begun, Journal, MemoryJournal
from tuilab.lab.runner import Runner
from tuilab.lab.settings import (
    Settings,
    begun_settings,
    named,
    together,
    told,
)
from tuilab.lab.snapshot import (
    Event,
    Gone,
    LogEntry,
    Outcome,
    Snapshot,
)
from tuilab.lab.uninterrupted import uninterrupted
from tuilab.lab.view import View
from tuilab.model.edits import Change, Rename
from tuilab.model.topology import Topology
from tuilab.model.validate import problems
from tuilab.plan.history import Edit, Step
from tuilab.plan.merge import settled
from tuilab.plan.planner import Plan, plan, route_to
from tuilab.plan.state import State, expand, from_data, to_data


class Lab:
    """One running topology with its history, on one event loop."""

    def __init__(
        self, driver: Driver, journal: Journal, directory: Path, preview: str = ""
    ) -> None:
        self.directory = directory
        self._driver = driver
        self._journal = journal
        self._mutex = asyncio.Lock()
        self._expanded: tuple[Topology, State] | None = None
        self._gone = ""
        topology = journal.history.topology
        self._view = View(
            Snapshot(
                name=topology.name,
                topology=topology,
                observed=State(),
                history=journal.history,
                preview=preview,
            )
        )
        self._going: tuple[Topology, Sequence[Rename]] | None = None
        self._runner = Runner(driver, self._view, self._settings)
        self._follower = Follower(
            driver,
            journal,
            self._runner,
            self._view,
            mutex=self._mutex,
            wish=lambda: self._expand(self._journal.history.topology),
            recover=self._recover_alone,
        )

    @classmethod
    async def open(
        cls, driver: Driver, journal: Journal, directory: Path, preview: str = ""
    ) -> Lab:
        """A lab on a driver; what a crash cut off is rolled back first."""
        lab = cls(driver, journal, directory, preview)
        async with lab._exclusive():
            await lab._runner.look()
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

    async def processes(self, namespace: str) -> list[Process]:
        """The programs that run in a namespace; removing it ends them."""
        return await self._driver.processes(namespace)

    # -- planning ------------------------------------------------------------------

    def plan(self, change: Change) -> Plan:
        """What an edit would do, on what was last observed.

        Raises:
            UsageError: The change makes no sense.
            InvalidTopology: What it leads to can't be built.
        """
        before = self.snapshot.topology
        after = change.apply(before)
        _check(before, after)
        return self._plan(after, change.renames, self.snapshot.observed)

    def _plan(
        self, after: Topology, renames: Sequence[Rename], observed: State
    ) -> Plan:
        base = self._expand(self._journal.history.topology)
        target = expand(after, self._expanded)
        return plan(base, target, observed, renames)

    def _expand(self, topology: Topology) -> State:
        if self._expanded is None or self._expanded[0] is not topology:
            self._expanded = topology, expand(topology, self._expanded)
        return self._expanded[1]

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
            after = change.apply(before)
            _check(before, after)
            title, renames = change.title, change.renames

            def finish(commands: tuple[str, ...]) -> None:
                edit = Edit(title, after, renames, time.time(), commands)
                self._journal.edit(edit)

            return await self._converge(title, after, renames, finish)

        return await self._alone(change.title, go)

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
        return await self._converge(
            step.title,
            step.topology,
            step.renames,
            lambda _: self._journal.at(step.position),
        )

    async def restore(self) -> Outcome:
        """Bring whatever is there to what the history says: a new or lost sandbox."""

        async def go() -> Outcome:
            goal = self._expand(self._journal.history.topology)
            steps = route_to(self.snapshot.observed, goal)
            self._runner.begin()
            await self._runner.apply(f"bring {self.name} up", steps)
            return Outcome(f"bring {self.name} up", tuple(self._runner.commands))

        return await self._alone(f"bring {self.name} up", go)

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
                await self._recover(self._journal.begun)
            yield

    def _show_history(self) -> None:
        history = self._journal.history
        self._view.update(history=history, topology=history.topology, pending="")

    def _refuse_if_gone(self) -> None:
        if self._gone:
            raise LabGone(self._gone, "start it again with tuilab up")

    async def _recover_alone(self) -> None:
        async with self._exclusive():
            pass

    async def _recover(self, begun: Begun) -> None:
        """Roll back what a process that died had begun."""
        await self._runner.look()
        observed = self.snapshot.observed
        namespaces = dict(observed.namespaces)
        for name in begun.before:
            namespaces.pop(name, None)
        namespaces.update(from_data(begun.before).namespaces)
        # In a sandbox that is new most of what it leans on is not there, nor needed.
        goal = settled(State(namespaces), begun.before, observed)
        title = f"roll back {begun.title}, which was cut off"
        self._runner.begin()
        left = await self._runner.roll_back(goal, begun)
        await _written(self._journal.back)
        self._view.record(title, self._runner.commands, "; ".join(left))
        self._show_history()

    def _settings(self) -> Settings:
        """The settings to look at: of the lab, and of the change that is on its way."""
        begun, history = self._journal.begun, self._journal.history
        after, renames = self._going or (None, ())
        found = [named((history.topology, after))]
        if begun is not None:
            found.append(begun_settings(begun.before))
            renames = (*renames, *begun.renames)
        return together(found, renames)

    # -- converging ----------------------------------------------------------------

    async def _converge(
        self,
        title: str,
        after: Topology,
        renames: Sequence[Rename],
        finish: Callable[[tuple[str, ...]], None],
    ) -> Outcome:
        """Go there, and have ``finish`` record the commands it took; else go back."""
        self._going = after, renames
        try:
            return await self._go(title, after, renames, finish)
        finally:
            self._going = None

    async def _go(
        self,
        title: str,
        after: Topology,
        renames: Sequence[Rename],
        finish: Callable[[tuple[str, ...]], None],
    ) -> Outcome:
        self._runner.begin()
        await self._runner.look(self._scope(after))
        steps = self._plan(after, renames, self.snapshot.observed)
        if not steps.operations:
            await _written(finish, ())
            return Outcome(title)
        before = self.snapshot.observed
        data = told(to_data(before, steps.touched), before, self._settings())
        begun = Begun(title, data, tuple(renames))
        await _written(self._journal.begin, begun)
        try:
            notes = await self._runner.apply(title, steps)
            await _written(finish, tuple(self._runner.commands))
        except Exception as error:
            await self._give_up(error, before, begun)
        return Outcome(title, tuple(self._runner.commands), notes)

    def _scope(self, after: Topology) -> set[str]:
        """The namespaces an edit changes, and those their cables lead to."""
        before = self._journal.history.topology
        changed = _changed(before, after)
        around = set(changed)
        for topology in (before, after):
            for name in changed & set(topology.namespaces):
                for link in topology.namespaces[name].links.values():
                    peer = getattr(link, "peer", None)
                    if peer is not None:
                        around.add(peer.namespace)
        return around

    async def _give_up(self, error: Exception, before: State, begun: Begun) -> NoReturn:
        left = await self._runner.roll_back(before, begun)
        # Unwritten, it is found to be begun, and nothing to be left of it.
        with suppress(TuilabError):
            await _written(self._journal.back)
        what = "the lab is as before"
        if left:
            what = f"rolling back left: {'; '.join(left)}"
        if not isinstance(error, TuilabError):
            error.add_note(what)
            raise error
        hint = f"{error.hint}; {what}" if error.hint else what
        if isinstance(error, RightsError) and not left:
            raise RightsError(error.summary, hint) from error
        number = error.errno if isinstance(error, KernelError) else 0
        raise EditFailed(error.summary, hint, number, left) from error

    # -- looking -------------------------------------------------------------------

    async def rescan(self) -> None:
        """Observe everything again."""
        async with self._mutex:
            await self._runner.look()

    async def aclose(self) -> None:
        """Let go of the lab; it goes on running."""
        await self._follower.stop()
        # An edit that is on its way still needs the driver.
        async with self._mutex:
            await self._driver.aclose()


async def _written(write: Callable[..., None], *values: object) -> None:
    """Have the journal write something; the disk may take long, the loop may not."""
    # Nor must the lock be let go while there is something half written.
    await uninterrupted(asyncio.to_thread(write, *values))


def _changed(before: Topology, after: Topology) -> set[str]:
    """The namespaces that are not the very same in both."""
    return {
        name
        for name in {**before.namespaces, **after.namespaces}
        if before.namespaces.get(name) is not after.namespaces.get(name)
    }


def _check(before: Topology, after: Topology) -> None:
    """Let an edit pass that leads to a lab that can be built."""
    if found := problems(after, _changed(before, after)):
        raise InvalidTopology(found)
