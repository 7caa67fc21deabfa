"""Sending packets: ping, arp, traceroute, send."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import Json, LabOption, NamespaceArgument
from tuilab.cli.output import counted, put, put_json
from tuilab.errors import EXIT_NO, EXIT_OK, LabGone, UsageError
from tuilab.model.topology import Topology
from tuilab.packets.reach import destination

if TYPE_CHECKING:
    from tuilab.packets.layers import Preview
    from tuilab.packets.results import Result
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
_Ttl = Annotated[
    int, typer.Option("--ttl", "-t", metavar="N", min=1, max=255, help="TTL.")
]
_Source = Annotated[
    str | None,
    typer.Option("--source", "-I", metavar="ADDRESS", help="The address to send from."),
]


def ping(
    namespace: NamespaceArgument,
    to: _To,
    count: _Count = 4,
    interval: _Interval = 1.0,
    timeout: _Timeout = 2.0,
    size: Annotated[
        int, typer.Option("--size", "-s", metavar="BYTES", help="Bytes of payload.")
    ] = 56,
    ttl: _Ttl = 64,
    source: _Source = None,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Ping an address or a namespace; exit status 1 when no reply comes."""

    def job(sender: Sender, topology: Topology) -> _Results:
        return sender.ping(
            namespace,
            destination(topology, namespace, to),
            count=count,
            interval=interval,
            timeout=timeout,
            size=size,
            ttl=ttl,
            source=source,
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
    source: _Source = None,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Ask a link who has an address, by ARP or for IPv6 by neighbour solicitation."""
    ifname = dev.removeprefix(f"{namespace}:") if dev else None

    def job(sender: Sender, topology: Topology) -> _Results:
        address = destination(topology, namespace, to)
        return sender.arp(
            namespace,
            ifname,
            address,
            count=count,
            interval=interval,
            timeout=timeout,
            source=source,
        )

    return _send(lab, namespace, job, json=json)


def traceroute(
    namespace: NamespaceArgument,
    to: _To,
    udp: Annotated[
        bool, typer.Option("--udp", "-U", help="Datagrams instead of echo requests.")
    ] = False,
    tcp: Annotated[
        bool, typer.Option("--tcp", "-T", help="SYN segments instead.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", metavar="N", help="Of TCP 80, of UDP 33434 on."),
    ] = None,
    hops: Annotated[
        int, typer.Option("--hops", "-m", metavar="N", min=1, max=255, help="At most.")
    ] = 30,
    tries: Annotated[
        int, typer.Option("--tries", "-q", metavar="N", min=1, help="Of each TTL.")
    ] = 3,
    timeout: _Timeout = 1.0,
    source: _Source = None,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Find out who is on the way; exit status 1 when that does not get there."""
    if udp and tcp:
        raise UsageError("both --udp and --tcp are given", "choose one")
    method: Literal["icmp", "udp", "tcp"] = "udp" if udp else "tcp" if tcp else "icmp"

    def job(sender: Sender, topology: Topology) -> _Results:
        return sender.traceroute(
            namespace,
            destination(topology, namespace, to),
            method=method,
            port=port,
            hops=hops,
            tries=tries,
            timeout=timeout,
            source=source,
        )

    return _send(lab, namespace, job, json=json, good=lambda hop: hop.last)


def send(
    namespace: NamespaceArgument,
    to: Annotated[
        str | None,
        typer.Argument(
            metavar="TO",
            help="An address, or a namespace; none with --scapy.",
            show_default=False,
            autocompletion=complete.namespaces,
        ),
    ] = None,
    tcp: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="Open a connection there, and reset it."),
    ] = None,
    syn: Annotated[
        int | None, typer.Option(metavar="PORT", help="Only ask for a connection.")
    ] = None,
    udp: Annotated[
        int | None, typer.Option(metavar="PORT", help="Send datagrams there.")
    ] = None,
    dns: Annotated[
        str | None, typer.Option(metavar="NAME", help="Ask this name server for it.")
    ] = None,
    scapy: Annotated[
        str | None,
        typer.Option(metavar="EXPR", help="As 'IP(dst=\"10.0.0.2\")/ICMP()'."),
    ] = None,
    text: Annotated[
        str, typer.Option(metavar="TEXT", help="With --udp: what to send.")
    ] = "",
    kind: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="With --dns: of the record.")
    ] = "A",
    dev: Annotated[
        str | None, typer.Option(metavar="IF", help="With --scapy: the link to use.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="With --scapy: only show it.")
    ] = False,
    count: _Count = 1,
    interval: _Interval = 1.0,
    timeout: _Timeout = 2.0,
    ttl: _Ttl = 64,
    source: _Source = None,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Send to a port or a name server, or packets of your own.

    Exit status 1 without an answer; a port that is closed gives that too.
    """
    if sum(it is not None for it in (tcp, syn, udp, dns, scapy)) != 1:
        raise UsageError(
            "what to send is not clear", "one of --tcp --syn --udp --dns --scapy"
        )
    if (to is None) == (scapy is None):
        raise UsageError("whom to send to is not clear", "a scapy expression says it")
    times: dict[str, Any] = {"count": count, "interval": interval, "timeout": timeout}
    if scapy is not None:
        ifname = dev.removeprefix(f"{namespace}:") if dev else None
        if dry_run:
            return _preview(lab, namespace, scapy, json=json)
        return _send(
            lab,
            namespace,
            lambda sender, _: sender.send(namespace, scapy, ifname=ifname, **times),
            json=json,
        )
    options = times | {"ttl": ttl, "source": source}

    def job(sender: Sender, topology: Topology) -> _Results:
        assert to is not None
        address = destination(topology, namespace, to)
        if dns is not None:
            return sender.dns(namespace, address, dns, kind=kind, **options)
        if udp is not None:
            return sender.udp(namespace, address, udp, data=text, **options)
        if tcp is not None:
            return sender.tcp(namespace, address, tcp, **options)
        assert syn is not None
        return sender.tcp(namespace, address, syn, connect=False, **options)

    def good(answer: Any) -> bool:
        return bool(answer.ok) and answer.text != "closed"

    return _send(lab, namespace, job, json=json, good=good)


def _preview(lab: str | None, namespace: str, expression: str, *, json: bool) -> int:
    """Show what an expression makes, as it would be sent."""
    there = work.running(option=lab)
    work.namespace_of(work.journal(there).history.topology, namespace)
    work.enter(there)

    async def work_it() -> Preview:
        from tuilab.packets.send import Sender

        async with Sender() as sender:
            return await sender.preview(namespace, expression)

    from tuilab.packets.layers import hex_lines

    shown = asyncio.run(work_it())
    if json:
        layers = [asdict(layer) for layer in shown.layers]
        put_json(asdict(shown) | {"data": shown.data.hex(), "layers": layers})
        return EXIT_OK
    put(f"{counted(shown.count, 'packet')}, {len(shown.data)} bytes: {shown.summary}")
    for line in hex_lines(shown.data):
        put(line)
    return EXIT_OK


_Results = AsyncGenerator[Any, None]


def _send(
    lab: str | None,
    namespace: str,
    job: Callable[[Sender, Topology], _Results],
    *,
    json: bool,
    good: Callable[[Any], bool] = lambda result: result.ok,
) -> int:
    """Send, show what comes back, sum it up; 1 when nothing good came back."""
    from tuilab.packets.results import Statistics

    there = work.running(option=lab)
    topology = work.journal(there).history.topology
    work.namespace_of(topology, namespace)
    place = work.enter(there)
    sums = Statistics()
    found: list[Result] = []
    gone: LabGone | None = None

    async def work_it() -> None:
        from tuilab.packets.send import Sender

        async with (
            work.bound_to(place),
            Sender() as sender,
            contextlib.aclosing(job(sender, topology)) as results,
        ):
            async for result in results:
                sums.add(result)
                found.append(result)
                if not json:
                    print(result, flush=True)

    # As with ping(8), ctrl+c ends the sending, not the summing up.
    try:
        asyncio.run(work_it())
    except KeyboardInterrupt:
        pass
    except LabGone as error:
        gone = error
    if json:
        data = [asdict(result) for result in found]
        put_json({"results": data, "sent": sums.sent, "received": sums.received})
    else:
        put(sums.summary())
    if gone is not None:
        raise gone
    return EXIT_OK if any(map(good, found)) else EXIT_NO
