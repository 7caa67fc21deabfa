"""A lab as a drawing in plain text."""

from __future__ import annotations

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.boxes import Level
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.raster import draw

TALL = 10_000
"""Rows are no matter: text is scrolled."""


def draw_text(
    snapshot: Snapshot,
    width: int,
    level: Level | None = None,
    *,
    ascii_only: bool = False,
    choices: Choices | None = None,
) -> str:
    """Draw a lab.

    Args:
        snapshot: The lab.
        width: Columns to stay within where unconnected parts can be put in shelves;
            a connected part that is wider is drawn in full.
        level: 1 (names), 2 (boxes and ports) or 3 (interfaces and addresses); None
            for the most detailed one that fits the width.
        ascii_only: Use plain ASCII signs.
        choices: What is folded, if not what usually is.
    """
    wish = Wish(width, TALL, level, choices or Choices(), roomy=ascii_only)
    return draw(compose(build(snapshot), wish), ASCII if ascii_only else UNICODE).text()
