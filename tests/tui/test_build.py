"""Building a lab by keys and dialogs."""

from __future__ import annotations

import pytest
from textual.events import Key
from textual.widgets import Input

from tests.tui.bench import opened
from tests.tui.labs import switch, two_hosts
from tuilab.model.edits import remove_namespace
from tuilab.model.topology import HOST, Bridge, Endpoint, Route, Tap, Veth
from tuilab.tui.canvas.graph import Item
from tuilab.tui.widgets.choice import Choice

RED = Endpoint("red", "eth0")
BLUE = Endpoint("blue", "eth0")


async def test_six_keys_make_two_namespaces_and_a_cable():
    async with opened() as bench:
        await bench.press("n", "enter", "n", "enter", "v", "enter")
        assert list(bench.topology.namespaces) == [HOST, "red", "blue"]
        assert bench.topology.link(RED) == Veth(peer=BLUE, addresses=("10.0.0.1/24",))
        assert bench.topology.link(BLUE) == Veth(peer=RED, addresses=("10.0.0.2/24",))
        assert bench.main.selected.kind == "cable"
        assert "10.0.0.1/24" in bench.text
        titles = [edit.title for edit in bench.lab.snapshot.history.edits]
        assert titles == [
            "add namespace red",
            "add namespace blue",
            "add cable red:eth0 = blue:eth0",
        ]


async def test_keys_typed_ahead_in_one_go_reach_what_they_are_meant_for():
    async with opened() as bench:
        for key in ("n", "w", "e", "b", "enter", "n", "enter", "v", "enter", "x"):
            character = key if len(key) == 1 else "\r"
            bench.app.post_message(Key(key, character))
        await bench.until(lambda: len(bench.lab.snapshot.history.edits) == 4)
        assert list(bench.topology.namespaces) == [HOST, "web", "red"]
        cable = bench.topology.cables[0]
        assert {cable.a.namespace, cable.b.namespace} == {"web", "red"}
        assert not bench.topology.link(cable.a).up


async def test_a_dialog_shows_its_commands_before_it_runs():
    async with opened() as bench:
        await bench.press("n")
        assert "ip netns add red" in bench.text
        assert "2 commands, one undo entry" in bench.text
        await bench.press("escape")
        assert not bench.in_dialog
        assert list(bench.topology.namespaces) == [HOST]


async def test_namespaces_join_the_only_bridge():
    async with opened() as bench:
        await bench.press("b", "enter")
        await bench.press("n", "enter", "n", "enter")
        topology = bench.topology
        assert topology.link(Endpoint(HOST, "br0")) == Bridge()
        assert topology.namespaces[HOST].ports("br0") == ["port1", "port2"]
        assert topology.link(RED).addresses == ("10.0.0.1/24",)
        assert topology.link(BLUE).addresses == ("10.0.0.2/24",)


async def test_a_namespace_gets_the_bridge_as_its_gateway():
    async with opened() as bench:
        await bench.press("b")
        await bench.fill("address", "10.9.0.1/24")
        await bench.press("enter", "n", "enter")
        red = bench.topology.namespaces["red"]
        assert red.link("eth0").addresses == ("10.9.0.2/24",)
        assert red.routes == (Route(to="0.0.0.0/0", via="10.9.0.1"),)


async def test_the_connection_of_a_namespace_can_be_chosen():
    async with opened() as bench:
        await bench.press("n", "enter", "n")
        await bench.choose("connect", "red")
        assert bench.app.screen.query_one("#far", Input).value == "10.0.0.1/24"
        assert bench.app.screen.query_one("#address", Input).value == "10.0.0.2/24"
        await bench.press("enter")
        assert bench.topology.link(RED).addresses == ("10.0.0.1/24",)
        assert bench.topology.link(BLUE).peer == RED


async def test_what_was_typed_is_not_proposed_over():
    async with opened() as bench:
        await bench.press("n", "enter", "n")
        await bench.choose("connect", "red")
        await bench.fill("address", "10.7.7.7/24")
        await bench.choose("connect", "host")
        assert bench.app.screen.query_one("#address", Input).value == "10.7.7.7/24"
        assert bench.app.screen.query_one("#far", Input).value == "10.0.0.1/24"


