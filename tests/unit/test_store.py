"""Packets by number, from files that are whole, growing, foreign or broken."""

import os
import struct
from array import array
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.errors import PacketError
from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.pcapng import Interface
from tuilab.packets.store import Packet, Store

RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
HEAD = (
    pcapng.section_block("tuilab test")
    + pcapng.interface_block("red:eth0", 1)
    + pcapng.interface_block("blue:eth0", 101)
)
INTERFACES = (Interface("red:eth0", 1), Interface("blue:eth0", 101))


def block(number: int, interface: int = 0) -> bytes:
    return pcapng.packet_block(interface, 1_000_000 + number, b"%d" % number * 3)


def expected(index: int, number: int, endpoint: Endpoint = RED) -> Packet:
    data = b"%d" % number * 3
    linktype = 1 if endpoint == RED else 101
    stamp = (1_000_000 + number) * 1000
    return Packet(index + 1, stamp, endpoint, data, len(data), linktype)


@pytest.fixture
def growing(tmp_path):
    """A store and a function that adds packets to its file, as a capture does."""
    fd = os.open(tmp_path / "growing.pcapng", os.O_RDWR | os.O_CREAT)
    os.write(fd, HEAD)
    store = Store(os.dup(fd), INTERFACES, len(HEAD))

    def add(*numbers: int) -> None:
        blocks = [block(n, n % 2) for n in numbers]
        offsets = array("Q", accumulate(map(len, blocks), initial=store.size))
        os.write(fd, b"".join(blocks))
        store.publish(offsets[:-1].tobytes(), os.lseek(fd, 0, os.SEEK_CUR))

    yield store, add
    store.close()
    os.close(fd)


def test_a_growing_file_can_be_read_by_number(growing):
    store, add = growing
    assert len(store) == 0
    with pytest.raises(IndexError):
        store.packet(0)
    add(0, 1, 2)
    add()
    add(3)
    assert len(store) == 4
    assert [store.packet(i) for i in (3, 0, 2)] == [
        expected(3, 3, BLUE),
        expected(0, 0),
        expected(2, 2),
    ]
    for wrong in (-1, 4):
        with pytest.raises(IndexError):
            store.packet(wrong)
    assert store.endpoints == [RED, BLUE]


def test_ranges_are_the_same_packets(growing, monkeypatch):
    store, add = growing
    add(*range(100))
    everything = [store.packet(i) for i in range(100)]
    for at_once in (1, 200, 1 << 20):
        monkeypatch.setattr("tuilab.packets.store._READ_AT_ONCE", at_once)
        assert list(store.packets()) == everything
        assert list(store.packets(40, 60)) == everything[40:60]
        assert list(store.packets(95, 500)) == everything[95:]
        assert list(store.packets(100)) == []


def test_a_copy_ends_with_what_it_is_given(growing, tmp_path):
    store, add = growing
    copy = tmp_path / "copy.pcapng"
    add(0, 1)
    tail = pcapng.statistics_block(0, started=0, ended=1, received=2, dropped=0)
    assert store.save(copy, tail) == 2
    add(2)
    assert copy.read_bytes() == HEAD + block(0) + block(1, 1) + tail
    copied = Store.open(copy)
    assert list(copied.packets()) == [expected(0, 0), expected(1, 1, BLUE)]
    copied.close()


def test_a_copy_that_fails_costs_nothing(growing, tmp_path):
    store, add = growing
    add(0)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(PacketError, match="folder"):
        store.save(folder)
    with pytest.raises(PacketError, match="cannot be written"):
        store.save(tmp_path / "nowhere" / "copy.pcapng")
    with pytest.raises(PacketError, match="captured into"):
        store.save(tmp_path / "growing.pcapng")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "growing.pcapng"]
    assert list(folder.iterdir()) == []


def written(tmp_path, data: bytes):
    path = tmp_path / "file.pcapng"
    path.write_bytes(data)
    return path


def test_what_is_no_file_of_packets_is_said(tmp_path):
    for data in (b"\xd4\xc3\xb2\xa1" + bytes(19), b"GIF89a" + bytes(30), b""):
        with pytest.raises(PacketError, match="neither a pcapng nor a pcap file"):
            Store.open(written(tmp_path, data))
    with pytest.raises(PacketError, match="No such file"):
        Store.open(tmp_path / "missing.pcapng")


def test_a_file_cut_anywhere_keeps_its_whole_packets(tmp_path):
    blocks = [block(n, n % 2) for n in range(5)]
    data = HEAD + b"".join(blocks)
    ends = [len(HEAD) + sum(map(len, blocks[: n + 1])) for n in range(5)]
    for cut in range(12, len(data) + 1):
        store = Store.open(written(tmp_path, data[:cut]))
        assert len(store) == sum(end <= cut for end in ends)
        assert [p.number for p in store.packets()] == list(range(1, len(store) + 1))
        store.close()


@given(st.data())
def test_damage_never_raises_but_packet_errors(tmp_path_factory, data):
    """Whatever bytes are changed, reading gives packets or ends early."""
    whole = bytearray(HEAD + b"".join(block(n, n % 2) for n in range(4)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(12, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.pcapng"
    path.write_bytes(whole)
    store = Store.open(path)
    try:
        assert len(list(store.packets())) == len(store) <= 4
    finally:
        store.close()


def test_a_foreign_file_with_sections_of_either_order(tmp_path):
    """Big endian, nanoseconds, a packet cut by its snaplen, an unknown block."""
    data = b"abcde"
    name = struct.pack(">HH4s", 2, 4, b"eth0")
    resolution = struct.pack(">HHB3x", 9, 1, 9)
    options = name + resolution + bytes(4)
    stamp = 1_700_000_000_123_456_789
    foreign = struct.pack(">IIIHHqI", pcapng.SECTION, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    total = 20 + len(options)
    foreign += struct.pack(">IIHHI", 1, total, 1, 0, 5) + options
    foreign += struct.pack(">I", total)
    foreign += struct.pack(">III", 0x0BAD, 12, 12)
    foreign += struct.pack(
        ">7I", 6, 40, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(data), 1500
    )
    foreign += data + bytes(3) + struct.pack(">I", 40)
    store = Store.open(written(tmp_path, HEAD + block(7, 1) + foreign))
    assert list(store.packets()) == [
        expected(0, 7, BLUE),
        Packet(2, stamp, Endpoint("", "eth0"), data, 1500, 1),
    ]
    assert store.packet(1).length == 1500
    store.close()
