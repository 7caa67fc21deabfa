"""Which keys do what: names of keys, and the map from what can be done to its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.keys import Keys, _character_to_key, format_key

NO_KEY = "none"
"""What Textual is told for an action without a key: no terminal sends that."""

_SHOWN = {
    "backspace": "Backspace",
    "delete": "Del",
    "down": "Down",
    "end": "End",
    "enter": "Enter",
    "escape": "Esc",
    "home": "Home",
    "insert": "Ins",
    "left": "Left",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "right": "Right",
    "space": "Space",
    "tab": "Tab",
    "up": "Up",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
_TYPED = {shown.lower(): key for key, shown in _SHOWN.items()}
_MODIFIERS = {"ctrl", "shift", "alt"}
_KNOWN = {key.value for key in Keys} - {"<any>", "<ignore>"}


def show_key(key: str) -> str:
    """A key as a person reads it, such as ``?`` for ``question_mark``, ``^s``."""
    modifiers, _, name = key.rpartition("+")
    shown = _SHOWN.get(name) or format_key(name)
    if modifiers == "ctrl" and len(name) == 1:
        return f"^{name}"
    return f"{modifiers}+{shown}" if modifiers else shown


def read_key(text: str) -> str | None:
    """A key as Textual names it, from that name or from what is on the key.

    Args:
        text: ``question_mark``, ``?``, ``^s``, ``ctrl+s`` or ``PgDn``, say.

    Returns:
        None when there is no such key.
    """
    if text == " ":
        return "space"
    text = text.strip()
    if len(text) == 1:
        return _character_to_key(text) if text.isprintable() else None
    if len(text) == 2 and text.startswith("^"):
        text = f"ctrl+{text[1].lower()}"
    modifiers, plus, name = text.rpartition("+")
    if plus and name and not set(modifiers.lower().split("+")) - _MODIFIERS:
        base = read_key(name)
        return f"{modifiers.lower()}+{base}" if base else None
    key = _TYPED.get(text.lower(), text)
    if key in _KNOWN:
        return key
    character = format_key(key)
    known = len(character) == 1 and _character_to_key(character) == key
    return key if known else None


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of everything that has an id in the table.

    Attributes:
        by_id: Keys in Textual's words, the one to show first.
        changed: What differs from the table, as a person's file wants it.
    """

    by_id: Mapping[str, tuple[str, ...]]
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, name: str) -> tuple[str, ...]:
        """All keys of an action or move."""
        return self.by_id.get(name, ())

    def key(self, name: str) -> str:
        """Its first key as a person reads it; its name after a colon without one."""
        keys = self.keys(name)
        return show_key(keys[0]) if keys else f":{name}"

    def shown(self, name: str) -> str:
        """All of its keys as a person reads them, blanks between."""
        return " ".join(map(show_key, self.keys(name)))

    def with_keys(self, changed: Mapping[str, tuple[str, ...]]) -> Keymap:
        """This one with other keys for some."""
        return Keymap({**self.by_id, **changed}, {**self.changed, **changed})

    def for_textual(self) -> dict[str, str]:
        """What differs, as `App.set_keymap` takes it."""
        return {name: ",".join(keys) or NO_KEY for name, keys in self.changed.items()}
