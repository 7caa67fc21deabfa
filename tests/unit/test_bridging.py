"""Bridges, ports, fdb entries, kernel settings: what is refused, read and written."""

import struct

import pytest

from tests.unit.test_validate import BLUE, lab
from tuilab.errors import InvalidTopology, UsageError
from tuilab.formats.yaml import dump, loads
from tuilab.kernel import bridging, monitor, wire
from tuilab.model import edits
from tuilab.model.addressing import derived_mac
from tuilab.model.links import Bridge, Endpoint, PortLink, Tap, Veth
from tuilab.model.sysctls import (
    canonical_key,
    ipv6_off,
    known,
    link_of,
    path_of,
    sysctl,
    typed_key,
    unusual,
    usual,
)
from tuilab.model.topology import Namespace, Topology
from tuilab.model.validate import problems
from tuilab.plan import operations as ops
from tuilab.plan.simulate import Machine
from tuilab.plan.state import expand

MAC = "02:00:00:00:00:77"
P = Endpoint("red", "p")
B = Endpoint("red", "b")


def switched(bridge=None, **port):
    """A bridge in red, a tap as its port, and the cable to blue."""
    tap = Tap(**{"master": "b", **port})
    return lab({"b": Bridge(**(bridge or {})), "p": tap})


def at(link, *rest):
    return ("namespaces", "red", "links", link, *rest)


@pytest.mark.parametrize(
    ("topology", "path", "fact", "remedy"),
    [
        (switched({"ageing": -1}), at("b", "ageing"), "ageing -1", "0 to 1000000"),
        (switched({"ageing": 1.01}), at("b", "ageing"), "no kernel", "of 0.02"),
        (switched({"hello_time": 0.5}), at("b", "hello_time"), "0.5", "1 to 10"),
        (switched({"max_age": 41}), at("b", "max_age"), "41", "6 to 40"),
        (
            switched({"stp": True, "forward_delay": 0}),
            at("b", "forward_delay"),
            "forward_delay 0",
            "2 to 30",
        ),
        (switched({"priority": 65536}), at("b", "priority"), "65536", "0 to 65535"),
        (switched(priority=64), at("p", "priority"), "64", "0 to 63"),
        (switched(cost=0), at("p", "cost"), "cost 0", "1 to 65535"),
        (switched(cost=100), at("p", "cost"), "by themselves", "leave it out"),
        (switched(fdb=("x",)), at("p", "fdb", 0), '"x"', "behind the port"),
        (
            switched(fdb=("01:00:5e:00:00:01",)),
            at("p", "fdb", 0),
            "01:00:5e:00:00:01",
            "",
        ),
        (switched(fdb=(MAC, MAC)), at("p", "fdb", 1), "twice", "one port"),
        (
            switched(fdb=(derived_mac("lab", "red", "b"),)),
            at("p", "fdb", 0),
            'the MAC of "red:b" itself',
            "remove the entry",
        ),
        (
            switched(master=None, isolated=True),
            at("p", "isolated"),
            "no port of a bridge",
            "master",
        ),
        (lab({"t": Tap(flood=False)}), at("t", "flood"), "no port", "remove flood"),
    ],
)
def test_a_mistake_is_told_in_its_place(topology, path, fact, remedy):
    (found,) = problems(topology)
    assert found.path == path
    assert fact in found.message
    assert remedy in found.hint


def test_a_mac_is_behind_one_port_of_a_bridge():
    wrong = switched(fdb=(MAC,)).with_link(
        Endpoint("red", "q"), Tap(master="b", fdb=(MAC,))
    )
    (found,) = problems(wrong)
    assert found.path == at("q", "fdb", 0)
    assert 'behind "red:p" and "red:q"' in found.message


def test_what_a_kernel_can_hold_is_right():
    bridge = {"stp": True, "ageing": 12.34, "forward_delay": 2, "priority": 0}
    assert problems(switched(bridge, cost=3, priority=63, fdb=(MAC,))) == []
    assert problems(switched({"forward_delay": 0})) == []


def test_a_link_that_leaves_its_bridge_is_no_isolated_port_any_more():
    start = switched(isolated=True, cost=7, fdb=(MAC,))
    for change in (edits.set_link(P, master=None), edits.remove_link(B)):
        after = change.apply(start)
        assert after.link(P) == Tap()
        assert problems(after) == []
    moved = edits.set_link(P, mtu=1400).apply(start).link(P)
    assert isinstance(moved, PortLink)
    assert moved.isolated


