"""Pictures of every state that a link can be in: each can be told without colour."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tests.canvas_labs import Sketch, snapshot
from tuilab.model.topology import LO, Endpoint, Topology
from tuilab.plan.state import LinkState, NamespaceState, State, expand
from tuilab.tui.canvas.activity import Flow

LEAVES = ("up", "down", "faulty", "sends", "hears", "both", "drifted", "gone")
MAC = "02:00:00:00:00:01"


TURNS = frozenset("+-│─╭╮╰╯┃━┏┓┗┛")
"""Of lines that go round a corner; those of a cable that is down are broken."""


def wished() -> Topology:
    """A hub, and a leaf for every state, named for it."""
    sketch = Sketch().bridge("host/br0")
    for name in LEAVES:
        sketch.cable("host/br0", name, up=(True, name != "down"))
    return sketch.topology()


def lo(there, name):
    """The link that every namespace has."""
    return {LO: there.namespaces[name].links[LO]}


def seen(*, pending: str = ""):
    """The lab as it is: one link is otherwise, one is not there, some are not ours."""
    topology = wished()
    there = expand(topology)
    other = replace(there.link(Endpoint("drifted", "eth0")), mtu=1400)
    spaces = {
        **there.namespaces,
        **{
            name: replace(there.namespaces[name], links={**lo(there, name), **links})
            for name, links in (("drifted", {"eth0": other}), ("gone", {}))
        },
    }
    lab = snapshot(topology, observed=State(spaces), pending=pending)
    theirs = NamespaceState({"eth0": LinkState("device", up=True, mtu=1500, mac=MAC)})
    return replace(lab, host=True, foreign=State({"theirs": theirs}))


async def show(bench, lab):
    """The lab, while something flows."""
    canvas = bench.main.canvas
    bench.main.show_lab(lab)
    await bench.idle()
    canvas._flows = {
        Endpoint(name, "eth0"): flow
        for name, flow in {
            "sends": Flow(tx=True),
            "hears": Flow(rx=True),
            "both": Flow(rx=True, tx=True),
            "faulty": Flow(errors=True),
        }.items()
    }
    canvas._redraw()


async def states(bench):
    """Every state but one."""
    await show(bench, seen())


def signs_of(bench, name):
    """The port of a leaf, and the signs of its cable that are not mere turns."""
    drawing = bench.main.canvas.drawing
    rows = ["".join(run.text for run in row) for row in drawing.rows]
    corners = next(
        corners
        for item, corners in drawing.ways.items()
        if item.kind == "cable" and name in (item.namespace, item.peer.namespace)
    )
    signs = {
        rows[y][x]
        for (x1, y1), (x2, y2) in pairwise(corners)
        for x in range(min(x1, x2), max(x1, x2) + 1)
        for y in range(min(y1, y2), max(y1, y2) + 1)
    }
    leaf = next(box for it, box in drawing.boxes.items() if it.namespace == name)
    port = next(
        x
        for x in range(leaf.x, leaf.x + leaf.width)
        if (found := drawing.at(x, leaf.y)) and found.kind == "link"
    )
    return rows[leaf.y][port], frozenset(signs - TURNS)


def each_is_told_apart(bench):
    """By its signs alone."""
    told = {name: signs_of(bench, name) for name in LEAVES}
    assert len(set(told.values())) == len(LEAVES), told
    assert "theirs" in bench.text


@pytest.mark.parametrize("look", ["dark", "textual-light", "no-colour", "ascii"])
def test_states(look, picture, monkeypatch):
    if look == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    theme = look if look == "textual-light" else None

    def check(bench):
        each_is_told_apart(bench)
        assert bench.text.isascii() == (look == "ascii")

    options = {"size": (160, 48), "ascii_only": look == "ascii", "theme": theme}
    assert picture(states, check, topology=wished(), **options)


def test_pending(picture):
    """What the kernel has not done yet says so, and the frame too."""

    async def keys(bench):
        await show(bench, seen(pending="add what is gone"))

    def check(bench):
        assert "add what is gone" in bench.text
        assert "gone" in bench.text

    assert picture(keys, check, topology=wished(), size=(120, 36))
