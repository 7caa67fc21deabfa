"""What a lab asks of the kernel: the one door.

Behind it is the real one, `kernel.netlink` and `kernel.host`, or `kernel.modelled`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tuilab.errors import TuilabError
from tuilab.kernel.detail import Detail
from tuilab.kernel.live import Live, Process
from tuilab.model.topology import Endpoint
from tuilab.plan.operations import Operation
from tuilab.plan.state import State


@dataclass(frozen=True, slots=True)
class Observation:
    """Namespaces as they are right now.

    Attributes:
        state: What the lab decides.
        live: What it does not, by endpoint.
        foreign: In host mode what else is on the machine, all of it: links and routes
            of the root namespace, and the names of namespaces, which are not entered.
        guessed: Bridges that do not tell their ageing just now, and may have any.
    """

    state: State
    live: Mapping[Endpoint, Live] = field(default_factory=dict)
    foreign: State = field(default_factory=State)
    guessed: frozenset[Endpoint] = frozenset()


@dataclass(frozen=True, slots=True)
class Progress:
    """What came of carrying operations out.

    Attributes:
        done: Those that were carried out.
        refused: What was said to the first one that was not, or None.
    """

    done: tuple[Operation, ...]
    refused: TuilabError | None = None


class Driver(Protocol):
    """Carries operations out and says what is there."""

    def care(self, settings: Mapping[str, Collection[str]]) -> None:
        """From now on read these settings too when observing, by namespace."""

    async def observe(self, only: Collection[str] | None = None) -> Observation:
        """Look at some namespaces, or at all; absent ones are left out."""

    async def search(self, seconds: float | None = None) -> frozenset[str]:
        """Read all settings of namespaces: observing reads named and known ones only.

        Args:
            seconds: How long it may take, about; the rest is for next time.

        Returns:
            Namespaces to observe again: what was found is looked at from now on.
        """

    async def live(self) -> Mapping[Endpoint, Live]:
        """Operstates and counters of every link known; cheaper than observing."""

    async def processes(
        self, namespaces: Collection[str]
    ) -> Mapping[str, Sequence[Process]]:
        """The programs that run in some namespaces; they end when these are deleted."""

    async def detail(self, namespace: str, ifname: str | None = None) -> Detail:
        """All there is to see of a namespace, or of one link in it.

        Raises:
            NotFoundError: It is not there, or no longer.
        """

    async def carry_out(
        self, operations: Sequence[Operation], *, stop: bool = True
    ) -> Progress:
        """Do operations in order.

        Args:
            operations: What to do.
            stop: End at the first that is refused (some that follow it in the same
                namespace may be done all the same); else pass over it.
        """

    async def watch(self, callback: Callable[[frozenset[str]], None]) -> None:
        """Call back on the event loop when something in these namespaces changed."""

    async def aclose(self) -> None:
        """Let go of every descriptor; the kernel's state stays."""
