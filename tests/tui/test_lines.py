"""Rules, neighbours, settings and entries are edited as lines."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.strategies import topologies
from tests.tui.bench import opened
from tests.tui.labs import PORT1, RED, built, switch, two_hosts
from tuilab.errors import UsageError
from tuilab.model import edits, policy_edits
from tuilab.model.topology import Endpoint, Neighbour, Rule
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.edit_link import EditLink
from tuilab.tui.forms.edit_namespace import EditNamespace
from tuilab.tui.forms.namespace_lines import (
    parse_neighbour,
    parse_rule,
    parse_setting,
    show_neighbour,
    show_rule,
)

BR0 = Endpoint("host", "br0")
MAC = "02:00:00:00:00:09"


@given(topologies())
def test_what_is_shown_reads_as_what_it_is(topology):
    for name, namespace in topology.namespaces.items():
        for rule in namespace.rules:
            assert parse_rule(show_rule(rule)) == (rule, rule.priority)
        for neighbour in namespace.neighbours:
            assert parse_neighbour(show_neighbour(neighbour)) == neighbour
        form = EditNamespace(topology, name)
        values = form.propose({})
        assert form.problems(values) == {}
        assert form.change(values).apply(topology) == topology


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("from 10.0.0.0/24 table 7", Rule(0, source="10.0.0.0/24", table=7)),
        ("priority 9 iif lo blackhole", Rule(9, iif="lo", action="blackhole")),
        ("table main family 6", Rule(0, family=6, table=254)),
        ("to fd00::/64 table 8", Rule(0, family=6, to="fd00::/64", table=8)),
    ],
)
def test_a_rule_is_typed_as_for_ip(typed, rule):
    assert parse_rule(typed)[0] == rule


@pytest.mark.parametrize(
    "typed",
    ["x", "from 10.0.0.0/24", "table 7 blackhole", "table x", "table 7 family 5"],
)
def test_what_is_no_rule_says_why(typed):
    with pytest.raises(UsageError):
        parse_rule(typed)


@pytest.mark.parametrize(
    "typed",
    ["x dev a mac " + MAC, "10.0.0.1", "10.0.0.1 dev a", "10.0.0.1 dev a mac x"],
)
def test_what_is_no_neighbour_says_why(typed):
    with pytest.raises(UsageError):
        parse_neighbour(typed)


def test_a_setting_may_be_called_by_its_end():
    assert parse_setting("ip_default_ttl 7", ()) == ("net.ipv4.ip_default_ttl", "7")
    for typed in ("ip_default_ttl", "nonsense 1", "ip_default_ttl 9999"):
        with pytest.raises(UsageError):
            parse_setting(typed, ())


def test_lines_become_one_edit_and_back():
    lab = two_hosts()
    form = EditNamespace(lab, "red")
    given = {
        "rules": ("from 10.0.0.0/24 table 7", "priority 500 prohibit"),
        "neighbours": (f"10.0.0.9 dev eth0 mac {MAC}",),
        "sysctls": ("net.ipv4.conf.eth0.rp_filter 1",),
    }
    values = form.propose(given)
    assert form.problems(values) == {}
    after = form.change(values).apply(lab)
    red = after.namespaces["red"]
    assert [rule.priority for rule in red.rules] == [100, 500]
    assert red.neighbours == (Neighbour("10.0.0.9", "eth0", MAC),)
    assert red.sysctls == {"net.ipv4.conf.eth0.rp_filter": "1"}
    again = EditNamespace(after, "red")
    none = again.propose({"rules": (), "neighbours": (), "sysctls": ()})
    assert again.change(none).apply(after) == lab


def test_entries_of_a_port_are_lines_too():
    lab = switch()
    form = EditLink(lab, PORT1)
    values = form.propose({"fdb": (MAC.upper(),)})
    assert form.problems(values) == {}
    after = form.change(values).apply(lab)
    assert after.link(PORT1).fdb == (MAC,)
    assert "twice" in form.problems(form.propose({"fdb": (MAC, MAC)}))["fdb"]
    assert "fdb" in EditLink(lab, RED).unused(EditLink(lab, RED).propose({}))


def test_vlans_are_lines_where_a_bridge_looks_at_them():
    plain = switch()
    form = EditLink(plain, PORT1)
    assert "vlans" in form.unused(form.propose({}))
    lab = edits.set_link(BR0, vlan_filtering=True).apply(plain)
    form = EditLink(lab, PORT1)
    proposed = form.propose({})
    assert proposed["vlans"] == ("1 pvid untagged",)
    assert form.change(form.propose({"mtu": "1400"})).title.endswith("mtu 1400")
    given = form.propose({"vlans": ("20-29", "10 untagged  pvid", "")})
    assert form.problems(given) == {}
    after = form.change(given).apply(lab)
    assert after.link(PORT1).vlans == ("10 pvid untagged", "20-29")
    wrong = form.problems(form.propose({"vlans": ("10", "5-20")}))["vlans"]
    assert "VLAN 10 is there twice" in wrong
    # None at all is not the same as what every port has.
    none = form.change(form.propose({"vlans": ("",)})).apply(lab)
    assert none.link(PORT1).vlans == ()
    again = EditLink(after, PORT1)
    usual = again.change(again.propose({"vlans": ("1 pvid untagged",)}))
    assert usual.apply(after) == lab
    # Out of the bridge they go.
    out = again.change(again.propose({"master": ""})).apply(after)
    assert out.link(PORT1).vlans is None
    # The bridge itself, as soon as it is to look at them.
    form = EditLink(plain, BR0)
    assert "vlans" in form.unused(form.propose({}))
    given = {"options": "vlan_filtering on", "vlans": ("10 pvid untagged",)}
    after = form.change(form.propose(given)).apply(plain)
    assert after.link(BR0).vlans == ("10 pvid untagged",)
    form = EditLink(after, BR0)
    assert form.change(form.propose({"options": ""})).apply(after) == plain


async def test_a_mistake_in_a_line_is_told_of_at_its_field():
    lab = built(
        edits.become("", two_hosts()),
        policy_edits.add_rule("red", Rule(0, table=7), priority=100),
    )
    async with opened(lab, size=(100, 40)) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("e")
        assert "priority 100 table 7" in bench.text
        field = bench.app.screen.query_one("#rules")
        from textual.widgets import Input

        first, last = field.query(Input)
        last.value = "from 10.0.0.0/24"
        await bench.idle()
        assert "must say one table" in bench.problem("rules")
        last.value = "from 10.0.0.0/24 table 8"
        await bench.idle()
        assert "ip -n red rule add" in bench.text
        first.value = ""
        await bench.idle()
        await bench.press("enter")
        (rule,) = bench.topology.namespaces["red"].rules
        assert (rule.source, rule.table) == ("10.0.0.0/24", 8)
        await bench.press("u")
        assert bench.topology == lab
