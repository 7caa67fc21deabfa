"""Packets of real tools, as rows: protocol and addresses must be those of tshark."""

import contextlib
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.kernel.frames import tshark
from tests.kernel.packetbox import boxed, routed, sh
from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.capture import Capture
from tuilab.packets.dissect import line, summary
from tuilab.packets.store import Packet, Store

TOOLS = (
    *("ping", "arping", "traceroute", "curl", "dig", "dnsmasq", "busybox", "iperf3"),
    *("tcpdump", "tshark", "editcap"),
)
ENDS = [Endpoint(*text.split(":")) for text in ("red:eth0", "gw:eth1", "blue:eth0")]
SECONDS = 20.0
LEAST = 0.99
# A row is made from its own packet alone, so tshark must not put packets together.
APART = [
    word
    for name in (
        *("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams"),
        # What is seen on several links is no retransmission.
        *("tcp.reassemble_out_of_order", "tcp.analyze_sequence_numbers"),
    )
    for word in ("-o", f"{name}:FALSE")
]


def run(namespace: str, command: str, codes: tuple[int, ...] = (0,)) -> None:
    """A program in a namespace that must end, and with one of those exit codes."""
    words = ["ip", "netns", "exec", namespace, *command.split()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode in codes, f"{command}: {done.returncode} {done.stderr}"


@contextlib.contextmanager
def serving(namespace: str, command: str, port: int, kind=socket.SOCK_STREAM):
    """A server, as soon as something listens on its port."""
    words = ["ip", "netns", "exec", namespace, *command.split()]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, **quiet) as process:
        try:
            letter = "t" if kind == socket.SOCK_STREAM else "u"
            deadline = time.monotonic() + SECONDS
            while f":{port} " not in sh(f"ip netns exec {namespace} ss -Hln{letter}"):
                assert process.poll() is None, f"{command} has ended"
                assert time.monotonic() < deadline, f"{command} does not listen"
            yield
        finally:
            process.kill()


def tunnelled() -> None:
    """red - gw - blue, and a VXLAN from red to blue."""
    routed(quiet=False)
    sh("ip -n gw route add prohibit 10.0.4.0/24")
    for name, mine, theirs, last in (("red", 1, 2, 1), ("blue", 2, 1, 2)):
        sh(
            f"ip -n {name} link add vx type vxlan id 42 dstport 4789 "
            f"local 10.0.{mine}.9 remote 10.0.{theirs}.9"
        )
        sh(f"ip -n {name} addr add 10.42.0.{last}/24 dev vx")
        sh(f"ip -n {name} addr add fd42::{last}/64 dev vx nodad")
        sh(f"ip -n {name} link set vx up")


def pings_and_their_errors() -> None:
    run("red", "ping -c 3 -i 0.01 10.0.2.9")
    run("red", "ping -c 3 -i 0.01 fd00:2::9")
    run("red", "ping -c 2 -i 0.01 -s 4000 10.0.2.9")
    run("red", "ping -c 2 -i 0.01 -s 4000 fd00:2::9")
    for inside in ("10.42.0.2", "fd42::2"):
        run("red", f"ping -c 2 -i 0.01 {inside}")
        run("red", f"ping -c 2 -i 0.01 -s 4000 {inside}")
    run("red", "ping -c 1 -W 1 -t 1 10.0.2.9", (1,))
    run("red", "ping -c 1 -W 1 -t 1 fd00:2::9", (1,))
    for address in ("10.0.3.9", "10.0.4.9", "fd00:3::9"):
        run("red", f"ping -c 1 -W 1 {address}", (1,))
    sh("ip -n gw link set eth1 mtu 1400")
    run("red", "ping -c 1 -W 1 -M do -s 1450 10.0.2.9", (1,))
    run("red", "ping -c 1 -W 1 -M do -s 1450 fd00:2::9", (1,))
    sh("ip -n gw link set eth1 mtu 1500")
    run("red", "arping -c 2 -w 2 -I eth0 10.0.1.1")
    run("red", "arping -D -c 1 -w 1 -I eth0 10.0.1.77")


