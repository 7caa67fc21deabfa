"""The few signs the screen uses beside text, each one cell wide."""

from __future__ import annotations

from dataclasses import dataclass

from tuilab.lab.snapshot import Operstate


@dataclass(frozen=True, slots=True)
class Glyphs:
    """A set of signs that go together.

    Attributes:
        up: A link that works; likewise the others.
        here: Marks the current line.
        differs: Otherwise than wished; `missing` and `outside` say how.
        frame: Name of the Textual border style of a pane.
        bars: Smallest to largest bar of a sparkline.
    """

    up: str
    down: str
    no_carrier: str
    good: str
    bad: str
    here: str
    differs: str
    missing: str
    outside: str
    dot: str
    record: str
    separator: str
    ellipsis: str
    joins: str
    tree_open: str
    tree_shut: str
    frame: str
    bars: str

    def operstate(self, state: Operstate | None) -> str:
        """The sign for a link's state; a question mark where it is not known."""
        if state == "up":
            return self.up
        if state == "down":
            return self.down
        return self.no_carrier if state == "no-carrier" else "?"


UNICODE = Glyphs(
    up="▲",
    down="✗",
    no_carrier="┆",
    good="✓",
    bad="✗",
    here="▶",
    differs="≠",
    missing="?",
    outside="+",
    dot="·",
    record="●",
    separator="│",
    ellipsis="…",
    joins="═",
    tree_open="▾",
    tree_shut="▸",
    frame="round",
    bars="▁▂▃▄▅▆▇█",
)
ASCII = Glyphs(
    up="^",
    down="x",
    no_carrier=":",
    good="+",
    bad="!",
    here=">",
    differs="!",
    missing="?",
    outside="+",
    dot="-",
    record="*",
    separator="|",
    ellipsis="~",
    joins="=",
    tree_open="v",
    tree_shut=">",
    frame="ascii",
    bars="_.-=+*%#",
)


def sparkline(values: list[float], glyphs: Glyphs) -> str:
    """One bar a value, the largest value as the largest bar."""
    most = max(values, default=0.0)
    if most <= 0:
        return glyphs.bars[0] * len(values)
    top = len(glyphs.bars) - 1
    return "".join(glyphs.bars[round(v / most * top)] for v in values)
