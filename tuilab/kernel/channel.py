"""A route netlink socket, spoken to directly: many requests in one send, quick dumps.

The kernel carries requests out while they are being sent, so all answers are there
once `send` returns. For use by one thread at a time, in whatever namespace it is in:
the socket stays in the one where it was opened. See netlink(7), rtnetlink(7).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from tuilab.kernel.wire import Message, attributes

SOL_NETLINK = 270
NETLINK_ROUTE = 0
NETLINK_CAP_ACK = 10
NETLINK_EXT_ACK = 11
RCVBUF = 4 << 20
"""Bytes; the kernel may allow less."""
DEADLINE = 20.0
"""Seconds that the kernel may take for an answer."""
AT_ONCE = 100
"""Requests in one send: their answers must fit into the smallest buffer."""
RECEIVE = 1 << 17
"""Bytes; the kernel fills up to this in one go."""

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_DUMP = 0x1, 0x4, 0x10, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLMSGERR_ATTR_MSG = 1

_HEADER = struct.Struct("=IHHII")
_TRIES = 5


@dataclass(slots=True)
class Answer:
    """What the kernel says to one request.

    Attributes:
        errno: 0 when it was done.
        text: The kernel's own words for why not, or those of strerror(3).
        bodies: What was asked for.
    """

    errno: int = 0
    text: str = ""
    bodies: list[bytes] = field(default_factory=list)


class Channel:
    """An open socket, in the network namespace of the thread that opened it."""

    def __init__(self, protocol: int = NETLINK_ROUTE) -> None:
        """Open it.

        Args:
            protocol: The netlink family, route netlink by default; see netlink(7).
        """
        self._sequence = 0
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, protocol)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF)
        self._socket.bind((0, 0))
        self._socket.settimeout(DEADLINE)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def request(self, messages: Sequence[Message]) -> list[Answer]:
        """Have the kernel do all of this, in order; one that it refuses stops none.

        Raises:
            OSError: The kernel does not answer, or took nothing.
        """
        answers: list[Answer] = []
        for start in range(0, len(messages), AT_ONCE):
            answers += self._request(messages[start : start + AT_ONCE])
        return answers

    def _request(self, messages: Sequence[Message]) -> list[Answer]:
        first = self._sequence + 1
        data = bytearray()
        for kind, flags, body in messages:
            self._sequence += 1
            flags |= NLM_F_REQUEST | NLM_F_ACK
            data += _HEADER.pack(16 + len(body), kind, flags, self._sequence, 0)
            data += body
        self._socket.send(data)
        answers = [Answer() for _ in messages]
        missing = len(answers)
        while missing:
            for kind, flags, sequence, body in self._receive():
                place = sequence - first
                if not 0 <= place < len(answers):
                    continue  # of a request that was given up
                if kind == NLMSG_ERROR:
                    _read_ack(answers[place], flags, body)
                    missing -= 1
                else:
                    answers[place].bodies.append(body)
        return answers

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Everything of one kind.

        Raises:
            OSError: The kernel refuses or does not answer.
        """
        for _ in range(_TRIES):
            found, whole = self._dump(kind, body)
            if whole:
                break
        return found

    def _dump(self, kind: int, body: bytes) -> tuple[list[bytes], bool]:
        self._sequence += 1
        flags = NLM_F_REQUEST | NLM_F_DUMP
        head = _HEADER.pack(16 + len(body), kind, flags, self._sequence, 0)
        self._socket.send(head + body)
        found: list[bytes] = []
        whole = True
        while True:
            for kind_, flags, sequence, part in self._receive():
                if sequence != self._sequence:
                    continue
                # Something changed meanwhile: what was left out is not known.
                whole = whole and not flags & NLM_F_DUMP_INTR
                if kind_ in (NLMSG_DONE, NLMSG_ERROR):
                    code = -int.from_bytes(part[:4], "little", signed=True)
                    if code:
                        raise OSError(code, os.strerror(code))
                    return found, whole
                found.append(part)

    def _receive(self) -> list[tuple[int, int, int, bytes]]:
        """Kind, flags, sequence number and body of what comes in next."""
        try:
            data = self._socket.recv(RECEIVE)
        except TimeoutError:
            raise OSError(errno.ETIMEDOUT, "the kernel does not answer") from None
        out = []
        place, end = 0, len(data)
        while place + 16 <= end:
            length, kind, flags, sequence, _ = _HEADER.unpack_from(data, place)
            out.append((kind, flags, sequence, data[place + 16 : place + length]))
            place += (length + 3) & ~3
        return out


def _read_ack(answer: Answer, flags: int, body: bytes) -> None:
    code = -int.from_bytes(body[:4], "little", signed=True)
    if not code:
        return
    answer.errno, answer.text = code, os.strerror(code)
    if flags & NLM_F_ACK_TLVS:
        # The header of the request comes first, with its body unless that was capped.
        skip = 20 if flags & NLM_F_CAPPED else 4 + int.from_bytes(body[4:8], "little")
        said = attributes(body, skip).get(NLMSGERR_ATTR_MSG)
        if said:
            answer.text = said.rstrip(b"\0").decode(errors="replace")
