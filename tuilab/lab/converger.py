"""From one topology to another: planned, journalled, carried out; or all the way back.

For use by one change at a time, under the journal's lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import NoReturn

from tuilab.errors import (
    EditFailed,
    KernelError,
    NotKept,
    RightsError,
    TuilabError,
    UsageError,
)
from tuilab.kernel.driver import Driver
from tuilab.lab.drift import Wish
from tuilab.lab.ground import Ground
from tuilab.lab.guarded import Confirm, guarded
from tuilab.lab.journal import Begun, Journal
from tuilab.lab.runner import Runner
from tuilab.lab.settings import (
    Named,
    Settings,
    begun_settings,
    together,
    told,
    unclaimed,
)
from tuilab.lab.snapshot import Outcome
from tuilab.lab.uninterrupted import are_many, beside, uninterrupted
from tuilab.lab.view import View
from tuilab.model import validate
from tuilab.model.edits import Rename
from tuilab.model.topology import Endpoint, Namespace, Topology, Veth
from tuilab.plan.merge import settled
from tuilab.plan.planner import Plan, plan
from tuilab.plan.state import State, from_data, to_data

Finish = Callable[[tuple[str, ...]], None]
"""Writes to the journal that it is done, with the commands it took."""


class Converger:
    """Takes a lab to where it is to be.

    Attributes:
        confirm: Asks whether to keep what may cut the connection; None refuses it.
        runner: The one who acts on the kernel.
    """

    def __init__(
        self,
        driver: Driver,
        journal: Journal,
        directory: Path,
        ground: Ground,
        view: View,
        wish: Wish,
    ) -> None:
        self.confirm: Confirm | None = None
        self.runner = Runner(driver, view, self._settings)
        self._journal = journal
        self._directory = directory
        self._ground = ground
        self._view = view
        self._wish = wish
        self._named = Named()
        self._going: tuple[Topology, Sequence[Rename]] | None = None

    def plan(self, after: Topology, renames: Sequence[Rename], observed: State) -> Plan:
        """What leads from the lab as it is to be now to another one."""
        before = self._journal.history.topology
        base = unclaimed(self._wish(before), observed, before, after)
        return plan(base, self._wish.beside(after), observed, renames)

    async def converge(
        self,
        title: str,
        after: Topology,
        renames: Sequence[Rename],
        finish: Finish,
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
        finish: Finish,
    ) -> Outcome:
        self.runner.begin()
        self._ground.prepare(after)
        before = self._journal.history.topology
        all_of = chain(before.namespaces.values(), after.namespaces.values())
        scope = await beside(are_many(all_of), _scope, before, after)
        await self.runner.look(scope)
        observed = self._view.snapshot.observed
        large = are_many(map(observed.namespaces.get, scope))
        large = large or are_many(map(after.namespaces.get, scope))
        steps = await beside(large, self.plan, after, renames, observed)
        if not steps.operations:
            await written(finish, ())
            self._ground.settle(after)
            return Outcome(title)
        try:
            return await self.carry_out(title, steps, renames, finish)
        except UsageError:
            self._ground.settle(self._journal.history.topology)
            raise

    async def carry_out(
        self,
        title: str,
        steps: Plan,
        renames: Sequence[Rename],
        finish: Finish,
    ) -> Outcome:
        """Carry a plan out, journalled; what fails is rolled back."""
        if not steps.operations:
            return Outcome(title)
        before = self._view.snapshot.observed
        risk = self._ground.risk(before, steps.goal, self._view.snapshot.foreign)
        if risk and self.confirm is None:
            raise UsageError(risk, "with --force it is tried, and kept if you confirm")
        large = are_many(map(before.namespaces.get, steps.touched))
        state = await beside(large, to_data, before, steps.touched)
        data = told(state, before, self._settings())
        begun = Begun(title, data, tuple(renames))
        await written(self._journal.begin, begun)
        async with guarded(self._directory, self.confirm if risk else None) as keep:
            try:
                notes = await self.runner.apply(title, steps)
                await keep(title, risk)
                await written(finish, tuple(self.runner.commands))
            except Exception as error:
                await self._give_up(error, before, begun)
        self._ground.settle(self._journal.history.topology)
        return Outcome(title, tuple(self.runner.commands), notes)

    async def _give_up(self, error: Exception, before: State, begun: Begun) -> NoReturn:
        left = await self.runner.roll_back(before, begun)
        # Unwritten, it is found to be begun, and nothing to be left of it.
        with suppress(TuilabError):
            await written(self._journal.back)
        self._ground.settle(self._journal.history.topology)
        what = "the lab is as before"
        if left:
            what = f"rolling back left: {'; '.join(left)}"
        if not isinstance(error, TuilabError):
            error.add_note(what)
            raise error
        hint = f"{error.hint}; {what}" if error.hint else what
        if isinstance(error, RightsError | NotKept) and not left:
            raise type(error)(error.summary, hint) from error
        number = error.errno if isinstance(error, KernelError) else 0
        raise EditFailed(error.summary, hint, number, left) from error

    async def recover(self, begun: Begun) -> None:
        """Roll back what a process that died had begun."""
        if self._ground.fresh:
            # What it speaks of is the machine before it was started, or left, last.
            await written(self._journal.back)
            return
        await self.runner.look()
        observed = self._view.snapshot.observed
        namespaces = dict(observed.namespaces)
        for name in begun.before:
            namespaces.pop(name, None)
        namespaces.update(from_data(begun.before).namespaces)
        # In a sandbox that is new most of what it leans on is not there, nor needed.
        goal = settled(State(namespaces), begun.before, observed)
        title = f"roll back {begun.title}, which was cut off"
        self.runner.begin()
        left = await self.runner.roll_back(goal, begun)
        await written(self._journal.back)
        self._ground.settle(self._journal.history.topology)
        self._view.record(title, self.runner.commands, "; ".join(left))

    def _settings(self) -> Settings:
        """The settings to look at: of the lab, and of the change that is on its way."""
        begun, history = self._journal.begun, self._journal.history
        after, renames = self._going or (None, ())
        found = [self._named(it) for it in (history.topology, after) if it]
        if begun is not None:
            found.append(begun_settings(begun.before))
            renames = (*renames, *begun.renames)
        return together(found, renames)


async def written(write: Callable[..., None], *values: object) -> None:
    """Have the journal write something; the disk may take long, the loop may not."""
    # Nor must the lock be let go while there is something half written.
    await uninterrupted(asyncio.to_thread(write, *values))


def _scope(before: Topology, after: Topology) -> set[str]:
    """The namespaces an edit changes, and those that cables come to or leave."""
    changed = validate.changed(before, after)
    scope = set(changed)
    for name in changed:
        # Of a cable that stays the far end learns nothing but whether it is up.
        ends = _ends(before, name) ^ _ends(after, name)
        scope |= {peer.namespace for _, peer in ends}
    return scope


def _ends(topology: Topology, name: str) -> set[tuple[str, Endpoint]]:
    """The cables of a namespace: its own links with their other ends."""
    namespace = topology.namespaces.get(name, Namespace())
    return {(k, v.peer) for k, v in namespace.links.items() if isinstance(v, Veth)}
