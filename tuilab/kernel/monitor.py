"""Kernel events of all namespaces of a lab, through one socket.

A socket in the lab's root namespace with NETLINK_LISTEN_ALL_NSID hears the events of
every namespace that has an id there; the id comes as a control message (netlink(7)).
Events are not parsed: they only say which namespace to look at again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import struct
from collections.abc import Callable

from tuilab.model.topology import HOST

SOL_NETLINK = 270
NETLINK_ADD_MEMBERSHIP = 1
NETLINK_LISTEN_ALL_NSID = 8
GROUPS = (1, 3, 5, 7, 8, 9, 11, 19, 24, 25)
"""RTNLGRP_LINK, NEIGH, IPV4_IFADDR, IPV4_ROUTE, IPV4_RULE, IPV6_IFADDR, IPV6_ROUTE,
IPV6_RULE, IPV4_NETCONF, IPV6_NETCONF (rtnetlink(7)); the last two tell of forwarding.
"""
NEIGHBOUR_EVENTS = (28, 29)
"""RTM_NEWNEIGH, RTM_DELNEIGH."""
AF_BRIDGE = 7
NUD_NOARP, NUD_PERMANENT = 0x40, 0x80

RCVBUF = 4 << 20
"""Bytes; events come in bursts."""
SETTLE = 0.05
"""Seconds of events gathered into one call."""
NETNS_FOLDER = "/run/netns"
FOLDER_PERIOD = 0.5
"""Seconds between looks at the folder of names: mounts there raise no event."""


def listening_socket() -> socket.socket:
    """A route netlink socket in the network namespace of the calling thread."""
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    sock = socket.socket(socket.AF_NETLINK, kind, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF)
    sock.bind((0, 0))
    return sock


class Monitor:
    """Tells which namespaces changed, at most once every `SETTLE` seconds."""

    def __init__(
        self, sock: socket.socket, callback: Callable[[frozenset[str]], None]
    ) -> None:
        self._socket = sock
        self._callback = callback
        self._names: dict[int, str] = {}
        self._dirty: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._folder = _listing()
        sock.setsockopt(SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, 1)
        for group in GROUPS:
            sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)
        self._folder_timer = self._loop.call_later(FOLDER_PERIOD, self._look)

    def name(self, nsid: int, name: str) -> None:
        """Say which namespace has that id in the lab's root namespace."""
        self._names[nsid] = name

    def mark_from_thread(self, name: str) -> None:
        """Somebody found out otherwise that something changed there."""
        self._loop.call_soon_threadsafe(self._mark, {name})

    def close(self) -> None:
        """Hear nothing more."""
        self._loop.remove_reader(self._socket)
        self._folder_timer.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._socket.close()

    def _read(self) -> None:
        for _ in range(256):
            try:
                data, control, _, _ = self._socket.recvmsg(65536, 64)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                # Events were lost: look at everything.
                self._mark({HOST, *self._names.values()})
                continue
            if _matters(data):
                self._mark({self._sender(control)})

    def _sender(self, control: list[tuple[int, int, bytes]]) -> str:
        for level, kind, data in control:
            if level == SOL_NETLINK and kind == NETLINK_LISTEN_ALL_NSID:
                nsid = struct.unpack("i", data[:4])[0]
                return self._names.get(nsid, HOST)
        return HOST

    def _mark(self, names: set[str]) -> None:
        self._dirty |= names
        if self._timer is None:
            self._timer = self._loop.call_later(SETTLE, self._tell)

    def _tell(self) -> None:
        self._timer = None
        dirty, self._dirty = frozenset(self._dirty), set()
        self._callback(dirty)

    def _look(self) -> None:
        self._folder_timer = self._loop.call_later(FOLDER_PERIOD, self._look)
        now = _listing()
        if now != self._folder:
            changed = now ^ self._folder
            self._folder = now
            self._mark({name for name, _ in changed})


def _matters(data: bytes) -> bool:
    """Whether an event may be about the lab, and not about whom somebody talks to.

    Of neighbours and forwarding databases only what is permanent or static, or what a
    program and not the kernel itself has changed, which its port id in the header
    tells.
    """
    _, kind, _, _, port = struct.unpack_from("=IHHII", data)
    if kind not in NEIGHBOUR_EVENTS or port:
        return True
    family, state = data[16], struct.unpack_from("=H", data, 24)[0]
    if family == AF_BRIDGE:
        return bool(state & NUD_NOARP)
    return family in (socket.AF_INET, socket.AF_INET6) and bool(state & NUD_PERMANENT)


def _listing() -> frozenset[tuple[str, int]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(NETNS_FOLDER) as entries:
        return frozenset((entry.name, entry.stat().st_ino) for entry in entries)
    return frozenset()
