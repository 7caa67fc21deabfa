"""Watching packets: capture."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import LabOption, a_time
from tuilab.cli.output import counted, say
from tuilab.cli.wanted import select
from tuilab.errors import EXIT_NO, EXIT_OK, PacketError, TuilabError, UsageError
from tuilab.kernel import sandbox
from tuilab.model.topology import Endpoint
from tuilab.packets.filters import PRESETS
from tuilab.packets.pcap import is_classic

if TYPE_CHECKING:
    from tuilab.kernel.sandbox import Keeper
    from tuilab.packets.capture import Capture
    from tuilab.packets.store import Packet

Why = Literal["", "signal", "lab"]
"""What has ended a capture: a signal, the end of its lab, or what was asked for."""
_STDOUT = "-"
_LOOK_SECONDS = 1.0
_AT_ONCE = 500
"""Packets to print before looking at signals again."""


def capture(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NS:IF|NS|FILTER",
            help="Where, as red:eth0, or br0 for host:br0, or red for all links of a "
            "namespace; then a filter in the words of tcpdump, such as icmp or arp, "
            f"or one of: {', '.join(PRESETS)}.",
            show_default=False,
            autocompletion=complete.named,
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="All links of the lab, lo aside.")
    ] = False,
    write: Annotated[
        str | None,
        typer.Option(
            "--write",
            "-w",
            metavar="FILE",
            help="As pcapng; in the classic format if it ends in .pcap; - is stdout.",
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", "-c", metavar="N", min=1, help="End after N packets."),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            "--duration",
            "-d",
            metavar="SECONDS",
            min=0,
            callback=a_time,
            help="End after that time; with --count, exit status 1 if there were "
            "fewer packets.",
        ),
    ] = None,
    printing: Annotated[
        bool, typer.Option("--print", help="With -w FILE: print the packets as well.")
    ] = False,
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
    topology = work.journal(there).history.topology
    wanted = select(words or (), topology, every=every)
    place = work.enter(there)
    from tuilab.packets.capture import Capture

    stream = sys.stdout.fileno() if write == _STDOUT else None
    path = Path(write) if write and write != _STDOUT else None
    show = _as_json if as_json else _as_line if printing or path is None else None
    if quiet or stream is not None:
        show = None
    if path is not None:
        sandbox.check_writable(path)
        if show is not None and _lacks_links(path, wanted.endpoints):
            raise UsageError(
                "a classic pcap file does not have the links that are to be printed",
                f'write pcapng: "{path.with_suffix(".pcapng")}"',
            )
    watch = Capture(
        wanted.endpoints,
        capture_filter=wanted.filter,
        lenient=wanted.whole,
        path=path,
        directory=place.directory,
        stream=stream,
        limit=count,
    )

    def more() -> list[Endpoint]:
        """Links of what is captured as a whole, as the lab is by now."""
        topology = work.journal(there).history.topology
        return select(words or (), topology, every=every).endpoints

    whole = more if wanted.whole else None
    try:
        why = asyncio.run(_follow(watch, path, show, duration, whole, place.keeper))
    finally:
        watch.close()
    _sum_up(watch, path)
    if watch.problem:
        raise PacketError(watch.problem, "what came before is kept")
    if why == "lab":
        say(f'lab "{place.name}" has ended')
    short = count is not None and watch.written < count and why != "signal"
    gone = why == "lab" or all(counts.ended for counts in watch.counts)
    return EXIT_NO if short or gone else EXIT_OK


def _lacks_links(path: Path | None, ends: Sequence[Endpoint]) -> bool:
    """Whether which link a packet was on is not in the file."""
    return path is not None and is_classic(path) and len(ends) > 1


async def _follow(
    watch: Capture,
    path: Path | None,
    show: Callable[[Packet], str] | None,
    duration: float | None,
    whole: Callable[[], list[Endpoint]] | None,
    keeper: Keeper | None,
) -> Why:
    """Capture until a signal comes, the time is up, or nothing more can.

    Returns:
        What has ended it.
    """
    ended = asyncio.Event()
    reasons: list[Why] = []
    loop = asyncio.get_running_loop()

    def end(why: Why) -> None:
        reasons.append(why)
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end, "signal")
    watch.start()
    if keeper is not None:
        # Our own sockets keep its namespaces: they would never be seen to go.
        loop.add_reader(pidfd := sandbox.watch(keeper), end, "lab")
    if path is None and watch.path is not None:
        # Nobody asked for a file: it goes when we do, whatever happens.
        watch.path.unlink()
    say(f"capturing on {_where(watch)}; ctrl+c ends it")
    if path is not None and _lacks_links(path, watch.endpoints):
        instead = path.with_suffix(".pcapng")
        say(f'"{path}" does not tell which link a packet was on; "{instead}" would')
    if duration is not None:
        loop.call_later(duration, ended.set)
    ending = asyncio.create_task(ended.wait())
    joining = asyncio.create_task(_take_in(watch, whole)) if whole else None
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
    if joining is not None:
        joining.cancel()
    if waiting := watch.waiting:
        say(f"writing {waiting} packets that came faster than they could be")
    watch.stop()
    if show is not None:
        await _show(watch, show, shown)
    if keeper is not None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
    return reasons[0] if reasons else ""


async def _take_in(watch: Capture, whole: Callable[[], list[Endpoint]]) -> None:
    """Capture links that come, or come up, later."""
    from tuilab.packets.joining import Joining

    joining = Joining(watch)
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        with suppress(TuilabError):  # what was named may be gone meanwhile
            for end in joining.look(await asyncio.to_thread(whole)):
                say(f"capturing on {end} too")


def _where(watch: Capture) -> str:
    """What is captured, and what is not."""
    out = {counts.endpoint: counts.ended for counts in watch.counts if counts.ended}
    where = ", ".join(str(end) for end in watch.endpoints if end not in out)
    return f"{where} ({', '.join(out.values())})" if out else where


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
        lost = f", {counts.dropped} lost by the kernel"
        why = f" ({counts.ended})" if counts.ended else ""
        packets = counted(counts.received, "packet")
        say(f"{counts.endpoint}: {packets}{lost}{why}")
    if path is not None:
        say(f'{counted(watch.written, "packet")} in "{path}"')
