"""Verbs about the lab as a whole: history, files, shells, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.formats import library, yaml
from tuilab.formats.script import script
from tuilab.model.topology import HOST
from tuilab.tui import tmux
from tuilab.tui.canvas.picture import exported
from tuilab.tui.forms.save import KINDS, YAML, SaveLab
from tuilab.tui.screens.labs import LabsScreen
from tuilab.tui.screens.load import LoadScreen
from tuilab.tui.screens.quit import QuitScreen, RemoveScreen
from tuilab.tui.screens.save import SaveScreen
from tuilab.tui.surroundings import ExitChoice
from tuilab.tui.widgets.files import topology_files

if TYPE_CHECKING:
    from tuilab.lab.lab import Lab
    from tuilab.lab.snapshot import Outcome
    from tuilab.tui.screens.main import MainScreen


async def undo(screen: MainScreen) -> None:
    """Go back by one edit, and say which."""
    _done(screen, await screen.lab.undo(), f"{screen.session.key('redo')} redoes it")


async def redo(screen: MainScreen) -> None:
    """Go forward by one edit, and say which."""
    _done(screen, await screen.lab.redo(), f"{screen.session.key('undo')} undoes it")


async def go_to(screen: MainScreen, position: int) -> None:
    """Stand elsewhere in the history."""
    if position != screen.lab.snapshot.history.position:
        _done(screen, await screen.lab.go_to(position), "")


def _done(screen: MainScreen, outcome: Outcome, way_back: str) -> None:
    screen.refresh_lab()
    said = f"done: {outcome.title}"
    if way_back:
        said += f" ({way_back})"
    screen.session.say("\n".join([said, *outcome.notes]))


async def save(screen: MainScreen) -> None:
    """Write the lab to a topology file, or as something else to look at or to run."""
    lab = screen.lab
    proposed = lab.source or screen.session.around.folders[0] / f"{lab.name}.yaml"

    async def write(path: Path, kind: str) -> None:
        if kind != YAML:
            await asyncio.to_thread(yaml.write, path, await _as_text(screen, kind))
            screen.session.say(f'saved to "{path}"')
            return
        yaml.save(path, lab.snapshot.topology, _document(lab))
        try:
            lab.set_source(path)
        except TuilabError as error:
            # The file is written all the same; a lab that has ended has no folder.
            if not screen.session.gone:
                screen.session.say(str(error), "warning")
        screen.show_saved(lab.snapshot.topology)
        screen.session.say(f'saved to "{path}"')

    topology = lab.snapshot.topology
    size = f"{_namespaces(lab)} and {_links(lab)}"
    remark = _changed_by_hand(screen) if lab.source else ""
    form = SaveLab(topology, f"Save lab {lab.name}", proposed, remark)

    def what(_: Path, kind: str) -> str:
        return f"{size} as {KINDS[kind]}"

    await screen.session.push_screen_wait(SaveScreen(form, what, write))


async def _as_text(screen: MainScreen, kind: str) -> str:
    """What a file of some other kind than a topology file says."""
    if kind == ".sh":
        return await asyncio.to_thread(script, screen.lab.snapshot.topology)
    return await exported(screen.canvas, screen.lab.name, picture=kind == ".svg")


def _changed_by_hand(screen: MainScreen) -> str:
    """What to say when the lab's file no longer is what the lab ever was."""
    lab = screen.lab
    document = _document(lab)
    if document is None:
        return "can't be read: would be lost"
    past = lab.snapshot.history
    known = [past.start, *(edit.topology for edit in past.edits), screen.saved]
    if replace(document.topology, name=lab.name) in known:
        return ""
    return "changed by hand: would be lost"


def _namespaces(lab: Lab) -> str:
    return _counted(len(lab.snapshot.topology.namespaces) - 1, "namespace")


def _links(lab: Lab) -> str:
    return _counted(sum(1 for _ in lab.snapshot.topology.links()), "link")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _document(lab: Lab) -> yaml.Document | None:
    """The file the lab came from, so that its comments are kept."""
    if lab.source is None:
        return None
    try:
        return yaml.load(lab.source)
    except TuilabError:
        return None


