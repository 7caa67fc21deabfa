"""Changing what is there: edit, delete, up and down, undo and redo."""

from __future__ import annotations

from textual.widgets import Input

from tests.tui.bench import opened
from tests.tui.labs import BLUE, BR0, PORT1, RED, router, switch, two_hosts
from tuilab.model import edits
from tuilab.model.topology import HOST, Bridge, Endpoint, Route
from tuilab.tui.canvas.graph import Item
from tuilab.tui.widgets.check import Check
from tuilab.tui.widgets.history_view import HistoryView
from tuilab.tui.widgets.lines_field import LinesField

RED_LINK = Item("link", "red", "eth0")


async def test_everything_about_a_link_is_one_edit():
    async with opened(two_hosts()) as bench:
        bench.main.select(RED_LINK)
        await bench.press("e")
        await bench.fill("name", "uplink")
        await bench.fill("mtu", "1400")
        await bench.fill("mac", "02:00:00:00:00:AA")
        bench.app.screen.query_one("#up", Check).value = False
        await bench.idle()
        assert "link set dev eth0 name uplink" in bench.text
        await bench.press("enter")
        link = bench.topology.link(Endpoint("red", "uplink"))
        assert (link.mtu, link.mac, link.up) == (1400, "02:00:00:00:00:aa", False)
        assert bench.topology.link(BLUE).peer == Endpoint("red", "uplink")
        assert len(bench.lab.snapshot.history.edits) == 1
        assert bench.main.selected == Item("link", "red", "uplink")
        await bench.press("u")
        assert bench.topology == two_hosts()


async def test_addresses_are_added_and_removed_by_lines():
    async with opened(two_hosts()) as bench:
        bench.main.select(RED_LINK)
        await bench.press("e")
        inputs = bench.app.screen.query_one("#addresses", LinesField).query(Input)
        inputs[0].value = ""
        inputs[1].value = "10.0.0.9/24"
        await bench.idle()
        inputs = bench.app.screen.query_one("#addresses", LinesField).query(Input)
        assert len(inputs) == 3
        inputs[2].value = "fd00::1/64"
        await bench.idle()
        await bench.press("enter")
        assert bench.topology.link(RED).addresses == ("10.0.0.9/24", "fd00::1/64")


async def test_wrong_numbers_are_refused_at_their_field():
    async with opened(two_hosts()) as bench:
        bench.main.select(RED_LINK)
        await bench.press("e")
        await bench.fill("mtu", "12")
        assert "68 to 65535 bytes are possible" in bench.text
        await bench.fill("mtu", "many")
        assert '"many" is no number' in bench.text
        await bench.fill("mtu", "")
        await bench.fill("mac", "01:00:00:00:00:01")
        assert "is a multicast address" in bench.text
        await bench.press("enter")
        assert bench.in_dialog
        await bench.press("escape")
        assert bench.topology == two_hosts()


async def test_a_link_joins_a_bridge_once_it_has_no_address():
    topology = edits.add_link(Endpoint("red", "br0"), Bridge()).apply(two_hosts())
    async with opened(topology) as bench:
        bench.main.select(RED_LINK)
        await bench.press("e")
        await bench.choose("master", "br0")
        assert "a port of a bridge has no addresses" in bench.text
        bench.app.screen.query_one("#addresses", LinesField).query(Input)[0].value = ""
        await bench.idle()
        await bench.press("enter")
        assert bench.topology.link(RED).master == "br0"
        assert bench.topology.link(RED).addresses == ()


async def test_enter_on_an_unchanged_form_is_no_edit():
    async with opened(two_hosts()) as bench:
        bench.main.select(RED_LINK)
        await bench.press("e")
        assert "Nothing to do" in bench.text
        await bench.press("enter")
        assert not bench.in_dialog
        assert bench.lab.snapshot.history.edits == ()


