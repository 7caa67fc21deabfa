"""Typed faster than the screen follows, keys do what they do typed slowly."""

from __future__ import annotations

import pytest
from textual.events import Key, Paste

from tests.tui.bench import Bench, opened
from tests.tui.labs import switch
from tuilab.tui.actions import KEYS
from tuilab.tui.app import Surroundings
from tuilab.tui.canvas.graph import Item
from tuilab.tui.escapes import Parser


async def burst(bench: Bench, *keys: str) -> None:
    """All keys at once, as a slow line or a script delivers them."""
    for key in keys:
        bench.app.post_message(Key(key, key if len(key) == 1 else None))
    await bench.idle()


async def test_editing_keys_keep_their_place_among_letters():
    async with opened() as bench:
        await burst(bench, "n", "ctrl+u", *"mineX", "backspace", *"yz", "left", "w")
        await burst(bench, "enter")
        await bench.until(lambda: "mineywz" in bench.topology.namespaces)


async def test_tab_goes_to_the_next_field_before_what_is_typed_into_it():
    async with opened() as bench:
        await burst(bench, "n", "enter", "n", "enter", "v")
        await burst(bench, "tab", "tab", "ctrl+u", *"q0", "tab", "ctrl+u", *"q1")
        await burst(bench, "enter")
        await bench.until(lambda: len(list(bench.topology.links())) == 2)
        ends = [str(endpoint) for endpoint, _ in bench.topology.links()]
        assert ends == ["red:q0", "blue:q1"]


async def test_what_is_pasted_waits_for_the_dialog_as_well():
    async with opened() as bench:
        bench.app.post_message(Key("n", "n"))
        bench.app.post_message(Key("ctrl+u", None))
        bench.app.post_message(Paste("pasted"))
        await burst(bench, "enter")
        await bench.until(lambda: "pasted" in bench.topology.namespaces)


async def test_a_key_whose_widget_goes_away_holds_up_nothing():
    async with opened() as bench:
        await burst(bench, "n", "tab", "escape", "b", "escape", "n", "enter")
        await bench.until(lambda: "red" in bench.topology.namespaces)


async def test_a_key_after_the_end_of_a_move_comes_after_the_edit():
    async with opened(switch()) as bench:
        bench.main.select(Item("namespace", "red"))
        await burst(bench, "m", "right", "enter", "u")
        await bench.idle()
        assert bench.main.lab.snapshot.history.redo() is not None
        assert not bench.topology.layout


@pytest.mark.parametrize(
    ("sent", "keys"),
    [
        ("\x1b:", ["escape", "colon"]),
        ("\x1b\r", ["escape", "enter"]),
        ("\x1b ", ["escape", "space"]),
        ("\x1b1", ["escape", "1"]),
        ("\x1b=", ["escape", "equals_sign"]),
        ("\x1bn", ["alt+n"]),
        ("\x1b[A", ["up"]),
        ("\x1bOP", ["f1"]),
        ("\x1b[1;3A", ["alt+up"]),
        ("\x1bb", ["ctrl+left"]),
        ("x\x1b", ["x", "escape"]),
    ],
)
def test_no_esc_is_lost_before_a_key_that_comes_with_it(sent, keys):
    parser = Parser()
    found = [*parser.feed(sent), *parser.feed("")]
    assert [it.key for it in found if isinstance(it, Key)] == keys


async def test_alt_and_a_letter_is_esc_and_the_letter():
    async with opened(switch()) as bench:
        await bench.press("n")
        bench.app.post_message(Key("alt+shift+t", "T"))
        await bench.until(lambda: bench.main.outline.display)
        assert not bench.in_dialog
    keys = KEYS.with_keys({"redo": ("alt+n",)})
    async with opened(switch(), surroundings=Surroundings(keymap=keys)) as bench:
        bench.app.post_message(Key("alt+n", "n"))
        await bench.until(lambda: any("nothing to redo" in it for it in bench.toasts))
        assert not bench.in_dialog
