"""One line a packet: known packets word for word, and any bytes without a crash."""

import contextlib
import random
import shutil
import socket
import struct
import subprocess
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.contrib.lldp import (
    LLDPDU,
    LLDPDUChassisID,
    LLDPDUEndOfLLDPDU,
    LLDPDUPortID,
    LLDPDUSystemName,
    LLDPDUTimeToLive,
)
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DHCP6_Solicit
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRRMX
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6MLDMultAddrRec,
    ICMPv6MLQuery,
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6PacketTooBig,
    ICMPv6TimeExceeded,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    RouterAlert,
)
from scapy.layers.l2 import ARP, GRE, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.layers.ntp import NTPHeader
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.decode import decode
from tuilab.packets.dissect import line, summary
from tuilab.packets.headers import headers_of
from tuilab.packets.select import Sieve, parse
from tuilab.packets.store import Packet, Store

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
ALL = "ff:ff:ff:ff:ff:ff"
E = Ether(src=A, dst=B)
V4 = E / IP(src="10.0.0.1", dst="10.0.0.2", id=0x1A2B)
V6 = E / IPv6(src="fd00::1", dst="fd00::2")
LOST4 = IP(src="10.0.0.1", dst="10.0.9.9")
LOST6 = IPv6(src="fd00::1", dst="fd00::99")
DHCP_HEAD = UDP(sport=68, dport=67) / BOOTP(
    chaddr=bytes.fromhex("02000000000a"), xid=0x1234
)
ANSWER = {"rrname": "a.example", "ttl": 60}

