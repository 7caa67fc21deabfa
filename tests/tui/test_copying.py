"""Keys that act on several things: delete, up and down, copy, paste, duplicate."""

from __future__ import annotations

from textual.widgets import Input

from tests.tui.bench import opened
from tests.tui.labs import BR0, RED, switch, two_hosts
from tuilab.lab.clipboard import Clipboard
from tuilab.model import edits
from tuilab.model.topology import HOST, Endpoint
from tuilab.tui.app import Surroundings
from tuilab.tui.canvas.graph import Item

A, B = Item("namespace", "red"), Item("namespace", "blue")
SW = Item("bridge", HOST, "br0")


def titles(bench):
    return [edit.title for edit in bench.lab.snapshot.history.edits]


async def test_several_things_are_deleted_as_one_edit():
    async with opened(switch()) as bench:
        bench.main.select(A, B, SW)
        await bench.press("d")
        assert "Remove red, blue and host:br0" in bench.text
        for gone in ("veth red:eth0", "veth blue:eth0", "bridge host:br0", "route"):
            assert gone in bench.text
        await bench.press("enter")
        assert set(bench.topology.namespaces) == {HOST}
        assert titles(bench) == ["remove red, blue and host:br0"]
        await bench.press("u")
        assert bench.topology == switch()


async def test_several_things_are_set_down_and_up_as_one_edit():
    async with opened(switch()) as bench:
        bench.main.select(A, SW)
        await bench.press("x")
        assert not bench.topology.link(RED).up
        assert not bench.topology.link(BR0).up
        assert titles(bench) == ["set red and host:br0 down"]
        await bench.press("x")
        assert bench.topology == switch()


async def test_a_copy_is_selected_when_it_is_there():
    async with opened(switch()) as bench:
        bench.main.select(A, B)
        await bench.press("D")
        assert bench.main.selection == (
            Item("namespace", "red2"),
            Item("namespace", "blue2"),
        )
        assert bench.topology.link(Endpoint("red2", "eth0")).addresses == (
            "10.0.0.3/24",
        )
        assert titles(bench) == ["duplicate red and blue"]
        # The same keys go on from there.
        await bench.press("D", "u", "u")
        assert bench.topology == switch()


async def test_what_is_copied_is_pasted_into_another_lab(tmp_path):
    board = Clipboard(tmp_path / "clip.yaml")
    around = Surroundings(clips=board, reports=tmp_path)
    async with opened(two_hosts(), surroundings=around) as bench:
        bench.main.select(A, B)
        await bench.press("Y")
        assert any("copied red and blue" in said for said in bench.toasts)
    around = Surroundings(clips=Clipboard(tmp_path / "clip.yaml"), reports=tmp_path)
    async with opened(surroundings=around) as bench:
        await bench.press("P")
        assert bench.topology.namespaces == two_hosts().namespaces
        await bench.press("P")
        assert {"red2", "blue2"} <= set(bench.topology.namespaces)


async def test_pasting_nothing_says_so():
    async with opened() as bench:
        await bench.press("P")
        assert any("nothing has been copied yet" in said for said in bench.toasts)


async def test_there_is_but_one_host():
    async with opened(switch()) as bench:
        bench.main.select(Item("namespace", HOST))
        await bench.press("D")
        assert any("there is but one" in said for said in bench.toasts)
        assert bench.topology == switch()


async def test_a_shape_is_generated_beside_what_is_there():
    async with opened(two_hosts()) as bench:
        await bench.press("B")
        assert "Will make 4 hosts, 1 switch, 4 cables" in bench.text
        assert "ip netns add h1" in bench.text
        await bench.press("enter")
        assert {"h1", "h2", "h3", "h4"} <= set(bench.topology.namespaces)
        assert titles(bench) == ["generate star4"]
        await bench.press("u")
        assert bench.topology == two_hosts()


async def test_the_number_of_a_shape_is_checked_while_typing():
    async with opened() as bench:
        await bench.press("B")
        await bench.choose("kind", "ring")
        assert bench.app.screen.query_one("#number", Input).value == "4"
        await bench.fill("number", "2")
        assert "choose 3 to 64" in bench.problem("number")
        await bench.fill("number", "x")
        assert "is no number" in bench.problem("number")
        await bench.choose("kind", "star")
        await bench.fill("number", "200")
        assert "Too many commands" in bench.text
        await bench.choose("kind", "fat-tree")
        await bench.fill("number", "3")
        assert "choose 2, 4, 6" in bench.problem("number")
        await bench.press("escape")
        assert not bench.in_dialog
        assert list(bench.topology.namespaces) == [HOST]


async def test_the_address_plan_is_of_what_is_selected():
    async with opened(switch()) as bench:
        bench.main.select(SW)
        await bench.press("I")
        assert "10.0.0.254  host:br0, gateway of red" in bench.text
        assert "free: 10.0.0.3 to 10.0.0.253 (251)" in bench.text
        await bench.edit(edits.add_address(RED, "10.0.0.9/16"))
        assert "! red:eth0 has 10.0.0.9/16, others are in 10.0.0.0/24" in bench.text
        await bench.press("enter")
        assert not bench.in_dialog
