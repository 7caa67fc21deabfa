"""A person's own keys: ``keys.yaml`` below XDG_CONFIG_HOME, checked against the table.

The file never keeps the screen from opening: an entry that is wrong is told of, with
its place, and that one action keeps the keys it had.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tuilab.errors import InvalidTopology, Problem, UsageError
from tuilab.formats.tree import Item, read
from tuilab.tui.actions import ACTIONS, KEYS
from tuilab.tui.keymap import Keymap, read_key, show_key
from tuilab.tui.moves import IN_DIALOGS, MOVES, PANES

_MAIN = ("", "canvas", "tree", "list", "lines", "screen", "history")
"""An inspector's row, or a packet, has verbs of its own on the keys of their like."""
_NO_KEY = ("", "none", "~", "null")
_ABOUT = 42
"""The column of what a key does."""
_HEAD = """\
# The keys of tuilab. Take the # away from what you want otherwise. Several keys go
# into brackets, as in [d, Del]; none takes the key away. What holds: tuilab keys
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the file that is fine by itself."""

    name: str
    keys: tuple[str, ...]
    item: Item


def keys_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where a person's keys are written down."""
    where = os.environ if environ is None else environ
    base = where.get("XDG_CONFIG_HOME") or ""
    folder = Path(base) if base.startswith("/") else Path.home() / ".config"
    return folder / "tuilab" / "keys.yaml"


def read_keys(path: Path) -> tuple[Keymap, list[str]]:
    """A person's keys, and what is wrong with the file: ``file:line:column: ...``.

    Args:
        path: The file; one that is not there changes nothing.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return KEYS, []
    except OSError as error:
        reason = error.strerror or str(error)
        return KEYS, [f'"{path}" can\'t be read: {reason}; the usual keys hold']
    except UnicodeDecodeError:
        return KEYS, [f'"{path}" is not UTF-8; save it as UTF-8 text']
    if not re.sub(r"(?m)^\s*(#.*)?$", "", text).strip():
        return KEYS, []
    problems: list[Problem] = []
    try:
        root, found = read(text, str(path))
    except InvalidTopology as error:
        return KEYS, error.lines()
    problems += found
    entries = list(_entries(root, problems))
    keymap = _agreed(entries, problems)
    problems.sort(key=lambda problem: (problem.line, problem.column))
    lines = InvalidTopology(problems, str(path)).lines() if problems else []
    return keymap, lines


def write_keys(path: Path) -> None:
    """Write a file that has every action with its usual keys, commented out.

    Raises:
        UsageError: There is a file already, or none can be made there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(template())
    except FileExistsError:
        raise UsageError(
            f'"{path}" is there already', "edit it, or move it away first"
        ) from None
    except OSError as error:
        raise UsageError(
            f'"{path}" can\'t be written: {error.strerror}',
            "set XDG_CONFIG_HOME to a directory that you can write",
        ) from None


def template() -> str:
    """Every action and move with its usual keys, as comments."""
    groups: dict[str, list[str]] = {}
    for name, keys in KEYS.by_id.items():
        group, about = told(name)
        shown = ", ".join(_written(key) for key in keys)
        value = shown if len(keys) == 1 else f"[{shown}]"
        entry = f"#{name}: {value}"
        groups.setdefault(group, []).append(f"{entry:<{_ABOUT}} # {about}")
    parts = ("\n".join([f"# {group}", *some, ""]) for group, some in groups.items())
    return "\n".join([_HEAD, *parts])


def told(name: str) -> tuple[str, str]:
    """Group and purpose of an action or move."""
    if name in MOVES:
        return PANES[MOVES[name].pane], MOVES[name].about
    return ACTIONS[name].group, ACTIONS[name].about


def conflicts(keymap: Keymap) -> Iterator[tuple[str, str, str]]:
    """Pairs of actions that one key can't tell apart, and the key."""
    holders: dict[str, list[str]] = {}
    for name, keys in keymap.by_id.items():
        for key in keys:
            for other in holders.setdefault(key, []):
                if _overlap(_where(name), _where(other)):
                    yield name, other, key
            holders[key].append(name)


def _written(key: str) -> str:
    shown = show_key(key)
    plain = shown[0].isalnum() or shown[0] == "^"
    return shown if plain else f'"{shown}"'


def _entries(root: Item, problems: list[Problem]) -> Iterator[_Entry]:
    if not isinstance(root.value, dict):
        hint = "write one action a line, such as add_bridge: B"
        problems.append(Problem((), "this is no list of keys", hint, *root.place))
        return
    for name, item in root.value.items():
        if name not in KEYS.by_id:
            close = get_close_matches(name, KEYS.by_id, n=1)
            hint = f'did you mean "{close[0]}"?' if close else "tuilab keys lists them"
            fact = f'"{name}" is no action'
            problems.append(Problem((), fact, hint, *item.key_place))
            continue
        keys = _keys(item, problems)
        if keys is not None and keys != KEYS.keys(name):
            yield _Entry(name, keys, item)


def _keys(item: Item, problems: list[Problem]) -> tuple[str, ...] | None:
    listed = item.value if isinstance(item.value, list) else [item]
    found: list[str] = []
    for one in listed:
        if isinstance(one.value, dict | list):
            fact, hint = "this is no key", "write it as n, or as [n, f5]"
            problems.append(Problem((), fact, hint, *one.place))
            return None
        if one is item and one.text in _NO_KEY:
            return ()
        key = read_key(one.text)
        if key is None:
            fact = f'"{one.text}" is no key'
            hint = "write it as n, N, ?, f5, ^s or ctrl+s, PgDn, shift+tab"
            problems.append(Problem((), fact, hint, *one.place))
            return None
        found.append(key)
    return tuple(dict.fromkeys(found))


def _agreed(entries: list[_Entry], problems: list[Problem]) -> Keymap:
    """The keys without those entries that take a key from something else."""
    wanted = {entry.name: entry for entry in entries}
    while True:
        keymap = KEYS.with_keys({name: entry.keys for name, entry in wanted.items()})
        found = next(
            (
                (name, other, key)
                for name, other, key in conflicts(keymap)
                if name in wanted or other in wanted
            ),
            None,
        )
        if found is None:
            return keymap
        name, other, key = found
        order = list(wanted)
        # Of two entries the later one gives way.
        if name not in wanted or (
            other in wanted and order.index(other) > order.index(name)
        ):
            name, other = other, name
        fact = f'"{show_key(key)}" for {name} is also the key of {other} '
        problems.append(
            Problem(
                (),
                f"{fact}({told(other)[1]})",
                f"give {other} another key too, or choose one for {name}",
                *wanted.pop(name).item.place,
            )
        )


def _where(name: str) -> str:
    return MOVES[name].pane if name in MOVES else ACTIONS[name].where


def _overlap(one: str, other: str) -> bool:
    """Whether both may hear the same key press."""
    if one == other:
        return True
    pair = {one, other}
    if pair == {"canvas", "screen"} or pair & {"empty", "menu", "choices"}:
        # Esc leaves what there is to leave; an empty canvas has keys of its own, a menu
        # is no dialog, and that of a field comes before its dialog.
        return False
    if pair <= set(_MAIN):
        return bool(pair & {"", "screen"})
    return "dialog" in pair and pair <= set(IN_DIALOGS)
