"""What tests of the screen share."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui.bench import Bench
from tests.tui.idle import quick_idle  # noqa: F401 - for every test here
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab.journal import MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.model.topology import Topology
from tuilab.tui.app import Surroundings, TuilabApp

_LED_BY_BLANKS = re.compile(
    r'<text ([^>]*)\bx="([\d.]+)"([^>]*)textLength="([\d.]+)"([^>]*)>'
    r"((?:&#160;)+)([^<]*)</text>"
)
_CELL = 12.2
"""How wide a cell is in the pictures that Rich makes."""


def without_leading_blanks(svg: str) -> str:
    """A picture in which text begins where there is something to see.

    Programs that show SVG leave blanks out at the beginning, and all behind them moves.
    """

    def begin_later(found: re.Match[str]) -> str:
        before, x, between, length, after, blanks, text = found.groups()
        if not text:
            return ""
        by = blanks.count(";") * _CELL
        x, length = f"{float(x) + by:g}", f"{float(length) - by:g}"
        head = f'<text {before}x="{x}"{between}textLength="{length}"{after}>'
        return f"{head}{text}</text>"

    return _LED_BY_BLANKS.sub(begin_later, svg)


@pytest.fixture
def stopped_clock(monkeypatch):
    for module in ("history_text", "log_text"):
        monkeypatch.setattr(f"tuilab.tui.widgets.{module}.clock", lambda _: "12:00:00")


@pytest.fixture
def picture(snap_compare, stopped_clock):
    """Compares a picture of the app after some keys; the checks run just before."""

    def compare(
        keys,
        check,
        *,
        topology=None,
        size=(80, 24),
        ascii_only=False,
        driver=None,
        theme=None,
    ):
        async def made():
            journal = MemoryJournal(topology or Topology("demo"))
            lab = await Lab.open(driver or ModelDriver(), journal, Path())
            await lab.restore()
            return lab

        app = TuilabApp(
            asyncio.run(made()),
            Surroundings(labs=lambda: ["demo"]),
            ascii_only=ascii_only,
        )

        async def run(pilot):
            bench = Bench(app, pilot)
            if theme is not None:
                app.theme = theme
            await bench.idle()
            await keys(bench)
            await bench.idle()
            app.clear_notifications()
            for field in app.screen.query(Input):
                field.cursor_blink = False
            await bench.idle()
            check(bench)

        exported = app.export_screenshot
        app.export_screenshot = lambda **it: without_leading_blanks(exported(**it))
        return snap_compare(app, terminal_size=size, run_before=run)

    return compare
