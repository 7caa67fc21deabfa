"""Parts of a lab once more: copy, paste, duplicate; and ready shapes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import DryRun, LabOption, Overwrite, Quiet
from tuilab.cli.output import put, say, taken
from tuilab.errors import UsageError
from tuilab.lab import registry
from tuilab.lab.clipboard import FILE, Clipboard
from tuilab.model.edits.clip import Clip, cut_out
from tuilab.model.edits.parts import Target
from tuilab.model.edits.paste import contents, duplicate, paste
from tuilab.model.generate import FAN, SHAPES, generate, grow

_Targets = Annotated[
    list[str],
    typer.Argument(
        metavar="NS|NS:IF...",
        help="Namespaces, bridges, taps and cables (by either end).",
        autocompletion=complete.named,
    ),
]


def copy(
    targets: _Targets,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="FILE", help="Into a topology file; - for the output."
        ),
    ] = None,
    force: Overwrite = False,
    lab: LabOption = None,
) -> None:
    """Copy a part of a lab, to be pasted into this lab or another one.

    Cables among what is copied go along, and those to a switch that is not, with the
    routes and neighbours by which others reach what is copied; their rules do not.
    """
    from tuilab.formats import clips

    found = work.choose(option=lab)
    clip = cut_out(work.journal(found).history.topology, _targets(targets))
    if to == "-":
        put(clips.dump(clip).rstrip("\n"))
        return
    if to is not None:
        _write(to, clips.dump(clip), force=force)
    else:
        clipboard().put(clip)
    into = f'copied to "{to}"' if to else "copied; tuilab paste puts it into a lab"
    say(f"{contents(clip)}: {into}")


def paste_(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="A topology file to put beside what is there; - for the input. "
            "Default: what was copied last.",
            autocompletion=complete.files,
        ),
    ] = None,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Put what was copied, or a whole topology file, into a lab.

    What comes gets names and addresses that are free.
    """
    clip = clipboard().get() if file is None else _read(file)
    name = "" if file in (None, "-") else Path(str(file)).name
    work.edit(lab, paste(clip, name), dry_run=dry_run, quiet=quiet)


def duplicate_(
    targets: _Targets,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Make a part of a lab once more, with names and addresses that are free."""
    found = work.running(option=lab)
    topology = work.journal(found).history.topology
    change = duplicate(topology, _targets(targets))
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


def generate_(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="SHAPE",
            help=f"{', '.join(SHAPES)}.",
            autocompletion=lambda incomplete: [
                name for name in SHAPES if name.startswith(incomplete)
            ],
        ),
    ],
    number: Annotated[
        int,
        typer.Argument(
            metavar="N",
            help="How many: "
            + ", ".join(f"{name} {it.number}" for name, it in SHAPES.items())
            + ".",
        ),
    ],
    fan: Annotated[
        int | None,
        typer.Option(
            metavar="N", help=f"Of a tree: how many below each; default: {FAN}."
        ),
    ] = None,
    routers: Annotated[
        bool,
        typer.Option(
            "--routers", help="Routers with networks between, instead of switches."
        ),
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Into a topology file, not into a lab; - for the output.",
        ),
    ] = None,
    force: Overwrite = False,
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Add a ready shape of any size to a lab, or write it as a file.

    Hosts and switches get names and addresses that are free. Every host reaches every
    other; switches in a loop run spanning tree.
    """
    shape = generate(kind, number, fan=fan, routers=routers)
    if to is None:
        title = f"generate {shape.name}"
        work.edit(lab, grow(shape, title), dry_run=dry_run, quiet=quiet)
        return
    if lab or dry_run:
        raise UsageError("--to writes a file and changes no lab", "leave one out")
    from tuilab.formats import yaml

    if to == "-":
        put(yaml.dump(shape).rstrip("\n"))
        return
    _write(to, yaml.dump(shape), force=force)
    say(f'written to "{to}"; tuilab up {to} makes a lab of it')


def _write(file: str, text: str, *, force: bool) -> None:
    """Write a topology file, over another one only if that is asked for."""
    from tuilab.formats import yaml

    if not force and Path(file).is_file():
        raise taken(file)
    yaml.write(file, text)


def clipboard() -> Clipboard:
    """The one that all labs of a person share."""
    return Clipboard(registry.state_directory() / FILE)


def _targets(words: list[str]) -> list[Target]:
    return [work.endpoint(word) if ":" in word else word for word in words]


def _read(file: str) -> Clip:
    from tuilab.formats import clips, library, yaml

    if file == "-":
        return clips.loads(sys.stdin.read(), "standard input")
    return clips.part_of(yaml.load(library.find(file)))
