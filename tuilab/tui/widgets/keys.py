"""The footer: the keys that do something now; each can be clicked."""

from __future__ import annotations

from textual.reactive import var

from tuilab.tui.actions import Context
from tuilab.tui.text import Line
from tuilab.tui.widgets.bar import Bar
from tuilab.tui.widgets.keys_text import keys_line


class KeysBar(Bar):
    """One row."""

    context: var[Context | None] = var(None)

    def watch_context(self) -> None:
        """Other things are possible."""
        self.look_again()

    def says(self) -> Line:
        """The keys."""
        return keys_line(self.context, self.size.width) if self.context else ()
