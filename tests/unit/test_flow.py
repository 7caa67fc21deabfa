"""Conversations by both ends: through tags, tunnels, pieces, and errors about them."""

import pytest
from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP, IPerror, TCPerror, fragment
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    IPv6,
    IPv6ExtHdrFragment,
    fragment6,
)
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.conversation import conversation_filter, said
from tuilab.packets.flow import take_flow
from tuilab.packets.select import Selection, parse
from tuilab.packets.store import Packet, Store

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
WORDS = "flow tcp 10.0.1.9:40000 10.0.2.9:80"
WORDS6 = "flow tcp [fd00:1::9]:40000 [fd00:2::9]:80"
TALK = IP(src="10.0.1.9", dst="10.0.2.9") / TCP(sport=40000, dport=80) / Raw(b"ask")
BACK = IP(src="10.0.2.9", dst="10.0.1.9") / TCP(sport=80, dport=40000) / Raw(b"tell")
TALK6 = IPv6(src="fd00:1::9", dst="fd00:2::9") / TCP(sport=40000, dport=80)
OUTER = IP(src="192.0.2.1", dst="192.0.2.2")
TUNNEL = OUTER / UDP(sport=5555, dport=4789) / VXLAN(vni=42)
SEEN = {
    "plain": (WORDS, ETHER / TALK),
    "back": (WORDS, ETHER / BACK),
    "tagged": (WORDS, ETHER / Dot1Q(vlan=10) / TALK),
    "tagged twice": (WORDS, ETHER / Dot1Q(vlan=10) / Dot1Q(vlan=20) / TALK),
    "vxlan": (WORDS, ETHER / TUNNEL / ETHER / TALK),
    "tagged in vxlan": (WORDS, ETHER / TUNNEL / ETHER / Dot1Q(vlan=7) / TALK),
    "vxlan in a tag": (WORDS, ETHER / Dot1Q(vlan=7) / TUNNEL / ETHER / BACK),
    "gre": (WORDS, ETHER / OUTER / GRE() / TALK),
    "gre with a key": (WORDS, ETHER / OUTER / GRE(key_present=1, key=9) / TALK),
    "frames in gre": (WORDS, ETHER / OUTER / GRE(proto=0x6558) / ETHER / TALK),
    "ipip": (WORDS, ETHER / OUTER / TALK),
    "IPv6": (WORDS6, ETHER / TALK6),
    "IPv6 in vxlan": (WORDS6, ETHER / TUNNEL / ETHER / TALK6),
    "IPv6 in a tag in vxlan": (WORDS6, ETHER / TUNNEL / ETHER / Dot1Q(vlan=7) / TALK6),
    "sit": (WORDS6, ETHER / OUTER / TALK6),
    "IPv6 in gre": (WORDS6, ETHER / OUTER / GRE() / TALK6),
    "an error": (
        WORDS,
        ETHER
        / IP(src="10.0.1.1", dst="10.0.1.9")
        / ICMP(type=3, code=1)
        / IPerror(bytes(TALK)),
    ),
    "an error, IPv6": (
        WORDS6,
        ETHER
        / IPv6(src="fd00:1::1", dst="fd00:1::9")
        / ICMPv6DestUnreach()
        / Raw(bytes(TALK6)),
    ),
}
OTHERS = {
    "another port": ETHER / IP(src="10.0.1.9", dst="10.0.2.9") / TCP(sport=1, dport=80),
    "UDP": ETHER / IP(src="10.0.1.9", dst="10.0.2.9") / UDP(sport=40000, dport=80),
    "another host": ETHER
    / IP(src="10.0.1.8", dst="10.0.2.9")
    / TCP(sport=40000, dport=80),
    "ends crossed": ETHER
    / IP(src="10.0.2.9", dst="10.0.1.9")
    / TCP(sport=40000, dport=80),
    "only the tunnel": ETHER / TUNNEL / ETHER / IP(src="10.0.2.9", dst="10.7.0.1"),
}


