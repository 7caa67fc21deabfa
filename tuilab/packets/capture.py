"""Live capture of any set of endpoints into one pcapng file."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from tuilab import __version__
from tuilab.errors import NotFoundError, PacketError, UsageError
from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.filters import SNAPLEN, check_filter, expand, resolved
from tuilab.packets.handle import Handle
from tuilab.packets.recorder import EndpointCounts, Recorder
from tuilab.packets.sink import FileSink, Sink, StreamSink
from tuilab.packets.store import Store

__all__ = ["Capture", "EndpointCounts", "check_filter"]

_RING: Final = 64 << 20
_ALL_RINGS: Final = 512 << 20
_LEAST_RING: Final = 2 << 20
_STOP_SECONDS: Final = 10.0


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
            path: File to write; replaced if it is there.
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
        self._left_out: list[EndpointCounts] = []
        self.path = path
        self._directory = directory
        self._stream = stream
        self._limit = limit
        self._on_change = on_change
        self._store: Store | None = None
        self._recorder: Recorder | None = None
        self._given_up = threading.Event()
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
        return self._recorder.written if self._recorder else 0

    @property
    def dropped(self) -> int:
        """Packets the kernel lost so far, on all endpoints together."""
        return sum(counts.dropped for counts in self.counts)

    @property
    def counts(self) -> list[EndpointCounts]:
        """How each endpoint stands, at most a quarter of a second old.

        What was left out comes last.
        """
        if self._recorder is None:
            return [EndpointCounts(endpoint) for endpoint in self.endpoints]
        return [*self._recorder.counts, *self._left_out]

    @property
    def problem(self) -> str:
        """What ended the whole capture before its time; empty if nothing did."""
        return self._recorder.problem if self._recorder else ""

    @property
    def running(self) -> bool:
        """Whether packets are still being captured."""
        return self._recorder is not None and not self._done

    def start(self) -> None:
        """Open every endpoint; packets sent after this are captured.

        Blocks for some 30 ms an endpoint.

        Raises:
            UsageError: No endpoint, or a filter that libpcap refuses, or one that names
                a host that nobody knows.
            NotFoundError: An endpoint does not exist.
            PacketError: An endpoint is down, or the file can't be written.
            RightsError: Capturing is not permitted.
        """
        if self._recorder is not None:
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
        self._left_out = []
        ring = max(_LEAST_RING, min(_RING, _ALL_RINGS // len(self.endpoints)))
        with contextlib.ExitStack() as undo:
            handles = []
            for endpoint in self.endpoints:
                handle = self._open(endpoint, ring)
                if handle is not None:
                    handles.append(handle)
                    undo.callback(handle.close)
            head, interfaces = self._head(handles)
            sink = self._open_sink(head, interfaces)
            undo.pop_all()
        self._recorder = Recorder(
            handles,
            sink,
            store=self._store,
            size=len(head),
            limit=self._limit,
            progress=self._progress,
            change=self._tell,
        )
        self._recorder.start()

    def stop(self) -> None:
        """End the capture: what was sent before this call is in the file.

        Blocks for some 0.1 s. May be called again, and before `start`.

        Raises:
            PacketError: The file's disk does not answer.
        """
        if self._recorder is None:
            return
        self._given_up.set()
        self._recorder.finish()
        self._recorder.join(_STOP_SECONDS)
        if self._recorder.is_alive():
            raise PacketError("the capture does not end: its disk does not answer")

    def close(self) -> None:
        """Stop, and let go of the packets; the file stays where it is."""
        self.stop()
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
        store, recorder = self.store, self._recorder
        assert recorder is not None
        return store.save(path, recorder.statistics())

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

    def _open(self, endpoint: Endpoint, ring: int) -> Handle | None:
        """A handle, or None for what is left out."""
        try:
            return Handle.open(endpoint, self.capture_filter, ring)
        except (NotFoundError, PacketError) as error:
            last = len(self._left_out) + 1 == len(self.endpoints)
            if not self._lenient or last:
                raise
            self._left_out.append(EndpointCounts(endpoint, ended=error.summary))
            return None

    def _head(self, handles: Sequence[Handle]) -> tuple[bytes, list[pcapng.Interface]]:
        """The blocks before the first packet."""
        interfaces = [pcapng.Interface(str(h.endpoint), h.linktype) for h in handles]
        blocks = [pcapng.section_block(f"tuilab {__version__}")]
        blocks += [
            pcapng.interface_block(
                interface.name,
                interface.linktype,
                snaplen=SNAPLEN,
                capture_filter=self.capture_filter,
            )
            for interface in interfaces
        ]
        return b"".join(blocks), interfaces

    def _open_sink(self, head: bytes, interfaces: Sequence[pcapng.Interface]) -> Sink:
        """Where the blocks go, ``head`` written already."""
        sink: Sink
        if self._stream is not None:
            sink = StreamSink(self._stream, self._given_up.is_set)
            # A reader that has gone is noticed again, quietly, at the first packet.
            with contextlib.suppress(BrokenPipeError):
                sink.write(head)
            return sink
        fd = self._open_file()
        sink = FileSink(fd)
        try:
            sink.write(head)
        except OSError as error:
            sink.close()
            raise self._unwritable(error) from None
        self._store = Store(os.dup(fd), interfaces, len(head))
        return sink

    def _open_file(self) -> int:
        try:
            if self.path is None:
                fd, name = tempfile.mkstemp(".pcapng", "capture-", self._directory)
                self.path = Path(name)
                return fd
            flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            return os.open(self.path, flags, 0o666)
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> PacketError:
        where = f'"{self.path}"' if self.path else "the stream"
        return PacketError(
            f"{where} cannot be written: {error.strerror or error}",
            "choose another file",
        )

    def _reached(self, count: int | None) -> bool:
        return self._done if count is None else self.written >= count

    def _progress(self) -> None:
        """Wake those who wait (in the recorder's thread)."""
        with self._news:
            self._news.notify_all()
            for wake in self._waiters:
                # A loop that has been closed waits for nothing any more.
                with contextlib.suppress(RuntimeError):
                    wake()

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
        return self._recorder is not None and self._recorder.done
