"""Verbs about what is in sight."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from textual.geometry import Offset

from tuilab.lab.uninterrupted import beside
from tuilab.model.topology import Endpoint
from tuilab.tui import tmux
from tuilab.tui.copied import copied_text
from tuilab.tui.late import is_large
from tuilab.tui.moves import MOVES
from tuilab.tui.screens.addresses import AddressesScreen
from tuilab.tui.screens.find import FindScreen, everything
from tuilab.tui.screens.help import HelpScreen
from tuilab.tui.screens.menu import MenuScreen
from tuilab.tui.screens.palette import PaletteScreen, ThemeScreen
from tuilab.tui.widgets.inspector import Inspector
from tuilab.tui.widgets.packet_list import PacketList
from tuilab.tui.widgets.pick_view import PickView

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def find(screen: MainScreen) -> None:
    """Ask for a name or address and select what has it."""
    snapshot, glyphs = screen.lab.snapshot, screen.session.glyphs
    large = is_large(snapshot.topology)
    found = await beside(large, everything, snapshot, glyphs)
    item = await screen.session.push_screen_wait(FindScreen(found))
    if item is not None:
        screen.select(item)


async def select_box(screen: MainScreen) -> None:
    """Select with a box on the drawing."""
    screen.use_canvas(screen.canvas.start_box)


async def fold(screen: MainScreen) -> None:
    """Fold what is selected on the drawing, or unfold it."""
    screen.use_canvas(screen.canvas.fold)


async def minimap(screen: MainScreen) -> None:
    """Show the small picture of a large drawing, or not."""
    screen.use_canvas(screen.canvas.turn_map)


async def jump(screen: MainScreen) -> None:
    """Select by letters shown on the drawing."""
    screen.use_canvas(screen.canvas.start_jump)


async def inspect(screen: MainScreen) -> None:
    """Show or hide the inspector."""
    screen.show_inspector(not screen.panes.inspecting)


async def addresses(screen: MainScreen) -> None:
    """Who has which address where the selection is; everywhere without one."""
    ends: list[Endpoint] = []
    for item in screen.selection:
        namespace = screen.topology.namespaces.get(item.namespace)
        if item.endpoint is not None:
            ends.append(item.endpoint)
        elif namespace is not None:
            ends += [Endpoint(item.namespace, name) for name in namespace.links]
    dialog = AddressesScreen(screen.topology, tuple(ends))
    await screen.session.push_screen_wait(dialog)


async def zoom(screen: MainScreen) -> None:
    """Give the focused pane the whole screen, or give it back."""
    screen.zoom()


async def tree(screen: MainScreen) -> None:
    """The same lab as a drawing or as a list."""
    screen.toggle_tree()


async def packets_tab(screen: MainScreen) -> None:
    """The packet list."""
    screen.show_tab("packets")


async def log_tab(screen: MainScreen) -> None:
    """The command log."""
    screen.show_tab("log")


async def ping_tab(screen: MainScreen) -> None:
    """What was sent."""
    screen.show_tab("ping")


async def undo_tab(screen: MainScreen) -> None:
    """The undo history."""
    screen.show_tab("undo")


async def copy(screen: MainScreen) -> None:
    """Put what is selected on the clipboard, by every road there is."""
    text = copied_text(screen)
    screen.session.copy_to_clipboard(text)
    ways = ["OSC 52"]
    if await tmux.load_buffer(text):
        # tmux drops OSC 52 from programs unless told otherwise.
        ways.insert(0, "tmux")
    file = screen.session.around.clipboard
    if file is not None:
        with suppress(OSError):
            await asyncio.to_thread(_write, file, text)
            ways.append(f'the file "{file}"')
    *first, last = ways
    how = f"{', '.join(first)} and {last}" if first else last
    screen.session.say(f"copied by {how}: {text}")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Nobody else is to read what a person copies.
    with open(file, "w", encoding="utf-8", opener=_private) as clipboard:
        clipboard.write(text)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


async def mouse(screen: MainScreen) -> None:
    """Let go of the mouse, so that the terminal can select text; or take it again."""
    screen.session.toggle_mouse()


async def redraw(screen: MainScreen) -> None:
    """Paint everything, as when something else has written to the terminal."""
    screen.session.redraw()


async def theme(screen: MainScreen) -> None:
    """Other colours."""
    session = screen.session
    dialog = ThemeScreen(session.available_themes, session.theme)
    chosen = await session.push_screen_wait(dialog)
    if chosen is not None:
        session.theme = chosen


async def palette(screen: MainScreen) -> None:
    """Type what you want."""
    _run(screen, await screen.session.push_screen_wait(PaletteScreen(screen.context())))


async def help(screen: MainScreen) -> None:  # noqa: A001
    """All keys; Enter runs one."""
    dialog = HelpScreen(screen.context(), screen.focused)
    _run(screen, await screen.session.push_screen_wait(dialog))


async def menu(screen: MainScreen) -> None:
    """What can be done with the selection, beside it."""
    there = screen.focused
    if not isinstance(there, Inspector | PacketList):
        there = screen.map
    if isinstance(there, PickView):
        await menu_at(screen, there.below_cursor)
    else:
        await menu_at(screen, there.below_selection())


async def menu_at(screen: MainScreen, at: Offset) -> None:
    """What can be done with the selection; an entry is run."""
    dialog = MenuScreen(screen.context(), at)
    _run(screen, await screen.session.push_screen_wait(dialog))


def _run(screen: MainScreen, name: str | None) -> None:
    if name in MOVES:
        screen.call_later(screen.move, MOVES[name])
    elif name is not None:
        screen.call_later(screen.start, name)
