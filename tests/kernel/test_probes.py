"""Routes, ports and name servers, asked on a real router lab."""

import contextlib
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.kernel.packetbox import boxed, routed, sh
from tuilab.errors import NotFoundError, UsageError
from tuilab.kernel import netns
from tuilab.model.links import Endpoint
from tuilab.packets.capture import Capture
from tuilab.packets.dissect import summary
from tuilab.packets.send import Answer, Sender

QUICK = {"interval": 0.0, "timeout": 5.0}
BLUE = {4: "10.0.2.9", 6: "fd00:2::9"}
GATEWAY = {4: "10.0.1.1", 6: "fd00:1::1"}


async def collect(results) -> list:
    return [result async for result in results]


@contextlib.contextmanager
def answering(kind: socket.SocketKind, port: int):
    """A program in blue: it accepts, or sends datagrams back in capitals."""

    def make() -> socket.socket:
        sock = socket.socket(socket.AF_INET6, kind)
        sock.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            sock.listen()
        return sock

    def echo(sock: socket.socket) -> None:
        while True:
            data, sender = sock.recvfrom(2000)
            if data == b"end":
                return
            sock.sendto(data.upper(), sender)

    with netns.run_in("blue", make) as sock:
        if kind == socket.SOCK_STREAM:
            yield
            return
        thread = threading.Thread(target=echo, args=(sock,))
        thread.start()
        try:
            yield
        finally:
            with netns.run_in(
                "blue", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            ) as last:
                last.sendto(b"end", ("::1", port))
            thread.join()


@boxed
async def test_a_route_is_traced_in_every_way(directory):
    routed()
    async with Sender() as sender:
        for version in (4, 6):
            for method in ("icmp", "udp", "tcp"):
                hops = await collect(
                    sender.traceroute(
                        "red", BLUE[version], method=method, tries=2, timeout=5
                    )
                )
                found = [(h.ttl, h.seq, h.address, h.last) for h in hops]
                assert sorted(found) == [
                    (1, 1, GATEWAY[version], False),
                    (1, 2, GATEWAY[version], False),
                    (2, 1, BLUE[version], True),
                    (2, 2, BLUE[version], True),
                ], method
                assert all(h.ok and 0 < h.rtt_ms < 5000 for h in hops)
                text = "closed" if method == "tcp" else ""
                assert {h.text for h in hops} == {"", text}
        with answering(socket.SOCK_STREAM, 80):
            *_, last = await collect(
                sender.traceroute("red", BLUE[4], method="tcp", tries=1)
            )
        assert (last.text, str(last)[:14]) == ("open", " 2  10.0.2.9  ")


@boxed
async def test_a_route_that_ends_or_is_silent(directory):
    routed()
    async with Sender() as sender:
        for to, gateway in (("10.0.3.1", GATEWAY[4]), ("fd00:3::1", GATEWAY[6])):
            (hop,) = await collect(sender.traceroute("red", to, tries=1, timeout=5))
            assert (hop.address, hop.last) == (gateway, True), hop
            assert "unreachable" in hop.text or "no route" in hop.text
        netns.run_in(
            "gw", lambda: Path("/proc/sys/net/ipv4/ip_forward").write_text("0")
        )
        hops = await collect(
            sender.traceroute("red", BLUE[4], tries=1, hops=2, timeout=0.05)
        )
        assert [(h.ttl, h.error, h.ok) for h in hops] == [
            (1, "timeout", False),
            (2, "timeout", False),
        ]
        assert str(hops[0]) == " 1  *  timeout"
        # Nothing is sent where red has no route: once is enough to say so.
        sh("ip -n red route del default")
        for method in ("icmp", "udp"):
            hops = await collect(
                sender.traceroute("red", BLUE[4], method=method, tries=2, hops=9)
            )
            said = [(h.ttl, h.seq, h.error) for h in hops]
            assert said == [(1, 1, "no route to host"), (1, 2, "no route to host")]


