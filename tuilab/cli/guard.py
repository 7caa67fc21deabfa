"""The one place that turns whatever goes wrong into words and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from tuilab.cli.output import joined, say, tell
from tuilab.errors import EXIT_USAGE, TuilabError

_INTERRUPTED = 130
_BROKEN_PIPE = 141
_INTERNAL = 70
"""EX_SOFTWARE of sysexits.h."""


def guard(job: Callable[[], int]) -> int:
    """Do something and tell of what goes wrong.

    Returns:
        What it returns, or the exit code that fits what went wrong.
    """
    code = _guarded(job)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = _silence()
    return code


def _guarded(job: Callable[[], int]) -> int:
    try:
        return job()
    except TuilabError as error:
        tell(error)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        return _silence()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except Exception as error:
        return _other(error)


def _other(error: Exception) -> int:
    """Typer's own exceptions, which differ from version to version, and mistakes."""
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, typer.Abort):
        return _INTERRUPTED
    if hasattr(error, "format_message"):
        _explain(error)
        return EXIT_USAGE
    from tuilab.cli.mistake import confess

    confess(error)
    return _INTERNAL


def _explain(error: Any) -> None:
    """A command line that does not fit the verb."""
    text = " ".join(str(error.format_message()).split()).rstrip(".")
    if not text:
        return  # the help has been printed
    context = getattr(error, "ctx", None)
    say(f"tuilab: {text[:1].lower()}{text[1:]}")
    if context is not None:
        choices = getattr(context.command, "commands", None)
        if choices and "command" in text.lower():
            say(f"  choose {joined(list(choices))}")
        else:
            say(f"  {context.get_usage().strip()}")
        say(f"  {context.command_path} --help says more")


def _silence() -> int:
    """Nobody reads any more: let what is left be written nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    return _BROKEN_PIPE
