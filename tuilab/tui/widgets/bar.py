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

    _room = 0
    """Cells there were when it last looked what to say."""

    def look_again(self) -> None:
        """Something has changed that it may tell of."""
        self._room = self.size.width
        self.words = self.says()

    def on_resize(self) -> None:
        """There is other room."""
        self.look_again()

    def render(self) -> Content:
        """What it says, with its styles."""
        # The first time it is painted before it is told what room there is.
        told = self._room == self.size.width
        return content(self.words if told else self.says())
