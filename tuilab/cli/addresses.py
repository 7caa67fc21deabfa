"""Which addresses are in use and which are free: `tuilab addresses`."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import Json, LabOption
from tuilab.cli.output import put, put_json, say
from tuilab.errors import EXIT_NO, EXIT_OK
from tuilab.model.address_plan import (
    find_bridge,
    plan_data,
    plan_of,
    plan_words,
    plans,
)


def addresses(
    bridge: Annotated[
        str | None,
        typer.Argument(
            metavar="BRIDGE",
            help="A bridge, or any link as NS:IF. Default: all there are.",
            autocompletion=complete.endpoints,
        ),
    ] = None,
    lab: LabOption = None,
    json: Json = False,
) -> int:
    """List each bridge's and cable's addresses: who has which, what is free.

    Exits with 1 where two have one address, or two segments one network.
    """
    topology = work.journal(work.choose(option=lab)).history.topology
    if bridge is None:
        found = plans(topology)
    else:
        found = [plan_of(topology, find_bridge(topology, bridge))]
    if json:
        put_json([plan_data(plan) for plan in found])
    else:
        for number, plan in enumerate(found):
            put(f"{'' if number == 0 else chr(10)}{plan.name}")
            for line in plan_words(plan):
                put(f"  {line}")
        if not found:
            say("no link has an address yet")
    return EXIT_NO if any(plan.conflicts for plan in found) else EXIT_OK