@boxed
async def test_ports_are_open_closed_or_unreachable(directory):
    routed()
    async with Sender() as sender:

        async def states(version: int, port: int, **options) -> Answer:
            answers = []
            for connect in (True, False):
                wish = {"connect": connect, **QUICK, **options}
                answers += await collect(
                    sender.tcp("red", BLUE[version], port, count=2, **wish)
                )
            assert [a.seq for a in answers] == [1, 2, 1, 2]
            assert len({str(a.error or a.text) for a in answers}) == 1, answers
            return answers[0]

        with answering(socket.SOCK_STREAM, 81):
            for version in (4, 6):
                answer = await states(version, 81)
                assert (answer.text, answer.address) == ("open", BLUE[version])
                assert 0 < answer.rtt_ms < 5000
                answer = await states(version, 82)
                assert (answer.text, answer.ok) == ("closed", True)
                answer = await states(version, 81, ttl=1)
                assert answer.error.endswith(f"exceeded from {GATEWAY[version]}")
                assert not answer.ok
        (answer,) = await collect(sender.tcp("red", "10.0.3.1", 81, **QUICK))
        assert answer.error == "host unreachable from 10.0.1.1"
        rules = (
            "add table ip t; add chain ip t i { type filter hook input priority 0; }"
        )
        sh_nft("blue", f"{rules}; add rule ip t i tcp dport 83 drop")
        answer = await states(4, 83, timeout=0.1)
        assert answer.error == "timeout"


def sh_nft(namespace: str, text: str) -> None:
    words = ["ip", "netns", "exec", namespace, "nft", text]
    assert subprocess.run(words).returncode == 0


@boxed
async def test_datagrams_are_answered_or_refused(directory):
    routed()
    async with Sender() as sender:
        with answering(socket.SOCK_DGRAM, 7):
            for version in (4, 6):
                wish = {"data": "hallo", "count": 3, **QUICK}
                answers = await collect(sender.udp("red", BLUE[version], 7, **wish))
                assert sorted((a.seq, a.text) for a in answers) == [
                    (n, "5 bytes: HALLO") for n in (1, 2, 3)
                ]
        for version in (4, 6):
            wish = {"count": 1, **QUICK}
            (answer,) = await collect(sender.udp("red", BLUE[version], 8, **wish))
            assert answer.error == f"port unreachable from {BLUE[version]}"
            assert not answer.ok
        (answer,) = await collect(sender.udp("red", "10.0.1.1", 8, ttl=1, **QUICK))
        assert answer.error == "port unreachable from 10.0.1.1"


@boxed
async def test_a_datagram_is_known_by_its_answer_in_whatever_order_they_come(directory):
    routed()
    count = 600

    def make() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind((BLUE[4], 7))
        return sock

    def serve(sock: socket.socket) -> None:
        """The last of each hundred first; one in ten is not answered."""
        for start in range(1, count + 1, 100):
            heard = [
                (number, sock.recvfrom(100)[1]) for number in range(start, start + 100)
            ]
            for number, sender in reversed(heard):
                if number % 10:
                    sock.sendto(b"%d" % number, sender)

    with netns.run_in("blue", make) as sock:
        thread = threading.Thread(target=serve, args=(sock,))
        thread.start()
        async with Sender() as sender:
            await collect(sender.ping("red", BLUE[4], count=1))
            wish = {"count": count, "interval": 0.0, "timeout": 2.0}
            answers = await collect(sender.udp("red", BLUE[4], 7, **wish))
        thread.join()
    assert sorted(a.seq for a in answers) == list(range(1, count + 1))
    for answer in answers:
        told = answer.text.partition(": ")[2]
        assert told == (str(answer.seq) if answer.seq % 10 else "")
        assert answer.error == ("" if answer.seq % 10 else "timeout")


