"""What the front ends see of a lab: immutable, compared by value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuilab.kernel.live import Live, Operstate
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.difference import Difference
from tuilab.plan.history import History
from tuilab.plan.state import State

__all__ = [
    "Adoption",
    "Changed",
    "Difference",
    "Event",
    "Gone",
    "Live",
    "LogEntry",
    "Logged",
    "Operstate",
    "Outcome",
    "Snapshot",
]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A lab at one moment.

    Attributes:
        name: The lab's name.
        topology: What is wished for.
        observed: What the kernel holds.
        live: Link states and counters, by endpoint; ``lo`` included.
        history: All edits and where we stand.
        pending: Title of the edit that is being carried out, or empty.
        preview: Why this lab is only a model, or empty when it is real.
        drift: What is otherwise than wished; while an edit is pending, its doing too.
        host: Whether it is on the machine's own network.
        foreign: What else is there then: never changed, see `kernel.driver`.
    """

    name: str
    topology: Topology
    observed: State
    history: History
    live: Mapping[Endpoint, Live] = field(default_factory=dict)
    pending: str = ""
    preview: str = ""
    drift: tuple[Difference, ...] = ()
    host: bool = False
    foreign: State = field(default_factory=State)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line group of the command log.

    Attributes:
        time: Seconds since the epoch.
        title: The edit, undo or redo it belongs to.
        commands: The lines a person would have typed.
        error: What the kernel said when it refused, or empty.
        outside: Whether it happened without us (somebody typed ``ip``).
    """

    time: float
    title: str
    commands: tuple[str, ...]
    error: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an edit, undo or redo came to.

    Attributes:
        title: What was done.
        commands: What was carried out, as text.
        notes: What a person should know, such as a heal or a leftover.
    """

    title: str
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adoption:
    """What would come of making drift the wish.

    Attributes:
        topology: What the lab would be to be.
        count: How many things it would no longer lack.
        left: What can't be adopted, and would still be otherwise.
    """

    topology: Topology
    count: int
    left: tuple[Difference, ...] = ()

    @property
    def title(self) -> str:
        """What the history would call it."""
        noun = "change" if self.count == 1 else "changes"
        return f"adopt {self.count} {noun} made outside"


@dataclass(frozen=True, slots=True)
class Changed:
    """Event: the lab looks different now."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Logged:
    """Event: a new entry for the command log."""

    entry: LogEntry


@dataclass(frozen=True, slots=True)
class Gone:
    """Event: the lab's sandbox has ended."""

    reason: str


Event = Changed | Logged | Gone
