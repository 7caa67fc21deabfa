"""Labs and their files: save, check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuilab.cli import complete, targets, work
from tuilab.cli.options import Json, LabOption, Overwrite
from tuilab.cli.output import counted, put, put_json, say, taken
from tuilab.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from tuilab.formats.yaml import Document
    from tuilab.lab.journal import FileJournal


def save(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="Where to; else the file that the lab was loaded from.",
            autocompletion=complete.files,
            show_default=False,
        ),
    ] = None,
    force: Overwrite = False,
    lab: LabOption = None,
) -> None:
    """Save a lab as a topology file; comments of the one it came from are kept."""
    from tuilab.formats import yaml

    journal = work.journal(work.choose(option=lab))
    topology = journal.history.topology
    path = Path(file) if file else journal.source
    if path is None:
        raise UsageError(
            f'lab "{topology.name}" came from no file',
            f"say where to save it: tuilab save {topology.name}.yaml",
        )
    yaml.save(path, topology, None if force else _former(path, journal))
    journal.set_source(path.resolve())
    say(f'saved lab "{topology.name}" to "{path}"')


def check(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|EXAMPLE",
            help="A topology file, or a ready lab such as two-hosts.",
            autocompletion=complete.sources,
        ),
    ],
    live: Annotated[
        bool,
        typer.Option("--live", help="Bring it up and try what it expects, by pings."),
    ] = False,
    json: Json = False,
    lab: LabOption = None,
) -> int:
    """Say whether a topology file is right, and with --live whether it works.

    It is tried in a lab that goes away afterwards, or in the lab of that name if one
    runs that is just like the file, or in the one that --lab names.
    """
    from tuilab.formats import library, yaml

    target = targets.find(file, labs=False)
    path = target.file if target and target.file else library.find(file)
    topology = yaml.load(path).topology
    if live:
        from tuilab.cli.live import verify

        return verify(topology, lab, json=json)
    sizes = work.sizes(topology) | {"expectations": len(topology.expect)}
    if json:
        put_json({"file": str(path), "lab": topology.name, **sizes})
    else:
        parts = [counted(number, noun[:-1]) for noun, number in sizes.items()]
        put(f"{path}: no mistakes; {', '.join(parts)}")
    return EXIT_OK


def _former(path: Path, journal: FileJournal) -> Document | None:
    """The file as it is, if it is the lab's own and nobody changed it meanwhile."""
    from tuilab.formats import yaml

    if not path.exists():
        return None
    if not _ours(path, journal):
        raise taken(path, ", and is not what the lab came from")
    document = yaml.load(path)
    past = journal.history
    known = [past.start, *(edit.topology for edit in past.edits)]
    name = past.topology.name
    if replace(document.topology, name=name) not in known:
        raise UsageError(
            f'"{path}" was changed since the lab was loaded from it',
            f"take that in with tuilab up {path}, save elsewhere, or use --force",
        )
    return document


def _ours(path: Path, journal: FileJournal) -> bool:
    return journal.source == path.resolve()
