"""Which panes are in sight: zoom, inspector, drawing or list, tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from tuilab.tui.widgets.status import StatusBar

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

PANES = ("topology", "inspector", "bottom", "strip")


class Layout:
    """Turns classes on and off; the style sheet does the rest, at every size."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self.zoomed = ""

    @property
    def single(self) -> bool:
        """Whether the window is so small that one pane is in sight at a time."""
        return self._screen.has_class("-tiny") or self._screen.has_class("-short")

    @property
    def wide(self) -> bool:
        """Whether the inspector has a place of its own."""
        big = self._screen.has_class("-m") or self._screen.has_class("-l")
        return big and not self.single

    def pane(self, name: str) -> Widget:
        """A pane by its id."""
        return self._screen.query_one(f"#{name}")

    def zoom(self, name: str) -> None:
        """Give a pane the whole screen; an empty name gives it back."""
        self.zoomed = name
        self._screen.set_class(bool(name), "-zoom")
        for pane in PANES:
            self.pane(pane).set_class(pane == name, "-zoomed")
        inside = name in ("topology", "inspector")
        self.pane("upper").set_class(inside, "-zoomed")
        key = self._screen.session.key("zoom") if name else ""
        self._screen.query_one(StatusBar).back = key

    def pane_of(self, widget: Widget | None) -> str:
        """The pane that a widget is in; the drawing by default."""
        for node in widget.ancestors_with_self if widget is not None else ():
            if node.id in PANES:
                return node.id or ""
        return "topology"

    @property
    def inspecting(self) -> bool:
        """Whether the inspector is in sight."""
        return self.pane("inspector").display

    def inspect(self, shown: bool) -> None:
        """Show or hide the inspector, in the way that fits the window."""
        if self.single:
            self.zoom("inspector" if shown else "")
        elif self.wide:
            self._screen.set_class(not shown, "-no-inspector")
        else:
            self._screen.set_class(shown, "-inspect")

    def back(self) -> bool:
        """Close what was opened last; whether there was anything."""
        if self.zoomed:
            self.zoom("")
            return True
        if self._screen.has_class("-inspect"):
            self._screen.remove_class("-inspect")
            return True
        return False
