"""Verbs that make parts of a lab once more, and ready shapes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.lab.uninterrupted import beside
from tuilab.model.edits.clip import cut_out
from tuilab.model.edits.paste import contents, paste
from tuilab.tui.forms.generate import Generate
from tuilab.tui.forms.toggle import targets
from tuilab.tui.late import is_large
from tuilab.tui.screens.generate import GenerateScreen
from tuilab.tui.verbs.build import carry_out, select_new

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def copy_part(screen: MainScreen) -> None:
    """Keep the selection, to be pasted into this lab or another."""
    topology, wanted = screen.topology, targets(screen.selection)
    clip = await beside(is_large(topology), cut_out, topology, wanted)
    board, key = screen.session.around.clips, screen.session.key("paste_part")
    said = f"copied {contents(clip)} ({key} pastes it, in other labs too)"
    try:
        await asyncio.to_thread(board.put, clip)
    except TuilabError as error:
        screen.session.say(str(error), "warning")
    else:
        screen.session.say(said)


async def paste_part(screen: MainScreen) -> None:
    """Put what was copied into the lab; it is selected afterwards."""
    clip = await asyncio.to_thread(screen.session.around.clips.get)
    before = screen.topology
    await carry_out(screen, paste(clip))
    await select_new(screen, before)


async def generate(screen: MainScreen) -> None:
    """Ask for a shape; what is new is selected afterwards."""
    before = screen.topology
    dialog = GenerateScreen(Generate(before), screen.lab)
    answers = await screen.session.push_screen_wait(dialog)
    screen.refresh_lab()
    if answers is not None:
        await select_new(screen, before)
