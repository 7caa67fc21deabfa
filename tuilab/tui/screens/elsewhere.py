"""Where a key works that does nothing in the pane one is in."""

from __future__ import annotations

from collections.abc import Collection

from textual.widget import Widget

from tuilab.tui.actions import ACTIONS
from tuilab.tui.keymap import Keymap, show_key
from tuilab.tui.moves import MOVES, panes_of
from tuilab.tui.screens.help import places_of

_WHERE = {
    "canvas": "in the drawing",
    "packets": "among packets",
    "inspector": "in the inspector",
}
_STEPS = ("up", "down", "left", "right", "home", "end", "enter", "escape", "delete")
"""Keys that mean the same everywhere, so that nobody wonders about them."""


def elsewhere(key: str, keymap: Keymap, focused: Widget | None) -> str:
    """What to say when a key was pressed where nothing hears it.

    Args:
        key: In Textual's words.
        keymap: The keys that a person has.
        focused: What the key goes to.

    Returns:
        Where it works, the drawing first, and what it does there. Nothing for a key
        that is heard here, and for one that is in no table.
    """
    places, panes = {"", *places_of(focused)}, {"screen", *panes_of(focused)}
    found: dict[str, str] = {}
    for name, keys in keymap.by_id.items():
        if key not in keys:
            continue
        where, about, here = _told(name, places, panes)
        if where in here:
            return ""
        if where in _WHERE:
            found.setdefault(where, about)
    if not found or key in _STEPS:
        return ""
    place = next(it for it in _WHERE if it in found)
    hidden = place == "canvas" and "tree" in panes
    go = keymap.key("tree") if hidden else _way(place, keymap, focused)
    return f"{show_key(key)} works {_WHERE[place]}: {found[place]} ({go} goes there)"


def _way(place: str, keymap: Keymap, focused: Widget | None) -> str:
    """The keys that go from one pane to another, the fewer of both ways round."""
    chain = focused.screen.focus_chain if focused is not None else []
    there = [at for at, pane in enumerate(chain) if place in places_of(pane)]
    if focused not in chain or not there:
        return keymap.key("screen.next")
    here, count = chain.index(focused), len(chain)
    onwards = min((at - here) % count for at in there)
    back = min((here - at) % count for at in there)
    if onwards <= back:
        return " ".join([keymap.key("screen.next")] * onwards)
    return " ".join([keymap.key("screen.previous")] * back)


def _told(
    name: str, places: set[str], panes: set[str]
) -> tuple[str, str, Collection[str]]:
    """Where a key works, what it does, and which of those places this is."""
    if name in ACTIONS:
        return ACTIONS[name].where, ACTIONS[name].about, places
    return MOVES[name].pane, MOVES[name].about, panes
