"""Carrying a plan out: do it, look, put right what it did besides; or go back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tuilab.errors import KernelError, TuilabError
from tuilab.kernel.driver import Driver
from tuilab.lab.journal import Begun
from tuilab.lab.settings import Settings
from tuilab.lab.uninterrupted import MANY, are_many, beside
from tuilab.lab.view import View
from tuilab.plan.difference import differences
from tuilab.plan.operations import Operation
from tuilab.plan.planner import Plan, route_to
from tuilab.plan.state import State

HEALS = 3
"""Rounds of putting side effects right before an edit counts as failed."""


class Runner:
    """The one who acts on the kernel; for use by one change at a time.

    Attributes:
        commands: What was carried out since `begin`, as text.
    """

    def __init__(
        self, driver: Driver, view: View, settings: Callable[[], Settings]
    ) -> None:
        self.commands: list[str] = []
        self._settings = settings
        self._asked: Settings = {}
        self._driver = driver
        self._view = view

    @property
    def observed(self) -> State:
        """What was seen last."""
        return self._view.snapshot.observed

    def begin(self) -> None:
        """Start a change: nothing was carried out for it yet."""
        self.commands = []

    async def look(self, only: set[str] | None = None) -> None:
        """See how some namespaces are now, or all."""
        self._asked = self._settings()
        self._driver.care(self._asked)
        self._view.take(await self._driver.observe(only), only)

    async def search(self, seconds: float | None = None) -> None:
        """See what else is otherwise, of which nobody is told; raises as `look`.

        Args:
            seconds: How long it may take, about.
        """
        if found := await self._driver.search(seconds):
            await self.look(set(found))

    def unread(self) -> frozenset[str]:
        """Namespaces with settings that are named by now, but were not looked at."""
        now = self._settings()
        return frozenset(n for n, keys in now.items() if keys != self._asked.get(n))

    async def apply(self, title: str, steps: Plan) -> tuple[str, ...]:
        """Carry a plan out, verify it, put right what it did besides.

        Returns:
            What had to be put right, for a person.

        Raises:
            KernelError: An operation was refused, or the goal was not reached.
            RightsError: Rights or devices are lacking.
        """
        touched = set(steps.touched)
        large = are_many(map(steps.goal.namespaces.get, touched))
        large = large or are_many(map(self.observed.namespaces.get, touched))
        notes: list[str] = []
        await self._carry_out(title, steps.operations)
        for _ in range(HEALS):
            await self.look(touched)
            heal = await beside(large, route_to, self.observed, steps.goal)
            if not touched & set(heal.touched):
                return tuple(notes)
            await self._carry_out(f"{title}: put right", heal.operations)
            notes.append(f"put right what came of it: {'; '.join(heal.commands)}")
            touched |= set(heal.touched)
        await self.look(touched)
        seen = self.observed
        wrong = await beside(large, differences, steps.goal, seen, touched)
        if not wrong:
            return tuple(notes)
        raise KernelError(
            f"{title} did not come out as planned: {wrong[0]}",
            "something else may be changing the lab at the same time",
        )

    async def roll_back(self, goal: State, begun: Begun) -> list[str]:
        """Go to that goal as far as the kernel lets us; what is left, with remedies."""
        scope = set(begun.before)
        # By its old name a thing is what it was, with the programs that run in it.
        back = [rename.reversed() for rename in reversed(begun.renames)]
        for _ in range(HEALS):
            await self.look(scope)
            try:
                steps = route_to(self.observed, goal, back)
            except TuilabError:
                break
            if not steps.operations:
                return []
            scope |= set(steps.touched)
            # What one step can't do the next round may.
            await self._carry_out("roll back", steps.operations, stop=False)
        await self.look(scope)
        wrong = differences(goal, self.observed, scope)
        try:
            rest = route_to(self.observed, goal).commands
        except TuilabError as error:
            return [f"{what} ({error})" for what in wrong]
        return [f"{what} (by hand: {' && '.join(rest)})" for what in wrong]

    async def _carry_out(
        self, title: str, operations: Sequence[Operation], *, stop: bool = True
    ) -> None:
        """Do operations in order; one that is refused ends it, or is passed over."""
        progress = await self._driver.carry_out(operations, stop=stop)
        refused = progress.refused
        many = len(progress.done) > MANY
        done = await beside(many, _commands, progress.done)
        self.commands.extend(done)
        if done or refused:
            self._view.record(title, done, str(refused or ""))
        if refused and stop:
            raise refused


def _commands(operations: Iterable[Operation]) -> list[str]:
    return [line for one in operations for line in one.commands()]
