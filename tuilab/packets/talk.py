"""What two processes of ours say to each other, one message after the other."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any, Final

_ROOM: Final = 1 << 20
"""Bytes of a message; the kernel refuses longer ones before that."""
_FILES: Final = 2


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a line that keeps messages apart."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def say(
    sock: socket.socket,
    message: object,
    files: Sequence[int] = (),
    *,
    wait: bool = True,
) -> bool:
    """Send a message, and descriptors with it.

    Returns:
        Whether it was sent; False only if that would have meant to wait.
    """
    data = json.dumps(message).encode()
    flags = 0 if wait else socket.MSG_DONTWAIT
    try:
        socket.send_fds(sock, [data], list(files), flags)
    except BlockingIOError:
        return False
    return True


def hear(sock: socket.socket) -> tuple[Any, list[int]]:
    """The next message, and what came with it.

    Raises:
        EOFError: The other side says no more.
    """
    data, files, _, _ = socket.recv_fds(sock, _ROOM, _FILES)
    if not data:
        raise EOFError
    return json.loads(data), files
