"""Shell completion where words may hold colons.

Bash takes a colon for the end of a word: ``red:et`` comes as ``red``, ``:``, ``et``,
and what is proposed replaces ``et`` alone.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Sequence

import typer

BASH = "complete_bash"
VARIABLE = "_TUILAB_COMPLETE"


def complete(app: typer.Typer) -> int:
    """Answer the shell that asks what may come next."""
    if os.environ.get(VARIABLE) != BASH:
        app(prog_name="tuilab")
        return 0
    words = os.environ["COMP_WORDS"].split()
    whole, at = joined(words, int(os.environ["COMP_CWORD"]))
    os.environ["COMP_WORDS"] = " ".join(whole)
    os.environ["COMP_CWORD"] = str(at)
    current = whole[at] if at < len(whole) else ""
    cut = current.rfind(":") + 1
    answer = io.StringIO()
    with contextlib.redirect_stdout(answer), contextlib.suppress(SystemExit):
        app(prog_name="tuilab")
    for line in answer.getvalue().splitlines():
        print(line[cut:])
    return 0


def joined(words: Sequence[str], at: int) -> tuple[list[str], int]:
    """Words with those put together again that a colon had split.

    Args:
        words: As bash split them.
        at: The index of the word to complete.
    """
    whole: list[str] = []
    place = len(words)
    for number, word in enumerate(words):
        glued = whole and (word == ":" or whole[-1].endswith(":"))
        if glued:
            whole[-1] += word
        else:
            whole.append(word)
        if number == at:
            place = len(whole) - 1
    return whole, place if at < len(words) else len(whole)
