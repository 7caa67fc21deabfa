"""The file format, as we write it and as others do."""

import shutil
import struct
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuilab.packets import pcapng
from tuilab.packets.pcapng import Interface

HEAD = pcapng.section_block("tuilab test")
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
MICROSECONDS = st.integers(0, 2**64 // 1000 - 1)


def meta(*records: tuple[int, int, int, int]) -> bytes:
    return b"".join(struct.pack("=4I", *record) for record in records)


@given(NAMES, st.sampled_from([1, 101, 113, 228]), st.text("ab \x00é", max_size=9))
def test_an_interface_block_can_be_read_back(name, linktype, capture_filter):
    block = pcapng.interface_block(
        name, linktype, snaplen=262144, capture_filter=capture_filter
    )
    assert pcapng.parse_interface(block, "=") == Interface(name, linktype, 1_000_000)


@given(st.integers(0, 9), MICROSECONDS, st.binary(max_size=200))
def test_a_packet_block_can_be_read_back(interface, stamp, data):
    block = pcapng.packet_block(interface, stamp, data)
    assert list(pcapng.blocks(HEAD + block)) == [
        (pcapng.SECTION, 0, len(HEAD)),
        (pcapng.PACKET, len(HEAD), len(block)),
    ]
    head = pcapng.parse_packet_head(block, "=")
    assert head == (interface, stamp, len(data), len(data))
    assert block[pcapng.PACKET_HEAD_SIZE :][: len(data)] == data


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(0, 2**32 - 1))
def test_a_batch_is_the_same_as_its_packets(packets, seconds):
    payload, records, offset = b"", [], 0
    for number, data in enumerate(packets):
        records.append((seconds, number, offset, len(data)))
        payload += data
        offset += len(data)
    stamps, blocks = pcapng.Framer(3).blocks(payload, meta(*records))
    assert stamps == [seconds * 1_000_000 + n for n in range(len(packets))]
    assert blocks == [
        pcapng.packet_block(3, stamp, data)
        for stamp, data in zip(stamps, packets, strict=True)
    ]


def test_packets_of_more_lengths_than_are_remembered():
    framer = pcapng.Framer(0)
    for length in [*range(5000), 0, 4999]:
        _, (block,) = framer.blocks(bytes(length), meta((1, 2, 0, length)))
        assert block == pcapng.packet_block(0, 1_000_002, bytes(length))


def test_statistics_can_be_read_back():
    block = pcapng.statistics_block(
        2, started=1, ended=2**40, received=2**33, dropped=5
    )
    assert pcapng.parse_statistics(block, "=") == (2, 2**33, 5)


@given(st.binary(max_size=300))
def test_walking_garbage_ends_quietly(garbage):
    walked = list(pcapng.blocks(HEAD + garbage))
    assert walked[0] == (pcapng.SECTION, 0, len(HEAD))
    assert all(total >= 12 for _, _, total in walked)


@given(st.integers(0, 3), st.binary(max_size=60))
def test_options_that_lie_about_their_length_are_left_out(code, options):
    block = pcapng.interface_block("eth0", 1)
    body = block[8:16] + struct.pack("=HH", code, 65535) + options
    pad = bytes(-len(body) & 3)
    total = len(body) + len(pad) + 12
    broken = struct.pack("=II", 1, total) + body + pad + struct.pack("=I", total)
    assert pcapng.parse_interface(broken, "=").name in ("", "eth0")


@pytest.mark.parametrize(
    ("resolution", "ticks"),
    [(6, 10**6), (9, 10**9), (3, 1000), (0x80 | 10, 1024), (0, 1)],
)
def test_the_resolution_of_stamps_is_read(resolution, ticks):
    option = struct.pack("=HHB3x", 9, 1, resolution)
    total = 20 + len(option)
    block = struct.pack("=IIHHI", 1, total, 1, 0, 0) + option
    block += struct.pack("=I", total)
    assert pcapng.parse_interface(block, "=").ticks == ticks


def test_both_byte_orders_are_known():
    other = struct.pack(">IIIHHqI", pcapng.SECTION, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    assert pcapng.byte_order(other[:12]) == ">"
    assert list(pcapng.blocks(other)) == [(pcapng.SECTION, 0, 28)]
    assert pcapng.byte_order(b"\xd4\xc3\xb2\xa1" + bytes(8)) is None
    assert pcapng.byte_order(b"") is None


def test_raw_ip_has_another_number_in_files():
    assert pcapng.linktype_of(12) == pcapng.LINKTYPE_RAW
    assert pcapng.linktype_of(1) == pcapng.LINKTYPE_ETHERNET


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_what_we_write(tmp_path):
    path = tmp_path / "ours.pcapng"
    frame = bytes.fromhex("ffffffffffff02000000000188b5") + b"hello"
    path.write_bytes(
        HEAD
        + pcapng.interface_block("red:eth0", 1, snaplen=65535, capture_filter="ip")
        + pcapng.interface_block("blue:eth0", 1)
        + pcapng.packet_block(0, 1_700_000_000_123_456, frame)
        + pcapng.packet_block(1, 1_700_000_000_123_457, frame + b"!")
        + pcapng.statistics_block(0, started=0, ended=1, received=1, dropped=0)
    )
    fields = ("frame.interface_name", "frame.time_epoch", "frame.len")
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "red:eth0\t1700000000.123456000\t19",
        "blue:eth0\t1700000000.123457000\t20",
    ]
