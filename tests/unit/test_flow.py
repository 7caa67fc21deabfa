"""Conversations by both ends: through tags, tunnels, pieces, and errors about them."""

import pytest
from scapy.contrib.geneve import GENEVE
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP, IPerror, TCPerror, fragment
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    IPv6,
    IPv6ExtHdrFragment,
    fragment6,
)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.conversation import conversation_filter, said
from tuilab.packets.flow import NEAR, take_flows, words_of
from tuilab.packets.select import Selection, Sieve, parse
from tuilab.packets.store import Packet, Store

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
WORDS = "flow tcp 10.0.1.9:40000 10.0.2.9:80"
WORDS6 = "flow tcp [fd00:1::9]:40000 [fd00:2::9]:80"
TALK = IP(src="10.0.1.9", dst="10.0.2.9") / TCP(sport=40000, dport=80) / Raw(b"ask")
BACK = IP(src="10.0.2.9", dst="10.0.1.9") / TCP(sport=80, dport=40000) / Raw(b"tell")
TALK6 = IPv6(src="fd00:1::9", dst="fd00:2::9") / TCP(sport=40000, dport=80)
OUTER = IP(src="192.0.2.1", dst="192.0.2.2")
TUNNEL = OUTER / UDP(sport=5555, dport=4789) / VXLAN(vni=42)
AUTHENTIC = IP(src="10.0.1.9", dst="10.0.2.9") / AH(nh=6, payloadlen=4, icv=bytes(12))
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
    "geneve": (
        WORDS,
        ETHER / OUTER / UDP(sport=40000, dport=6081) / GENEVE() / ETHER / TALK,
    ),
    "mpls": (WORDS, ETHER / MPLS(label=9, s=0) / MPLS(label=8, s=1) / TALK),
    "pppoe": (WORDS, ETHER / PPPoE(sessionid=5) / PPP() / BACK),
    "authenticated": (WORDS, ETHER / AUTHENTIC / TALK[TCP]),
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


def stored(tmp_path, frames: list[bytes], links: tuple[int, ...] = (0,)) -> Store:
    """Frames, each on the link in its turn: red's end, gw's to it, gw's others."""
    path = tmp_path / "some.pcapng"
    head = pcapng.section_block("test")
    for name in ("red:eth0", "gw:eth0", "gw:eth1"):
        head += pcapng.interface_block(name, 1)
    blocks = [
        pcapng.packet_block(links[n % len(links)], n, data)
        for n, data in enumerate(frames)
    ]
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
        found = conversation_filter(store, len(frames))
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
        found = conversation_filter(store, 2)
        assert found.startswith("flow udp ")
        assert chosen(store, found) == [0, 2, 3]
        (chunk,) = said(store.packet(i) for i in (0, 2, 3))
        assert (chunk.forward, chunk.data, chunk.missing) == (True, text, 0)
        assert said(store.packet(i) for i in (0, 3)) == []
        store.close()


def test_what_is_typed(tmp_path):
    flows, rest = take_flows("tcp and flow 10.0.0.1:5 10.0.0.2 and len > 7")
    assert (words_of(flows), rest.split()) == (
        "flow 10.0.0.1:5 10.0.0.2",
        ["tcp", "and", "and", "len", ">", "7"],
    )
    assert words_of(parse("flow icmp6 FD00::1 fd00:0::2").flows) == (
        "flow icmp6 fd00::1 fd00::2"
    )
    wish = parse(f'{WORDS} and "ask"')
    assert (words_of(wish.flows), wish.filter, wish.texts) == (WORDS, "", ("ask",))
    assert parse(f"len > 60 and {WORDS}").filter == "len > 60"
    # What is no conversation is looked for as text.
    for text in ("flow control", "flow 10.0.0 10.0.0.2", "flow bad face"):
        assert parse(text).flows == ()
        assert parse(text).texts == (text,)


def test_an_error_is_told_with_what_it_is_about(tmp_path):
    error = ETHER / IP(src="10.0.1.1", dst="10.0.1.9") / ICMP(type=11)
    error = error / IPerror(src="10.0.1.9", dst="10.0.2.9") / TCPerror(dport=80)
    store = stored(tmp_path, [bytes(error)])
    assert chosen(store, "flow tcp 10.0.1.9 10.0.2.9:80") == [0]
    assert said([store.packet(0)]) == []
    store.close()


CUT = fragment(
    TUNNEL
    / ETHER
    / IP(src="10.0.1.9", dst="10.0.2.9")
    / TCP(sport=40000, dport=80, flags="A")
    / Raw(b"0123456789" * 400),
    1400,
)
"""A packet of a tunnel in pieces."""


