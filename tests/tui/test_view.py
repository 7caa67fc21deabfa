"""What is in sight, at every size and in every terminal."""

from __future__ import annotations

import pytest

from tests.tui.bench import opened
from tests.tui.labs import router, switch, two_hosts
from tuilab.model import edits, policy_edits
from tuilab.model.generate import generate
from tuilab.model.topology import HOST, Neighbour, Route, Rule
from tuilab.tui.canvas.graph import Item
from tuilab.tui.canvas.widget import Canvas
from tuilab.tui.text import natural
from tuilab.tui.widgets.inspector import Inspector
from tuilab.tui.widgets.log_view import LogView
from tuilab.tui.widgets.tree_view import TreeView


def in_sight(bench, name):
    return bench.main.query_one(f"#{name}").region.area > 0 and (
        bench.main.query_one(f"#{name}").is_on_screen
    )


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        ((60, 15), {"tree"}),
        ((79, 40), {"tree"}),
        ((200, 23), {"tree"}),
        ((80, 24), {"canvas", "bottom"}),
        ((119, 24), {"canvas", "bottom"}),
        ((120, 36), {"canvas", "inspector", "bottom"}),
        ((160, 48), {"canvas", "inspector", "bottom", "strip"}),
        ((250, 70), {"canvas", "inspector", "bottom", "strip"}),
    ],
)
async def test_panes_at_every_size(size, panes):
    async with opened(two_hosts(), size=size) as bench:
        every = ("canvas", "tree", "inspector", "bottom", "strip")
        assert {name for name in every if in_sight(bench, name)} == panes
        assert "keys" in bench.text.splitlines()[-1]


async def test_a_window_that_changes_its_size_keeps_selection_and_focus():
    async with opened(two_hosts(), size=(160, 48)) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.pilot.resize_terminal(60, 15)
        await bench.until(lambda: in_sight(bench, "tree"))
        assert bench.main.selected == Item("namespace", "red")
        assert isinstance(bench.app.focused, TreeView)
        await bench.press("down")
        assert bench.main.selected == Item("link", "red", "eth0")
        await bench.pilot.resize_terminal(80, 24)
        await bench.until(lambda: in_sight(bench, "canvas"))
        assert bench.main.selected == Item("link", "red", "eth0")
        assert isinstance(bench.app.focused, Canvas)


async def test_a_small_window_shows_one_pane_at_a_time():
    async with opened(two_hosts(), size=(60, 15)) as bench:
        await bench.press("4")
        assert in_sight(bench, "bottom")
        assert not in_sight(bench, "tree")
        await bench.press("escape")
        assert in_sight(bench, "tree")
        await bench.press("down", "enter")
        assert in_sight(bench, "inspector")
        await bench.press("escape")
        assert in_sight(bench, "tree")
        await bench.press("z")
        assert in_sight(bench, "tree")


@pytest.mark.parametrize("size", [(60, 15), (80, 24)])
async def test_everything_can_be_built_in_a_small_window(size):
    async with opened(size=size) as bench:
        await bench.press("n", "enter", "n", "enter", "v", "enter", "b", "enter", "t")
        for name in ("user", "buttons"):
            assert bench.app.screen.query_one(f"#{name}").is_on_screen
        await bench.press("enter")
        assert len(list(bench.topology.links())) == 4


async def test_the_list_and_the_drawing_show_the_same():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "blue"))
        await bench.press("T")
        await bench.until(lambda: in_sight(bench, "tree"))
        assert bench.main.selected == Item("namespace", "blue")
        assert "eth0: veth to red:eth0, up, 10.0.0.2/24" in bench.text
        await bench.press("end")
        await bench.press("T")
        await bench.until(lambda: in_sight(bench, "canvas"))
        assert bench.main.selected == Item("link", "blue", "eth0")


async def test_the_frame_says_how_much_is_in_sight_where_that_is_not_all():
    async with opened(generate("fat-tree", 4)) as bench:
        canvas = bench.main.canvas
        await bench.until(lambda: "% in sight ─" in bench.text)
        assert canvas.fitted
        assert f" zoom 1/3, {int(canvas.portion * 100)}% in sight" in bench.text
        await bench.press("z")
        await bench.until(
            lambda: f" zoom 1/3, {int(canvas.portion * 100)}%" in bench.text
        )
        await bench.press("minus")
        await bench.until(lambda: " zoom 0/3" in bench.text)


