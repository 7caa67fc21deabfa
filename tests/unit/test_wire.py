"""What is packed by hand says the same to pyroute2 as what it packs itself."""

import pytest
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from tuilab.kernel import packing, wire, words
from tuilab.kernel.channel import _HEADER

MAC = "02:00:00:00:00:01"
REQUESTS = [
    ("link", "add", {"ifname": "br0", "kind": "bridge", "address": MAC, "mtu": 1400}),
    ("link", "add", {"ifname": "br0", "kind": "bridge", "index": 7}),
    (
        "link",
        "add",
        {
            "ifname": "eth0",
            "kind": "veth",
            "address": MAC,
            "mtu": 1500,
            "peer": {"ifname": "p1", "address": MAC, "mtu": 9000, "net_ns_fd": 9},
        },
    ),
    (
        "link",
        "add",
        {
            "ifname": "eth0",
            "kind": "veth",
            "group": 0x74750001,
            "peer": {"ifname": "p1", "group": 0x74750001},
        },
    ),
    ("link", "set", {"index": 3, "state": "up", "master": 4}),
    ("link", "set", {"index": 3, "state": "down"}),
    ("link", "set", {"index": 3, "master": 0, "mtu": 1280, "address": MAC}),
    ("link", "set", {"index": 3, "ifname": "longest-name-15"}),
    ("link", "del", {"index": 3}),
    ("link", "get", {"ifname": "eth0"}),
    ("addr", "add", {"index": 3, "address": "10.0.0.1", "prefixlen": 24}),
    ("addr", "add", {"index": 3, "address": "fd::1", "prefixlen": 64, "flags": 2}),
    ("addr", "del", {"index": 3, "address": "10.0.0.1", "prefixlen": 31}),
    (
        "route",
        "add",
        {"dst": "0.0.0.0/0", "oif": 3, "gateway": "10.0.0.1", "table": 254, "proto": 3},
    ),
    (
        "route",
        "add",
        {"dst": "10.1.0.0/16", "oif": 3, "scope": 253, "table": 254, "proto": 3},
    ),
    (
        "route",
        "add",
        {
            "dst": "fd00:1::/64",
            "oif": 3,
            "gateway": "fe80::1",
            "priority": 77,
            "table": 1000,
            "proto": 3,
        },
    ),
    (
        "route",
        "replace",
        {"dst": "10.1.0.0/16", "type": 6, "scope": 0, "table": 254, "proto": 3},
    ),
    (
        "route",
        "add",
        {"dst": "fd00::/64", "type": 8, "oif": 1, "scope": 0, "table": 7, "proto": 3},
    ),
    ("route", "del", {"dst": "10.1.0.0/16", "scope": 255, "table": 254, "proto": 0}),
    (
        "link",
        "add",
        {
            "ifname": "br0",
            "kind": "bridge",
            "address": MAC,
            "br_stp_state": 1,
            "br_forward_delay": 400,
            "br_hello_time": 100,
            "br_max_age": 600,
            "br_ageing_time": 30000,
            "br_priority": 4096,
            "br_vlan_filtering": 1,
        },
    ),
    ("link", "set", {"index": 3, "kind": "bridge", "br_stp_state": 0}),
]
CLASSES = {"link": ifinfmsg, "addr": ifaddrmsg, "route": rtmsg}


def read(noun, message):
    head = _HEADER.pack(16 + len(message.body), message.kind, message.flags, 0, 0)
    decoded = CLASSES[noun](head + message.body)
    decoded.decode()
    fields = {name: decoded[name] for name, _ in decoded.fields}
    return message.kind, fields, sorted(map(repr, _plain(decoded["attrs"])))


def _plain(attrs):
    for key, value in attrs:
        if hasattr(value, "get_attrs") and value.get("attrs"):
            yield key, sorted(map(repr, _plain(value["attrs"])))
        else:
            yield key, repr(value)


@pytest.mark.parametrize(("noun", "verb", "args"), REQUESTS)
def test_both_ways_of_packing_say_the_same(noun, verb, args):
    by_hand, theirs = wire.quick(noun, verb, args), words.encode(noun, verb, args)
    assert by_hand is not None
    assert read(noun, by_hand) == read(noun, theirs)


def test_the_other_end_of_a_cable_gets_the_number_it_was_given():
    """Which pyroute2's words have no place for."""
    peer = {"ifname": "p1", "index": 12}
    args = {"ifname": "eth0", "kind": "veth", "index": 7, "peer": peer}
    found = wire.attributes(wire.quick("link", "add", args).body, wire.IFINFO.size)
    info = wire.attributes(found[wire.IFLA_LINKINFO])
    far = wire.attributes(info[wire.IFLA_INFO_DATA])[wire.VETH_INFO_PEER]
    assert wire.IFINFO.unpack_from(far)[2] == 12


def test_what_is_not_packed_by_hand_is_left_to_pyroute2():
    args = {"index": 3, "kind": "bridge", "br_mcast_snooping": 1}
    assert wire.quick("link", "set", args) is None
    assert packing.encode("link", "set", args) == words.encode("link", "set", args)


def test_a_further_name_is_written_and_read():
    message = wire.quick("link", "property_add", {"index": 3, "altname": "tuilab:a:1"})
    assert message.kind == wire.RTM_NEWLINKPROP
    found = wire.attributes(message.body, wire.IFINFO.size)
    assert wire.altnames(found[wire.IFLA_PROP_LIST]) == ("tuilab:a:1",)
    two = wire.attribute(wire.IFLA_ALT_IFNAME, b"one\0")
    two += wire.attribute(wire.IFLA_ALT_IFNAME, b"other\0")
    assert wire.altnames(two) == ("one", "other")
