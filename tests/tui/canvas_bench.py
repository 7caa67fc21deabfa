"""A canvas alone on the screen, and what it says."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.message import Message

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.widget import Canvas

CARD = "Nothing here yet.\n\n  n  Add the first namespace\n  b  Add the first bridge"


class CanvasBench(App[None]):
    """A canvas alone, and what it has said."""

    CSS = "Canvas { border: round $primary; }"

    def __init__(self, lab: Snapshot, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.lab = lab
        self.ascii_only = ascii_only
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Canvas(self.lab, empty=CARD, ascii_only=self.ascii_only)

    @property
    def canvas(self) -> Canvas:
        return self.query_one(Canvas)

    def on_canvas_selected(self, message: Canvas.Selected) -> None:
        self.said.append(message)

    def on_canvas_opened(self, message: Canvas.Opened) -> None:
        self.said.append(message)

    def on_canvas_connect_requested(self, message: Canvas.ConnectRequested) -> None:
        self.said.append(message)

    def on_canvas_menu_requested(self, message: Canvas.MenuRequested) -> None:
        self.said.append(message)

    def on_canvas_tool_changed(self, message: Canvas.ToolChanged) -> None:
        self.said.append(message)

    def on_canvas_place_requested(self, message: Canvas.PlaceRequested) -> None:
        self.said.append(message)

    def on_canvas_zoomed(self, message: Canvas.Zoomed) -> None:
        self.said.append(message)


def namespace(name: str) -> Item:
    return Item("namespace", name)


def shown(app: CanvasBench) -> str:
    """The canvas as it is on the screen, without its border."""
    canvas = app.canvas
    lines = [canvas.render_line(y).text for y in range(canvas.size.height)]
    assert all(len(line) == canvas.size.width for line in lines)
    return "\n".join(line.rstrip() for line in lines)


def cell(app: CanvasBench, item: Item) -> tuple[int, int]:
    """Where the name of a node is, from the canvas's corner."""
    box = app.canvas.drawing.boxes[item]
    left, top = app.canvas._origin
    return left + box.x + box.width // 2 + 1, top + box.y + 1 + (box.height > 1)
