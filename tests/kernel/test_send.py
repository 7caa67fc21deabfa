"""Ping and ARP from real namespaces, and the life of the worker behind them."""

import asyncio
import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.kernel.packetbox import boxed, pair, sh
from tuilab.errors import NotFoundError, PacketError, RightsError, UsageError
from tuilab.kernel import netns, syscalls
from tuilab.model.links import Endpoint
from tuilab.packets.capture import Capture
from tuilab.packets.dissect import summary
from tuilab.packets.exchange import Schedule, exchange
from tuilab.packets.results import ArpResult, PingResult, Statistics
from tuilab.packets.send import Sender

QUICK = {"interval": 0.01, "timeout": 5.0}
SECONDS = 10.0
PR_CAPBSET_DROP = 24
CAP_NET_RAW = 13


async def collect(results) -> list:
    return [result async for result in results]


def children(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def gone(pidfds: list[int]) -> bool:
    """Whether all these processes end within the deadline."""
    deadline = time.monotonic() + SECONDS
    for pidfd in pidfds:
        left = deadline - time.monotonic()
        if not select.select([pidfd], [], [], max(0, left))[0]:
            return False
    return True


@boxed
async def test_ping_is_answered(directory):
    pair()
    with Capture([Endpoint("blue", "eth0")], directory=directory) as capture:
        async with Sender() as sender:
            v4 = await collect(sender.ping("red", "10.9.0.2", count=3, **QUICK))
            v6 = await collect(sender.ping("red", "fd00::2", count=3, size=0, **QUICK))
        assert await capture.wait_async(16, SECONDS)
        capture.stop()
        infos = [summary(p).info for p in capture.store.packets()]
    for results, address, size in ((v4, "10.9.0.2", 64), (v6, "fd00::2", 8)):
        assert [r.seq for r in results] == [1, 2, 3]
        assert all(r.ok and r.rtt_ms is not None for r in results)
        assert all(0 < r.rtt_ms < 1000 for r in results)
        assert {(r.address, r.ttl, r.size) for r in results} == {(address, 64, size)}
    # The kernel resolved the neighbours, and answered what scapy made.
    assert "who-has 10.9.0.2 tell 10.9.0.1" in infos
    assert sum("echo request" in info for info in infos) == 6
    assert sum("echo reply" in info for info in infos) == 6


@boxed
async def test_ping_takes_size_ttl_source_and_scope(directory):
    pair()
    sh("ip -n red addr add 10.9.0.77/24 dev eth0")
    sh("ip -n red addr add fe80::1/64 dev eth0 nodad")
    sh("ip -n blue addr add fe80::2/64 dev eth0 nodad")
    everything = {"count": 1, "size": 1000, "ttl": 7, **QUICK}
    with Capture([Endpoint("blue", "eth0")], directory=directory) as capture:
        async with Sender() as sender:
            for to, source in (
                ("10.9.0.2", "10.9.0.77"),
                ("fe80::2%eth0", None),
                ("fd00::2", "fd00::1"),
            ):
                (result,) = await collect(
                    sender.ping("red", to, source=source, **everything)
                )
                assert result.address == to
                assert result.size == 1008
        capture.stop()
        rows = [summary(p) for p in capture.store.packets()]
    requests = [r for r in rows if "echo request" in r.info]
    assert [r.source for r in requests] == ["10.9.0.77", "fe80::1", "fd00::1"]
    assert all(r.info.endswith("seq=1 ttl=7 length=1008") for r in requests)


@boxed
async def test_ping_says_why_there_is_no_reply(directory):
    pair()
    sh("ip -n red route add 10.7.0.0/16 via 10.9.0.2")
    sh("ip -n red route add 10.6.0.0/16 via 10.9.0.2")
    sh("ip -n red route add 10.5.0.0/16 via 10.9.0.2")
    sh("ip -n red route add prohibit 10.4.0.0/16")
    sh("ip -n red route add fd07::/64 via fd00::2")
    sh("ip -n blue route add unreachable 10.7.0.0/16")
    sh("ip -n blue route add unreachable fd07::/64")
    sh("ip -n blue route add 10.5.0.0/16 via 10.9.0.1")
    for family in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        setting = Path("/proc/sys/net", family)
        netns.run_in("blue", lambda setting=setting: setting.write_text("1"))

    async with Sender() as sender:

        async def why(to: str, **options) -> str:
            options = {"count": 1, **QUICK, **options}
            (result,) = await collect(sender.ping("red", to, **options))
            assert not result.ok
            assert result.rtt_ms is None
            assert str(result) == f"seq=1 {result.error}"
            return result.error

        assert await why("10.9.0.9", timeout=0.1) == "timeout"
        assert await why("10.7.0.1") == "host unreachable from 10.9.0.2"
        assert await why("10.6.0.1") == "net unreachable from 10.9.0.2"
        assert await why("10.5.0.1", ttl=1) == "time to live exceeded from 10.9.0.2"
        assert await why("10.4.0.1") == "prohibited by a route"
        assert await why("10.99.0.1") == "no route to host"
        assert await why("fd09::1") == "no route to host"
        assert (await why("fd07::1")).endswith("from fd00::2")
        # Nobody answers ARP: this kernel itself reports it, after three seconds.
        assert await why("10.9.0.8") == "host unreachable from 10.9.0.1"
        assert await why("fd00::8") == "host unreachable from fd00::1"
        sh("ip -n red link set eth0 down")
        assert await why("10.9.0.2") == "no route to host"


@boxed
async def test_a_firewall_that_drops_is_named(directory):
    pair()
    rules = """
        add table ip t
        add chain ip t o { type filter hook output priority 0; }
        add rule ip t o ip protocol icmp drop
    """
    done = subprocess.run(
        ["ip", "netns", "exec", "red", "nft", "-f", "-"], input=rules, text=True
    )
    assert done.returncode == 0
    async with Sender() as sender:
        (result,) = await collect(sender.ping("red", "10.9.0.2", count=1, **QUICK))
        assert result.error == "not permitted, a firewall rule drops it"


@boxed
async def test_without_rights_it_says_so(directory):
    pair()
    # From the bounding set too, or root would get it back at the next execve.
    assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0) == 0
    syscalls.capset(*(held & ~(1 << CAP_NET_RAW) for held in syscalls.capget()))
    async with Sender() as sender:
        for results in (
            sender.ping("host", "127.0.0.1"),
            sender.arp("red", "eth0", "10.9.0.2"),
        ):
            with pytest.raises(RightsError, match="not permitted"):
                await collect(results)
    with pytest.raises(RightsError, match='"red:eth0" is not permitted'):
        Capture([Endpoint("red", "eth0")], directory=directory).start()


