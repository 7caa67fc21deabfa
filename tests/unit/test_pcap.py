"""Classic pcap files: read as they are, written where a name asks for it."""

import shutil
import struct
import subprocess

import pytest

from tuilab.errors import PacketError
from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.select import Selection
from tuilab.packets.store import Packet, Store

PING = (
    bytes.fromhex(
        "0200000000020200000000010800"
        "4500002100010000400100000a0000010a000002"
        "0800000000010001"
    )
    + b"hello"
)
STAMPS = (
    1_700_000_000_123_456_789,
    1_700_000_000_123_456_700,
    1_700_000_001_000_000_000,
)
HERE = Endpoint("", "some")


def classic(order: str, *, nano: bool, linktype: int = 1) -> tuple[bytes, list[Packet]]:
    """A file of three packets, the last of them cut, and what is to be read of it."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, linktype)
    packets = []
    for number, stamp in enumerate(STAMPS, start=1):
        seconds, rest = divmod(stamp, 10**9)
        unit = 1 if nano else 1000
        body = PING if number < 3 else PING[:30]
        data += struct.pack(order + "IIII", seconds, rest // unit, len(body), len(PING))
        data += body
        told = stamp // unit * unit
        packets.append(Packet(number, told, HERE, body, len(PING), linktype))
    return data, packets


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_either_byte_order_and_both_kinds_of_stamps(tmp_path, order, nano):
    path = tmp_path / "some.pcap"
    data, packets = classic(order, nano=nano)
    path.write_bytes(data)
    store = Store.open(path)
    assert list(store.packets()) == packets
    assert [store.packet(n) for n in range(3)] == packets
    assert list(store.frames(1)) == [(0, p.data) for p in packets[1:]]
    selection = Selection(store, 'icmp and "some"')
    assert selection.advance()
    assert len(selection) == 3
    assert store.trouble == ""
    store.close()


def test_the_end_may_be_missing_anywhere(tmp_path, monkeypatch):
    path = tmp_path / "some.pcap"
    data, packets = classic("<", nano=False)
    ends = [24]
    for packet in packets:
        ends.append(ends[-1] + 16 + len(packet.data))
    for at_once in (40, 1 << 20):
        monkeypatch.setattr("tuilab.packets.store._READ_AT_ONCE", at_once)
        for cut in range(24, len(data) + 1):
            path.write_bytes(data[:cut])
            store = Store.open(path)
            whole = sum(end <= cut for end in ends[1:])
            assert list(store.packets()) == packets[:whole]
            left = cut - ends[whole]
            words = f"after packet {whole}: its last {left} bytes are left out"
            assert store.trouble.endswith(words if left else "")
            assert bool(left) == bool(store.trouble)
            store.close()


def test_a_pcapng_file_that_is_cut_off_says_so_too(tmp_path):
    path = tmp_path / "some.pcapng"
    head = pcapng.section_block("test") + pcapng.interface_block("red:eth0", 1)
    path.write_bytes(head + pcapng.packet_block(0, 1, PING) + b"\6\0\0")
    store = Store.open(path)
    assert store.trouble == (
        "cut off or damaged after packet 1: its last 3 bytes are left out"
    )
    store.close()


def test_one_is_saved_as_the_other_and_back(tmp_path):
    data, packets = classic(">", nano=True)
    path = tmp_path / "some.pcap"
    path.write_bytes(data)
    for suffix in (".pcapng", ".pcap"):
        store = Store.open(path)
        path = tmp_path / f"some{suffix}"
        assert store.save(path) == 3
        store.close()
        store = Store.open(path)
        assert list(store.packets()) == packets
        store.close()
        read = ["tcpdump", "-n", "-r", str(path)]
        if shutil.which("tcpdump"):
            told = subprocess.run(read, capture_output=True, text=True, check=True)
            assert told.stdout.count("ICMP echo request") == 2  # and one is cut
            assert len(told.stdout.splitlines()) == 3


def test_what_a_classic_file_can_not_hold_is_said(tmp_path):
    path = tmp_path / "two.pcapng"
    path.write_bytes(
        pcapng.section_block("test")
        + pcapng.interface_block("red:eth0", 1)
        + pcapng.interface_block("red:tun0", 101)
    )
    store = Store.open(path)
    with pytest.raises(PacketError, match="one kind of link only"):
        store.save(tmp_path / "two.pcap")
    assert not (tmp_path / "two.pcap").exists()
    store.close()
