"""Routes in depth, rules and neighbours: what edits and plans make of them."""

import struct
from dataclasses import replace

import pytest

from tuilab.errors import NotFoundError, UsageError
from tuilab.kernel.monitor import _matters
from tuilab.lab.ground import HostGround
from tuilab.model import edits, policy_edits
from tuilab.model.canonical import canonical_rule, read_mark, show_mark
from tuilab.model.topology import Endpoint, Hop, Neighbour, Route, Rule, Topology
from tuilab.model.validate import problems
from tuilab.plan.adopt import adopted
from tuilab.plan.difference import differences
from tuilab.plan.forwarding import NeighbourState, RouteState, RuleState
from tuilab.plan.planner import OUT_OF_THE_WAY, plan
from tuilab.plan.simulate import Machine
from tuilab.plan.state import State, expand, on_host

A, B = Endpoint("red", "a0"), Endpoint("red", "b0")
MAC = "02:00:00:00:00:09"
SPREAD = Route("10.9.0.0/16", hops=(Hop("10.0.0.9", weight=2), Hop("10.0.1.9")))
BASE = edits.together(
    "start",
    (
        edits.add_namespace("red"),
        edits.connect(A, Endpoint("host", "a0"), a_end={"addresses": ("10.0.0.1/24",)}),
        edits.connect(
            B,
            Endpoint("host", "b0"),
            a_end={"addresses": ("10.0.1.1/24", "10.7.0.1/24", "fd00::1/64")},
        ),
        edits.add_route("red", SPREAD),
        edits.add_route("red", Route("10.8.0.0/16", "10.0.0.9", src="10.7.0.1")),
        policy_edits.add_rule("red", Rule(0, iif="a0", table=100)),
        policy_edits.add_neighbour("red", Neighbour("10.0.0.9", "a0", MAC)),
        policy_edits.add_neighbour("red", Neighbour("10.0.1.50", "b0", proxy=True)),
    ),
).apply(Topology("lab"))


def red(*changes):
    return edits.together("", changes).apply(BASE).namespaces["red"]


def commands(*changes):
    """What an edit runs, and whether it leads where it should."""
    change = edits.together("", changes)
    after = expand(change.apply(BASE))
    steps = plan(expand(BASE), after, expand(BASE), change.renames)
    there = Machine(expand(BASE))
    for operation in steps.operations:
        operation.simulate(there)
    assert there.state() == after
    return steps.commands


def test_a_route_loses_the_hop_that_goes():
    assert red(edits.remove_link(A)).routes == (Route("10.9.0.0/16", "10.0.1.9"),)
    assert red(edits.remove_address(A, "10.0.0.1/24")).routes == (
        Route("10.9.0.0/16", "10.0.1.9"),
    )


def test_a_route_goes_with_the_address_that_it_sends_from():
    assert red(edits.remove_address(B, "10.7.0.1/24")).routes == (SPREAD,)


def test_neighbours_go_with_their_link_and_rules_stay():
    after = red(edits.remove_link(A))
    assert [n.dev for n in after.neighbours] == ["b0"]
    assert [rule.iif for rule in after.rules] == ["a0"]


def test_a_renamed_link_is_renamed_in_hops_rules_and_neighbours():
    spread = Route("10.6.0.0/16", hops=(Hop(None, "a0"), Hop(None, "b0")))
    after = red(edits.add_route("red", spread), edits.rename_link(A, "lan0"))
    assert after.routes[-1].hops[0].dev == "lan0"
    assert after.rules[0].iif == "lan0"
    assert after.neighbours[0].dev == "lan0"


