"""Every dialog: all of it is on the screen, nothing is cut, the way out is seen."""

from __future__ import annotations

import pytest
from textual.geometry import Region
from textual.widgets import Input, Label

from tests.tui.bench import opened
from tests.tui.labs import switch
from tuilab.model.topology import HOST
from tuilab.tui.canvas.graph import Item
from tuilab.tui.surroundings import Surroundings

RED, BR0 = Item("namespace", "red"), Item("bridge", HOST, "br0")
RED_LINK, PORT = Item("link", "red", "eth0"), Item("link", HOST, "port1")
CABLE = Item("cable", HOST, "port1", switch().link(PORT.endpoint).peer)
DIALOGS = {
    "add namespace": (RED, "n"),
    "add bridge": (None, "b"),
    "add cable": (RED, "v"),
    "add tap": (BR0, "t"),
    "add tap in a namespace": (RED, "t"),
    "add address": (RED_LINK, "a"),
    "add route": (RED, "r"),
    "edit namespace": (RED, "e"),
    "edit link": (RED_LINK, "e"),
    "edit port": (PORT, "e"),
    "edit cable": (CABLE, "e"),
    "edit bridge": (BR0, "e"),
    "delete namespace": (RED, "d"),
    "delete bridge": (BR0, "d"),
    "delete cable": (CABLE, "d"),
    "generate": (None, "B"),
    "save": (None, "ctrl+s"),
    "load": (None, "ctrl+o"),
    "help": (None, "question_mark"),
    "find": (None, "slash"),
    "addresses": (BR0, "I"),
    "labs": (None, "labs"),
    "columns and colours": (None, "packet_looks"),
    "open packets": (None, "open_packets"),
    "quit": (None, "q"),
}
VERBS = {"labs", "packet_looks", "open_packets"}
"""What has no key everywhere is started by its name."""


async def show(bench, name):
    """Open a dialog on what it is about."""
    item, key = DIALOGS[name]
    if item is not None:
        bench.main.select(item)
    if key in VERBS:
        bench.main.start(key)
    else:
        await bench.press(key)
    await bench.until(lambda: bench.in_dialog, name)
    await bench.idle()


def in_sight(bench, widget):
    """The part of a widget that is not scrolled away."""
    found = widget.region
    for above in widget.ancestors:
        found = found.intersection(getattr(above, "region", found))
    return found


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *((name, (80, 24)) for name in DIALOGS),
        *((name, (120, 36)) for name in ("add cable", "edit bridge", "load")),
        *((name, (160, 48)) for name in ("add namespace", "edit namespace", "help")),
    ],
    ids=str,
)
async def test_all_of_it_is_seen(name, size):
    around = Surroundings(labs=lambda: ["demo", "other"])
    async with opened(switch(), size=size, surroundings=around) as bench:
        await show(bench, name)
        screen = bench.app.screen
        frame = screen.query_one("#frame").region
        assert Region(0, 0, *size).contains_region(frame)
        buttons = screen.query_one("#buttons")
        assert in_sight(bench, buttons) == buttons.region
        rows = bench.text.splitlines()[buttons.region.y : buttons.region.bottom]
        assert any("Esc ]" in row for row in rows)
        for label in screen.query(Label):
            if label.display and label.region.area:
                words = str(label.render())
                assert len(words) <= label.region.width, words
        for field in screen.query("Input, Select"):
            if not field.region.area:
                continue  # it means nothing here, so it is hidden
            assert in_sight(bench, field) == field.region, field.id
            if isinstance(field, Input) and not field.value:
                assert len(field.placeholder) <= field.size.width, field.placeholder
        before = bench.topology
        await bench.press("escape")
        assert not bench.in_dialog
        assert bench.topology == before
