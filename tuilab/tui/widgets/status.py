"""The bar at the top: which lab, how it stands, where it lives."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import Topology
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.text import content
from tuilab.tui.widgets.status_text import status_line


class StatusBar(Widget):
    """One row."""

    DEFAULT_CSS = """
    StatusBar {
        height: 1;
        background: $panel;
        link-style: none;
        link-background-hover: $accent;
        link-style-hover: bold;
    }
    """

    snapshot: reactive[Snapshot | None] = reactive(None)
    capturing: reactive[str] = reactive("")
    gone: reactive[str] = reactive("")
    saved: reactive[Topology | None] = reactive(None)

    def __init__(self, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self._glyphs = glyphs

    def render(self) -> Content:
        """What the bar says."""
        if self.snapshot is None:
            return Content("")
        return content(
            status_line(
                self.snapshot,
                self.size.width,
                self._glyphs,
                capturing=self.capturing,
                gone=self.gone,
                unsaved=self.saved not in (None, self.snapshot.topology),
            )
        )
