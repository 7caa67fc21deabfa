"""How much is sent to the terminal: over SSH every byte counts."""

from __future__ import annotations

import re
import statistics
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import networkx
import pytest

from tests.conftest import NO_VLANS, lacks_vlans
from tests.e2e.home import TOPOLOGIES, TUILAB, Home
from tests.e2e.pty import CountingTerminal, rested
from tuilab.formats import yaml
from tuilab.model import generate
from tuilab.model.topology import HOST, Bridge, Endpoint, Tap, Topology, Veth

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HOLD = """
import fcntl, os, struct, sys
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH22x", b"tap0", 0x1002))
print("held", flush=True)
sys.stdin.read()
"""
SELECTION = 2000
SIZES = [(80, 24), (120, 36), (160, 48)]
MOVES = "jjklhjkll"
LARGE = {"fat-tree": "jjljjkkkk", "campus": "", "k8s-nodes": ""}
"""Labs of which much is told in a large window, and where else to go in them."""
PORT = 200
SETTLED = 4.0
"""Seconds of silence after which a lab that was just made is at rest."""


@contextmanager
def holding(home: Home, lab: str) -> Iterator[None]:
    """A program has opened tap0: that gives it a carrier, and changes nothing else."""
    command = ("exec", "--lab", lab, HOST, "--", "python3", "-c", HOLD)
    with home.popen(*command, stdin=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "held\n"
        yield
        program.communicate("")


def with_tap(topology: Topology) -> Topology:
    """The same with host:tap0, which nothing but its carrier ever moves."""
    host = topology.namespaces[HOST]
    quiet = {**host.sysctls, "net.ipv6.conf.tap0.disable_ipv6": "1"}
    topology = topology.with_namespace(HOST, replace(host, sysctls=quiet))
    return topology.with_link(Endpoint(HOST, "tap0"), Tap())


def silent(topology: Topology) -> Topology:
    """The same without IPv6, whose hosts speak when nobody asked them."""
    off = {"net.ipv6.conf.all.disable_ipv6": "1"}
    namespaces = {
        name: replace(namespace, sysctls={**namespace.sysctls, **off})
        for name, namespace in topology.namespaces.items()
    }
    return replace(topology, namespaces=namespaces)


def treelike(topology: Topology) -> Topology:
    """The same without spanning tree, which speaks too: what closes a loop is down."""
    joined = networkx.utils.UnionFind()
    for end, link in list(topology.links()):
        if isinstance(link, Bridge) and link.stp:
            bridge = replace(link, stp=False, forward_delay=None, hello_time=None)
            topology = topology.with_link(end, bridge)
        elif isinstance(link, Veth) and link.master and end < link.peer:
            far = topology.link(link.peer)
            if far is None or far.master is None:
                continue
            near = Endpoint(end.namespace, link.master)
            other = Endpoint(link.peer.namespace, far.master)
            if joined[near] == joined[other]:
                topology = topology.with_link(end, replace(link, up=False))
            joined.union(near, other)
    return topology


def ready(name: str) -> Topology:
    (path,) = [path for path in TOPOLOGIES if path.stem == name]
    return yaml.load(path).topology


@pytest.mark.parametrize(
    ("lab", "moves"),
    [
        ("router", "jjkjlhl"),
        ("hundred", "kjlhlhl"),  # from bridge to group, from host to host
    ],
)
def test_a_move_of_the_selection_and_a_port_s_state_are_few_bytes(
    home: Home, lab: str, moves: str
) -> None:
    """The inspector is in sight, and tells of another thing after each move."""
    topology = ready("router") if lab == "router" else generate.star(100)
    topology = silent(topology)
    path = home.folder / f"{lab}.yaml"
    path.write_text(yaml.dump(with_tap(topology)))
    home.tuilab("up", str(path), "--lab", lab)
    terminal = CountingTerminal([*TUILAB, lab], home.environment, home.folder)
    try:
        start = terminal.read_until(lambda seen: b"Topology" in seen)
        assert b"zoom" in terminal.rest(start, quiet=SETTLED)
        terminal.send("j")
        terminal.rest(terminal.painted(), quiet=SETTLED)
        sizes = []
        for key in moves:
            terminal.send(key)
            sizes.append(size := len(terminal.rest()))
            assert size < SELECTION, (key, size)
        with holding(home, lab):
            up = terminal.painted()
        down = terminal.painted()
        assert len(up) < PORT, up
        assert len(down) < PORT, down
        # Painted anew, the same screen is far more than what a change costs.
        terminal.send("\x0c")
        whole = terminal.painted()
        assert len(whole) > max(3 * SELECTION, 5 * statistics.median(sizes))
        assert b"tap0" in whole
    finally:
        terminal.close()


@pytest.mark.parametrize("lab", [path.stem for path in TOPOLOGIES])
def test_moves_in_every_ready_lab_are_few_bytes(home: Home, lab: str) -> None:
    """The first one too, which fills the inspector."""
    if lab == "vlans" and lacks_vlans():
        pytest.skip(NO_VLANS)
    path = home.folder / f"{lab}.yaml"
    path.write_text(yaml.dump(treelike(silent(ready(lab)))))
    home.tuilab("up", str(path), "--lab", lab)
    sizes = [*SIZES, (250, 70)] if lab in LARGE else SIZES
    terminals = [
        CountingTerminal([*TUILAB, lab], home.environment, home.folder, size)
        for size in sizes
    ]
    try:
        for terminal in terminals:
            terminal.read_until(lambda seen: b"Topology" in seen)
        rested(terminals, quiet=2.0)
        moved = False
        for key in MOVES + LARGE.get(lab, ""):
            for terminal in terminals:
                terminal.send(key)
            for size, sent in zip(sizes, rested(terminals), strict=True):
                moved |= bool(sent)
                assert len(sent) < SELECTION, (size, key, len(sent))
        assert moved
    finally:
        for terminal in terminals:
            terminal.close()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=str)