def test_a_bridge_has_no_options_of_a_port():
    with pytest.raises(UsageError, match="has no isolated"):
        edits.set_link(B, isolated=True).apply(switched())
    with pytest.raises(UsageError, match="has no stp"):
        edits.set_link(P, stp=True).apply(switched())
    with pytest.raises(UsageError, match="not a port"):
        edits.add_entry(B, MAC).apply(switched())


TEXT = """\
tuilab: 1
name: lab
namespaces:
  host:
    sysctls: {net.ipv4.conf.p.rp_filter: 2}   # loose
    links:
      br0: {kind: bridge, stp: true, ageing: 12.5}   # slow
      p: {master: br0, isolated: true, fdb: [02:00:00:00:00:AA]}   # the printer
  red: {}
cables:
  - [red:eth0, host:p]
"""


def test_a_file_keeps_its_words_and_comments():
    document = loads(TEXT)
    p, br0 = Endpoint("host", "p"), Endpoint("host", "br0")
    topology = document.topology
    assert topology.link(br0) == Bridge(stp=True, ageing=12.5)
    assert topology.link(p).fdb == ("02:00:00:00:00:aa",)
    assert loads(dump(topology)).topology == topology
    for change in (
        edits.set_link(br0, ageing=3.0, hello_time=1.5),
        edits.set_link(br0, ageing=None, mcast_snooping=False),
        edits.add_entry(p, MAC),
        edits.remove_entry(p, "02:00:00:00:00:AA"),
        edits.set_link(p, cost=9, isolated=False),
        edits.set_sysctl("host", "net.ipv6.conf.all.disable_ipv6", "1"),
        edits.rename_link(p, "port"),
    ):
        topology = change.apply(topology)
        text = dump(topology, document)
        assert loads(text).topology == topology
        assert [w in text for w in ("# loose", "# slow", "# the printer")] == [True] * 3
    assert "3.0" not in dump(edits.set_link(br0, ageing=3.0).apply(topology))


@pytest.mark.parametrize(
    ("old", "new", "place", "fact", "hint"),
    [
        ("stp: true", "stp: on", "7:32", '"on" is not true or false', "true"),
        ("12.5", "soon", "7:46", '"soon" is no number', "of seconds"),
        ("12.5", "0.01", "7:46", "no kernel counts that", "0.02"),
        ("stp: true", "isolated: true", "7:27", "nothing that a bridge", "the ports"),
        ("isolated: true", "stp: true", "8:24", "is for a bridge", "kind"),
        ("[02:00:00:00:00:AA]", "[nonsense]", "8:46", '"nonsense"', ""),
        ("p.rp_filter", "q.rp_filter", "5:42", 'link "q"', "lo, br0, p"),
        ("p.rp_filter: 2", "p.rp_filtr: 2", "5:41", "no setting", "p.rp_filter"),
        ("p.rp_filter", "p.rp_filter: 2, net.ipv4.conf.all.forwarding", "", "", ""),
    ],
)
def test_a_mistake_in_a_file_has_its_place(old, new, place, fact, hint):
    with pytest.raises(InvalidTopology) as caught:
        loads(TEXT.replace(old, new))
    (found,) = caught.value.problems
    if not place:
        assert found.hint == "write net.ipv4.ip_forward"
        return
    assert f"{found.line}:{found.column}" == place
    assert fact in found.message
    assert hint in found.hint


def test_lo_is_no_port_in_a_file():
    text = TEXT.replace("  red: {}", "  red: {links: {lo: {isolated: true}}}")
    with pytest.raises(InvalidTopology, match="no port of a bridge"):
        loads(text)


# -- settings ------------------------------------------------------------------


def test_the_settings_of_a_link_go_by_its_name():
    key = "net.ipv4.conf.a.b.rp_filter"
    assert link_of(key) == "a.b"
    assert path_of(key) == "net/ipv4/conf/a.b/rp_filter"
    assert typed_key(key) == "net.ipv4.conf.a/b.rp_filter"
    assert canonical_key(typed_key(key)) == key
    assert canonical_key("net/ipv4/conf/a.b/rp_filter") == key
    assert canonical_key("net.ipv4.conf.all.forwarding") == "net.ipv4.ip_forward"
    assert link_of("net.ipv4.conf.all.rp_filter") is None
    assert sysctl("net.ipv6.conf.default.forwarding") is None
    assert all(sysctl(name) for name in known(["eth0"]))
    assert all(not sysctl(n).problem(usual(n, {})) for n in known(["eth0"]))


