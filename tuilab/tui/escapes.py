"""Esc and another key that come at once: they are two keys.

A terminal sends alt and a key as Esc and that key, and over a slow line, or typed
ahead, Esc and the next key come together just like that. Textual takes them for one:
for a letter with alt, or, of most other keys, for the key alone, and the Esc is lost.
Here nothing is meant by alt unless a person's own keys say so.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.events import Key

ESC = "\x1b"


class Parser(XTermParser):
    """Loses no Esc before a key that is no letter.

    Of letters ``b`` and ``f`` stay what Textual makes of them: terminals of macOS send
    Esc and these for alt and an arrow, which goes a word on in a field.
    """

    def _sequence_to_key_events(
        self, sequence: str, alt: bool = False
    ) -> Iterable[Key]:
        lost = alt and not sequence.isalnum()
        if len(sequence) == 2 and isinstance(ANSI_SEQUENCES_KEYS.get(sequence), str):
            # What a Mac would have written for the key, had it not sent Esc.
            lost, sequence = True, sequence[1]
        if lost:
            yield Key("escape", ESC)
        yield from super()._sequence_to_key_events(sequence, alt and not lost)


def apart(key: Key) -> tuple[Key, ...]:
    """Alt and a letter as Esc and the letter; any other key as it is."""
    letter = key.character or ""
    if not key.key.startswith("alt+") or len(letter) != 1 or not letter.isalnum():
        return (key,)
    return Key("escape", ESC), Key(letter, letter)
