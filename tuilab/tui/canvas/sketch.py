"""One way to draw a lab, worked out as far as one needs to choose among several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tuilab.model.places import Slot
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.layers import Order
from tuilab.tui.canvas.part import Part
from tuilab.tui.canvas.put import put, put_apart
from tuilab.tui.canvas.scene import Manner, Scene

PART_GAP = 4
SHELF_GAP = 1


class Sketch:
    """One way to draw a graph.

    Columns come first, then tracks, which take longest, then lines.

    Args:
        graph: What is to be drawn.
        order: Its rows, from `arrange`.
        manner: How to draw it.
        room: Columns there are; unconnected parts are put into several shelves.
        parts: Those of the order, if their columns are known.

    Attributes:
        width: Columns it takes; before `measure` it may be more.
        height: Rows it takes; 0 before `measure`.
    """

    def __init__(
        self,
        graph: Graph,
        order: Order,
        manner: Manner,
        room: int,
        parts: Iterable[Part] | None = None,
    ) -> None:
        self._scene = Scene(manner, graph, order)
        self._room = room
        self._parts = [] if parts is None else [*parts]
        if parts is None:
            for layers in order.parts:
                part = Part(graph, layers, manner, room, order.inner)
                part.across()
                self._parts.append(part)
        self._places: list[tuple[Part, int, int]] = []
        self._drawn = False
        self.measured = False
        """Whether its size is known."""
        self.width = max((part.width for part in self._parts), default=0)
        self.height = 0

    @property
    def manner(self) -> Manner:
        """How it is drawn."""
        return self._scene.manner

    def tightened(self) -> Sketch:
        """The same, but tight."""
        scene, manner = self._scene, replace(self.manner, tight=True)
        tight = [part.tightened() for part in self._parts]
        parts = [part for part in tight if part is not None]
        known = parts if len(parts) == len(tight) else None
        return Sketch(scene.graph, scene.order, manner, self._room, known)

    @property
    def combed(self) -> bool:
        """Whether any hosts are listed below one another."""
        return any(part.combed for part in self._parts)

    def measure(self) -> None:
        """Find out how large it is."""
        if self.measured:
            return
        self.measured = True
        self.width = 0
        pins = self._scene.graph.pins
        shelf: list[Part] = []
        apart: list[tuple[Slot, Part]] = []
        used = 0
        for part in self._parts:
            part.down()
            if len(part.row) == 1 and (place := pins.get(next(iter(part.row)))):
                apart.append((place, part))
                continue
            if shelf and used + PART_GAP + part.width > self._room:
                self._shelve(shelf)
                shelf, used = [], 0
            used += part.width + (PART_GAP if shelf else 0)
            shelf.append(part)
        if shelf:
            self._shelve(shelf)
        if apart:
            # They stand where nothing is drawn.
            scene = self.scene()
            for _, part in apart:
                part.draw()
            put_apart(scene, apart)
            self.width, self.height = scene.width, scene.height

    def _shelve(self, shelf: list[Part]) -> None:
        """Put parts side by side below what is there, their last rows in line."""
        top = self.height + (SHELF_GAP if self.height else 0)
        height = max(part.height for part in shelf)
        x = 0
        for part in shelf:
            self._places.append((part, x, top + height - part.height))
            x += part.width + PART_GAP
        self.width = max(self.width, x - PART_GAP)
        self.height = top + height

    def scene(self) -> Scene:
        """Where everything is."""
        self.measure()
        if not self._drawn:
            self._drawn = True
            for part, x, y in self._places:
                part.draw()
                put(self._scene, part, x, y)
        return self._scene
