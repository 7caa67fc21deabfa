"""What a person makes happen by hand: a machine behind a tap, packets of one's own."""

import asyncio
import contextlib
import os
from contextlib import aclosing

import pytest

from tests.kernel.packetbox import boxed, pair, routed, sh
from tests.kernel.test_probes import collect
from tuilab.errors import NotFoundError, UsageError
from tuilab.kernel import netns, tap
from tuilab.model.links import Endpoint
from tuilab.packets.capture import Capture
from tuilab.packets.layers import at
from tuilab.packets.monitor import Monitor, Pair
from tuilab.packets.send import Sender
from tuilab.plan.operations.base import MakeTap

QUICK = {"interval": 0.0, "timeout": 5.0}
MAC = "02:00:00:00:00:77"


def make_tap() -> None:
    """A tap in red, with addresses of both families, that nobody holds."""
    if not os.access(tap.TUN, os.R_OK | os.W_OK):
        pytest.skip(f"this user may not open {tap.TUN}")
    netns.run_in("red", lambda: tap.make(MakeTap("red", "tap0", None, None)))
    sh("ip -n red link set tap0 addrgenmode none")
    sh("ip -n red addr add 10.7.0.1/24 dev tap0")
    sh("ip -n red addr add fd07::1/64 dev tap0 nodad")
    sh("ip -n red link set tap0 up")


@boxed
async def test_a_machine_behind_a_tap_answers(directory):
    pair()
    make_tap()
    async with Sender() as sender:
        (before,) = await collect(sender.ping("red", "10.7.0.9", count=1, timeout=0.1))
        assert not before.ok
        machine = sender.answer("red", "tap0", ["10.7.0.9/24", "fd07::9"], mac=MAC)
        async with aclosing(machine):
            said = [await anext(machine) for _ in range(3)]
            assert said[0] == f"{MAC} is there"
            assert said[1] == f"told everybody: 10.7.0.9 is at {MAC}"
            for to in ("10.7.0.9", "fd07::9"):
                (asked,) = await collect(sender.arp("red", "tap0", to, count=1))
                assert (asked.mac, asked.ok) == (MAC, True)
                pings = await collect(sender.ping("red", to, count=2, **QUICK))
                assert [p.address for p in pings] == [to, to]
                assert "64 bytes from" in str(pings[0])
            assert "ARP: 10.7.0.9 is at" in await anext(machine)
            assert "ping seq=1 from 10.7.0.1" in [
                await anext(machine) for _ in range(4)
            ]
            # A second program can't hold it too.
            with pytest.raises(UsageError, match="in use"):
                await collect(sender.answer("red", "tap0", ["10.7.0.8"]))
        # It is gone with the iterator.
        while "state UP" in sh("ip -n red link show tap0"):
            await asyncio.sleep(0)


@boxed
async def test_what_cannot_be_a_machine(directory):
    pair()
    async with Sender() as sender:
        for kind, ifname, addresses, mac in (
            (NotFoundError, "tap9", ["10.7.0.9"], ""),
            (UsageError, "eth0", ["10.7.0.9"], ""),
            (UsageError, "tap0", [], ""),
            (UsageError, "tap0", ["somewhere"], ""),
            (UsageError, "tap0", ["10.7.0.9"], "x"),
        ):
            with pytest.raises(kind):
                await collect(sender.answer("red", ifname, addresses, mac=mac))


@boxed
async def test_an_expression_is_shown_and_sent(directory):
    pair()
    async with Sender() as sender:
        shown = await sender.preview("red", 'IP(dst="10.9.0.2", ttl=9)/ICMP()')
        assert (shown.count, shown.layers[0].name) == (1, "IP")
        assert "10.9.0.1 > 10.9.0.2" in shown.summary
        assert len(shown.data) == 28
        _, field = at(shown.layers, 8)
        assert (field.name, field.value) == ("ttl", "9")
        # The kernel greets routers and groups when a link comes up: that is not ours.
        options = {"directory": directory, "capture_filter": "udp port 9"}
        with Capture([Endpoint("red", "eth0")], **options) as capture:
            shown = await sender.preview(
                "red", 'Ether()/IP(dst="10.9.0.2")/UDP(dport=9)'
            )
            assert shown.layers[0].name == "Ethernet"
            capture.stop()
            assert capture.written == 0, "a preview sends nothing"
        for expression in (
            'IP(dst="10.9.0.2")/ICMP()',
            'Ether()/IP(dst="10.9.0.2")/ICMP()',
            'IPv6(dst="fd00::2")/ICMPv6EchoRequest()',
        ):
            answers = await collect(sender.send("red", expression, count=2, **QUICK))
            assert [a.seq for a in sorted(answers, key=lambda a: a.seq)] == [1, 2]
            assert all(a.ok and a.rtt_ms < 5000 for a in answers), answers
            assert answers[0].address in ("10.9.0.2", "fd00::2")
            assert "reply" in answers[0].text.lower()
        answers = await collect(
            sender.send("red", 'IP(dst="10.9.0.2")/TCP(dport=[7, 8])', **QUICK)
        )
        assert len(answers) == 2
        assert all("RA" in a.text for a in answers)
        arp = 'Ether(dst="ff:ff:ff:ff:ff:ff")/ARP(pdst="10.9.0.2")'
        (answer,) = await collect(sender.send("red", arp, ifname="eth0", **QUICK))
        assert "is at" in answer.text
        quiet = 'IP(dst="10.9.0.99")/ICMP()'
        (answer,) = await collect(sender.send("red", quiet, timeout=0.1))
        assert answer.error == "timeout"
        names = await sender.names()
        assert "ttl" in names["IP"]


