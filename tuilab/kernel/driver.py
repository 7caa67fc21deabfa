"""What a lab asks of the kernel: the one door, with the real and a modelled one behind.

`kernel.netlink` is the real one. `ModelDriver` carries operations out on a
`plan.simulate.Machine`: preview mode, and what the tests hold against the real one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from tuilab.errors import TuilabError
from tuilab.model.topology import HOST, Endpoint
from tuilab.plan.operations import Operation
from tuilab.plan.simulate import Machine, fresh_namespace
from tuilab.plan.state import LinkState, State

if TYPE_CHECKING:
    from tuilab.kernel.detail import Detail

Operstate = Literal["up", "down", "no-carrier"]
"""``down`` is administratively down; ``no-carrier`` is up, but nobody is there."""


@dataclass(frozen=True, slots=True)
class Live:
    """What the kernel says of a link right now, beyond what the lab decides.

    Attributes:
        operstate: See `Operstate`.
        rx_bytes: Received since the link was made; likewise the others.
        index: The link's ifindex, which another one of its name does not have.
    """

    operstate: Operstate
    rx_bytes: int = 0
    tx_bytes: int = 0
    rx_packets: int = 0
    tx_packets: int = 0
    errors: int = 0
    dropped: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Observation:
    """Namespaces as they are right now.

    Attributes:
        state: What the lab decides.
        live: What it does not, by endpoint.
        foreign: In host mode what else is on the machine, all of it: links and routes
            of the root namespace, and the names of namespaces, which are not entered.
    """

    state: State
    live: Mapping[Endpoint, Live] = field(default_factory=dict)
    foreign: State = field(default_factory=State)


@dataclass(frozen=True, slots=True)
class Process:
    """A program that runs in a namespace.

    Attributes:
        pid: As numbered outside the lab.
        command: Its command line.
    """

    pid: int
    command: str


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

    async def live(self) -> Mapping[Endpoint, Live]:
        """Operstates and counters of every link known; cheaper than observing."""

    async def processes(self, namespace: str) -> list[Process]:
        """The programs that run in a namespace; they end when it is deleted."""

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


def modelled_operstate(state: State, link: LinkState) -> Operstate:
    """The operstate that the model's links would have."""
    if not link.up:
        return "down"
    if link.kind == "tap":
        return "no-carrier"
    if link.peer is not None:
        far = state.link(link.peer)
        return "up" if far is not None and far.up else "no-carrier"
    return "up"


class ModelDriver:
    """A kernel that is only a model; its namespaces live and die with it."""

    def __init__(self, state: State | None = None) -> None:
        start = State({HOST: fresh_namespace()}) if state is None else state
        self._machine = Machine(start)

    def care(self, settings: Mapping[str, Collection[str]]) -> None:
        """A model knows all of its settings."""

    async def observe(self, only: Collection[str] | None = None) -> Observation:
        """See `Driver`."""
        everything = self._machine.state()
        state = State(
            {
                name: namespace
                for name, namespace in everything.namespaces.items()
                if only is None or name in only
            }
        )
        live = {
            Endpoint(name, ifname): Live(modelled_operstate(everything, link))
            for name, namespace in state.namespaces.items()
            for ifname, link in namespace.links.items()
        }
        return Observation(state, live)

    async def live(self) -> Mapping[Endpoint, Live]:
        """See `Driver`."""
        return (await self.observe()).live

    async def processes(self, namespace: str) -> list[Process]:
        """Nothing runs in a model."""
        return []

    async def detail(self, namespace: str, ifname: str | None = None) -> Detail:
        """See `Driver`."""
        from tuilab.kernel.modelled import detail

        return detail((await self.observe()).state, namespace, ifname)

    async def carry_out(
        self, operations: Sequence[Operation], *, stop: bool = True
    ) -> Progress:
        """See `Driver`."""
        done: list[Operation] = []
        refused: TuilabError | None = None
        for operation in operations:
            try:
                operation.simulate(self._machine)
            except TuilabError as error:
                refused = refused or error
                if stop:
                    break
            else:
                done.append(operation)
        return Progress(tuple(done), refused)

    async def watch(self, callback: Callable[[frozenset[str]], None]) -> None:
        """Nothing happens in a model that was not asked for."""

    async def aclose(self) -> None:
        """Nothing to let go of."""