@boxed
async def test_wrong_wishes_are_refused(directory):
    pair()
    async with Sender() as sender:

        async def refused(kind, results) -> str:
            with pytest.raises(kind) as caught:
                await collect(results)
            return str(caught.value)

        ping, arp = sender.ping, sender.arp
        assert '"pink" does not exist' in await refused(
            NotFoundError, ping("pink", "10.9.0.2")
        )
        assert '"blue" is not an address' in await refused(
            UsageError, ping("red", "blue")
        )
        text = await refused(UsageError, ping("red", "fe80::1"))
        assert "fe80::1%eth0" in text
        for wrong in (
            {"count": 0},
            {"interval": -1},
            {"timeout": 0},
            {"size": -1},
            {"size": 70_000},
            {"ttl": 0},
            {"source": "x"},
            {"source": "10.99.0.1"},
        ):
            await refused(UsageError, ping("red", "10.9.0.2", **wrong))
        text = await refused(NotFoundError, ping("red", "fe80::1%eth9"))
        assert '"eth9" does not exist' in text
        assert "eth0" in text
        text = await refused(UsageError, ping("red", "fe80::1%eth0", source="fd00::9"))
        assert '"fd00::9" is no address' in text
        text = await refused(NotFoundError, arp("red", "eth9", "10.9.0.2"))
        assert "eth0" in text
        assert "no link addresses" in await refused(
            UsageError, arp("red", "lo", "10.9.0.2")
        )
        assert "no route leads" in await refused(
            UsageError, arp("red", None, "1.2.3.4")
        )
        assert "itself" in await refused(UsageError, arp("red", None, "10.9.0.1"))
        sh("ip -n red route add default via 10.9.0.2")
        text = await refused(UsageError, arp("red", None, "1.2.3.4"))
        assert 'behind "10.9.0.2"' in text


