"""Taking a command line apart, and telling of whatever goes wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tuilab import __version__
from tuilab.cli import complete, targets, work
from tuilab.cli.guard import guard
from tuilab.cli.options import SECONDS, Force, OnHost, Within
from tuilab.errors import UsageError

COMPLETE = "_TUILAB_COMPLETE"


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb is found.

    Attributes:
        module: Its module in this package.
        name: Its function, or its `typer.Typer` where it has verbs of its own.
        panel: Its heading in the help; empty for what help does not list.
    """

    module: str
    name: str
    panel: str


_LABS, _EDITS, _LOOKS, _PACKETS = "Labs", "Changing a lab", "Looking", "Trying it out"

VERBS = {
    "up": Verb("labs", "up", _LABS),
    "down": Verb("labs", "down", _LABS),
    "tour": Verb("screen", "tour", _LABS),
    "ls": Verb("labs", "ls", _LABS),
    "save": Verb("files", "save", _LABS),
    "check": Verb("files", "check", _LABS),
    "plan": Verb("labs", "plan", _LABS),
    "import": Verb("importing", "import_", _LABS),
    "show": Verb("looks", "show", _LOOKS),
    "inspect": Verb("inspect", "inspect", _LOOKS),
    "addresses": Verb("addresses", "addresses", _LOOKS),
    "drift": Verb("drift", "drift", _LOOKS),
    "history": Verb("looks", "history", _LOOKS),
    "keys": Verb("keys", "keys", _LOOKS),
    "doctor": Verb("looks", "doctor", _LOOKS),
    "schema": Verb("looks", "schema", _LOOKS),
    "add": Verb("add", "app", _EDITS),
    "set": Verb("edits", "set_", _EDITS),
    "rm": Verb("edits", "rm", _EDITS),
    "rename": Verb("edits", "rename", _EDITS),
    "copy": Verb("copying", "copy", _EDITS),
    "paste": Verb("copying", "paste_", _EDITS),
    "duplicate": Verb("copying", "duplicate_", _EDITS),
    "generate": Verb("copying", "generate_", _EDITS),
    "undo": Verb("edits", "undo", _EDITS),
    "redo": Verb("edits", "redo", _EDITS),
    "exec": Verb("programs", "exec_", _PACKETS),
    "shell": Verb("programs", "shell", _PACKETS),
    "ping": Verb("packets", "ping", _PACKETS),
    "arp": Verb("packets", "arp", _PACKETS),
    "traceroute": Verb("packets", "traceroute", _PACKETS),
    "send": Verb("packets", "send", _PACKETS),
    "answer": Verb("byhand", "answer", _PACKETS),
    "monitor": Verb("byhand", "monitor", _PACKETS),
    "capture": Verb("capture", "capture", _PACKETS),
    "open": Verb("screen", "open_", ""),
}


_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def run(words: Sequence[str]) -> int:
    """Do what a command line says.

    Returns:
        The exit code.
    """
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks must not end the program.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    if COMPLETE in os.environ:
        from tuilab.cli import colons

        return guard(lambda: colons.complete(build()))
    return guard(lambda: _invoke(list(words)))


def _open_closed() -> None:
    """Let closed streams go nowhere, so that nothing else takes their place."""
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, number)
            if null != number:
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def _invoke(words: list[str]) -> int:
    at = _first_argument(words)
    word = words[at] if at < len(words) else None
    if word == "help":
        words = [*words[:at], *words[at + 1 :], "--help"]
        at, word = _first_argument(words), None
        word = words[at] if at < len(words) else None
    work.outside()
    if word in VERBS:
        app = build(word)
    elif any(it in _ROOT_ONLY for it in words[:at]):
        app = build()
    else:
        if word is not None and targets.find(word) is None:
            raise unknown(word)
        words, app = ["open", *words], build("open")
    command = typer.main.get_command(app)
    # Not the command's own main(): that has another idea of how to tell of errors.
    with command.make_context("tuilab", words) as context:
        result = command.invoke(context)
    return result if isinstance(result, int) else 0


_ROOT_ONLY = ("--help", "--version", "--install-completion", "--show-completion")


def _first_argument(words: Sequence[str]) -> int:
    """Where the first word stands that is no option of the program itself."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return at + 1
        at += 2 if words[at] in ("--lab", "--within") else 1
    return at


def unknown(word: str) -> UsageError:
    """What to say of a first word that is neither verb, lab nor file."""
    shown = [verb for verb, where in VERBS.items() if where.panel]
    close = get_close_matches(word, shown, n=1)
    hint = "tuilab --help lists the verbs, tuilab ls the labs"
    if close:
        hint = f'did you mean "tuilab {close[0]}"?'
    return UsageError(f'"{word}" is no verb, no lab and no file', hint)


class _Verbs(TyperGroup):
    """The verbs in our order; where one is completed, labs and files too."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All verbs there are."""
        return [verb for verb in VERBS if verb in self.commands]

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """What the first word may be."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-"):
            return found
        names = complete.sources(incomplete) if incomplete else complete.labs("")
        item = type(super().shell_complete(ctx, "")[0])
        return [*found, *map(item, names)]


def build(only: str = "") -> typer.Typer:
    """The program with all verbs, or with the one that is called for."""
    app = typer.Typer(
        name="tuilab",
        cls=_Verbs,
        add_completion=not only,
        context_settings={"help_option_names": ["--help", "-h"]},
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_root)
    for verb, where in VERBS.items():
        if only in ("", verb):
            found = getattr(import_module(f"tuilab.cli.{where.module}"), where.name)
            panel: dict[str, Any] = {"rich_help_panel": where.panel}
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=verb, **panel)
            else:
                settings = getattr(found, "context_settings", None)
                app.command(
                    verb,
                    hidden=not where.panel,
                    context_settings=settings,
                    **panel,
                )(found)
    return app


def _root(
    lab: Annotated[
        str | None,
        typer.Option("--lab", metavar="NAME", help="The lab that a verb is about."),
    ] = None,
    host: OnHost = False,
    force: Force = False,
    within: Within = SECONDS,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.")
    ] = False,
) -> None:
    """The network lab in your terminal.

    tuilab [FILE|LAB] opens the screen: a topology file as a lab, or a lab that is
    there. Alone it opens the lab used last, or a new one. More: tuilab open --help.

    First steps without it: tuilab up two-hosts, then tuilab ping red blue, tuilab
    exec red -- ip addr, tuilab undo, tuilab down.
    """
    if lab:
        os.environ["TUILAB_LAB"] = lab
    work.work_on_host(host)
    work.force(within if force else None)
    if version:
        print(f"tuilab {__version__}")
        raise typer.Exit
