"""What panes say, without an app."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from dataclasses import replace

import pytest

import tuilab.tui
from tests.tui.labs import BLUE, RED, built, router, switch, two_hosts
from tuilab.lab.closeup import Closeup
from tuilab.lab.lab import Lab
from tuilab.lab.meter import Rate, Traffic
from tuilab.lab.snapshot import Live, LogEntry
from tuilab.model import edits, policy_edits
from tuilab.model.topology import HOST, Endpoint, Neighbour, Rule, Topology
from tuilab.packets.results import PingResult
from tuilab.plan.difference import differences
from tuilab.plan.history import Edit, History
from tuilab.plan.state import expand
from tuilab.tui.actions import ACTIONS, Context, bindings
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.widget import Canvas
from tuilab.tui.glyphs import ASCII, UNICODE, sparkline
from tuilab.tui.moves import MOVES, panes_of
from tuilab.tui.screens.help import help_rows, places_of
from tuilab.tui.terminal import needs_ascii
from tuilab.tui.text import fit, line, plain, width
from tuilab.tui.verbs import VERBS
from tuilab.tui.widgets.files import difference_line
from tuilab.tui.widgets.history_text import history_lines
from tuilab.tui.widgets.inspector import Inspector
from tuilab.tui.widgets.inspector_text import describe, title
from tuilab.tui.widgets.inspector_words import human_bytes
from tuilab.tui.widgets.keys_text import keys_line
from tuilab.tui.widgets.log_text import entry_lines
from tuilab.tui.widgets.losses import losses
from tuilab.tui.widgets.packet_list import PacketList
from tuilab.tui.widgets.packet_text import Watch, watch_state
from tuilab.tui.widgets.ping_text import Run, run_lines
from tuilab.tui.widgets.plan_text import plan_lines
from tuilab.tui.widgets.status_text import counts, status_line
from tuilab.tui.widgets.tree_text import plain_lines, tree_rows
from tuilab.tui.widgets.tree_view import TreeView


def snapshot_of(topology: Topology):
    async def look():
        lab = await Lab.preview(topology)
        await lab.aclose()
        return lab.snapshot

    return asyncio.run(look())


def told(snapshot, item, closeup=None):
    wanted = expand(snapshot.topology)
    rows = describe(snapshot, wanted, item, closeup or Closeup(), UNICODE)
    return "\n".join(plain(row.spans) for row in rows)


# -- the table of actions -----------------------------------------------------------


def test_every_action_has_a_verb_and_every_verb_an_action():
    assert set(VERBS) == set(ACTIONS)


def test_no_key_does_two_things():
    main = [key for b in bindings() for key in b.key.split(",")]
    assert len(main) == len(set(main))
    # On an empty canvas the choices of its card come before the tabs.
    card = {action.id for action in ACTIONS.values() if action.where == "empty"}
    drawn = [b for b in Canvas.BINDINGS if b.id not in card]
    canvas = {key for b in drawn for key in b.key.split(",")}
    assert not canvas & set(main)
    packets = {key for b in bindings("packets") for key in b.key.split(",")}
    # In the list of packets these do to packets what they do to the lab elsewhere.
    assert packets & set(main) == {"O", "slash", "t", "x"}


def test_nothing_needs_a_key_that_terminals_keep_for_themselves():
    keys = {key for action in ACTIONS.values() for key in action.keys}
    assert not [k for k in keys if k.startswith(("alt+", "f10", "f11", "ctrl+b"))]
    assert "ctrl+a" not in keys


def test_help_lists_every_key_of_screen_and_canvas():
    rows = help_rows(Context(snapshot_of(Topology("x"))))
    text = "\n".join(plain(row.shown) for row in rows)
    for thing in (*ACTIONS.values(), *MOVES.values()):
        assert thing.about in text
    assert "nothing to undo" in text
    by_id = {row.name: row for row in rows}
    assert plain(by_id["canvas.in"].shown).split() == ["+", "=", "zoom", "in"]
    assert not by_id["canvas.in"].refused
    assert by_id["send.stop"].refused == "that key works in dialogs"
    assert "go there (Tab)" in by_id["list.first"].refused


def test_the_keys_of_the_focused_pane_come_first_in_the_help():
    context = Context(snapshot_of(two_hosts()))
    for widget, name, first in (
        (Canvas(), "Drawing", "canvas.left"),
        (PacketList(), "Packets", "follow"),
        (Inspector(), "Inspector", "edit_row"),
        (TreeView(), "Tree", "tree.shut"),
    ):
        rows = help_rows(context, panes_of(widget), places_of(widget))
        assert plain(rows[0].shown) == f"{name}: this pane"
        assert (rows[0].name, rows[1].name) == ("", first)


def test_every_move_is_bound_by_its_class_and_by_no_other_way():
    bound = {}
    for module in pkgutil.walk_packages(tuilab.tui.__path__, "tuilab.tui."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and kind.__module__.startswith("tuilab.tui"):
                for binding in kind.__dict__.get("BINDINGS", ()):
                    bound[binding.id] = kind.__name__
    # A tool that is held is given every key, and asks what it means.
    moves = {name for name, move in MOVES.items() if move.pane != "tool"}
    assert set(bound) == moves | {a.id for a in ACTIONS.values() if a.keys}


@pytest.mark.parametrize("cells", [20, 40, 60, 80, 120, 160, 250])
def test_footer_and_status_fit_every_width(cells):
    snapshot = replace(
        snapshot_of(router()), preview="a long reason " * 5, pending="add x"
    )
    keys = keys_line(Context(snapshot), cells)
    assert width(keys) <= max(cells, 15)
    assert plain(keys).rstrip().endswith("keys")
    for glyphs in (UNICODE, ASCII):
        bar = status_line(snapshot, cells, glyphs, capturing="red:eth0")
        assert width(bar) == cells
        assert "tuilab" in plain(bar)
        if cells >= 40:
            assert "PREVIEW" in plain(bar)


def test_status_counts_what_is_built_and_what_works():
    snapshot = snapshot_of(switch())
    have = counts(snapshot)
    assert (have.namespaces, have.bridges, have.links) == (2, 1, 5)
    assert (have.up, have.down) == (5, 0)
    assert "ENDED" in plain(status_line(snapshot, 80, UNICODE, gone="why"))


# -- the inspector ------------------------------------------------------------------


def test_inspector_of_a_namespace():
    text = told(snapshot_of(router()), Item("namespace", "r1"))
    assert "forward 4 on" in text
    assert "forward 6 off" in text
    assert "Links (2)" in text
    assert "peer      left:eth0" in text
    text = told(snapshot_of(router()), Item("namespace", "left"))
    assert "default via 10.1.0.1 dev eth0" in text


def test_inspector_of_a_bridge_names_its_ports_and_what_is_behind():
    text = told(snapshot_of(switch()), Item("bridge", HOST, "br0"))
    assert "Ports (2)" in text
    assert "port1  to red:eth0" in text
    assert "Addresses (1)\n10.0.0.254/24" in text


def test_inspector_of_a_cable_shows_both_ends():
    snapshot = snapshot_of(two_hosts())
    item = Item.of_cable(snapshot.topology.cables[0])
    assert title(item) == "blue:eth0 = red:eth0 (cable)"
    text = told(snapshot, item)
    assert "10.0.0.1/24" in text
    assert "10.0.0.2/24" in text


def test_inspector_says_how_the_kernel_differs_from_the_wish():
    drifted = seen_as(edits.set_link(RED, mtu=1400, up=False).apply(two_hosts()))
    for item in (Item("link", "red", "eth0"), Item("namespace", "red"), None):
        text = told(drifted, item)
        assert text.startswith(
            '≠ Drift (2)\n  "red:eth0" is down\n  "red:eth0" has mtu 1400, not 1500\n'
            " F repair  A adopt "
        )
    cable = Item.of_cable(drifted.topology.cables[0])
    assert "Drift (2)" in told(drifted, cable)
    for item in (Item("link", "blue", "eth0"), Item("namespace", "blue")):
        assert "Drift" not in told(drifted, item)
    assert "Drift" not in told(replace(drifted, pending="x"), Item("namespace", "red"))
    text = told(seen_as(Topology("demo")), Item("namespace", "red"))
    assert "not in the kernel (yet)" in text


def seen_as(other, wish=None):
    """A lab where the kernel holds what another lab wishes for."""
    snapshot, observed = snapshot_of(wish or two_hosts()), snapshot_of(other).observed
    drift = differences(expand(snapshot.topology), observed)
    return replace(snapshot, observed=observed, drift=tuple(drift))


def test_the_drift_of_a_bridge_is_its_ports_too():
    port = Endpoint(HOST, "port1")
    drifted = seen_as(edits.set_link(port, master=None).apply(switch()), switch())
    bridge = Item("bridge", HOST, "br0")
    assert '"host:port1" is no port of br0' in told(drifted, bridge)
    assert "Drift" not in told(drifted, Item("link", "red", "eth0"))


@pytest.mark.parametrize(("glyphs", "sign"), [(UNICODE, "≠"), (ASCII, "!")])
def test_status_and_list_tell_of_drift_without_a_colour(glyphs, sign):
    other = edits.together(
        "outside",
        (
            edits.set_link(RED, mtu=1400),
            edits.add_namespace("stray"),
            edits.add_bridge(Endpoint("blue", "br9")),
            edits.remove_link(BLUE),
            edits.connect(Endpoint("red", "eth0"), Endpoint("stray", "eth0")),
            edits.set_sysctl("red", "net.ipv4.ip_forward", "1"),
        ),
    ).apply(two_hosts())
    drifted = seen_as(other)
    bar = plain(status_line(drifted, 80, glyphs))
    assert f" {sign}{len(drifted.drift)} drift " in bar
    assert "drift" not in plain(status_line(replace(drifted, pending="x"), 80, glyphs))
    rows = {row.key: plain(row.line(glyphs)) for row in tree_rows(drifted, glyphs)}
    assert rows["red"].endswith(f"red: namespace, 1 link  {sign} drift")
    assert rows["red:eth0"].endswith(f" {sign} drift")
    assert rows["blue"].endswith("blue: namespace, 2 links")
    assert rows["blue:eth0"].endswith(" ? missing")
    assert rows["blue:br9"].endswith("br9: bridge  + made outside")
    assert rows["stray"].endswith("stray: namespace, 1 link  + made outside")
    assert rows["stray:eth0"].endswith(" + made outside")


def test_inspector_says_what_was_made_outside_and_what_is_missing():
    snapshot = snapshot_of(switch())
    without = edits.remove_link(RED).apply(switch())
    foreign = replace(snapshot, topology=without)
    assert "made outside tuilab" in told(foreign, Item("namespace", "red"))
    gone = told(snapshot, Item("link", "red", "eth9"))
    assert '"red:eth9" is no longer there' in gone
    assert "no longer there" in told(snapshot, Item("namespace", "nobody"))
    assert told(snapshot, None) == "Nothing is selected."


def test_inspector_shows_rates_and_losses():
    snapshot = snapshot_of(two_hosts())
    live = {RED: Live("up", 3500, 99, 7, 1, errors=2, dropped=1), BLUE: Live("up")}
    past = (Rate(rx=100), Rate(rx=1250, rx_packets=2.5))
    flows = Closeup(traffic={RED: Traffic(past)})
    text = told(replace(snapshot, live=live), Item("link", "red", "eth0"), flows)
    assert "rx        3.5 kB in 7 packets, 2.5/s\n1.2 kB/s  ▂█\n" in text
    # What does not flow is no rate of nothing.
    assert "tx        99 B in 1 packets\nlost      2 errors, 1 dropped" in text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (2.5e6, "2.5 MB"),
        (3e12, "3000.0 GB"),
    ],
)
def test_human_bytes(count, text):
    assert human_bytes(count) == text


# -- the other panes ----------------------------------------------------------------


def test_the_list_shows_ports_below_their_bridge():
    rows = tree_rows(snapshot_of(switch()), UNICODE)
    assert [row.key for row in rows] == [
        "host",
        "host:br0",
        "host:port1",
        "host:port2",
        "red",
        "red:eth0",
        "red/route default via 10.0.0.254 dev eth0",
        "blue",
        "blue:eth0",
    ]
    text = [plain(row.line(UNICODE)) for row in rows]
    assert text[0] == "▾ host: the lab's own namespace, 3 links"
    assert text[1] == "  ▾ ▲ br0: bridge, up, 10.0.0.254/24"
    assert text[2] == "      ▲ port1: port of br0, veth to red:eth0, up"
    assert text[6] == "    route default via 10.0.0.254 dev eth0"


def test_the_tree_says_what_links_are_set_to():
    port, br0 = Endpoint(HOST, "port1"), Endpoint(HOST, "br0")
    lab = built(
        edits.become("", switch()),
        edits.set_link(RED, mtu=1400, mac="02:00:00:00:00:aa"),
        edits.set_link(br0, vlan_filtering=True, stp=True),
        edits.set_link(port, vlans=("10 pvid untagged", "20-29")),
        edits.add_entry(port, "02:00:00:00:00:aa"),
        edits.add_tap(Endpoint(HOST, "tap0"), user="root", group="daemon"),
    )
    text = "\n".join(plain_lines(snapshot_of(lab)))
    assert "10.0.0.1/24, mtu 1400, mac 02:00:00:00:00:aa" in text
    assert "stp on vlan_filtering on" in text
    assert "in VLANs 10 pvid untagged and 20-29, entry 02:00:00:00:00:aa" in text
    assert "port2: port of br0, veth to blue:eth0, up, in VLAN 1 pvid untagged" in text
    assert "of user root, of group daemon" in text


def test_the_plain_lab_has_no_sign_and_every_state_in_words():
    more = edits.together(
        "more",
        (
            policy_edits.add_rule("red", Rule(0, iif="lo", table=7)),
            policy_edits.add_neighbour("red", Neighbour("fd00::9", "eth0", proxy=True)),
            edits.set_link(BLUE, up=False),
            edits.set_sysctl("red", "net.ipv4.conf.all.rp_filter", "1"),
        ),
    )
    lines = plain_lines(snapshot_of(more.apply(switch())))
    text = "\n".join(lines)
    assert text.isascii()
    assert lines[0].startswith("lab demo: 2 namespaces, 2 cables, only a model")
    assert "  br0: bridge, up, 10.0.0.254/24" in lines
    assert "    port2: port of br0, veth to blue:eth0, no carrier" in lines
    assert "  eth0: veth to host:port2, down, 10.0.0.2/24" in lines
    assert "  rule 100: iif lo lookup 7" in lines
    assert "  neighbour fd00::9 dev eth0 proxy" in lines
    assert "  setting net.ipv4.conf.all.rp_filter = 1" in lines


def test_what_is_folded_says_so_and_hides_all_of_it():
    snapshot = snapshot_of(switch())
    rows = tree_rows(snapshot, folded={"host:br0", "red"})
    assert [row.key for row in rows] == ["host", "host:br0", "red", "blue", "blue:eth0"]
    assert rows[1].text == "br0: bridge, up, 10.0.0.254/24, folded"
    assert plain(rows[1].line(UNICODE)).startswith("  ▸ ▲ br0")


def test_the_history_marks_where_we_are():
    done = tuple(Edit(f"edit {n}", Topology("x"), time=0.0) for n in (1, 2, 3))
    rows = history_lines(History(Topology("x"), done, 2), UNICODE)
    assert [position for position, _ in rows] == [3, 2, 1, 0]
    text = [plain(row) for _, row in rows]
    assert "undone" in text[0]
    assert text[1].startswith("▶")
    assert sum(row.startswith("▶") for row in text) == 1


def test_the_log_shows_refusals_and_what_came_from_outside():
    text = "\n".join(
        plain(spans)
        for entry in (
            LogEntry(0.0, "add x", ("ip netns add x", "ip " + "word " * 12)),
            LogEntry(0.0, "add y", ("ip netns add y",), error="no space"),
            LogEntry(0.0, "link red:eth0 is down", (), outside=True),
        )
        for spans in entry_lines(entry, ASCII, 40)
    )
    assert "    ip netns add x" in text
    assert "    no space" in text
    assert "\n        word" in text
    assert "outside: link red:eth0 is down" in text


def test_results_and_their_sum():
    run = Run("ping 10.0.0.2 from red")
    assert "waiting" in plain(run_lines([run], UNICODE)[1])
    run.results += [
        PingResult(1, "10.0.0.2", rtt_ms=0.1, ttl=64, size=64),
        PingResult(2, error="timeout"),
    ]
    text = "\n".join(plain(spans) for spans in run_lines([run], UNICODE))
    assert "✓ 64 bytes from 10.0.0.2: seq=1 ttl=64 time=0.100 ms" in text
    assert "✗ seq=2 timeout" in text
    assert "2 sent, 1 received, 50% lost" in text
    run.problem = "the worker died"
    assert "the worker died" in plain(run_lines([run], UNICODE)[-1])
    assert "Nothing has been sent yet" in plain(run_lines([], UNICODE)[0])


def test_a_plan_says_how_much_of_it_is_shown():
    assert "Nothing to do" in plain(plan_lines([], 70)[0])
    assert "1 command," in plain(plan_lines(["ip link"], 70)[0])
    many = plan_lines([f"ip netns add n{n}" for n in range(500)], 70)
    assert plain(many[-1]).strip() == "and 300 more"
    long = plan_lines(["ip " + "x" * 10 + " y" * 60], 40)
    assert all(width(spans) <= 40 for spans in long)


def test_losses_of_a_removal():
    before = switch()
    after = edits.remove_namespace("red").apply(before)
    assert losses(before, after) == [
        "veth host:port1, other end red:eth0",
        "veth red:eth0 with 10.0.0.1/24, other end host:port1",
        "route default via 10.0.0.254 in red",
    ]


def test_what_loading_would_change_is_counted():
    text = plain(difference_line(two_hosts(), switch()))
    assert text == "+ create 3  = keep 5  - remove 0"
    text = plain(difference_line(switch(), built()))
    assert text == "+ create 0  = keep 1  - remove 7"


def test_the_frame_of_the_packet_list():
    live = Watch("red:eth0", count=160, rate=4.2, dropped=1, fresh=37)
    assert watch_state(live) == "red:eth0  FOLLOW  4 pkt/s  160 pkt  drop 1"
    paused = replace(live, following=False)
    assert "PAUSED +37 new, End follows" in watch_state(paused)
    late = replace(live, behind=70_000)
    assert "160 pkt  70000 to write  drop 1" in watch_state(late)
    assert "STOPPED  160 pkt  drop 1" in watch_state(replace(live, state="stopped"))
    assert watch_state(replace(live, state="file")).endswith("FILE  160 pkt")
    found = replace(live, filter="icmp", shown=12, searched=0.434)
    assert "/icmp  FOLLOW" in watch_state(found)
    assert "12 of 160 pkt  searching 43 %" in watch_state(found)
    broken = replace(live, trouble='"red:eth0" is gone')
    assert watch_state(broken).endswith('drop 1  ! "red:eth0" is gone')
    # What is lost is told in however little room there is.
    assert watch_state(broken, 50).startswith("FOLLOW  4 pkt/s  160 pkt  drop 1")


def test_text_is_cut_to_cells_not_characters():
    assert fit("abc", 5) == "abc  "
    assert fit("abcdef", 4) == "abc…"
    assert width(line(fit("日本語日本語", 5))) == 5
    assert fit("abc", 0) == ""


def test_sparklines():
    assert sparkline([1, 2, 4], UNICODE) == "▃▅█"
    assert sparkline([], UNICODE) == ""
    assert sparkline([0, 0], ASCII) == "__"
    assert sparkline([1.0], ASCII).isascii()


def test_endpoints_of_other_kinds_have_titles():
    assert title(Item("link", "red", "lo")) == "red:lo (link)"
    assert title(None) == "Inspector"
    assert str(Endpoint("a", "b")) == "a:b"


@pytest.mark.parametrize(
    ("term", "encoding", "plain"),
    [
        ("xterm-256color", "utf-8", False),
        ("screen", "UTF-8", False),
        ("linux", "utf-8", True),
        ("xterm", "iso8859-1", True),
        ("xterm", None, True),
    ],
)
def test_terminals_that_get_plain_ascii(term, encoding, plain):
    assert needs_ascii({"TERM": term}, encoding) is plain
