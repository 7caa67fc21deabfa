"""Three ways: what was changed outside stays, what the edit asks for comes."""

from dataclasses import replace

import pytest

from tuilab.errors import KernelError
from tuilab.model import edits
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.adopt import adopted
from tuilab.plan.planner import plan
from tuilab.plan.simulate import Machine
from tuilab.plan.state import State, expand

RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
BASE = edits.together(
    "start",
    (
        edits.add_namespace("red"),
        edits.add_namespace("blue"),
        edits.connect(RED, BLUE, a_end={"addresses": ("10.0.0.1/24",)}),
        edits.add_bridge(Endpoint("red", "br0")),
    ),
).apply(Topology("lab"))


def carried_out(change, *outside):
    """The commands of an edit on a lab changed outside, and what comes of it."""
    there = Machine(expand(BASE))
    for step in outside:
        step(there)
    after = change.apply(BASE)
    steps = plan(expand(BASE), expand(after), there.state(), change.renames)
    for operation in steps.operations:
        operation.simulate(there)
    assert there.state() == steps.goal
    return steps.commands, there.state()


def test_an_address_given_to_a_link_that_is_down_stays():
    """The kernel takes it, as long as the link need not go down once more."""
    commands, after = carried_out(
        edits.set_link(Endpoint("red", "br0"), mtu=1400),
        lambda there: there.set_up(RED, False),
        lambda there: there.add_address(RED, "fd00::5/64"),
    )
    assert commands == ("ip -n red link set dev br0 mtu 1400",)
    assert after.link(RED).addresses == ("10.0.0.1/24", "fd00::5/64")


def test_a_cable_removed_outside_comes_back_when_an_end_is_edited():
    commands, after = carried_out(
        edits.set_link(RED, mtu=1400), lambda there: there.delete_link(RED)
    )
    assert "type veth" in commands[0]
    assert after.link(RED).mtu == 1400
    assert after.link(BLUE) == expand(BASE).link(BLUE)


def test_a_cable_removed_outside_stays_away_otherwise():
    commands, after = carried_out(
        edits.set_link(Endpoint("red", "br0"), mtu=1400),
        lambda there: there.delete_link(RED),
    )
    assert commands == ("ip -n red link set dev br0 mtu 1400",)
    assert after.link(RED) is None
    assert after.link(BLUE) is None


def test_what_is_alike_in_base_and_target_stays_as_it_was_found():
    commands, after = carried_out(
        edits.add_address(RED, "10.0.1.1/24"),
        lambda there: there.set_mtu(RED, 1300),
        lambda there: there.add_address(RED, "10.9.9.9/24"),
        lambda there: there.set_up(BLUE, False),
        lambda there: there.set_sysctl("red", "net.ipv4.ip_forward", "1"),
    )
    assert commands == ("ip -n red addr add 10.0.1.1/24 dev eth0",)
    found = after.link(RED)
    assert (found.mtu, found.addresses) == (
        1300,
        ("10.0.0.1/24", "10.9.9.9/24", "10.0.1.1/24"),
    )
    assert not after.link(BLUE).up
    assert after.namespaces["red"].sysctls["net.ipv4.ip_forward"] == "1"


def test_a_cable_from_outside_goes_with_the_namespace_it_leads_to():
    change = edits.remove_namespace("blue")
    far, near = Endpoint("blue", "x"), Endpoint("red", "x")
    there = Machine(expand(BASE))
    link = replace(expand(BASE).link(RED), addresses=(), peer=None)
    there.add_veth(near, link, far, link)
    steps = plan(expand(BASE), expand(change.apply(BASE)), there.state())
    assert steps.goal.link(near) is None
    for operation in steps.operations:
        operation.simulate(there)
    assert there.state() == steps.goal
    assert isinstance(steps.goal, State)


