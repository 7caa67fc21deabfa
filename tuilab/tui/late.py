"""What takes long in a large lab: done beside the loop, again if asked meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.dom import DOMNode

from tuilab.model.topology import Topology
from tuilab.tui.base import BaseApp

LARGE = 300
"""Namespaces and links in a lab; to plan a change of so many, or to list them, takes
longer than keys may wait."""


def is_large(topology: Topology) -> bool:
    """Whether to go through all of a lab takes longer than keys may wait."""
    return size_of(topology) > LARGE


def size_of(topology: Topology) -> int:
    """Namespaces and links of a lab."""
    return sum(1 + len(it.links) for it in topology.namespaces.values())


class Late:
    """Does a job soon, never twice at once; however often it is asked for, it ends."""

    def __init__(self, node: DOMNode, job: Callable[[], Awaitable[None]]) -> None:
        """Make it.

        Args:
            node: Whose job it is: it ends with that one.
            job: What to do.
        """
        self._node = node
        self._job = job
        self._wanted = False
        self.busy = False
        """Whether it is being done."""

    def soon(self) -> None:
        """Do it, with what is so by then."""
        self._wanted = True
        if not self.busy:
            self.busy = True
            assert isinstance(self._node.app, BaseApp)
            self._node.app.run_job(self._go, of=self._node, group="late")

    async def _go(self) -> None:
        try:
            while self._wanted and self._node.is_attached:
                self._wanted = False
                await self._job()
        finally:
            self.busy = False