@boxed
async def test_a_name_server_is_asked(directory):
    from scapy.layers.dns import DNS, DNSRR

    routed()
    asked = []

    def serve(sock: socket.socket) -> None:
        for _ in range(3):
            data, sender = sock.recvfrom(2000)
            question = DNS(data)
            asked.append((question.qd[0].qname, question.qd[0].qtype))
            answer = DNSRR(rrname=question.qd[0].qname, type="A", rdata="10.0.2.9")
            reply = DNS(id=question.id, qr=1, rd=1, ra=1, qd=question.qd, an=answer)
            sock.sendto(bytes(reply), sender)

    def make() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("10.0.2.9", 53))
        return sock

    with netns.run_in("blue", make) as sock:
        thread = threading.Thread(target=serve, args=(sock,))
        thread.start()
        async with Sender() as sender:
            wish = {"kind": "aaaa", "count": 2, **QUICK}
            answers = await collect(sender.dns("red", BLUE[4], "www.lab", **wish))
            assert [a.text for a in answers] == ["1/0/0 AAAA? www.lab. A 10.0.2.9"] * 2
            for name, kind in (("x", "NOSUCH"), ("a..b", "A"), ("a" * 64, "A")):
                with pytest.raises(UsageError, match="can't be asked for"):
                    await collect(sender.dns("red", BLUE[4], name, kind=kind))
            wish["count"] = 1
            await collect(sender.dns("red", BLUE[4], "exämple.lab", **wish))
        thread.join()
    assert asked == [*[(b"www.lab.", 28)] * 2, (b"xn--exmple-cua.lab.", 28)]


@boxed
async def test_probes_leave_from_the_address_that_is_chosen(directory):
    routed()
    sh("ip -n red addr add 10.0.1.77/24 dev eth0")
    blue = Endpoint("blue", "eth0")
    with Capture([blue], capture_filter="not arp", directory=directory) as capture:
        async with Sender() as sender:
            wish = {"source": "10.0.1.77", "count": 1, **QUICK}
            for run in (
                sender.tcp("red", BLUE[4], 9, **wish),
                sender.tcp("red", BLUE[4], 9, connect=False, ttl=9, **wish),
                sender.udp("red", BLUE[4], 9, **wish),
                sender.traceroute("red", BLUE[4], source="10.0.1.77", tries=1),
            ):
                assert (await collect(run))[-1].address == BLUE[4]
        capture.stop()
        rows = [summary(p) for p in capture.store.packets()]
    assert {r.source for r in rows if r.destination == BLUE[4]} == {"10.0.1.77"}


@boxed
async def test_wishes_that_make_no_sense(directory):
    routed()
    async with Sender() as sender:
        for wrong in (
            sender.tcp("red", "10.0.2.9", 0),
            sender.udp("red", "10.0.2.9", 65_536),
            sender.udp("red", "10.0.2.9", 9, data="x" * 70_000),
            sender.tcp("red", "10.0.2.9", 9, source="fd00:1::9"),
            sender.tcp("red", "10.0.2.9", 9, source="10.9.9.9"),
            sender.traceroute("red", "10.0.2.9", hops=0),
            sender.traceroute("red", "10.0.2.9", timeout=float("nan")),
            sender.ping("red", "10.0.2.9", interval=float("inf")),
            sender.ping("red", "10.0.2.9", timeout=1e300),
            sender.traceroute("red", "somewhere"),
            sender.tcp("red", "fe80::1", 9),
        ):
            with pytest.raises(UsageError):
                await collect(wrong)
        with pytest.raises(NotFoundError):
            await collect(sender.tcp("pink", "10.0.2.9", 9))
        sh("ip -n red route del default via 10.0.1.1")
        with pytest.raises(UsageError, match="no route to host"):
            await collect(sender.tcp("red", "10.0.2.9", 9, connect=False))
        (answer,) = await collect(sender.tcp("red", "10.0.2.9", 9))
        assert answer.error == "no route to host"
