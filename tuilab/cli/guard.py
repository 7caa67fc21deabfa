"""The one place that turns whatever goes wrong into words and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from tuilab.cli.output import joined, say, tell
from tuilab.errors import EXIT_NO, EXIT_USAGE, TuilabError

_INTERRUPTED = 130
_BROKEN_PIPE = 141
_INTERNAL = 70
"""EX_SOFTWARE of sysexits.h."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


def guard(job: Callable[[], int]) -> int:
    """Do something and tell of what goes wrong.

    Returns:
        What it returns, or the exit code that fits what went wrong.
    """
    code = _guarded(job)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = _silence(error)
    return code


def _guarded(job: Callable[[], int]) -> int:
    try:
        return job()
    except TuilabError as error:
        tell(error)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        unwritten = isinstance(error, BrokenPipeError) or error.errno in _FULL
        return _silence(error) if unwritten else _other(error)
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


def _silence(error: OSError) -> int:
    """What is printed can't be written: let what is left of it go nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    if isinstance(error, BrokenPipeError):  # nobody reads any more
        return _BROKEN_PIPE
    say(f"tuilab: not all could be written: {error.strerror}")
    say("  make room where this prints or saves to")
    return EXIT_NO
