"""How captures of real interfaces end, and what they outlive."""

import contextlib
import os
import signal
import socket
import threading
import time

import pytest

from tests.kernel.frames import (
    BLUE,
    RED,
    SECONDS,
    held_up,
    number_of,
    ours,
    send,
    tshark,
    wait_until,
)
from tests.kernel.packetbox import boxed, pair, sh
from tuilab.errors import NotFoundError, PacketError, UsageError
from tuilab.kernel import netns, syscalls
from tuilab.model.links import Endpoint
from tuilab.packets.capture import Capture
from tuilab.packets.store import Store


@boxed
def test_what_is_discarded_ends_at_once(directory):
    pair()
    path = directory / "away.pcapng"
    capture = Capture([BLUE], **ours(path=path))
    capture.start()
    send("red", range(100))
    with (
        contextlib.suppress(ProcessLookupError),
        held_up(),
    ):  # it could not end by itself
        capture.discard()
        assert not capture.running
        assert not path.exists()


@boxed
def test_an_interface_that_vanishes_ends_only_its_own_part(directory):
    pair()
    sh("ip -n blue link add spare type veth peer name spare2")
    sh("ip -n blue link set spare up")
    spare = Endpoint("blue", "spare")
    news = threading.Event()
    capture = Capture([spare, BLUE], **ours(directory=directory, on_change=news.set))
    capture.start()
    send("red", range(3))
    sh("ip -n blue link del spare")
    wait_until(lambda: capture.counts[0].ended, news)
    send("red", range(3, 6))
    assert capture.wait(6, SECONDS)
    assert capture.running
    capture.stop()
    assert [c.ended for c in capture.counts] == ['"blue:spare" is gone', ""]
    assert [number_of(p.data) for p in capture.store.packets()] == list(range(6))
    assert capture.problem == ""
    capture.close()


@boxed
def test_a_namespace_that_vanishes_ends_the_capture(directory):
    pair()
    path = directory / "gone.pcapng"
    capture = Capture([BLUE], **ours(path=path))
    capture.start()
    send("red", range(10))
    netns.delete("blue")
    assert capture.wait(timeout=SECONDS), "it must end by itself"
    assert capture.counts[0].ended == 'namespace "blue" is gone'
    assert not capture.running
    assert capture.written == 10
    assert len(tshark(path)) == 10
    # Nothing of ours keeps the namespace alive: its cable goes, and red's end with it.
    news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    news.close()
    capture.close()
    deadline = time.monotonic() + SECONDS
    while "eth0" in sh("ip -n red -br link"):
        assert time.monotonic() < deadline


@boxed
def test_a_renamed_namespace_goes_on(directory):
    pair()
    news = threading.Event()
    capture = Capture([BLUE], **ours(directory=directory, on_change=news.set))
    capture.start()
    netns.rename("blue", "green")
    send("red", range(4))
    assert capture.wait(4, SECONDS)
    netns.delete("green")
    assert capture.wait(timeout=SECONDS)
    assert capture.counts[0].ended == 'namespace "blue" is gone'
    capture.close()


@boxed
def test_a_link_that_goes_down_and_up_goes_on(directory):
    pair()
    capture = Capture([BLUE], **ours(directory=directory))
    capture.start()
    send("red", range(3))
    sh("ip -n blue link set eth0 down")
    sh("ip -n blue link set eth0 up")
    send("red", range(3, 6))
    assert capture.wait(6, SECONDS)
    capture.stop()
    assert [number_of(p.data) for p in capture.store.packets()] == list(range(6))
    assert capture.counts[0].ended == ""
    capture.close()