def routes() -> None:
    for way in ("-I", "-U", "-T -p 80"):
        run("red", f"traceroute -n -q 1 -w 1 -m 4 {way} 10.0.2.9")
        run("red", f"traceroute -6 -n -q 1 -w 1 -m 4 {way} fd00:2::9")


def web(directory: Path) -> None:
    (directory / "page").write_text("hallo\n" * 2000)
    server = f"{sys.executable} -m http.server 8080 --bind :: -d {directory}"
    with serving("blue", server, 8080):
        for host in ("10.0.2.9", "[fd00:2::9]", "10.42.0.2", "[fd42::2]"):
            run("red", f"curl -s http://{host}:8080/page -o /dev/null")
            run("red", f"curl -s -I http://{host}:8080/none -o /dev/null")
            run("red", f"curl -s -d a=b http://{host}:8080/page -o /dev/null")


def names(directory: Path) -> None:
    command = (
        "dnsmasq -k --no-ping -C /dev/null -u root --no-resolv --no-hosts "
        f"--log-facility=- --pid-file= --dhcp-leasefile={directory}/leases "
        "--local=/lab/ --host-record=blue.lab,10.0.2.9,fd00:2::9 "
        "--txt-record=note.lab,hallo "
        "--cname=www.lab,blue.lab --mx-host=lab,blue.lab,10 "
        "--dhcp-range=10.0.1.100,10.0.1.150,1h "
        "--dhcp-range=fd00:1::100,fd00:1::200,64,1h --enable-ra"
    )
    with serving("gw", command, 53, socket.SOCK_DGRAM):
        for question in (
            *("blue.lab A", "blue.lab AAAA", "note.lab TXT", "www.lab A", "lab MX"),
            *("-x 10.0.2.9", "nowhere.lab A", "blue.lab A +tcp", "lab SOA"),
            *("blue.lab ANY +notcp", "example.org A", "blue.lab HTTPS +noedns"),
        ):
            run("red", f"dig +tries=1 +time=2 @10.0.1.1 {question}")
        run("red", "dig +tries=1 +time=2 @fd00:1::1 blue.lab AAAA")
        run("red", "busybox udhcpc -i eth0 -n -q -f -t 3 -T 1 -s /bin/true")
        # Down and up: its link-local address, its groups, and a question for routers.
        sh("ip -n red link set eth0 down")
        sh("ip -n red link set eth0 up")
        sh("ip -n red addr add fd00:1::9/64 dev eth0")
        sh("ip -n red addr add fd00:1::99/64 dev eth0")
        sh("ip -n red route replace default via 10.0.1.1")
        deadline = time.monotonic() + SECONDS
        while "tentative" in sh("ip -n red -6 addr show dev eth0"):
            assert time.monotonic() < deadline
        run("red", "ping -c 1 -W 2 ff02::1%eth0")


def streams() -> None:
    with serving("blue", "iperf3 -s", 5201):
        run("red", "iperf3 -c 10.0.2.9 -n 300K")
        run("red", "iperf3 -c 10.0.2.9 -u -b 5M -n 100K")
        run("red", "iperf3 -c fd00:2::9 -n 100K -R")
    run("red", "curl -s --connect-timeout 1 http://10.0.2.9:81/", (7,))


def crafted() -> list[bytes]:
    """What no tool here sends: tags, tunnels, cut and damaged packets."""
    from tests.unit.test_dissect import BYTES
    from tests.unit.test_services import SPOKEN

    frames = [*BYTES.values(), *(frame for frame, _, _ in SPOKEN.values())]
    chance = random.Random(5)
    for frame in (BYTES["echo"], BYTES["tcp syn"]):
        for length in (14, 20, 33, 34, 38, 41, 53, len(frame) - 1):
            frames += [frame[:length]]
        # Headers that lie: version, header length, total length, offset.
        for place, value in ((14, 0x65), (14, 0x42), (16, 0x00), (17, 0xFF), (20, 3)):
            frames.append(frame[:place] + bytes([value]) + frame[place + 1 :])
    frames += [chance.randbytes(size) for size in (14, 60, 200)]
    return frames


