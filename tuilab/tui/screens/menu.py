"""What can be done with what is under the pointer, or selected: a small menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Offset

from tuilab.tui.actions import ACTIONS, Context
from tuilab.tui.base import BaseApp
from tuilab.tui.moves import MOVES, moves
from tuilab.tui.screens.overlay import Overlay
from tuilab.tui.text import Line, fit, line, width
from tuilab.tui.widgets.pick_view import PickView

ON_NOTHING = (
    *("add_namespace", "add_bridge", "add_tap", "add_cable"),
    *("generate", "paste_part", "undo", "redo", "find", "addresses"),
    *("jump", "select_box", "canvas.fit", "minimap", "tree"),
    *("load", "save", "palette", "help"),
)
ON_ONE = (
    *("inspect", "edit", "rename", "toggle", "delete", "duplicate"),
    *("copy", "copy_part", "canvas.mark", "tree.mark", "add_cable"),
    *("add_address", "add_route", "send", "watch", "shell"),
    *("move", "unpin", "fold"),
)
ON_SEVERAL = (
    *("toggle", "delete", "duplicate", "copy_part", "watch"),
    *("move", "unpin", "copy"),
)
ON_ROW = ("edit_row", "delete_row", "copy", "filter_rows", "inspect")
"""On a row of the inspector."""
ON_PACKETS = (
    *(action.id for action in ACTIONS.values() if action.where == "packets"),
    *("copy", "save_packets", "stop_watching"),
)
_OF_DRAWING = (
    *("jump", "select_box", "canvas.fit", "minimap"),
    *("canvas.mark", "move", "fold"),
)
"""What only the drawing can."""

_FRAME = 4


class MenuScreen(Overlay[str | None]):
    """Gives the id of the action or move to run."""

    DEFAULT_CSS = """
    MenuScreen { background: transparent; }
    MenuScreen > Menu {
        border: $frame $accent;
        background: $surface;
        padding: 0 1;
        max-width: 100%;
        max-height: 100%;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("menu")]

    def __init__(self, context: Context, at: Offset) -> None:
        """Make it.

        Args:
            context: What is selected, and what is possible.
            at: Where on the screen; moved to where there is room.
        """
        super().__init__()
        self._possible = context
        self._at = at

    def compose(self) -> ComposeResult:
        """The list."""
        assert isinstance(self.app, BaseApp)
        room, ellipsis = self.app.size.width - _FRAME, self.app.glyphs.ellipsis
        yield Menu(self._possible, room, ellipsis)

    def on_mount(self) -> None:
        """Where it fits; then what was typed ahead."""
        self._place()
        self.set_focus(self.query_one(Menu))
        assert isinstance(self.app, BaseApp)
        self.app.release_keys()

    def on_resize(self) -> None:
        """Stay on the screen."""
        self._place()

    def _place(self) -> None:
        menu, room = self.query_one(Menu), self.app.size
        wide = min(menu.line_width() + _FRAME, room.width)
        tall = min(menu.line_count() + 2, room.height)
        menu.styles.width, menu.styles.height = wide, tall
        menu.styles.offset = (
            max(0, min(self._at.x, room.width - wide)),
            max(0, min(self._at.y, room.height - tall)),
        )

    def action_leave(self) -> None:
        """Nothing happens."""
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        """The key of an entry does it."""
        name = self.query_one(Menu).named(event.key)
        if name is not None:
            event.stop()
            self.dismiss(name)

    def on_click(self) -> None:
        """A click beside it closes it: the menu keeps its own."""
        self.dismiss(None)

    @on(PickView.Chosen)
    def _chosen(self) -> None:
        self.dismiss(self.query_one(Menu).name_here)


class Menu(PickView):
    """The entries; what can't be done now is dimmed and says why."""

    def __init__(self, context: Context, room: int, ellipsis: str) -> None:
        """Make it.

        Args:
            context: What is selected, and what is possible.
            room: Cells of a line: a longer reason is told when its entry is chosen.
            ellipsis: The sign of what is cut.
        """
        super().__init__()
        self._keymap = context.keymap
        self._names = entries(context)
        self._lines = [_line(context, name, room, ellipsis) for name in self._names]
        self.border_title = Content(_title(context))

    @property
    def name_here(self) -> str:
        """The current entry."""
        return self._names[self.cursor]

    def named(self, key: str) -> str | None:
        """The entry with a key."""
        for name in self._names:
            if key in self._keymap.keys(name):
                return name
        return None

    def line_count(self) -> int:
        """How many entries."""
        return len(self._lines)

    def line(self, index: int) -> Line:
        """One entry."""
        return self._lines[index]

    def line_width(self) -> int:
        """Cells of the longest."""
        return max(map(width, self._lines))

    def on_mount(self) -> None:
        """All entries, the first one current."""
        self.lines_changed()

    def on_click(self, event: events.Click) -> None:
        """One click chooses: this is a menu."""
        event.stop()
        offset = event.get_content_offset(self)
        if offset is not None:
            index = self.scroll_offset.y + offset.y
            if index < self.line_count():
                self.cursor = index
                self.action_choose()


def _title(context: Context) -> str:
    """What the menu is for."""
    some = context.selection
    if context.in_packets:
        return "packets"
    if context.group is not None:
        return f"{context.group}: {len(some)}"
    if len(some) > 1:
        return f"{len(some)} selected"
    return str(some[0]) if some else ""


def entries(context: Context) -> Sequence[str]:
    """Ids of what can be done with what is selected."""
    if context.row is not None:
        return ON_ROW
    if context.in_packets:
        return ON_PACKETS
    elsewhere = ("tree.mark",) if context.drawn else _OF_DRAWING
    return [name for name in _of_selection(context) if name not in elsewhere]


def _of_selection(context: Context) -> Sequence[str]:
    if not context.selection:
        return ON_NOTHING
    if context.group is not None:
        return (*ON_SEVERAL, "fold")
    if len(context.selection) > 1:
        return ON_SEVERAL
    if context.selection[0].kind in ("namespace", "bridge", "tap"):
        return ON_ONE
    return [name for name in ON_ONE if name not in ("move", "unpin", "fold")]


def _line(context: Context, name: str, room: int, ellipsis: str) -> Line:
    if name in MOVES:
        about, refused = MOVES[name].about, ""
    else:
        action = ACTIONS[name]
        about, refused = action.about, action.refuse(context)
    key = context.keymap.key(name) if context.keymap.keys(name) else ""
    left = room - len(f"{key:>5} {about}  ")
    reason = fit(refused, min(len(refused), left), ellipsis) if refused else ""
    return line(
        (f"{key:>5} ", "dim" if refused else "key"),
        (about, "dim" if refused else ""),
        (f"  {reason}" if reason else "", "dim"),
    )
