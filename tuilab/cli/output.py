"""How the command line speaks: results on stdout, messages on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tuilab.errors import EditFailed, InvalidTopology, TuilabError, UsageError

if TYPE_CHECKING:
    # It costs `tuilab ls` as much as all the rest of it.
    from tuilab.plan.operations import Operation

_REASON_COLUMN = 60


def put(text: str) -> None:
    """A result."""
    print(text)


def put_json(value: Any) -> None:
    """A result for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def say(text: str) -> None:
    """A message to the person."""
    print(text, file=sys.stderr, flush=True)


def taken(path: object, more: str = "") -> UsageError:
    """A file would be overwritten, and nobody asked for that."""
    return UsageError(
        f'"{path}" is there already{more}',
        "choose another name, or overwrite it with --force",
    )


def tell(error: TuilabError) -> None:
    """What went wrong, and what to do about it."""
    if isinstance(error, InvalidTopology) and not error.source:
        for problem in error.problems:
            _complain(problem.message, problem.hint)
    elif isinstance(error, InvalidTopology):
        # FILE:LINE:COLUMN: first, as editors and other programs read it.
        for line in error.lines():
            say(line)
    elif isinstance(error, EditFailed) and error.leftovers:
        _complain(error.summary, error.hint.partition("; rolling back left: ")[0])
        say("  rolling back could not restore everything:")
        for left in error.leftovers:
            say(f"  - {left}")
    else:
        _complain(error.summary, error.hint)


def _complain(summary: str, hint: str) -> None:
    say(f"tuilab: {summary}")
    if hint:
        say(f"  {hint}")


def plan_lines(operations: Iterable[Operation], *, every: bool = False) -> list[str]:
    """The commands of a plan, with reasons behind the first one of a step.

    Args:
        operations: The plan.
        every: Give the reason of every step, not only where the edit does not tell.
    """
    from tuilab.plan.reasons import reason

    lines = []
    for operation in operations:
        first, *rest = operation.commands()
        if every or operation.reason:
            first = f"{first:<{_REASON_COLUMN}}  # {reason(operation)}"
        lines += [first, *rest]
    return lines


def plan_data(operations: Iterable[Operation]) -> list[dict[str, Any]]:
    """The steps of a plan for programs."""
    from tuilab.plan.reasons import reason

    return [
        {"commands": list(operation.commands()), "reason": reason(operation)}
        for operation in operations
    ]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as they need to be, two blanks apart."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    return [
        "  ".join(
            f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (header, *rows)
    ]


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 cable``, ``2 cables``."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def joined(words: Sequence[str], last: str = "or") -> str:
    """``a, b or c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