def test_a_setting_is_as_usual_given_the_others():
    on = {"net.ipv4.ip_forward": "1", "net.ipv4.conf.eth0.forwarding": "1"}
    assert unusual(on) == {"net.ipv4.ip_forward": "1"}
    off = {"net.ipv6.conf.all.disable_ipv6": "1"}
    assert ipv6_off(off, "eth0")
    assert not ipv6_off({**off, "net.ipv6.conf.eth0.disable_ipv6": "0"}, "eth0")
    like = {"net.ipv4.conf.default.arp_ignore": "1"}
    assert usual("net.ipv4.conf.eth0.arp_ignore", like) == "1"


def test_writing_a_setting_for_all_links_is_foreseen():
    key = "net.ipv4.conf.eth0.forwarding"
    machine = Machine(expand(lab(sysctls={key: "1"})))
    machine.set_sysctl("red", "net.ipv4.ip_forward", "1")
    machine.set_sysctl("red", "net.ipv4.ip_forward", "0")
    assert machine.namespace("red").sysctls == {}
    machine.set_sysctl("red", "net.ipv6.conf.all.disable_ipv6", "1")
    assert machine.link(Endpoint("red", "eth0")).addresses == ("10.0.0.1/24",)


def test_a_link_takes_its_settings_along():
    key = "net.ipv4.conf.eth0.rp_filter"
    start = lab(sysctls={key: "1"})
    renamed = edits.rename_link(Endpoint("red", "eth0"), "lan").apply(start)
    assert renamed.namespaces["red"].sysctls == {"net.ipv4.conf.lan.rp_filter": "1"}
    # The other end of the cable takes it along.
    gone = edits.remove_link(BLUE).apply(start)
    assert gone.namespaces["red"].sysctls == {}


# -- operations, dumps and events --------------------------------------------------

NASTY = Endpoint("a;reboot", "x y")


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (
            ops.SetBridge(NASTY, stp=True, ageing=1250),
            "ip -n 'a;reboot' link set dev 'x y' type bridge stp_state 1 "
            "ageing_time 1250",
        ),
        (
            ops.SetPort(NASTY, isolated=True, cost=4),
            "ip -n 'a;reboot' link set dev 'x y' type bridge_slave isolated on cost 4",
        ),
        (
            ops.AddEntry(NASTY, MAC),
            f"bridge -n 'a;reboot' fdb replace {MAC} dev 'x y' master static",
        ),
        (
            ops.DeleteEntry(Endpoint("host", "p"), MAC),
            f"bridge fdb del {MAC} dev p master",
        ),
        (
            ops.SetSysctl("a;reboot", "net.ipv4.conf.a.b.rp_filter", "1"),
            "ip netns exec 'a;reboot' sysctl -qw net.ipv4.conf.a/b.rp_filter=1",
        ),
    ],
)
def test_what_a_person_would_type(operation, line):
    assert operation.commands() == (line,)


def entry(state=0x40, *, vlan=False, master=True, flags=0):
    body = wire.NDMSG.pack(wire.AF_BRIDGE, 4, state, flags, 0)
    body += wire.attribute(wire.NDA_LLADDR, bytes.fromhex("020000000077"))
    if vlan:
        body += wire.attribute(wire.NDA_VLAN, struct.pack("=H", 1))
    if master:
        body += wire.attribute(wire.NDA_MASTER, struct.pack("=I", 3))
    return body


@pytest.mark.parametrize(
    ("body", "ports", "found"),
    [
        (entry(), [4], {4: (MAC,)}),
        (entry(), [5], {}),
        (entry(0x02), [4], {}),
        (entry(0x80), [4], {}),
        (entry(vlan=True), [4], {}),
        (entry(master=False), [4], {}),
        (entry(flags=0x10), [4], {}),
    ],
)
def test_of_the_fdb_only_what_somebody_set_is_state(body, ports, found):
    """Once: kernels with VLANs tell of it again for every VLAN of the port."""
    assert bridging.entries([body], ports) == found


def test_what_is_learned_and_forgotten_is_no_event():
    def event(body):
        return struct.pack("=IHHII", 16 + len(body), 28, 0, 0, 0) + body

    assert monitor._matters(event(entry()))
    assert not monitor._matters(event(entry(0x02)))
    assert not monitor._matters(event(entry(0x80)))


def test_a_cable_end_has_its_options_in_the_state():
    links = {"b": Bridge(), "eth0": Veth(peer=BLUE, master="b", cost=2, flood=False)}
    state = expand(Topology("lab", {"red": Namespace(links)}))
    port = state.link(Endpoint("red", "eth0")).port
    # 2 is what the kernel chooses for a cable: nothing to set.
    assert (port.cost, port.flood, port.priority) == (None, False, 32)