KNOWN = {
    "arp request": (
        Ether(src=A, dst=ALL) / ARP(op=1, hwsrc=A, psrc="10.0.0.1", pdst="10.0.0.2"),
        f"{A} {ALL} ARP | who-has 10.0.0.2 tell 10.0.0.1",
    ),
    "arp reply": (
        E / ARP(op=2, hwsrc=A, psrc="10.0.0.1", hwdst=B, pdst="10.0.0.2"),
        f"{A} {B} ARP | 10.0.0.1 is-at {A}",
    ),
    "echo": (
        V4 / ICMP(type=8, id=0x1019, seq=7) / Raw(bytes(56)),
        "10.0.0.1 10.0.0.2 ICMP | echo request id=0x1019 seq=7 ttl=64 length=64",
    ),
    "echo reply": (
        V4 / ICMP(type=0, id=1, seq=2),
        "10.0.0.1 10.0.0.2 ICMP | echo reply id=0x0001 seq=2 ttl=64 length=8",
    ),
    "host unreachable": (
        V4 / ICMP(type=3, code=1) / LOST4 / ICMP(),
        "10.0.0.1 10.0.0.2 ICMP | host 10.0.9.9 unreachable",
    ),
    "port unreachable": (
        V4 / ICMP(type=3, code=3) / LOST4 / UDP(sport=1, dport=53),
        "10.0.0.1 10.0.0.2 ICMP | 10.0.9.9 udp port 53 unreachable",
    ),
    "fragmentation needed": (
        V4 / ICMP(type=3, code=4, nexthopmtu=1400) / LOST4 / TCP(),
        "10.0.0.1 10.0.0.2 ICMP | 10.0.9.9 unreachable - need to frag (mtu 1400)",
    ),
    "time exceeded": (
        V4 / ICMP(type=11) / LOST4 / UDP(),
        "10.0.0.1 10.0.0.2 ICMP | time exceeded in-transit, for 10.0.9.9",
    ),
    "redirect": (
        V4 / ICMP(type=5, code=1, gw="10.0.0.254") / LOST4 / UDP(),
        "10.0.0.1 10.0.0.2 ICMP | redirect 10.0.9.9 to host 10.0.0.254",
    ),
    "tcp syn": (
        V4 / TCP(sport=51822, dport=8080, flags="S", seq=9, window=64240),
        "10.0.0.1 10.0.0.2 TCP | 51822 > 8080 [S] seq=9 win=64240 len=0",
    ),
    "tcp data": (
        V4 / TCP(sport=9, dport=8, flags="PA", seq=1, ack=2, window=3) / Raw(b"data"),
        "10.0.0.1 10.0.0.2 TCP | 9 > 8 [P.] seq=1 ack=2 win=3 len=4",
    ),
    "tcp options": (
        V6
        / TCP(sport=9, dport=8, flags="SEC", window=3, options=[("MSS", 1440)])
        / Raw(b"x"),
        "fd00::1 fd00::2 TCP | 9 > 8 [SEW] seq=0 win=3 len=1",
    ),
    "tcp without flags": (
        V4 / TCP(sport=9, dport=8, flags="", window=3),
        "10.0.0.1 10.0.0.2 TCP | 9 > 8 [none] seq=0 win=3 len=0",
    ),
    "http": (
        V4 / TCP(sport=9, dport=80, flags="PA") / Raw(b"GET /\x1b[2J HTTP/1.1\r\n\r\n"),
        "10.0.0.1 10.0.0.2 HTTP | 9 > 80 GET /\\033[2J HTTP/1.1",
    ),
    "udp": (
        V4 / UDP(sport=4000, dport=4001) / Raw(b"hello"),
        "10.0.0.1 10.0.0.2 UDP | 4000 > 4001 len=5",
    ),
    "dns query": (
        V4 / UDP(sport=4000) / DNS(id=5, rd=1, qd=DNSQR(qname="a.example")),
        "10.0.0.1 10.0.0.2 DNS | 5+ A? a.example.",
    ),
    "dns answer": (
        V4
        / UDP(sport=53, dport=4000)
        / DNS(
            id=5,
            qr=1,
            ra=1,
            qd=DNSQR(qname="a.example"),
            an=[
                DNSRR(type="CNAME", rdata="b.example", **ANSWER),
                DNSRR(type="A", rdata="10.1.2.3", **ANSWER),
                DNSRR(type="AAAA", rdata="fd00::5", **ANSWER),
                DNSRR(type="TXT", rdata="a\x07b", **ANSWER),
                DNSRRMX(exchange="mx.example", **ANSWER),
            ],
        ),
        "10.0.0.1 10.0.0.2 DNS | 5 5/0/0 A? a.example. CNAME b.example., A 10.1.2.3,"
        ' AAAA fd00::5, TXT "a\\007b"',
    ),
    "dns failure": (
        V4 / UDP(sport=53, dport=4000) / DNS(id=5, qr=1, rcode=3, aa=1),
        "10.0.0.1 10.0.0.2 DNS | 5 NXDomain*- 0/0/0 A? www.example.com.",
    ),
    "mdns": (
        V6 / UDP(sport=5353, dport=5353) / DNS(rd=0, qd=DNSQR(qname="x.local")),
        "fd00::1 fd00::2 MDNS | 0 A? x.local.",
    ),
    "dhcp discover": (
        V4 / DHCP_HEAD / DHCP(options=[("message-type", "discover"), "end"]),
        f"10.0.0.1 10.0.0.2 DHCP | Discover {A} xid=0x00001234",
    ),
    "dhcp request": (
        V4
        / DHCP_HEAD
        / DHCP(
            options=[
                ("message-type", "request"),
                ("requested_addr", "10.0.0.7"),
                ("server_id", "10.0.0.1"),
                ("hostname", "red"),
                "end",
            ]
        ),
        f"10.0.0.1 10.0.0.2 DHCP | Request {A} xid=0x00001234 wanted=10.0.0.7"
        " server=10.0.0.1 name=red",
    ),
    "dhcpv6": (
        V6 / UDP(sport=546, dport=547) / DHCP6_Solicit(trid=0xABC),
        "fd00::1 fd00::2 DHCPv6 | Solicit xid=0x000abc",
    ),
    "ntp": (
        V4 / UDP(sport=123, dport=123) / NTPHeader(mode=3, stratum=2),
        "10.0.0.1 10.0.0.2 NTP | v4 client stratum=2",
    ),
    "vlan": (
        E / Dot1Q(vlan=42) / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(id=1, seq=1),
        "10.0.0.1 10.0.0.2 ICMP"
        " | vlan 42, echo request id=0x0001 seq=1 ttl=64 length=8",
    ),
    "two vlan tags": (
        E / Dot1AD(vlan=3) / Dot1Q(vlan=4) / ARP(psrc="10.0.0.1", pdst="10.0.0.2"),
        f"{A} {B} ARP | vlan 3, vlan 4, who-has 10.0.0.2 tell 10.0.0.1",
    ),
    "first fragment": (
        E
        / IP(src="10.0.0.1", dst="10.0.0.2", id=7, flags="MF", proto=17)
        / Raw(struct.pack("!HHHH", 1, 2, 3000, 0) + bytes(1472)),
        "10.0.0.1 10.0.0.2 UDP | fragment id=0x7 offset=0 more, 1 > 2 len=2992",
    ),
    "later fragment": (
        E
        / IP(src="10.0.0.1", dst="10.0.0.2", id=7, frag=185, proto=17)
        / Raw(bytes(100)),
        "10.0.0.1 10.0.0.2 IPv4 | fragment id=0x7 offset=1480, UDP length=100",
    ),
    "later fragment 6": (
        V6 / IPv6ExtHdrFragment(id=9, offset=3, m=1, nh=6) / Raw(bytes(24)),
        "fd00::1 fd00::2 IPv6 | fragment id=0x9 offset=24 more, TCP length=24",
    ),
    "padding": (
        E / IP(src="10.0.0.1", dst="10.0.0.2", len=28) / UDP(len=8) / Raw(bytes(18)),
        "10.0.0.1 10.0.0.2 UDP | 53 > 53 len=0",
    ),
    "extension headers": (
        V6
        / IPv6ExtHdrHopByHop(options=[RouterAlert()])
        / IPv6ExtHdrDestOpt()
        / ICMPv6EchoRequest(id=1, seq=2),
        "fd00::1 fd00::2 ICMPv6 | echo request id=0x0001 seq=2 ttl=64 length=8",
    ),
    "no route 6": (
        V6 / ICMPv6DestUnreach(code=0) / LOST6 / UDP(),
        "fd00::1 fd00::2 ICMPv6 | no route to fd00::99",
    ),
    "port unreachable 6": (
        V6 / ICMPv6DestUnreach(code=4) / LOST6 / UDP(dport=99),
        "fd00::1 fd00::2 ICMPv6 | fd00::99 udp port 99 unreachable",
    ),
    "too big": (
        V6 / ICMPv6PacketTooBig(mtu=1280) / LOST6 / TCP(),
        "fd00::1 fd00::2 ICMPv6 | packet too big, mtu 1280, for fd00::99",
    ),
    "hop limit": (
        V6 / ICMPv6TimeExceeded() / LOST6 / UDP(),
        "fd00::1 fd00::2 ICMPv6 | time exceeded in-transit, for fd00::99",
    ),
    "neighbour solicitation": (
        V6 / ICMPv6ND_NS(tgt="fd00::2") / ICMPv6NDOptSrcLLAddr(lladdr=A),
        f"fd00::1 fd00::2 ICMPv6 | neighbor solicitation, who has fd00::2 from {A}",
    ),
    "neighbour advertisement": (
        V6 / ICMPv6ND_NA(tgt="fd00::1", R=1, S=1) / ICMPv6NDOptDstLLAddr(lladdr=A),
        f"fd00::1 fd00::2 ICMPv6 | neighbor advertisement, tgt is fd00::1 at {A}"
        " [router, solicited, override]",
    ),
    "router solicitation": (
        V6 / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=A),
        f"fd00::1 fd00::2 ICMPv6 | router solicitation from {A}",
    ),
    "router advertisement": (
        V6
        / ICMPv6ND_RA(routerlifetime=1800, chlim=64, M=1)
        / ICMPv6NDOptPrefixInfo(prefix="fd01::", prefixlen=64)
        / ICMPv6NDOptMTU(mtu=1400),
        "fd00::1 fd00::2 ICMPv6 | router advertisement lifetime=1800 hops=64"
        " flags=M prefix=fd01::/64 mtu=1400",
    ),
    "redirect 6": (
        V6 / ICMPv6ND_Redirect(tgt="fd00::9", dst="fd00::99"),
        "fd00::1 fd00::2 ICMPv6 | redirect fd00::99 to fd00::9",
    ),
    "listener query": (
        V6 / ICMPv6MLQuery(mladdr="ff02::5"),
        "fd00::1 fd00::2 ICMPv6 | multicast listener query ff02::5",
    ),
    "listener report": (
        V6
        / IPv6ExtHdrHopByHop(options=[RouterAlert()])
        / ICMPv6MLReport2(
            records_number=2,
            records=[
                ICMPv6MLDMultAddrRec(dst="ff02::5", rtype=4),
                ICMPv6MLDMultAddrRec(dst="ff02::6", rtype=4),
            ],
        ),
        "fd00::1 fd00::2 ICMPv6 | multicast listener report v2, 2 group record(s)"
        " ff02::5 ff02::6",
    ),
    "spanning tree": (
        Dot3(src=A, dst="01:80:c2:00:00:00")
        / LLC(dsap=0x42, ssap=0x42, ctrl=3)
        / STP(rootid=0x8000, rootmac=A, bridgeid=0x8000, bridgemac=A, portid=0x8001),
        f"{A} 01:80:c2:00:00:00 STP | config root=8000.{A} cost=0 port=0x8001",
    ),
    "snap": (
        Dot3(src=A, dst=B)
        / LLC(dsap=0xAA, ssap=0xAA, ctrl=3)
        / SNAP(OUI=0, code=0x0800)
        / IP(src="10.0.0.1", dst="10.0.0.2")
        / UDP(sport=4000, dport=4001),
        "10.0.0.1 10.0.0.2 UDP | 4000 > 4001 len=0",
    ),
    "lldp": (
        Ether(src=A, dst="01:80:c2:00:00:0e", type=0x88CC)
        / LLDPDU()
        / LLDPDUChassisID(subtype=4, id=A)
        / LLDPDUPortID(subtype=5, id="eth0")
        / LLDPDUTimeToLive(ttl=120)
        / LLDPDUSystemName(system_name="red")
        / LLDPDUEndOfLLDPDU(),
        f"{A} 01:80:c2:00:00:0e LLDP | chassis={A} port=eth0 name=red",
    ),
    "ip in ip": (
        V4 / IP(src="10.5.0.1", dst="10.5.0.2") / ICMP(id=1, seq=1),
        "10.5.0.1 10.5.0.2 ICMP | ipip 10.0.0.1 > 10.0.0.2, echo request id=0x0001"
        " seq=1 ttl=64 length=8",
    ),
    "six in four": (
        V4 / IPv6(src="fd00::1", dst="fd00::2") / UDP(sport=4000, dport=4001),
        "fd00::1 fd00::2 UDP | ipip 10.0.0.1 > 10.0.0.2, 4000 > 4001 len=0",
    ),
    "gre": (
        V4 / GRE(key_present=1, key=5) / IP(src="10.5.0.1", dst="10.5.0.2") / UDP(),
        "10.5.0.1 10.5.0.2 UDP | gre 10.0.0.1 > 10.0.0.2, 53 > 53 len=0",
    ),
    "vxlan": (
        V4
        / UDP(sport=4000, dport=4789)
        / VXLAN(vni=42, flags=8)
        / Ether(src=A, dst=ALL)
        / ARP(psrc="10.7.0.1", pdst="10.7.0.2"),
        f"{A} {ALL} ARP | vxlan 42 10.0.0.1 > 10.0.0.2, who-has 10.7.0.2 tell 10.7.0.1",
    ),
    "unknown ethertype": (
        Ether(src=A, dst=B, type=0x88B5) / Raw(bytes(50)),
        f"{A} {B} 0x88b5 | ethertype 0x88b5, length 50",
    ),
    "unknown protocol": (
        E / IP(src="10.0.0.1", dst="10.0.0.2", proto=253) / Raw(bytes(10)),
        "10.0.0.1 10.0.0.2 IPv4 | protocol 253 length=10",
    ),
    "igmp": (
        E
        / IP(src="10.0.0.1", dst="224.0.0.22", proto=2)
        / Raw(bytes.fromhex("1600f9fde0000116")),
        "10.0.0.1 224.0.0.22 IGMPv2 | report 224.0.1.22",
    ),
}
BYTES = {name: bytes(frame) for name, (frame, _) in KNOWN.items()}