@boxed
async def test_arp_and_neighbour_solicitation_are_answered(directory):
    pair()
    (link,) = json.loads(sh("ip -n blue -j link show eth0"))
    async with Sender() as sender:
        for to in ("10.9.0.2", "fd00::2"):
            for ifname in ("eth0", None):
                results = await collect(sender.arp("red", ifname, to, count=2, **QUICK))
                assert [(r.seq, r.address, r.mac, r.ifname) for r in results] == [
                    (1, to, link["address"], "eth0"),
                    (2, to, link["address"], "eth0"),
                ]
                assert all(0 < r.rtt_ms < 1000 for r in results)
        for to in ("10.9.0.9", "fd00::9"):
            (result,) = await collect(
                sender.arp("red", None, to, count=1, timeout=0.05)
            )
            assert (result.error, result.mac, result.ok) == ("timeout", "", False)
        sh("ip -n red link set eth0 down")
        (result,) = await collect(sender.arp("red", "eth0", "10.9.0.2", count=1))
        assert result.error == "the interface is down"


@boxed
async def test_arp_without_an_address_asks_as_a_probe(directory):
    pair()
    sh("ip -n red addr flush dev eth0")
    async with Sender() as sender:
        (result,) = await collect(
            sender.arp("red", "eth0", "10.9.0.2", count=1, **QUICK)
        )
        assert result.ok


@boxed
async def test_jobs_in_several_namespaces_at_once_do_not_mix(directory):
    """The same addresses in another pair, with other MACs."""
    pair()
    for name in ("green", "amber"):
        netns.create(name)
    sh("ip -n green link add veth1 type veth peer name eth0 netns amber")
    for name, ifname, host in (("green", "veth1", 1), ("amber", "eth0", 2)):
        sh(f"ip -n {name} link set {ifname} up")
        sh(f"ip -n {name} addr add 10.9.0.{host}/24 dev {ifname}")
    async with Sender() as sender:
        found = await asyncio.gather(
            *(
                collect(sender.arp(name, None, "10.9.0.2", count=20, **QUICK))
                for name in ("red", "green")
            ),
            collect(sender.ping("red", "10.9.0.2", count=20, **QUICK)),
            collect(sender.ping("green", "10.9.0.2", count=20, **QUICK)),
            collect(sender.ping("host", "127.0.0.1", count=20, **QUICK)),
        )
    assert all(r.ok for results in found for r in results)
    assert [len(results) for results in found] == [20] * 5
    assert {r.ifname for r in found[0]} == {"eth0"}
    assert {r.ifname for r in found[1]} == {"veth1"}
    assert {r.mac for r in found[0]}.isdisjoint({r.mac for r in found[1]})


@boxed
async def test_closing_the_iterator_ends_the_job_at_once(directory):
    pair()
    async with Sender() as sender:
        await sender.warm()
        (worker,) = children(os.getpid())
        async with aclosing(
            sender.ping("red", "10.9.0.2", count=None, **QUICK)
        ) as results:
            async for result in results:
                assert result.ok
                if result.seq == 3:
                    (job,) = children(worker)
                    pidfd = os.pidfd_open(job)
                    break
        assert gone([pidfd])
        os.close(pidfd)
        # Cancelling the task that waits does the same.
        waiting = asyncio.create_task(
            collect(sender.ping("red", "10.9.0.9", count=1, timeout=60))
        )
        while not children(worker):
            await asyncio.sleep(0)
        pidfd = os.pidfd_open(children(worker)[0])
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await asyncio.to_thread(gone, [pidfd])
        os.close(pidfd)
        assert (await collect(sender.ping("red", "10.9.0.2", count=1)))[0].ok


@boxed
async def test_a_worker_that_dies_is_replaced(directory):
    pair()
    async with Sender() as sender:
        results = sender.ping("red", "10.9.0.2", count=None, **QUICK)
        assert (await anext(results)).ok
        (worker,) = children(os.getpid())
        job = os.pidfd_open(children(worker)[0])
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(PacketError, match="died"):
            await asyncio.wait_for(collect(results), SECONDS)
        assert gone([job])
        os.close(job)
        (result,) = await collect(sender.ping("red", "10.9.0.2", count=1, **QUICK))
        assert result.ok
        assert children(os.getpid()) != [worker]