async def test_without_colours_there_are_none_to_choose_and_that_is_said(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(two_hosts()) as bench:
        await bench.press("colon")
        await bench.type("colours")
        assert "NO_COLOR is set" in bench.text
        await bench.press("enter")
        assert "NO_COLOR is set" in bench.problem("")


async def test_the_list_of_an_empty_lab_has_the_first_keys_too():
    async with opened() as bench:
        await bench.press("T")
        await bench.until(lambda: "the lab's own namespace" in bench.text)
        tree = bench.main.outline
        assert "n    Add the first namespace" in bench.text
        assert "1    Take the tour" in bench.text
        await bench.press("down", "down", "end")
        assert tree.cursor == 0
        row = next(
            y
            for y, text in enumerate(bench.text.splitlines())
            if "Add the first namespace" in text
        )
        await bench.pilot.click(offset=(12, row))
        await bench.until(lambda: bench.in_dialog)
        await bench.press("enter")
        await bench.until(lambda: "Take the tour" not in bench.text)


@pytest.mark.parametrize(("plain", "sign"), [(False, "…"), (True, "~")])
async def test_a_line_of_a_list_that_goes_on_beyond_the_pane_says_so(plain, sign):
    async with opened(router(), size=(60, 15), ascii_only=plain) as bench:
        whole = "veth to right:eth0, up, 10.2.0.1/24, fd02::1/64"
        assert f"{whole[:-2]}{sign}" in bench.text
        await bench.pilot.resize_terminal(80, 24)
        await bench.press("T")
        await bench.until(lambda: whole in bench.text)


async def test_the_frame_of_the_list_says_so_with_nothing_selected():
    async with opened(two_hosts()) as bench:
        bench.main.select()
        await bench.press("T")
        await bench.until(lambda: "  list ─" in bench.text)
        await bench.press("T")
        await bench.until(lambda: "  zoom " in bench.text)


async def test_enter_opens_the_inspector_over_the_drawing_and_esc_closes_it():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("enter")
        assert in_sight(bench, "inspector")
        assert "red (namespace)" in bench.text
        bench.main.select(Item("namespace", "blue"))
        await bench.idle()
        assert "blue (namespace)" in bench.text
        await bench.press("escape")
        assert not in_sight(bench, "inspector")


async def test_z_gives_one_pane_the_whole_screen():
    async with opened(two_hosts(), size=(160, 48)) as bench:
        await bench.press("2", "z")
        assert in_sight(bench, "bottom")
        assert not in_sight(bench, "canvas")
        assert bench.main.bottom.region.height == 46
        await bench.press("z")
        assert in_sight(bench, "canvas")


async def test_i_hides_the_inspector_where_it_has_a_place():
    async with opened(two_hosts(), size=(160, 48)) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("i")
        assert not in_sight(bench, "inspector")
        await bench.press("i")
        assert in_sight(bench, "inspector")


async def test_the_inspector_lists_all_of_routing():
    more = edits.together(
        "more",
        (
            edits.add_route("red", Route("10.9.0.0/16", type="prohibit", table=7)),
            policy_edits.add_rule("red", Rule(0, iif="lo", table=7)),
            policy_edits.add_neighbour("red", Neighbour("fd00::9", "eth0", proxy=True)),
        ),
    )
    async with opened(more.apply(two_hosts()), size=(160, 48)) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.idle()
        for text in (
            "prohibit 10.9.0.0/16 table 7",
            "Rules (1)",
            "100: iif lo lookup 7",
            "Neighbours (1)",
            "fd00::9 dev eth0 proxy",
        ):
            assert text in bench.text


async def test_the_inspector_tells_of_the_selected_thing():
    async with opened(router(), size=(160, 48)) as bench:
        bench.main.select(Item("namespace", "r1"))
        await bench.idle()
        text = bench.main.query_one(Inspector).plain_text
        assert "forward 4 on" in text
        assert "10.1.0.1/24" in text
        assert "fd02::1/64" in text
        bench.main.select(Item("namespace", "left"))
        await bench.idle()
        text = bench.main.query_one(Inspector).plain_text
        assert "default via 10.1.0.1 dev eth0" in text
        assert "x runs:\n    ip -n left link set dev eth0 down" in text


async def test_what_a_switch_runs_is_told_of_large_labs_too():
    """It is planned beside the loop there, and planned anew when the lab changes."""
    async with opened(generate("star", 200), size=(160, 48)) as bench:
        bench.main.select(Item("bridge", HOST, "br1"))
        text = bench.main.query_one(Inspector)
        down = "x runs:\n    ip link set dev br1 down"
        await bench.until(lambda: down in text.plain_text, "how it is set down")
        await bench.press("x")
        up = "x runs:\n    ip link set dev br1 up"
        await bench.until(lambda: up in text.plain_text, "how it is set up")
        bench.main.select(Item("namespace", "h1"))
        await bench.idle()
        assert "x runs:\n    ip -n h1 link set dev eth0 down" in text.plain_text


async def test_tabs_by_number_and_by_click():
    async with opened(two_hosts()) as bench:
        for key, tab in (("1", "packets"), ("2", "log"), ("3", "ping"), ("4", "undo")):
            await bench.press(key)
            assert bench.main.bottom.tab == tab
        row = bench.main.bottom.region.y
        column = bench.text.splitlines()[row].index("2 Log")
        await bench.pilot.click(offset=(column, row))
        await bench.idle()
        assert bench.main.bottom.tab == "log"


async def test_keys_of_the_footer_can_be_clicked():
    async with opened() as bench:
        row = bench.app.size.height - 1
        column = bench.text.splitlines()[row].index("n ns")
        await bench.pilot.click(offset=(column, row))
        await bench.idle()
        assert bench.in_dialog
        assert "Add namespace" in bench.text


async def test_find_selects_by_name_or_address():
    async with opened(router()) as bench:
        await bench.press("slash")
        await bench.type("10.2.0.11")
        await bench.press("enter")
        assert bench.main.selected == Item("link", "right", "eth0")
        await bench.press("slash")
        await bench.type("nothing of that name")
        await bench.press("enter")
        assert "nothing is called" in bench.problem("")


async def test_find_puts_what_is_named_so_before_what_only_tells_of_it():
    async with opened(switch()) as bench:
        for typed, found in (
            ("red", Item("namespace", "red")),
            ("blue:eth", Item("link", "blue", "eth0")),
            ("BR0", Item("bridge", HOST, "br0")),
        ):
            await bench.press("slash")
            await bench.type(typed)
            await bench.press("enter")
            assert bench.main.selected == found


def test_names_are_sorted_by_their_numbers():
    names = ["p10", "p2", "p2.9", "eth0", "p1", "7", "p2.10"]
    assert sorted(names, key=natural) == [
        "7",
        "eth0",
        "p1",
        "p2",
        "p2.9",
        "p2.10",
        "p10",
    ]


async def test_the_frame_of_the_list_tells_of_a_mark_and_esc_clears_it():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("namespace", "blue"))
        await bench.press("T", "space")
        await bench.until(lambda: "cable blue = ?  (Esc cancels)" in bench.text)
        await bench.press("escape")
        assert bench.main.marked is None
        assert "= ?" not in bench.text
        await bench.press("space")
        assert bench.main.marked == Item("namespace", "blue")
        assert not bench.in_dialog