def test_the_next_priority_is_free_and_leaves_room():
    after = red(
        policy_edits.add_rule("red", Rule(0, table=7)),
        policy_edits.add_rule("red", Rule(0, family=6, table=7)),
        policy_edits.add_rule("red", Rule(0, table=7), priority=32765),
        policy_edits.add_rule("red", Rule(0, table=7)),
    )
    assert [(r.family, r.priority) for r in after.rules] == [
        (4, 100),
        (4, 110),
        (4, 32764),
        (4, 32765),
        (6, 100),
    ]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (
            policy_edits.add_rule("red", Rule(0, table=7), priority=100),
            UsageError,
            "has an IPv4 rule of priority 100 already",
        ),
        (policy_edits.remove_rule("red", 7), NotFoundError, "no rule of priority 7"),
        (policy_edits.remove_rule("red", 100, 6), NotFoundError, "no rule"),
        (policy_edits.remove_rule("rad", 7), NotFoundError, 'no namespace "rad"'),
        (
            policy_edits.add_neighbour("red", Neighbour("10.0.0.9", "a0", MAC)),
            UsageError,
            "has the neighbour 10.0.0.9 already",
        ),
        (
            policy_edits.remove_neighbour(A, "10.0.0.8"),
            NotFoundError,
            "no static neighbour 10.0.0.8",
        ),
        (
            policy_edits.remove_neighbour(A, "10.0.0.9", proxy=True),
            NotFoundError,
            "no static neighbour 10.0.0.9",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(change, error, said):
    with pytest.raises(error, match=said):
        change.apply(BASE)


def test_a_rule_of_both_families_is_told_apart():
    both = (policy_edits.add_rule("red", Rule(0, family=6, table=7), priority=100),)
    with pytest.raises(UsageError, match="IPv4 and an IPv6 rule"):
        red(*both, policy_edits.remove_rule("red", 100))
    after = red(*both, policy_edits.remove_rule("red", 100, 4))
    assert [rule.family for rule in after.rules] == [6]


def test_one_of_two_routes_is_told_apart_by_its_table():
    other = edits.add_route("red", Route("10.9.0.0/16", "10.0.0.9", table=100))
    with pytest.raises(UsageError, match="2 routes"):
        red(other, edits.remove_route("red", Route("10.9.0.0/16")))
    gone = edits.remove_route("red", Route("10.9.0.0/16", table=100))
    assert red(other, gone).routes == BASE.namespaces["red"].routes


def test_a_link_down_takes_its_hop_and_gives_its_neighbours_back():
    lines = commands(edits.set_link(A, up=False))
    assert lines == (
        "ip -n red link set dev a0 down",
        f"ip -n red neigh replace 10.0.0.9 dev a0 lladdr {MAC}",
    )


def test_a_rule_that_hides_gateways_is_out_of_the_way_for_a_moment():
    rule = policy_edits.add_rule("red", Rule(0, action="prohibit"), priority=1)
    before = rule.apply(BASE)
    after = edits.add_route("red", Route("10.5.0.0/16", "10.0.0.7")).apply(before)
    steps = plan(expand(before), expand(after), expand(before))
    assert steps.commands == (
        "ip -n red rule del priority 1 prohibit",
        "ip -n red route add 10.5.0.0/16 via 10.0.0.7 dev a0",
        "ip -n red rule add priority 1 prohibit",
    )
    assert steps.operations[0].reason == OUT_OF_THE_WAY
    elsewhere = edits.add_route("red", Route("10.5.0.0/16", dev="a0")).apply(before)
    steps = plan(expand(before), expand(elsewhere), expand(before))
    assert len(steps.commands) == 1


def test_another_way_is_taken_at_one_stroke():
    swap = (
        edits.remove_route("red", Route("10.8.0.0/16")),
        edits.add_route("red", Route("10.8.0.0/16", type="blackhole")),
    )
    assert commands(*swap) == ("ip -n red route replace blackhole 10.8.0.0/16",)


def test_differences_are_told_in_words():
    there = edits.together(
        "",
        (
            edits.remove_route("red", SPREAD),
            policy_edits.remove_rule("red", 100),
            policy_edits.remove_neighbour(A, "10.0.0.9"),
        ),
    ).apply(BASE)
    assert [str(it) for it in differences(expand(BASE), expand(there))] == [
        '"red" has lost a route to 10.9.0.0/16 via 10.0.0.9 dev a0 and via 10.0.1.9 '
        "dev b0",
        '"red" has lost rule 100 iif a0 lookup 100',
        f'"red:a0" has lost the neighbour 10.0.0.9 at {MAC}',
    ]


def test_marks_have_one_spelling():
    assert read_mark("16") == read_mark("0x10") == (16, 0xFFFFFFFF)
    assert read_mark("0x10/0xFF") == (16, 255)
    for text in ("", "red", "0x1ffffffff", "-1", "1/", "4294967296"):
        assert read_mark(text) is None
    assert show_mark(16, 0xFFFFFFFF) == "0x10"
    assert canonical_rule(Rule(1, to="FD00::1", fwmark="16/255")) == Rule(
        1, 6, to="fd00::1/128", fwmark="0x10/0xff"
    )


def event(kind, state=0, family=2, port=0):
    head = struct.pack("=IHHII", 28, kind, 0, 0, port)
    return head + struct.pack("=BxHiHBB", family, 0, 2, state, 0, 1)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (event(16), True),
        (event(32), True),
        (event(28, state=0x02), False),
        (event(28, state=0x80), True),
        (event(29, state=0x20), False),
        (event(29, state=0x20, port=77), True),
        (event(28, state=0x80, family=7), False),
    ],
)
def test_of_neighbours_only_those_matter_that_somebody_set(data, wanted):
    assert _matters(data) is wanted


