"""Labs as a whole: up, down, ls, plan."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli import complete, output, targets, work
from tuilab.cli.options import DryRun, Json, LabArgument, LabOption
from tuilab.cli.output import counted, put, put_json, say
from tuilab.cli.targets import Target
from tuilab.errors import NotFoundError, TuilabError, UsageError
from tuilab.lab import registry
from tuilab.lab.registry import LabInfo
from tuilab.model.topology import Topology

if TYPE_CHECKING:
    from tuilab.kernel.marks import Mark
    from tuilab.lab.lab import Lab
    from tuilab.lab.session import Place
    from tuilab.plan.operations import Operation

_Source = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE|LAB|EXAMPLE",
        help="A topology file, a lab that is down, or a ready lab such as two-hosts.",
        autocompletion=complete.sources,
        show_default=False,
    ),
]


def up(
    source: _Source = None,
    lab: LabOption = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Bring a lab up, or bring the running one to what a file says.

    Whatever lab of that name runs already is changed, in one edit that undo takes
    back. Nothing is made when the file has mistakes or the kernel refuses. With --lab
    alone the lab of that name is brought up, an empty one if there is none.
    """
    target = _target(source, lab)
    topology = _load(target, lab or work.preferred())
    if dry_run:
        _show_plan(topology, json=json)
        return
    from tuilab.lab.session import enter

    started = time.monotonic()
    folder = registry.directory_of(topology.name)
    before = targets.known(topology.name)
    ours = before is None
    try:
        place = enter(topology.name, create=True, host=work.on_host())
        # Somebody else may have been quicker.
        ours = ours and place.fresh
        summary = work.inside(place, lambda it: _raise_up(it, target, topology))
        say(_announced(summary, time.monotonic() - started, place))
    except BaseException:
        if ours:
            registry.end(LabInfo(topology.name, folder, None, 0))
            say(f'lab "{topology.name}" did not come up and is gone again')
        raise
    summary["created"] = before is None
    if json:
        put_json(summary)
    if before is None:
        say("  tuilab shows it, tuilab down ends it")


def plan(source: _Source = None, lab: LabOption = None, json: Json = False) -> None:
    """Print the commands that up would run, with the reason of each."""
    topology = _load(_target(source, lab), lab or work.preferred())
    _show_plan(topology, json=json, reasons=True)


def down(
    lab: LabArgument = None,
    every: Annotated[bool, typer.Option("--all", help="End every lab.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep its history, for tuilab up LAB.")
    ] = False,
    option: LabOption = None,
) -> None:
    """End a lab: its namespaces, its programs and, unless kept, its history."""
    if every and (lab or option):
        raise UsageError("both a lab and --all are given", "give one of them")
    ending = registry.labs() if every else [_to_end(lab, option)]
    if every and work.on_host():
        ending = [it for it in ending if it.host]
    if keep:
        ending = [it for it in ending if it.running]
    lost = _lost() if every else []
    orphans = registry.orphans() if every and not work.on_host() else []
    if not ending and not lost and not orphans:
        say("no lab is there")
        return
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        names = [it.name for it in ending] + [it.name for it in orphans]
        _ask(names + [_name(mark) for mark in lost], keep=keep)
    for it in ending:
        if it.host and it.running and work.forced() is not None:
            _empty(it)
        registry.end(it, keep=keep)
        rest = f", tuilab up {it.name} brings it back" if keep else ""
        say(f'lab "{it.name}" has ended{rest}')
    for orphan in orphans:
        registry.end_orphan(orphan)
        say(f'lab "{orphan.name}" has ended, whose state "{orphan.directory}" is gone')
    for mark in lost:
        _clear(mark)


def ls(json: Json = False) -> None:
    """List the labs, the one changed last first."""
    found = registry.labs()
    rows = [_row(it) for it in found]
    if json:
        put_json(
            [
                row | {"directory": str(it.directory)}
                for it, row in zip(found, rows, strict=True)
            ]
        )
        return
    if not rows:
        say("no labs yet; tuilab up two-hosts makes one")
        return
    cells = [
        (
            str(row["name"]),
            _state(row),
            str(row.get("namespaces", "?")),
            str(row.get("links", "?")),
            _ago(it.used),
            str(row.get("source") or row.get("problem") or ""),
        )
        for it, row in zip(found, rows, strict=True)
    ]
    head = ("NAME", "STATE", "NAMESPACES", "LINKS", "CHANGED", "FILE")
    for line in output.table(head, cells):
        put(line)


# -- helpers -------------------------------------------------------------------


def _empty(lab: LabInfo) -> None:
    """Remove all in a lab by an edit, which may have to be confirmed."""
    from tuilab.model import edits

    change = edits.become("remove everything", Topology(lab.name))
    work.inside(work.enter(lab), lambda it: it.edit(change))


def _lost() -> list[Mark]:
    """What labs in host mode left on the machine whose state is gone: a crash, say."""
    from tuilab.kernel import former, machine

    if work.on_host():
        machine.check_rights()
    elif not former.labs() or not machine.may():
        return []
    from tuilab.kernel.marks import Mark
    from tuilab.lab import host

    known = {Mark.of(it.name) for it in registry.labs() if it.host}
    names, groups = {it.lab for it in known}, {it.group for it in known}
    # A link that was only half made tells of its lab by its group alone.
    return [
        mark
        for mark in host.found()
        if mark.lab not in names and (mark.lab or mark.group not in groups)
    ]


