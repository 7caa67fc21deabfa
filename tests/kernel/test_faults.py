"""Captures that something goes wrong with: each says what, and its file is readable."""

import resource
import signal
import struct
import subprocess

from tests.kernel.cli import ended
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
from tests.kernel.test_cli_running import capturing, lab, pings  # noqa: F401 - a fixture
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


def test_a_file_that_may_not_grow_ends_the_command_and_is_readable(lab):  # noqa: F811
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    words = ("red:eth0", "icmp", "-w", "x.pcapng")
    with capturing(lab, *words, preexec_fn=limit) as process:
        pings(lab, 40)
        done = ended(process)
    assert done.code == 1
    assert "the capture cannot be written: File too large" in done.err
    assert "what came before is kept" in done.err
    assert "red:eth0: " in done.err
    store = Store.open(lab.home / "x.pcapng")
    assert 0 < len(store) < 80
    read = ["tshark", "-n", "-r", str(lab.home / "x.pcapng")]
    found = subprocess.run(read, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == len(store)
    store.close()


def test_a_command_that_is_killed_leaves_what_was_captured(lab):  # noqa: F811
    with capturing(lab, "red", "icmp", "-w", "x.pcapng", "--print") as process:
        pings(lab, 3)
        for _ in range(6):
            process.stdout.readline()
        assert ended(process, signal.SIGKILL).code == -signal.SIGKILL
    store = Store.open(lab.home / "x.pcapng")
    assert len(store) == 6
    store.close()