@boxed
def test_rows_of_real_tools_agree_with_tshark(directory):
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    tunnelled()
    path = directory / "corpus.pcapng"
    with Capture(ENDS, path=path) as capture:
        sh("ip -n red neigh flush dev eth0")
        pings_and_their_errors()
        routes()
        web(directory)
        names(directory)
        streams()
        capture.stop()
        assert capture.dropped == 0
    rest = directory / "crafted.pcapng"
    head = pcapng.section_block("tuilab") + pcapng.interface_block("made:eth0", 1)
    frames = [pcapng.packet_block(0, n, data) for n, data in enumerate(crafted())]
    rest.write_bytes(head + b"".join(frames))
    short = directory / "short.pcapng"
    sh(f"editcap -s 70 {path} {short}")
    compare([path, rest, short])


KINDS = {
    "a VLAN tag": " vlan 42, echo",
    "VXLAN": " vxlan 42 10.0.1.9 > 10.0.2.9, echo request",
    "IPv6 in VXLAN": "fd42::1 > fd42::2 ICMPv6 vxlan 42",
    "a first piece": " ICMP fragment id=",
    "a piece in VXLAN": "10.42.0.1 > 10.42.0.2 IPv4 vxlan 42 10.0.1.9 > 10.0.2.9, frag",
    "a piece of IPv6": " IPv6 fragment id=",
    "who has": " ARP who-has 10.0.1.1 tell ",
    "a neighbour asked for": " ICMPv6 neighbor solicitation",
    "a neighbour": " ICMPv6 neighbor advertisement",
    "a router asked for": " ICMPv6 router solicitation",
    "a router": " ICMPv6 router advertisement",
    "groups listened to": " ICMPv6 multicast listener report",
    "an address given": " DHCP ",
    "no host": " unreachable",
    "too far": " time exceeded in-transit",
    "too big": "need to frag (mtu 1400)",
    "too big, IPv6": " ICMPv6 packet too big",
    "a page": " HTTP ",
    "cut short": "[cut short]",
    "a bad header": " bad ",
}
"""What there must be among the packets, by a piece of its line."""


def compare(paths: list[Path]) -> None:
    columns = ["_ws.col.Source", "_ws.col.Destination", "_ws.col.Protocol"]
    fields = [word for column in columns for word in ("-e", column)]
    different, seen = [], Counter()
    missing = dict(KINDS)
    total = 0
    for path in paths:
        store = Store.open(path)
        theirs = tshark(path, *APART, "-T", "fields", *fields)
        assert len(theirs) == len(store)
        for packet, other in zip(store.packets(), theirs, strict=True):
            row = summary(packet)
            total += 1
            seen[row.protocol] += 1
            text = check_line(packet)
            missing = {k: words for k, words in missing.items() if words not in text}
            if "\t".join((row.source, row.destination, row.protocol)) != other:
                different.append(f"{path.name} {packet.number} {row} is {other!r}")
        store.close()
    print(total, dict(seen))
    share = 1 - len(different) / total
    assert share >= LEAST, f"{share:.4f} of {total}\n" + "\n".join(different[:60])
    assert not missing, f"there is nothing of: {missing}"
    for protocol in (
        *("ARP", "ICMP", "ICMPv6", "TCP", "UDP", "DNS", "DHCP", "HTTP", "IPv4", "IPv6"),
    ):
        assert seen[protocol], f"no {protocol} among {seen}"
    assert total > 500


def check_line(packet: Packet) -> str:
    text = line(packet)
    assert all(32 <= ord(character) < 127 for character in text), ascii(text)
    return text