def _name(mark: Mark) -> str:
    return mark.lab or f"group {mark.group}"


def _clear(mark: Mark) -> None:
    from tuilab.lab import host

    host.clear_mark(mark)
    say(f'what was left of lab "{_name(mark)}" on this machine is removed')


def _target(source: str | None, lab: str | None) -> Target:
    if source is None:
        name = lab or work.preferred()
        if name is None:
            raise UsageError(
                "nothing is named to bring up",
                "name a file, a lab or a ready lab, or --lab NAME for an empty one",
            )
        return Target(lab=targets.known(name))
    if target := targets.find(source, labs=lab is None):
        return target
    from tuilab.formats import library

    try:
        return Target(file=library.find(source))
    except NotFoundError as error:
        raise NotFoundError(
            f'no file, lab or ready lab "{source}"',
            f"{error.hint}; an empty lab: tuilab up --lab {source}",
        ) from None


def _load(target: Target, name: str | None) -> Topology:
    """What the lab is to be, under the name that it is to have."""
    if target.lab is not None:
        return work.journal(target.lab).history.topology
    if target.file is None:
        return Topology(str(name))
    from tuilab.formats import yaml

    topology = yaml.load(target.file).topology
    return replace(topology, name=name) if name else topology


async def _raise_up(lab: Lab, target: Target, topology: Topology) -> dict[str, Any]:
    commands = [line for entry in lab.log for line in entry.commands]
    if target.file is not None:
        from tuilab.model import edits

        name = target.file.stem if target.ready else target.file.name
        change = edits.become(f"load {name}", topology)
        if change.apply(lab.snapshot.topology) != lab.snapshot.topology:
            outcome = await lab.edit(change)
            commands += outcome.commands
            for note in outcome.notes:
                say(note)
        if not target.ready and lab.source != target.file.resolve():
            lab.set_source(target.file)
    sizes = work.sizes(lab.snapshot.topology)
    return {"lab": lab.name, **sizes, "commands": commands}


def _announced(summary: dict[str, Any], seconds: float, place: Place) -> str:
    many = len(summary["commands"])
    size = f"{counted(summary['namespaces'], 'namespace')}, " + counted(
        summary["links"], "link"
    )
    name = f'lab "{summary["lab"]}"'
    if place.host:
        size += " on this machine's own network"
    if many:
        return f"{name} is up: {size} ({counted(many, 'command')}, {seconds:.1f} s)"
    return f"{name} is {'up' if place.fresh else 'like that already'}: {size}"


def _show_plan(topology: Topology, *, json: bool, reasons: bool = False) -> None:
    lab = targets.known(topology.name)
    steps: tuple[Operation, ...]
    if lab is not None and lab.running:
        from tuilab.model import edits

        place = work.enter(lab)
        change = edits.become("load", topology)

        async def ask(it: Lab) -> tuple[Operation, ...]:
            await it.foresee(change)
            return it.plan(change).operations

        steps = work.inside(place, ask)
    else:
        steps = _from_nothing(topology)
    if json:
        live = lab is not None and lab.running
        data = {"lab": topology.name, "running": live}
        put_json(data | {"operations": output.plan_data(steps)})
        return
    for line in output.plan_lines(steps, every=reasons):
        put(line)
    if not steps:
        say(f'lab "{topology.name}" is like that already: nothing to do')


def _from_nothing(topology: Topology) -> tuple[Operation, ...]:
    """All that it takes in a machine that has just been started."""
    from tuilab.formats.script import from_nothing
    from tuilab.model.topology import HOST
    from tuilab.plan.planner import route_to
    from tuilab.plan.state import NamespaceState, State, expand, on_host

    if work.on_host():
        nothing = State({HOST: NamespaceState()})
        return route_to(nothing, on_host(topology, expand(topology))).operations
    return from_nothing(topology).operations


def _to_end(lab: str | None, option: str | None) -> LabInfo:
    try:
        return work.choose(lab, option)
    except NotFoundError:
        left = registry.labs()
        if lab or option or len(left) != 1:
            raise
        return left[0]


def _ask(ending: list[str], *, keep: bool) -> None:
    names = ", ".join(f'"{name}"' for name in ending)
    what = "End" if keep else "End and forget"
    noun = "lab" if len(ending) == 1 else "labs"
    if not typer.confirm(f"{what} {noun} {names}?", err=True):
        raise typer.Exit(1)


def _row(lab: LabInfo) -> dict[str, object]:
    row: dict[str, object] = {
        "name": lab.name,
        "running": lab.running,
        "host": lab.host,
        "changed": round(lab.used, 3),
        "directory": str(lab.directory),
    }
    try:
        journal = work.journal(lab)
    except TuilabError as error:
        return row | {"problem": error.summary}
    topology = journal.history.topology
    return row | {
        **work.sizes(topology),
        "edits": journal.history.position,
        "source": str(journal.source) if journal.source else None,
    }


def _state(row: dict[str, object]) -> str:
    state = "running" if row["running"] else "down"
    return f"{state}, host" if row["host"] else state


def _ago(then: float) -> str:
    seconds = max(0, int(time.time() - then))
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{counted(seconds // size, unit)} ago"
    return "just now"