def packet(data: bytes, linktype: int = 1) -> Packet:
    return Packet(1, 10**18, Endpoint("red", "eth0"), data, len(data), linktype)


@pytest.mark.parametrize("name", KNOWN)
def test_known_packets_word_for_word(name):
    row = summary(packet(BYTES[name]))
    shown = f"{row.source} {row.destination} {row.protocol} | {row.info}"
    assert shown == KNOWN[name][1]


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_addresses_and_protocols_are_those_of_tshark(tmp_path):
    path = tmp_path / "known.pcapng"
    head = pcapng.section_block("test") + pcapng.interface_block("red:eth0", 1)
    path.write_bytes(
        head + b"".join(pcapng.packet_block(0, 10**15, b) for b in BYTES.values())
    )
    # A line is decoded from its own packet alone.
    alone = ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]
    command = ["tshark", "-n", "-r", str(path), *alone, "-T", "fields"]
    for column in ("Source", "Destination", "Protocol"):
        command += ["-e", f"_ws.col.{column}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = dict(zip(BYTES, done.stdout.splitlines(), strict=True))
    for name, data in BYTES.items():
        row = summary(packet(data))
        mine = f"{row.source}\t{row.destination}\t{row.protocol}"
        assert mine == theirs[name], name


@pytest.mark.parametrize("name", KNOWN)
def test_a_packet_cut_anywhere_still_gives_a_row(name):
    data = BYTES[name]
    for length in range(len(data)):
        row = summary(packet(data[:length]))
        assert row.info or row.protocol
        assert summary(packet(data[14 : 14 + length], pcapng.LINKTYPE_RAW)).protocol


LOOP = (2).to_bytes(4, "big")
COOKED = bytes.fromhex("0000 0001 0006 0200000000010000")
COOKED2 = bytes.fromhex("0000 00000002 0001 00 06 0200000000010000")
BEHIND = {
    pcapng.LINKTYPE_RAW: b"",
    pcapng.LINKTYPE_NULL: LOOP[::-1],
    pcapng.LINKTYPE_LOOP: LOOP,
    pcapng.LINKTYPE_LINUX_SLL: COOKED + b"\x08\0",
    pcapng.LINKTYPE_LINUX_SLL2: b"\x08\0" + COOKED2,
}
"""What links of other kinds have before an IPv4 packet."""


@pytest.mark.parametrize("linktype", BEHIND)
def test_links_of_other_kinds_carry_the_same_packets(linktype, tmp_path):
    """Such as what ``tcpdump -i any -w`` writes."""
    ip = bytes(V4 / UDP(sport=40_000, dport=9) / Raw(b"hello"))
    data = BEHIND[linktype] + ip[14:]
    assert summary(packet(data, linktype)) == summary(packet(ip))
    names = [layer["name"] for layer in decode(data=data.hex(), linktype=linktype)]
    assert names[-3:] == ["IP", "UDP", "Raw"]
    mine, theirs = headers_of(linktype, data), headers_of(1, ip)
    assert (mine.source, mine.payload) == (theirs.source, b"hello")
    assert mine.essences == theirs.essences
    path = tmp_path / "one.pcapng"
    path.write_bytes(
        pcapng.section_block("test")
        + pcapng.interface_block("red:eth0", linktype)
        + pcapng.packet_block(0, 10**15, data)
    )
    with contextlib.closing(Store.open(path)) as store:
        for text, found in (("udp port 9", [0]), ("tcp", [])):
            assert list(Sieve(store, parse(text)).look(0, 1)) == found


def test_a_link_of_an_unknown_kind_has_no_addresses():
    assert headers_of(105, bytes(V4 / UDP())[14:]).source == ""


def printable(text: str) -> bool:
    return all(32 <= ord(character) < 127 for character in text)


@pytest.mark.parametrize(
    ("linktype", "words"),
    [
        (105, "105 IEEE802_11"),
        (220, "220 USB_LINUX_MMAPPED"),
        (150, "150 USER3"),
        (300, "300"),
    ],
)
def test_links_that_are_not_read_are_named(linktype, words):
    row = summary(packet(bytes(5), linktype))
    assert (row.protocol, row.info) == ("?", f"link type {words}, length 5")


def check(data: bytes, linktype: int) -> None:
    row = summary(packet(data, linktype))
    text = " ".join((row.source, row.destination, row.protocol, row.info))
    assert printable(text), ascii(text)
    assert row.protocol
    assert line(packet(data, linktype)).endswith(row.info.rstrip())


LINKTYPES = st.sampled_from([0, 1, 101, 108, 113, 228, 229, 147, 276])


@given(st.binary(max_size=300), LINKTYPES)
@settings(max_examples=2000)
def test_any_bytes_give_a_line(data, linktype):
    check(data, linktype)


@given(st.sampled_from(sorted(BYTES)), st.data())
@settings(max_examples=4000)
def test_damaged_packets_give_a_line(name, data):
    """Random bytes rarely get past the first header; these do."""
    frame = bytearray(BYTES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(frame) - 1))
        frame[place] = data.draw(st.integers(0, 255))
    frame = frame[: data.draw(st.integers(0, len(frame)))]
    check(bytes(frame), 1)
    check(bytes(frame[14:]), 101)


