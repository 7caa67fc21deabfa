"""Only what has changed is painted, and all of it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.screen import Screen
from textual.widget import Widget

from tests.tui.bench import Bench, opened
from tests.tui.labs import two_hosts
from tests.tui.packets import many_store
from tuilab.model import edits
from tuilab.model.topology import Endpoint
from tuilab.tui.app import TuilabApp
from tuilab.tui.thrift import Shown

KEYS = (
    *("j", "k", "l", "tab", "1", "2", "4", "plus", "0", "i", "T", "end", "g"),
    *("slash", "a", "x", "at", "escape", "n", "question_mark", "escape"),
)


async def on_packets(bench: Bench, path: Path) -> None:
    """Look at the packets of a file."""
    many_store(path, 40).close()
    await bench.app.watching.open(path)
    await bench.press("1")
    await bench.until(lambda: bench.main.packets.line_count() == 40)


async def drag(bench: Bench, draw: random.Random) -> None:
    """Give the window some sizes, one soon after the other."""
    for _ in range(draw.randint(1, 5)):
        width, height = draw.randint(60, 170), draw.randint(18, 50)
        await bench.pilot.resize_terminal(width, height)
        for _ in range(draw.randint(0, 9)):
            await asyncio.sleep(0)
    await bench.idle()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_what_was_painted_in_parts_is_what_is_there(
    size, seed, tmp_path, monkeypatch
):
    draw = random.Random(f"{size} {seed}")
    terminal, display = Shown(), TuilabApp._display

    def painted(app: TuilabApp, screen: Screen[object], update: object) -> None:
        if isinstance(update, CompositorUpdate) and not app._batch_count:
            terminal.changes(update, app.console, app.size)
        display(app, screen, update)

    monkeypatch.setattr(TuilabApp, "_display", painted)
    async with opened(two_hosts(), size=size) as bench:
        await on_packets(bench, tmp_path / "some.pcapng")
        for step in range(40):
            await bench.press(draw.choice(KEYS))
            if step % 8 == 7:
                await drag(bench, draw)
        while bench.in_dialog:
            await bench.press("escape")
        up = draw.random() < 0.5
        await bench.edit(edits.set_link(Endpoint("red", "eth0"), up=up))
        for screen in bench.app.screen_stack:
            assert screen._compositor.size == bench.app.size
        whole = Shown()
        rows = [[strip] for strip in bench.strips]
        update = LayoutUpdate(rows, bench.app.screen.size.region)
        whole.changes(update, bench.app.console, bench.app.size)
        for y, row in whole._rows.items():
            assert "".join(sign for sign, _ in terminal._rows[y]) == "".join(
                sign for sign, _ in row
            ), y
            assert terminal._rows[y] == row, y


async def test_a_letter_of_a_filter_paints_the_filter_alone(tmp_path, monkeypatch):
    asked: Counter[str] = Counter()
    layouts: list[bool] = []
    render, lay_out = Widget.render_lines, Screen._refresh_layout

    def rendered(widget, crop):
        asked[widget.id or type(widget).__name__] += crop.height
        return render(widget, crop)

    def laid_out(*args, **options):
        layouts.append(True)
        return lay_out(*args, **options)

    async with opened(two_hosts(), size=(160, 48)) as bench:
        await on_packets(bench, tmp_path / "some.pcapng")
        # What is said of it has got its room by then.
        await bench.press("slash", *"icmp and")
        await bench.until(lambda: "as text" in bench.text)
        await bench.press("ctrl+u")
        await bench.until(lambda: "Up:" in bench.text)
        monkeypatch.setattr(Widget, "render_lines", rendered)
        monkeypatch.setattr(Screen, "_refresh_layout", laid_out)
        await bench.press(*"icmp")
        bar = bench.main.desk.bar
        # Not `text`, which renders everything.
        await bench.until(lambda: "valid" in str(bar.query_one("#verdict").render()))
        assert not layouts
        assert asked["bar-input"] >= 4
        # A cursor that blinks, letters and verdicts: rows of the bar, each once.
        assert set(asked) <= {"bar-input", "verdict"}, asked


async def test_news_of_a_capture_leave_other_panes_alone(tmp_path, monkeypatch):
    updates: list[ChopsUpdate | LayoutUpdate] = []
    display = TuilabApp._display

    def painted(app: TuilabApp, screen: Screen[object], update: object) -> None:
        updates.append(update)
        display(app, screen, update)

    async with opened(two_hosts(), size=(160, 48)) as bench:
        await on_packets(bench, tmp_path / "some.pcapng")
        frame = bench.main.bottom
        monkeypatch.setattr(TuilabApp, "_display", painted)
        bench.main.show_packets()
        bench.main.refresh_lab()
        await bench.idle()
        assert not updates
        monkeypatch.setattr(type(bench.app.watching), "names", "elsewhere")
        bench.main.show_packets()
        await bench.until(lambda: updates)
        (update,) = updates
        assert [y for y, _, _ in update.spans] == [frame.region.bottom - 1]
        assert "elsewhere" in bench.text
