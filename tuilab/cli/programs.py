"""Programs in a namespace of a lab: exec, shell."""

from __future__ import annotations

from typing import Annotated

import typer

from tuilab.cli import complete, work
from tuilab.cli.options import LabOption
from tuilab.errors import UsageError
from tuilab.kernel import procs
from tuilab.model.topology import HOST


def exec_(
    namespace: Annotated[
        str,
        typer.Argument(
            metavar="NS", help="A namespace.", autocompletion=complete.namespaces
        ),
    ],
    command: Annotated[
        list[str],
        typer.Argument(metavar="CMD", help="The program and its arguments."),
    ],
    lab: LabOption = None,
) -> int:
    """Run a program in a namespace; its exit status is ours."""
    words = list(command)
    # Our own option may stand between the namespace and the program, too.
    while words and words[0] != "--":
        if words[0] == "--lab" and len(words) > 1:
            lab, words = words[1], words[2:]
        elif words[0].startswith("--lab="):
            lab, words = words[0].removeprefix("--lab="), words[1:]
        else:
            break
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        raise UsageError("no program is given", f"as: tuilab exec {namespace} -- ip a")
    return _run(lab, namespace, words)


exec_.context_settings = {  # type: ignore[attr-defined]
    "allow_interspersed_args": False
}


def shell(
    namespace: Annotated[
        str,
        typer.Argument(
            metavar="NS", help="A namespace.", autocompletion=complete.namespaces
        ),
    ] = HOST,
    lab: LabOption = None,
) -> int:
    """Open a shell in a namespace; its exit status is ours."""
    return _run(lab, namespace, procs.shell_argv())


def _run(lab: str | None, namespace: str, words: list[str]) -> int:
    place = work.enter(work.running(option=lab))
    return procs.run(place.keeper, namespace, words)