def test_a_drawing_that_scrolled_looks_as_if_it_were_painted_anew(
    home: Home, size: tuple[int, int]
) -> None:
    """A real terminal has moved what was there already."""
    path = home.folder / "tree.yaml"
    path.write_text(yaml.dump(treelike(silent(ready("fat-tree")))))
    home.tuilab("up", str(path), "--lab", "tree")
    terminal = home.terminal(*size)
    terminal.run(*TUILAB, "tree")
    terminal.wait_for("in sight")
    terminal.keys("+")  # so that it is larger than the pane, sideways too
    if size[0] > 80:
        terminal.keys("z")  # an inspector would tell more a moment later
        terminal.wait_for(lambda screen: "Inspector" not in screen)
    chosen = ""
    for key in MOVES:
        terminal.keys(key)
        last = ("", chosen)
        chosen = selected(
            terminal.wait_for(lambda it, last=last: selected(it) not in last)
        )
    before = terminal.rest(SETTLED)
    terminal.keys("C-l", "?")
    terminal.wait_for("this pane")
    terminal.keys("Escape")
    terminal.wait_for(lambda screen: "this pane" not in screen)
    assert terminal.rest(SETTLED) == before


def selected(screen: str) -> str:
    """What the frame of the drawing says is selected."""
    found = re.search(r"sel (\S+)", screen)
    return found[1] if found else ""


def test_what_is_painted_first_stays(home: Home) -> None:
    """No pane is in sight that goes again, and no word is missing at first."""
    home.tuilab("up", str(next(p for p in TOPOLOGIES if p.stem == "two-hosts")))
    command = [*TUILAB, "two-hosts"]
    terminal = CountingTerminal(command, home.environment, home.folder, (80, 24))
    try:
        start = terminal.read_until(lambda seen: b"Topology" in seen)
        painted = terminal.rest(start, quiet=2.0)
        assert b"Nothing is selected" not in painted  # the inspector would say so
        assert b"in sight" not in painted  # of a drawing that has all it needs
        # The cursor goes back there each time.
        first = painted[: painted.index(b"\x1b[1;2H")]
        for words in (b"Topology  two-hosts", b"sandbox", b"Packets", b"bridge"):
            assert words in first
    finally:
        terminal.close()


def test_nothing_is_painted_where_nothing_happens(home: Home) -> None:
    path = home.folder / "quiet.yaml"
    path.write_text(yaml.dump(silent(ready("two-hosts"))))
    home.tuilab("up", str(path), "--lab", "quiet")
    terminal = CountingTerminal([*TUILAB, "quiet"], home.environment, home.folder)
    try:
        start = terminal.read_until(lambda seen: b"Topology" in seen)
        terminal.rest(start, quiet=SETTLED)
        terminal.send("k")
        terminal.rest(quiet=SETTLED)
        terminal.send("k")  # there is nothing further up
        assert terminal.rest(quiet=2.0) == b""
    finally:
        terminal.close()
