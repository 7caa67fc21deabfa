"""Looking at a lab and at the machine: show, history, doctor, schema."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli import work
from tuilab.cli.draw import put_drawing, put_plain, seen, wished
from tuilab.cli.options import Json, LabArgument, LabOption
from tuilab.cli.output import put, put_json, say
from tuilab.errors import EXIT_OK, EXIT_RIGHTS, TuilabError, UsageError

if TYPE_CHECKING:
    from tuilab.kernel.probe import Check
    from tuilab.lab.lab import Lab
    from tuilab.lab.snapshot import Snapshot
    from tuilab.plan.history import Edit


def show(
    lab: LabArgument = None,
    observed: Annotated[
        bool,
        typer.Option("--observed", help="What the kernel holds, not what is wished."),
    ] = False,
    draw: Annotated[bool, typer.Option("--draw", help="Print the drawing.")] = False,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="In words, for screen readers and logs."),
    ] = False,
    level: Annotated[
        int | None,
        typer.Option(
            "--level",
            min=0,
            max=3,
            help="Detail of the drawing, 0 (a map) to 3; else as much as fits.",
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option("--width", min=20, help="Its columns; else the terminal's."),
    ] = None,
    ascii_only: Annotated[
        bool, typer.Option("--ascii", help="Draw with ASCII characters only.")
    ] = False,
    json: Json = False,
    option: LabOption = None,
) -> None:
    """Print a lab as a topology file, a drawing, or words; as wished or as it is."""
    if draw + plain + json > 1:
        raise UsageError(
            "--draw, --plain and --json are three forms", "give one of them"
        )
    if draw or plain:
        snapshot = _snapshot(lab, option, observed=observed)
        if plain:
            put_plain(snapshot)
        else:
            put_drawing(snapshot, level, width, ascii_only=ascii_only)
        return
    if not observed:
        topology = work.journal(work.choose(lab, option)).history.topology
        if json:
            from tuilab.model.plain import to_data

            put_json(to_data(topology))
            return
        from tuilab.formats import yaml

        put(yaml.dump(topology).removesuffix("\n"))
        return
    place = work.enter(work.running(lab, option))

    async def look(it: Lab) -> dict[str, Any]:
        from tuilab.plan.state import to_data

        now = it.snapshot
        data = to_data(now.observed)
        # In host mode, what others made on the machine.
        for name, body in to_data(now.foreign).items():
            if name in data:
                data[name]["foreign"] = body
            else:
                data[name] = {"foreign": True}
        return data

    data = work.inside(place, look)
    if json:
        put_json(data)
        return
    from tuilab.formats import emit

    for name, body in data.items():
        for line in emit.entry(name, body):
            put(line)


def _snapshot(lab: str | None, option: str | None, *, observed: bool) -> Snapshot:
    if observed:
        return seen(work.running(lab, option))
    return wished(work.journal(work.choose(lab, option)).history.topology)


def history(
    lab: LabArgument = None,
    json: Json = False,
    option: LabOption = None,
) -> None:
    """List the edits of a lab; those below the arrow are undone."""
    past = work.journal(work.choose(lab, option)).history
    if json:
        put_json(
            {
                "position": past.position,
                "edits": [
                    _edit_data(number, edit, done=number <= past.position)
                    for number, edit in enumerate(past.edits, 1)
                ],
            }
        )
        return
    if not past.edits:
        say("no edits yet")
        return
    rows = [("", "start"), *((_clock(edit.time), edit.title) for edit in past.edits)]
    number_width = len(str(len(past.edits)))
    clock_width = max(len(clock) for clock, _ in rows)
    for number, (clock, title) in enumerate(rows):
        mark = ">" if number == past.position else " "
        undone = "" if number <= past.position else "  (undone)"
        put(f"{mark} {number:>{number_width}}  {clock:<{clock_width}}  {title}{undone}")


def doctor(json: Json = False) -> int:
    """Say what this machine can do for labs, and what to do about the rest."""
    from tuilab.kernel import probe

    checks = [*probe.checks(), _keys(), _labs()]
    fatal = any(check.required and not check.ok for check in checks)
    if json:
        fields = ("name", "ok", "detail", "remedy", "required")
        put_json([{f: getattr(check, f) for f in fields} for check in checks])
        return EXIT_RIGHTS if fatal else EXIT_OK
    for check in checks:
        mark = "ok" if check.ok else "NO" if check.required else "--"
        put(f"{mark:<3} {check.name}: {check.detail}")
        if check.remedy:
            put(f"      {check.remedy}")
    if fatal:
        say("no lab can be had here; the screen still opens, as a preview")
    return EXIT_RIGHTS if fatal else EXIT_OK


def _keys() -> Check:
    """Whether the person's own keys can be had."""
    from tuilab.kernel.probe import Check
    from tuilab.tui.keyfile import keys_file, read_keys

    path = keys_file()
    keymap, problems = read_keys(path)
    if problems:
        return Check("keys", False, "; ".join(problems), f'mend "{path}"')
    changed = len(keymap.changed)
    detail = f"{changed} of your own" if changed else "as usual"
    return Check("keys", True, f"{detail} ({path})")


def _labs() -> Check:
    """Whether all sandboxes of this user belong to a lab that is known."""
    from tuilab.kernel.probe import Check
    from tuilab.lab import registry

    try:
        orphans = registry.orphans()
    except TuilabError as error:
        return Check("labs", False, error.summary, error.hint)
    if not orphans:
        return Check("labs", True, "every sandbox belongs to one")
    lost = ", ".join(f'"{it.directory}"' for it in orphans)
    detail = f"of labs that still run the state is gone: {lost}"
    return Check("labs", False, detail, "put it back, or tuilab down --all ends them")


def schema() -> None:
    """Print the JSON Schema of topology files, for editors."""
    from tuilab.formats.schema import json_schema

    put_json(json_schema())


def _edit_data(number: int, edit: Edit, *, done: bool) -> dict[str, object]:
    return {
        "number": number,
        "title": edit.title,
        "time": edit.time,
        "done": done,
        "commands": list(edit.commands),
    }


def _clock(seconds: float) -> str:
    then, now = time.localtime(seconds), time.localtime()
    today = then[:3] == now[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", then)