async def test_bad_names_and_addresses_are_refused_at_their_field():
    async with opened() as bench:
        await bench.press("b", "enter", "n")
        await bench.fill("name", "no spaces")
        assert 'is no name: letters, digits, "_", "-" and "." only' in bench.text
        assert "Will run" not in bench.text
        await bench.press("enter")
        assert bench.in_dialog
        await bench.fill("name", "red")
        await bench.fill("address", "10.0.0.1")
        assert '"10.0.0.1" has no prefix length' in bench.text
        await bench.fill("address", "10.0.0.300/24")
        assert '"10.0.0.300/24"' in bench.text
        await bench.press("enter")
        assert bench.app.focused.id == "address"
        await bench.fill("address", "10.0.0.3/24")
        await bench.fill("gateway", "10.1.0.1")
        assert "is not in the network of 10.0.0.3/24" in bench.text
        await bench.fill("gateway", "")
        await bench.press("enter")
        assert not bench.in_dialog
        assert bench.topology.link(RED).addresses == ("10.0.0.3/24",)


async def test_a_name_that_exists_is_refused():
    async with opened() as bench:
        await bench.press("n", "enter", "n")
        await bench.fill("name", "red")
        assert '"red" exists already; choose another name' in bench.text


async def test_a_link_name_of_sixteen_characters_is_refused():
    async with opened() as bench:
        await bench.press("b")
        await bench.fill("name", "a" * 16)
        assert "is 16 characters long, 15 are the most" in bench.text
        await bench.press("enter")
        assert bench.in_dialog


async def test_what_the_lab_refuses_is_said_in_the_dialog_and_nothing_is_lost():
    async with opened() as bench:
        await bench.press("n", "enter", "n", "enter", "v", "enter", "v")
        await bench.fill("a_address", "10.0.0.2/24")
        # The lab, not the form, knows that blue has this address.
        assert "10.0.0.2" in bench.text
        await bench.press("enter")
        assert bench.in_dialog
        assert bench.app.screen.query_one("#a_address", Input).value == "10.0.0.2/24"
        assert len(bench.topology.cables) == 1


async def test_a_cable_between_a_bridge_and_a_namespace():
    async with opened() as bench:
        await bench.press("n", "enter", "b", "enter", "v")
        assert bench.app.screen.query_one("#a_place", Choice).value == "red"
        assert bench.app.screen.query_one("#b_place", Choice).value == "host:br0"
        await bench.press("enter")
        port = Endpoint(HOST, "port1")
        assert bench.topology.link(RED).peer == port
        assert bench.topology.link(port).master == "br0"
        assert bench.topology.link(port).addresses == ()


async def test_a_marked_end_is_one_end_of_the_cable():
    async with opened() as bench:
        await bench.press("n", "enter", "n", "enter", "n", "enter")
        bench.main.select(Item("namespace", "green"))
        await bench.press("space")
        bench.main.select(Item("namespace", "red"))
        await bench.press("v")
        assert bench.app.screen.query_one("#a_place", Choice).value == "green"
        assert bench.app.screen.query_one("#b_place", Choice).value == "red"
        await bench.press("enter")
        assert bench.main.marked is None
        assert {bench.topology.cables[0].a, bench.topology.cables[0].b} == {
            Endpoint("green", "eth0"),
            RED,
        }


async def test_both_ends_in_one_namespace_get_two_names():
    async with opened() as bench:
        await bench.press("n", "enter", "v")
        await bench.choose("a_place", "red")
        await bench.choose("b_place", "red")
        await bench.press("enter")
        assert bench.topology.link(RED).peer == Endpoint("red", "eth1")


async def test_a_tap_on_a_bridge_belongs_to_a_user():
    async with opened() as bench:
        await bench.press("b", "enter", "t")
        await bench.fill("user", "nobody-of-that-name")
        assert 'no user "nobody-of-that-name" on this machine' in bench.text
        await bench.fill("user", "root")
        await bench.press("enter")
        assert bench.topology.link(Endpoint(HOST, "tap0")) == Tap(
            master="br0", user="root"
        )


