"""The signs of the drawing, in Unicode and in plain ASCII; each one cell wide."""

from __future__ import annotations

from dataclasses import dataclass

from tuilab.tui.canvas.graph import Health, Mark

NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8
VERTICAL = NORTH | SOUTH
HORIZONTAL = EAST | WEST


def _lines(signs: str) -> dict[int, str]:
    """A table by mask from ``│─╭╮╰╯``; half a line looks like a whole one."""
    vertical, horizontal, es, sw, ne, nw = list(signs)
    return {
        NORTH: vertical,
        SOUTH: vertical,
        VERTICAL: vertical,
        EAST: horizontal,
        WEST: horizontal,
        HORIZONTAL: horizontal,
        EAST | SOUTH: es,
        SOUTH | WEST: sw,
        NORTH | EAST: ne,
        NORTH | WEST: nw,
    }


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs.

    Attributes:
        light: Lines by mask of the directions they leave a cell in.
        dashed: Lines without carrier.
        heavy: The selected line.
        double: Frames of bridges.
        cross: Crossing of two lines that are not joined; by weight of the vertical
            and the horizontal one (``l`` or ``h``).
        port: The sign on a border, by health of the link.
        marks: The sign behind a name or on a port, by mark.
        cell: The sign of a leaf in a grid, by health of its link.
        trunk: The port of a line that stands for several cables.
        busy: Lines that something flows through.
        arrows: Where it flows to, by direction.
        moving: The sign of a leaf in a grid that sends, receives, or both.
        error: The sign of a link that has lost something.
        bullet: Before an interface in a list, by health.
        dot: What a node on the map is filled with, by kind; when selected or marked.
        chip: Brackets of a namespace, a bridge and a tap on one row.
        selected: Left and right of a selected name, and of a marked one.
        box: Sides of a box that selects: horizontal, vertical, corner.
    """

    light: dict[int, str]
    dashed: dict[int, str]
    heavy: dict[int, str]
    double: dict[int, str]
    cross: dict[str, str]
    port: dict[Health, str]
    marks: dict[Mark, str]
    cell: dict[Health, str]
    trunk: str
    busy: dict[int, str]
    arrows: dict[int, str]
    moving: tuple[str, str, str]
    error: str
    bullet: dict[Health, str]
    dot: dict[str, str]
    chip: dict[str, tuple[str, str]]
    selected: tuple[str, str]
    marked: tuple[str, str]
    down: str
    box: tuple[str, str, str]

    def sign(self, word: str) -> str:
        """The sign of a health or a mark."""
        signs = [*self.marks.items(), *self.cell.items()]
        return next(sign for name, sign in signs if name == word)


UNICODE = Glyphs(
    light=_lines("│─╭╮╰╯"),
    dashed=_lines("┆╌╭╮╰╯"),
    heavy=_lines("┃━┏┓┗┛"),
    double=_lines("║═╔╗╚╝"),
    cross={
        "ll": "┼",
        "hl": "╂",
        "lh": "┿",
        "hh": "╋",
    },
    port={"up": "●", "no-carrier": "○", "down": "✗", "missing": "?"},
    marks={
        "": "",
        "pending": "…",
        "drift": "≠",
        "missing": "?",
        "outside": "+",
        "foreign": "·",
    },
    cell={"up": "●", "no-carrier": "○", "down": "✗", "missing": "?"},
    trunk="◉",
    busy=_lines("┃━┏┓┗┛"),
    arrows={NORTH: "▴", EAST: "▸", SOUTH: "▾", WEST: "◂"},
    moving=("▴", "▾", "◆"),
    error="!",
    bullet={"up": "▸", "no-carrier": "▹", "down": "✗", "missing": "?"},
    dot={
        "namespace": "■",
        "bridge": "═",
        "tap": "▪",
        "selected": "█",
        "marked": "◆",
    },
    chip={"namespace": ("[", "]"), "bridge": ("═", "═"), "tap": ("(", ")")},
    selected=("▐", "▌"),
    marked=("◆", "◆"),
    down="✗",
    box=("╍", "╏", "+"),
)
ASCII = Glyphs(
    light=_lines("|-++++"),
    dashed=_lines(":.++++"),
    heavy=_lines("######"),
    double=_lines('"=++++'),
    # A plus sign would be a corner: one line hops over the other.
    cross={
        "ll": ")",
        "hl": "#",
        "lh": "#",
        "hh": "#",
    },
    port={"up": "o", "no-carrier": "o", "down": "x", "missing": "?"},
    marks={
        "": "",
        "pending": "~",
        "drift": "!",
        "missing": "?",
        "outside": "+",
        "foreign": "'",
    },
    cell={"up": "o", "no-carrier": ".", "down": "x", "missing": "?"},
    trunk="@",
    # No heavier lines: they look the same in all directions.
    busy=_lines("|-++++"),
    arrows={NORTH: "^", EAST: ">", SOUTH: "v", WEST: "<"},
    moving=("^", "v", "%"),
    error="E",
    bullet={"up": ">", "no-carrier": ".", "down": "x", "missing": "?"},
    dot={
        "namespace": "N",
        "bridge": "=",
        "tap": "t",
        "selected": "@",
        "marked": "*",
    },
    chip={"namespace": ("[", "]"), "bridge": ("=", "="), "tap": ("(", ")")},
    selected=(">", "<"),
    marked=("*", "*"),
    down="x",
    box=("-", "|", "+"),
)