@boxed
async def test_a_job_that_dies_leaves_the_worker(directory):
    pair()
    async with Sender() as sender:
        results = sender.ping("red", "10.9.0.2", count=None, **QUICK)
        assert (await anext(results)).ok
        (worker,) = children(os.getpid())
        os.kill(children(worker)[0], signal.SIGKILL)
        with pytest.raises(PacketError):
            await asyncio.wait_for(collect(results), SECONDS)
        assert (await collect(sender.ping("red", "10.9.0.2", count=1)))[0].ok
        assert children(os.getpid()) == [worker]


@boxed
async def test_closing_leaves_no_process(directory):
    pair()
    sender = Sender()
    waiting = asyncio.create_task(
        collect(sender.ping("red", "10.9.0.9", count=None, timeout=60))
    )
    while not (worker := children(os.getpid())) or not children(worker[0]):
        await asyncio.sleep(0)
    pidfds = [os.pidfd_open(p) for p in (*worker, *children(worker[0]))]
    await sender.aclose()
    assert gone(pidfds)
    assert children(os.getpid()) == []
    with pytest.raises(PacketError):
        await waiting
    await sender.aclose()
    # It may be used again.
    assert (await collect(sender.ping("red", "10.9.0.2", count=1)))[0].ok
    await sender.aclose()
    assert children(os.getpid()) == []


PARENT = """
import asyncio, sys
from tuilab.packets.send import Sender

async def main():
    async for result in Sender().ping("red", "10.9.0.2", count=None, interval=0.01):
        print(result, flush=True)

asyncio.run(main())
"""


@boxed
def test_killing_the_parent_ends_worker_and_jobs(directory):
    pair()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE
    ) as parent:
        assert b"time=" in parent.stdout.readline()
        (worker,) = children(parent.pid)
        (job,) = children(worker)
        pidfds = [os.pidfd_open(worker), os.pidfd_open(job)]
        parent.kill()
        assert gone(pidfds)


@boxed
async def test_a_strange_directory_does_not_get_into_the_worker(directory):
    """What lies about where the user started tuilab is not imported."""
    pair()
    for name in ("json.py", "scapy.py", "tuilab.py"):
        (directory / name).write_text("raise SystemExit('wrong module')")
    os.chdir(directory)
    async with Sender() as sender:
        assert (await collect(sender.ping("red", "10.9.0.2", count=1)))[0].ok


@boxed
async def test_a_warm_worker_answers_sooner_than_a_cold_one(directory):
    """The best of a few: this machine may be busy with other tests."""
    pair()
    cold, warm_ping, warm_arp = [], [], []

    async def first(results) -> float:
        began = time.perf_counter()
        async with aclosing(results):
            assert (await anext(results)).ok
        return time.perf_counter() - began

    for _ in range(3):
        async with Sender() as sender:
            cold.append(await first(sender.ping("red", "10.9.0.2")))
            for _ in range(3):
                warm_ping.append(await first(sender.ping("red", "10.9.0.2")))
                warm_arp.append(await first(sender.arp("red", None, "10.9.0.2")))
    assert min(warm_ping) < min(cold) / 2
    assert min(warm_arp) < min(cold) / 2


def test_sequence_numbers_go_on_after_65535():
    """Sixteen bits are all that a packet has room for."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        results = exchange(
            theirs,
            Schedule(70_000, 0, 5),
            lambda seq: struct.pack("!H", seq & 0xFFFF),
            ours.send,
            lambda data, control, address: (struct.unpack("!H", data)[0], {}),
        )
        seqs = [reply["seq"] for reply in results if reply["rtt_ms"] >= 0]
    assert seqs == list(range(1, 70_001))


def test_statistics_sum_up_as_ping_does():
    total = Statistics()
    assert total.summary() == "0 sent, 0 received, 0% lost"
    total.add(PingResult(1, "10.0.0.2", 1.0, 64, 64))
    total.add(PingResult(2, error="timeout"))
    total.add(ArpResult(3, "10.0.0.2", 3.0, "eth0", "02:00:00:00:00:01"))
    total.add(PingResult(4, "10.0.0.2", 2.0, 64, 64))
    assert (total.sent, total.received, total.loss) == (4, 3, 0.25)
    assert total.summary() == (
        "4 sent, 3 received, 25% lost, rtt min/avg/max = 1.000/2.000/3.000 ms"
    )
