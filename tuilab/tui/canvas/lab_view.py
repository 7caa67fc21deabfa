"""A lab as a drawing in a pane: what is shown of it, how large, what is selected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from textual.message import Message
from textual.timer import Timer

from tuilab.lab.snapshot import Snapshot
from tuilab.model.edits import Rename
from tuilab.model.places import Slot
from tuilab.tui.base import BaseApp
from tuilab.tui.canvas.activity import Activity, activity
from tuilab.tui.canvas.boxes import Level
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import Drawing
from tuilab.tui.canvas.graph import Fold, Graph, Item
from tuilab.tui.canvas.layers import Memory
from tuilab.tui.canvas.laying import Look, is_large, laid, only_counted, with_pins
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.names import renamed, renamed_places, renames
from tuilab.tui.canvas.overlay import Cells, overlaid
from tuilab.tui.canvas.scene import Manner, Scene
from tuilab.tui.canvas.view import DrawingView
from tuilab.tui.canvas.waiting import Waiting

CALM = 1.6
"""Seconds after which a link counts as quiet: counters come once a second."""


class LabView(DrawingView):
    """Shows a snapshot and what is selected in it; knows neither keys nor mouse."""

    class Selected(Message, namespace="canvas"):
        """Something else is selected."""

        def __init__(self, canvas: LabView, selection: tuple[Item, ...]) -> None:
            super().__init__()
            self.canvas = canvas
            self.selection = selection

        @property
        def item(self) -> Item | None:
            """What was selected last, or None."""
            return self.selection[-1] if self.selection else None

        @property
        def control(self) -> LabView:
            """The canvas."""
            return self.canvas

    class Zoomed(Message, namespace="canvas"):
        """Another level of detail is shown, or more or less of the drawing."""

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
        self._selection: tuple[Item, ...] = ()
        self._marked: Item | None = None
        self._zoom: Level | None = None
        self._graph = Graph()
        self._memory: Memory = {}
        self._choices = Choices()
        self._held: Mapping[Item, Slot] = {}
        self._stood: Mapping[Item, Slot] = {}
        self._flows: Activity = {}
        self._calm: Timer | None = None
        self._said_zoom: object = None
        self._late = self._laying = self._drawing_late = False
        self._wait = Waiting(self, self.tell)
        self._afterwards: list[Callable[[], None]] = []
        self._scene = Scene(Manner(1))
        self._plain = Drawing()
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
        flows = before is not None and self._see_flows(before, snapshot)
        if before is not None:
            self.follow(renames(before.history, snapshot.history))
        counted = before is not None and only_counted(before, snapshot)
        if not counted and self.is_mounted and is_large(self._graph, snapshot):
            if self._drawing.boxes:
                self._lay_soon()
            else:
                self._lay_then(lambda: None)
        elif not counted and self._take(snapshot):
            if self.display and not self.size and not self._drawing.boxes:
                return  # the pane gets its size in a moment
            shown = self._scene
            self._lay()
            self._keep_selection(shown)
            return
        if flows:
            self._redraw()

    def _lay_soon(self) -> None:
        """Lay out what is there by then, beside the loop; the old drawing stands."""
        self._late = True
        if not self._laying:
            self._laying = True
            self._run(self._lay_beside, "lay")

    def _run(self, job: Callable[[], Awaitable[None]], group: str) -> None:
        if isinstance(self.app, BaseApp):
            self.app.run_job(job, of=self, group=group)
        else:
            self.run_worker(job(), group=group)

    async def _lay_beside(self) -> None:
        try:
            while self._late and self.is_mounted and self._snapshot is not None:
                self._late = False
                wish, held, memory = self._wish(), self._held, self._memory
                known, before, look = self._graph, self._scene, self._wanted_look()
                graph, scene = await asyncio.to_thread(
                    laid, self._snapshot, held, wish, before, look, known, memory
                )
                while (look := self._wanted_look()).is_another(scene):
                    await asyncio.to_thread(look.drawn, scene)
                same = self._wish() == wish and self._held == held
                same = same and self._graph is known
                if self._memory is not memory or not same:
                    # Folded, zoomed, renamed or moved meanwhile: that comes first.
                    self._late = True
                elif graph is not known or (held, wish) != (
                    self._stood,
                    self._scene.wish,
                ):
                    self._graph, self._stood = graph, held
                    self._show_scene(scene)
            while self._afterwards and not self._late:
                self._afterwards.pop(0)()
        finally:
            self._laying = False
            self._afterwards.clear()
            self._wait.end()

    def _lay_then(self, after: Callable[[], None], *, asked: bool = True) -> None:
        """Place everything again, and go on after that; much of it beside the loop.

        Args:
            after: What needs everything in its place.
            asked: Whether a key has asked for it: others wait then.
        """
        if not self.is_mounted or not is_large(self._graph, self._snapshot):
            self._lay()
            after()
            return
        self._afterwards.append(after)
        if asked or not self._drawing.boxes:
            self.keep_keys()
        self._lay_soon()

    def keep_keys(self) -> None:
        """Have keys wait for a drawing that was asked for, if one is on its way."""
        if self._afterwards:
            self._wait.begin()

    @property
    def waiting(self) -> str:
        """What is said while keys wait for a drawing for long."""
        return f"placing {len(self._graph.nodes)} nodes ..." if self._wait.told else ""

    def tell(self) -> None:
        """There may be something else to say."""

    def _show_scene(self, scene: Scene) -> None:
        before = self._scene
        self._put_scene(scene)
        self._keep_selection(before)
        item = self.selected
        if item is not None and scene.knows(item) and not before.knows(item):
            self.show_item(item)

    def _see_flows(self, before: Snapshot, after: Snapshot) -> bool:
        """Take in what counters tell; whether anything that is drawn has changed."""
        flows = activity(before.live, after.live)
        if not flows:
            return False
        if self._calm is not None:
            self._calm.stop()
        self._calm = self.set_timer(CALM, self._calm_down)
        if flows == self._flows:
            return False
        self._flows = flows
        return True

    def _calm_down(self) -> None:
        """Counters stand still: nobody tells of that."""
        self._calm, self._flows = None, {}
        self._redraw()

    def _take(self, snapshot: Snapshot) -> bool:
        """Read a snapshot; whether anything that is drawn has changed."""
        graph = build(snapshot)
        if graph == self._graph:
            return False
        self._graph = graph
        return True

    @property
    def awaited(self) -> bool:
        """Whether the first drawing is on its way."""
        wanted = self._laying or bool(self._graph.nodes)
        return wanted and not self._drawing.boxes

    @property
    def level(self) -> Level:
        """Level of detail that is shown."""
        return self._scene.level

    @property
    def wanted_level(self) -> Level:
        """Level that is shown, or will be once everything has its place."""
        return self.level if self._zoom is None else self._zoom

    @property
    def scene(self) -> Scene:
        """Where everything stands."""
        return self._scene

    @property
    def fitted(self) -> bool:
        """Whether the level is chosen by what fits the pane."""
        return self._zoom is None

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

    @property
    def foldable(self) -> bool:
        """Whether what is selected can be folded or unfolded."""
        return self._fold() is not None

    def fold(self) -> None:
        """Fold what is selected, or unfold it; it is selected again afterwards."""
        fold, item = self._fold(), self.selected
        if fold is None or item is None:
            return
        self._choices = self._choices.toggled(fold)
        self._lay_then(lambda: self._select_folded(fold, item))

    def _select_folded(self, fold: Fold, item: Item) -> None:
        """What was selected, or what stands for it now."""
        if not self._scene.knows(item):
            hub = (it for it, other in self._drawing.folds.items() if other == fold)
            item = next((it for it in hub if it in self._drawing.boxes), item)
        self.select(item)
        self.show_item(item)

    def _fold(self) -> Fold | None:
        item, folds = self.selected, self._drawing.folds
        if item is None:
            return None
        return folds.get(item) or folds.get(self._drawing.node_of(item) or item)

    def members(self, item: Item) -> tuple[Item, ...]:
        """The leaves of a folded group; anything else is its only member."""
        if item.kind != "grid":
            return (item,)
        nodes = self._scene.graph.nodes
        cells = next((node.cells for node in nodes if node.item == item), ())
        return tuple(cell.item for cell in cells)

    # -- what is selected --------------------------------------------------------------

    @property
    def selection(self) -> tuple[Item, ...]:
        """Everything that is selected; what keys start from is the last."""
        return self._selection

    @property
    def selected(self) -> Item | None:
        """What was selected last."""
        return self._selection[-1] if self._selection else None

    @selected.setter
    def selected(self, item: Item | None) -> None:
        self.select(item)

    def select(self, item: Item | None, *, show: bool = True) -> None:
        """Select one thing and nothing else.

        Args:
            item: What to select; None for nothing.
            show: Scroll it into sight.
        """
        self.select_all(() if item is None else (item,), show=show)

    def select_all(self, items: Iterable[Item], *, show: bool = True) -> None:
        """Select these things and no others; the last one is where keys go on from."""
        selection = tuple(dict.fromkeys(items))
        if selection == self._selection:
            return
        self._selection = selection
        self._redraw()
        if selection and show:
            self.show_item(selection[-1])
        self.post_message(self.Selected(self, selection))

    def select_also(self, item: Item, *, show: bool = True) -> None:
        """Select one thing more; one that is selected no longer."""
        rest = [other for other in self._selection if other != item]
        also = [] if item in self._selection else [item]
        self.select_all([*rest, *also], show=show)

    @property
    def marked(self) -> Item | None:
        """The first end of a cable to be made."""
        return self._marked

    @marked.setter
    def marked(self, item: Item | None) -> None:
        if item != self._marked:
            self._marked = item
            self._redraw()

    def follow(self, renames: Iterable[Rename]) -> None:
        """Keep selection, mark and places of what has another name from now on.

        A new `snapshot` does so by itself for what its history has renamed.
        """
        for rename in renames:
            self._memory = renamed_places(self._memory, rename)
            folds = self._choices.folds.items()
            self._choices = replace(
                self._choices, folds={renamed(it, rename): on for it, on in folds}
            )
            self._selection = tuple(renamed(item, rename) for item in self._selection)
            if self._marked is not None:
                self._marked = renamed(self._marked, rename)

    def _keep_selection(self, before: Scene) -> None:
        """What was drawn and is gone can't stay selected; what it was on can."""

        def gone(item: Item) -> bool:
            return before.knows(item) and not self._scene.knows(item)

        if self._marked is not None and gone(self._marked):
            self.marked = None
        left = [item for item in self._selection if not gone(item)]
        if len(left) == len(self._selection):
            return
        item = self.selected
        if not left and item is not None:
            home = Item("namespace", item.namespace)
            left = [home] if home in self._drawing.boxes else []
        self.select_all(left)

    # -- drawing -----------------------------------------------------------------------

    def _lay(self) -> None:
        """Place everything again, for the pane as it is."""
        if not self.is_mounted:
            return
        self._stood = self._held
        graph = with_pins(self._graph, self._held)
        self._put_scene(compose(graph, self._wish(), self._memory, self._scene))

    def _wish(self) -> Wish:
        """How the lab is to be drawn in the pane as it is."""
        # A pane out of sight has no size; its drawing must fit its lab all the same.
        width, height = self.size.width or 80, self.size.height or 24
        # What is carried about keeps its size in the hand.
        level = self._scene.level if self._held and self._zoom is None else self._zoom
        return Wish(width, height, level, self._choices, self._ascii, scrolled=True)

    def _put_scene(self, scene: Scene) -> None:
        """Show a scene."""
        self._scene = scene
        self._memory = scene.memory
        self._plain = self._wanted_look().drawn(scene)
        self._repaint()
        said, self._said_zoom = self._said_zoom, (self.level, self._zoom, self.portion)
        if said != self._said_zoom:
            self.post_message(self.Zoomed(self.level, fitted=self.fitted))

    def hold(
        self, places: Mapping[Item, Slot], after: Callable[[], None] = lambda: None
    ) -> None:
        """Have nodes stand elsewhere for now; with none, where they belong.

        Args:
            places: Columns and rows.
            after: What to do when they stand there.
        """
        if places != self._held:
            self._held = places
            self._lay_then(after)

    def _wanted_look(self) -> Look:
        """How the drawing is to look now."""
        chosen = frozenset(self._chosen())
        return Look(chosen, self._marked, self._flows, self._ascii)

    def _redraw(self) -> None:
        """Give the cells their signs again; many of them beside the loop."""
        look = self._wanted_look()
        if not self._drawing_late and not look.is_another(self._scene):
            self._plain = look.drawn(self._scene)
        elif not self._drawing_late:
            self._drawing_late = True
            self._run(self._draw_beside, "draw")
        self._repaint()

    async def _draw_beside(self) -> None:
        """Until it looks as it is to look by then."""
        try:
            while self.is_mounted:
                scene, look = self._scene, self._wanted_look()
                if not look.is_another(scene):
                    break
                await asyncio.to_thread(look.drawn, scene)
        finally:
            self._drawing_late = False
        if self.is_mounted:
            self._redraw()

    def _repaint(self) -> None:
        """Show the drawing with what lies over it now."""
        self.show_drawing(overlaid(self._plain, self._cells()))

    def _chosen(self) -> Sequence[Item]:
        """What is shown as selected."""
        return self._selection

    def _cells(self) -> Cells:
        """What lies over the drawing."""
        return {}

    def on_resize(self) -> None:
        """The pane has another size."""
        self._lay_then(self._show_selected, asked=False)

    def _show_selected(self) -> None:
        if self.selected is not None:
            self.show_item(self.selected)