async def test_copy_takes_the_selection_or_the_line():
    async with opened(two_hosts()) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("y")
        await bench.until(lambda: bench.toasts)
        assert bench.app.clipboard == "red:eth0 10.0.0.1/24"
        await bench.press("4", "y")
        await bench.until(lambda: len(bench.toasts) == 2)
        assert "how the lab began" in bench.app.clipboard


async def test_the_command_log_shows_what_was_done():
    async with opened() as bench:
        await bench.press("n", "enter")
        assert "ip netns add red" in bench.main.query_one("#log", LogView).plain_text


async def test_a_preview_says_so_and_why():
    async with opened(size=(120, 36)) as bench:
        assert "PREVIEW a test" in bench.text


async def test_ascii_draws_nothing_else():
    async with opened(router(), size=(160, 48), ascii_only=True) as bench:
        bench.main.select(Item("namespace", "r1"))
        for keys in (
            ("4",),
            ("1",),
            ("n",),
            ("escape", "v"),
            ("escape", "e"),
            ("escape", "d"),
            ("escape", "question_mark"),
            ("escape", "slash"),
            ("escape", "T"),
            ("u",),
            ("colon",),
        ):
            await bench.press(*keys)
            assert bench.text.isascii(), [c for c in bench.text if not c.isascii()]
        await bench.press("escape")
        bench.main.start("theme")
        await bench.until(lambda: "which colours" in bench.text)
        assert bench.text.isascii(), [c for c in bench.text if not c.isascii()]
    async with opened(router(), size=(60, 15), ascii_only=True) as bench:
        await bench.press("v")
        assert bench.text.isascii()


