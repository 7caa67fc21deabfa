"""The sockets of a namespace, by sock_diag(7), and the programs that hold them."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tuilab.kernel import netns
from tuilab.kernel.channel import Channel
from tuilab.kernel.detail import Socket
from tuilab.kernel.live import Process

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
PACKET_SHOW_INFO = 1
ALL_STATES = 0xFFFFFFFF

_INET_ASK = struct.Struct("=BBBBI48x")
"""Family, protocol, two unused, states; and the socket, which may be any."""
_INET = struct.Struct("=BBBB2s2s16s16sI8xIIIII")
"""inet_diag_msg: family, state, timer, retransmits, both ports and addresses, index of
the link, then expiry, both queues, user and inode."""
_PACKET = struct.Struct("=BBHI")
"""packet_diag_msg: family, type, protocol, inode; a cookie follows."""
_STATES = (
    "UNKNOWN",
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "UNCONN",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "SYN-RECV",
)
"""As ss(8) says them, by their number (net/tcp_states.h)."""
_PROTOCOLS = (("tcp", socket.IPPROTO_TCP), ("udp", socket.IPPROTO_UDP))
PATIENCE = 20
"""How many times as long as a look for programs took none follows it."""


def found(names: Mapping[int, str]) -> tuple[Socket, ...]:
    """The sockets of the namespace that the calling thread is in.

    Args:
        names: Its links, by index.
    """
    out: list[Socket] = []
    channel = Channel(NETLINK_SOCK_DIAG)
    try:
        for protocol, number in _PROTOCOLS:
            for family in (socket.AF_INET, socket.AF_INET6):
                ask = _INET_ASK.pack(family, number, 0, 0, ALL_STATES)
                # Some kernels can't tell of every kind.
                with suppress(OSError):
                    bodies = channel.dump(SOCK_DIAG_BY_FAMILY, ask)
                    out += [_inet(protocol, body, names) for body in bodies]
        ask = struct.pack("=BBHII8x", socket.AF_PACKET, 0, 0, 0, PACKET_SHOW_INFO)
        with suppress(OSError):
            bodies = channel.dump(SOCK_DIAG_BY_FAMILY, ask)
            out += [_packet(body, names) for body in bodies]
    finally:
        channel.close()
    out += _raw()
    return tuple(sorted(out, key=_order))


def _order(it: Socket) -> tuple[object, ...]:
    return it.protocol, it.state != "LISTEN", it.local, it.peer, it.inode


def _inet(protocol: str, body: bytes, names: Mapping[int, str]) -> Socket:
    (
        family,
        state,
        _,
        _,
        port,
        peer_port,
        local,
        peer,
        index,
        _,
        receive,
        send,
        uid,
        inode,
    ) = _INET.unpack_from(body)
    far = _place(family, peer, peer_port)
    return Socket(
        protocol=protocol,
        state=_STATES[state] if state < len(_STATES) else str(state),
        local=_place(family, local, port),
        peer="" if far in ("0.0.0.0:*", "[::]:*") else far,
        dev=names.get(index, ""),
        receive=receive,
        # Of a listener it is how many may wait.
        send=0 if _STATES[state] == "LISTEN" else send,
        uid=uid,
        inode=inode,
    )


def _place(family: int, packed: bytes, port: bytes) -> str:
    number = int.from_bytes(port, "big") or "*"
    size = 4 if family == socket.AF_INET else 16
    text = socket.inet_ntop(family, packed[:size])
    return f"{text}:{number}" if size == 4 else f"[{text}]:{number}"


def _packet(body: bytes, names: Mapping[int, str]) -> Socket:
    from tuilab.kernel.wire import attributes

    _, _, protocol, inode = _PACKET.unpack_from(body)
    info = attributes(body, 16).get(0, b"\0\0\0\0")
    dev = names.get(struct.unpack_from("=I", info)[0], "")
    what = "all" if protocol == 3 else f"0x{protocol:04x}"
    return Socket("packet", "UNCONN", f"{what}%{dev or '*'}", dev=dev, inode=inode)


def _raw() -> Iterator[Socket]:
    """Raw sockets: few kernels tell of them by netlink."""
    for name, family in (("raw", socket.AF_INET), ("raw6", socket.AF_INET6)):
        with suppress(OSError, ValueError):
            lines = Path(f"/proc/thread-self/net/{name}").read_text().splitlines()
            for line in lines[1:]:
                words = line.split()
                local = _from_hex(family, words[1])
                peer = _from_hex(family, words[2])
                far = "" if int(words[2].partition(":")[0], 16) == 0 else peer
                queues = [int(part, 16) for part in words[4].split(":")]
                yield Socket(
                    "raw",
                    _STATES[int(words[3], 16)],
                    local,
                    far,
                    receive=queues[1],
                    send=queues[0],
                    uid=int(words[7]),
                    inode=int(words[9]),
                )


def _from_hex(family: int, text: str) -> str:
    """An address of /proc/net/raw: words of four bytes in host order, and a number."""
    place, _, number = text.partition(":")
    raw = bytes.fromhex(place)
    packed = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
    return _place(family, packed, int(number, 16).to_bytes(2, "big"))


# -- whose they are --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of a namespace.

    Attributes:
        processes: All of them.
        holders: Process and name, by the inode of a socket.
    """

    processes: tuple[Process, ...] = ()
    holders: Mapping[int, tuple[int, str]] = field(default_factory=dict)


