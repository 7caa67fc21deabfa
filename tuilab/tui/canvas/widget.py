"""The canvas: shows a lab as a drawing and lets a person walk about in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message

from tuilab.lab.snapshot import Snapshot
from tuilab.model.edits import Rename
from tuilab.tui.canvas.boxes import LEVELS, Level
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import Area
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.graph import Graph, Item
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.names import renamed, renames
from tuilab.tui.canvas.navigate import Direction, next_node, next_port, ports
from tuilab.tui.canvas.order import Memory
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.scene import Manner, Scene
from tuilab.tui.canvas.view import DrawingView
from tuilab.tui.moves import moves

PAN_COLUMNS = 8
PAN_ROWS = 4
LEFT, RIGHT = 1, 3


class Canvas(DrawingView, can_focus=True):
    """The drawing of a lab.

    Set `snapshot` to show a lab, `selected` to move the selection, `marked` to show a
    first end, `ascii_only` for plain signs and `empty` for what an empty lab says.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*moves("canvas")]

    class Selected(Message):
        """Another item is selected, or None."""

        def __init__(self, canvas: Canvas, item: Item | None) -> None:
            super().__init__()
            self.canvas = canvas
            self.item = item

        @property
        def control(self) -> Canvas:
            """The canvas."""
            return self.canvas

    class Opened(Message):
        """An item is to be looked at: Enter or a double click."""

        def __init__(self, item: Item) -> None:
            super().__init__()
            self.item = item

    class ConnectRequested(Message):
        """Two items are to be joined by a cable."""

        def __init__(self, a: Item, b: Item) -> None:
            super().__init__()
            self.a = a
            self.b = b

    class MenuRequested(Message):
        """A right click on an item, or on the space between (None)."""

        def __init__(self, item: Item | None, offset: Offset) -> None:
            super().__init__()
            self.item = item
            self.offset = offset
            """Where, on the screen."""

    class Zoomed(Message):
        """Another level of detail is shown."""

        def __init__(self, level: Level, *, fitted: bool) -> None:
            super().__init__()
            self.level = level
            self.fitted = fitted

    def __init__(
        self,
        snapshot: Snapshot | None = None,
        *,
        empty: str = "",
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(empty=empty, id=id)
        self._snapshot = snapshot
        self._ascii = ascii_only
        self._selected: Item | None = None
        self._marked: Item | None = None
        self._zoom: Level | None = None
        self._graph = Graph()
        self._memory: Memory = {}
        self._choices = Choices()
        self._scene = Scene(Manner(1))
        self._pressed: Offset | None = None
        self._grabbed: Item | None = None
        self._moved = False
        if snapshot is not None:
            self._take(snapshot)

    # -- what is shown -----------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot | None:
        """The lab that is shown."""
        return self._snapshot

    @snapshot.setter
    def snapshot(self, snapshot: Snapshot | None) -> None:
        before, self._snapshot = self._snapshot, snapshot
        if snapshot is None:
            return
        if before is not None:
            self.follow(renames(before.history, snapshot.history))
        if self._take(snapshot):
            known = self._known()
            self._lay()
            self._keep_selection(known)

    def _take(self, snapshot: Snapshot) -> bool:
        """Read a snapshot; whether anything that is drawn has changed."""
        graph = build(snapshot)
        if graph == self._graph:
            return False
        self._graph = graph
        return True

    @property
    def level(self) -> Level:
        """Level of detail that is shown."""
        return self._scene.level

    @property
    def fitted(self) -> bool:
        """Whether the level is chosen by what fits the pane."""
        return self._zoom is None

    @property
    def selected(self) -> Item | None:
        """The selected item."""
        return self._selected

    @selected.setter
    def selected(self, item: Item | None) -> None:
        self.select(item)

    def select(self, item: Item | None, *, show: bool = True) -> None:
        """Select an item.

        Args:
            item: What to select; None for nothing.
            show: Scroll it into sight.
        """
        if item == self._selected:
            return
        self._selected = item
        self._redraw()
        if item is not None and show:
            self.show_item(item)
        self.post_message(self.Selected(self, item))

    @property
    def marked(self) -> Item | None:
        """The first end of a cable to be made."""
        return self._marked

    @marked.setter
    def marked(self, item: Item | None) -> None:
        if item != self._marked:
            self._marked = item
            self._redraw()

    @property
    def ascii_only(self) -> bool:
        """Whether plain ASCII signs are used."""
        return self._ascii

    @ascii_only.setter
    def ascii_only(self, value: bool) -> None:
        self._ascii = value
        self._lay()

    @property
    def choices(self) -> Choices:
        """What is folded."""
        return self._choices

    @choices.setter
    def choices(self, choices: Choices) -> None:
        if choices != self._choices:
            self._choices = choices
            self._lay()

    def follow(self, renames: Iterable[Rename]) -> None:
        """Keep selection, mark and places of what has another name from now on.

        A new `snapshot` does so by itself for what its history has renamed.
        """
        for rename in renames:
            self._memory = {
                renamed(item, rename): place for item, place in self._memory.items()
            }
            if self._selected is not None:
                self._selected = renamed(self._selected, rename)
            if self._marked is not None:
                self._marked = renamed(self._marked, rename)

    def _known(self) -> set[Item]:
        """Everything that is drawn."""
        drawing = self._drawing
        return {*drawing.boxes, *drawing.ways, *drawing.items, *drawing.hidden}

    def _keep_selection(self, before: set[Item]) -> None:
        """What was drawn and is gone can't stay selected; what it was on can."""
        gone = before - self._known()
        if self._marked in gone:
            self.marked = None
        item = self._selected
        if item is not None and item in gone:
            home = Item("namespace", item.namespace)
            self.select(home if home in self._drawing.boxes else None)

    # -- drawing -----------------------------------------------------------------------

    def _lay(self) -> None:
        """Place everything again, for the pane as it is."""
        if not self.is_mounted:
            return
        # A pane out of sight has no size; its drawing must fit its lab all the same.
        width, height = self.size.width or 80, self.size.height or 24
        before = self._scene.level, self._zoom
        wish = Wish(width, height, self._zoom, self._choices, self._ascii)
        self._scene = compose(self._graph, wish, self._memory)
        self._memory = self._scene.memory
        self._redraw()
        if (self._scene.level, self._zoom) != before:
            self.post_message(self.Zoomed(self.level, fitted=self.fitted))

    def _redraw(self) -> None:
        """Give the cells their signs again."""
        glyphs = ASCII if self._ascii else UNICODE
        chosen = [self._selected] if self._selected else []
        self.show_drawing(draw(self._scene, glyphs, chosen, self._marked))

    # -- keys --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc goes on to others when there is nothing to leave here."""
        if action == "leave":
            return self._marked is not None or self._port_node() is not None
        return True

    def _port_node(self) -> Item | None:
        """The node whose port is selected."""
        if self._selected is None or self._selected.kind != "link":
            return None
        found = self._drawing.port_of(self._selected)
        return found[0] if found else None

    def action_walk(self, direction: Direction) -> None:
        """Select the nearest node in a direction; among ports, the nearest port."""
        if not self._drawing.boxes:
            return
        item = self._selected
        if item is None:
            self.select(next(iter(self._drawing.boxes)))
        elif self._port_node() is not None:
            self.select(next_port(self._drawing, item, direction) or item)
        else:
            node = self._drawing.node_of(item) or self._end_of(item)
            if node is None:
                self.select(next(iter(self._drawing.boxes)))
            else:
                self.select(next_node(self._drawing, node, direction) or node)

    def _end_of(self, item: Item) -> Item | None:
        """A node that a cable is drawn to."""
        if item.ifname is None:
            return None
        return self._drawing.node_of(Item("link", item.namespace, item.ifname))

    def action_ports(self) -> None:
        """Step into the ports of the selected node."""
        if self._selected in self._drawing.boxes:
            assert self._selected is not None
            there = ports(self._drawing, self._selected)
            if there:
                self.select(there[0])
            else:
                self.app.bell()

    def action_leave(self) -> None:
        """Drop the mark, or go back from a port to its node."""
        if self._marked is not None:
            self.marked = None
        elif node := self._port_node():
            self.select(node)

    def action_open(self) -> None:
        """Look at the selected item."""
        if self._selected is not None:
            self.post_message(self.Opened(self._selected))

    def action_mark(self) -> None:
        """Mark the first end of a cable; at another item, ask for the cable."""
        item, first = self._selected, self._marked
        if item is None:
            return
        if first is None:
            self.marked = item
            return
        self.marked = None
        if first != item:
            self.post_message(self.ConnectRequested(first, item))

    def action_zoom(self, step: int) -> None:
        """Show more detail or less."""
        self.zoom_to(self.level + step)

    def zoom_to(self, level: int, pointer: Offset | None = None) -> None:
        """Show a level of detail.

        Args:
            level: 1 to 3; others mean the nearest of these.
            pointer: Cell of the pane to zoom at; the selection by default.
        """
        wanted = min(LEVELS, key=lambda known: abs(known - level))
        if wanted == self.level and self._zoom is not None:
            return
        item, place = self._selected, None
        if pointer is not None:
            item = self._nearest(pointer) or item
            place = pointer
        self._zoom = wanted
        self._lay()
        if item is None:
            return
        area = self._area(item)
        if place is None or area is None:
            self.show_item(item, centre=True)
            return
        x, y = area.x + area.width // 2, area.y + area.height // 2
        self.scroll_to(
            x - place.x, y - place.y, animate=False, immediate=True, force=True
        )

    def _nearest(self, pointer: Offset) -> Item | None:
        """The node closest to a cell of the pane."""
        x, y = pointer - self._origin

        def far(box: Area) -> float:
            return abs(box.x + box.width / 2 - x) + 2 * abs(box.y + box.height / 2 - y)

        boxes = self._drawing.boxes
        return min(boxes, key=lambda item: far(boxes[item]), default=None)

    def action_fit(self) -> None:
        """Show as much detail as fits the pane."""
        self._zoom = None
        self._lay()
        self.post_message(self.Zoomed(self.level, fitted=True))

    def action_centre(self) -> None:
        """Bring the selection to the middle."""
        if self._selected is not None:
            self.show_item(self._selected, centre=True)

    def action_pan(self, columns: int, rows: int) -> None:
        """Move the pane over the drawing."""
        self.scroll_relative(
            columns * PAN_COLUMNS, rows * PAN_ROWS, animate=False, immediate=True
        )

    # -- mouse -------------------------------------------------------------------------

    def on_resize(self) -> None:
        """The pane has another size."""
        self._lay()
        if self._selected is not None:
            self.show_item(self._selected)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press on an item to select or drag it, on the space between to pan."""
        if event.button != LEFT:
            return
        self._pressed = event.screen_offset
        self._grabbed = self._hit(event)
        self._moved = False
        self.capture_mouse()

    def _hit(self, event: events.MouseEvent) -> Item | None:
        at = event.get_content_offset(self)
        return self.item_at(*at) if at is not None else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag: a cable from an item, or the whole drawing."""
        if self._pressed is None or event.screen_offset == self._pressed:
            return
        if self._grabbed is None:
            self._moved = True
            step = self._pressed - event.screen_offset
            self._pressed = event.screen_offset
            self.scroll_relative(step.x, step.y, animate=False, immediate=True)
        elif self._hit(event) != self._grabbed:
            self._moved = True
            self.marked = self._grabbed

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End of a click or drag."""
        if self._pressed is None:
            return
        first, moved = self._grabbed, self._moved
        self._pressed = self._grabbed = None
        self.release_mouse()
        if not moved:
            return
        if first is not None:
            self.marked = None
            last = self._hit(event)
            if last is not None and last != first:
                self.post_message(self.ConnectRequested(first, last))

    def on_click(self, event: events.Click) -> None:
        """Select; twice: look at it; right: menu."""
        item = self._hit(event)
        if event.button == RIGHT:
            if item is not None:
                self.select(item, show=False)
            self.post_message(self.MenuRequested(item, event.screen_offset))
        elif event.button == LEFT and not self._moved:
            self.select(item, show=False)
            if event.chain == 2 and item is not None:
                self.post_message(self.Opened(item))

    def _on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def _on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, step: int) -> None:
        """Zoom at the pointer; with shift or ctrl, pan."""
        event.stop()
        event.prevent_default()
        if event.shift:
            self.action_pan(-step, 0)
        elif event.ctrl:
            self.action_pan(0, -step)
        else:
            at = event.get_content_offset(self)
            self.zoom_to(self.level + step, at)