@pytest.mark.parametrize(
    ("change", "taken", "outside"),
    [
        (
            edits.rename_namespace("blue", "green"),
            "green",
            lambda there: there.create_namespace("green"),
        ),
        (
            edits.rename_link(BLUE, "br1"),
            "blue:br1",
            lambda there: there.relocate_link(
                Endpoint("red", "br0"), Endpoint("blue", "br1")
            ),
        ),
    ],
)
def test_a_name_that_was_taken_outside_is_told_with_the_remedy(change, taken, outside):
    with pytest.raises(KernelError) as caught:
        carried_out(change, outside)
    assert caught.value.summary == f'"{taken}" exists already'
    assert "tuilab drift" in caught.value.hint


@pytest.mark.parametrize(
    ("outside", "fact"),
    [
        (lambda there: there.set_up(RED, False), "it was set down"),
        (lambda there: there.set_mtu(RED, 600), "its mtu was set to 600"),
        (
            lambda there: there.set_sysctl(
                "red", "net.ipv6.conf.eth0.disable_ipv6", "1"
            ),
            "IPv6 was switched off there",
        ),
        (
            lambda there: there.set_sysctl(
                "red", "net.ipv6.conf.all.disable_ipv6", "1"
            ),
            "IPv6 was switched off there",
        ),
    ],
)
def test_an_address_that_would_not_be_held_is_refused(outside, fact):
    with pytest.raises(KernelError) as refused:
        carried_out(edits.add_address(RED, "fd00::5/64"), outside)
    assert str(
        refused.value.summary
    ) == f'"red:eth0" can\'t have fd00::5/64: {fact}' + (
        ", too small for IPv6" if "mtu" in fact else ""
    )
    assert "--repair" in refused.value.hint
    # All else goes on.
    carried_out(edits.add_address(RED, "10.0.0.5/24"), outside)
    carried_out(edits.add_address(BLUE, "fd00::5/64"), outside)


def test_a_new_link_has_its_ipv6_where_new_ones_have_none():
    def off(there):
        there.set_sysctl("red", "net.ipv6.conf.default.disable_ipv6", "1")

    new = Endpoint("red", "eth1")
    change = edits.connect(
        new, Endpoint("blue", "eth1"), a_end={"addresses": ("fd00::5/64",)}
    )
    commands, after = carried_out(change, off)
    own = "ip netns exec red sysctl -qw net.ipv6.conf.eth1.disable_ipv6=0"
    at = commands.index(own)
    assert any("fd00::5/64" in line for line in commands[at:])
    assert after.link(new).addresses == ("fd00::5/64",)
    assert after.namespaces["red"].sysctls == {
        "net.ipv6.conf.default.disable_ipv6": "1"
    }


@pytest.mark.parametrize("mtu", [1400, 1200])
def test_a_bridge_that_was_replaced_outside_is_not_asked_for_by_its_ports(mtu):
    """Its mtu followed that of a port that was taken away too; nobody wished for it."""
    bridge, port = Endpoint("red", "br0"), Endpoint("red", "eth0")
    wish = edits.together(
        "",
        (
            edits.set_link(bridge, addresses=("10.0.1.1/24", "fd01::1/64")),
            edits.set_link(port, addresses=()),
            edits.set_link(port, master="br0", mtu=mtu),
            edits.set_link(BLUE, mtu=mtu),
        ),
    ).apply(BASE)
    moved = edits.set_link(port, master=None).apply(wish)
    there = expand(moved)
    links = dict(there.namespaces["red"].links)
    links["br0"] = replace(links["br0"], kind="odd")
    red = replace(there.namespaces["red"], links=links)
    there = State({**there.namespaces, "red": red})
    found = adopted(wish, there)
    assert found.link(port).master is None
    assert not plan(expand(wish), expand(found), there).operations
    # Whoever does ask for something of it gets it back.
    asked = edits.set_link(bridge, mtu=1450).apply(found)
    steps = plan(expand(found), expand(asked), there)
    assert steps.goal.link(bridge).kind == "bridge"
