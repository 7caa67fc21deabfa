"""A lab on the machine's own network, on the screen."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from textual.widgets import Static

from tests.tui.bench import opened
from tests.tui.labs import BR0, switch
from tuilab.errors import NotKept
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab.closeup import Closeup
from tuilab.lab.ground import Ground
from tuilab.lab.guarded import Confirm
from tuilab.lab.journal import FileJournal
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Snapshot
from tuilab.model import edits
from tuilab.model.topology import HOST, Endpoint, Topology
from tuilab.plan.history import History
from tuilab.plan.state import LinkState, NamespaceState, State, expand
from tuilab.tui.actions import ACTIONS, Context
from tuilab.tui.app import TuilabApp
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import UNICODE
from tuilab.tui.screens.keep import KeepScreen
from tuilab.tui.text import plain
from tuilab.tui.widgets.inspector_text import describe
from tuilab.tui.widgets.status_text import status_line
from tuilab.tui.widgets.tree_text import tree_rows

MAC = "02:00:00:00:00:01"
ETH0 = LinkState("device", up=True, mtu=1500, mac=MAC, addresses=("192.0.2.10/24",))
DOCKER0 = LinkState("bridge", up=True, mtu=1500, mac=MAC)
FOREIGN = State(
    {
        HOST: NamespaceState({"eth0": ETH0, "docker0": DOCKER0}),
        "theirs": NamespaceState(),
    }
)


def on_machine():
    lab = switch()
    return Snapshot(
        name=lab.name,
        topology=lab,
        observed=expand(lab),
        history=History(lab),
        host=True,
        foreign=FOREIGN,
    )


def test_what_others_made_is_drawn_dimmed_and_ours_as_ever():
    marks = {node.item: node.mark for node in build(on_machine()).nodes}
    assert marks[Item("bridge", HOST, "docker0")] == "foreign"
    assert marks[Item("namespace", "theirs")] == "foreign"
    assert marks[Item("bridge", HOST, "br0")] == ""
    assert marks[Item("namespace", "red")] == ""
    host = next(n for n in build(on_machine()).nodes if str(n.item) == HOST)
    assert [(i.item.ifname, i.mark) for i in host.interfaces] == [("eth0", "foreign")]
    assert host.mark == ""


def test_the_list_and_the_inspector_tell_them_apart():
    rows = {row.key: row.line(UNICODE) for row in tree_rows(on_machine(), UNICODE)}
    for name in ("host:eth0", "host:docker0", "theirs"):
        assert "not of this lab" in plain(rows[name])
        assert {span.role for span in rows[name]} == {"dim"}
    assert "not of this lab" not in plain(rows["host:br0"])
    for item in (Item("link", HOST, "eth0"), Item("namespace", "theirs")):
        lines = describe(on_machine(), State(), item, Closeup(), UNICODE)
        assert "not made by this lab" in "\n".join(plain(it.spans) for it in lines)


@pytest.mark.parametrize("action", ["edit", "delete", "toggle", "rename"])
def test_keys_that_would_change_them_say_why_not(action):
    for item in (
        Item("link", HOST, "eth0"),
        Item("bridge", HOST, "docker0"),
        Item("namespace", "theirs"),
    ):
        context = Context(snapshot=on_machine(), selection=(item,))
        assert ACTIONS[action].refuse(context)
        if action != "toggle" or item.ifname:
            assert "was not made by this lab" in ACTIONS[action].refuse(context)
    ours = Context(snapshot=on_machine(), selection=(Item("bridge", HOST, "br0"),))
    assert not ACTIONS[action].refuse(ours)


def test_the_status_bar_says_where_one_is():
    assert " HOST " in plain(status_line(on_machine(), 120, UNICODE))
    sandbox = replace(on_machine(), host=False)
    assert " HOST " not in plain(status_line(sandbox, 120, UNICODE))


class Risky(Ground):
    """Where every bridge would cut us off."""

    def risk(self, before, after, foreign):
        now = after.namespaces[HOST].links
        return '"host:br0" would cut us' if "br0" in now else ""


async def no_one(title, risk, seconds):
    raise AssertionError("the command line was asked")


async def risky_lab(directory, seconds):
    journal = FileJournal.create(directory, Topology(directory.name))
    lab = await Lab.open(ModelDriver(), journal, directory, ground=Risky())
    lab.confirm = Confirm(no_one, seconds)
    return lab


@pytest.mark.parametrize("key", ["y", "escape", "n", ""])
async def test_a_change_that_may_cut_us_off_is_asked_about(tmp_path, key):
    lab = await risky_lab(tmp_path, 30 if key else 1)
    app = TuilabApp(lab)
    async with asyncio.timeout(60), app.run_test() as pilot:
        edit = app.run_worker(lab.edit(edits.add_bridge(BR0)), exit_on_error=False)
        while not isinstance(app.screen, KeepScreen):
            await pilot.pause()
        said = "".join(str(it.render()) for it in app.screen.query(Static))
        assert '"host:br0" would cut us' in said
        if key:
            # Where nothing is answered its second may be over by now.
            await pilot.press("enter")
            assert isinstance(app.screen, KeepScreen)
            await pilot.press(key)
        if key == "y":
            await edit.wait()
        else:
            with pytest.raises(Exception, match="not confirmed") as caught:
                await edit.wait()
            assert isinstance(caught.value.error, NotKept)
        while isinstance(app.screen, KeepScreen):
            await pilot.pause()
        kept = lab.snapshot.topology.link(Endpoint(HOST, "br0")) is not None
        assert kept == (key == "y")
    await lab.aclose()


async def test_the_dialog_that_asked_for_it_ends_with_the_answer(tmp_path):
    lab = await risky_lab(tmp_path, 30)
    async with opened(lab=lab) as bench:
        for answer in ("n", "y"):
            await bench.press("b")
            await bench.pilot.press("enter")
            await bench.until(lambda: isinstance(bench.app.screen, KeepScreen))
            await bench.pilot.press(answer)
            await bench.until(lambda: not isinstance(bench.app.screen, KeepScreen))
            await bench.until(lambda: not lab.snapshot.pending and bench.app.settled)
            if answer == "n":
                assert "was not confirmed and is taken back" in bench.text
                await bench.press("escape")
        await bench.until(lambda: not bench.in_dialog)
        assert lab.snapshot.topology.link(BR0) is not None
        assert len(lab.snapshot.history.edits) == 1
