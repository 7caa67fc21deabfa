"""A link that goes to another namespace takes along what makes sense there."""

import pytest

from tuilab.errors import NotFoundError, UsageError
from tuilab.model import edits
from tuilab.model.addressing import derived_mac
from tuilab.model.moving import move_link
from tuilab.model.policy_edits import add_neighbour
from tuilab.model.topology import Endpoint, Neighbour, Route, Topology

RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
GREEN = Endpoint("green", "eth0")


def built(*more):
    lab = Topology("lab")
    for change in (
        edits.add_namespace("red"),
        edits.add_namespace("blue"),
        edits.add_namespace("green"),
        edits.connect(RED, BLUE, a_end={"addresses": ("10.0.0.1/24",), "mtu": 1400}),
        *more,
    ):
        lab = change.apply(lab)
    return lab


def test_addresses_mac_and_what_leaves_by_it_go_along():
    lab = built(
        edits.add_route("red", Route("default", "10.0.0.254")),
        edits.add_route("red", Route("10.9.0.0/16", dev="eth0")),
        add_neighbour("red", Neighbour("10.0.0.9", "eth0", "02:00:00:00:00:09")),
        edits.set_sysctl("red", "net.ipv4.conf.eth0.rp_filter", "1"),
        edits.add_address(Endpoint("red", "lo"), "192.0.2.1/32"),
    )
    after = move_link(RED, GREEN).apply(lab)
    red, green = after.namespaces["red"], after.namespaces["green"]
    assert (list(red.links), red.routes, red.neighbours) == (["lo"], (), ())
    assert not red.sysctls
    link = green.links["eth0"]
    assert (link.addresses, link.mtu) == (("10.0.0.1/24",), 1400)
    assert link.mac == derived_mac("lab", "red", "eth0")
    assert link.peer == BLUE
    assert after.link(BLUE).peer == GREEN
    assert {route.to for route in green.routes} == {"0.0.0.0/0", "10.9.0.0/16"}
    assert green.neighbours[0].dev == "eth0"
    assert green.sysctls == {"net.ipv4.conf.eth0.rp_filter": "1"}


def test_a_route_that_the_other_namespace_has_stays_as_it_is_there():
    lab = built(
        edits.add_route("red", Route("default", "10.0.0.254")),
        edits.connect(
            Endpoint("green", "up"),
            Endpoint("blue", "up"),
            a_end={"addresses": ("10.7.0.1/24",)},
        ),
        edits.add_route("green", Route("default", "10.7.0.254")),
    )
    after = move_link(RED, GREEN).apply(lab)
    assert [r.via for r in after.namespaces["green"].routes] == ["10.7.0.254"]


def test_a_master_is_kept_where_there_is_a_bridge_of_that_name():
    br0 = Endpoint("red", "br0")
    lab = built(edits.add_bridge(br0), edits.set_link(RED, master="br0"))
    assert move_link(RED, GREEN).apply(lab).link(GREEN).master is None
    lab = edits.add_bridge(Endpoint("green", "br0")).apply(lab)
    assert move_link(RED, GREEN).apply(lab).link(GREEN).master == "br0"


def test_to_where_its_other_end_is():
    after = move_link(RED, Endpoint("blue", "eth1")).apply(built())
    assert after.link(BLUE).peer == Endpoint("blue", "eth1")
    assert after.link(Endpoint("blue", "eth1")).peer == BLUE


@pytest.mark.parametrize(
    ("link", "to", "error"),
    [
        (Endpoint("red", "lo"), Endpoint("green", "lo"), UsageError),
        (Endpoint("red", "br0"), Endpoint("green", "br0"), UsageError),
        (RED, BLUE, UsageError),
        (RED, Endpoint("nowhere", "eth0"), NotFoundError),
        (Endpoint("red", "eth9"), GREEN, NotFoundError),
    ],
)
def test_what_can_not_go(link, to, error):
    lab = built(edits.add_bridge(Endpoint("red", "br0")))
    with pytest.raises(error):
        move_link(link, to).apply(lab)
