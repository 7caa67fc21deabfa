"""Send packets from any namespace and stream what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

from tuilab.errors import (
    KernelError,
    NotFoundError,
    PacketError,
    RightsError,
    TuilabError,
    UsageError,
)
from tuilab.packets.results import ArpResult, PingResult, Statistics

__all__ = ["ArpResult", "PingResult", "Sender", "Statistics"]

_FAILURES: Final[dict[str, type[TuilabError]]] = {
    kind.__name__: kind
    for kind in (KernelError, NotFoundError, PacketError, RightsError, UsageError)
}
_MOST_BYTES: Final = 65_507
"""Of an echo request: what is left of an IPv4 packet after both headers."""
_END_SECONDS: Final = 2.0
_ROOT = str(Path(__file__).parents[2])


class Sender:
    """Sends through a worker process that is started when it is first needed.

    Belongs to one event loop. Any number of jobs may run at once, in any namespaces.
    """

    def __init__(self) -> None:
        self._worker: _Worker | None = None
        self._starting = asyncio.Lock()

    async def warm(self) -> None:
        """Start the worker, so that the first packet need not wait for it.

        Raises:
            PacketError: It can't be started.
        """
        async with self._starting:
            if self._worker is None or not self._worker.alive:
                if self._worker is not None:
                    await self._worker.aclose()
                self._worker = await _Worker.start()

    async def aclose(self) -> None:
        """End every job and the worker; what iterates over results gets an error."""
        async with self._starting:
            if self._worker is not None:
                await self._worker.aclose()
                self._worker = None

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def ping(
        self,
        namespace: str,
        to: str,
        *,
        count: int | None = 4,
        interval: float = 1.0,
        size: int = 56,
        ttl: int = 64,
        timeout: float = 2.0,
        source: str | None = None,
    ) -> AsyncGenerator[PingResult, None]:
        """Ping an address; its kernel routes the requests and resolves neighbours.

        Args:
            namespace: Where to send from; ``host`` is the lab's root namespace.
            to: IPv4 or IPv6 address; a link-local one as ``fe80::1%eth0``.
            count: Number of requests; None for no end.
            interval: Seconds from one request to the next.
            size: Bytes of payload.
            ttl: TTL or hop limit of the requests.
            timeout: Seconds to wait for each reply.
            source: Address to send from; None leaves that to the kernel.

        Yields:
            What each request came to, as soon as that is known. Closing the iterator
            ends the job at once.

        Raises:
            UsageError: An argument makes no sense.
            NotFoundError: The namespace does not exist.
            PacketError: The worker died.
        """
        address = _checked_address(to)
        if address.is_link_local and address.version == 6 and "%" not in to:
            raise UsageError(
                f'"{to}" exists on every link', f"name the interface, as {to}%eth0"
            )
        _check_schedule(count, interval, timeout)
        if not 0 <= size <= _MOST_BYTES:
            raise UsageError(f"{size} bytes of payload can't be sent")
        if not 1 <= ttl <= 255:
            raise UsageError(f"a TTL of {ttl} is not possible", "it is 1 to 255")
        wish = {
            "to": to,
            "count": count,
            "interval": interval,
            "size": size,
            "ttl": ttl,
            "timeout": timeout,
            "source": source and str(_checked_address(source)),
        }
        async with contextlib.aclosing(self._run("ping", namespace, wish)) as results:
            async for result in results:
                yield PingResult(**result)

    async def arp(
        self,
        namespace: str,
        ifname: str | None,
        to: str,
        *,
        count: int | None = 4,
        interval: float = 1.0,
        timeout: float = 2.0,
        source: str | None = None,
    ) -> AsyncGenerator[ArpResult, None]:
        """Ask a link who has an address: ARP, or neighbour solicitation for IPv6.

        Args:
            namespace: Where to ask from.
            ifname: Interface to ask on; None for the one that the routes name.
            to: The address.
            count: Number of requests; None for no end.
            interval: Seconds from one request to the next.
            timeout: Seconds to wait for each answer.
            source: Address to ask as; None for the one the kernel would use.

        Yields:
            What each request came to, as soon as that is known. Closing the iterator
            ends the job at once.

        Raises:
            UsageError: An argument makes no sense.
            NotFoundError: The namespace or the interface does not exist.
            PacketError: The worker died.
        """
        _checked_address(to)
        _check_schedule(count, interval, timeout)
        wish = {
            "to": to,
            "ifname": ifname,
            "count": count,
            "interval": interval,
            "timeout": timeout,
            "source": source and str(_checked_address(source)),
        }
        async with contextlib.aclosing(self._run("arp", namespace, wish)) as results:
            async for result in results:
                yield ArpResult(**result)

    async def _run(
        self, job: str, namespace: str, wish: dict[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        await self.warm()
        assert self._worker is not None
        async with contextlib.aclosing(
            self._worker.run(job, namespace, wish)
        ) as results:
            async for result in results:
                yield result


class _Worker:
    """One worker process and the jobs it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._jobs: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._last = 0
        self._last_words = b""
        self._listening = asyncio.create_task(self._listen())
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls) -> _Worker:
        """Start it; it takes jobs at once, and does them when scapy is imported."""
        # A relative entry would have the worker import what lies about here.
        paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        path = os.pathsep.join([_ROOT, *filter(os.path.isabs, paths)])
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "tuilab.packets.worker",
                str(os.getpid()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": path},
                start_new_session=True,
            )
        except OSError as error:
            raise PacketError(
                f"the packet worker can't be started: {error.strerror}"
            ) from None
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether it can take jobs."""
        return not self._reading.done()

    async def run(
        self, job: str, namespace: str, wish: dict[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The results of a job."""
        self._last += 1
        number = self._last
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._jobs[number] = queue
        self._tell({"id": number, "job": job, "namespace": namespace, "wish": wish})
        ended = False
        try:
            while True:
                message = await queue.get()
                if "result" in message:
                    yield message["result"]
                    continue
                ended = True
                if "failed" in message:
                    raise _failure(*message["failed"])
                if message["end"]:
                    raise self._died()
                return
        finally:
            del self._jobs[number]
            if not ended:
                self._tell({"id": number, "cancel": True})

    async def aclose(self) -> None:
        """End it, and wait until it is gone."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reading, self._listening)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await stdin.wait_closed()

    def _tell(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        async for line in stdout:
            message = json.loads(line)
            queue = self._jobs.get(message.get("id"))
            if queue is not None:
                queue.put_nowait(message)
        for queue in self._jobs.values():
            queue.put_nowait({"end": 1})

    async def _listen(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while data := await stderr.read(4096):
            self._last_words = (self._last_words + data)[-2000:]

    def _died(self) -> PacketError:
        words = self._last_words.decode(errors="replace").strip().splitlines()
        why = f": {words[-1]}" if words else ""
        return PacketError(f"the packet worker died{why}", "try again")


def _failure(kind: str, summary: str, hint: str) -> TuilabError:
    return _FAILURES.get(kind, PacketError)(summary, hint)


def _checked_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise UsageError(
            f'"{text}" is not an address', "give one such as 10.0.0.2 or fd00::2"
        ) from None


def _check_schedule(count: int | None, interval: float, timeout: float) -> None:
    if count is not None and count < 1:
        raise UsageError(f"{count} packets can't be sent", "send at least one")
    if interval < 0 or timeout <= 0:
        raise UsageError("the interval or the timeout is not possible")
