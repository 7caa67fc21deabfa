"""Plain data as YAML text, the way a person would write a lab."""

from __future__ import annotations

import json
import re
from typing import Any

from tuilab.formats.tree import scalar

WIDTH = 88
STEP = "  "

_BARE = re.compile(r"[A-Za-z0-9_/.](?:[A-Za-z0-9_/.+@:-]*[A-Za-z0-9_/.+@-])?")
_OTHERS_MISREAD = re.compile(
    r"(?i:y|n|yes|no|on|off)"
    r"|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"|[-+]?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?"
    r"|[-+]?\.[0-9_]+([eE][-+]?[0-9]+)?|[-+]?\.(?i:inf|nan)"
)
"""YAML 1.1, which other programs still speak, sees no text in these."""


def word(value: Any) -> str:
    """A scalar, in quotes where it would be read as something else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    plain = _BARE.fullmatch(text) and not _OTHERS_MISREAD.fullmatch(text)
    if plain and isinstance(scalar(text), str):
        return text
    return json.dumps(text, ensure_ascii=False)


def flow(value: Any) -> str:
    """A value in one line, with braces and brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{word(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    return word(value)


def entry(key: str, value: Any, indent: str = "") -> list[str]:
    """The lines of one key with its value."""
    head = f"{indent}{word(key)}:"
    if fits(value, len(head) + 1):
        return [f"{head} {flow(value)}"]
    return [head, *block(value, indent + STEP)]


def block(value: Any, indent: str) -> list[str]:
    """The lines of a mapping or list that stands below its key."""
    if isinstance(value, dict):
        return [line for k, v in value.items() for line in entry(k, v, indent)]
    return [line for item in value for line in element(item, indent)]


def element(value: Any, indent: str) -> list[str]:
    """The lines of one element of a list."""
    if not isinstance(value, dict) or fits(value, len(indent) + 2):
        return [f"{indent}- {flow(value)}"]
    lines = block(value, indent + STEP)
    return [f"{indent}- {lines[0].lstrip()}", *lines[1:]]


def fits(value: Any, column: int) -> bool:
    """Whether a value is simple and short enough for the rest of a line."""
    if isinstance(value, dict):
        simple = all(not isinstance(v, dict) and _flat(v) for v in value.values())
        return simple and column + len(flow(value)) <= WIDTH
    if isinstance(value, list | tuple):
        return _flat(value) and column + len(flow(value)) <= WIDTH
    return True


def _flat(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return not any(isinstance(v, dict | list | tuple) for v in value)
    return True


__all__ = ["block", "element", "entry", "fits", "flow", "word"]