async def test_a_namespace_is_renamed_forwards_and_gets_routes():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("e")
        await bench.fill("name", "crimson")
        bench.app.screen.query_one("#forward4", Check).value = True
        bench.app.screen.query_one("#forward6", Check).value = True
        field = bench.app.screen.query_one("#routes", LinesField)
        field.query(Input)[0].value = "default via 10.0.0.2 metric 5"
        await bench.idle()
        await bench.press("enter")
        crimson = bench.topology.namespaces["crimson"]
        assert crimson.sysctls == {
            "net.ipv4.ip_forward": "1",
            "net.ipv6.conf.all.forwarding": "1",
        }
        assert crimson.routes == (Route("0.0.0.0/0", "10.0.0.2", metric=5),)
        assert bench.main.selected == Item("namespace", "crimson")
        await bench.press("u")
        assert bench.topology == two_hosts()


async def test_a_senseless_route_is_refused():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("e")
        field = bench.app.screen.query_one("#routes", LinesField).query(Input)[0]
        field.value = "default through 10.0.0.2"
        await bench.idle()
        assert '"through" is not understood here' in bench.text
        field.value = "default via 192.168.9.9"
        await bench.idle()
        assert "192.168.9.9" in bench.text
        await bench.press("enter")
        assert bench.in_dialog


async def test_host_keeps_its_name():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", HOST))
        await bench.press("e")
        assert not bench.app.screen.query_one("#name").is_on_screen


