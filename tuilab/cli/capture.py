"""Watching packets: capture."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import LabOption
from tuilab.cli.output import counted, say
from tuilab.errors import EXIT_OK, NotFoundError, PacketError, UsageError
from tuilab.kernel import sandbox
from tuilab.model.topology import HOST, Endpoint, Topology

if TYPE_CHECKING:
    from tuilab.packets.capture import Capture
    from tuilab.packets.store import Packet

_STDOUT = "-"
_ENDPOINT = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*):([A-Za-z0-9_.@+-]+)")
"""No word of pcap-filter(7) has a single colon and no bracket."""
_AT_ONCE = 500
"""Packets to print before looking at signals again."""


def capture(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="NS:IF|FILTER",
            help="Where, as red:eth0 or br0 for host:br0; then a filter in the words "
            "of tcpdump, such as icmp or arp.",
            autocompletion=complete.endpoints,
        ),
    ],
    write: Annotated[
        str | None,
        typer.Option("--write", "-w", metavar="FILE", help="As pcapng; - is stdout."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", "-c", metavar="N", min=1, help="End after N packets."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Don't print the packets.")
    ] = False,
    lab: LabOption = None,
) -> int:
    """Show the packets of links as they pass; ctrl+c ends it.

    Packets come in one order from any number of links. `-w -` is for a pipe:
    tuilab capture red:eth0 -w - | wireshark -k -i -
    """
    if write == _STDOUT and sys.stdout.isatty():
        raise UsageError("a terminal can't show pcapng", "pipe it, or name a file")
    there = work.running(option=lab)
    endpoints, text = split(words, work.journal(there).history.topology)
    place = work.enter(there)
    from tuilab.packets.capture import Capture

    stream = sys.stdout.fileno() if write == _STDOUT else None
    path = Path(write) if write and write != _STDOUT else None
    if path is not None:
        sandbox.check_writable(path)
    watch = Capture(
        endpoints,
        capture_filter=text,
        path=path,
        directory=place.directory,
        stream=stream,
        limit=count,
    )
    show = None if quiet or stream is not None else _as_json if as_json else _as_line
    try:
        asyncio.run(_follow(watch, path, show))
    finally:
        watch.close()
    _sum_up(watch, path)
    if watch.problem:
        raise PacketError(watch.problem, "what came before is kept")
    return EXIT_OK


def split(words: Sequence[str], topology: Topology) -> tuple[list[Endpoint], str]:
    """Tell endpoints from the filter behind them.

    Args:
        words: What was typed.
        topology: The lab; a bare name of one of its root namespace's links is one.

    Raises:
        NotFoundError: The first word is no link.
    """
    host = topology.namespaces[HOST]
    found: list[Endpoint] = []
    for number, word in enumerate(words):
        match = _ENDPOINT.fullmatch(word)
        if match:
            found.append(Endpoint(match[1], match[2]))
        elif word and host.link(word) is not None:
            found.append(Endpoint(HOST, word))
        elif found:
            return found, " ".join(words[number:])
        else:
            known = [str(end) for end, _ in topology.links()]
            hint = f"links are {', '.join(known)}" if known else "the lab has none"
            raise NotFoundError(f'"{word}" is no link of this lab', hint)
    return found, ""


async def _follow(
    watch: Capture, path: Path | None, show: Callable[[Packet], str] | None
) -> None:
    """Capture until a signal comes or nothing more can."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    watch.start()
    if path is None and watch.path is not None:
        # Nobody asked for a file: it goes when we do, whatever happens.
        watch.path.unlink()
    where = ", ".join(map(str, watch.endpoints))
    say(f"capturing on {where}; ctrl+c ends it")
    ending = asyncio.create_task(ended.wait())
    shown = 0
    more = True
    while more and not ended.is_set():
        wanted = None if show is None else shown + 1
        news = asyncio.create_task(watch.wait_async(wanted))
        await asyncio.wait({news, ending}, return_when=asyncio.FIRST_COMPLETED)
        more = news.done() and news.result() and watch.running
        news.cancel()
        await asyncio.wait({news})
        if show is not None:
            shown = await _show(watch, show, shown, ended)
    ending.cancel()
    watch.stop()
    if show is not None:
        await _show(watch, show, shown)


async def _show(
    watch: Capture,
    show: Callable[[Packet], str],
    shown: int,
    ended: asyncio.Event | None = None,
) -> int:
    """Print what was not printed yet, until asked to end; how many are printed."""
    while shown < watch.written and not (ended and ended.is_set()):
        until = min(watch.written, shown + _AT_ONCE)
        for index in range(shown, until):
            print(show(watch.store.packet(index)))
        sys.stdout.flush()
        shown = until
        await asyncio.sleep(0)
    return shown


def _as_line(packet: Packet) -> str:
    from tuilab.packets import dissect

    return dissect.line(packet)


def _as_json(packet: Packet) -> str:
    from tuilab.packets import dissect

    row = dissect.summary(packet)
    data = {
        "number": packet.number,
        "time": packet.time_ns / 1e9,
        "endpoint": str(packet.endpoint),
        "source": row.source,
        "destination": row.destination,
        "protocol": row.protocol,
        "info": row.info,
        "length": packet.length,
    }
    return json.dumps(data, ensure_ascii=False)


def _sum_up(watch: Capture, path: Path | None) -> None:
    for counts in watch.counts:
        lost = f", {counts.dropped} lost by the kernel" if counts.dropped else ""
        why = f" ({counts.ended})" if counts.ended else ""
        packets = counted(counts.received, "packet")
        say(f"{counts.endpoint}: {packets}{lost}{why}")
    if path is not None:
        say(f'{counted(watch.written, "packet")} in "{path}"')