@pytest.mark.parametrize("links", [(0,), (0, 1)])
def test_pieces_of_a_packet_of_a_tunnel_belong_to_what_it_carries(tmp_path, links):
    pieces = [bytes(ETHER / piece) for piece in CUT]
    assert len(pieces) == 3
    # Another one of the same tunnel, cut up as well.
    other = TUNNEL / ETHER / IP(dst="10.0.9.9") / UDP() / Raw(bytes(4000))
    other[IP].id = 7
    others = [bytes(ETHER / piece) for piece in fragment(other, 1400)]
    frames = [it for pair in zip(pieces, others, strict=True) for it in pair]
    twice = [frame for frame in frames for _ in links]
    store = stored(tmp_path, twice, links)
    wanted = [n for n, frame in enumerate(twice) if frame in pieces]
    assert chosen(store, WORDS) == wanted
    # The first piece tells what it carries.
    found = conversation_filter(store, 0)
    assert chosen(store, found) == wanted
    (chunk,) = said(store.packet(i) for i in wanted)
    assert chunk.data == b"0123456789" * 400
    # Who looks from the second piece on, looks for the first one too.
    sieve = Sieve(store, parse(WORDS))
    assert list(sieve.look(2 * len(links), len(twice))) == wanted[len(links) :]
    store.close()


def test_after_a_while_pieces_are_others(tmp_path):
    pieces = [bytes(ETHER / piece) for piece in CUT]
    rest = [bytes(it) for it in OTHERS.values()] * (NEAR // len(OTHERS) + 1)
    store = stored(tmp_path, [*pieces, *rest, *pieces[1:]])
    assert chosen(store, WORDS) == [0, 1, 2]
    store.close()


def nat(frame, **fields):
    """As a router sends it on, with another address or port."""
    made = frame.copy()
    made[IP].ttl -= 1
    for name, value in fields.items():
        setattr(made[IP if name in ("src", "dst") else TCP], name, value)
    return made


def test_a_conversation_goes_on_behind_nat(tmp_path):
    ask = TALK.copy()
    ask[TCP].seq, ask[TCP].flags = 77, "A"
    tell = (
        IP(src="10.0.2.9", dst="192.0.2.1")
        / TCP(sport=80, dport=61000, seq=5, flags="A")
        / Raw(b"tell")
    )
    asked = nat(ask, src="192.0.2.1", sport=61000)
    told = nat(tell, dst="10.0.1.9", dport=40000)
    frames = [bytes(ETHER / it) for it in (ask, asked, tell, told)]
    both = f"{WORDS} or flow tcp 192.0.2.1:61000 10.0.2.9:80"
    for links in ((1, 2, 2, 1), (0,)):  # in and out on one link, too
        store = stored(tmp_path, frames, links)
        assert conversation_filter(store, 0) == both
        assert chosen(store, both) == [0, 1, 2, 3]
        # From the other side it is the same one.
        assert chosen(store, conversation_filter(store, 2)) == [0, 1, 2, 3]
        chunks = said(store.packet(i) for i in range(4))
        assert [(c.forward, c.data) for c in chunks] == [
            (True, b"ask"),
            (False, b"tell"),
        ]
        store.close()


def test_what_says_the_same_by_chance_is_another_conversation(tmp_path):
    def say(source: str, port: int, ident: int = 0):
        packet = IP(src=source, dst="10.0.2.9", id=ident) / UDP(sport=port, dport=7)
        return bytes(ETHER / packet / Raw(b"hello"))

    one, two = say("10.0.1.9", 5000), say("10.0.1.8", 5001)
    store = stored(tmp_path, [one, two], (1,))  # both come in on one link
    assert conversation_filter(store, 0) == "flow udp 10.0.1.9:5000 10.0.2.9:7"
    store.close()
    store = stored(tmp_path, [one, say("192.0.2.1", 5000)], (1, 2))
    assert conversation_filter(store, 0) == (
        "flow udp 10.0.1.9:5000 10.0.2.9:7 or flow udp 192.0.2.1:5000 10.0.2.9:7"
    )
    store.close()
    # Numbered by the sender, it is the same packet wherever it is seen.
    numbered = [say("10.0.1.9", 5000, 7), say("192.0.2.1", 5000, 7)]
    store = stored(tmp_path, numbered, (1,))
    assert " or " in conversation_filter(store, 0)
    store.close()


def test_ways_of_one_conversation_are_read_and_written():
    words = "flow 10.0.0.1 10.0.0.2 or flow 10.0.0.1 10.0.0.3"
    flows, rest = take_flows(f"{words} and len > 7")
    assert words_of(flows) == words
    assert rest.split() == ["and", "len", ">", "7"]
    assert len(parse(f"{words} && len > 7").flows) == 2
    # Others stand on their own.
    flows, rest = take_flows("flow 10.0.0.1 10.0.0.2 or icmp")
    assert (len(flows), rest.split()) == (1, ["or", "icmp"])