async def test_an_address_is_added_to_the_selected_link():
    async with opened() as bench:
        await bench.press("n", "enter", "n", "enter", "v", "enter", "a", "enter")
        both = [bench.topology.link(end).addresses for end in (RED, BLUE)]
        assert sorted(map(len, both)) == [1, 2]
        await bench.press("a")
        await bench.fill("address", "fd00::7/64 10.5.0.1/16")
        await bench.press("enter")
        assert bench.lab.snapshot.history.edits[-1].title.startswith("add 2 addresses")


async def test_a_route_needs_a_gateway_or_a_link():
    async with opened() as bench:
        await bench.press("n", "enter", "n", "enter", "v", "enter")
        bench.main.select(Item("namespace", "red"))
        await bench.press("r")
        await bench.fill("via", "")
        assert "name a gateway, or the link" in bench.text
        await bench.fill("via", "10.9.9.9")
        await bench.press("enter")
        assert bench.in_dialog
        await bench.fill("to", "10.2.0.1/24")
        await bench.fill("via", "10.0.0.2")
        assert "the network is 10.2.0.0/24" in bench.text
        await bench.fill("to", "10.2.0.0/24")
        await bench.press("enter")
        assert bench.topology.namespaces["red"].routes == (
            Route(to="10.2.0.0/24", via="10.0.0.2"),
        )


async def test_one_more_route_is_proposed_where_the_default_one_is_there():
    """What is proposed can be made: Enter does it, again and again."""
    async with opened(switch()) as bench:
        bench.main.select(Item("namespace", "red"))
        before = bench.topology.namespaces["red"].routes
        for metric in (100, 200):
            await bench.press("r", "enter")
            assert not bench.in_dialog
            late = Route("0.0.0.0/0", "10.0.0.254", metric=metric)
            assert bench.topology.namespaces["red"].routes[-1] == late
        assert bench.topology.namespaces["red"].routes[:-2] == before
        await bench.press("r")
        await bench.fill("to", "10.7.0.0/16")
        await bench.press("enter")
        made = bench.topology.namespaces["red"].routes[-1]
        assert made == Route("10.7.0.0/16", "10.0.0.254")


async def test_somebody_elses_edit_reaches_an_open_dialog():
    from tuilab.model.edits import add_namespace

    async with opened() as bench:
        await bench.press("n")
        await bench.edit(add_namespace("red"))
        await bench.until(
            lambda: bench.app.screen.query_one("#name", Input).value == "blue"
        )
        await bench.press("enter")
        assert list(bench.topology.namespaces) == [HOST, "red", "blue"]


async def test_an_edit_that_somebody_else_took_away_is_refused_with_the_input_kept():
    from tuilab.model.edits import add_namespace

    async with opened() as bench:
        await bench.press("n")
        await bench.fill("name", "mine")
        await bench.edit(add_namespace("mine"))
        await bench.press("enter")
        assert bench.in_dialog
        assert '"mine" exists already' in bench.text


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("e", 'namespace "red" is no longer there; Esc closes this'),
        ("a", '"red:eth0" is no longer there; choose another'),
        ("r", '"red" is no longer there; choose another'),
        ("v", '"red (namespace)" is no longer there; choose another'),
        ("t", '"red (namespace)" is no longer there; choose another'),
    ],
)
async def test_nothing_else_is_meant_when_somebody_took_away_what_was(key, words):
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press(key)
        await bench.edit(remove_namespace("red"))
        assert bench.problem("") == words
        left = bench.topology
        await bench.press("enter")
        assert bench.in_dialog
        assert bench.topology == left
        await bench.lab.undo()
        await bench.idle()
        assert not bench.problem("")


async def test_another_can_be_chosen_when_somebody_took_away_what_was_meant():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("a")
        await bench.edit(remove_namespace("red"))
        await bench.choose("link", "blue:lo")
        await bench.fill("address", "10.9.9.9/32")
        await bench.press("enter")
        assert not bench.in_dialog
        assert bench.topology.link(Endpoint("blue", "lo")).addresses == ("10.9.9.9/32",)


async def test_a_namespace_is_added_though_the_selected_one_was_taken_away():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("n")
        await bench.edit(remove_namespace("red"))
        await bench.press("enter")
        assert list(bench.topology.namespaces) == [HOST, "blue", "red"]
