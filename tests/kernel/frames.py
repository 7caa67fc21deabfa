"""Frames of our own, and captures of them, for tests on the kernel."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from tuilab.kernel import netns
from tuilab.model.links import Endpoint

RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
OURS = 0x88B5
"""EtherType for local experiments: nobody else sends it."""
SECONDS = 10.0


def port(namespace: str, ifname: str = "eth0") -> socket.socket:
    """A socket that sends frames out of an interface."""

    def make() -> socket.socket:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.bind((ifname, 0))
        return sock

    return netns.run_in(namespace, make)


def frame(number: int, size: int = 142) -> bytes:
    head = bytes.fromhex("ffffffffffff02000000000a") + struct.pack("!HI", OURS, number)
    return head + bytes(size - len(head))


def number_of(data: bytes) -> int:
    return struct.unpack_from("!I", data, 14)[0]


def send(namespace: str, numbers, size: int = 142) -> None:
    with port(namespace) as sock:
        for number in numbers:
            sock.send(frame(number, size))


def tshark(path: Path, *arguments: str) -> list[str]:
    # -n: it must not ask any resolver.
    command = ["tshark", "-n", "-r", str(path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def ours(**options) -> dict:
    return {"capture_filter": f"ether proto {OURS:#x}", **options}


@contextlib.contextmanager
def held_up():
    """The process that captures, which gets no processor meanwhile."""
    (pid,) = (
        int(child)
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    )
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def wait_until(condition, news: threading.Event) -> None:
    """Until a condition holds; ``news`` says when to look again."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert news.wait(deadline - time.monotonic()), "nothing happened in time"
        news.clear()
