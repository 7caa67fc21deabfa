"""The footer: the keys that do something now; each can be clicked."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tuilab.tui.actions import Context
from tuilab.tui.text import content
from tuilab.tui.widgets.keys_text import keys_line


class KeysBar(Widget):
    """One row."""

    DEFAULT_CSS = """
    KeysBar {
        height: 1;
        background: $panel;
        link-style: none;
        link-background-hover: $accent;
        link-style-hover: bold;
    }
    """

    context: reactive[Context | None] = reactive(None)

    def render(self) -> Content:
        """The keys."""
        if self.context is None:
            return Content("")
        return content(keys_line(self.context, self.size.width))
