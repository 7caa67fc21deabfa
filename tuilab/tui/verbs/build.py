"""Verbs that change the topology."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuilab.model.edits import Change, remove_link, remove_namespace
from tuilab.model.topology import Cable, Endpoint, Topology
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.add_bridge import AddBridge
from tuilab.tui.forms.add_cable import AddCable
from tuilab.tui.forms.add_namespace import AddNamespace
from tuilab.tui.forms.add_tap import AddTap
from tuilab.tui.forms.base import ChangeForm, text
from tuilab.tui.forms.edit_link import AddAddress, EditLink
from tuilab.tui.forms.edit_namespace import AddRoute, EditNamespace
from tuilab.tui.forms.proposals import Place, place_of
from tuilab.tui.forms.toggle import toggle as toggled
from tuilab.tui.screens.change import ChangeScreen
from tuilab.tui.screens.delete import DeleteScreen
from tuilab.tui.screens.form import Answers

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen


async def add_namespace(screen: MainScreen) -> None:
    """Ask for a namespace; it is selected afterwards."""
    form = AddNamespace(screen.topology, _place(screen, screen.selected))
    if answers := await _ask(screen, form):
        screen.select(Item("namespace", text(answers, "name")))


async def add_bridge(screen: MainScreen) -> None:
    """Ask for a bridge; it is selected afterwards."""
    form = AddBridge(screen.topology, _place(screen, screen.selected))
    if answers := await _ask(screen, form):
        screen.select(Item("bridge", text(answers, "place"), text(answers, "name")))


async def add_cable(screen: MainScreen) -> None:
    """Ask for a cable, from the marked end if there is one."""
    await cable_between(screen, screen.marked, screen.selected)


async def cable_between(
    screen: MainScreen, first: Item | None, second: Item | None
) -> None:
    """Ask for a cable between two things; it is selected afterwards."""
    form = AddCable(screen.topology, _place(screen, second), _place(screen, first))
    if answers := await _ask(screen, form):
        screen.marked = None
        ends = (form.endpoint(answers, "a"), form.endpoint(answers, "b"))
        screen.select(Item.of_cable(Cable.of(*ends)))


async def add_tap(screen: MainScreen) -> None:
    """Ask for a tap; it is selected afterwards."""
    place = _place(screen, screen.selected)
    form = AddTap(screen.topology, place, screen.session.around.user)
    if answers := await _ask(screen, form):
        where = Place.of(text(answers, "place"))
        screen.select(Item("tap", where.namespace, text(answers, "name")))


async def add_address(screen: MainScreen) -> None:
    """Ask for an address for the selected link."""
    await _ask(screen, AddAddress(screen.topology, _endpoint(screen)))


async def add_route(screen: MainScreen) -> None:
    """Ask for a route for the selected namespace."""
    item = screen.selected
    form = AddRoute(screen.topology, *([item.namespace] if item else []))
    await _ask(screen, form)


async def edit(screen: MainScreen) -> None:
    """Ask for everything about the selected thing."""
    item = screen.selected
    assert item is not None
    if item.kind == "namespace":
        form: ChangeForm = EditNamespace(screen.topology, item.namespace)
        if answers := await _ask(screen, form):
            screen.select(Item("namespace", text(answers, "name")))
        return
    endpoint = item.endpoint
    assert endpoint is not None
    if answers := await _ask(screen, EditLink(screen.topology, endpoint)):
        screen.select(_renamed(item, text(answers, "name")))


async def rename(screen: MainScreen) -> None:
    """The same dialog: its first field is the name."""
    await edit(screen)


async def delete(screen: MainScreen) -> None:
    """Show what goes, then remove it."""
    item = screen.selected
    assert item is not None
    await remove(screen, removal(item))


async def remove(screen: MainScreen, change: Change) -> None:
    """Show what goes with a change that removes something, then make it."""
    capture = screen.session.watching.capture
    captured = capture.endpoints if capture is not None and capture.running else ()
    dialog = DeleteScreen(change, screen.lab, captured)
    await screen.session.push_screen_wait(dialog)
    screen.refresh_lab()


async def toggle(screen: MainScreen) -> None:
    """Set the selected link up or down."""
    change = toggled(screen.topology, screen.selected)
    if change is None:
        return
    await screen.lab.edit(change)
    screen.refresh_lab()
    key = screen.session.key("undo")
    screen.session.say(f"done: {change.title} ({key} undoes it)")


def removal(item: Item) -> Change:
    """What removes a thing from the lab."""
    if item.kind == "namespace":
        return remove_namespace(item.namespace)
    return remove_link(Endpoint(item.namespace, item.ifname or ""))


async def _ask(screen: MainScreen, form: ChangeForm) -> Answers | None:
    answers = await screen.session.push_screen_wait(ChangeScreen(form, screen.lab))
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
    end = Endpoint(item.namespace, ifname)
    if item.peer is not None:
        return Item.of_cable(Cable.of(end, item.peer))
    return Item(item.kind, item.namespace, ifname)