class Finder:
    """Looks for programs, and no more often than it can be afforded."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Programs]] = {}

    def look(self, namespace: str) -> Programs:
        """The programs of a namespace; there may be thousands to look through."""
        now = time.monotonic()
        until, programs = self._known.get(namespace, (0.0, Programs()))
        if now < until:
            return programs
        programs = _programs(namespace)
        after = time.monotonic()
        self._known = {k: v for k, v in self._known.items() if v[0] > now}
        self._known[namespace] = after + PATIENCE * (after - now), programs
        return programs


def processes(namespaces: Iterable[str]) -> dict[str, list[Process]]:
    """The programs of some namespaces, as far as this user may see them."""
    out: dict[str, list[Process]] = {}
    for name, pids in netns.pids_in(namespaces).items():
        out[name] = []
        for pid in pids:
            with suppress(OSError):
                out[name].append(Process(pid, command(pid)))
    return out


def command(pid: int) -> str:
    """The command line of a program; of one that hides it, its name.

    Raises:
        OSError: It has ended.
    """
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    text = _in_one_line(b" ".join(words).decode(errors="replace"))
    return text or f"[{_name(pid)}]"


def _in_one_line(text: str) -> str:
    """A text without what would be an order to a terminal: that is written out."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode()
        for sign in text.strip()
    )


def _programs(namespace: str) -> Programs:
    running = processes([namespace]).get(namespace, [])
    holders: dict[int, tuple[int, str]] = {}
    for process in running:
        with suppress(OSError):
            for inode in _held(process.pid):
                if inode not in holders:
                    holders[inode] = process.pid, _name(process.pid)
    return Programs(tuple(running), holders)


def _held(pid: int) -> Iterator[int]:
    """The inodes of the sockets that a program has open."""
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            target = str(fd.readlink())
            if target.startswith("socket:["):
                yield int(target[8:-1])


def _name(pid: int) -> str:
    with suppress(OSError):
        return _in_one_line(Path(f"/proc/{pid}/comm").read_text(errors="replace"))
    return ""


def with_holders(
    sockets: Collection[Socket], holders: Mapping[int, tuple[int, str]]
) -> tuple[Socket, ...]:
    """The sockets with the programs that hold them."""
    return tuple(
        replace(it, pid=holders[it.inode][0], program=holders[it.inode][1])
        if it.inode in holders
        else it
        for it in sockets
    )
