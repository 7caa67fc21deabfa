"""Pictures of every dialog at three sizes, each with what must hold in it.

A dialog is opened once, and the window resized under it as a person may do too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Label

from tests.tui.bench import Bench, opened
from tests.tui.conftest import without_leading_blanks
from tests.tui.dialog_kinds import SHOWN, every_kind, kind
from tests.tui.labs import BLUE, BR0, RED, switch, two_hosts
from tests.tui.packets import many_store
from tuilab.formats import yaml
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab.journal import MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.model import edits, generate
from tuilab.model.topology import HOST, Endpoint, Topology
from tuilab.packets.conversation import Chunk
from tuilab.packets.results import PingResult
from tuilab.packets.send import Sender
from tuilab.plan.imported import Imported
from tuilab.tui.canvas.graph import Item
from tuilab.tui.screens.keep import KeepScreen
from tuilab.tui.screens.packet_more import SaidScreen
from tuilab.tui.screens.report import ReportScreen
from tuilab.tui.sending import KINDS
from tuilab.tui.surroundings import Surroundings
from tuilab.tui.widgets.ping_text import Run

SIZES = ((80, 24), (120, 36), (160, 48))
NS, BRIDGE = Item("namespace", "red"), Item("bridge", HOST, "br0")
LINK, PORT = Item("link", "red", "eth0"), Item("link", HOST, "port1")
CABLE = Item("cable", HOST, "port1", RED)
Hands = Callable[[Bench], Awaitable[object]]


def keys(*pressed: str) -> Hands:
    """Presses keys."""
    return lambda bench: bench.press(*pressed)


def on(*items: Item) -> Hands:
    """Selects."""

    async def select(bench: Bench) -> None:
        bench.main.select(*items)
        await bench.idle()

    return select


def verb(name: str) -> Hands:
    """Starts what has no key everywhere."""

    async def start(bench: Bench) -> None:
        bench.main.start(name)
        await bench.until(lambda: bench.in_dialog, name)
        await bench.idle()

    return start


def fill(**fields: str) -> Hands:
    """Types into fields, in place of what is there."""

    async def typed(bench: Bench) -> None:
        for name, text in fields.items():
            await bench.fill(name, text)

    return typed


def choose(**fields: str) -> Hands:
    """Chooses in menus."""

    async def chosen(bench: Bench) -> None:
        for name, value in fields.items():
            await bench.choose(name, value)

    return chosen


def push(make: Callable[[Bench], Screen]) -> Hands:
    """Opens a dialog that no key opens."""

    async def opens(bench: Bench) -> None:
        bench.app.push_screen(make(bench))
        await bench.until(lambda: bench.in_dialog)

    return opens


async def ended(bench: Bench) -> None:
    """The lab is no longer there."""
    bench.main.show_gone("its keeper was killed")
    await bench.until(lambda: bench.in_dialog)
    await bench.until(lambda: "was removed" in bench.text)


async def drifted(bench: Bench) -> None:
    """Somebody else has changed links."""
    changes = (edits.set_link(RED, mtu=1400), edits.set_link(BLUE, up=False))
    for change in changes:
        await bench.lab._driver.carry_out(bench.lab.plan(change).operations)
    await bench.lab.rescan()
    await bench.idle()


async def captured(bench: Bench) -> None:
    """Packets of a file."""
    path = bench.lab.directory / "many.pcapng"
    many_store(path, 40).close()
    await bench.app.watching.open(path)
    await bench.press("1", "home")


async def at_row(bench: Bench) -> None:
    """The inspector's row of an address."""
    await on(NS)(bench)
    await bench.press("enter", "slash", *"0.1/24", "enter", "down", "down")
    assert bench.main.row.thing.kind == "address"


async def replied(bench: Bench) -> None:
    """Some pings came back."""
    dialog = bench.app.screen
    results = [PingResult(n, "10.0.0.2", 0.04 + n / 100, 64, 64) for n in range(1, 4)]
    run = Run(
        "ping 10.0.0.2 from red", [*results, PingResult(4, error="no reply in 2 s")]
    )
    dialog._run, run.running = run, False
    dialog._show(run)


async def refused(bench: Bench) -> None:
    """The kernel did not want it."""
    bench.app.screen.refuse(REFUSAL)
    await bench.idle()