async def test_delete_says_what_goes_with_it_and_how():
    async with opened(switch()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("d")
        assert "veth red:eth0 with 10.0.0.1/24, other end host:port1" in bench.text
        assert "route default via 10.0.0.254 in red" in bench.text
        assert "ip netns delete red" in bench.text or "ip netns del red" in bench.text
        await bench.press("escape")
        assert "red" in bench.topology.namespaces
        await bench.press("d", "enter")
        assert "red" not in bench.topology.namespaces
        assert bench.topology.link(PORT1) is None


async def test_delete_of_a_bridge_lets_its_ports_go():
    async with opened(switch()) as bench:
        bench.main.select(Item("bridge", HOST, "br0"))
        await bench.press("d")
        assert "host:port1 is no longer a port of host:br0" in bench.text
        await bench.press("enter")
        assert bench.topology.link(BR0) is None
        assert bench.topology.link(PORT1).master is None


async def test_host_can_not_be_deleted():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", HOST))
        await bench.press("d")
        assert not bench.in_dialog
        assert "it stays" in bench.toasts[-1]


async def test_x_sets_a_link_a_cable_or_a_namespaces_only_link():
    async with opened(two_hosts()) as bench:
        bench.main.select(RED_LINK)
        await bench.press("x")
        assert not bench.topology.link(RED).up
        assert bench.topology.link(BLUE).up
        bench.main.select(Item.of_cable(bench.topology.cables[0]))
        await bench.press("x")
        assert not bench.topology.link(BLUE).up
        await bench.press("x")
        assert bench.topology.link(RED).up
        assert bench.topology.link(BLUE).up
        bench.main.select(Item("namespace", "red"))
        await bench.press("x")
        assert not bench.topology.link(RED).up


async def test_x_asks_for_one_link_where_there_are_several():
    async with opened(router()) as bench:
        bench.main.select(Item("namespace", "r1"))
        await bench.press("x")
        assert bench.topology == router()
        assert '"r1" has 2 links: select one (p)' in bench.toasts[-1]


async def test_undo_and_redo_name_what_they_did():
    async with opened() as bench:
        await bench.press("n", "enter")
        await bench.press("u")
        assert list(bench.topology.namespaces) == [HOST]
        assert "undo add namespace red" in bench.toasts[-1]
        await bench.press("U")
        assert "red" in bench.topology.namespaces
        assert "redo add namespace red" in bench.toasts[-1]


async def test_undo_and_redo_say_why_not():
    async with opened() as bench:
        await bench.press("u")
        assert bench.toasts[-1] == "nothing to undo: this is how the lab began"
        await bench.press("U")
        assert bench.toasts[-1] == "nothing to redo: nothing has been undone"


async def test_the_history_shows_where_we_are_and_enter_goes_there():
    async with opened() as bench:
        await bench.press("n", "enter", "n", "enter", "n", "enter")
        await bench.press("4")
        view = bench.main.query_one(HistoryView)
        assert bench.app.focused is view
        assert "add namespace green" in bench.text
        assert "Enter" not in bench.text  # we are there
        await bench.press("down")
        assert "Enter undoes 1 edit " in bench.text
        await bench.press("down")
        assert "Enter undoes 2 edits " in bench.text
        await bench.press("enter")
        assert "Enter" not in bench.text
        assert list(bench.topology.namespaces) == [HOST, "red"]
        assert view.cursor == 2
        assert "undone" in bench.text
        bench.app.clear_notifications()
        await bench.press("home")
        assert "Enter redoes 2 edits " in bench.text
        await bench.press("2")
        assert "Enter" not in bench.text
        await bench.press("4", "enter")
        assert list(bench.topology.namespaces) == [HOST, "red", "blue", "green"]
        await bench.press("end", "enter")
        assert list(bench.topology.namespaces) == [HOST]


async def test_an_edit_after_an_undo_forgets_what_was_undone():
    async with opened() as bench:
        await bench.press("n", "enter", "n", "enter", "u", "b", "enter", "U")
        assert bench.toasts[-1].startswith("nothing to redo")
        assert list(bench.topology.namespaces) == [HOST, "red"]


async def test_someone_elses_edit_appears():
    async with opened() as bench:
        await bench.edit(edits.add_namespace("elsewhere"))
        await bench.until(lambda: "elsewhere" in bench.text)


async def test_a_bridge_is_made_with_its_options():
    async with opened(two_hosts()) as bench:
        await bench.press("b")
        await bench.fill("options", "stp maybe")
        assert "stp" in bench.problem("options")
        await bench.fill("options", "stp on ageing 30")
        assert "ageing_time 3000" in bench.text
        await bench.press("enter")
        made = bench.topology.link(Endpoint(HOST, "br0"))
        assert made == Bridge(stp=True, ageing=30)


async def test_a_bridge_tells_its_address_plan():
    async with opened(switch(), size=(160, 48)) as bench:
        bench.main.select(Item("bridge", HOST, "br0"))
        await bench.idle()
        inspector = bench.main.inspector
        assert "Address plan" in inspector.plain_text
        assert "10.0.0.3 to" not in inspector.plain_text
        rows = inspector._told.rows
        inspector._turned |= {row.key for row in rows if "plan" in row.key}
        inspector._describe()
        assert "10.0.0.254  host:br0, gateway of red" in inspector.plain_text
        assert "free: 10.0.0.3 to 10.0.0.253 (251)" in inspector.plain_text


async def test_both_ends_of_a_cable_are_one_edit():
    async with opened(two_hosts()) as bench:
        item = Item.of_cable(two_hosts().cables[0])
        bench.main.select(item)
        await bench.press("e")
        assert "blue:eth0" in bench.text and "red:eth0" in bench.text
        await bench.fill("a_name", "left")
        await bench.fill("b_name", "right")
        await bench.fill("b_mtu", "12")
        assert "68 to 65535 bytes are possible" in bench.problem("b_mtu")
        await bench.fill("b_mtu", "1400")
        await bench.press("enter")
        a, b = Endpoint("blue", "left"), Endpoint("red", "right")
        assert bench.topology.link(a).peer == b
        assert (bench.topology.link(a).mtu, bench.topology.link(b).mtu) == (None, 1400)
        assert bench.main.selected == Item.of_cable(bench.topology.cables[0])
        (edit,) = bench.lab.snapshot.history.edits
        assert edit.title == "edit cable blue:eth0 = red:eth0"
        await bench.press("e", "enter")
        assert len(bench.lab.snapshot.history.edits) == 1
        await bench.press("u")
        assert bench.topology == two_hosts()
