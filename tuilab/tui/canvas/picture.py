"""All of a lab's drawing for a file: as text, or as a picture."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.raster import draw

if TYPE_CHECKING:
    from tuilab.tui.canvas.lab_view import LabView


async def exported(canvas: LabView, title: str, *, picture: bool) -> str:
    """What stands on a canvas, without what is selected and marked there.

    Args:
        canvas: The pane; however little of the drawing is in sight.
        title: Written above a picture.
        picture: As SVG, not as plain text.
    """
    glyphs = ASCII if canvas.ascii_only else UNICODE
    # Of its own: what the canvas goes on from when it draws again stays as it is.
    scene = replace(canvas.scene, kept=None)
    drawing = await asyncio.to_thread(draw, scene, glyphs)
    if not picture:
        return drawing.text() + "\n"
    looks = canvas.looks(drawing)
    return await asyncio.to_thread(svg, drawing, looks, title)


def svg(drawing: Drawing, looks: Mapping[str, Style], title: str) -> str:
    """Paint it all, however large it is; may run beside the loop.

    Args:
        drawing: What is to be seen.
        looks: How each style of its runs looks.
        title: Written above.
    """
    console = Console(
        width=max(drawing.width, len(title) + 20),
        height=drawing.height,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        record=True,
        legacy_windows=False,
        safe_box=False,
    )
    rest = Segment(" " * (console.width - drawing.width), looks["space"])
    cells: list[Segment] = []
    for row in drawing.rows:
        cells += [Segment(run.text, looks[run.style]) for run in row]
        cells += [rest, Segment.line()]
    console.print(Segments(cells))
    return console.export_svg(title=title)