def vlans() -> Topology:
    """The bridge looks at VLAN tags."""
    topology = edits.set_link(BR0, vlan_filtering=True).apply(switch())
    port = Endpoint(HOST, "port1")
    return edits.set_link(port, vlans=("10 pvid untagged", "20-29")).apply(topology)


def with_tap() -> Topology:
    """A tap on the bridge too."""
    return edits.add_tap(Endpoint(HOST, "tap0"), master="br0").apply(switch())


FILTER = {"bar-input": "icmp[0] == 8"}
GET = b"GET / HTTP/1.1\r\nHost: 10.0.0.2\r\nUser-Agent: curl/7.88.1\r\n\r\n"
SAID = [
    Chunk(True, GET, 0, 4),
    Chunk(False, b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n", 0, 6),
]
REFUSAL = (
    '"ip -n s1 link add name br0 address 02:eb:b4:ec:4d:e6 type bridge vlan_filtering '
    '1" was refused: Operation not supported; this kernel has no support for it; see '
    "tuilab doctor; the lab is as before"
)
KEEP = ("add bridge host:br0", '"host:br0" would take the address you came by', 20.0)
REPORT = (ValueError("a number was expected"), "/var/lib/tuilab/report-1.txt")


DIALOGS: dict[str, tuple[str, tuple[Hands, ...]]] = {
    # what must be read in it, and how it is opened
    "add-namespace": ("ip netns add", (on(BRIDGE), keys("n"))),
    "add-namespace-mistakes": (
        "is no name: letters",
        (on(BRIDGE), keys("n"), fill(name="no way", address="10.0.0.0/24")),
    ),
    "add-namespace-refused": ("as before", (on(BRIDGE), keys("n"), refused)),
    "add-bridge": ("type bridge", (keys("b"),)),
    "add-cable": ("type veth", (on(NS), keys("v"))),
    "add-tap": ("tuntap add", (on(BRIDGE), keys("t"))),
    "add-address": ("Address", (on(LINK), keys("a"))),
    "add-route": ("route", (on(NS), keys("r"))),
    "edit-namespace": ("Edit namespace", (on(NS), keys("e"))),
    "edit-link": ("mtu 1400", (on(LINK), keys("e"), fill(mtu="1400"))),
    "edit-port": ("Edit", (on(PORT), keys("e"))),
    "edit-cable": ("Edit cable", (on(CABLE), keys("e"))),
    "edit-bridge": ("Edit", (on(BRIDGE), keys("e"))),
    "delete-namespace": ("goes with it", (on(NS), keys("d"))),
    "delete-bridge": ("goes with it", (on(BRIDGE), keys("d"))),
    "delete-cable": ("link del", (on(CABLE), keys("d"))),
    "delete-several": (
        "goes with it",
        (on(NS, Item("namespace", "blue"), BRIDGE), keys("d")),
    ),
    "generate": ("4 hosts, 3 switches", (keys("B"), choose(kind="tree"))),
    "save": ("a new file", (keys("ctrl+s"),)),
    "save-over": ("will be replaced", (keys("ctrl+s"), fill(path="office.yaml"))),
    "load": ("Will run", (keys("ctrl+o"), keys("down"))),
    "load-refused": ("as before", (keys("ctrl+o"), keys("down"), refused)),
    "load-mistakes": ("broken.yaml:", (keys("ctrl+o"), keys(*"broken"))),
    "labs": ("this one", (verb("labs"),)),
    "help": ("Keys", (keys("question_mark"),)),
    "help-packets": ("pause or follow", (captured, keys("question_mark"))),
    "help-search": ("set up or down", (keys("question_mark"), keys(*"up or down"))),
    "find": ("host:br0", (keys("slash"),)),
    "find-one": ("10.0.0.2", (keys("slash"), keys(*"0.2"))),
    "addresses": ("free: ", (on(BRIDGE), keys("I"))),
    "palette": ("Build: add", (keys("colon"),)),
    "palette-search": ("tap", (keys("colon"), keys(*"tap"))),
    "themes": ("in use", (verb("theme"),)),
    "menu-namespace": ("edit the selection", (on(NS), keys("full_stop"))),
    "menu-several": ("2 selected", (on(NS, BRIDGE), keys("full_stop"))),
    "menu-folded": (
        "all on host:br1: 12",
        (on(Item("grid", HOST, "br1")), keys("full_stop")),
    ),
    "menu-nothing": ("add namespace", (keys("full_stop"),)),
    "menu-bridge": ("edit the selection", (on(BRIDGE), keys("full_stop"))),
    "menu-cable": ("edit the selection", (on(CABLE), keys("full_stop"))),
    "menu-link": ("add address", (on(LINK), keys("full_stop"))),
    "menu-list": ("mark an end", (on(NS), keys("T", "full_stop"))),
    "menu-row": ("edit the row", (at_row, keys("full_stop"))),
    "menu-packets": ("only its conversation", (captured, keys("full_stop"))),
    "rename": ("Name", (on(NS), verb("rename"))),
    "delete-row": ("addr del", (at_row, keys("d"))),
    "columns": ("Columns", (verb("packet_looks"),)),
    "open-packets": ("File", (verb("open_packets"),)),
    "save-packets": ("40 packets", (captured, keys("S"), fill(path="ping.pcapng"))),
    "drop-packets": ("dropped for good", (captured, keys("C"))),
    "same-packet": ("blue:eth0", (captured, keys("equals_sign"))),
    "said": ("HTTP/1.1 200 OK", (push(lambda _: SaidScreen(SAID)),)),
    "watch-link": ("tcpdump -ni eth0", (on(LINK), keys("w"))),
    "watch-several": ("tcpdump", (on(LINK, PORT), keys("w"))),
    "watch-all": ("tcpdump", (keys("w"), choose(link="*"), fill(filter="dns"))),
    **{
        f"send-{kind}": ("Send packets", (on(NS), keys("s"), choose(kind=kind)))
        for kind in KINDS
    },
    "send-replies": ("no reply in 2 s", (on(NS), keys("s"), replied)),
    "repair": ("Otherwise than", (drifted, verb("repair"))),
    "adopt": ("Becomes what", (drifted, verb("adopt"))),
    "import": ("is left out", (verb("machine"),)),
    "import-refused": ("as before", (verb("machine"), refused)),
    "quit": ("goes on running", (keys("q"),)),
    "quit-remove": ("goes for good", (keys("q", "r"),)),
    "ended": ("was removed", (ended,)),
    "keep": ("taken back in 20 s", (push(lambda _: KeepScreen(*KEEP)),)),
    "report": ("Something went wrong", (push(lambda _: ReportScreen(*REPORT)),)),
}
TOOLS: dict[str, tuple[str, tuple[Hands, ...]]] = {
    # what else asks for something, in its pane
    "tour": ("A namespace", (keys("1"),)),
    "tour-cable": ("A cable", (keys("1", *["enter"] * 2),)),
    "jump": ("jump: type the letters", (keys("g"),)),
    "box": ("box: 2 selected", (on(NS), keys("V", "right"))),
    "move": ("move red to ", (on(NS), keys("m", "left", "down"))),
    "mark": ("cable red = blue: Space", (on(NS), keys("space", "right"))),
    "packet-filter": ("valid", (captured, keys("slash"), fill(**FILTER))),
    "packet-go": ("go to: ", (captured, keys("number_sign"))),
    "row-filter": ("10.0.0.1/24", (on(NS), keys("enter", "slash", *"0.1"))),
}
EVERYTHING = DIALOGS | TOOLS
LOOKED_AT = (
    *("add-namespace-mistakes", "load", "repair"),
    *("help", "menu-namespace", "quit-remove", "send-replies"),
)
"""Of each kind one in every look: fields, lists, plans, keys, menus, questions."""
LABS = {
    "tour": lambda: Topology("demo"),
    "tour-cable": lambda: Topology("demo"),
    "edit-bridge": vlans,
    "edit-port": vlans,
    "menu-folded": lambda: generate.star(12),
    "send-answer": with_tap,
    "add-tap": with_tap,
    "import-refused": lambda: Topology("demo"),
    "import": lambda: Topology("demo"),
}


def surroundings(folder: Path) -> Surroundings:
    """A folder with some files in it, other labs, what the machine has."""
    lines = ["tuilab: 1", "namespaces:", "  red: {links: {eth0: {mtu: many}}}"]
    (folder / "broken.yaml").write_text("\n".join([*lines, "cable: []", ""]))
    yaml.save(folder / "office.yaml", two_hosts())
    notes = ('"host:eth0" is left out: it is a network card',)
    return Surroundings(
        sender=Sender(),
        labs=lambda: ["demo", "office", "kubernetes"],
        folders=(Path(),),
        machine=Imported(two_hosts(), notes),
        reports=folder,
    )


def all_is_seen(bench: Bench, size: tuple[int, int]) -> None:
    """Of a dialog with a frame nothing is cut, and the way out of it is in sight."""
    screen = bench.app.screen
    if not screen.query("#frame"):
        return
    frame, buttons = screen.query_one("#frame"), screen.query_one("#buttons")
    assert Region(0, 0, *size).contains_region(frame.region)
    assert in_sight(buttons) == buttons.region
    rows = bench.text.splitlines()[buttons.region.y : buttons.region.bottom]
    assert any("Esc ]" in row or "Enter ]" in row for row in rows)
    for label in screen.query(Label):
        if label.display and label.region.area:
            words = str(label.render())
            assert len(words) <= label.region.width, words
    for field in screen.query("Input, Select"):
        if not field.region.area:
            continue  # it means nothing here, so it is hidden
        assert in_sight(field) == field.region, field.id
        if isinstance(field, Input) and not field.value:
            assert len(field.placeholder) <= field.size.width, field.placeholder


def in_sight(widget: Widget) -> Region:
    """The part of a widget that is not scrolled away."""
    found = widget.region
    for above in widget.ancestors:
        found = found.intersection(getattr(above, "region", found))
    return found


@asynccontextmanager
async def dialog(name: str, folder: Path, **looks: bool) -> AsyncIterator[Bench]:
    """The app with a dialog open in it."""
    _, hands = EVERYTHING[name]
    journal = MemoryJournal(LABS.get(name, switch)())
    lab = await Lab.open(ModelDriver(), journal, folder)
    await lab.restore()
    async with opened(lab=lab, surroundings=surroundings(folder), **looks) as bench:
        for hand in hands:
            await hand(bench)
        await bench.idle()
        bench.app.clear_notifications()
        for field in bench.app.screen.query(Input):
            field.cursor_blink = False
        await bench.idle()
        yield bench


def taken(bench: Bench) -> str:
    """A picture of the screen."""
    return without_leading_blanks(bench.app.export_screenshot())


@pytest.fixture(autouse=True)
def surrounded(tmp_path, monkeypatch, stopped_clock):
    """Files have short names, and time stands still."""
    monkeypatch.chdir(tmp_path)
    clock = SimpleNamespace(monotonic=lambda: 0.0)
    monkeypatch.setattr("tuilab.tui.screens.keep.time", clock)


@pytest.fixture
def picture(snapshot):
    """Pictures that were looked at."""
    return snapshot.use_extension(SVGImageExtension)


@pytest.mark.parametrize("name", EVERYTHING)
async def test_dialog(name, picture, tmp_path):
    async with dialog(name, tmp_path) as bench:
        assert kind(bench) == SHOWN.get(name, kind(bench))
        before, differing = bench.topology, []
        for size in SIZES:
            if size != bench.app.size:
                await bench.pilot.resize_terminal(*size)
                await bench.idle()
            assert EVERYTHING[name][0] in bench.text
            all_is_seen(bench, size)
            word = "{}x{}".format(*size)
            if picture(name=word) != taken(bench):
                differing.append(word)
        assert not differing
        assert bench.in_dialog == (name in DIALOGS)
        await bench.press("escape")
        assert bench.topology == before


def test_every_kind_of_dialog_has_pictures():
    assert {*SHOWN} <= {*DIALOGS}
    assert sorted(SHOWN.values()) == sorted(every_kind())


@pytest.mark.parametrize("name", LOOKED_AT)
@pytest.mark.parametrize("look", ["textual-light", "ansi-dark", "no-colour", "ascii"])
async def test_look(look, name, picture, tmp_path, monkeypatch):
    if look == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    async with dialog(name, tmp_path, ascii_only=look == "ascii") as bench:
        if look in bench.app.available_themes:
            bench.app.theme = look
        await bench.idle()
        assert bench.app.no_color == (look == "no-colour")
        assert bench.text.isascii() == (look == "ascii")
        assert DIALOGS[name][0] in bench.text
        all_is_seen(bench, SIZES[0])
        assert picture == taken(bench)
