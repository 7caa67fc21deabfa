"""Live capture of any set of endpoints into one pcapng file."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from tuilab.errors import PacketError, UsageError
from tuilab.model.links import Endpoint
from tuilab.packets.filters import check_filter, expand, resolved
from tuilab.packets.pcapng import Interface
from tuilab.packets.recorder import EndpointCounts
from tuilab.packets.recording import Recording
from tuilab.packets.sink import FileSink
from tuilab.packets.store import Store
from tuilab.packets.writing import Pcapng, format_of

__all__ = ["Capture", "EndpointCounts", "check_filter"]

_RING: Final = 96 << 20
_ALL_RINGS: Final = 192 << 20
"""Bytes of the kernel's memory for all endpoints together: a rush need not fit in."""
_MANY: Final = 50_000
"""Packets; what is fewer is written at once."""
_LEAST_RING: Final = 2 << 20
_STOP_SECONDS: Final = 10.0
_BEGINS: Final = "capture-"
_ENDS: Final = ".pcapng"


class Capture:
    """Every packet of some endpoints, from `start` to `stop`.

    Attributes:
        endpoints: What is captured.
        capture_filter: pcap-filter text, presets spelled out; empty for everything.
        path: The file being written; None before the start and for a stream.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        *,
        capture_filter: str = "",
        lenient: bool = False,
        lasting: bool = False,
        path: Path | None = None,
        directory: Path | None = None,
        stream: int | None = None,
        limit: int | None = None,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            endpoints: What to capture; one or more.
            capture_filter: pcap-filter text for the kernel, or the name of a preset.
            lenient: Leave out what is down or not there, unless nothing else is left;
                `counts` tells of it.
            lasting: Go on when no link is left, for others to be added.
            path: File to write; replaced if it is there. One that ends in .pcap gets
                the classic format, that knows neither links nor what was lost.
            directory: Where to make a file when there is no ``path``; removing it
                is up to the caller.
            stream: Descriptor to write to instead, passed on at every batch; it
                stays open.
            limit: Number of packets after which the capture ends by itself.
            on_change: Called from the capture's thread, at most ten times a second,
                when there are new packets or news of an endpoint, and at the end.
                It must not wait for anything.
        """
        self.endpoints = tuple(dict.fromkeys(endpoints))
        self.capture_filter = expand(capture_filter)
        self._lenient = lenient
        self._lasting = lasting
        self.path = path
        self._own_file = path is None and stream is None
        self._directory = directory
        self._stream = stream
        self._limit = limit
        self._on_change = on_change
        self._store: Store | None = None
        self._recording: Recording | None = None
        self._started = 0
        self._news = threading.Condition()
        self._waiters: list[Callable[[], None]] = []

    @property
    def store(self) -> Store:
        """The packets so far.

        Raises:
            PacketError: The capture goes to a stream, or has not started.
        """
        if self._store is None:
            raise PacketError("this capture keeps no packets")
        return self._store

    @property
    def written(self) -> int:
        """Packets written so far."""
        return self._recording.written if self._recording else 0

    @property
    def dropped(self) -> int:
        """Packets the kernel lost so far, on all endpoints together."""
        return sum(counts.dropped for counts in self.counts)

    @property
    def waiting(self) -> int:
        """Packets that are still to be written, where these are many; else 0."""
        read = sum(counts.received - counts.dropped for counts in self.counts)
        return waiting if (waiting := read - self.written) >= _MANY else 0

    @property
    def counts(self) -> list[EndpointCounts]:
        """How each endpoint stands, at most a quarter of a second old.

        What was left out comes last.
        """
        if self._recording is None:
            return [EndpointCounts(endpoint) for endpoint in self.endpoints]
        return [*self._recording.counts, *self._recording.left_out]

    @property
    def problem(self) -> str:
        """What ended the whole capture before its time; empty if nothing did."""
        return self._recording.problem if self._recording else ""

    @property
    def running(self) -> bool:
        """Whether packets are still being captured."""
        return self._recording is not None and not self._done

    def start(self) -> None:
        """Open every endpoint; packets sent after this are captured.

        Blocks for some 0.1 s, and 30 ms an endpoint.

        Raises:
            UsageError: No endpoint, or a filter that libpcap refuses, or one that names
                a host that nobody knows, or links that a classic file can't hold.
            NotFoundError: An endpoint does not exist.
            PacketError: An endpoint is down, or the file can't be written.
            RightsError: Capturing is not permitted.
        """
        if self._recording is not None:
            raise PacketError("this capture has been started before")
        if not self.endpoints:
            raise UsageError("there is nothing to capture", "name one, as red:eth0")
        complaint = check_filter(self.capture_filter)
        if complaint is not None:
            raise UsageError(
                f'"{self.capture_filter}" is no filter: {complaint}',
                "see man pcap-filter; for example: icmp or arp",
            )
        self.capture_filter = resolved(self.capture_filter)
        ring = max(_LEAST_RING, min(_RING, _ALL_RINGS // len(self.endpoints)))
        recording = Recording(
            self.endpoints,
            capture_filter=self.capture_filter,
            ring=ring,
            lenient=self._lenient,
            lasting=self._lasting,
        )
        try:
            self._begin(recording)
        except BaseException:
            recording.abandon()
            if self.path is not None and self._own_file:
                self.path.unlink(missing_ok=True)
            raise
        self._recording = recording
        self._started = time.time_ns()

    def _begin(self, recording: Recording) -> None:
        """Give it a file, or the stream, that begins as it has to."""
        form = format_of(self.path)
        interfaces = [Interface(str(end), kind) for end, kind in recording.opened]
        if form.classic and self.path is not None:
            interfaces = [_only(interfaces, self.path)]
        head = form.head(interfaces, self.capture_filter)
        fd = self._open_file() if self._stream is None else os.dup(self._stream)
        try:
            if self._stream is None:
                FileSink(fd).write(head)
                self._store = Store(
                    os.dup(fd), interfaces, len(head), classic=form.classic
                )
            else:
                # A reader that has gone is noticed again, quietly, at the first packet.
                with contextlib.suppress(BrokenPipeError):
                    os.write(fd, head)
            recording.begin(
                fd,
                size=len(head),
                classic=form.classic,
                limit=self._limit,
                beside=self.path.parent if self.path else Path(tempfile.gettempdir()),
                store=self._store,
                news=self._heard,
            )
        except OSError as error:
            raise self._unwritable(error) from None
        finally:
            os.close(fd)

    def add(self, endpoints: Sequence[Endpoint]) -> None:
        """Capture these too, from soon on; `counts` tells of what can't be."""
        if self._recording is not None and not self._done:
            self.endpoints = tuple(dict.fromkeys([*self.endpoints, *endpoints]))
            self._recording.add(endpoints)

    def stop(self) -> None:
        """End the capture: what was sent before this call is in the file.

        Blocks for some 0.1 s, and longer where more came than could be written yet.
        May be called again, and before `start`.

        Raises:
            PacketError: The file's disk does not answer.
        """
        if self._recording is None:
            return
        self._recording.finish()
        written = -1
        while not self._recording.join(_STOP_SECONDS):
            if self.written == written:
                raise PacketError("the capture does not end: its disk does not answer")
            written = self.written

    def close(self) -> None:
        """Stop, and let go of the packets; the file stays where it is."""
        self.stop()
        self._let_go()

    def discard(self) -> None:
        """End at once, whatever is still to be written, and remove the file."""
        if self._recording is not None:
            self._recording.kill()
        self._let_go()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()

    def wait(self, count: int | None = None, timeout: float | None = None) -> bool:
        """Block until ``count`` packets are written; None means until the end.

        Returns:
            Whether it came to that within ``timeout`` seconds; False as soon as it
            can't any more.
        """
        with self._news:
            self._news.wait_for(lambda: self._done or self._reached(count), timeout)
            return self._reached(count)

    async def wait_async(
        self, count: int | None = None, timeout: float | None = None
    ) -> bool:
        """Do what `wait` does without blocking the event loop."""
        loop = asyncio.get_running_loop()
        news = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(news.set)

        with self._news:
            self._waiters.append(wake)
        try:
            async with asyncio.timeout(timeout):
                while not (self._done or self._reached(count)):
                    await news.wait()
                    news.clear()
        except TimeoutError:
            pass
        finally:
            with self._news:
                self._waiters.remove(wake)
        return self._reached(count)

    def save(self, path: Path) -> int:
        """Copy what there is so far to a complete file.

        Returns:
            The number of packets in it.

        Raises:
            PacketError: It can't be written, or the capture goes to a stream.
        """
        store, recording = self.store, self._recording
        assert recording is not None
        told = [(counts.received, counts.dropped) for counts in recording.counts]
        return store.save(path, Pcapng().tail(self._started, told))

    def __enter__(self) -> Capture:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_file(self) -> int:
        try:
            if self.path is None:
                if self._directory is not None:
                    _remove_left(self._directory)
                fd, name = tempfile.mkstemp(_ENDS, _BEGINS, self._directory)
                self.path = Path(name)
                with contextlib.suppress(OSError):
                    # Until the last of us has closed it: see `_remove_left`.
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return fd
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            return os.open(self.path, flags, 0o666)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> PacketError:
        where = f'"{self.path}"' if self.path else "the stream"
        hint = "make room there" if self._own_file else "choose another file"
        return PacketError(
            f"{where} cannot be written: {error.strerror or error}", hint
        )

    def _reached(self, count: int | None) -> bool:
        return self._done if count is None else self.written >= count

    def _heard(self) -> None:
        """Wake those who wait (in the thread that listens)."""
        with self._news:
            self._news.notify_all()
            for wake in self._waiters:
                # A loop that has been closed waits for nothing any more.
                with contextlib.suppress(RuntimeError):
                    wake()
        self._tell()

    def _tell(self) -> None:
        if self._on_change is None:
            return
        try:
            self._on_change()
        except Exception:
            # A front end that fails or has gone must not end the capture.
            logging.getLogger(__name__).exception("on_change")
            self._on_change = None

    @property
    def _done(self) -> bool:
        return self._recording is not None and self._recording.done


def _remove_left(directory: Path) -> None:
    """Remove files of captures that were killed: nobody knows of them any more."""
    for path in directory.glob(f"{_BEGINS}*{_ENDS}"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _only(interfaces: Sequence[Interface], path: Path) -> Interface:
    """The one that a classic file has for all of them."""
    kinds = {it.linktype: it.name for it in interfaces}
    if len(kinds) > 1:
        raise UsageError(
            "a classic pcap file holds one kind of link only, not both "
            + " and ".join(list(kinds.values())[:2]),
            f'write pcapng: "{path.with_suffix(".pcapng")}"',
        )
    name = interfaces[0].name if len(interfaces) == 1 else path.stem
    return Interface(name, interfaces[0].linktype)
