"""The history of a lab: a list of topologies, each with how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuilab.model.edits import Rename
from tuilab.model.topology import Topology


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of the history.

    Attributes:
        title: What was done, such as ``add bridge host:br0``.
        topology: The lab after it.
        renames: What kept its identity under a new name.
        time: Seconds since the epoch, when it was done.
        commands: The lines a person would have typed for it.
    """

    title: str
    topology: Topology
    renames: tuple[Rename, ...] = ()
    time: float = 0.0
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One way to go in the history: converge to that topology.

    Attributes:
        title: What going there means, such as ``undo add bridge host:br0``.
        topology: Where it leads.
        renames: What changes its name on the way.
        position: Where the history stands afterwards.
    """

    title: str
    topology: Topology
    renames: tuple[Rename, ...]
    position: int


@dataclass(frozen=True, slots=True)
class History:
    """Edits in order, and how many of them are done (not undone).

    Attributes:
        start: The lab before the first edit.
        edits: All edits, the undone ones last.
        position: How many are done.
    """

    start: Topology
    edits: tuple[Edit, ...] = field(default=())
    position: int = 0

    @property
    def topology(self) -> Topology:
        """The lab as it is to be now."""
        return self.at(self.position)

    def at(self, position: int) -> Topology:
        """The lab after that many edits."""
        return self.edits[position - 1].topology if position else self.start

    def after(self, edit: Edit) -> History:
        """With one more edit done; what was undone is forgotten."""
        done = (*self.edits[: self.position], edit)
        return History(self.start, done, len(done))

    def moved(self, position: int) -> History:
        """Standing elsewhere in the same list."""
        return History(self.start, self.edits, position)

    def undo(self) -> Step | None:
        """The step back, or None at the start."""
        if self.position == 0:
            return None
        edit = self.edits[self.position - 1]
        renames = tuple(rename.reversed() for rename in reversed(edit.renames))
        return Step(
            f"undo {edit.title}",
            self.at(self.position - 1),
            renames,
            self.position - 1,
        )

    def redo(self) -> Step | None:
        """The step forward again, or None when nothing is undone."""
        if self.position == len(self.edits):
            return None
        edit = self.edits[self.position]
        return Step(
            f"redo {edit.title}", edit.topology, edit.renames, self.position + 1
        )

    def way_to(self, position: int) -> list[Step]:
        """The steps to another position, as few as names allow.

        Edits that rename are steps of their own, since a name may mean something else
        before and after; runs of others are leapt over in one.
        """
        steps: list[Step] = []
        walk, leap = self, False
        while walk.position != position:
            step = walk.undo() if walk.position > position else walk.redo()
            if step is None:
                break
            if leap and not step.renames:
                steps.pop()
            steps.append(step)
            leap = not step.renames
            walk = walk.moved(step.position)
        return steps
