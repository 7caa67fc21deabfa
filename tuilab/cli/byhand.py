"""Being the machine behind a tap, and watching who reaches whom."""

from __future__ import annotations

import asyncio
import contextlib
import json as json_
import signal
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import EndpointArgument, Json, LabOption, a_time
from tuilab.cli.output import put, say, table
from tuilab.errors import EXIT_NO, EXIT_OK, NotFoundError

if TYPE_CHECKING:
    from tuilab.lab.session import Place
    from tuilab.packets.monitor import Cell, Monitor

_Duration = Annotated[
    float | None,
    typer.Option(
        "--duration",
        "-d",
        metavar="SECONDS",
        min=0,
        callback=a_time,
        help="End after that time.",
    ),
]


def answer(
    tap: EndpointArgument,
    address: Annotated[
        list[str],
        typer.Option(
            "--address", "-a", metavar="CIDR", help="Of the machine; may be repeated."
        ),
    ],
    mac: Annotated[
        str, typer.Option(metavar="MAC", help="Of the machine; else derived.")
    ] = "",
    duration: _Duration = None,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Be the machine behind a tap: answer ARP and pings; ctrl+c ends it."""
    there = work.running(option=lab)
    end = work.endpoint(tap, work.journal(there).history.topology)
    work.namespace_of(work.journal(there).history.topology, end.namespace)
    place = work.enter(there)

    async def run() -> None:
        from tuilab.packets.send import Sender

        async with Sender() as sender:
            said = sender.answer(end.namespace, end.ifname, address, mac=mac)
            async with contextlib.aclosing(said):
                async for text in said:
                    line = json_.dumps({"text": text}) if json else text
                    print(line, flush=True)

    _until_told(place, run, duration)
    return EXIT_OK


def monitor(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NS]...",
            help="Only between these; else between all.",
            show_default=False,
            autocompletion=complete.namespaces,
        ),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", "-c", metavar="N", min=1, help="Pings of each pair."),
    ] = None,
    interval: Annotated[
        float,
        typer.Option("--interval", "-i", metavar="SECONDS", min=0.01, help="Of pairs."),
    ] = 1.0,
    timeout: Annotated[
        float, typer.Option("--timeout", "-W", metavar="SECONDS", help="Of each ping.")
    ] = 1.0,
    duration: _Duration = None,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Ping between all pairs of namespaces, and tell what changes; ctrl+c ends it.

    At the end comes the table of all pairs. With --json each ping is a line. Exit
    status 1 if a pair is out of reach in the end.
    """
    there = work.running(option=lab)
    topology = work.journal(there).history.topology
    for name in names or ():
        work.namespace_of(topology, name)
    place = work.enter(there)
    from tuilab.packets.monitor import Monitor, all_pairs
    from tuilab.packets.send import Sender

    pairs = all_pairs(topology, names or ())
    if not pairs:
        raise NotFoundError(
            "there are no two namespaces with addresses", "add an address first"
        )
    watching: list[Monitor] = []

    async def run() -> None:
        async with Sender() as sender:
            it = Monitor(sender, pairs, interval=interval, timeout=timeout)
            watching.append(it)
            await _show(it.run(count), json=json)

    _until_told(place, run, duration)
    cells = list(watching[0].cells.values()) if watching else []
    if not json:
        for line in _matrix(cells):
            put(line)
    return EXIT_OK if cells and all(cell.up for cell in cells) else EXIT_NO


async def _show(news: AsyncGenerator[Cell, None], *, json: bool) -> None:
    """Every ping as JSON, or every change in words."""
    known: dict[Any, bool | None] = {}
    async with contextlib.aclosing(news):
        async for cell in news:
            if json:
                print(json_.dumps(_data(cell)), flush=True)
            elif known.get(cell.pair) != cell.up:
                known[cell.pair] = cell.up
                how = f"reached in {cell.rtt_ms:.3f} ms" if cell.up else cell.error
                pair = cell.pair
                print(f"{pair.source} > {pair.to} ({pair.address}): {how}", flush=True)


def _data(cell: Cell) -> dict[str, Any]:
    return {
        "from": cell.pair.source,
        "to": cell.pair.to,
        "address": cell.pair.address,
        "up": cell.up,
        "rtt_ms": cell.rtt_ms,
        "error": cell.error,
        "sent": cell.sent,
        "received": cell.received,
    }


def _matrix(cells: list[Cell]) -> list[str]:
    """Who pings in rows, whom in columns: the round-trip time in ms, or why not."""
    found = {(cell.pair.source, cell.pair.to): cell for cell in cells}
    rows = list(dict.fromkeys(source for source, _ in found))
    columns = list(dict.fromkeys([*rows, *(to for _, to in found)]))
    if not rows:
        return []

    def text(cell: Cell | None) -> str:
        if cell is None or cell.up is None:
            return "-"
        return f"{cell.rtt_ms:.3f}" if cell.rtt_ms is not None else "no"

    body = [[row, *(text(found.get((row, to))) for to in columns)] for row in rows]
    return table(["from", *columns], body)


def _until_told(place: Place, run: Callable[[], Any], duration: float | None) -> None:
    """Until it ends, the time is up or a signal comes; none of these is a failure.

    Raises:
        LabGone: The lab has ended.
    """

    async def bound() -> None:
        async with work.bound_to(place):
            await run()

    async def work_it() -> None:
        task = asyncio.ensure_future(bound())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        if duration is not None:
            loop.call_later(duration, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    say("ctrl+c ends it")
    asyncio.run(work_it())
