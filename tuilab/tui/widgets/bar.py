"""A bar of one row, painted again only when it says something else."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tuilab.tui.text import Line, content


class Bar(Widget):
    """One row. Subclasses say what it is to say, and when that may have changed."""

    DEFAULT_CSS = """
    Bar {
        height: 1;
        background: $panel;
        link-style: none;
        link-background-hover: $accent;
        link-style-hover: bold;
    }
    """

    words: reactive[Line] = reactive(())
    """What it says."""

    def says(self) -> Line:
        """What it is to say, in the room that it has."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Something has changed that it may tell of."""
        self.words = self.says()

    def on_resize(self) -> None:
        """There is other room."""
        self.look_again()

    def render(self) -> Content:
        """What it says, with its styles."""
        return content(self.words)
