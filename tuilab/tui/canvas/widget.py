"""The canvas: lets a person walk about in a drawing and work on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Offset
from textual.message import Message

from tuilab.model.places import Slot
from tuilab.tui.actions import KEYS, NOTHING_SELECTED, bindings
from tuilab.tui.canvas.corner import CornerView
from tuilab.tui.canvas.drawing import Area
from tuilab.tui.canvas.glyphs import ASCII, UNICODE, Glyphs
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.navigate import Direction, next_node, next_port, ports
from tuilab.tui.canvas.overlay import Cells
from tuilab.tui.canvas.reach import Reached, reach_cells
from tuilab.tui.canvas.scene import Scene
from tuilab.tui.canvas.tools import Box, Connect, Jump, Move, Pan, Pointer, Tool
from tuilab.tui.canvas.tracing import middle
from tuilab.tui.keymap import Keymap
from tuilab.tui.moves import moves

PAN_COLUMNS = 8
PAN_ROWS = 4
LEFT, RIGHT = 1, 3
NODES = ("namespace", "bridge", "tap", "grid")
"""What can stand by itself on the drawing, a folded group as one."""


class Canvas(CornerView, can_focus=True):
    """The drawing of a lab.

    Set `snapshot` to show a lab, `selected` to move the selection, `marked` to show a
    first end, `ascii_only` for plain signs and `empty` for what an empty lab says.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *moves("canvas"),
        *bindings("canvas"),
        *bindings("empty"),
    ]

    class CardChosen(Message):
        """A line of the card of an empty lab was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

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

    class PlaceRequested(Message):
        """Nodes are to stand elsewhere: column and row; None where it fits best."""

        def __init__(self, places: Mapping[Item, Slot | None]) -> None:
            super().__init__()
            self.places = places

    class MenuRequested(Message):
        """A right click on an item, or on the space between (None)."""

        def __init__(self, item: Item | None, offset: Offset) -> None:
            super().__init__()
            self.item = item
            self.offset = offset
            """Where, on the screen."""

    class Refused(Message):
        """A key can't do its work now."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    class ToolChanged(Message):
        """Another tool is held, or it has other words for the frame."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    keymap: Keymap = KEYS
    tool: Tool | None = None
    _pressed: Pointer | None = None
    _dragging = False
    _said = ""
    _reach: tuple[Reached, ...] = ()

    @property
    def glyphs(self) -> Glyphs:
        """The signs of the drawing."""
        return ASCII if self.ascii_only else UNICODE

    # -- tools -------------------------------------------------------------------------

    def take_up(self, tool: Tool) -> None:
        """Give keys and mouse to a tool."""
        if self.tool is not None:
            self.tool.cancel()
        self.tool = tool
        self._tool_moved()

    def put_away(self) -> None:
        """Keys and mouse do what they usually do."""
        self.tool = self._pressed = None
        self.release_mouse()
        self._tool_moved()

    def cancel_tool(self) -> None:
        """Put the tool away as if it had never been taken."""
        if self.tool is not None:
            self.tool.cancel()
            self.put_away()

    def _tool_moved(self) -> None:
        self._redraw()
        self.tell()

    def tell(self) -> None:
        """Have the frame say something else, if there is."""
        words = self.tool_words
        if words != self._said:
            self._said = words
            self.post_message(self.ToolChanged(words))

    @property
    def tool_words(self) -> str:
        """What the frame says while a tool is held, or an end is marked."""
        if self.waiting:
            return self.waiting
        if self.tool is not None:
            return self.tool.words
        first, second = self.marked, self.selected
        if first is None:
            return ""
        mark, leave = self.keymap.key("canvas.mark"), self.keymap.key("canvas.leave")
        if second is None or second == first:
            return f"cable {first} = ?  go to the other end  ({leave} cancels)"
        return f"cable {first} = {second}: {mark}  ({leave} cancels)"

    def _chosen(self) -> Sequence[Item]:
        chosen = self.tool.chosen() if self.tool is not None else None
        return self.selection if chosen is None else chosen

    def _cells(self) -> Cells:
        held = self.tool.cells() if self.tool is not None else {}
        if not self._reach:
            return held
        plain = self.ascii_only
        return {
            **reach_cells(self._plain, self._reach, self.selection, ascii_only=plain),
            **held,
        }

    def show_reach(self, found: tuple[Reached, ...]) -> None:
        """Lay over the drawing who reaches whom; nothing for nobody."""
        if found != self._reach:
            self._reach = found
            self._repaint()

    def _put_scene(self, scene: Scene) -> None:
        super()._put_scene(scene)
        if self.tool is not None:
            self.tool.look_again()
            self._repaint()

    def ask_to_connect(self, first: Item, second: Item) -> None:
        """Two things are to be joined by a cable."""
        self.post_message(self.ConnectRequested(first, second))

    def ask_to_place(self, places: Mapping[Item, Slot | None]) -> None:
        """Nodes are to stand elsewhere; they are held there until `hold` ends it."""
        self.post_message(self.PlaceRequested(places))

    def start_move(self) -> None:
        """Take the selected nodes in hand."""
        if items := [item for item in self.selection if item.kind in NODES]:
            self.take_up(Move(self, items))

    def start_box(self) -> None:
        """Select with a box that begins at the selection."""
        item = self.selected or self.nearest(self._middle())
        area = self._area(item) if item is not None else None
        if area is not None:
            start = Offset(area.x + area.width // 2, area.y + area.height // 2)
            self.take_up(Box(self, start))

    def start_jump(self) -> None:
        """Letters on everything in sight."""
        if self.in_sight():
            self.take_up(Jump(self))

    def _middle(self) -> Offset:
        return Offset(self.size.width // 2, self.size.height // 2) - self._origin

    def below_selection(self) -> Offset:
        """Where a menu for the selection goes, on the screen."""
        corner = self.content_region.offset
        area = self._area(self.selected) if self.selected is not None else None
        if area is None:
            return corner + self._middle() + self._origin
        at = Offset(area.x, area.y + area.height) + self._origin
        return corner + at.clamp(self.size.width, self.size.height)

    def in_sight(self) -> list[tuple[Item, tuple[int, int]]]:
        """What can be seen, each with a cell for its letters, from top to bottom."""
        left, top = -self._origin
        view = Area(left, top, self.size.width, self.size.height)
        drawing = self._drawing
        cables = [it for it in drawing.ways if it.kind == "cable"]
        middles = {it: middle(drawing.ways[it]) for it in cables}
        corners = {it: (box.x, box.y) for it, box in drawing.boxes.items()}
        taken: set[tuple[int, int]] = set()
        found = []
        for item, (x, y) in [*corners.items(), *middles.items()]:
            seen = view.x <= x < view.x + view.width - 1
            seen &= view.y <= y < view.y + view.height
            # On the map things are too close together to have letters each.
            if seen and taken.isdisjoint((x + step, y) for step in (-1, 0, 1)):
                taken.add((x, y))
                found.append((item, (x, y)))
        return sorted(found, key=lambda entry: (entry[1][1], entry[1][0]))

    def on_blur(self) -> None:
        """Keys go elsewhere."""
        self.cancel_tool()

    def on_key(self, event: events.Key) -> None:
        """A tool takes keys before anything else does."""
        if self.tool is None:
            return
        if event.key in self.keymap.keys("tool.leave"):
            self.cancel_tool()
        elif self.tool.key(event.key):
            self._tool_moved()
        else:
            return
        event.stop()
        event.prevent_default()

    # -- keys --------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc goes on to others when there is nothing to leave here."""
        if action == "leave":
            several = len(self.selection) > 1
            return several or self.marked is not None or self._port_node() is not None
        return True

    def _port_node(self) -> Item | None:
        """The node whose port is selected."""
        if self.selected is None or self.selected.kind != "link":
            return None
        found = self._drawing.port_of(self.selected)
        return found[0] if found else None

    def action_walk(self, direction: Direction) -> None:
        """Select the nearest node in a direction; among ports, the nearest port."""
        if (there := self._towards(direction)) is not None:
            self.select(there)

    def action_extend(self, direction: Direction) -> None:
        """Select the nearest one in a direction as well; back again, let go of one."""
        there = self._towards(direction)
        if there is None or there == self.selected:
            return
        if self.selection[-2:-1] == (there,):
            self.select_all(self.selection[:-1])
        else:
            rest = (item for item in self.selection if item != there)
            self.select_all([*rest, there])

    def _towards(self, direction: Direction) -> Item | None:
        """What is next in a direction; the same one where there is none."""
        if not self._drawing.boxes:
            return None
        item = self.selected
        first = next(iter(self._drawing.boxes))
        if item is None:
            return first
        if self._port_node() is not None:
            return next_port(self._drawing, item, direction) or item
        node = self._drawing.node_of(item) or self._end_of(item)
        if node is None:
            return first
        return next_node(self._drawing, node, direction) or node

    def _end_of(self, item: Item) -> Item | None:
        """A node that a cable is drawn to."""
        if item.ifname is None:
            return None
        return self._drawing.node_of(Item("link", item.namespace, item.ifname))

    def action_ports(self) -> None:
        """Step into the ports of the selected node."""
        item = self._chosen_one()
        if item is None:
            return
        there = ports(self._drawing, item) if item in self._drawing.boxes else ()
        if there:
            self.select(there[0])
        else:
            reason = f'"{item}" has no ports here: select a box with cables'
            self.post_message(self.Refused(reason))

    def action_leave(self) -> None:
        """Drop the mark, all but the last of the selection, or a port for its node."""
        if self.marked is not None:
            self.marked = None
            self._tool_moved()
        elif len(self.selection) > 1:
            self.select(self.selected)
        elif node := self._port_node():
            self.select(node)

    def action_open(self) -> None:
        """Look at the selected item."""
        if (item := self._chosen_one()) is not None:
            self.post_message(self.Opened(item))

    def action_mark(self) -> None:
        """Mark the first end of a cable; at another item, ask for the cable."""
        item, first = self._chosen_one(), self.marked
        if item is None:
            return
        self.marked = item if first is None else None
        self._tool_moved()
        if first is not None and first != item:
            self.ask_to_connect(first, item)

    def action_zoom(self, step: int) -> None:
        """Show more detail or less."""
        self.zoom_to(self.wanted_level + step)

    def action_fit(self) -> None:
        """Show as much detail as fits the pane."""
        self.zoom_to_fit()

    def action_centre(self) -> None:
        """Bring the selection to the middle."""
        if (item := self._chosen_one()) is not None:
            self.show_item(item, centre=True)

    def _chosen_one(self) -> Item | None:
        """What was selected last; where nothing is, that is said."""
        if self.selected is None:
            self.post_message(self.Refused(NOTHING_SELECTED))
        return self.selected

    def action_pan(self, columns: int, rows: int) -> None:
        """Move the pane over the drawing."""
        self.scroll_relative(
            columns * PAN_COLUMNS, rows * PAN_ROWS, animate=False, immediate=True
        )

    # -- mouse -------------------------------------------------------------------------

    def _pointer(self, event: events.MouseEvent) -> Pointer:
        corner = self.content_region.offset
        at = event.screen_offset - corner
        inside = self.size.region.contains_point(at)
        cell = at - self._origin
        item = self.item_at(*at) if inside else None
        return Pointer(event.screen_offset, cell, item, event.shift or event.ctrl)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """The beginning of a click or drag."""
        self._dragging = False
        if event.button != LEFT:
            return
        cell = self.map_cell(event.screen_offset - self.content_region.offset)
        if cell is not None:
            self.look_at(cell)
            self._dragging = True  # no click follows
            return
        self._pressed = self._pointer(event)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag: what that does depends on where it began."""
        start = self._pressed
        if start is None or (event.screen_offset == start.screen and not self.tool):
            return
        if self.tool is None:
            self.take_up(self._tool_for(start))
        elif not self._dragging:
            self.tool.grab(start)
        self._dragging = True
        if self.tool is not None:
            self.tool.drag(self._pointer(event))
            self._tool_moved()

    def _tool_for(self, start: Pointer) -> Tool:
        """A box is moved, a port is connected, anywhere else the pane is moved.

        With shift or ctrl a box is connected too, and anywhere else a box selects.
        """
        item = start.item
        if self.marked is not None:
            return Connect(self, self.marked, start)
        if item is None or item.kind == "cable":
            return Box(self, start.cell, keep=True) if start.also else Pan(self, start)
        if start.also or self._is_port(item, start.cell):
            return Connect(self, item, start)
        item = self._drawing.node_of(item) or item
        if item not in self.selection:
            self.select(item, show=False)
        items = [it for it in self.selection if it.kind in NODES]
        return Move(self, items, start)

    def _is_port(self, item: Item, cell: Offset) -> bool:
        """Whether a cell is a port's: its sign, or its name beside it."""
        found = self._drawing.port_of(item) if item.kind not in NODES else None
        if found is None:
            return False
        reach = len(item.ifname or "")
        return found[1].y == cell.y and abs(found[1].x - cell.x) <= reach

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End of a click or drag."""
        if self._pressed is None:
            return
        self._pressed = None
        self.release_mouse()
        if self.tool is not None and self._dragging:
            self.tool.drop(self._pointer(event))

    def on_click(self, event: events.Click) -> None:
        """Select; with shift or ctrl as well; twice: look at it; right: menu."""
        if self._dragging:
            return
        if (action := self.card_action(event.y)) and event.button == LEFT:
            self.post_message(self.CardChosen(action))
            return
        pointer = self._pointer(event)
        if event.button == LEFT and self.tool is not None and self.tool.click(pointer):
            return
        self.cancel_tool()
        item = pointer.item
        if event.button == RIGHT:
            if item not in self.selection:
                self.select(item, show=False)
            self.post_message(self.MenuRequested(item, event.screen_offset))
        elif event.button == LEFT:
            if event.shift or event.ctrl:
                if item is not None:
                    self.select_also(item, show=False)
                return
            self.select(item, show=False)
            if self.marked is not None:
                self._to_marked(item)
            elif event.chain == 2 and item is not None:
                self.post_message(self.Opened(item))

    def _to_marked(self, item: Item | None) -> None:
        """A click while an end is marked: the other end, or nothing to be joined."""
        first = self.marked
        if first is None or item == first or (item and item.kind == "cable"):
            return
        self.marked = None
        self._tool_moved()
        if item is not None:
            self.ask_to_connect(first, item)

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
            self.zoom_to(self.wanted_level + step, at)
