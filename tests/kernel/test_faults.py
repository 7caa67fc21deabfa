"""Captures that something goes wrong with: each says what, and its file is readable."""

import struct

from tests.kernel.frames import (
    BLUE,
    RED,
    SECONDS,
    number_of,
    ours,
    port,
    send,
    tshark,
)
from tests.kernel.packetbox import boxed, pair, sh
from tuilab.kernel import netns, syscalls
from tuilab.packets import pcapng
from tuilab.packets.capture import Capture
from tuilab.packets.dissect import line
from tuilab.packets.select import Selection
from tuilab.packets.store import Store


@boxed
def test_frames_as_large_as_they_come_and_as_small(directory):
    pair()
    for name in ("red", "blue"):
        sh(f"ip -n {name} link set eth0 mtu 9000")
    path = directory / "sizes.pcapng"
    sizes = [18, 60, 1514, 9000, 9014]
    with Capture([RED, BLUE], **ours(path=path)) as capture:
        for number, size in enumerate(sizes):
            send("red", [number], size)
        assert capture.wait(2 * len(sizes), SECONDS)
        capture.stop()
        packets = list(capture.store.packets())
    assert sorted(p.length for p in packets) == sorted([*sizes, *sizes])
    assert all(len(p.data) == p.length for p in packets)
    lengths = tshark(path, "-T", "fields", "-e", "frame.len")
    assert lengths == [str(p.length) for p in packets]


@boxed
def test_a_frame_of_no_bytes_at_all(directory):
    """The kernel sends none; a file from elsewhere may hold one."""
    path = directory / "none.pcapng"
    head = pcapng.section_block("tuilab") + pcapng.interface_block("red:eth0", 1)
    _, blocks = pcapng.Framer(0).blocks(b"abc", pcapng_meta((0, 0), (0, 3), (3, 0)))
    path.write_bytes(head + b"".join(blocks))
    store = Store.open(path)
    assert [p.data for p in store.packets()] == [b"", b"abc", b""]
    assert all("red:eth0" in line(p) for p in store.packets())
    selection = Selection(store, "red:eth0")
    assert selection.advance()
    assert len(selection) == 3
    assert tshark(path, "-T", "fields", "-e", "frame.len") == ["0", "3", "0"]
    store.close()


def pcapng_meta(*pieces: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("=4I", 1, 2, at, size) for at, size in pieces)


@boxed
def test_several_links_and_a_disk_that_fills_up(directory):
    """Written while both still send; the other way round than one full at the start."""
    pair()
    small = directory / "small"
    small.mkdir()
    syscalls.mount("tmpfs", str(small), "tmpfs", data="size=256k")
    path = small / "full.pcapng"
    capture = Capture([RED, BLUE], **ours(path=path))
    capture.start()
    with port("red") as sock:
        for number in range(4000):
            sock.send(b"\xff" * 6 + bytes(6) + b"\x88\xb5" + number.to_bytes(4))
    assert capture.wait(timeout=SECONDS)
    assert "No space left" in capture.problem
    assert 0 < capture.written < 8000
    stamps = [p.time_ns for p in capture.store.packets()]
    assert stamps == sorted(stamps)
    assert len(tshark(path)) == capture.written
    capture.close()


@boxed
def test_everything_vanishes_at_once(directory):
    pair()
    path = directory / "gone.pcapng"
    capture = Capture([RED, BLUE], **ours(path=path))
    capture.start()
    send("red", range(5))
    for name in ("red", "blue"):
        netns.delete(name)
    assert capture.wait(timeout=SECONDS), "it must end by itself"
    assert [c.ended for c in capture.counts] == [
        'namespace "red" is gone',
        'namespace "blue" is gone',
    ]
    assert [number_of(p.data) for p in capture.store.packets()].count(4) == 2
    assert len(tshark(path)) == capture.written == 10
    capture.close()
