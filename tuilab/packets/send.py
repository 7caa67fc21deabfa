"""Send packets from any namespace and stream what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncGenerator
from typing import Any, Final, Literal

from tuilab.errors import UsageError
from tuilab.packets.process import Worker
from tuilab.packets.results import Answer, ArpResult, Hop, PingResult, Statistics

__all__ = ["Answer", "ArpResult", "Hop", "PingResult", "Sender", "Statistics"]

_MOST_BYTES: Final = 65_507
"""Of an echo request: what is left of an IPv4 packet after both headers."""


class Sender:
    """Sends through a worker process that is started when it is first needed.

    Belongs to one event loop. Any number of jobs may run at once, in any namespaces.
    """

    def __init__(self) -> None:
        self._worker: Worker | None = None
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
                self._worker = await Worker.start()

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
        if not 0 <= size <= _MOST_BYTES:
            raise UsageError(f"{size} bytes of payload can't be sent")
        wish = {"size": size} | _probing(
            to, count=count, interval=interval, timeout=timeout, ttl=ttl, source=source
        )
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

    async def traceroute(
        self,
        namespace: str,
        to: str,
        *,
        method: Literal["icmp", "udp", "tcp"] = "icmp",
        port: int | None = None,
        hops: int = 30,
        tries: int = 3,
        timeout: float = 1.0,
        source: str | None = None,
    ) -> AsyncGenerator[Hop, None]:
        """Find out who is on the way to an address.

        Args:
            namespace: Where to send from.
            to: The address.
            method: What to send: echo requests, datagrams, or SYN segments.
            port: Of TCP 80 if None, of UDP the first one, 33434 if None.
            hops: The highest TTL to try.
            tries: Probes of each TTL.
            timeout: Seconds to wait for what comes back.
            source: Address to send from; None leaves that to the kernel.

        Yields:
            What each probe came to, as soon as that is known, in the order of TTLs.

        Raises:
            UsageError: An argument makes no sense.
            NotFoundError: The namespace does not exist.
            PacketError: The worker died.
        """
        _check_target(to, source)
        _check_schedule(tries, 0, timeout)
        _check_ttl(hops)
        if port is not None:
            _check_port(port)
        wish = {
            "to": to,
            "method": method,
            "port": port,
            "hops": hops,
            "tries": tries,
            "timeout": timeout,
            "source": source,
        }
        run = self._run("traceroute", namespace, wish)
        async with contextlib.aclosing(run) as results:
            async for result in results:
                seq = (result.pop("seq") - 1) % tries + 1
                yield Hop(seq=seq, **result)

    async def tcp(
        self,
        namespace: str,
        to: str,
        port: int,
        *,
        connect: bool = True,
        **options: Any,
    ) -> AsyncGenerator[Answer, None]:
        """Try a TCP port: ``open`` and ``closed`` are answers, silence is none.

        Args:
            namespace: Where to send from.
            to: The address.
            port: The port.
            connect: Open a connection and reset it; else only ask for one (SYN).
            options: ``count``, ``interval``, ``timeout``, ``ttl``, ``source`` as of
                `ping`.

        Yields:
            What each came to. Raises as `ping` does.
        """
        _check_port(port)
        job = "tcp_connect" if connect else "tcp_syn"
        async for answer in self._probe(job, namespace, to, {"port": port}, options):
            yield answer

    async def udp(
        self, namespace: str, to: str, port: int, *, data: str = "", **options: Any
    ) -> AsyncGenerator[Answer, None]:
        """Send datagrams to a port; a program there may answer, or an ICMP error.

        Args:
            namespace: Where to send from.
            to: The address.
            port: The port.
            data: What is in them.
            options: As of `tcp`.

        Yields:
            What each came to. Raises as `ping` does.
        """
        _check_port(port)
        if len(data.encode()) > _MOST_BYTES:
            raise UsageError("that is too much for one datagram")
        wish = {"port": port, "data": data}
        async for answer in self._probe("udp", namespace, to, wish, options):
            yield answer

    async def dns(
        self, namespace: str, to: str, name: str, *, kind: str = "A", **options: Any
    ) -> AsyncGenerator[Answer, None]:
        """Ask a name server.

        Args:
            namespace: Where to send from.
            to: The name server's address.
            name: What to ask for.
            kind: Type of the record, such as ``AAAA``.
            options: As of `tcp`.

        Yields:
            What each question came to. Raises as `ping` does.
        """
        wish = {"name": name, "kind": kind.upper()}
        async for answer in self._probe("dns", namespace, to, wish, options):
            yield answer

    async def _probe(
        self,
        job: str,
        namespace: str,
        to: str,
        wish: dict[str, Any],
        options: dict[str, Any],
    ) -> AsyncGenerator[Answer, None]:
        wish |= _probing(to, **options)
        async with contextlib.aclosing(self._run(job, namespace, wish)) as results:
            async for result in results:
                yield Answer(**result)

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


def _probing(
    to: str,
    *,
    count: int | None = 1,
    interval: float = 1.0,
    timeout: float = 2.0,
    ttl: int = 64,
    source: str | None = None,
) -> dict[str, Any]:
    """What all probes have, checked."""
    _check_target(to, source)
    _check_schedule(count, interval, timeout)
    _check_ttl(ttl)
    return {
        "to": to,
        "count": count,
        "interval": interval,
        "timeout": timeout,
        "ttl": ttl,
        "source": source,
    }


def _check_target(to: str, source: str | None) -> None:
    address = _checked_address(to)
    if address.is_link_local and address.version == 6 and "%" not in to:
        raise UsageError(
            f'"{to}" exists on every link', f"name the interface, as {to}%eth0"
        )
    if source is not None and _checked_address(source).version != address.version:
        raise UsageError(
            f'"{to}" can\'t be sent to from "{source}"',
            "choose two addresses of the same family",
        )


def _check_ttl(ttl: int) -> None:
    if not 1 <= ttl <= 255:
        raise UsageError(f"a TTL of {ttl} is not possible", "it is 1 to 255")


def _check_port(port: int) -> None:
    if not 1 <= port <= 65_535:
        raise UsageError(f"there is no port {port}", "it is 1 to 65535")