async def test_without_colour_everything_is_drawn(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(router(), size=(160, 48)) as bench:
        assert bench.app.no_color
        bench.main.select(Item("namespace", "r1"))
        for keys in (("1",), ("2",), ("3",), ("4",), ("T",), ("n",), ("enter",)):
            await bench.press(*keys)
        await bench.press("e", "escape", "d", "escape", "question_mark")
        assert "Keys" in bench.text
        colours = {
            segment.style.color.triplet
            for strip in bench.strips
            for segment in strip
            if segment.style and segment.style.color and segment.style.color.triplet
        }
        assert all(r == g == b for r, g, b in colours)


async def test_host_alone_is_an_empty_lab():
    async with opened() as bench:
        assert "Add the first namespace" in bench.text
        assert list(bench.topology.namespaces) == [HOST]


async def test_the_tree_folds_follows_the_selection_and_knows_all_verbs():
    async with opened(router(), size=(120, 36)) as bench:
        bench.main.select(Item("namespace", "r1"))
        await bench.press("T")
        await bench.until(lambda: in_sight(bench, "tree"))
        tree = bench.main.outline
        assert tree.text == "r1: namespace, 2 links, forwards IPv4"
        await bench.press("left")
        assert tree.text.endswith("folded")
        assert "lan1: veth" not in bench.text
        await bench.press("right", "right")
        assert bench.main.selected == Item("link", "r1", "lan1")
        await bench.press("left")
        assert bench.main.selected == Item("namespace", "r1")
        await bench.press("minus")
        assert tree.line_count() == len(bench.topology.namespaces)
        assert bench.main.selected == Item("namespace", "r1")
        # What is found is unfolded.
        await bench.press("slash")
        await bench.type("10.2.0.11")
        await bench.press("enter")
        assert bench.main.selected == Item("link", "right", "eth0")
        assert tree.text.startswith("eth0: veth to r1:lan2, up, 10.2.0.11/24")
        await bench.press("x")
        assert ", down" in tree.text
        await bench.press("u", "plus")
        # A route stands for its namespace, and the cursor stays on it.
        await bench.press("slash")
        await bench.type("via 10.2.0.1 ")
        await bench.press("enter")
        assert bench.main.selected == Item("namespace", "right")
        await bench.press("y")
        await bench.until(lambda: bench.app.clipboard)


async def test_a_cable_is_made_in_the_tree():
    async with opened(router(), size=(120, 36)) as bench:
        await bench.press("T")
        await bench.until(lambda: in_sight(bench, "tree"))
        bench.main.select(Item("namespace", "left"))
        await bench.press("space")
        assert "left is one end of a cable" in bench.toasts[-1]
        bench.main.select(Item("namespace", "right"))
        await bench.press("space")
        await bench.until(lambda: bench.in_dialog)
        await bench.press("enter")
        assert bench.topology.namespaces["left"].links["eth1"].peer.namespace == "right"
        assert bench.main.marked is None


async def test_the_options_of_a_field_stand_in_a_frame():
    async with opened() as bench:
        await bench.press("B", "down")
        rows = bench.text.splitlines()
        first = next(y for y, row in enumerate(rows) if "│  linear" in row)
        left = rows[first].index("│  linear")
        assert rows[first - 2][left] == "╭"
        assert rows[first + 5][left] == "╰"


async def test_a_pane_that_has_the_whole_screen_says_how_to_get_back():
    async with opened(two_hosts()) as bench:
        for size in ((80, 24), (40, 12)):
            await bench.pilot.resize_terminal(*size)
            await bench.press("z")
            assert "z back" in bench.text.splitlines()[0]
            assert bench.toasts == []  # which would cover what one wants to see
            await bench.press("z")
            assert "z back" not in bench.text
        await bench.pilot.resize_terminal(80, 24)
        await bench.press("z")
        await bench.pilot.click(offset=(bench.text.index("z back"), 0))
        await bench.idle()
        assert in_sight(bench, "bottom")
