"""Options and arguments that many verbs share."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from tuilab.cli import complete


def a_time(seconds: float | None) -> float | None:
    """Refuse what is no number: it is within every bound.

    Raises:
        typer.BadParameter: It is none.
    """
    if seconds is not None and math.isnan(seconds):
        raise typer.BadParameter("nan is no time")
    return seconds


SECONDS = 30.0
"""How long `--force` waits to be confirmed."""
Overwrite = Annotated[
    bool, typer.Option("--force", "-f", help="Overwrite whatever is there.")
]
LabOption = Annotated[
    str | None,
    typer.Option(
        "--lab",
        metavar="NAME",
        help="The lab, where more than one runs; else $TUILAB_LAB.",
        autocompletion=complete.labs,
    ),
]
LabArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="LAB",
        help="The lab, where more than one runs.",
        show_default=False,
        autocompletion=complete.labs,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Only print the commands.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Don't print the commands that ran.")
]
OnHost = Annotated[
    bool,
    typer.Option(
        "--host", help="Work on the machine's own network, as root, not in a sandbox."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="With --host: try what may cut the connection you are on. It is taken "
        "back unless you confirm it in time.",
    ),
]
Within = Annotated[
    float,
    typer.Option(
        metavar="SECONDS", min=1, callback=a_time, help="The time to confirm it in."
    ),
]
NamespaceArgument = Annotated[
    str,
    typer.Argument(
        metavar="NS", help="A namespace.", autocompletion=complete.namespaces
    ),
]
EndpointArgument = Annotated[
    str,
    typer.Argument(
        metavar="NS:IF",
        help="A link, as red:eth0.",
        autocompletion=complete.endpoints,
    ),
]