async def read_saved(screen: MainScreen) -> None:
    """Read the lab's file, to know whether the lab differs from it."""
    document = await asyncio.to_thread(_document, screen.lab)
    if document is not None:
        screen.show_saved(replace(document.topology, name=screen.lab.name))


async def load(screen: MainScreen) -> None:
    """Become what a topology file says."""
    await load_from(screen, screen.session.around.folders)


async def load_from(screen: MainScreen, folders: Sequence[Path]) -> None:
    """Become what a file of these folders says, or a ready lab."""
    files = topology_files(folders)
    path = await screen.session.push_screen_wait(LoadScreen(files, screen.lab))
    screen.refresh_lab()
    if path is None:
        return
    if path.resolve().parent != library.folder():
        screen.lab.set_source(path)
        screen.show_saved(screen.topology)
    screen.session.say(f'loaded "{path.name}" ({screen.session.key("undo")} undoes it)')


async def labs(screen: MainScreen) -> None:
    """Leave for another lab; this one goes on."""
    dialog = LabsScreen(screen.session.around.labs(), screen.lab.name)
    choice = await screen.session.push_screen_wait(dialog)
    if choice is not None:
        screen.session.exit(choice)


async def rescan(screen: MainScreen) -> None:
    """Observe the kernel again."""
    await screen.lab.rescan()
    screen.refresh_lab()
    screen.session.say("rescanned")


async def shell(screen: MainScreen) -> None:
    """A shell in the selected namespace, in place of the screen."""
    item = screen.selected
    name = item.namespace if item else HOST
    argv = screen.session.around.shell
    assert argv is not None
    await screen.session.lend_terminal(
        argv(name), f"tuilab: a shell in {name}; exit comes back to the lab"
    )
    await screen.lab.rescan()


async def shell_window(screen: MainScreen) -> None:
    """A shell in the selected namespace, in a tmux window of its own."""
    item = screen.selected
    name = item.namespace if item else HOST
    argv = screen.session.around.window
    assert argv is not None
    key = screen.session.key("shell")
    await tmux.new_window(name, argv(name), f"{key} opens a shell here")
    screen.session.say(f"a shell in {name} is in a tmux window of its own")


async def quit(screen: MainScreen) -> None:  # noqa: A001
    """Ask whether the lab stays, unless there is nothing in it."""
    snapshot = screen.lab.snapshot
    if screen.session.gone or (screen.is_empty and not snapshot.history.edits):
        screen.session.exit(ExitChoice("keep" if screen.session.gone else "remove"))
        return
    name, key = screen.lab.name, screen.session.key("save")
    preview = bool(snapshot.preview)
    while True:
        dialog = QuitScreen(
            name,
            key,
            preview=preview,
            empty=screen.is_empty,
            unsaved=_unsaved(screen),
        )
        choice = await screen.session.push_screen_wait(dialog)
        if choice != ExitChoice("remove"):
            break
        if await screen.session.push_screen_wait(RemoveScreen(name, _lost(screen))):
            break
    if choice is not None:
        screen.session.exit(choice)


def _unsaved(screen: MainScreen) -> str:
    """Which packets are gone once the screen is."""
    if not (packets := screen.session.watching.unsaved):
        return ""
    key = screen.session.key("save_packets")
    return f"Gone with it: {packets}, which {key} would save."


def _lost(screen: MainScreen) -> str:
    """What is gone once the lab is removed, and where it is still to be had."""
    topology, edits = screen.topology, screen.lab.snapshot.history.edits
    links = sum(1 for _ in topology.links())
    goes = [
        _counted(len(topology.namespaces) - 1, "namespace"),
        _counted(links, "link"),
        f"a history of {_counted(len(edits), 'edit')}",
    ]
    said = f"  {', '.join(goes)}\n  and every program that runs in it.\n"
    key, source = screen.session.key("save"), screen.lab.source
    if source is None:
        return f"{said}It is in no file: stay, and {key} saves it to one."
    if screen.saved in (None, topology):
        return f'{said}The file "{source.name}" stays.'
    return (
        f'{said}The file "{source.name}" says something else: stay, and {key} saves it.'
    )
