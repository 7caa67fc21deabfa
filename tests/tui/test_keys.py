"""The table of keys, and a person's own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tui.bench import opened
from tests.tui.labs import two_hosts
from tuilab.tui.actions import ACTIONS, KEYS
from tuilab.tui.app import Surroundings
from tuilab.tui.keyfile import conflicts, keys_file, read_keys, template, write_keys
from tuilab.tui.keymap import read_key, show_key
from tuilab.tui.moves import MOVES


@pytest.fixture
def file(tmp_path):
    return tmp_path / "tuilab" / "keys.yaml"


def read(file, text):
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return read_keys(file)


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("?", "question_mark"),
        ("^s", "ctrl+s"),
        ("ctrl+s", "ctrl+s"),
        ("PgDn", "pagedown"),
        ("shift+Tab", "shift+tab"),
        ("ctrl+Left", "ctrl+left"),
        ("N", "N"),
        ("f5", "f5"),
        ("+", "plus"),
        (",", "comma"),
        ("bogus", None),
        ("ctrl+bogus", None),
        ("", None),
    ],
)
def test_keys_are_written_as_they_are_shown_or_as_they_are_called(typed, key):
    assert read_key(typed) == key
    if key:
        assert read_key(show_key(key)) == key


def test_the_table_has_no_conflict_and_every_key_can_be_written():
    assert not list(conflicts(KEYS))
    for keys in KEYS.by_id.values():
        assert all(read_key(show_key(key)) == key for key in keys)


def test_the_file_that_is_written_changes_nothing_until_it_is_edited(file):
    write_keys(file)
    assert read_keys(file) == (KEYS, [])
    uncommented = re.sub(r"(?m)^#(\S+: )", r"\1", template())
    assert uncommented.count(": ") > len(KEYS.by_id)
    keymap, problems = read(file, uncommented)
    assert (dict(keymap.by_id), problems) == (dict(KEYS.by_id), [])
    with pytest.raises(Exception, match="is there already"):
        write_keys(file)
    # Each group once, and what keys do in one column.
    lines = template().splitlines()
    headings = [line for line in lines[2:] if line.startswith("# ")]
    assert len(headings) == len(set(headings)) > 5
    entries = [line for line in lines if ": " in line and " # " in line]
    assert len(entries) == len(KEYS.by_id)
    assert len({line.index(" # ") for line in entries}) == 1


def test_no_key_of_the_drawing_hides_another():
    keys = [
        key
        for action in ACTIONS.values()
        if action.where in ("", "canvas")
        for key in action.keys
    ]
    keys += [key for it in MOVES.values() if it.pane == "canvas" for key in it.keys]
    assert len(keys) == len(set(keys))


def test_every_mistake_has_its_place_and_costs_only_itself(file):
    keymap, problems = read(
        file,
        "add_bridge: Z\n"
        "add_tap: h\n"
        "zzz: x\n"
        "add_namespce: N\n"
        "undo: ctrl+bogus\n"
        "redo: {a: b}\n",
    )
    assert [problem.removeprefix(f"{file}:") for problem in problems] == [
        '2:10: "h" for add_tap is also the key of canvas.left (left); '
        "give canvas.left another key too, or choose one for add_tap",
        '3:1: "zzz" is no action; tuilab keys lists them',
        '4:1: "add_namespce" is no action; did you mean "add_namespace"?',
        '5:7: "ctrl+bogus" is no key; '
        "write it as n, N, ?, f5, ^s or ctrl+s, PgDn, shift+tab",
        "6:1: this is no key; write it as n, or as [n, f5]",
    ]
    assert keymap.changed == {"add_bridge": ("Z",)}


def test_two_actions_may_swap_their_keys_and_one_may_have_none(file):
    text = "add_namespace: b\nadd_bridge: n\ndelete: none\nundo: [f5, z]\nzoom: Z\n"
    keymap, problems = read(file, text)
    assert problems == []
    assert keymap.shown("undo") == "F5 z"
    assert keymap.key("delete") == ":delete"


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "\x00", "just words"])
def test_a_file_that_is_none_is_told_of(file, text):
    keymap, problems = read(file, text)
    assert keymap.changed == {}
    assert problems[0].startswith(f"{file}:1:") or problems[0].startswith(f"{file}:2:")


def test_the_file_is_where_xdg_has_it(tmp_path):
    there = keys_file({"XDG_CONFIG_HOME": str(tmp_path)})
    assert there == tmp_path / "tuilab" / "keys.yaml"
    assert keys_file({"XDG_CONFIG_HOME": "not/absolute"}).is_absolute()


async def test_own_keys_work_and_are_shown_everywhere(file):
    text = (
        "add_namespace: b\nadd_bridge: n\nundo: f5\nadd_cable: f8\n"
        "canvas.right: [Right, f6]\nquit: none\ndialog.cancel: f9\n"
    )
    keymap, problems = read(file, text)
    around = Surroundings(keymap=keymap, key_problems=problems, reports=file.parent)
    async with opened(surroundings=around, size=(120, 36)) as bench:
        assert "b ns" in bench.text.splitlines()[-1]
        assert "n bridge" in bench.text.splitlines()[-1]
        await bench.press("f8")
        assert "add a namespace first (b)" in bench.toasts[-1]
        await bench.press("b", "enter", "b", "enter", "f8", "enter")
        assert len(list(bench.topology.links())) == 2
        await bench.press("v")
        assert not bench.in_dialog
        await bench.press("f5")
        assert not list(bench.topology.links())
        assert bench.main.selected.namespace == "blue"
        await bench.press("left", "f6")
        assert bench.main.selected.namespace == "blue"
        await bench.press("q")
        assert not bench.in_dialog
        await bench.press("question_mark")
        await bench.type("undo the last")
        assert "F5" in bench.text
        assert "[ Cancel  F9 ]" in bench.text
        await bench.press("escape")
        assert bench.in_dialog
        await bench.press("f9", "colon")
        await bench.type("quit")
        await bench.until(lambda: ":quit" in bench.text)


async def test_a_wrong_file_is_told_of_and_the_screen_opens(file):
    keymap, problems = read(file, "bogus: x\n")
    around = Surroundings(keymap=keymap, key_problems=problems, reports=file.parent)
    async with opened(two_hosts(), surroundings=around) as bench:
        bench.app.on_mount()
        await bench.idle()
        assert any("keys.yaml:1:1" in toast for toast in bench.toasts)


def test_ids_of_actions_and_moves_are_never_the_same():
    assert not set(ACTIONS) & set(MOVES)


def table_of_keys():
    """The verbs with their keys, a row a group, as the README has them."""
    groups, drawing = {}, []
    for action in ACTIONS.values():
        if action.keys and action.where in ("", "canvas"):
            keys = " ".join(f"`{show_key(key)}`" for key in action.keys)
            row = drawing if action.where else groups.setdefault(action.group, [])
            row.append(f"{keys} {action.about}")
    rows = [f"| {group} | {', '.join(rows)} |" for group, rows in groups.items()]
    moves = [
        f"`{show_key(move.keys[0])}` {move.about}"
        for move in MOVES.values()
        if move.pane == "canvas" and len(move.keys[0]) < 6
    ]
    rows.append(f"| Drawing | {', '.join(moves + drawing)} |")
    return "\n".join(["| | |", "| --- | --- |", *rows])


def test_the_readme_has_the_keys_of_the_table():
    """All that it says is so, and no verb is missing that has a key everywhere or on
    the drawing."""
    text = (Path(__file__).parents[2] / "README.md").read_text()
    section = text.partition("\n## Keys\n")[2].partition("\n\n`?`")[0]
    there = {
        it: f"{' '.join(f'`{show_key(key)}`' for key in it.keys)} {it.about}"
        for it in ACTIONS.values()
        if it.keys and it.where in ("", "canvas")
    }
    for entry in there.values():
        assert entry in section, table_of_keys()
    entries = re.split("[,|] (?=`)", section)[1:]
    assert len(entries) > 30
    known = [
        *there.values(),
        *(f"`{show_key(m.keys[0])}` {m.about}" for m in MOVES.values()),
    ]
    for entry in entries:
        assert any(entry.startswith(it) for it in known), (entry, table_of_keys())
