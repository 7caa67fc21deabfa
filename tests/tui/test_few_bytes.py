"""A selection that moves in a large drawing is few bytes, whatever must be scrolled."""

from __future__ import annotations

import pytest
from rich.console import Console
from textual._compositor import CompositorUpdate
from textual.screen import Screen

from tests.canvas_labs import branches
from tests.tui.bench import opened
from tuilab.model import generate
from tuilab.tui.app import TuilabApp
from tuilab.tui.screens.below import Below
from tuilab.tui.thrift import Shown

FEW = 1900
"""A real terminal gets some more: where the cursor is, and that it is all of it."""


@pytest.mark.parametrize(
    ("topology", "size", "moves"),
    [
        (branches(10, 19).topology(), (120, 36), "jjjjkk"),
        (branches(10, 19).topology(), (160, 48), "jjkllllljjlhjkhlkk"),
        (generate.fat_tree(4), (80, 24), "jjjlljkjhjjkkkk"),
        (generate.star(30), (160, 48), "jjklk"),
    ],
    ids=["branches", "wide branches", "tree", "star"],
)
async def test_moves_of_the_selection_are_few_bytes(topology, size, moves, monkeypatch):
    shown, display = Shown(erases=True, moves=True), TuilabApp._display
    console = Console(color_system="256", force_terminal=True)
    sent: list[str] = []

    def painted(app: TuilabApp, screen: Screen[object], update: object) -> None:
        if isinstance(update, CompositorUpdate | None) and not app._batch_count:
            more = isinstance(screen, Below) and screen.painting
            sent.append(shown.changes(update, console, app.size, more=more) or "")
        display(app, screen, update)

    monkeypatch.setattr(TuilabApp, "_display", painted)
    async with opened(topology, size=size) as bench:
        canvas, inspector = bench.main.canvas, bench.main.inspector
        await bench.idle()
        for key in moves:
            sent.clear()
            item = canvas.selected
            await bench.press(key)
            await bench.until(lambda: inspector._told_of == bench.main.selected)
            await bench.idle()
            count = len("".join(sent).encode())
            assert count < FEW, (key, item, canvas.selected, count)
