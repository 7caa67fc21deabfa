"""Everything a person can do, in one table: bindings, footer, palette and help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from textual.binding import Binding

from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import HOST, LO
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.toggle import is_switched
from tuilab.tui.keymap import Keymap
from tuilab.tui.moves import MOVES
from tuilab.tui.widgets.inspector_rows import Row

Group = Literal["Build", "Packets", "History", "Lab", "View"]
Where = Literal["", "canvas", "empty", "packets", "history", "inspector"]
"""The pane whose focus a key needs, or ``empty``: the drawing of an empty lab, where
the choices of its card have numbers. An empty text for none."""


@dataclass(frozen=True, slots=True)
class Context:
    """What decides whether an action is possible.

    Attributes:
        snapshot: The lab.
        selection: What is selected on the canvas or in the tree.
        gone: Why the lab has ended, or empty.
        no_packets: Why nothing can be sent or captured, or empty.
        no_shell: Why no shell can be opened, or empty.
        no_window: Why none can be opened in a window of its own, or empty.
        colours: Whether there are any.
        capturing: Whether a capture is running.
        packets: How many packets there are to save.
        sending: How many sendings run.
        keymap: The keys that a person has for everything.
        drawn: Whether the lab is shown as a drawing.
        in_packets: Whether the list of packets has the keys.
        row: The current row of the inspector, while that has the keys.
        foldable: Whether the selected thing can be folded or unfolded there.
        no_overview: Why there can be no small picture of the drawing, or empty.
        group: A folded group that is selected; what is in it is in the selection.
    """

    snapshot: Snapshot
    selection: tuple[Item, ...] = ()
    gone: str = ""
    no_packets: str = ""
    no_shell: str = ""
    no_window: str = ""
    colours: bool = True
    capturing: bool = False
    packets: int = 0
    sending: int = 0
    drawn: bool = True
    in_packets: bool = False
    foldable: bool = False
    no_overview: str = ""
    group: Item | None = None
    keymap: Keymap = field(default_factory=lambda: KEYS)
    row: Row | None = None

    def key(self, name: str) -> str:
        """The key of an action as a person reads it."""
        return self.keymap.key(name)

    @property
    def empty(self) -> bool:
        """Whether nothing has been built and nothing else is there."""
        topology = self.snapshot.topology
        return set(topology.namespaces) == {HOST} and not any(topology.links())

    @property
    def selected(self) -> Item | None:
        """What was selected last."""
        return self.selection[-1] if self.selection else None


Refusal = Callable[[Context], str]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do.

    Attributes:
        id: Name of its verb, and of its binding in a keymap.
        keys: Keys in Textual's words; may be empty (palette only).
        label: In the footer; empty for none.
        about: In palette and help.
        group: Where the palette and help list it.
        refuse: Why it can't be done now, or empty.
        where: The pane that must have the focus.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    about: str
    group: Group
    refuse: Refusal
    where: Where = ""


NOTHING_SELECTED = "nothing is selected: choose something with the arrow keys"

# -- reasons --------------------------------------------------------------------


def always(context: Context) -> str:
    """Possible whatever happens."""
    return ""


def alive(context: Context) -> str:
    """The lab must be there."""
    return f"the lab has ended: {context.gone}" if context.gone else ""


def _importable(context: Context) -> str:
    if context.snapshot.host:
        return "this is the machine's own network: an import goes into a sandbox"
    if not context.empty:
        return "the import is for an empty lab: tuilab import --lab NAME makes one"
    return alive(context)


def _two_places(context: Context) -> str:
    topology = context.snapshot.topology
    bridges = any(n.bridges() for n in topology.namespaces.values())
    if len(topology.namespaces) < 2 and not bridges:
        key = context.key("add_namespace")
        return f"a cable needs two ends: add a namespace first ({key})"
    return alive(context)


def _selection(context: Context) -> str:
    if context.selected is None:
        return NOTHING_SELECTED
    return alive(context)


def _ours(context: Context) -> str:
    for item in context.selection:
        if _is_foreign(context, item):
            return f'"{item}" was not made by this lab: it is left as it is'
    return _selection(context)


def _one_of_ours(context: Context) -> str:
    if context.group is not None:
        return _folded(context, context.group)
    if (count := len(context.selection)) > 1:
        leave = context.key("canvas.leave")
        return f"{count} things are selected: choose one ({leave} leaves the last)"
    return _ours(context)


def _is_foreign(context: Context, item: Item) -> bool:
    snapshot = context.snapshot
    there = snapshot.foreign.namespaces.get(item.namespace)
    if there is None:
        return False
    if item.ifname is None:
        return item.namespace not in snapshot.topology.namespaces
    return item.ifname in there.links


def _folded(context: Context, item: Item) -> str:
    fold = context.key("fold")
    return f"{item} is a folded group: {fold} unfolds it, or select one of its cells"


def _deletable(context: Context) -> str:
    for item in context.selection:
        if item.kind == "namespace" and item.namespace == HOST:
            return f'"{HOST}" is the lab\'s own root namespace: it stays'
        if item.ifname == LO:
            return f'"{item}" belongs to its namespace: it stays'
    return _ours(context)


def _renamable(context: Context) -> str:
    kept = _deletable(context).replace("stays", "keeps its name")
    return kept or _one_of_ours(context)


def _copyable(context: Context) -> str:
    return _deletable(context).replace("it stays", "there is but one")


def _movable(context: Context) -> str:
    if not context.drawn:
        return _drawn(context)
    wished = context.snapshot.topology
    for item in context.selection:
        if item.kind in ("link", "cable"):
            return "links go where their nodes are: select a namespace, bridge or tap"
        at = item.endpoint
        if (wished.link(at) is None) if at else item.namespace not in wished.namespaces:
            return f'"{item}" was not made by this lab: it is left where it is'
    return _selection(context)


def _foldable(context: Context) -> str:
    reason = _drawn(context) or _selection(context)
    if not reason and not context.foldable:
        return f'"{context.selected}" has nothing to fold: it has too few leaves'
    return reason


def _pinned(context: Context) -> str:
    layout = context.snapshot.topology.layout
    items = [*context.selection, context.group]
    if not any(str(item) in layout for item in items):
        return _selection(context) or "nothing of it was placed by hand"
    return alive(context)


def _switchable(context: Context) -> str:
    item = context.selected
    if len(context.selection) > 1 and not is_switched(
        context.snapshot.topology, context.selection
    ):
        return "nothing that is selected has a link to set up or down"
    if item and item.kind == "namespace" and len(context.selection) == 1:
        namespace = context.snapshot.topology.namespaces.get(item.namespace)
        links = [n for n in (namespace.links if namespace else ()) if n != LO]
        if not links:
            return f'"{item.namespace}" has no link to set up or down'
        if len(links) > 1:
            ports = context.key("canvas.ports")
            return f'"{item.namespace}" has {len(links)} links: select one ({ports})'
    return _ours(context)


def _packets(context: Context) -> str:
    return alive(context) or context.no_packets


def _watchable(context: Context) -> str:
    if not any(context.snapshot.topology.links()):
        cable, bridge = context.key("add_cable"), context.key("add_bridge")
        return f"there is no link to watch yet: add a cable ({cable}) or a " + (
            f"bridge ({bridge})"
        )
    return _packets(context)


def _capturing(context: Context) -> str:
    start = context.key("watch")
    return "" if context.capturing else f"nothing is being captured: {start} starts it"


def _captured(context: Context) -> str:
    if context.packets:
        return ""
    return f"no packet has been captured yet: {context.key('watch')} starts it"


def _sending(context: Context) -> str:
    start = context.key("send")
    return "" if context.sending else f"nothing is being sent: {start} sends"


def _pingable(context: Context) -> str:
    """What the pairs are is found out when they are pinged."""
    topology = context.snapshot.topology
    if len([name for name in topology.namespaces if name != HOST]) < 2:
        return "there are no two namespaces to ping each other"
    return _packets(context)


def _watched(context: Context) -> str:
    """What can be chosen before the first packet comes."""
    return "" if context.capturing else _captured(context)


def _undoable(context: Context) -> str:
    if context.snapshot.history.undo() is None:
        return "nothing to undo: this is how the lab began"
    return alive(context)


def _redoable(context: Context) -> str:
    if context.snapshot.history.redo() is None:
        return "nothing to redo: nothing has been undone"
    return alive(context)


def _drifted(context: Context) -> str:
    if not context.snapshot.drift:
        return "nothing has drifted: the kernel is as the lab is to be"
    return alive(context)


def _drawn(context: Context) -> str:
    if context.drawn:
        return ""
    return f"the list is shown: {context.key('tree')} shows the drawing"


def _overview(context: Context) -> str:
    return _drawn_things(context) or context.no_overview


def _drawn_things(context: Context) -> str:
    if context.empty:
        return f"nothing is drawn yet: add a namespace ({context.key('add_namespace')})"
    return _drawn(context)


def _row_editable(context: Context) -> str:
    if context.row is None or not (context.row.thing or context.row.no_edit):
        return _one_of_ours(context)
    return context.row.no_edit or alive(context)


def _row_deletable(context: Context) -> str:
    if context.row is None or not (context.row.thing or context.row.no_delete):
        return _deletable(context)
    return context.row.no_delete or alive(context)


def _row(context: Context) -> str:
    key = context.key("canvas.open")
    return "" if context.row else f"the inspector is not at hand: {key} opens it"


def _shell(context: Context) -> str:
    return alive(context) or context.no_shell


def _window(context: Context) -> str:
    return _shell(context) or context.no_window


def _seen(
    name: str, keys: str, label: str, about: str, refuse: Refusal = _captured
) -> Action:
    """An action of the packet list."""
    return Action(name, tuple(keys.split()), label, about, "Packets", refuse, "packets")


def _coloured(context: Context) -> str:
    if context.colours:
        return ""
    return "NO_COLOR is set, so there are no colours: start tuilab without it"


_TABLE: tuple[Action, ...] = (
    Action("add_namespace", ("n",), "ns", "add namespace", "Build", alive),
    Action("add_bridge", ("b",), "bridge", "add bridge", "Build", alive),
    Action("add_cable", ("v",), "veth", "add veth cable", "Build", _two_places),
    Action("add_tap", ("t",), "tap", "add tap", "Build", alive),
    Action("send", ("s",), "send", "send a ping or ARP", "Packets", _packets),
    Action("watch", ("w",), "watch", "watch links", "Packets", _watchable),
    Action("edit", ("e",), "edit", "edit the selection", "Build", _one_of_ours),
    Action("rename", (), "", "rename the selection", "Build", _renamable),
    Action("delete", ("d", "delete"), "del", "delete it", "Build", _deletable),
    Action("undo", ("u",), "undo", "undo the last edit", "History", _undoable),
    Action("toggle", ("x",), "up/down", "set up or down", "Build", _switchable),
    Action("redo", ("U",), "redo", "redo what was undone", "History", _redoable),
    Action("add_address", ("a",), "addr", "add address", "Build", alive),
    Action("add_route", ("r",), "route", "add route", "Build", alive),
    Action("duplicate", ("D",), "", "duplicate it", "Build", _copyable),
    Action("move", ("m",), "move", "move and pin it", "Build", _movable, "canvas"),
    Action("unpin", (), "", "let the drawing place it", "Build", _pinned),
    Action("copy_part", ("Y",), "", "copy this part of the lab", "Build", _copyable),
    Action("paste_part", ("P",), "", "paste the part that was copied", "Build", alive),
    Action("generate", ("B",), "", "generate a star, ring, tree ...", "Build", alive),
    Action("shell", ("o",), "shell", "open a shell there", "Lab", _shell),
    Action("shell_window", ("O",), "", "shell in a tmux window", "Lab", _window),
    Action("save", ("ctrl+s",), "save", "save to a file", "Lab", always),
    Action("load", ("ctrl+o",), "load", "load a file", "Lab", alive),
    Action("tour", ("1",), "", "take the tour", "Lab", alive, "empty"),
    Action("example", ("2",), "", "load a ready lab", "Lab", alive, "empty"),
    Action(
        "machine",
        ("3",),
        "",
        "import what exists on this machine",
        "Lab",
        _importable,
        "empty",
    ),
    Action("labs", (), "", "switch to another lab", "Lab", always),
    Action("rescan", ("R",), "", "rescan the kernel", "Lab", alive),
    Action("repair", ("F",), "", "repair drift", "Lab", _drifted),
    Action("adopt", ("A",), "", "adopt drift as an edit", "Lab", _drifted),
    Action("quit", ("q", "ctrl+q"), "quit", "quit", "Lab", always),
    Action("stop_watching", ("W",), "", "stop watching", "Packets", _capturing),
    Action(
        "monitor", ("E",), "", "ping each other, again to end", "Packets", _pingable
    ),
    Action("end_sending", ("X",), "", "end all sending", "Packets", _sending),
    Action("save_packets", ("S",), "", "save as pcapng", "Packets", _captured),
    Action("find", ("slash",), "find", "find by name or address", "View", always),
    Action("inspect", ("i",), "", "inspector on or off", "View", _selection),
    Action(
        "select_box", ("V",), "", "select with a box", "View", _drawn_things, "canvas"
    ),
    Action("fold", ("f",), "fold", "fold or unfold", "View", _foldable, "canvas"),
    Action("menu", ("full_stop",), "menu", "menu for the selection", "View", always),
    Action("minimap", ("N",), "", "overview on or off", "View", _overview, "canvas"),
    Action("jump", ("g",), "jump", "jump by letters", "View", _drawn_things, "canvas"),
    Action("addresses", ("I",), "", "addresses in use and free", "View", always),
    Action("zoom", ("z",), "zoom", "zoom the pane or restore", "View", always),
    Action("tree", ("T",), "", "drawing or list", "View", always),
    Action("packets_tab", ("1",), "", "show packets", "View", always),
    Action("log_tab", ("2",), "", "show command log", "View", always),
    Action("ping_tab", ("3",), "", "show pings", "View", always),
    Action("undo_tab", ("4",), "", "show undo history", "View", always),
    Action("copy", ("y",), "copy", "copy what is selected", "View", always),
    Action("mouse", ("M",), "", "mouse on or off", "View", always),
    Action("redraw", ("ctrl+l",), "", "paint the screen anew", "View", always),
    Action("theme", (), "", "change the colours", "View", _coloured),
    Action("palette", ("colon", "ctrl+p"), "cmd", "command palette", "View", always),
    Action("help", ("question_mark",), "keys", "all keys", "View", always),
    Action("edit_row", ("e",), "", "edit the row", "Build", _row_editable, "inspector"),
    Action(
        "delete_row",
        ("d", "delete"),
        "",
        "delete what the row tells of",
        "Build",
        _row_deletable,
        "inspector",
    ),
    Action(
        "filter_rows", ("slash",), "", "show only some rows", "View", _row, "inspector"
    ),
    _seen("follow", "space", "follow", "pause or follow", _watched),
    _seen("filter_packets", "slash", "filter", "show only some packets", _watched),
    _seen("conversation", "f", "stream", "only its conversation; again: what was said"),
    _seen("packet_hex", "x", "hex", "bytes of the packet on or off"),
    _seen("mark_packet", "m", "mark", "mark with a letter, again to clear"),
    _seen("packet_times", "t", "time", "time of day, since start, between packets"),
    _seen("go_to_packet", "number_sign", "go to", "go to a number or time"),
    _seen("same_packet", "equals_sign", "elsewhere", "the same packet on other links"),
    _seen("packet_looks", "c", "columns", "choose columns and colours", always),
    _seen("go_to_mark", "apostrophe", "to mark", "go to a mark; ' again goes back"),
    _seen("previous_link", "left_square_bracket", "", "only the watched link before"),
    _seen("next_link", "right_square_bracket", "", "only the next watched link"),
    _seen("newest", "end G", "", "newest packet"),
    _seen("oldest", "home g", "", "oldest packet"),
    _seen("clear_packets", "C", "drop", "drop the packets"),
    _seen("open_packets", "O", "file", "open packets of a file (pcap)", always),
)
ACTIONS: dict[str, Action] = {action.id: action for action in _TABLE}
KEYS: Keymap = Keymap(
    {action.id: action.keys for action in _TABLE}
    | {move.id: move.keys for move in MOVES.values()}
)
"""The keys that everything has unless a person's file says otherwise."""


def bindings(where: Where = "") -> list[Binding]:
    """The bindings of a pane, or those that hold whatever has the focus."""
    return [
        Binding(
            ",".join(action.keys),
            f"screen.act('{action.id}')",
            action.about,
            show=False,
            id=action.id,
        )
        for action in _TABLE
        if action.keys and action.where == where
    ]
