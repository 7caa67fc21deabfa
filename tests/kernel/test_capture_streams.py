"""Captures into a pipe that somebody reads."""

import fcntl
import os
import struct
import subprocess
import termios
import time

import pytest

from tests.kernel.frames import BLUE, SECONDS, ours, send
from tests.kernel.packetbox import boxed, pair
from tuilab.errors import PacketError
from tuilab.packets.capture import Capture


@boxed
def test_a_stream_can_be_read_while_it_grows(directory):
    pair()
    command = "tshark -n -l -r - -T fields -e frame.interface_name -e frame.len"
    with subprocess.Popen(
        command.split(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as reader:
        capture = Capture([BLUE], **ours(stream=reader.stdin.fileno()))
        capture.start()
        reader.stdin.close()
        send("red", [1], size=77)
        assert reader.stdout.readline() == "blue:eth0\t77\n"
        send("red", [2], size=88)
        assert reader.stdout.readline() == "blue:eth0\t88\n"
        with pytest.raises(PacketError):
            capture.store  # noqa: B018
        capture.close()
        assert reader.stdout.read() == ""
        assert reader.wait() == 0


@boxed
def test_a_reader_that_leaves_ends_it_quietly(directory):
    pair()
    ours_end, theirs = os.pipe()
    capture = Capture([BLUE], **ours(stream=theirs))
    capture.start()
    os.close(theirs)
    os.read(ours_end, 10)
    os.close(ours_end)
    send("red", range(10))
    assert capture.wait(timeout=SECONDS)
    assert capture.problem == ""
    capture.close()


@boxed
def test_a_reader_that_sleeps_does_not_hold_up_the_end(directory):
    pair()
    ours_end, theirs = os.pipe()
    capture = Capture([BLUE], **ours(stream=theirs))
    capture.start()
    send("red", range(2000))
    room = fcntl.fcntl(theirs, fcntl.F_GETPIPE_SZ) - 2 * 4096
    deadline = time.monotonic() + SECONDS
    while waiting_bytes(ours_end) < room:
        assert time.monotonic() < deadline, "it should write until the pipe is full"
    began = time.monotonic()
    capture.stop()
    assert time.monotonic() - began < 3
    assert "its reader has stopped reading" in capture.problem
    os.close(ours_end)
    os.close(theirs)


def waiting_bytes(fd: int) -> int:
    return struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))[0]
