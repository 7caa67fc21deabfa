"""The address plan: who has which address, what is free, what is wrong."""

import json

import pytest
from hypothesis import given

from tests.strategies import topologies
from tests.tui.labs import BR0, PORT1, RED, built, router, switch, two_hosts
from tests.unit.test_cli import make_lab, state, tuilab_  # noqa: F401 - fixtures
from tuilab.errors import NotFoundError, UsageError
from tuilab.model import edits
from tuilab.model.address_plan import find_bridge, plan_of, plan_words, plans
from tuilab.model.addressing import free_network, interface
from tuilab.model.topology import HOST, Endpoint, Route

BR1 = Endpoint(HOST, "br1")


def test_a_bridge_lists_who_has_what_and_what_is_free():
    plan = plan_of(switch(), RED)
    assert plan.name == "host:br0"
    assert plan_words(plan) == [
        "10.0.0.0/24",
        "  10.0.0.1    red:eth0",
        "  10.0.0.2    blue:eth0",
        "  10.0.0.254  host:br0, gateway of red",
        "  free: 10.0.0.3 to 10.0.0.253 (251)",
    ]


def test_every_segment_has_a_plan():
    names = [plan.name for plan in plans(router())]
    assert names == ["left:eth0 = r1:lan1", "r1:lan2 = right:eth0"]
    assert [len(plan.subnets) for plan in plans(router())] == [2, 2]
    empty = edits.add_bridge(BR0).apply(two_hosts())
    assert "no address yet" in plan_words(plan_of(empty, BR0))[0]


def test_a_gateway_that_nobody_has_is_told_of():
    lab = built(
        edits.become("", two_hosts()),
        edits.add_route("red", Route("default", "10.0.0.254")),
    )
    (plan,) = plans(lab)
    assert plan.conflicts == ("10.0.0.254 is the gateway of red, but nobody has it",)
    assert "  10.0.0.254  nobody, gateway of red" in plan_words(plan)


def test_a_wrong_prefix_is_told_of():
    lab = edits.set_link(RED, addresses=("10.0.0.1/16",)).apply(switch())
    plan = plan_of(lab, BR0)
    assert "red:eth0 has 10.0.0.1/16, others are in 10.0.0.0/24" in plan.conflicts


def test_two_segments_with_one_network_are_told_of():
    lab = edits.add_bridge(BR1, addresses=("10.0.0.9/25",)).apply(switch())
    one, other = plans(lab)
    assert one.conflicts == ("10.0.0.0/24 is in use on host:br1 too",)
    assert other.conflicts == ("10.0.0.0/25 is in use on host:br0 too",)


def test_a_small_network_has_nothing_left():
    lab = edits.add_bridge(BR1, addresses=("10.9.0.1/32",)).apply(switch())
    assert plan_words(plan_of(lab, BR1))[-1] == "  free: none"
    point = built(edits.add_bridge(BR1, addresses=("10.9.0.0/31",)))
    assert plan_words(plan_of(point, BR1))[-1] == "  free: 10.9.0.1"


def test_a_bridge_is_found_by_its_name():
    assert find_bridge(switch(), "br0") == BR0
    assert find_bridge(switch(), "host:port1") == PORT1
    with pytest.raises(NotFoundError, match='no bridge "br7"'):
        find_bridge(switch(), "br7")
    twice = built(edits.become("", switch()), edits.add_bridge(Endpoint("red", "br0")))
    with pytest.raises(UsageError, match="say which"):
        find_bridge(twice, "br0")


@given(topologies())
def test_what_is_free_is_what_nobody_has(topology):
    held = {
        interface(cidr).ip
        for _, link in topology.links()
        for cidr in link.addresses
        if not interface(cidr).is_link_local
    }
    told = set()
    for plan in plans(topology):
        for subnet in plan.subnets:
            told |= {use.address for use in subnet.uses if use.holder}
            for first, last in subnet.free():
                assert first in subnet.network
                assert last in subnet.network
                assert first <= last
                assert not any(first <= use.address <= last for use in subnet.uses)
    assert told == held


def test_a_network_that_routes_lead_to_is_not_proposed():
    lab = edits.add_route("red", Route("10.0.1.0/24", "10.0.0.2")).apply(two_hosts())
    assert str(free_network(lab)) == "10.0.2.0/24"


def test_the_command_line_lists_addresses(tuilab_):  # noqa: F811
    make_lab("work", edits.become("switch", switch()))
    code, out, _ = tuilab_("addresses", "--lab", "work")
    assert (code, out.splitlines()[0]) == (0, "host:br0")
    assert "    10.0.0.1    red:eth0" in out
    code, out, _ = tuilab_("addresses", "br0", "--lab", "work", "--json")
    (plan,) = json.loads(out)
    assert plan["networks"][0]["free"] == [["10.0.0.3", "10.0.0.253"]]
    assert tuilab_("addresses", "br9", "--lab", "work")[0] == 2
    make_lab(
        "wrong",
        edits.become("switch", switch()),
        edits.add_bridge(BR1, addresses=("10.0.0.9/24",)),
    )
    code, out, _ = tuilab_("addresses", "--lab", "wrong")
    assert (code, "! 10.0.0.0/24 is in use on host:br1 too" in out) == (1, True)
