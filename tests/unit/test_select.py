"""Display filters over stored packets: what they take, piece by piece."""

import os
import threading

import pytest

from tuilab.errors import UsageError
from tuilab.packets import pcapng
from tuilab.packets.pcapng import Interface
from tuilab.packets.select import Selection, Wish, parse
from tuilab.packets.store import Store

ETHER = bytes.fromhex("0200000000020200000000010800")
IP = bytes.fromhex("4500002000010000400100000a0000010a000002")
ECHO, REPLY = bytes.fromhex("0800000000010001"), bytes.fromhex("0000000000010001")
ARP = bytes.fromhex(
    "ffffffffffff02000000000108060001080006040001"
    "0200000000010a0000010000000000000a000002"
)
PING, PONG = ETHER + IP + ECHO + b"hallo", ETHER + IP + REPLY + b"hallo"
RAW = 101
HEAD = (
    pcapng.section_block("tuilab test")
    + pcapng.interface_block("red:eth0", 1)
    + pcapng.interface_block("blue:tun0", RAW)
)


@pytest.fixture
def store(tmp_path):
    """A store that takes further packets by its ``add``."""
    fd = os.open(tmp_path / "some.pcapng", os.O_RDWR | os.O_CREAT)
    os.write(fd, HEAD)
    interfaces = [Interface("red:eth0", 1), Interface("blue:tun0", RAW)]
    store = Store(os.dup(fd), interfaces, len(HEAD))

    def add(*packets: bytes, interface: int = 0) -> None:
        blocks = [
            pcapng.packet_block(interface, n, data) for n, data in enumerate(packets)
        ]
        os.write(fd, b"".join(blocks))
        store.publish(map(len, blocks), os.lseek(fd, 0, os.SEEK_CUR))

    store.add = add
    yield store
    store.close()
    os.close(fd)


def found(store, text: str) -> list[int]:
    selection = Selection(store, text)
    while not selection.advance(0.001):
        pass
    return [selection[i] for i in range(len(selection))]


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("", Wish()),
        ("  icmp  or   arp ", Wish("icmp or arp")),
        ("dns", Wish("port 53 or port 5353")),
        ('tcp port 80 and "GET /"', Wish("tcp port 80", ("get /",))),
        ('"who-has" and arp', Wish("arp", ("who-has",))),
        ('"a" and "b"', Wish("", ("a", "b"))),
        ('""', Wish()),
        ("Red:eth0", Wish("", ("red:eth0",))),
        ("echo reply", Wish("", ("echo reply",))),
    ],
)
def test_what_a_display_filter_means(text, wish):
    assert parse(text) == wish


@pytest.mark.parametrize("text", ['tcp porrt 80 and "GET"', 'arp and "open', '" or'])
def test_what_is_no_display_filter(text):
    with pytest.raises(UsageError, match="is no filter"):
        parse(text)


def test_filters_and_texts(store):
    store.add(PING, ARP, PONG, PING, b"", b"\xff" * 20)
    store.add(IP + ECHO, IP + REPLY, interface=1)
    assert found(store, "") == list(range(8))
    assert found(store, "icmp") == [0, 2, 3, 6, 7]
    assert found(store, "icmp[icmptype] == icmp-echoreply") == [2, 7]
    assert found(store, "ether host 02:00:00:00:00:01") == [0, 1, 2, 3]
    assert found(store, "echo reply") == [2, 7]
    assert found(store, 'icmp and "blue:tun0"') == [6, 7]
    assert found(store, '"WHO-HAS 10.0.0.2"') == [1]
    # Where a filter looks beyond the end of a packet, libpcap takes it for no.
    assert found(store, "not ip") == [1, 5]
    assert found(store, '"nowhere to be seen"') == []


def test_it_goes_on_where_it_was_when_there_are_more(store):
    selection = Selection(store, "arp")
    assert selection.advance()
    store.add(PING, ARP)
    assert not selection.done
    assert selection.advance()
    store.add(ARP, PING, ARP)
    assert selection.advance()
    assert [selection[i] for i in range(len(selection))] == [1, 2, 4]
    assert selection.examined == 5
    assert [selection.position(i) for i in (0, 1, 2, 3, 4, 5)] == [0, 0, 1, 2, 2, 3]


def test_a_piece_at_a_time_can_be_read_meanwhile(store):
    store.add(*[PING, ARP] * 20_000)
    selection = Selection(store, "arp")
    assert not selection.advance(0)
    assert 0 < len(selection) < 20_000
    assert selection.examined == 2 * len(selection)
    seen = []
    looking = threading.Thread(target=lambda: found_all(selection))
    looking.start()
    while looking.is_alive():
        count = len(selection)
        seen.append(count)
        assert selection[count - 1] == 2 * count - 1
    looking.join()
    assert len(selection) == 20_000
    assert seen == sorted(seen)


def found_all(selection: Selection) -> None:
    while not selection.advance(0.001):
        pass


def test_packets_of_another_byte_order_and_of_several_sections(tmp_path):
    path = tmp_path / "two.pcapng"
    one = HEAD + pcapng.packet_block(0, 1, ARP) + pcapng.packet_block(1, 2, IP + ECHO)
    path.write_bytes(one + HEAD + pcapng.packet_block(0, 3, PING))
    store = Store.open(path)
    assert list(store.frames()) == [(1, ARP), (RAW, IP + ECHO), (1, PING)]
    assert list(store.frames(1, 2)) == [(RAW, IP + ECHO)]
    assert found(store, "icmp") == [1, 2]
    store.close()