@boxed
def test_what_cannot_be_captured_is_said(directory):
    pair()
    sh("ip -n red link add down0 type veth peer name down1")

    def refused(kind, *endpoints, **options) -> str:
        capture = Capture(endpoints, **{"directory": directory, **options})
        with pytest.raises(kind) as caught:
            capture.start()
        capture.stop()
        assert not capture.running
        return str(caught.value)

    text = refused(NotFoundError, Endpoint("red", "eth9"))
    assert '"red:eth9" does not exist' in text
    assert "eth0" in text
    assert '"pink" does not exist' in refused(NotFoundError, Endpoint("pink", "eth0"))
    assert '"red:down0" is down' in refused(PacketError, Endpoint("red", "down0"))
    assert "nothing to capture" in refused(UsageError)
    assert "syntax error" in refused(UsageError, RED, capture_filter="icmp and")
    nowhere = directory / "no" / "such.pcapng"
    assert f'"{nowhere}"' in refused(PacketError, RED, path=nowhere)
    # A half-opened set of endpoints leaves nothing behind.
    before = os.listdir("/proc/self/fd")
    refused(NotFoundError, RED, BLUE, Endpoint("red", "eth9"))
    assert os.listdir("/proc/self/fd") == before
    assert os.listdir(directory) == []


@boxed
def test_a_full_disk_ends_the_capture_with_a_readable_file(directory):
    pair()
    small = directory / "small"
    small.mkdir()
    syscalls.mount("tmpfs", str(small), "tmpfs", data="size=128k")
    path = small / "full.pcapng"
    capture = Capture([BLUE], **ours(path=path))
    capture.start()
    send("red", range(2000))
    assert capture.wait(timeout=SECONDS)
    assert "No space left" in capture.problem
    capture.stop()
    assert 0 < capture.written < 2000
    numbers = [number_of(p.data) for p in capture.store.packets()]
    assert numbers == list(range(capture.written))
    assert len(tshark(path)) == capture.written
    capture.close()
    with pytest.raises(PacketError, match="No space left"):
        Store.open(path).save(small / "copy.pcapng")
    assert os.listdir(small) == ["full.pcapng"]


@boxed
def test_a_capture_that_can_not_begin_leaves_no_file_of_its_own(directory):
    pair()
    syscalls.mount("tmpfs", str(directory), "tmpfs", data="size=4k")
    (directory / "full").write_bytes(bytes(4096))
    with pytest.raises(PacketError, match="No space left") as refused:
        Capture([BLUE], **ours(directory=directory)).start()
    assert refused.value.hint == "make room there"
    assert os.listdir(directory) == ["full"]


@boxed
def test_what_a_killed_one_left_goes_with_the_next_capture(directory):
    pair()
    first, second = (Capture([BLUE], **ours(directory=directory)) for _ in range(2))
    first.start()
    left = directory / "capture-of-one.pcapng"
    left.write_bytes(b"packets")
    mine = directory / "mine.pcapng"
    mine.write_bytes(b"packets")
    first.stop()  # its packets can still be looked at
    second.start()
    assert set(directory.iterdir()) == {first.path, second.path, mine}
    first.close()
    second.close()


@boxed
def test_a_process_that_is_killed_leaves_what_it_wrote(directory):
    pair()
    path = directory / "killed.pcapng"
    capture = Capture([BLUE], **ours(path=path))
    capture.start()
    send("red", range(20))
    assert capture.wait(20, SECONDS)
    with held_up() as pid:
        os.kill(pid, signal.SIGKILL)
    assert capture.wait(timeout=SECONDS)
    assert not capture.running
    assert capture.problem == "the process that captures died"
    numbers = [number_of(p.data) for p in capture.store.packets()]
    assert numbers == list(range(20))
    capture.close()
    assert len(tshark(path)) == 20


@boxed
def test_a_limit_is_kept_to_the_packet(directory):
    pair()
    path = directory / "limit.pcapng"
    capture = Capture([BLUE], **ours(path=path, limit=7))
    capture.start()
    send("red", range(100))
    assert capture.wait(7, SECONDS)
    assert capture.wait(timeout=SECONDS), "it must end by itself"
    assert not capture.wait(8, SECONDS), "there will never be more"
    assert [number_of(p.data) for p in capture.store.packets()] == list(range(7))
    capture.close()
    assert len(tshark(path)) == 7
