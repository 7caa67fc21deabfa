"""The inspector: rows that fold, filter, copy, edit and delete, on a modelled lab."""

from __future__ import annotations

from tests.tui.bench import opened
from tests.tui.labs import BR0, RED, router, switch, two_hosts
from tuilab.model import edits, generate, policy_edits
from tuilab.model.topology import HOST, Endpoint, Neighbour, Route, Rule
from tuilab.tui.canvas.graph import Item
from tuilab.tui.copied import copied_text
from tuilab.tui.text import plain
from tuilab.tui.widgets.inspector import Inspector

LARGE = (160, 48)
MAC = "02:00:00:00:00:09"


def everything():
    """red with one of each thing that a row may be about."""
    changes = (
        edits.add_route("red", Route("10.9.0.0/16", "10.0.0.9")),
        policy_edits.add_rule("red", Rule(10, table=7), priority=10),
        policy_edits.add_neighbour("red", Neighbour("10.0.0.9", "eth0", MAC)),
        edits.set_sysctl("red", "net.ipv4.ip_default_ttl", "60"),
        edits.add_entry(Endpoint(HOST, "port1"), MAC),
    )
    return edits.together("more", changes).apply(switch())


async def inspect(bench, item):
    """Select it and give the inspector the keys."""
    bench.main.select(item)
    await bench.idle()
    await bench.press("enter")
    await bench.until(lambda: bench.app.focused is pane(bench))
    await bench.until(lambda: pane(bench).closeup.details)
    return pane(bench)


def pane(bench):
    return bench.main.query_one(Inspector)


async def go_to(bench, text, *, opening=True):
    """Put the cursor on the row that has some text, opening what it stands below."""
    inspector = pane(bench)
    while opening and (
        shut := {row.key for row in inspector._told.rows if row.key and row.shut}
        - inspector._turned
    ):
        inspector._turned |= shut
        inspector._describe()
    lines = inspector.plain_text.splitlines()
    found = [index for index, line in enumerate(lines) if text in line]
    assert found, f"{text} is not in\n{inspector.plain_text}"
    inspector.cursor = found[0]
    await bench.idle()


async def test_enter_opens_it_with_the_keys_and_esc_goes_back():
    async with opened(router()) as bench:
        inspector = await inspect(bench, Item("namespace", "r1"))
        assert inspector.is_on_screen
        assert inspector.row.key == "general"
        await bench.press("escape")
        assert bench.app.focused is bench.main.canvas
        assert not inspector.display


