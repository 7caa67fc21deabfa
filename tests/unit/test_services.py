"""What else runs over UDP and TCP, and what stands between Ethernet and IP."""

import struct

import pytest
from scapy.contrib.geneve import GENEVE
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot3, Ether
from scapy.packet import Packet as Layer
from scapy.packet import Raw

from tuilab.model.links import Endpoint
from tuilab.packets.decode import decode
from tuilab.packets.dissect import summary
from tuilab.packets.store import Packet

MACS = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
ETHER = Ether(**MACS)
ADDRESSES = {"src": "10.0.0.1", "dst": "10.0.0.2"}
HERE = IP(**ADDRESSES)
ECHO = HERE / ICMP()
NAME = b"www.example.org"
SERVER_NAME = (
    struct.pack("!HHHBH", 0, len(NAME) + 5, len(NAME) + 3, 0, len(NAME)) + NAME
)


def over(service: type[Layer], port: int, data: bytes) -> bytes:
    ports = service(sport=40000, dport=port)
    if service is TCP:
        ports.flags = "PA"
    return bytes(ETHER / HERE / ports / Raw(data))


def above(kind: int, inside: Layer | bytes) -> bytes:
    return bytes(
        Ether(**MACS, type=kind)
        / (Raw(inside) if isinstance(inside, bytes) else inside)
    )


def client_hello() -> bytes:
    extensions = struct.pack("!HH", 10, 0) + SERVER_NAME
    hello = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    hello += len(extensions).to_bytes(2) + extensions
    shake = b"\x01" + len(hello).to_bytes(3) + hello
    return b"\x16\x03\x01" + len(shake).to_bytes(2) + shake


