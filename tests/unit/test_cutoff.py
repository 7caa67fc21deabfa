"""What may cut the connection one works through, and what may not."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tuilab.kernel import ssh
from tuilab.plan.cutoff import Connection, cuts
from tuilab.plan.state import LinkState, NamespaceState, RouteState

FAR = Connection("192.0.2.10", "203.0.113.9")
NEAR = Connection("192.0.2.10", "192.0.2.77")
V6 = Connection("2001:db8::10", "2001:db8:9::9")
MAC = "02:00:00:00:00:01"


def link(*addresses, kind="bridge", up=True, **more):
    return LinkState(kind, up=up, mtu=1500, mac=MAC, addresses=addresses, **more)


def route(to, dev, via=None, metric=0, table=254):
    return RouteState(to, via, dev, metric, table)


AROUND = NamespaceState(
    {"lo": link(kind="loopback"), "eth0": link("192.0.2.10/24", "2001:db8::10/64")},
    frozenset(
        {
            route("0.0.0.0/0", "eth0", "192.0.2.1", metric=100),
            route("::/0", "eth0", "2001:db8::1", metric=1024),
        }
    ),
)
NOTHING = NamespaceState()


def ours(*routes, sysctls=None, **links):
    return NamespaceState(links, frozenset(routes), sysctls or {})


HARMLESS = [
    ours(route("0.0.0.0/1", "br0"), br0=link("10.0.0.1/24")),
    ours(br0=link("10.0.0.1/24")),
    ours(br0=link("203.0.112.0/24")),
    ours(route("10.0.0.0/8", "br0"), br0=link("10.0.0.1/24")),
    ours(route("0.0.0.0/0", "br0", "10.0.0.2", metric=200), br0=link("10.0.0.1/24")),
    ours(route("203.0.113.0/24", "br0", table=42), br0=link("10.0.0.1/24")),
    ours(br0=link("203.0.113.1/24", up=False)),
    ours(sysctls={"net.ipv4.ip_forward": "1"}),
    ours(sysctls={"net.ipv6.conf.all.forwarding": "1"}),
]


@pytest.mark.parametrize("after", HARMLESS)
def test_what_leaves_the_way_as_it_is_may_be_done(after):
    before = NamespaceState(sysctls=dict.fromkeys(after.sysctls, "0"))
    assert cuts(FAR, AROUND, before, after) == ""
    # And taken back.
    assert cuts(FAR, AROUND, after, before) == ""


BR0 = link("10.0.0.1/24")


@pytest.mark.parametrize(
    ("connection", "after", "reason"),
    [
        (FAR, ours(route("0.0.0.0/0", "br0", "10.0.0.2"), br0=BR0), '"host:br0" would'),
        (FAR, ours(route("203.0.113.0/24", "br0"), br0=BR0), "become a way to 203"),
        (FAR, ours(route("128.0.0.0/1", "br0"), br0=BR0), "become"),
        (
            FAR,
            ours(route("0.0.0.0/0", "br0", "10.0.0.2", metric=100), br0=BR0),
            "become a way",
        ),
        (FAR, ours(br0=link("203.0.113.1/24")), "become a way to 203.0.113.9"),
        (FAR, ours(br0=link("203.0.113.9/32")), "would take 203.0.113.9, the far"),
        (FAR, ours(br0=link("192.0.2.1/32")), "would take 192.0.2.1, its gateway"),
        (FAR, ours(br0=link("192.0.2.10/32")), "would take 192.0.2.10, this end"),
        (NEAR, ours(br0=link("192.0.2.5/24")), "become a way to 192.0.2.77"),
        (NEAR, ours(br0=link("192.0.2.65/27")), "become a way to 192.0.2.77"),
        (V6, ours(route("::/0", "br0", metric=1), br0=BR0), "become"),
        (V6, ours(br0=link("2001:db8:9::1/64")), "become"),
        (V6, ours(sysctls={"net.ipv6.conf.all.forwarding": "1"}), "forget routes"),
        (FAR, ours(sysctls={"net.ipv4.conf.all.rp_filter": "1"}), "drop"),
    ],
)
def test_what_may_cut_the_connection_is_told(connection, after, reason):
    before = NamespaceState(sysctls=dict.fromkeys(after.sysctls, "0"))
    assert reason in cuts(connection, AROUND, before, after)
    if after.links:
        # To take it back changes the way as well.
        assert cuts(connection, AROUND, after, before)


def test_a_way_that_no_dump_tells_of_is_taken_to_be_a_default_route():
    around = replace(AROUND, routes=frozenset())
    after = ours(route("0.0.0.0/0", "br0", "10.0.0.2", metric=999), br0=BR0)
    assert "become a way" in cuts(FAR, around, NOTHING, after)


def test_a_connection_through_the_lab_itself_is_not_cut_either():
    inner = Connection("10.0.0.1", "10.0.0.2")
    before = ours(br0=BR0, p1=link(kind="veth", master="br0"))
    for after in (
        NOTHING,
        ours(br0=BR0),
        ours(br0=replace(BR0, up=False), p1=before.links["p1"]),
        ours(br0=BR0, p1=replace(before.links["p1"], up=False)),
        ours(br0=replace(BR0, addresses=("10.0.0.3/24",)), p1=before.links["p1"]),
    ):
        assert cuts(inner, AROUND, before, after)
    more = ours(**before.links, p2=link(kind="veth", master="br0"))
    assert cuts(inner, AROUND, before, more) == ""


def test_loopback_is_never_cut():
    after = ours(route("0.0.0.0/0", "br0", "10.0.0.2"), br0=BR0)
    assert cuts(Connection("127.0.0.1", "127.0.0.1"), AROUND, NOTHING, after) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("203.0.113.9 5000 192.0.2.10 22", FAR),
        ("fe80::1%eth0 1 fe80::2%eth0 22", Connection("fe80::2", "fe80::1")),
        ("", None),
        ("nonsense 1 192.0.2.10 22", None),
        ("203.0.113.9 5000", None),
    ],
)
def test_what_sshd_tells_is_read(text, found):
    assert ssh.parse(text) == found


def test_what_sudo_hides_is_known_to_the_parents():
    ask = "from tuilab.kernel import ssh; print(ssh.connection())"
    # As sudo does it: the variable stays with the shell that it was typed in.
    shell = f"""
import os, subprocess, sys
bare = {{k: v for k, v in os.environ.items() if k != "SSH_CONNECTION"}}
sys.exit(subprocess.run([sys.executable, "-c", {ask!r}], env=bare).returncode)
"""
    done = subprocess.run(
        [sys.executable, "-c", shell],
        env={**os.environ, "SSH_CONNECTION": "203.0.113.9 5000 192.0.2.10 22"},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(FAR), done