async def test_enter_or_a_click_folds_a_section():
    async with opened(two_hosts(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("namespace", "red"))
        assert "forward 4 off" in inspector.plain_text
        await bench.press("enter")
        assert "forward 4 off" not in inspector.plain_text
        assert "▸ General" in bench.text
        row = bench.text.splitlines().index(
            next(it for it in bench.text.splitlines() if "▸ General" in it)
        )
        column = bench.text.splitlines()[row].index("General")
        await bench.pilot.click(offset=(column, row))
        await bench.idle()
        assert "forward 4 off" in inspector.plain_text
        # What was folded stays so for the next thing that is selected.
        await bench.press("home", "enter")
        bench.main.select(Item("namespace", "blue"))
        await bench.idle()
        assert "blue" in inspector.border_title
        assert "forward 4 off" not in inspector.plain_text


async def test_arrows_walk_the_rows_and_y_copies_the_one_they_stand_on():
    async with opened(two_hosts(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("link", "red", "eth0"))
        await bench.press("down", "down")
        assert inspector.row.copied == "veth"
        await go_to(bench, "10.0.0.1/24")
        assert copied_text(bench.main) == "10.0.0.1/24"
        await bench.press("y")
        assert bench.app.clipboard == "10.0.0.1/24"


async def test_typing_filters_rows_and_esc_clears():
    async with opened(everything(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("namespace", "red"))
        whole = inspector.plain_text
        await bench.press("slash")
        await bench.type("ttl")
        assert inspector.border_subtitle == "/ ttl_"
        assert "net.ipv4.ip_default_ttl = 60" in inspector.plain_text
        assert "Settings" in inspector.plain_text
        assert "Links" not in inspector.plain_text
        # Letters that are keys elsewhere were letters only.
        assert not bench.in_dialog
        await bench.press("backspace", "backspace", "backspace")
        await bench.type("nowhere")
        assert 'nothing has "nowhere"' in inspector.plain_text
        await bench.press("escape")
        assert inspector.plain_text == whole
        assert inspector.border_subtitle == ""
        await bench.press("slash")
        await bench.type("[/x]")
        assert "/ [/x]_" in bench.text
        await bench.press("escape", "slash")
        await bench.type("10.9")
        await bench.press("enter", "down")
        assert inspector.border_subtitle == "/ 10.9"
        assert inspector.row.thing.kind == "route"
        await bench.press("escape")
        assert inspector.plain_text == whole
        assert inspector.row.thing.kind == "route"


async def test_d_deletes_what_the_row_tells_of_as_one_edit():
    async with opened(everything(), size=LARGE) as bench:
        for where, text, gone in (
            (
                Item("namespace", "red"),
                "10.0.0.1/24",
                "remove address 10.0.0.1/24",
            ),
            (Item("namespace", "red"), "10.9.0.0/16", "route"),
            (Item("namespace", "red"), "10: lookup 7", "rule"),
            (Item("namespace", "red"), f"10.0.0.9 dev eth0 {MAC}", "neighbour"),
            (Item("namespace", "red"), "ip_default_ttl = 60", "ip_default_ttl"),
            (Item("link", HOST, "port1"), MAC, "entry"),
        ):
            before = bench.topology
            inspector = await inspect(bench, where)
            await go_to(bench, text)
            await bench.press("d")
            assert bench.in_dialog, bench.toasts
            await bench.press("enter")
            await bench.until(lambda: not bench.in_dialog)
            history = bench.lab.snapshot.history
            assert gone in history.edits[-1].title
            assert bench.topology != before
            await bench.until(lambda t=text, i=inspector: t not in i.plain_text)
            await bench.press("u")
            assert bench.topology == before
            await bench.press("escape")


async def test_d_on_what_is_not_the_labs_says_whose_it_is():
    async with opened(two_hosts(), size=LARGE) as bench:
        await inspect(bench, Item("namespace", "red"))
        for text, reason in (
            ("10.0.0.0/24 dev eth0", "the kernel made this route: it goes with its"),
            ("32766: lookup main", "every namespace begins with this rule"),
            ("icmp_ratelimit", "the lab does not name net.ipv4.icmp_ratelimit"),
        ):
            bench.app.clear_notifications()
            await go_to(bench, text)
            await bench.press("d")
            assert not bench.in_dialog
            assert reason in bench.toasts[-1]


async def test_e_opens_the_dialog_at_the_field_of_the_row():
    async with opened(everything(), size=LARGE) as bench:
        for where, text, field in (
            (Item("namespace", "red"), "10.9.0.0/16", "routes"),
            (Item("namespace", "red"), "10.0.0.1/24", "addresses"),
            (Item("namespace", "red"), "forward 6", "forward6"),
            (Item("link", "red", "eth0"), "10.0.0.1/24", "addresses"),
        ):
            await inspect(bench, where)
            await go_to(bench, text)
            await bench.press("e")
            assert bench.in_dialog, bench.toasts
            focused = bench.app.focused
            assert field in [it.id for it in focused.ancestors_with_self]
            await bench.press("escape", "escape")


async def test_e_on_one_of_several_lines_begins_with_that_line():
    topology = edits.add_address(RED, "10.0.7.7/24").apply(everything())
    async with opened(topology, size=LARGE) as bench:
        await inspect(bench, Item("namespace", "red"))
        await go_to(bench, "10.0.7.7/24")
        await bench.press("e")
        assert bench.app.focused.value == "10.0.7.7/24"


async def test_e_on_a_setting_that_the_lab_does_not_name_offers_it():
    async with opened(two_hosts(), size=LARGE) as bench:
        await inspect(bench, Item("namespace", "red"))
        await go_to(bench, "icmp_ratelimit")
        await bench.press("e")
        assert bench.app.focused.value == "net.ipv4.icmp_ratelimit 1000"
        await bench.press("end", *["backspace"] * 4, *"250", "enter")
        await bench.until(lambda: not bench.in_dialog)
        named = bench.topology.namespaces["red"].sysctls
        assert named == {"net.ipv4.icmp_ratelimit": "250"}


async def test_what_drifted_is_marked_with_what_was_wished():
    async with opened(everything(), size=LARGE) as bench:
        lab = bench.lab
        wish = lab.snapshot.topology
        changed = edits.together(
            "outside",
            (
                edits.set_link(RED, mtu=1400),
                edits.remove_address(RED, "10.0.0.1/24"),
                edits.add_address(RED, "10.0.0.7/24"),
                edits.add_route("red", Route("10.8.0.0/16", "10.0.0.8")),
                edits.set_sysctl("red", "net.ipv4.ip_forward", "1"),
            ),
        )
        await bench.edit(changed)
        # The kernel is as it was made; the lab wishes for what was before.
        snapshot = lab.snapshot
        lab._view.update(topology=wish)
        assert lab.snapshot.drift
        inspector = await inspect(bench, Item("namespace", "red"))
        text = inspector.plain_text
        assert text.startswith(f"≠ Drift ({len(lab.snapshot.drift)})")
        assert "mtu       1400  ≠ wished 1500" in text
        assert "10.0.0.1/24  ≠ missing" in text
        assert "10.0.0.7/24  ≠ outside" in text
        assert "10.8.0.0/16 via 10.0.0.8 dev eth0  ≠ outside" in text
        assert "forward 4 on  ≠ wished 0" in text
        await go_to(bench, "10.0.0.7/24  ≠")
        await bench.press("d")
        assert "made outside tuilab: F removes it (repair), A makes" in bench.toasts[-1]
        lab._view.update(topology=snapshot.topology)


async def test_the_remedies_of_drift_can_be_clicked():
    async with opened(two_hosts(), size=LARGE) as bench:
        wish = bench.topology
        await bench.edit(edits.set_link(RED, mtu=1400))
        bench.lab._view.update(topology=wish)
        await inspect(bench, Item("link", "red", "eth0"))
        lines = bench.text.splitlines()
        row = next(n for n, it in enumerate(lines) if "F repair" in it)
        await bench.pilot.click(offset=(lines[row].index("F repair"), row))
        await bench.until(lambda: bench.in_dialog)
        assert "Repair drift" in bench.text
        await bench.press("escape")


async def test_the_cursor_stays_on_its_row_when_rows_come_and_go():
    async with opened(everything(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("namespace", "red"))
        await go_to(bench, "10.9.0.0/16")
        at = inspector.cursor
        await bench.edit(edits.add_address(RED, "10.0.0.77/24"))
        await bench.until(lambda: "10.0.0.77/24" in inspector.plain_text)
        assert inspector.cursor > at
        assert inspector.row.thing.value.to == "10.9.0.0/16"


async def test_it_says_so_when_what_it_shows_is_gone():
    async with opened(switch(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("bridge", HOST, "br0"))
        assert "Ports (2)" in inspector.plain_text
        await bench.edit(edits.remove_link(BR0))
        bench.main.select(Item("bridge", HOST, "br0"))
        await bench.until(lambda: "no longer there" in inspector.plain_text)


async def test_links_stand_in_the_order_of_their_numbers():
    lab = two_hosts()
    for number in (10, 1, 2):
        lab = edits.add_tap(Endpoint("red", f"tap{number}")).apply(lab)
    async with opened(lab, size=LARGE) as bench:
        inspector = await inspect(bench, Item("namespace", "red"))
        text = inspector.plain_text
        names = ("lo", "eth0", "tap1", "tap2", "tap10")
        rows = [it.split() for it in text.splitlines() if "▸" in it or "▾" in it]
        found = [word for row in rows for word in row if word in names]
        assert found == list(names), text


async def test_of_a_long_list_the_beginning_is_told_and_the_rest_when_asked_for():
    async with opened(generate.star(20), size=LARGE) as bench:
        inspector = await inspect(bench, Item("bridge", HOST, "br1"))
        shown = inspector.plain_text
        assert "Ports (20)" in shown
        assert "p8  to h8:eth0" in shown
        assert "p9  to h9:eth0" not in shown
        await go_to(bench, "12 more", opening=False)
        before = len(inspector._told.rows)
        await bench.press("enter")
        assert len(inspector._told.rows) == before + 12
        assert "p20  to h20:eth0" in inspector.plain_text
        assert "12 more" in inspector.plain_text
        assert "12 more" in plain(inspector._told.lines[inspector.cursor])
        await bench.press("enter")
        assert len(inspector._told.rows) == before
        # What is looked for is found in the rest, too.
        await bench.press("slash", *"h17", "enter")
        assert "p17  to h17:eth0" in inspector.plain_text
        assert "more" not in inspector.plain_text


async def test_what_is_not_as_wished_is_told_of_however_long_the_list():
    bridge = Item("bridge", HOST, "br1")
    macs = [f"02:00:00:00:00:{number:02d}" for number in range(20)]
    topology = generate.star(3)
    for mac in macs:
        topology = edits.add_entry(Endpoint(HOST, "p1"), mac).apply(topology)
    async with opened(topology, size=LARGE) as bench:
        inspector = await inspect(bench, bridge)
        assert macs[7] in inspector.plain_text
        assert macs[18] not in inspector.plain_text
        wish = bench.lab.snapshot.topology
        await bench.edit(edits.remove_entry(Endpoint(HOST, "p1"), macs[18]))
        bench.lab._view.update(topology=wish)
        inspector = await inspect(bench, bridge)
        await bench.until(lambda: f"{macs[18]}  p1" in inspector.plain_text)
        assert "missing" in inspector.plain_text
        assert macs[17] not in inspector.plain_text


async def test_it_says_nothing_while_the_drawing_goes_up_or_down():
    top, bottom = Item("bridge", HOST, "core1"), Item("namespace", "h16")
    async with opened(generate.fat_tree(4), size=(120, 26)) as bench:
        inspector, canvas = pane(bench), bench.main.canvas
        for item in (top, bottom):
            before = canvas.scroll_offset.y
            canvas.select(item)
            if item == bottom:
                assert canvas.scroll_offset.y != before
                assert not inspector.plain_text
            await bench.until(lambda: "General" in inspector.plain_text)
            assert str(item) in str(inspector.border_title)
        # There and back before anyone was told.
        canvas.select(top)
        assert not inspector.plain_text
        canvas.select(bottom)
        await bench.until(lambda: "10.0.0.16/24" in inspector.plain_text)
        # Going aside, the terminal leaves other panes alone.
        canvas.scroll_to(0, animate=False, immediate=True)
        assert canvas.scroll_offset.x == 0
        assert inspector.plain_text
