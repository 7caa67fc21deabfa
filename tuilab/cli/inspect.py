"""`tuilab inspect`: all that the kernel holds of a namespace or link, in words."""

from __future__ import annotations

import asyncio
import json as json_
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import Json, LabOption
from tuilab.cli.output import put, put_json
from tuilab.errors import NotFoundError
from tuilab.model.topology import Endpoint

if TYPE_CHECKING:
    from tuilab.kernel.detail import Detail
    from tuilab.lab.closeup import Closeup, Spot
    from tuilab.lab.lab import Lab

PERIOD = 1.0
"""Seconds between looks of ``--live``."""
_HOME = "\x1b[H\x1b[2J"
"""To the top of an empty terminal."""


def inspect(
    target: Annotated[
        str,
        typer.Argument(
            metavar="NS[:IF]",
            help="A namespace, or a link of it.",
            autocompletion=complete.named,
        ),
    ],
    live: Annotated[
        bool, typer.Option("--live", help="Again each second, with what flows.")
    ] = False,
    json: Json = False,
    option: LabOption = None,
) -> None:
    """Print all that the kernel holds of a namespace or link.

    Addresses, routes of all tables, rules, neighbours, sockets and programs, settings;
    of a bridge its ports and what it learned. What is otherwise than the lab wishes is
    marked. With --json and --live one object a line.
    """
    spot: Spot = (target, None)
    if ":" in target:
        end = work.endpoint(target)
        spot = (end.namespace, end.ifname)
    place = work.enter(work.running(option=option))

    async def go(lab: Lab) -> None:
        if not live:
            _put(lab, spot, await _look(lab, spot), json=json)
            return
        stop = lab.subscribe(lambda _: None)
        try:
            while True:
                _put_again(lab, spot, await _look(lab, spot), json=json)
                await asyncio.sleep(PERIOD)
        finally:
            stop()

    work.inside(place, go)


async def _look(lab: Lab, spot: Spot) -> Closeup:
    closeup = await lab.closeup([spot])
    if spot not in closeup.details:
        name, ifname = spot
        what = f'link "{name}:{ifname}"' if ifname else f'namespace "{name}"'
        have = ", ".join(lab.snapshot.observed.namespaces)
        hint = f"the lab has {have}; tuilab show --plain lists their links"
        raise NotFoundError(f"no {what}", hint)
    return closeup


def _put(lab: Lab, spot: Spot, closeup: Closeup, *, json: bool) -> None:
    if json:
        put_json(data(closeup.details[spot], closeup))
        return
    for text in _lines(lab, spot, closeup):
        put(text)


def _put_again(lab: Lab, spot: Spot, closeup: Closeup, *, json: bool) -> None:
    if json:
        put(json_.dumps(data(closeup.details[spot], closeup), ensure_ascii=False))
    else:
        if sys.stdout.isatty():
            put(_HOME)
        for text in _lines(lab, spot, closeup):
            put(text)
    sys.stdout.flush()


def _lines(lab: Lab, spot: Spot, closeup: Closeup) -> Iterator[str]:
    """What the screen's inspector says, everything open."""
    from tuilab.plan.state import expand, on_host
    from tuilab.tui.canvas.graph import Item
    from tuilab.tui.glyphs import ASCII, UNICODE
    from tuilab.tui.text import plain
    from tuilab.tui.widgets.inspector_rows import INDENT
    from tuilab.tui.widgets.inspector_text import describe

    snapshot = lab.snapshot
    wanted = expand(snapshot.topology)
    if snapshot.host:
        wanted = on_host(snapshot.topology, wanted)
    name, ifname = spot
    item = Item("link" if ifname else "namespace", name, ifname)
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    glyphs = UNICODE if utf8 else ASCII
    for row in describe(snapshot, wanted, item, closeup, glyphs):
        words = plain(row.spans).rstrip()
        if not words.strip().startswith(_KEYS):
            yield " " * (INDENT * len(row.inside)) + words


_KEYS = ("F repair", "A adopt")


def data(detail: Detail, closeup: Closeup) -> dict[str, Any]:
    """A closer look for programs, with what flows where that is known."""
    whole: dict[str, Any] = _plain(detail)
    for ifname, link in whole["links"].items():
        flow = closeup.traffic.get(Endpoint(detail.namespace, ifname))
        if flow is not None and flow.past:
            link["rates"] = _plain(flow.now)
    return whole


def _plain(value: Any) -> Any:
    if isinstance(value, Endpoint):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
