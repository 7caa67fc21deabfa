"""Sending packets: ping, arp."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import Json, LabOption, NamespaceArgument
from tuilab.cli.output import put, put_json
from tuilab.cli.reach import destination
from tuilab.errors import EXIT_NO, EXIT_OK
from tuilab.model.topology import Topology

if TYPE_CHECKING:
    from tuilab.packets.results import ArpResult, PingResult
    from tuilab.packets.send import Sender

_To = Annotated[
    str,
    typer.Argument(
        metavar="TO",
        help="An address, or a namespace.",
        autocompletion=complete.namespaces,
    ),
]
_Count = Annotated[
    int, typer.Option("--count", "-c", metavar="N", min=1, help="How many to send.")
]
_Interval = Annotated[
    float,
    typer.Option("--interval", "-i", metavar="SECONDS", min=0, help="Between two."),
]
_Timeout = Annotated[
    float,
    typer.Option("--timeout", "-W", metavar="SECONDS", help="To wait for each."),
]


def ping(
    namespace: NamespaceArgument,
    to: _To,
    count: _Count = 4,
    interval: _Interval = 1.0,
    timeout: _Timeout = 2.0,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Ping an address or a namespace; exit status 1 when no reply comes."""

    def job(sender: Sender, topology: Topology) -> _Results:
        address = destination(topology, namespace, to)
        return sender.ping(
            namespace, address, count=count, interval=interval, timeout=timeout
        )

    return _send(lab, namespace, job, json=json)


def arp(
    namespace: NamespaceArgument,
    to: _To,
    dev: Annotated[
        str | None,
        typer.Option(metavar="IF", help="The link to ask on; else as the routes say."),
    ] = None,
    count: _Count = 4,
    interval: _Interval = 1.0,
    timeout: _Timeout = 2.0,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Ask a link who has an address, by ARP or for IPv6 by neighbour solicitation."""
    ifname = dev.removeprefix(f"{namespace}:") if dev else None

    def job(sender: Sender, topology: Topology) -> _Results:
        address = destination(topology, namespace, to)
        return sender.arp(
            namespace, ifname, address, count=count, interval=interval, timeout=timeout
        )

    return _send(lab, namespace, job, json=json)


_Results = AsyncGenerator[Any, None]


def _send(
    lab: str | None,
    namespace: str,
    job: Callable[[Sender, Topology], _Results],
    *,
    json: bool,
) -> int:
    """Send, show what comes back, sum it up; 1 when nothing came back."""
    from tuilab.packets.results import Statistics

    there = work.running(option=lab)
    topology = work.journal(there).history.topology
    work.namespace_of(topology, namespace)
    work.enter(there)
    sums = Statistics()
    found: list[PingResult | ArpResult] = []

    async def work_it() -> None:
        from tuilab.packets.send import Sender

        async with (
            Sender() as sender,
            contextlib.aclosing(job(sender, topology)) as results,
        ):
            async for result in results:
                sums.add(result)
                found.append(result)
                if not json:
                    print(result, flush=True)

    # As with ping(8), ctrl+c ends the sending, not the summing up.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(work_it())
    if json:
        data = [asdict(result) for result in found]
        put_json({"results": data, "sent": sums.sent, "received": sums.received})
    else:
        put(sums.summary())
    return EXIT_OK if sums.received else EXIT_NO
