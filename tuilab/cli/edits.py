"""Changing what is there: set, rm, rename, undo, redo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from tuilab.cli import complete, routing, work
from tuilab.cli.options import (
    DryRun,
    EndpointArgument,
    LabArgument,
    LabOption,
    Quiet,
)
from tuilab.errors import UsageError
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Outcome
from tuilab.model import edits
from tuilab.model.edits import Change
from tuilab.model.moving import move_link
from tuilab.model.sysctls import SYSCTLS, canonical_key, known, sysctl
from tuilab.model.words import BRIDGE_WORDS, LINK_WORDS, PORT_WORDS, link_attributes

rm = typer.Typer(
    help="Remove a namespace, link, address, fdb entry, route, rule or neighbour.",
    no_args_is_help=True,
)


def set_(
    target: Annotated[
        str,
        typer.Argument(
            metavar="NS:IF|NS",
            help="A link, or for a kernel setting a namespace.",
            autocompletion=complete.named,
        ),
    ],
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORD",
            help=f"For a link {LINK_WORDS}; for a port of a bridge {PORT_WORDS}; "
            f"for a bridge {BRIDGE_WORDS}; several at once are one edit. For a "
            "namespace KEY VALUE, as net.ipv4.ip_forward 1.",
            autocompletion=complete.settings,
        ),
    ],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Set a link up or down, its mtu, MAC, master or options; or a sysctl."""
    if ":" in target:
        change = edits.set_link(work.endpoint(target), **link_attributes(words))
    else:
        change = _sysctls(target, words)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


def rename(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="A namespace, or a link as NS:IF.",
            autocompletion=complete.named,
        ),
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name, or NS:IF.")],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Give a namespace or a link another name; as NS:IF, a link another namespace."""
    if ":" not in old:
        change = edits.rename_namespace(old, new)
    else:
        where = work.endpoint(old)
        namespace, colon, ifname = new.rpartition(":")
        if colon and namespace != where.namespace:
            change = move_link(where, work.endpoint(new))
        else:
            change = edits.rename_link(where, ifname)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


_To = Annotated[
    int | None,
    typer.Option("--to", metavar="N", help="Until that entry of the history."),
]


def undo(
    lab: LabArgument = None,
    to: _To = None,
    quiet: Quiet = False,
    option: LabOption = None,
) -> None:
    """Take back the last edit, or all after an entry of the history."""
    _walk(lab, option, to, quiet=quiet, back=True)


def redo(
    lab: LabArgument = None,
    to: _To = None,
    quiet: Quiet = False,
    option: LabOption = None,
) -> None:
    """Do again what was undone last, or all up to an entry of the history."""
    _walk(lab, option, to, quiet=quiet, back=False)


@rm.command("namespace")
def rm_namespace(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NS", help="A namespace.", autocompletion=complete.namespaces
        ),
    ],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Remove namespaces and all in them, the far ends of their cables included."""
    work.edit(lab, edits.remove(names), dry_run=dry_run, quiet=quiet)


@rm.command("link")
def rm_link(
    links: Annotated[
        list[str],
        typer.Argument(
            metavar="NS:IF",
            help="A link, as red:eth0.",
            autocompletion=complete.endpoints,
        ),
    ],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Remove links; a cable goes with both ends, a bridge lets its ports go."""
    change = edits.remove(work.endpoint(at) for at in links)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


@rm.command("address")
def rm_address(
    at: EndpointArgument,
    cidrs: Annotated[list[str], typer.Argument(metavar="CIDR", help="As 10.0.0.1/24.")],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Take addresses from a link."""
    where = work.endpoint(at)
    changes = [edits.remove_address(where, cidr) for cidr in cidrs]
    change = _one(f"remove addresses {', '.join(cidrs)} from {where}", changes)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


@rm.command("fdb")
def rm_fdb(
    at: EndpointArgument,
    macs: Annotated[
        list[str], typer.Argument(metavar="MAC", help="As 02:00:00:00:00:01.")
    ],
    lab: LabOption = None,
    dry_run: DryRun = False,
    quiet: Quiet = False,
) -> None:
    """Take static fdb entries from a port of a bridge."""
    where = work.endpoint(at)
    changes = [edits.remove_entry(where, mac) for mac in macs]
    change = _one(f"remove fdb entries {', '.join(macs)} from {where}", changes)
    work.edit(lab, change, dry_run=dry_run, quiet=quiet)


rm.command("route")(routing.rm_route)
rm.command("rule")(routing.rm_rule)
rm.command("neighbour")(routing.rm_neighbour)


# -- helpers -------------------------------------------------------------------


def _sysctls(namespace: str, words: Sequence[str]) -> Change:
    pairs = [part for word in words for part in word.split("=", 1)]
    if len(pairs) % 2:
        raise UsageError(
            f'"{pairs[-1]}" lacks its value',
            f"as: tuilab set {namespace} net.ipv4.ip_forward 1; "
            f"a link is set as: tuilab set {namespace}:eth0 up",
        )
    changes = [
        edits.set_sysctl(namespace, _key(key), None if value == "default" else value)
        for key, value in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    return _one(f"set {namespace} {' '.join(words)}", changes)


def _key(text: str) -> str:
    """A setting by its full name, or by the end of it where that is clear."""
    if sysctl(canonical_key(text)):
        return canonical_key(text)
    ends = [key for key in SYSCTLS if key.endswith(f".{text}")]
    ends = ends or [key for key in known() if key.endswith(f".{text}")]
    return ends[0] if len(ends) == 1 else text


def _one(title: str, changes: list[Change]) -> Change:
    return changes[0] if len(changes) == 1 else edits.together(title, changes)


def _walk(
    lab: str | None, option: str | None, to: int | None, *, quiet: bool, back: bool
) -> None:
    place = work.enter(work.running(lab, option))

    async def go(it: Lab) -> Outcome:
        if to is None:
            return await (it.undo() if back else it.redo())
        history = it.snapshot.history
        least, most = (
            (0, history.position) if back else (history.position, len(history.edits))
        )
        if not least <= to <= most:
            verb = "undo" if back else "redo"
            raise UsageError(
                f'can\'t {verb} to entry "{to}"',
                f"choose {least} to {most}; tuilab history lists them",
            )
        return await it.go_to(to)

    work.report(work.inside(place, go), quiet=quiet)
