"""The process that captures as others of ours see it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tuilab.errors import PacketError
from tuilab.model.links import Endpoint
from tuilab.packets import failures, spawn, talk
from tuilab.packets.pcapng import Interface
from tuilab.packets.recorder import EndpointCounts
from tuilab.packets.store import Store

_START_SECONDS: Final = 60.0
_OFFSET: Final = 8
_MEMORY: Final = {
    # Batch for batch the same memory is needed: to hand it back to the kernel each time
    # costs as much as copying packets does. (Only glibc looks at these.)
    "MALLOC_MMAP_THRESHOLD_": str(256 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(4 << 20),
}


class Recording:
    """One process that captures, from the making to the end of the capture.

    Attributes:
        opened: What it captures, with the LINKTYPE of its packets.
        counts: How each of them stands.
        left_out: What is not captured after all.
        written: Packets written so far.
        problem: What ended it before its time; empty if nothing did.
        done: Whether it has ended and its file is complete.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        capture_filter: str,
        ring: int,
        lenient: bool,
        lasting: bool,
    ) -> None:
        """Start it; what is sent from now on will be captured.

        Args:
            endpoints: What to capture.
            capture_filter: pcap-filter text without names of hosts.
            ring: Bytes of kernel memory for each endpoint.
            lenient: Leave out what is down or not there, unless nothing else is left.
            lasting: Go on when no link is left, for others to be added.

        Raises:
            NotFoundError: An endpoint does not exist.
            PacketError: It is down, or the process can't be started.
            RightsError: Capturing is not permitted.
        """
        self.written = 0
        self.problem = ""
        self.done = False
        self._index = -1
        self._store: Store | None = None
        self._news: Callable[[], None] = _nobody
        self._listener = threading.Thread(
            target=self._listen, name="tuilab-capture", daemon=True
        )
        self._line, theirs = talk.pair()
        with theirs:
            self._process = _start(theirs.fileno())
        try:
            self._line.settimeout(_START_SECONDS)
            job = {
                "endpoints": [(end.namespace, end.ifname) for end in endpoints],
                "filter": capture_filter,
                "ring": ring,
                "lenient": lenient,
                "lasting": lasting,
            }
            talk.say(self._line, job)
            answer = self._answer()
        except BaseException:
            self.abandon()
            raise
        self._line.settimeout(None)
        self.opened = [(Endpoint(*end), kind) for *end, kind in answer["opened"]]
        self._began = len(self.opened)
        self._classic = False
        self.left_out = _left_out(answer)
        self.counts = [EndpointCounts(end) for end, _ in self.opened]

    def begin(
        self,
        file: int,
        *,
        size: int,
        classic: bool,
        limit: int | None,
        beside: Path,
        store: Store | None,
        news: Callable[[], None],
    ) -> None:
        """Have it write.

        Args:
            file: Where to; may be closed afterwards.
            size: Bytes that are there already.
            classic: Whether it is a file of the classic format.
            limit: Packets after which the capture ends.
            beside: Where there is room for what comes faster than it can be written.
            store: Told of every packet; None where ``file`` is a stream.
            news: Called from a thread of its own, at most ten times a second, when
                there is news, and at the end.
        """
        self._store, self._news, self._classic = store, news, classic
        files = [file]
        if store is not None:
            self._index = os.memfd_create("tuilab-index")
            files.append(self._index)
        go = {
            "size": size,
            "classic": classic,
            "limit": limit,
            "stream": store is None,
            "beside": str(beside),
        }
        try:
            talk.say(self._line, go, files)
        except OSError:
            raise PacketError(self._died(), "try again") from None
        self._listener.start()

    def add(self, endpoints: Sequence[Endpoint]) -> None:
        """Capture these too, from soon on; what is down or not there is left out."""
        with contextlib.suppress(OSError):  # it has ended
            add = [(end.namespace, end.ifname) for end in endpoints]
            talk.say(self._line, {"add": add})

    def finish(self) -> None:
        """End soon: what was sent before this call is still written."""
        with contextlib.suppress(OSError):  # it has ended
            self._line.shutdown(1)

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it has come."""
        self._listener.join(seconds)
        return not self._listener.is_alive()

    def kill(self) -> None:
        """End it at once; its file lacks what was not written yet."""
        self._process.kill()
        self._listener.join()

    def abandon(self) -> None:
        """End it before it has begun."""
        self._line.close()
        self._process.kill()
        self._leave()

    def _answer(self) -> dict[str, Any]:
        try:
            answer, _ = talk.hear(self._line)
        except (EOFError, OSError):
            raise PacketError(self._died(), "try again") from None
        if "failed" in answer:
            raise failures.heard(*answer["failed"])
        found: dict[str, Any] = answer
        return found

    def _listen(self) -> None:
        """Take note of what it tells (in a thread of its own)."""
        try:
            while not self.done:
                said, _ = talk.hear(self._line)
                self._take(said)
                if "problem" in said:
                    self._leave()
                    self.done = True
                self._news()
        except (EOFError, OSError, ValueError):
            self.problem = self._died()
            self._leave()
            self.done = True
            self._news()

    def _take(self, said: dict[str, Any]) -> None:
        for *end, kind in said["joined"][len(self.opened) - self._began :]:
            endpoint = Endpoint(*end)
            self.opened.append((endpoint, kind))
            # A classic file has one interface for all.
            if self._store is not None and not self._classic:
                self._store.add_interface(Interface(str(endpoint), kind))
        self.left_out = _left_out(said)
        if self._store is not None and said["written"] > self.written:
            length = (said["written"] - self.written) * _OFFSET
            offsets = os.pread(self._index, length, self.written * _OFFSET)
            self._store.publish(offsets, said["size"])
        self.written = said["written"]
        self.counts = [
            EndpointCounts(end, *told)
            for (end, _), told in zip(self.opened, said["counts"], strict=True)
        ]
        self.problem = said.get("problem", "")

    def _died(self) -> str:
        assert self._process.stderr is not None
        self._process.kill()
        words = self._process.stderr.read().decode(errors="replace").strip()
        why = f": {words.splitlines()[-1]}" if words else ""
        return f"the process that captures died{why}"

    def _leave(self) -> None:
        """It has ended, or is about to."""
        self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._line.close()
        if self._index >= 0:
            os.close(self._index)
            self._index = -1


def _left_out(said: dict[str, Any]) -> list[EndpointCounts]:
    return [EndpointCounts(Endpoint(*end), ended=why) for *end, why in said["left_out"]]


def _start(line: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            spawn.command("tuilab.packets.captor", str(line)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=spawn.environment() | _MEMORY,
            pass_fds=(line,),
            start_new_session=True,
        )
    except OSError as error:
        raise PacketError(
            f"the process that captures can't be started: {error.strerror}"
        ) from None


def _nobody() -> None:
    """Is told nothing."""
