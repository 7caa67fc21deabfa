"""Verbs that change the topology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tuilab.lab.uninterrupted import beside
from tuilab.model.edits import Change, place
from tuilab.model.edits import remove as removed
from tuilab.model.edits.paste import duplicate as duplicated
from tuilab.model.places import Slot
from tuilab.model.topology import Bridge, Cable, Endpoint, Tap, Topology
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.add_bridge import AddBridge
from tuilab.tui.forms.add_cable import AddCable
from tuilab.tui.forms.add_namespace import AddNamespace
from tuilab.tui.forms.add_tap import AddTap
from tuilab.tui.forms.base import ChangeForm, text
from tuilab.tui.forms.edit_cable import EditCable
from tuilab.tui.forms.edit_link import AddAddress, EditLink
from tuilab.tui.forms.edit_namespace import AddRoute, EditNamespace
from tuilab.tui.forms.proposals import Place, place_of
from tuilab.tui.forms.toggle import targets
from tuilab.tui.forms.toggle import toggle as toggled
from tuilab.tui.late import is_large
from tuilab.tui.screens.change import ChangeScreen
from tuilab.tui.screens.delete import DeleteScreen
from tuilab.tui.screens.form import Answers

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def add_namespace(screen: MainScreen) -> None:
    """Ask for a namespace; it is selected afterwards."""
    form = AddNamespace(screen.topology, _place(screen, screen.selected))
    if answers := await ask(screen, form):
        screen.select(Item("namespace", text(answers, "name")))


async def add_bridge(screen: MainScreen) -> None:
    """Ask for a bridge; it is selected afterwards."""
    form = AddBridge(screen.topology, _place(screen, screen.selected))
    if answers := await ask(screen, form):
        screen.select(Item("bridge", text(answers, "place"), text(answers, "name")))


async def add_cable(screen: MainScreen) -> None:
    """Ask for a cable, from the marked end if there is one."""
    await cable_between(screen, screen.marked, screen.selected)


async def cable_between(
    screen: MainScreen, first: Item | None, second: Item | None
) -> None:
    """Ask for a cable between two things; it is selected afterwards."""
    form = AddCable(screen.topology, _place(screen, second), _place(screen, first))
    if answers := await ask(screen, form):
        screen.marked = None
        ends = (form.endpoint(answers, "a"), form.endpoint(answers, "b"))
        screen.select(Item.of_cable(Cable.of(*ends)))


async def add_tap(screen: MainScreen) -> None:
    """Ask for a tap; it is selected afterwards."""
    place = _place(screen, screen.selected)
    form = AddTap(screen.topology, place, screen.session.around.user)
    if answers := await ask(screen, form):
        where = Place.of(text(answers, "place"))
        screen.select(Item("tap", where.namespace, text(answers, "name")))


async def add_address(screen: MainScreen) -> None:
    """Ask for an address for the selected link."""
    await ask(screen, AddAddress(screen.topology, _endpoint(screen)))


async def add_route(screen: MainScreen) -> None:
    """Ask for a route for the selected namespace."""
    item = screen.selected
    form = AddRoute(screen.topology, *([item.namespace] if item else []))
    await ask(screen, form)


async def edit(screen: MainScreen) -> None:
    """Ask for everything about the selected thing."""
    item = screen.selected
    assert item is not None
    if item.kind == "namespace":
        form: ChangeForm = EditNamespace(screen.topology, item.namespace)
        if answers := await ask(screen, form):
            screen.select(Item("namespace", text(answers, "name")))
        return
    if item.cable is not None:
        cable = EditCable(screen.topology, item.cable)
        if answers := await ask(screen, cable):
            screen.select(Item.of_cable(cable.renamed(answers)))
        return
    endpoint = item.endpoint
    assert endpoint is not None
    if answers := await ask(screen, EditLink(screen.topology, endpoint)):
        screen.select(_renamed(item, text(answers, "name")))


async def rename(screen: MainScreen) -> None:
    """The same dialog: its first field is the name."""
    await edit(screen)


async def delete(screen: MainScreen) -> None:
    """Show what goes, then remove it."""
    change, some = removed(targets(screen.selection)), screen.selection
    if len(some) == 1:
        change = replace(change, title=f"remove {some[0].kind} {some[0]}")
    await remove(screen, change)


async def remove(screen: MainScreen, change: Change) -> None:
    """Show what goes with a change that removes something, then make it."""
    capture = screen.session.watching.capture
    captured = capture.endpoints if capture is not None and capture.running else ()
    dialog = DeleteScreen(change, screen.lab, captured)
    await screen.session.push_screen_wait(dialog)
    screen.refresh_lab()


async def toggle(screen: MainScreen) -> None:
    """Set what is selected up or down."""
    change = toggled(screen.topology, screen.selection)
    if change is not None:
        await carry_out(screen, change)


async def duplicate(screen: MainScreen) -> None:
    """Make what is selected once more, with names and addresses that are free."""
    before, wanted = screen.topology, targets(screen.selection)
    change = await beside(is_large(before), duplicated, before, wanted)
    await carry_out(screen, change)
    await select_new(screen, before)


async def move(screen: MainScreen) -> None:
    """Take the selected nodes in hand, to stand elsewhere on the drawing."""
    screen.use_canvas(screen.canvas.start_move)


async def unpin(screen: MainScreen) -> None:
    """Let the drawing choose again where the selected nodes stand."""
    group = screen.context().group
    items = (group,) if group is not None else screen.selection
    await place_nodes(screen, dict.fromkeys(map(str, items)))


async def place_nodes(screen: MainScreen, places: Mapping[str, Slot | None]) -> None:
    """Have nodes stand where a person put them, as one edit."""
    try:
        await carry_out(screen, place(places))
    finally:
        if screen.is_attached:
            screen.canvas.hold({})


async def carry_out(screen: MainScreen, change: Change) -> None:
    """Make a change that needs no dialog, and say so."""
    await screen.lab.edit(change)
    screen.refresh_lab()
    screen.session.say(f"done: {change.title} ({screen.session.key('undo')} undoes it)")


async def select_new(screen: MainScreen, before: Topology) -> None:
    """Select what the lab did not have before."""
    after = screen.topology
    screen.select(*await beside(is_large(after), new_nodes, before, after))


def new_nodes(before: Topology, after: Topology) -> list[Item]:
    """The boxes of a lab that it did not have before; cables where there is none."""
    names = [name for name in after.namespaces if name not in before.namespaces]
    links = [
        Item("bridge" if isinstance(link, Bridge) else "tap", end.namespace, end.ifname)
        for end, link in after.links()
        if isinstance(link, Bridge | Tap)
        and end.namespace not in names
        and before.link(end) is None
    ]
    nodes = [*(Item("namespace", name) for name in names), *links]
    old = set(before.cables)
    return nodes or [Item.of_cable(c) for c in after.cables if c not in old]


async def ask(
    screen: MainScreen, form: ChangeForm, *, focus: str = "", line: str = ""
) -> Answers | None:
    """Ask what a form asks, and change the lab.

    Args:
        screen: Where.
        form: What for.
        focus: The field to begin with, the first one by default.
        line: How the line of it begins that is meant, where it has several.
    """
    large = is_large(screen.topology)
    proposed = await beside(large, form.proposal, {})
    dialog = ChangeScreen(form, screen.lab, focus=focus, line=line, proposed=proposed)
    answers = await screen.session.push_screen_wait(dialog)
    screen.refresh_lab()
    return answers


def _place(screen: MainScreen, item: Item | None) -> Place | None:
    if item is None:
        return None
    return place_of(screen.topology, item.namespace, item.ifname or "")


def _endpoint(screen: MainScreen) -> Endpoint | None:
    item = screen.selected
    if item is None:
        return None
    return item.endpoint or _first_link(screen.topology, item.namespace)


def _first_link(topology: Topology, name: str) -> Endpoint | None:
    namespace = topology.namespaces.get(name)
    for ifname, link in (namespace.links if namespace else {}).items():
        if not link.master:
            return Endpoint(name, ifname)
    return None


def _renamed(item: Item, ifname: str) -> Item:
    return Item(item.kind, item.namespace, ifname)