@boxed
async def test_what_is_no_packet_is_said(directory):
    pair()
    async with Sender() as sender:
        for expression, words in (
            ("IP(", "no packet"),
            ("nonsense", "nonsense"),
            ("1 + 1", "no packet"),
            ("[]", "no packet"),
            ('IP(dst="10.0.0.0/8")', "more than"),
            ("IP(nosuch=1)", "nosuch"),
        ):
            with pytest.raises(UsageError, match=words):
                await sender.preview("red", expression)
        # Nor does what it prints come between results, or what it takes from others.
        async with aclosing(sender.ping("red", "10.9.0.2", count=None)) as it:
            assert (await anext(it)).ok
            for expression, words in (
                ('IP(dst="10.9.0.2").show()', "no packet"),
                ('print("{}")', "no packet"),
                ("exit()", "no packet"),
                ('"x" * 10**10', "memory"),
                ("9**9**9", "not come to an end"),
                ("[IP(dst='10.9.0.2') for _ in iter(int, 1)]", "end|memory"),
                ("(IP(dst='10.9.0.2') for _ in iter(int, 1))", "more than"),
            ):
                with pytest.raises(UsageError, match=words):
                    await sender.preview("red", expression)
            assert (await anext(it)).ok
        with pytest.raises(UsageError, match="neither a frame"):
            await collect(sender.send("red", 'Raw(b"x")'))
        with pytest.raises(NotFoundError):
            await collect(sender.send("red", "Ether()/ARP()", ifname="eth9"))


@boxed
async def test_a_packet_is_taken_apart_by_the_worker(directory):
    pair()
    with Capture(
        [Endpoint("red", "eth0")], capture_filter="icmp", directory=directory
    ) as capture:
        sh("ip netns exec red ping -c 1 -s 3000 10.9.0.2")
        capture.stop()
        packet = capture.store.packet(0)
    async with Sender() as sender:
        layers = await sender.decode(packet)
    assert [layer.name for layer in layers][:2] == ["Ethernet", "IP"]
    assert layers[-1].end == packet.length


@boxed
async def test_pairs_are_watched_all_the_time(directory):
    routed()
    pairs = [
        Pair("red", "blue", "10.0.2.9"),
        Pair("blue", "red", "10.0.1.9"),
        Pair("red", "gw", "fd00:1::1"),
        Pair("gw", "nobody", "10.0.1.99"),
    ]
    async with Sender() as sender:
        monitor = Monitor(sender, pairs, interval=0.05, timeout=0.5)
        async with aclosing(monitor.run()) as news:
            await until(news, lambda: all(c.up for c in cells(monitor)[:3]))
            assert all(c.rtt_ms is not None for c in cells(monitor)[:3])
            await until(news, lambda: monitor.cells[pairs[3]].up is False)
            sh("ip -n gw link set eth1 down")
            await until(news, lambda: monitor.cells[pairs[0]].up is False)
            assert monitor.cells[pairs[2]].up
            sh("ip -n gw link set eth1 up")
            sh("ip -n gw addr show dev eth1")
            await until(news, lambda: monitor.cells[pairs[0]].up)
        cell = monitor.cells[pairs[0]]
        assert 0 < cell.loss < 1
        assert cell.sent == len(cell.recent) or len(cell.recent) == 60
        # A number of rounds, and then it ends.
        monitor = Monitor(sender, pairs[:3], interval=0.01)
        seen = [cell async for cell in monitor.run(rounds=3)]
        assert [c.sent for c in cells(monitor)] == [3, 3, 3]
        assert len(seen) == 9


def cells(monitor: Monitor) -> list:
    return list(monitor.cells.values())


async def until(news, condition) -> None:
    async with asyncio.timeout(20):
        with contextlib.suppress(StopAsyncIteration):
            while not condition():
                await anext(news)
    assert condition()


@boxed
async def test_a_namespace_that_goes_leaves_the_other_pairs(directory):
    pair()
    pairs = [Pair("red", "blue", "10.9.0.2"), Pair("pink", "red", "10.9.0.1")]
    async with Sender() as sender:
        monitor = Monitor(sender, pairs, interval=0.01)
        assert len([c async for c in monitor.run(rounds=2)]) == 3
    assert '"pink" does not exist' in monitor.cells[pairs[1]].error
    assert monitor.cells[pairs[0]].received == 2
