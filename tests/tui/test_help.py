"""Help, palette and refusals: what can be done here, and why not."""

from __future__ import annotations

import pytest

from tests.tui.bench import opened
from tests.tui.labs import two_hosts
from tuilab.model import edits
from tuilab.tui.canvas.graph import Item


async def test_help_lists_every_key_finds_and_runs_one():
    async with opened() as bench:
        await bench.press("question_mark")
        await bench.type("add bridge")
        assert "add bridge" in bench.text
        await bench.press("enter")
        await bench.until(lambda: bench.in_dialog)
        assert "Add bridge" in bench.text


async def test_help_begins_with_the_keys_of_the_pane_one_is_in():
    async with opened(two_hosts()) as bench:
        for keys, heading, key in (
            (["1"], "Packets: this pane", "pause or follow"),
            (["escape", "question_mark"], "Drawing: this pane", "left"),
        ):
            await bench.press(*keys, *["question_mark"][: len(keys) == 1])
            rows = [row.strip("│ ") for row in bench.text.splitlines()]
            at = rows.index(heading)
            assert rows[at + 1].endswith((key, "▆"))
            assert key in rows[at + 1]
            await bench.press("escape")


async def test_help_says_of_what_was_found_where_it_works():
    """The drawing and the list both have a key that marks an end."""
    async with opened(two_hosts()) as bench:
        await bench.press("question_mark", *"mark an end")
        rows = [row.strip("│ ") for row in bench.text.splitlines()]
        found = [at for at, row in enumerate(rows) if "mark an end" in row][1:]
        assert [rows[at - 1] for at in found] == ["Drawing: this pane", "Tree"]


async def test_the_palette_runs_an_action_by_words():
    async with opened() as bench:
        await bench.press("colon")
        await bench.type("add names")
        await bench.until(lambda: "Build: add namespace" in bench.text)
        await bench.press("enter")
        await bench.until(lambda: "Connect" in bench.text)
        await bench.press("enter")
        assert "red" in bench.topology.namespaces


async def test_the_palette_and_help_use_the_words_of_the_screen():
    async with opened() as bench:
        await bench.press("colon")
        await bench.type("theme")
        await bench.until(lambda: "View: change the colours" in bench.text)
        assert "other colours" not in bench.text
        await bench.press("escape", "question_mark")
        await bench.type("fold or")
        rows = [row.strip("│ ") for row in bench.text.splitlines()]
        assert "Drawing: this pane" in rows
        assert any("fold or unfold" in row for row in rows)


async def test_the_palette_finds_by_id_by_words_and_by_likeness():
    async with opened(two_hosts()) as bench:
        await bench.press("colon")

        def first() -> str:
            lines = bench.text.splitlines()
            return lines[
                next(i for i, text in enumerate(lines) if "Commands" in text) + 3
            ]

        for typed, found in (
            (":save", "save to a file"),
            ("undo", "undo the last edit"),
            ("bridge add", "add bridge"),
            ("adnmsp", "add namespace"),
        ):
            await bench.fill("query", typed)
            assert found in first(), typed
        await bench.fill("query", "qqqq")
        await bench.press("enter")
        assert "nothing is like that" in bench.problem("")
        assert bench.in_dialog


async def test_a_theme_is_chosen_by_its_name():
    async with opened() as bench:
        bench.main.start("theme")
        await bench.until(lambda: "which colours" in bench.text)
        await bench.type("nord")
        await bench.until(lambda: "gruvbox" not in bench.text)
        await bench.press("enter")
        await bench.until(lambda: bench.app.theme == "nord")


async def test_refused_keys_say_why():
    async with opened() as bench:
        for key, reason in (
            ("v", "a cable needs two ends: add a namespace first (n)"),
            ("e", "nothing is selected"),
            ("d", "nothing is selected"),
            ("s", "this lab is only a preview: a test"),
            ("w", "there is no link to watch yet"),
            ("W", "nothing is being captured"),
            ("S", "no packet has been captured yet"),
            ("o", "only a preview"),
        ):
            await bench.press(key)
            assert not bench.in_dialog
            assert reason in bench.toasts[-1], key


@pytest.mark.parametrize(
    ("selected", "keys", "reason"),
    [
        (None, ("enter", "space", "p", "c"), "nothing is selected: choose something"),
        (Item("link", "red", "eth0"), ("p",), '"red:eth0" has no ports here'),
        (Item("namespace", "alone"), ("p",), '"alone" has no ports here'),
    ],
)
async def test_keys_of_the_drawing_say_why_not_too(selected, keys, reason):
    topology = edits.add_namespace("alone").apply(two_hosts())
    for key in keys:
        async with opened(topology) as bench:
            if selected is not None:
                bench.main.select(selected)
            await bench.press(key)
            assert bench.main.selected == selected
            assert [reason in toast for toast in bench.toasts] == [True], key


@pytest.mark.parametrize(
    ("pane", "key", "reason"),
    [
        ("2", "f", "f works in the drawing: fold or unfold (Tab goes there)"),
        ("3", "space", "Space works in the drawing: mark an end"),
        ("4", "g", "g works in the drawing: jump by letters"),
        ("1", "p", "p works in the drawing: into the ports of the node (Tab goes"),
        ("enter", "m", "m works in the drawing: move and pin it"),
        ("T", "c", "c works in the drawing: centre the selection (T goes there)"),
        ("T", "C", "C works among packets: drop the packets (Tab goes there)"),
        ("1", "left", ""),
        ("2", "e", ""),
        ("2", "j", ""),
        ("4", "at", ""),
    ],
)
async def test_a_key_that_works_elsewhere_says_where(pane, key, reason):
    async with opened(two_hosts(), size=(120, 36)) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press(pane)
        before = bench.app.focused
        await bench.press(key)
        said = [toast for toast in bench.toasts if " works " in toast]
        assert len(said) == bool(reason)
        assert all(toast.startswith(reason) for toast in said), said
        if reason:
            assert bench.app.focused is before


async def test_the_keys_are_told_that_go_to_the_pane_where_a_key_works():
    async with opened(two_hosts(), size=(160, 48)) as bench:
        for pane, way in (("4", "Tab Tab"), ("1", "Tab Tab"), ("tab", "Tab")):
            await bench.press(pane, "p", "p")
            # The same is not said twice.
            assert bench.toasts[-1].endswith(f"({way} goes there)")
            assert bench.toasts.count(bench.toasts[-1]) == 1
        await bench.press("tab")
        assert bench.app.focused is bench.main.canvas
        await bench.press("tab", "p")
        assert bench.toasts[-1].endswith("(shift+Tab goes there)")
        await bench.press("shift+tab")
        assert bench.app.focused is bench.main.canvas


async def test_help_runs_a_move_of_the_drawing_and_says_why_not_in_a_dialog():
    async with opened(two_hosts()) as bench:
        await bench.press("question_mark")
        await bench.type("zoom in")
        level = bench.main.canvas.level
        await bench.press("enter")
        await bench.until(lambda: bench.main.canvas.level == min(level + 1, 3))
        assert not bench.in_dialog
        await bench.press("question_mark")
        await bench.type("stop sending")
        await bench.press("enter")
        assert bench.in_dialog
        assert "that key works in dialogs" in bench.problem("")
