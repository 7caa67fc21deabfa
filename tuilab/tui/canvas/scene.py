"""A drawing before it has glyphs: boxes and lines in cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from tuilab.tui.canvas.boxes import Level, Shape
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.layers import Gate, Memory, Order
from tuilab.tui.canvas.minimap import Dots
from tuilab.tui.canvas.paper import Kept
from tuilab.tui.canvas.tracing import Traces


@dataclass(frozen=True, slots=True)
class Manner:
    """How to draw.

    Attributes:
        level: Level of detail.
        roomy: Keep lines apart that would seem joined in ASCII.
        tight: Spend no row and no column that nothing needs.
        combs: List the hosts of a switch below one another; for chips.
        narrow: Make grids tall rather than wide: so many times as tall.
    """

    level: Level
    roomy: bool = False
    tight: bool = False
    combs: bool = False
    narrow: int = 1

    @property
    def names(self) -> bool:
        """Whether ports have names: wherever there are boxes."""
        return self.level >= 2


@dataclass(slots=True)
class Box:
    """A node's place."""

    x: int
    y: int
    shape: Shape

    @property
    def width(self) -> int:
        """Columns."""
        return self.shape.width

    @property
    def height(self) -> int:
        """Rows."""
        return self.shape.height

    @property
    def right(self) -> int:
        """First column beyond."""
        return self.x + self.shape.width

    @property
    def bottom(self) -> int:
        """First row beyond."""
        return self.y + self.shape.height

    @property
    def centre(self) -> tuple[float, float]:
        """In cells."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(slots=True)
class Scene:
    """A drawing before it has glyphs.

    Attributes:
        manner: How it is drawn.
        graph: What is drawn.
        order: The rows that everything stands in.
        wish: What `compose` was asked for; None if it was not asked.
        width: Columns.
        height: Rows.
        boxes: By index of the node.
        ways: By index of the edge: corners from its end a to its end b. The ends are
            on the border of a box, or beside a chip.
        gates: Where lines cross the border of the box that they come out of.
        together: Lines, by number, that share the space between two rows.
        traces: The cells that the lines go through, once they are known.
        kept: What was drawn last, to go on from.
        dots: The small pictures of it, by size, as far as they are known.
    """

    manner: Manner
    graph: Graph = field(default_factory=Graph)
    order: Order = field(default_factory=Order)
    wish: object = field(default=None, compare=False)
    width: int = 0
    height: int = 0
    boxes: dict[int, Box] = field(default_factory=dict)
    ways: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    gates: dict[Gate, tuple[int, int]] = field(default_factory=dict)
    together: list[list[int]] = field(default_factory=list)
    traces: Traces | None = field(default=None, compare=False, repr=False)
    kept: Kept | None = field(default=None, compare=False, repr=False)
    dots: dict[tuple[int, int], Dots] = field(
        default_factory=dict, compare=False, repr=False
    )

    def knows(self, item: Item) -> bool:
        """Whether it has been drawn, be it folded into something else."""
        return self.kept is not None and self.kept.knows(item)

    @property
    def memory(self) -> Memory:
        """To be given to the next `compose`."""
        return self.order.memory

    @property
    def level(self) -> Level:
        """Level of detail."""
        return self.manner.level
