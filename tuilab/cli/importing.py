"""What exists on this machine as a topology; the machine is only looked at."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tuilab.cli import targets, work
from tuilab.cli.options import LabOption
from tuilab.cli.output import counted, put, say
from tuilab.errors import UsageError

if TYPE_CHECKING:
    from tuilab.plan.imported import Imported

NAME = "machine"
"""What the topology is called unless it becomes a lab of another name."""
TITLE = "import from this machine"


def look(name: str) -> Imported:
    """The machine's own network as a topology of that name.

    Raises:
        TuilabError: It can't be looked at.
    """
    from tuilab.kernel import onlooker
    from tuilab.plan.imported import imported

    return imported(name, *asyncio.run(onlooker.look()))


def import_(
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Into a topology file; - for the output.",
            show_default=False,
        ),
    ] = None,
    lab: LabOption = None,
) -> None:
    """Describe what exists on this machine as a topology; nothing of it is changed.

    It is printed, or written to a file, or with --lab becomes a new lab in a sandbox.
    What a lab can't have, such as network cards, is left out and told.
    """
    if to is not None and lab is not None:
        raise UsageError("both a file and a lab are named", "leave out --to or --lab")
    if work.on_host():
        raise UsageError(
            "what exists on this machine is imported into a sandbox only",
            "leave --host out",
        )
    name = None if to is not None else lab or work.preferred()
    if name is not None and targets.known(name):
        raise UsageError(
            f'lab "{name}" is there already', "import into a lab of another name"
        )
    found = look(name or NAME)
    for note in found.notes:
        say(note)
    if name is not None:
        _raise_up(found)
        return
    from tuilab.formats import yaml

    text = yaml.dump(found.topology)
    if to in (None, "-"):
        put(text.rstrip("\n"))
        return
    yaml.write(str(to), text)
    say(f'written to "{to}"; tuilab up {to} makes a lab of it')


def _raise_up(found: Imported) -> None:
    from tuilab.lab import registry
    from tuilab.lab.registry import LabInfo
    from tuilab.lab.session import enter
    from tuilab.model import edits

    name = found.topology.name
    folder = registry.directory_of(name)
    place = enter(name, create=True)
    change = edits.become(TITLE, found.topology)
    try:
        outcome = work.inside(place, lambda it: it.edit(change))
    except BaseException:
        if place.fresh:
            registry.end(LabInfo(name, folder, None, 0))
            say(f'lab "{name}" did not come up and is gone again')
        raise
    work.report(outcome, quiet=True)
    sizes = work.sizes(found.topology)
    parts = ", ".join(counted(many, noun[:-1]) for noun, many in sizes.items())
    say(f'lab "{name}" is up: {parts}; tuilab {name} shows it')
