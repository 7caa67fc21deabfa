"""A closer look at the real kernel, held against what iproute2 says of it."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kernel.alive import DEADLINE, a_lab, ip
from tests.kernel.packetbox import boxed, sh
from tuilab.errors import NotFoundError
from tuilab.kernel.bridging import read_vlans
from tuilab.kernel.wire import IFINFO, attribute
from tuilab.model import edits, policy_edits
from tuilab.model.topology import Endpoint, Neighbour, Route, Rule, Tap
from tuilab.plan.state import expand

RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
BR0 = Endpoint("sw", "br0")
MAC = "02:00:00:00:00:09"
SWITCH = (
    edits.add_namespace("red"),
    edits.add_namespace("blue"),
    edits.add_namespace("sw"),
    edits.add_bridge(BR0, addresses=("10.0.0.254/24",), ageing=60),
    edits.connect(
        RED,
        Endpoint("sw", "p1"),
        a_end={"addresses": ("10.0.0.1/24", "fd00::1/64")},
        b_end={"master": "br0"},
    ),
    edits.connect(
        BLUE,
        Endpoint("sw", "p2"),
        a_end={"addresses": ("10.0.0.2/24", "fd00::2/64")},
        b_end={"master": "br0", "isolated": True},
    ),
    edits.add_entry(Endpoint("sw", "p2"), MAC),
    edits.add_link(Endpoint("red", "tap0"), Tap(addresses=("10.3.0.1/24",))),
    edits.add_route("red", Route("172.16.0.0/16", "10.0.0.254")),
    edits.add_route("red", Route("172.17.0.0/16", type="blackhole", table=100)),
    policy_edits.add_rule(
        "red", Rule(10, source="10.0.0.0/24", table=100), priority=10
    ),
    policy_edits.add_neighbour("red", Neighbour("10.0.0.9", "eth0", MAC)),
    policy_edits.add_neighbour("red", Neighbour("10.0.0.50", "eth0", proxy=True)),
    edits.set_sysctl("red", "net.ipv4.ip_default_ttl", "60"),
)


@contextlib.asynccontextmanager
async def switched(directory):
    """red and blue on a bridge, who have talked."""
    async with a_lab(directory) as lab:
        for change in SWITCH:
            await lab.edit(change)
        sh("ip netns exec red ping -c1 -W5 10.0.0.2")
        yield lab


async def seen(lab, holds, *where):
    """What is seen once it holds."""
    async with asyncio.timeout(DEADLINE):
        while True:
            detail = await lab.detail(*where)
            if holds(detail):
                return detail


@boxed
async def test_a_namespace_is_as_iproute2_says(tmp_path):
    async with switched(tmp_path) as lab:
        # Some of each that the lab did not ask for.
        sh("ip -n red route add 172.18.0.0/16 via 10.0.0.2 proto bird metric 7")
        sh("ip -n red rule add prio 20 ipproto tcp dport 80-90 table 100")
        sh("ip -n red addr add 10.0.0.77/24 dev eth0 valid_lft 100 preferred_lft 50")
        detail = await lab.detail("red")
        assert list(detail.links) == [x["ifname"] for x in ip("red", "link")]
        for told in ip("red", "-d -s addr"):
            same_link(detail.links[told["ifname"]], told)
        routes = ip("red", "route show table all") + ip(
            "red", "-6 route show table all"
        )
        for told in routes:
            told["dst"] = told["dst"].replace("default", "0.0.0.0/0")
        differing = set(map(route_of, detail.routes)) ^ set(map(told_route, routes))
        assert differing == set(), differing
        bird = next(it for it in detail.routes if it.protocol == "bird")
        assert (bird.route.via, bird.route.metric) == ("10.0.0.2", 7)
        rules = [
            (family, it["priority"])
            for family, flag in ((4, "-4"), (6, "-6"))
            for it in ip("red", f"{flag} rule")
        ]
        assert [(it.family, it.priority) for it in detail.rules] == rules
        words = {it.priority: it for it in detail.rules if it.family == 4}
        assert words[10].rule in expand(lab.snapshot.topology).namespaces["red"].rules
        assert words[20].words == "ipproto 6 dport 80-90 lookup 100"
        assert words[20].rule is None
        assert [it.own for it in words.values()] == [True, False, False, True, True]


def same_link(link, told):
    """Whether a link is as `ip -d -s addr` tells."""
    assert (link.index, link.mtu) == (told["ifindex"], told["mtu"])
    assert link.mac == told["address"]
    assert link.qdisc == told["qdisc"]
    assert link.queue == told["txqlen"]
    assert link.up is ("UP" in told["flags"])
    kind = told.get("linkinfo", {}).get("info_kind", "loopback")
    assert link.kind == ("tap" if kind == "tun" else kind)
    counted, live = told["stats64"], link.live
    assert live.rx_packets <= counted["rx"]["packets"] <= live.rx_packets + 20
    assert live.tx_packets <= counted["tx"]["packets"] <= live.tx_packets + 20
    cidrs = [f"{a['local']}/{a['prefixlen']}" for a in told["addr_info"]]
    assert [a.cidr for a in link.addresses] == cidrs
    for address, a in zip(link.addresses, told["addr_info"], strict=True):
        assert address.scope == a["scope"]
        for flag in ("secondary", "tentative", "deprecated"):
            assert (flag in address.flags) is bool(a.get(flag)), a
        assert (address.valid is None) is (a["valid_life_time"] == 0xFFFFFFFF)
        if a["local"] == "10.0.0.77":
            assert address.origin == "dynamic"


def route_of(it):
    route = it.route
    return (
        route.type,
        route.to.removesuffix("/32").removesuffix("/128"),
        route.via or "",
        route.dev or "",
        it.protocol,
        it.scope if ":" not in route.to else "global",
        route.metric,
    )


def told_route(it):
    return (
        it.get("type", "unicast"),
        it["dst"],
        it.get("gateway", ""),
        it.get("dev", ""),
        # Left out where it is what `ip` itself gives.
        it.get("protocol", "boot"),
        it.get("scope", "global"),
        it.get("metric", 0),
    )


@boxed
async def test_neighbours_age_and_are_permanent(tmp_path):
    async with switched(tmp_path) as lab:
        detail = await lab.detail("red", "eth0")
        mine = {it.to: it for it in detail.neighbours if it.state != "proxy"}
        told = {it["dst"]: it for it in ip("red", "neigh show dev eth0")}
        assert mine.keys() == told.keys()
        for to, it in mine.items():
            assert it.mac == told[to].get("lladdr", "")
        assert mine["10.0.0.9"].state == "PERMANENT"
        assert mine["10.0.0.9"].static.mac == MAC
        assert mine["10.0.0.2"].state in ("REACHABLE", "DELAY", "STALE", "PROBE")
        assert mine["10.0.0.2"].static is None
        proxies = [it for it in detail.neighbours if it.state == "proxy"]
        assert [(it.to, it.static.proxy) for it in proxies] == [("10.0.0.50", True)]
        lone = await lab.detail("red", "tap0")
        assert lone.neighbours == ()
        assert dict(lone.links["tap0"].options)["persist"] == "on"
        to = {(it.route.to, it.route.type) for it in lone.routes}
        assert to == {
            ("10.3.0.0/24", "unicast"),
            ("10.3.0.1/32", "local"),
            ("10.3.0.255/32", "broadcast"),
        }


@boxed
async def test_a_bridge_tells_what_it_learned_and_how_long_ago(tmp_path):
    async with switched(tmp_path) as lab:
        detail = await lab.detail("sw", "br0")
        assert set(detail.links) == {"br0", "p1", "p2"}
        options = dict(detail.links["br0"].options)
        assert options["ageing"] == "60 s"
        assert options["stp"] == "off"
        assert options["bridge_id"] == f"8000.{detail.links['br0'].mac}"
        assert dict(detail.links["p2"].port)["isolated"] == "on"
        assert detail.links["p1"].stp == "forwarding"
        assert detail.links["p1"].peer == RED
        red = (await lab.detail("red", "eth0")).links["eth0"]
        blue = (await lab.detail("blue", "eth0")).links["eth0"]
        entries = {(it.dev, it.mac): it for it in detail.entries}
        assert entries["p1", red.mac].kind == "learned"
        assert 0 <= entries["p2", blue.mac].age < DEADLINE
        assert entries["p2", MAC].kind == "static"
        assert entries["p1", detail.links["p1"].mac].kind == "local"
        told = json.loads(sh("ip netns exec sw bridge -j -s fdb show br br0"))
        words = {"permanent": "local", "static": "static", "": "learned"}
        theirs = {
            (it["ifname"], it["mac"]): (words[it.get("state", "")], it.get("vlan"))
            for it in told
            if "master" in it and it["mac"][:5] not in ("33:33", "01:00")
        }
        mine = {key: (it.kind, it.vlan) for key, it in entries.items()}
        assert mine == theirs
        behind = await lab.detail("sw", "p1")
        assert {it.dev for it in behind.entries} == {"p1"}
        assert list(behind.links) == ["p1"]


@boxed
async def test_sockets_and_programs_are_those_of_ss(tmp_path):
    if shutil.which("ss") is None:
        pytest.skip("not installed: ss")
    code = (
        "import socket, sys\n"
        "listener = socket.create_server(('10.0.0.1', 5000))\n"
        "both = socket.create_server(('::', 53), family=socket.AF_INET6)\n"
        "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "udp.bind(('10.0.0.1', 99)); udp.connect(('10.0.0.2', 7))\n"
        "raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)\n"
        "near = socket.create_connection(('10.0.0.1', 5000))\n"
        "far, _ = listener.accept()\n"
        "packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 768)\n"
        "packet.bind(('eth0', 3))\n"
        "print('ready', flush=True); sys.stdin.read()\n"
    )
    async with switched(tmp_path) as lab:
        assert (await lab.detail("red")).sockets == ()
        words = ["ip", "netns", "exec", "red", sys.executable, "-c", code]
        pipe = subprocess.PIPE
        with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as program:
            program.stdout.readline()
            detail = await seen(lab, lambda it: _held(it.sockets), "red")
            mine = sorted(
                (it.protocol, it.state, it.local, it.peer)
                for it in detail.sockets
                if it.protocol != "packet"
            )
            lines = sh("ip netns exec red ss -Hantuw").splitlines()
            assert mine == sorted(map(told_socket, lines))
            assert {it.pid for it in detail.sockets} == {program.pid}
            assert {it.program for it in detail.sockets} == {"python3"} or (
                {it.program for it in detail.sockets} == {_comm(program.pid)}
            )
            packet = next(it for it in detail.sockets if it.protocol == "packet")
            assert packet.local == "all%eth0"
            listener = next(it for it in detail.sockets if ":5000" in it.local)
            assert (listener.state, listener.local) == ("LISTEN", "10.0.0.1:5000")
            assert program.pid in [it.pid for it in detail.processes]
            program.stdin.close()
        await seen(
            lab,
            lambda it: (
                not _listening(it.sockets)
                and program.pid not in [one.pid for one in it.processes]
            ),
            "red",
        )


def _held(sockets):
    return sockets and all(it.pid for it in sockets)


def _listening(sockets):
    return [it for it in sockets if it.state in ("LISTEN", "UNCONN")]


def _comm(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


def told_socket(line):
    """A line of ss, in our words: it calls every raw socket icmp's port 1."""
    protocol, state, _, _, local, peer = line.split()[:6]
    local = "[::]" + local[1:] if local.startswith("*:") else local
    away = peer in ("0.0.0.0:*", "[::]:*", "*:*")
    return protocol, state, local, "" if away else peer


