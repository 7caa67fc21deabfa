"""Drivers for tests: something happens before each operation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tuilab.errors import TuilabError
from tuilab.kernel.driver import Progress
from tuilab.kernel.modelled import ModelDriver
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


class Slow(OneByOne, ModelDriver):
    """Waits in every operation until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.at_it, self.go_on = asyncio.Event(), asyncio.Event()
        self.closed = False

    async def before(self, operation: Operation) -> None:
        self.at_it.set()
        await self.go_on.wait()
        assert not self.closed

    async def aclose(self) -> None:
        self.closed = True
