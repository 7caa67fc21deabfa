"""Drivers for tests: something happens before each operation."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.errors import TuilabError
from tuilab.kernel.driver import Progress
from tuilab.plan.operations import Operation


class OneByOne:
    """Mixed into a driver: operations go out singly, `before` and `after` each."""

    async def before(self, operation: Operation) -> None:
        """Wait, refuse by raising, or die."""
        raise NotImplementedError

    async def after(self, operation: Operation) -> None:
        """Wait, or die."""

    async def carry_out(
        self, operations: Sequence[Operation], *, stop: bool = True
    ) -> Progress:
        done: list[Operation] = []
        refused: TuilabError | None = None
        for operation in operations:
            try:
                await self.before(operation)
                came = await super().carry_out([operation], stop=stop)
            except TuilabError as error:
                came = Progress((), error)
            else:
                await self.after(operation)
            done += came.done
            refused = refused or came.refused
            if refused and stop:
                break
        return Progress(tuple(done), refused)