def stored(tmp_path, frames: list[bytes]) -> Store:
    path = tmp_path / "some.pcapng"
    head = pcapng.section_block("test") + pcapng.interface_block("red:eth0", 1)
    blocks = [pcapng.packet_block(0, n, data) for n, data in enumerate(frames)]
    path.write_bytes(head + b"".join(blocks))
    return Store.open(path)


def chosen(store: Store, text: str) -> list[int]:
    selection = Selection(store, text)
    while not selection.advance():
        pass
    return [selection[i] for i in range(len(selection))]


def packet(frame) -> Packet:
    data = bytes(frame)
    return Packet(1, 0, Endpoint("red", "eth0"), data, len(data))


@pytest.mark.parametrize("name", SEEN)
def test_wherever_it_is_seen(tmp_path, name):
    words, frame = SEEN[name]
    frames = [bytes(it) for it in OTHERS.values()]
    store = stored(tmp_path, [*frames, bytes(frame), *frames])
    assert chosen(store, words) == [len(frames)]
    if "error" not in name:
        found = conversation_filter(packet(frame))
        assert chosen(store, found) == [len(frames)]
        assert set(found.split()) == set(words.split())
    store.close()


def test_pieces_belong_to_it_and_are_put_together(tmp_path):
    text = b"0123456789" * 400
    ports = UDP(sport=7000, dport=7)
    four = IP(src="10.0.1.9", dst="10.0.2.9", id=77) / ports / Raw(text)
    six = IPv6(src="fd00:1::9", dst="fd00:2::9")
    six = six / IPv6ExtHdrFragment(id=78) / ports / Raw(text)
    for pieces in (fragment(four), fragment6(six, 1400)):
        frames = [bytes(ETHER / piece) for piece in pieces]
        assert len(frames) == 3
        other = bytes(ETHER / IP(src="10.0.1.9", dst="10.0.2.9") / UDP(dport=9))
        # They may come in any order.
        store = stored(tmp_path, [frames[2], other, frames[0], frames[1]])
        found = conversation_filter(packet(ETHER / pieces[0]))
        assert found.startswith("flow udp ")
        assert chosen(store, found) == [0, 2, 3]
        (chunk,) = said(store.packet(i) for i in (0, 2, 3))
        assert (chunk.forward, chunk.data, chunk.missing) == (True, text, 0)
        assert said(store.packet(i) for i in (0, 3)) == []
        store.close()


def test_what_is_typed(tmp_path):
    flow, rest = take_flow("tcp and flow 10.0.0.1:5 10.0.0.2 and len > 7")
    assert (str(flow), rest.split()) == (
        "flow 10.0.0.1:5 10.0.0.2",
        ["tcp", "and", "and", "len", ">", "7"],
    )
    assert str(parse("flow icmp6 FD00::1 fd00:0::2").flow) == (
        "flow icmp6 fd00::1 fd00::2"
    )
    wish = parse(f'{WORDS} and "ask"')
    assert (str(wish.flow), wish.filter, wish.texts) == (WORDS, "", ("ask",))
    assert parse(f"len > 60 and {WORDS}").filter == "len > 60"
    # What is no conversation is looked for as text.
    for text in ("flow control", "flow 10.0.0 10.0.0.2", "flow bad face"):
        assert parse(text).flow is None
        assert parse(text).texts == (text,)


def test_an_error_is_told_with_what_it_is_about(tmp_path):
    error = ETHER / IP(src="10.0.1.1", dst="10.0.1.9") / ICMP(type=11)
    error = error / IPerror(src="10.0.1.9", dst="10.0.2.9") / TCPerror(dport=80)
    store = stored(tmp_path, [bytes(error)])
    assert chosen(store, "flow tcp 10.0.1.9 10.0.2.9:80") == [0]
    assert said([store.packet(0)]) == []
    store.close()
