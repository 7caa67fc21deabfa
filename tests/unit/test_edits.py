"""The verbs of the editor: each makes another lab of one, and says so."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import changes, sequences, topologies
from tests.unit.office import SLOW, E, made, office
from tuilab.errors import NotFoundError, UsageError
from tuilab.model import addressing as ad
from tuilab.model import edits
from tuilab.model.edits import Change, Rename
from tuilab.model.links import Endpoint, Loopback, Tap, Veth
from tuilab.model.topology import (
    HOST,
    Expectation,
    Namespace,
    Route,
    Topology,
)
from tuilab.model.validate import problems


def test_adding() -> None:
    lab = office()
    assert lab.link(E("host:tap0")) == Tap(master="br0", user="1000")
    assert lab.link(E("red:eth0")) == Veth(
        peer=E("host:p1"), addresses=("10.0.0.1/24",)
    )
    assert lab.namespaces["red"].routes == (Route("0.0.0.0/0", "10.0.0.254"),)
    assert problems(lab) == []


def test_what_is_given_is_kept_in_its_one_spelling() -> None:
    lab = made(
        edits.add_tap(E("host:t"), mac="02:AA:00:00:00:01", addresses=("FD00::1/64",)),
        edits.add_address(E("host:t"), "10.0.0.1/255.255.255.0"),
        edits.add_route("host", Route("default", "FD00::2")),
        edits.set_link(E("host:t"), mac="02:BB:00:00:00:01"),
    )
    assert lab.link(E("host:t")) == Tap(
        mac="02:bb:00:00:00:01", addresses=("fd00::1/64", "10.0.0.1/24")
    )
    assert lab.namespaces[HOST].routes == (Route("::/0", "fd00::2"),)


def test_a_bridge_takes_its_first_ports_along() -> None:
    lab = made(edits.add_tap(E("host:t")), edits.add_bridge(E("host:br0"), ports=["t"]))
    assert lab.namespaces[HOST].ports("br0") == ["t"]


REFUSED = [
    (edits.add_namespace("red"), UsageError, 'namespace "red" exists already'),
    (edits.remove_namespace("green"), NotFoundError, 'no namespace "green"'),
    (edits.remove_namespace(HOST), UsageError, "root namespace"),
    (edits.rename_namespace("green", "x"), NotFoundError, 'no namespace "green"'),
    (edits.rename_namespace("red", "blue"), UsageError, '"blue" exists already'),
    (edits.rename_namespace(HOST, "x"), UsageError, "root namespace"),
    (edits.set_sysctl("green", "k", "1"), NotFoundError, 'no namespace "green"'),
    (edits.add_bridge(E("host:br0")), UsageError, '"host:br0" exists already'),
    (edits.add_bridge(E("host:lo")), UsageError, '"host:lo" exists already'),
    (edits.add_tap(E("green:t")), NotFoundError, 'no namespace "green"'),
    (edits.connect(E("red:x"), E("red:x")), UsageError, "both ends"),
    (edits.connect(E("red:x"), E("red:eth0")), UsageError, "exists already"),
    (edits.remove_link(E("red:eth9")), NotFoundError, 'no link "red:eth9"'),
    (edits.remove_link(E("red:lo")), UsageError, "belongs to its"),
    (edits.rename_link(E("red:lo"), "x"), UsageError, "can't be renamed"),
    (edits.rename_link(E("host:p1"), "p2"), UsageError, "exists already"),
    (edits.set_link(E("host:br0"), user="x"), UsageError, "a bridge, which has no"),
    (edits.add_address(E("red:eth0"), "10.0.0.1/24"), UsageError, "already"),
    (edits.remove_address(E("red:eth0"), "10.0.0.9/24"), NotFoundError, "no address"),
    (edits.add_route("red", Route("default", "10.0.0.254")), UsageError, "already"),
    (edits.remove_route("red", Route("10.9.0.0/24")), NotFoundError, "no route to"),
    (edits.remove_route("blue", Route("default")), NotFoundError, "no route to"),
]


@pytest.mark.parametrize(
    ("change", "error", "fact"), REFUSED, ids=[c.title for c, *_ in REFUSED]
)
def test_what_makes_no_sense_is_refused(
    change: Change, error: type[UsageError], fact: str
) -> None:
    with pytest.raises(UsageError) as caught:
        change.apply(office())
    assert type(caught.value) is error
    assert fact in caught.value.summary


def test_removing_a_namespace_takes_all_that_hangs_on_it() -> None:
    lab = replace(
        office(),
        expect=(
            Expectation("red", "blue"),
            Expectation("blue", "red"),
            Expectation("blue", "10.0.0.254"),
        ),
    )
    after = edits.remove_namespace("red").apply(lab)
    assert "red" not in after.namespaces
    assert after.link(E("host:p1")) is None
    assert after.layout == {}
    assert after.expect == (Expectation("blue", "10.0.0.254"),)
    assert problems(after) == []


def test_removing_a_bridge_lets_its_ports_go() -> None:
    after = edits.remove_link(E("host:br0")).apply(office())
    assert [link.master for _, link in after.links()] == [None] * 5
    assert after.namespaces[HOST].routes == ()


def test_routes_die_with_what_they_led_through() -> None:
    lab = edits.add_route("red", Route("10.9.0.0/24", None, "eth0")).apply(office())
    after = edits.remove_address(E("red:eth0"), "10.0.0.1/24").apply(lab)
    assert after.namespaces["red"].routes == (Route("10.9.0.0/24", None, "eth0"),)
    after = edits.remove_link(E("host:p1")).apply(lab)
    assert after.namespaces["red"] == Namespace()


def test_a_route_that_was_dead_before_is_left_alone() -> None:
    lab = office()
    red = lab.namespaces["red"]
    dead = Route("10.8.0.0/24", "192.0.2.1")
    lab = lab.with_namespace("red", replace(red, routes=(*red.routes, dead)))
    after = edits.remove_address(E("red:eth0"), "10.0.0.1/24").apply(lab)
    assert after.namespaces["red"].routes == (dead,)


def test_a_renamed_namespace_is_the_same_everywhere() -> None:
    lab = replace(office(), expect=(Expectation("red", "blue", False),))
    change = edits.rename_namespace("red", "boss")
    after = change.apply(lab)
    assert change.renames == (Rename("red", "boss"),)
    assert list(after.namespaces) == [HOST, "boss", "blue"]
    assert after.link(E("host:p1")) == Veth(peer=E("boss:eth0"), master="br0")
    mac = ad.derived_mac("lab", "red", "eth0")
    assert after.link(E("boss:eth0")) == Veth(
        peer=E("host:p1"), addresses=("10.0.0.1/24",), mac=mac
    )
    assert after.layout == {"boss": (1, 2), "boss:eth0": (3, 4)}
    assert after.expect == (Expectation("boss", "blue", False),)
    assert problems(after) == []


def test_a_renamed_link_is_the_same_everywhere() -> None:
    lab = edits.add_route("red", Route("10.9.0.0/24", None, "eth0")).apply(office())
    after = edits.rename_link(E("red:eth0"), "uplink").apply(lab)
    assert after.link(E("host:p1")) == Veth(peer=E("red:uplink"), master="br0")
    assert after.namespaces["red"].routes[1].dev == "uplink"
    assert after.layout == {"red": (1, 2), "red:uplink": (3, 4)}
    bridge = edits.rename_link(E("host:br0"), "sw").apply(lab)
    assert bridge.namespaces[HOST].ports("sw") == ["p1", "p2", "tap0"]
    assert list(bridge.namespaces[HOST].links) == ["sw", "p1", "p2", "tap0"]
    assert problems(after) == problems(bridge) == []


def test_another_under_the_old_name_gets_a_mac_of_its_own() -> None:
    lab = edits.rename_namespace("red", "boss").apply(office())
    lab = made_on(
        lab,
        edits.add_namespace("red"),
        edits.connect(E("red:eth0"), E("host:p3"), b_end={"master": "br0"}),
        edits.rename_link(E("host:tap0"), "old"),
        edits.add_tap(E("host:tap0"), master="br0"),
    )
    assert problems(lab) == []
    macs = [
        link.mac or ad.derived_mac(lab.name, end.namespace, end.ifname)
        for end, link in lab.links()
    ]
    assert len(set(macs)) == len(macs)


def made_on(lab: Topology, *steps: Change) -> Topology:
    return edits.together("", steps).apply(lab)


def test_removing_one_of_several_routes() -> None:
    lab = made_on(
        office(),
        edits.add_address(E("red:eth0"), "fd00::1/64"),
        edits.add_route("red", Route("default", "fd00::fe")),
        edits.add_route("red", Route("default", "10.0.0.253", metric=5)),
    )
    with pytest.raises(UsageError, match="2 routes to default"):
        edits.remove_route("red", Route("default")).apply(lab)
    after = edits.remove_route("red", Route("default", metric=5)).apply(lab)
    assert [r.via for r in after.namespaces["red"].routes] == ["10.0.0.254", "fd00::fe"]
    after = edits.remove_route("red", Route("default", "fd00::fe")).apply(lab)
    assert [r.metric for r in after.namespaces["red"].routes] == [None, 5]
    only_six = made_on(
        lab,
        edits.remove_route("red", Route("default", "10.0.0.254")),
        edits.remove_route("red", Route("default", metric=5)),
        edits.remove_route("red", Route("default")),
    )
    assert only_six.namespaces["red"].routes == ()


def test_settings_go_back_to_their_default() -> None:
    key = "net.ipv4.ip_forward"
    lab = made(edits.set_sysctl(HOST, key, "1"))
    assert lab.namespaces[HOST].sysctls == {key: "1"}
    assert made_on(lab, edits.set_sysctl(HOST, key, None)) == Topology("lab")


def test_a_lo_that_says_nothing_again_is_not_there() -> None:
    lab = made(
        edits.add_address(E("host:lo"), "192.0.2.1/32"),
        edits.set_link(E("host:lo"), up=False),
    )
    assert lab.link(E("host:lo")) == Loopback(addresses=("192.0.2.1/32",), up=False)
    lab = made_on(
        lab,
        edits.remove_address(E("host:lo"), "192.0.2.1/32"),
        edits.set_link(E("host:lo"), up=True),
    )
    assert lab == Topology("lab")


def test_becoming_another_lab_keeps_the_name() -> None:
    other = replace(office(), name="other")
    assert edits.become("load", other).apply(Topology("mine")).name == "mine"


@pytest.mark.parametrize(
    ("change", "title"),
    [
        (edits.add_bridge(E("host:br0"), ports=["p"]), "add bridge host:br0"),
        (edits.connect(E("a:b"), E("c:d")), "add cable a:b = c:d"),
        (edits.set_link(E("a:b"), up=False, mtu=None), "set a:b down mtu default"),
        (edits.set_link(E("a:b"), master=None), "set a:b nomaster"),
        (edits.set_link(E("a:b"), master="br0", up=True), "set a:b master br0 up"),
        (edits.set_sysctl("a", "k", None), "set a k to its default"),
        (edits.add_route("a", Route("default", "fd00::1")), "add route default in a"),
        (edits.remove_address(E("a:b"), "::1/64"), "remove address ::1/64 from a:b"),
    ],
)
def test_titles_are_what_one_would_say(change: Change, title: str) -> None:
    assert change.title == title


@given(sequences(max_start=12, max_edits=8))
@SLOW
def test_no_verb_changes_what_it_was_given(
    start: tuple[Topology, list[Change]],
) -> None:
    lab, steps = start
    for change in steps:
        before = copy.deepcopy(lab)
        after = change.apply(lab)
        assert lab == before
        for name, namespace in after.namespaces.items():
            was = lab.namespaces.get(name)
            # What an edit leaves alone is shared: comparing it later costs nothing.
            assert after == lab or was != namespace or was is namespace
        lab = after


@given(topologies(), st.data())
@SLOW
def test_removing_what_was_added_is_as_if_it_had_never_been(
    lab: Topology, data: st.DataObject
) -> None:
    host = sorted(lab.namespaces)
    a = Endpoint(data.draw(st.sampled_from(host)), "new-a")
    b = Endpoint(data.draw(st.sampled_from(host)), "new-b")
    there = edits.connect(a, b).apply(lab)
    assert edits.remove_link(data.draw(st.sampled_from((a, b)))).apply(there) == lab
    there = edits.add_namespace("new").apply(lab)
    assert edits.remove_namespace("new").apply(there) == lab


@given(topologies(), st.data())
@SLOW
def test_a_rename_there_and_back_only_writes_macs_down(
    lab: Topology, data: st.DataObject
) -> None:
    def without_macs(topology: Topology) -> Topology:
        for end, link in list(topology.links()):
            topology = topology.with_link(end, replace(link, mac=None))
        return topology

    ends = sorted(end for end, _ in lab.links())
    names = sorted(name for name in lab.namespaces if name != HOST)
    if ends:
        end = data.draw(st.sampled_from(ends))
        there = edits.rename_link(end, "new").apply(lab)
        back = edits.rename_link(Endpoint(end.namespace, "new"), end.ifname)
        assert without_macs(back.apply(there)) == without_macs(lab)
        assert list(back.apply(there).namespaces[end.namespace].links) == list(
            lab.namespaces[end.namespace].links
        )
    if names:
        name = data.draw(st.sampled_from(names))
        there = edits.rename_namespace(name, "new").apply(lab)
        after = edits.rename_namespace("new", name).apply(there)
        assert without_macs(after) == without_macs(lab)
        assert list(after.namespaces) == list(lab.namespaces)


@given(st.data())
@SLOW
def test_changes_leave_a_lab_valid(data: st.DataObject) -> None:
    lab = data.draw(topologies())
    assert problems(data.draw(changes(lab)).apply(lab)) == []
