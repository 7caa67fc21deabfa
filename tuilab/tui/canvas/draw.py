"""A lab as a drawing in plain text."""

from __future__ import annotations

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.boxes import Level
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import build
from tuilab.tui.canvas.layout import layout
from tuilab.tui.canvas.order import arrange
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.scene import Manner


def draw_text(
    snapshot: Snapshot, width: int, level: Level, *, ascii_only: bool = False
) -> str:
    """Draw a lab.

    Args:
        snapshot: The lab.
        width: Columns to stay within where unconnected parts can be put in shelves;
            a connected part that is wider is drawn in full.
        level: 1 (names), 2 (boxes and ports) or 3 (interfaces and addresses).
        ascii_only: Use plain ASCII signs.
    """
    graph = build(snapshot)
    manner = Manner(level, roomy=ascii_only)
    scene = layout(graph, arrange(graph), manner, width)
    return draw(graph, scene, ASCII if ascii_only else UNICODE).text()