SPOKEN = {
    "ssh": (over(TCP, 22, b"SSH-2.0-OpenSSH_9.2\r\n"), "SSH", "SSH-2.0-OpenSSH_9.2"),
    "ftp": (over(TCP, 21, b"USER me\r\n"), "FTP", "USER me"),
    "smtp": (over(TCP, 25, b"EHLO me\r\n"), "SMTP", "EHLO me"),
    "telnet": (over(TCP, 23, b"\xff\xfd\x18"), "TELNET", "40000 > 23"),
    "bgp": (
        over(TCP, 179, (b"\xff" * 16 + b"\0\x13\x04") * 2),
        "BGP",
        "keepalive, keepalive",
    ),
    "snmp": (
        over(
            UDP,
            161,
            bytes.fromhex(
                "302602010104067075626c6963a019020400000001020100020100300b300906052b06"
                "0102010500"
            ),
        ),
        "SNMP",
        "40000 > 161",
    ),
    "syslog": (over(UDP, 514, b"<13>Oct 1 00:00:00 h p: m"), "Syslog", "h p: m"),
    "tftp": (over(UDP, 69, b"\0\x01file\0octet\0"), "TFTP", "read file"),
    "ssdp": (over(UDP, 1900, b"M-SEARCH * HTTP/1.1\r\n\r\n"), "SSDP", "M-SEARCH *"),
    "sip": (
        over(UDP, 5060, b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n"),
        "SIP",
        "OPTIONS sip:a@b",
    ),
    "rip": (over(UDP, 520, b"\x02\x02\0\0" + bytes(20)), "RIPv2", "response"),
    "wireguard begins": (
        over(UDP, 9999, b"\x01\0\0\0" + bytes(144)),
        "WireGuard",
        "40000 > 9999 handshake initiation",
    ),
    "wireguard": (
        over(UDP, 51820, b"\x04\0\0\0" + bytes(28)),
        "WireGuard",
        "transport data",
    ),
    "geneve": (
        bytes(
            ETHER / HERE / UDP(sport=40000, dport=6081) / GENEVE(vni=9) / ETHER / ECHO
        ),
        "ICMP",
        "geneve 9 10.0.0.1 > 10.0.0.2, echo request",
    ),
    "mpls": (
        above(0x8847, MPLS(label=100, s=0) / MPLS(label=7, s=1) / ECHO),
        "ICMP",
        "mpls 100, mpls 7, echo request",
    ),
    "mpls, IPv6": (
        above(0x8847, MPLS(label=100, s=1) / IPv6(src="fd00::1", dst="fd00::2")),
        "IPv6",
        "mpls 100, no next header",
    ),
    "pppoe begins": (
        above(0x8863, b"\x11\x09\0\0\0\x04\x01\x01\0\0"),
        "PPPoED",
        "PADI",
    ),
    "pppoe": (
        above(0x8864, b"\x11\0\0\x05\0\x1e\0\x21" + bytes(ECHO)),
        "ICMP",
        "pppoe 5, echo request",
    ),
    "pppoe, lcp": (
        above(0x8864, b"\x11\0\0\x05\0\x06\xc0\x21\x09\x01\0\x04"),
        "PPP LCP",
        "pppoe 5, protocol 0xc021",
    ),
    "eapol": (above(0x888E, b"\x01\x01\0\0"), "EAPOL", "v1 start"),
    "lacp": (
        bytes(
            Ether(src=MACS["src"], dst="01:80:c2:00:00:02", type=0x8809)
            / Raw(b"\x01\x01" + bytes(108))
        ),
        "LACP",
        "v1",
    ),
    "rarp": (above(0x8035, ARP(op=3)), "RARP", "reverse request"),
    "ptp": (above(0x88F7, b"\0\x02\0\x2c" + bytes(40)), "PTPv2", "length 44"),
    "cdp": (
        bytes(
            Dot3(src=MACS["src"], dst="01:00:0c:cc:cc:cc")
            / Raw(bytes.fromhex("aaaa0300000c200002b400000001000573"))
        ),
        "CDP",
        "",
    ),
    "authenticated": (
        bytes(
            ETHER
            / IP(**ADDRESSES, proto=51)
            / Raw(b"\x06\x04" + bytes(22) + bytes(TCP(dport=80)))
        ),
        "TCP",
        "ah, 20 > 80 [S]",
    ),
    "IPv6 in gre": (
        bytes(ETHER / HERE / GRE() / IPv6(src="fd00::1", dst="fd00::2", nh=59)),
        "IPv6",
        "gre 10.0.0.1 > 10.0.0.2, no next header",
    ),
}
"""A frame, its protocol as Wireshark calls it, and a piece of what it says."""


def row_of(data: bytes):
    return summary(Packet(1, 0, Endpoint("red", "eth0"), data, len(data)))


@pytest.mark.parametrize("name", SPOKEN)
def test_what_is_spoken(name):
    frame, protocol, words = SPOKEN[name]
    row = row_of(frame)
    assert row.protocol == protocol
    assert words in row.info
    for size in range(len(frame)):
        row_of(frame[:size])  # wherever it is cut


def test_whom_a_client_asks_for():
    hello = client_hello()
    row = row_of(over(TCP, 4433, hello))
    assert row.protocol == "TLS"
    assert row.info.endswith(" client hello www.example.org")
    for size in range(6, len(hello)):
        assert row_of(over(TCP, 443, hello[:size])).protocol == "TLS"
    for data, words in (
        (b"\x17\x03\x03\0\x05hallo", "application data"),
        (b"\x16\x03\x03\0\x05\x02", "server hello"),
        (b"\x15\x03\x03\0\x02\x01\0", "alert"),
    ):
        assert row_of(over(TCP, 443, data)).info.endswith(words)
    # What goes on with a record says nothing.
    assert row_of(over(TCP, 443, b"\x99\x03\x03")).protocol == "TCP"


def test_what_is_no_end_ends():
    header = b"\x33\0" + bytes(6)
    deep = bytes(ETHER / IP(**ADDRESSES, proto=51) / Raw(header * 4000))
    assert row_of(deep).protocol == "AH"
    labels = above(0x8847, bytes(4) * 10_000)
    assert row_of(labels).info.endswith("[cut short]")


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("bgp", "KEEPALIVE"),
        ("snmp", "SNMP"),
        ("wireguard begins", "Raw"),  # scapy goes by the port
        ("wireguard", "Wireguard Transport"),
        ("geneve", "GENEVE"),
        ("mpls", "MPLS"),
        ("pppoe", "PPP over Ethernet"),
        ("lacp", "LACP"),
        ("rarp", "ARP"),
        ("cdp", "Cisco Discovery Protocol version 2"),
        ("eapol", "EAPOL"),
    ],
)
def test_it_is_taken_apart_too(name, layer):
    frame, _, _ = SPOKEN[name]
    assert layer in [it["name"] for it in decode(data=frame.hex(), linktype=1)]
