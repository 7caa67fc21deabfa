"""What was changed outside: drift, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli import work
from tuilab.cli.options import DryRun, Json, LabArgument, LabOption, Quiet
from tuilab.cli.output import counted, plan_data, plan_lines, put, put_json, say
from tuilab.errors import EXIT_NO, EXIT_OK, UsageError

if TYPE_CHECKING:
    from tuilab.lab.lab import Lab
    from tuilab.lab.snapshot import Difference


def drift(
    lab: LabArgument = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put it back to what the lab is to be.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Have the lab be like that, as an edit.")
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
    quiet: Quiet = False,
    option: LabOption = None,
) -> int:
    """List what was changed outside tuilab; exit code 1 when there is something.

    Edits, undo and redo never touch it. --repair puts it right, --adopt makes it an
    edit of the history, which undo takes back. Then the exit code tells whether
    anything is left.
    """
    if repair and adopt:
        raise UsageError("both --repair and --adopt are given", "give one of them")
    if dry_run and not repair:
        raise UsageError("--dry-run is for --repair", "without it nothing is changed")
    place = work.enter(work.running(lab, option))

    async def go(it: Lab) -> Sequence[Difference]:
        await it.search()
        if dry_run:
            _show_plan(it, json=json)
        elif repair:
            work.report(await it.repair(), quiet=quiet or json)
        elif adopt:
            await _adopt(it)
        return it.snapshot.drift

    found = work.inside(place, go)
    if json and not dry_run:
        put_json([_data(it) for it in found])
    elif not (repair or adopt):
        for difference in found:
            put(str(difference))
        if found:
            name = place.name
            say(f'{counted(len(found), "difference")} from what lab "{name}" is to be')
            say(f"  to put it right: tuilab drift {name} --repair; to keep it: --adopt")
        else:
            say(f'lab "{place.name}" is as it is to be')
    return EXIT_NO if found else EXIT_OK


async def _adopt(lab: Lab) -> None:
    before = lab.snapshot.history
    outcome = await lab.adopt()
    for note in outcome.notes:
        say(note)
    if lab.snapshot.history == before:
        say(f'lab "{lab.name}" is as it is to be: nothing to adopt')
    else:
        say(f"{outcome.title}: tuilab undo takes that back")


def _show_plan(lab: Lab, *, json: bool) -> None:
    operations = lab.repairs().operations
    if json:
        put_json(plan_data(operations))
        return
    for line in plan_lines(operations):
        put(line)
    if not operations:
        say(f'lab "{lab.name}" is as it is to be: nothing to repair')


def _data(difference: Difference) -> dict[str, Any]:
    return {
        "namespace": difference.namespace,
        "link": difference.ifname,
        "text": difference.text,
    }
