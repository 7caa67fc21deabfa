"""Send packets from any namespace and stream what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, Literal

from tuilab.errors import PacketError, UsageError
from tuilab.model.topology import HOST
from tuilab.packets.layers import Layer, Preview, layer_from
from tuilab.packets.pcapng import LINKTYPE_ETHERNET
from tuilab.packets.process import Worker
from tuilab.packets.results import Answer, ArpResult, Hop, PingResult, Statistics
from tuilab.packets.store import Packet
from tuilab.packets.wishes import (
    check_port,
    check_schedule,
    check_target,
    check_ttl,
    checked_address,
    probing,
)

__all__ = ["Answer", "ArpResult", "Hop", "PingResult", "Sender", "Statistics"]

_MAC: Final = re.compile("([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
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
            raise UsageError(
                f"{size} bytes of payload can't be sent", f"0 to {_MOST_BYTES} can"
            )
        wish = {"size": size} | probing(
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
        checked_address(to)
        check_schedule(count, interval, timeout)
        wish = {
            "to": to,
            "ifname": ifname,
            "count": count,
            "interval": interval,
            "timeout": timeout,
            "source": source and str(checked_address(source)),
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
        check_target(to, source)
        check_schedule(tries, 0, timeout)
        check_ttl(hops)
        if port is not None:
            check_port(port)
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
        check_port(port)
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
        check_port(port)
        if len(data.encode()) > _MOST_BYTES:
            raise UsageError(
                f"{len(data.encode())} bytes are too much for one datagram",
                f"at most {_MOST_BYTES}",
            )
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

    async def ping_many(
        self,
        namespace: str,
        to: Sequence[str],
        *,
        rounds: int | None = None,
        interval: float = 1.0,
        timeout: float = 1.0,
    ) -> AsyncGenerator[tuple[int, PingResult], None]:
        """Ping several addresses of one family, round after round.

        Args:
            namespace: Where to send from.
            to: The addresses.
            rounds: Pings of each; None for no end.
            interval: Seconds from one round to the next.
            timeout: Seconds to wait for each reply.

        Yields:
            Which of the addresses, as an index, and what its ping came to; ``seq``
            counts the rounds. Raises as `ping` does.
        """
        for address in to:
            check_target(address, None)
        check_schedule(rounds, interval, timeout)
        wish = {
            "to": list(to),
            "rounds": rounds,
            "interval": interval,
            "timeout": timeout,
        }
        run = self._run("ping_many", namespace, wish)
        async with contextlib.aclosing(run) as results:
            async for result in results:
                yield result.pop("target"), PingResult(**result)

    async def answer(
        self, namespace: str, ifname: str, addresses: Sequence[str], *, mac: str = ""
    ) -> AsyncGenerator[str, None]:
        """Be the machine behind a tap: it answers ARP, neighbours and pings.

        Args:
            namespace: Where the tap is.
            ifname: The tap; no other program may hold it.
            addresses: Its addresses, with or without a prefix length.
            mac: Its link address; empty for one derived from the tap's name.

        Yields:
            A line for everything that it says. Closing the iterator ends it.

        Raises:
            UsageError: An argument makes no sense, or the tap is none or in use.
            NotFoundError: The namespace or the tap does not exist.
            RightsError: This user may not open it.
            PacketError: The worker died.
        """
        for text in addresses:
            checked_address(text.partition("/")[0])
        if not addresses:
            raise UsageError(
                "a machine without an address answers nothing", "give it one"
            )
        if mac and not _MAC.fullmatch(mac):
            raise UsageError(f'"{mac}" is no link address', "as in 02:00:00:00:00:01")
        seed = hashlib.sha256(f"behind {namespace}:{ifname}".encode()).digest()
        wish = {
            "ifname": ifname,
            "addresses": list(addresses),
            "mac": mac.lower() or f"02:{seed[:5].hex(':')}",
        }
        run = self._run("answer", namespace, wish)
        async with contextlib.aclosing(run) as results:
            async for result in results:
                yield result["text"]

    async def decode(self, packet: Packet) -> tuple[Layer, ...]:
        """Take a packet apart: its layers, fields and the bytes they are in.

        The first one takes half a second, while all of scapy is imported, unless
        `prepare_decoding` has seen to that.

        Raises:
            PacketError: The worker died.
        """
        return await self._decode(packet.data, packet.linktype)

    async def prepare_decoding(self) -> None:
        """Have imported what `decode` needs.

        Raises:
            PacketError: The worker died, or can't be started.
        """
        await self._decode(b"", LINKTYPE_ETHERNET)

    async def _decode(self, data: bytes, linktype: int) -> tuple[Layer, ...]:
        run = self._run("decode", HOST, {"data": data.hex(), "linktype": linktype})
        async with contextlib.aclosing(run) as results:
            return tuple([layer_from(layer) async for layer in results])

    async def preview(self, namespace: str, expression: str) -> Preview:
        """What a scapy expression makes, as it would be sent; nothing is sent.

        Args:
            namespace: Where: its routes and addresses fill in what is left out.
            expression: Typed by a person, such as ``IP(dst="10.0.0.2")/ICMP()``;
                never from a file.

        Raises:
            UsageError: It is no packet.
            NotFoundError: The namespace does not exist.
            PacketError: The worker died.
        """
        run = self._run("preview", namespace, {"expression": expression})
        async with contextlib.aclosing(run) as results:
            async for result in results:
                return Preview(
                    result["count"],
                    result["summary"],
                    bytes.fromhex(result["data"]),
                    tuple(map(layer_from, result["layers"])),
                )
        raise PacketError("the packet worker said nothing", "try again")

    async def send(
        self,
        namespace: str,
        expression: str,
        *,
        ifname: str | None = None,
        count: int = 1,
        interval: float = 1.0,
        timeout: float = 2.0,
    ) -> AsyncGenerator[Answer, None]:
        """Send what a scapy expression makes, and tell what answers.

        Args:
            namespace: Where to send from.
            expression: Typed by a person, see `preview`.
            ifname: Where to send frames out; None for what the routes say.
            count: How often to send all its packets.
            interval: Seconds from one packet to the next.
            timeout: Seconds to wait for each answer.

        Yields:
            What each packet came to. Raises as `preview` does.
        """
        check_schedule(count, interval, timeout)
        wish = {
            "expression": expression,
            "ifname": ifname,
            "count": count,
            "interval": interval,
            "timeout": timeout,
        }
        async with contextlib.aclosing(self._run("send", namespace, wish)) as results:
            async for result in results:
                yield Answer(**result)

    async def names(self) -> dict[str, list[str]]:
        """Every layer that an expression may use, with its fields."""
        async with contextlib.aclosing(self._run("names", HOST, {})) as results:
            return {it["name"]: it["fields"] async for it in results}

    async def _probe(
        self,
        job: str,
        namespace: str,
        to: str,
        wish: dict[str, Any],
        options: dict[str, Any],
    ) -> AsyncGenerator[Answer, None]:
        wish |= probing(to, **options)
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
