"""The bar at the top: which lab, how it stands, where it lives."""

from __future__ import annotations

from textual.reactive import var

from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import Topology
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.text import Line
from tuilab.tui.widgets.bar import Bar
from tuilab.tui.widgets.status_text import status_line


class StatusBar(Bar):
    """One row."""

    snapshot: var[Snapshot | None] = var(None)
    capturing: var[str] = var("")
    gone: var[str] = var("")
    saved: var[Topology | None] = var(None)
    back: var[str] = var("")
    """The key that brings the other panes back while one has the whole screen."""

    def __init__(self, glyphs: Glyphs = UNICODE) -> None:
        super().__init__()
        self._glyphs = glyphs

    def watch_snapshot(self) -> None:
        """The lab looks different."""
        self.look_again()

    def watch_capturing(self) -> None:
        """Other links are watched."""
        self.look_again()

    def watch_gone(self) -> None:
        """The lab has ended."""
        self.look_again()

    def watch_saved(self) -> None:
        """The file says something else."""
        self.look_again()

    def watch_back(self) -> None:
        """A pane has taken the screen, or given it back."""
        self.look_again()

    def says(self) -> Line:
        """Which lab, how it stands, where it lives."""
        if self.snapshot is None:
            return ()
        return status_line(
            self.snapshot,
            self.size.width,
            self._glyphs,
            capturing=self.capturing,
            gone=self.gone,
            back=self.back,
            unsaved=self.saved not in (None, self.snapshot.topology),
        )