@boxed
async def test_settings_and_tables_of_nftables(tmp_path):
    async with switched(tmp_path) as lab:
        detail = await lab.detail("red")
        settings = {it.key: it for it in detail.settings}
        ttl = settings["net.ipv4.ip_default_ttl"]
        assert (ttl.value, ttl.usual) == ("60", "64")
        odd = [it.key for it in detail.settings if it.value != it.usual]
        assert odd == ["net.ipv4.ip_default_ttl"]
        assert not any(".conf.eth0." in key for key in settings)
        sh("ip netns exec red sysctl -qw net.ipv4.conf.eth0.rp_filter=2")
        mine = (await lab.detail("red", "eth0")).settings
        assert [it.key for it in mine if it.value != it.usual] == [
            "net.ipv4.conf.eth0.rp_filter"
        ]
        for it in mine:
            key = it.key.removeprefix("net.").replace(".", "/")
            said = sh(f"ip netns exec red cat /proc/sys/net/{key}")
            assert it.value == said.strip(), it.key
        assert detail.tables == ()
        sh("ip netns exec red nft add table inet filter")
        assert (await lab.detail("red")).tables == ("inet filter",)
        assert (await lab.detail("blue")).tables == ()


@boxed
async def test_what_is_gone_is_said_to_be_gone(tmp_path):
    async with switched(tmp_path) as lab:
        index = (await lab.detail("red", "eth0")).links["eth0"].index
        with pytest.raises(NotFoundError, match='"red:eth9" is no longer there'):
            await lab.detail("red", "eth9")
        with pytest.raises(NotFoundError, match='namespace "nobody" is no longer'):
            await lab.detail("nobody")
        # One of the same name takes its place: nobody is told the former's.
        sh("ip netns del red")
        with pytest.raises(NotFoundError, match='namespace "red" is no longer there'):
            await lab.detail("red")
        sh("ip netns add red")
        assert list((await lab.detail("red")).links) == ["lo"]
        sh("ip -n red link add eth0 index 77 type veth peer name x")
        assert index != 77
        assert (await lab.detail("red", "eth0")).links["eth0"].index == 77


@boxed
async def test_who_is_answered_for_is_seen_to_change_though_no_event_tells(tmp_path):
    async with switched(tmp_path) as lab:
        heard = asyncio.Event()
        stop = lab.subscribe(lambda _: heard.set())
        sh("ip -n red neigh add proxy 10.0.0.51 dev eth0")
        async with asyncio.timeout(DEADLINE):
            while not lab.snapshot.drift:
                heard.clear()
                await heard.wait()
        stop()
        assert [str(it) for it in lab.snapshot.drift] == [
            '"red:eth0" has a proxy entry for 10.0.0.51'
        ]


def test_vlans_of_a_port():
    """This kernel may filter none: so from the bytes of one that does."""
    vlans = attribute(2, b"\x06\x00\x01\x00") + attribute(2, b"\x00\x00\x0a\x00")
    body = IFINFO.pack(7, 0, 5, 0, 0) + attribute(26, vlans)
    assert read_vlans(body) == (5, ("1 pvid untagged", "10"))
