"""Any keys at all, typed as fast as they come: the app lives and reports no bug."""

from __future__ import annotations

import random

import pytest
from textual.events import Key
from textual.geometry import Offset

from tests.tui.bench import Bench, opened
from tests.tui.labs import router, switch, two_hosts
from tests.tui.mouse import Mouse
from tuilab.tui.app import Surroundings

NAMED = {" ": "space", "/": "slash", ":": "colon", "?": "question_mark"}
CHARACTERS = {"enter": "\r", "space": " ", "tab": "\t"}
KEYS = (
    *"nbvtsewdxuUarRiT1234zyoWSpcg hjkl0",
    *NAMED.values(),
    *("enter",) * 12,
    *("escape",) * 9,
    *("tab", "shift+tab", "up", "down", "left", "right", "home", "end", "f1"),
    *("pageup", "pagedown", "backspace", "delete", "ctrl+s", "ctrl+o", "ctrl+p"),
)


@pytest.mark.parametrize(
    ("seed", "topology", "size"),
    [
        (1, None, (80, 24)),
        (2, two_hosts(), (60, 15)),
        (3, switch(), (160, 48)),
        (4, router(), (120, 36)),
    ],
    ids=["empty-80x24", "two-hosts-60x15", "switch-160x48", "router-120x36"],
)
async def test_no_keys_end_the_app(tmp_path, seed, topology, size):
    chance = random.Random(seed)
    around = Surroundings(folders=(tmp_path,), reports=tmp_path / "reports")
    async with opened(topology, size=size, surroundings=around) as bench:
        for _ in range(6):
            for _ in range(20):
                key = NAMED.get(key := chance.choice(KEYS), key)
                character = key if len(key) == 1 else CHARACTERS.get(key)
                bench.app.post_message(Key(key, character))
            await bench.idle()
            if not bench.app.is_running:
                break
        assert bench.app._exception is None
    assert not (tmp_path / "reports").exists()


def somewhere(bench: Bench, chance: random.Random) -> Offset:
    """A cell of the screen, rather one with something in it."""
    width, height = bench.app.size
    y = chance.randrange(height)
    row = bench.text.splitlines()[y] if y < len(bench.text.splitlines()) else ""
    signs = [x for x, sign in enumerate(row[:width]) if sign not in " ─│"]
    if signs and chance.random() < 0.7:
        return Offset(chance.choice(signs), y)
    return Offset(chance.randrange(width), y)


@pytest.mark.parametrize(
    ("seed", "topology", "size"),
    [(1, two_hosts(), (80, 24)), (2, switch(), (120, 36)), (3, router(), (60, 15))],
    ids=["two-hosts-80x24", "switch-120x36", "router-60x15"],
)
async def test_no_clicks_end_the_app(tmp_path, seed, topology, size):
    chance = random.Random(seed)
    around = Surroundings(folders=(tmp_path,), reports=tmp_path / "reports")
    async with opened(topology, size=size, surroundings=around) as bench:
        mouse = Mouse(bench)
        for _ in range(50):
            if not bench.app.is_running:
                break
            at, control = somewhere(bench, chance), chance.random() < 0.3
            what = chance.choice(("click", "click", "right", "twice", "drag", "wheel"))
            if what == "drag":
                await mouse.drag(at, somewhere(bench, chance), control=control)
            elif what == "wheel":
                await mouse.wheel(at, chance.choice((1, -1)))
            else:
                button, times = 3 if what == "right" else 1, 1 + (what == "twice")
                await mouse.click(at, button=button, times=times, control=control)
        assert bench.app._exception is None
    assert not (tmp_path / "reports").exists()