def test_what_no_topology_may_have_is_not_adopted():
    """The kernel takes more from a hand outside than a lab can be wished to have."""
    there = Machine(expand(BASE))
    there.delete_address(B, "10.7.0.1/24")
    odd = (
        RuleState(0, 4, "10.3.0.0/16", table=7),
        RuleState(100, 4, iif="b0", table=7),
        RuleState(50, 4, iif="a name", table=7),
    )
    for rule in (*odd, RuleState(51, 6, table=7)):
        there.add_rule("red", rule)
    there.set_neighbour("red", NeighbourState("0.0.0.0", "lo", MAC))
    there.set_neighbour("red", NeighbourState("10.0.0.7", "a0", "33:33:00:00:00:01"))
    there.set_neighbour("red", NeighbourState("10.0.0.8", "a0", MAC))
    # Of a table other than main the kernel leaves what sent from an address.
    stale = RouteState("10.4.0.0/16", "10.0.0.9", "a0", 0, 100, src="10.7.0.1")
    observed = there.state()
    red = observed.namespaces["red"]
    red = replace(red, routes=red.routes | {stale})
    after = adopted(BASE, State({**observed.namespaces, "red": red}))
    assert problems(after) == []
    found = after.namespaces["red"]
    assert [rule.priority for rule in found.rules] == [100, 51]
    assert found.rules[0] == BASE.namespaces["red"].rules[0]
    assert [n.to for n in found.neighbours] == ["10.0.0.9", "10.0.1.50", "10.0.0.8"]
    assert found.routes == (SPREAD,)


def test_a_route_that_waits_gives_way_to_what_took_its_place():
    waits = Route("fd09::/64", "fd00::9", "b0")
    lab = edits.add_route("red", waits).apply(BASE)
    down = edits.set_link(B, up=False)
    taken = edits.add_route("red", Route("fd09::/64", type="blackhole"))
    observed = expand(edits.together("", (down, taken)).apply(BASE))
    found = adopted(lab, observed)
    assert differences(expand(found), observed) == []
    assert waits not in found.namespaces["red"].routes
    assert waits in adopted(lab, expand(down.apply(lab))).namespaces["red"].routes


@pytest.mark.parametrize(
    "outside",
    [
        (edits.set_link(B, mtu=576),),
        (edits.set_link(B, up=False), edits.add_address(A, "fd00::1/64")),
    ],
)
def test_no_address_is_waited_for_that_its_link_may_not_have(outside):
    bare = edits.remove_address(B, "fd00::1/64")
    observed = expand(edits.together("", (bare, *outside)).apply(BASE))
    found = adopted(BASE, observed)
    assert problems(found) == []
    assert differences(expand(found), observed) == []
    assert "fd00::1/64" not in found.link(B).addresses


def test_on_the_machine_itself_only_what_goes_by_an_own_link_is_a_labs():
    ground = HostGround("lab")
    link = Endpoint("host", "a0")
    near = policy_edits.add_neighbour("host", Neighbour("10.0.0.9", "a0", MAC))
    ground.check(BASE, near.apply(BASE), State({}))
    wish = ground_wish(near.apply(BASE))
    assert [n.to for n in wish.neighbours] == ["10.0.0.9"]
    assert link.ifname in wish.links
    for change, what in (
        (policy_edits.add_rule("host", Rule(0, table=7)), "a rule"),
        (edits.add_route("host", Route("10.9.0.0/16", type="blackhole")), "blackhole"),
    ):
        with pytest.raises(UsageError, match=what):
            ground.check(BASE, change.apply(BASE), State({}))


def ground_wish(topology):
    return on_host(topology, expand(topology)).namespaces["host"]
