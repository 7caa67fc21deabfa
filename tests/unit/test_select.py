"""Display filters over stored packets: what they take, piece by piece."""

import os
import resource
import threading
from array import array
from itertools import accumulate

import pytest

from tuilab.errors import UsageError
from tuilab.model.links import Endpoint
from tuilab.packets import pcapng, select
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
TUN = Endpoint("blue", "tun0")
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
        offsets = array("Q", accumulate(map(len, blocks), initial=store.size))
        os.write(fd, b"".join(blocks))
        store.publish(offsets[:-1].tobytes(), os.lseek(fd, 0, os.SEEK_CUR))

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


@pytest.mark.parametrize("helped", [False, True])
def test_a_piece_at_a_time_can_be_read_meanwhile(store, helped, monkeypatch):
    if not helped:
        monkeypatch.setattr(select, "MANY", 1_000_000)
    store.add(*[PING, ARP] * 30_000)
    selection = Selection(store, "arp")
    while not len(selection):
        assert not selection.advance(0)
    assert (selection._crew is not None) == helped
    seen = []
    looking = threading.Thread(target=lambda: found_all(selection))
    looking.start()
    while looking.is_alive():
        count = len(selection)
        seen.append(count)
        assert selection[count - 1] == 2 * count - 1
    looking.join()
    assert len(selection) == 30_000
    assert seen == sorted(seen)


def many(store):
    """As many packets as it takes for processes to help, of two links."""
    for _ in range(25):
        store.add(*[PING, ARP] * 700)
        store.add(*[IP + REPLY] * 600, interface=1)
    return store


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [("arp", None), ("icmp", TUN), ("", TUN), ('"echo re"', None), ("red:eth0", TUN)],
)
def test_helpers_find_the_same_in_order(store, text, endpoint, monkeypatch):
    many(store)
    helped = Selection(store, text, endpoint)
    found_all(helped)
    monkeypatch.setattr(select, "MANY", 1_000_000)
    alone = Selection(store, text, endpoint)
    found_all(alone)
    numbers = [[it[i] for i in range(len(it))] for it in (helped, alone)]
    assert numbers[0] == numbers[1]
    assert bool(numbers[0]) == (text != "red:eth0")
    assert helped.done


def helpers(selection: Selection) -> list:
    """The processes that look for it, once there are any."""
    while selection._crew is None:
        assert not selection.advance(0)
    return [helper.process for helper in selection._crew._helpers]


def test_looking_at_many_packets_leaves_this_process_alone(store):
    def spent(who):
        return sum(resource.getrusage(who)[:2])

    for _ in range(4):
        many(store)
    mine, theirs = spent(resource.RUSAGE_SELF), spent(resource.RUSAGE_CHILDREN)
    selection = Selection(store, '"echo reply"')
    found_all(selection)
    mine = spent(resource.RUSAGE_SELF) - mine
    theirs = spent(resource.RUSAGE_CHILDREN) - theirs
    assert len(selection) == 4 * 25 * 600
    assert mine < theirs / 2


def test_what_is_closed_looks_no_further(store):
    selection = Selection(many(store), "arp")
    processes = helpers(selection)
    selection.close()
    assert all(process.returncode is not None for process in processes)
    assert not selection.advance(1)
    selection.close()


def test_helpers_that_die_leave_the_rest_to_us(store):
    selection = Selection(many(store), "arp")
    for process in helpers(selection):
        process.kill()
    found_all(selection)
    assert len(selection) == 25 * 700
    assert selection._crew is None


def test_helpers_end_by_themselves_when_they_are_told_no_more(store):
    selection = Selection(many(store), "arp")
    processes = helpers(selection)
    for helper in selection._crew._helpers:
        helper.close()
    assert all(process.returncode is not None for process in processes)
    assert all(process.returncode >= 0 for process in processes)


def found_all(selection: Selection) -> None:
    while not selection.advance(0.001):
        pass


def test_packets_of_another_byte_order_and_of_several_sections(tmp_path):
    path = tmp_path / "two.pcapng"
    one = HEAD + pcapng.packet_block(0, 1, ARP) + pcapng.packet_block(1, 2, IP + ECHO)
    path.write_bytes(one + HEAD + pcapng.packet_block(0, 3, PING))
    store = Store.open(path)
    assert list(store.frames()) == [(0, ARP), (1, IP + ECHO), (2, PING)]
    assert list(store.frames(1, 2)) == [(1, IP + ECHO)]
    assert found(store, "icmp") == [1, 2]
    store.close()
