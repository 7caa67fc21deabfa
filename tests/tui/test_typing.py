"""Typed faster than the screen follows, keys do what they do typed slowly."""

from __future__ import annotations

from textual.events import Key, Paste

from tests.tui.bench import Bench, opened
from tests.tui.labs import switch
from tuilab.tui.canvas.graph import Item


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
