"""What tests of the screen share."""

from __future__ import annotations

import asyncio
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

        return snap_compare(app, terminal_size=size, run_before=run)

    return compare
