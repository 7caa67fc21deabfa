"""Verbs about the current row of the inspector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuilab.model.sysctls import FORWARD_V4, FORWARD_V6
from tuilab.tui.forms.base import ChangeForm
from tuilab.tui.forms.edit_link import EditLink
from tuilab.tui.forms.edit_namespace import EditNamespace
from tuilab.tui.forms.removal import removal
from tuilab.tui.verbs import build
from tuilab.tui.widgets.inspector_rows import Thing

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

_OF_LINKS = ("link", "address", "entry")
_FIELDS = {
    "address": "addresses",
    "entry": "fdb",
    "route": "routes",
    "rule": "rules",
    "neighbour": "neighbours",
    "setting": "sysctls",
}
_SWITCHES = {FORWARD_V4: "forward4", FORWARD_V6: "forward6"}


async def edit_row(screen: MainScreen) -> None:
    """Ask for what the row tells of, in the dialog of its namespace or link."""
    thing = screen.row.thing if screen.row else None
    if thing is None:
        await build.edit(screen)
        return
    field, said = _field(thing), screen.row.copied if screen.row else ""
    form: ChangeForm
    if thing.kind in _OF_LINKS:
        form = EditLink(screen.topology, thing.endpoint)
    else:
        setting = said.replace(" = ", " ") if field == "sysctls" else ""
        form = EditNamespace(screen.topology, thing.namespace, setting)
    line = said.partition(" ")[0]
    await build.ask(screen, form, focus=field, line=line)


def _field(thing: Thing) -> str:
    """The field that holds a thing."""
    if thing.kind == "link":
        return ""
    return _SWITCHES.get(str(thing.value), _FIELDS[thing.kind])


async def delete_row(screen: MainScreen) -> None:
    """Show what goes with what the row tells of, then remove it."""
    thing = screen.row.thing if screen.row else None
    if thing is None:
        await build.delete(screen)
    else:
        await build.remove(screen, removal(screen.topology, thing))


async def filter_rows(screen: MainScreen) -> None:
    """Take what is typed as what rows must have."""
    screen.inspector.start_filter()