@given(st.binary(max_size=200))
@example(b"\x00\x05\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01")
@settings(max_examples=1000)
def test_any_dns_gives_a_line(payload):
    """With the example: a name that points at itself."""
    check(bytes(V4 / UDP(sport=53, dport=53) / Raw(payload)), 1)
    check(bytes(V4 / UDP(sport=67, dport=68) / Raw(bytes(236) + payload)), 1)


FUZZED = 100_000
ROUND = 500


@given(st.integers(0, 2**32))
@settings(max_examples=FUZZED // ROUND, deadline=None)
def test_a_hundred_thousand_more_give_a_line(seed):
    """By the hundreds: drawn one by one they would take a hundred times as long."""
    chance = random.Random(seed)
    frames = list(BYTES.values())
    for number in range(ROUND):
        data = mutated(chance, frames)
        linktype = 1 if number % 4 else chance.choice((0, 101, 113, 228, 147, 276))
        try:
            check(data, linktype)
        except Exception:
            print(f"linktype {linktype}: {data.hex()}")
            raise


def mutated(chance: random.Random, frames: list[bytes]) -> bytes:
    """Noise, or a packet with wrong bytes, cut off, or going on as another."""
    if chance.random() < 0.1:
        return chance.randbytes(chance.randrange(200))
    frame = bytearray(chance.choice(frames))
    for _ in range(chance.randrange(4)):
        frame[chance.randrange(len(frame))] = chance.choice((0, 1, 127, 128, 255, 64))
    for _ in range(chance.randrange(3)):
        frame[chance.randrange(len(frame))] = chance.randrange(256)
    kind = chance.randrange(4)
    if kind == 0:
        del frame[chance.randrange(len(frame)) :]
    elif kind == 1:
        frame[chance.randrange(len(frame)) :] = chance.choice(frames)[14:]
    return bytes(frame)


def test_tunnels_in_tunnels_have_an_end():
    inner = bytes(IP(src="10.0.0.1", dst="10.0.0.2", proto=4, len=0))
    frame = bytes(E) + inner * 500
    row = summary(packet(frame[:12] + b"\x08\x00" + frame[14:]))
    assert "too deep" in row.info


def test_a_line_reads_like_tcpdump(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    data = BYTES["arp request"]
    stamp = 1_700_000_000_123_456_789
    shown = line(Packet(1, stamp, Endpoint("red", "eth0"), data, len(data)))
    assert shown == (
        f"22:13:20.123456 red:eth0 {A} > {ALL} ARP who-has 10.0.0.2 tell 10.0.0.1"
    )
    monkeypatch.undo()
    time.tzset()


def test_times_beyond_the_calendar_and_names_from_elsewhere():
    endpoint = Endpoint("red", "eth\x1b[2J")
    shown = line(Packet(1, 2**100, endpoint, b"", 0))
    assert printable(shown)
    assert "red:eth\\033[2J" in shown
    assert "red:?" in line(Packet(1, 0, Endpoint("red", "\udcff"), b"", 0))


def test_loopback_addresses_need_no_resolver(monkeypatch):
    """Nothing here asks the network about what it sees."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("a resolver was asked")

    for name in ("getaddrinfo", "gethostbyaddr", "getnameinfo", "getservbyport"):
        monkeypatch.setattr(socket, name, refuse)
    for data in BYTES.values():
        summary(packet(data))
