"""The main screen: its panes, what they tell each other, and where keys go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import LogEntry, Snapshot
from tuilab.model.topology import HOST, Topology
from tuilab.tui.actions import ACTIONS, Context, bindings
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.widget import Canvas
from tuilab.tui.frame import show_subtitle, show_title
from tuilab.tui.moves import Move, moves, panes_of
from tuilab.tui.screens.below import Below
from tuilab.tui.screens.close_look import CloseLook
from tuilab.tui.screens.context import context_of
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.screens.elsewhere import elsewhere
from tuilab.tui.screens.gone import GoneScreen
from tuilab.tui.screens.guide import Guide
from tuilab.tui.screens.hints import Hints
from tuilab.tui.screens.layout import Layout
from tuilab.tui.screens.packet_desk import PacketDesk
from tuilab.tui.screens.send_desk import SendDesk
from tuilab.tui.verbs import VERBS, Verb, build, lab, view
from tuilab.tui.widgets.bottom import BottomPanel
from tuilab.tui.widgets.history_view import HistoryView
from tuilab.tui.widgets.inspector import Inspector
from tuilab.tui.widgets.inspector_rows import Row
from tuilab.tui.widgets.keys import KeysBar
from tuilab.tui.widgets.log_view import LogView
from tuilab.tui.widgets.packet_list import PacketList
from tuilab.tui.widgets.pick_view import PickView
from tuilab.tui.widgets.ping_text import Run
from tuilab.tui.widgets.selection_text import selection_text, topology_title
from tuilab.tui.widgets.status import StatusBar
from tuilab.tui.widgets.tour_pane import TourPane
from tuilab.tui.widgets.tree_view import TreeView

if TYPE_CHECKING:
    from tuilab.tui.app import TuilabApp


class MainScreen(Below[None]):
    """Everything about one lab."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(), *moves("screen")]

    def __init__(self, session: TuilabApp) -> None:
        super().__init__()
        self.session = session
        self.panes = Layout(self)
        self.guide = Guide(self)
        self.sends = SendDesk(self)
        self._stripped = False
        self._hints = Hints(self)
        self._close_look = CloseLook(self, self._hints)

    # -- panes -----------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Status, drawing and inspector, tabs, log, keys."""
        # Before anything is painted without them.
        self.size_up()
        glyphs, keymap = self.session.glyphs, self.session.around.keymap
        yield StatusBar(glyphs)
        with Horizontal(id="upper"):
            with Vertical(id="topology", classes="pane"):
                canvas = Canvas(
                    ascii_only=self.session.has_class("-ascii"), id="canvas"
                )
                canvas.keymap = keymap
                yield canvas
                yield TreeView(glyphs, id="tree")
            inspector = Inspector(
                glyphs,
                hints=self._hints,
                looked_at=self._close_look.possible,
                keymap=keymap,
                id="inspector",
            )
            yield inspector.add_class("pane")
        yield TourPane(keymap, id="tour").add_class("pane")
        yield BottomPanel(glyphs, keymap, id="bottom").add_class("pane")
        strip = LogView(glyphs, id="strip")
        strip.border_title = "Command log"
        yield strip.add_class("pane")
        yield KeysBar()

    def on_mount(self) -> None:
        """Show the lab as it is."""
        self.bottom.desk = PacketDesk(self.session, self.bottom)
        self.guide.show_card()
        self.show_lab(self.lab.snapshot)
        self.show_log(self.lab.log)
        self.set_focus(self.map)
        self.session.run_job(lambda: lab.read_saved(self))
        self.session.run_job(self._close_look.run, of=self, group="close look")
        if reason := self.lab.snapshot.preview:
            self.session.say(f"only a preview, no packet flows: {reason}", "warning")

    @property
    def lab(self) -> Lab:
        """The lab."""
        return self.session.lab

    @property
    def topology(self) -> Topology:
        """The lab as it is to be."""
        return self.lab.snapshot.topology

    @property
    def inspector(self) -> Inspector:
        """The pane that tells of the selected thing."""
        return self.query_one(Inspector)

    @property
    def row(self) -> Row | None:
        """The current row of the inspector, while that has the keys."""
        inspector = self.inspector
        return inspector.row if self.focused is inspector else None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been built."""
        return set(self.topology.namespaces) == {HOST} and not list(
            self.topology.links()
        )

    @property
    def canvas(self) -> Canvas:
        """The drawing."""
        return self.query_one(Canvas)

    @property
    def outline(self) -> TreeView:
        """The list."""
        return self.query_one(TreeView)

    @property
    def map(self) -> Canvas | TreeView:
        """The one of both that is in sight."""
        return self.outline if self.outline.display else self.canvas

    @property
    def bottom(self) -> BottomPanel:
        """The tabs."""
        return self.query_one(BottomPanel)

    @property
    def desk(self) -> PacketDesk:
        """What keeps the tabs about packets up to date."""
        assert self.bottom.desk is not None
        return self.bottom.desk

    @property
    def packets(self) -> PacketList:
        """The packet list."""
        return self.bottom.packets

    # -- what is selected ------------------------------------------------------------

    @property
    def selected(self) -> Item | None:
        """What the verbs act on."""
        return self.map.selected

    @property
    def selection(self) -> tuple[Item, ...]:
        """Everything that verbs act on, what was selected last at the end.

        A folded group stands for all that is folded into it.
        """
        canvas = self.canvas
        found = (it for item in self.shown_selection for it in canvas.members(item))
        return tuple(dict.fromkeys(found))

    @property
    def shown_selection(self) -> tuple[Item, ...]:
        """What looks selected."""
        if self.map is self.canvas:
            return self.canvas.selection
        return (self.selected,) if self.selected is not None else ()

    @property
    def marked(self) -> Item | None:
        """The first end of a cable to be."""
        return self.canvas.marked

    @marked.setter
    def marked(self, item: Item | None) -> None:
        self.canvas.marked = item

    def select(self, *items: Item) -> None:
        """Select something, in drawing and list; the list shows the last of several."""
        self.canvas.select_all(items)
        self.outline.selected = items[-1] if items else None
        self._selection_changed()

    @on(Canvas.Selected)
    def _canvas_selected(self) -> None:
        if self.map is self.canvas:
            self.outline.selected = self.canvas.selected
            self._selection_changed()

    @on(TreeView.Selected)
    def _tree_selected(self) -> None:
        if self.map is self.outline:
            self.canvas.selected = self.outline.selected
            self._selection_changed()

    def _selection_changed(self) -> None:
        if self.inspector.item != self.selected:
            self.inspector.item = self.selected
            self._close_look.soon()
        self._show_frame()
        self._show_keys()

    @on(Canvas.Zoomed)
    @on(Canvas.ToolChanged)
    def _show_frame(self) -> None:
        canvas, pane = self.canvas, self.panes.pane("topology")
        named = topology_title(
            self.lab.name,
            None if canvas.awaited else canvas.level,
            fitted=canvas.fitted,
            portion=canvas.portion,
            drawn=self.map is canvas,
        )
        show_title(pane, named)
        room = pane.size.width - 4
        words = canvas.tool_words
        if self.map is not canvas:
            key = self.session.key("screen.back")
            words = f"cable {self.marked} = ?  ({key} cancels)" if self.marked else ""
        words = words or selection_text(
            self.lab.snapshot,
            self.shown_selection,
            room,
            self.session.glyphs.ellipsis,
        )
        show_subtitle(pane, Content(words))

    @on(Canvas.Opened)
    @on(TreeView.Opened)
    def _opened(self) -> None:
        self.show_inspector(True)
        self.call_after_refresh(self.set_focus, self.inspector)

    @on(Canvas.ConnectRequested)
    def _connect(self, event: Canvas.ConnectRequested) -> None:
        self._run(lambda screen: build.cable_between(screen, event.a, event.b))

    @on(TreeView.Marked)
    def _mark(self, event: TreeView.Marked) -> None:
        first, self.marked = self.marked, None
        if first is None:
            self.marked = event.item
            self.session.say(f"{event.item} is one end of a cable: mark the other")
        elif first != event.item:
            self._run(lambda screen: build.cable_between(screen, first, event.item))
        self._show_frame()

    @on(Canvas.CardChosen)
    @on(TreeView.CardChosen)
    def _card_chosen(self, event: Canvas.CardChosen | TreeView.CardChosen) -> None:
        self.start(event.action)

    @on(Canvas.Refused)
    def _refused(self, event: Canvas.Refused) -> None:
        self.session.say(event.reason, "warning")

    @on(Canvas.PlaceRequested)
    def _place(self, event: Canvas.PlaceRequested) -> None:
        places = {str(item): at for item, at in event.places.items()}
        self._run(lambda screen: build.place_nodes(screen, places))

    @on(HistoryView.GoTo)
    def _go_to(self, event: HistoryView.GoTo) -> None:
        self._run(lambda screen: lab.go_to(screen, event.position))

    @on(Canvas.MenuRequested)
    @on(PickView.MenuRequested, "#tree, #inspector, #packet-list")
    def _menu(self, event: Canvas.MenuRequested | PickView.MenuRequested) -> None:
        self._run(lambda screen: view.menu_at(screen, event.offset))

    def use_canvas(self, take_up: Callable[[], None]) -> None:
        """Take up a tool on the drawing, which gets the keys."""
        self.set_focus(self.canvas)
        take_up()

    # -- what is shown ---------------------------------------------------------------

    def refresh_lab(self) -> None:
        """Show the lab as it is now, without waiting for its events."""
        self.show_lab(self.lab.snapshot)

    def show_lab(self, snapshot: Snapshot) -> None:
        """The lab looks different."""
        with self.session.batch_update():
            self.query_one(StatusBar).snapshot = snapshot
            self.canvas.snapshot = snapshot
            self.outline.snapshot = snapshot
            self.query_one(HistoryView).history = snapshot.history
            if self.inspector.snapshot is None or (
                snapshot.observed is not self.inspector.snapshot.observed
            ):
                self._close_look.soon()
            self.inspector.snapshot = snapshot
            self._selection_changed()
            self.guide.lab_changed(snapshot)
        self.session.watching.lab_changed(snapshot.topology, snapshot.live)
        for screen in self.session.screen_stack:
            if isinstance(screen, Dialog):
                screen.lab_changed(snapshot)

    @property
    def saved(self) -> Topology | None:
        """What the lab's file said when it was last looked at."""
        return self.query_one(StatusBar).saved

    def show_saved(self, topology: Topology) -> None:
        """What the lab's file says now."""
        self.query_one(StatusBar).saved = topology

    def show_log(self, entries: Sequence[LogEntry]) -> None:
        """There are new commands."""
        for shown in self.query(LogView):
            shown.entries = entries

    def show_run(self, run: Run) -> None:
        """Something is being sent, or came back."""
        self.sends.show(run)
        self.guide.sent(run)

    def show_capture(self) -> None:
        """Another capture runs, or other packets are looked at."""
        self.desk.show_capture()
        self.show_packets()

    def show_packets(self) -> None:
        """There is news of the capture."""
        watching = self.session.watching
        self.query_one(StatusBar).capturing = watching.names if watching.running else ""
        self.desk.show_packets()
        self._show_keys()

    def show_gone(self, reason: str) -> None:
        """The lab has ended."""
        self.query_one(StatusBar).gone = reason
        self._show_keys()

        async def tell(screen: MainScreen) -> None:
            key = screen.session.key("save")
            dialog = GoneScreen(reason, screen.lab, key)
            if await screen.session.push_screen_wait(dialog):
                screen.session.exit()

        self._run(tell)

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        self._show_keys()

    def _show_keys(self) -> None:
        self.query_one(KeysBar).context = self.context()

    # -- layout ----------------------------------------------------------------------

    def show_tab(self, tab: str) -> None:
        """Show one of the tabs, and give it the keys."""
        self.bottom.tab = tab
        if self.panes.single or self.panes.zoomed:
            self.panes.zoom("bottom")
        self.set_focus(self.bottom.focus_target)
        self.desk.tell()

    def zoom(self) -> None:
        """Give the focused pane the whole screen, or give it back."""
        self.panes.zoom("" if self.panes.zoomed else self.panes.pane_of(self.focused))

    def show_inspector(self, shown: bool) -> None:
        """Show or hide the inspector."""
        self.panes.inspect(shown)
        self._close_look.soon()
        if not shown or self.panes.zoomed == "inspector":
            self.set_focus(self.inspector if shown else self.map)

    def toggle_tree(self) -> None:
        """The same lab as a drawing or as a list."""
        item = self.selected
        self.toggle_class("-list")
        # Which of the two is in sight is only known once the styles have been applied.
        self.call_after_refresh(self._map_changed, item)

    def _map_changed(self, item: Item | None) -> None:
        if item is not None:
            self.select(item)
        else:
            self._selection_changed()
        self.set_focus(self.map)

    def on_resize(self) -> None:
        """The focus may be on a pane that is no longer in sight."""
        self.call_after_refresh(self._keep_focus)

    def _keep_focus(self) -> None:
        before, self._stripped = self._stripped, self.panes.pane("strip").display
        if self._stripped and not before and self.bottom.tab == "log":
            # The log has a strip of its own now: the tabs can show something else.
            self.bottom.tab = "packets"
        if self.focused is None or not self.focused.is_on_screen:
            self.set_focus(self.map)

    def action_back(self) -> None:
        """Close what was opened last, and go back to the drawing."""
        if self.focused is self.packets and self.desk.clear_filter():
            return
        if self.focused is self.outline and self.marked is not None:
            self.marked = None
            self._show_frame()
            return
        if not self.panes.back() and self.focused is self.map:
            self.guide.leave()
        self.set_focus(self.map)

    @on(TourPane.Asked)
    def _tour_asked(self, event: TourPane.Asked) -> None:
        self.guide.asked(event.what)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The choices of the card have their numbers only while nothing is drawn."""
        if action == "act" and ACTIONS[str(parameters[0])].where == "empty":
            return self.is_empty
        return super().check_action(action, parameters)

    # -- doing -----------------------------------------------------------------------

    def context(self) -> Context:
        """What decides whether an action is possible."""
        return context_of(self)

    def on_key(self, event: events.Key) -> None:
        """Say of a key that nothing here hears where it works."""
        if why := elsewhere(event.key, self.session.around.keymap, self.focused):
            self.session.say(why, "warning")

    def action_act(self, name: str) -> None:
        """A key, a click or the palette asks for an action."""
        self.start(name)

    async def move(self, move: Move) -> None:
        """Do a move of the table, in the focused pane or in the drawing."""
        there: Widget = self if move.pane == "screen" else self.map
        if self.focused is not None and move.pane in panes_of(self.focused):
            there = self.focused
        if move.pane not in panes_of(there):
            key = self.session.key("tree")
            self.session.say(f"the drawing is not in sight: {key} shows it", "warning")
            return
        if there is not self:
            self.set_focus(there)
        await there.run_action(move.action)

    def start(self, name: str) -> None:
        """Do an action of the table, or say why not."""
        if self.session.holding:
            return
        if reason := ACTIONS[name].refuse(self.context()):
            self.session.drop_keys()
            self.session.say(reason, "warning")
        else:
            self._run(VERBS[name])

    def _run(self, verb: Verb) -> None:
        """Do something in a worker; keys typed meanwhile wait for its end."""

        async def job() -> None:
            try:
                await verb(self)
            finally:
                self.session.release_keys()
                for canvas in self.query(Canvas):  # none on the way out
                    canvas.keep_keys()

        self.session.hold_keys()
        self.session.run_job(job)
