"""Text with a meaning for each part, before it gets a colour.

Presentation functions return lines of spans; widgets give each role its style. Roles
never carry meaning alone: the words or signs say it too.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from textual.content import Content

Role = Literal["", "dim", "good", "bad", "warn", "key", "title"]
ROLES: tuple[Role, ...] = ("", "dim", "good", "bad", "warn", "key", "title")


@dataclass(frozen=True, slots=True)
class Span:
    """Some text with one role, and what a click on it does (an action, or empty)."""

    text: str
    role: Role = ""
    click: str = ""


Line = tuple[Span, ...]

_STYLES: dict[Role, str] = {
    "dim": "$text-muted",
    "good": "$text-success",
    "bad": "bold $text-error",
    "warn": "bold $text-warning",
    "key": "bold $accent",
    "title": "bold",
}


def line(*parts: str | Span | tuple[str, Role]) -> Line:
    """A line, written shortly."""
    return tuple(
        part
        if isinstance(part, Span)
        else Span(*((part,) if isinstance(part, str) else part))
        for part in parts
    )


def plain(spans: Line) -> str:
    """The text alone."""
    return "".join(span.text for span in spans)


def width(spans: Line) -> int:
    """How many cells a line takes."""
    return sum(
        len(text) if (text := span.text).isascii() else cell_len(text) for span in spans
    )


def fit(text: str, cells: int, ellipsis: str = "…") -> str:
    """Text padded or cut to exactly that many cells; a cut one says so."""
    if cells <= 0:
        return ""
    if cell_len(text) <= cells:
        return set_cell_size(text, cells)
    return set_cell_size(text, cells - len(ellipsis)) + ellipsis


def wrapped(text: str, cells: int, *, indent: int, role: Role = "") -> list[Line]:
    """A command over as many lines as it takes; what goes on stands further in."""
    if text.isprintable() and text == text.strip() and indent + len(text) <= cells:
        return [line((" " * indent + text, role))]  # as most do
    return [
        line((part, role))
        for part in textwrap.wrap(
            text,
            max(cells, 20),
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 4),
            break_on_hyphens=False,
        )
    ]


def in_rows(spans: Line, cells: int) -> list[Line]:
    """What stands side by side, in as many rows as it takes; none is taken apart.

    Args:
        spans: Those, with blanks between them, which go where a row ends.
        cells: That a row has.
    """
    rows: list[Line] = []
    row: Line = ()
    gap: Line = ()
    for span in spans:
        if not span.text.strip():
            gap = (span,)
            continue
        if row and width((*row, *gap, span)) > cells:
            rows.append(row)
            row, gap = (), ()
        row = (*row, *gap, span) if row else (span,)
    return [*rows, row]


def content(spans: Line) -> Content:
    """A line as Textual's content; nothing in it is read as markup."""
    parts: list[Content] = []
    for span in spans:
        styled = Content.styled(span.text, _STYLES.get(span.role, ""))
        if span.click:
            styled = styled.stylize(f"@click={span.click}")
        parts.append(styled)
    return Content("").join(parts)


def contents(lines: list[Line]) -> Content:
    """Several lines as Textual's content."""
    return Content("\n").join(content(spans) for spans in lines)


def natural(name: str) -> list[tuple[str, int]]:
    """A key to sort names by, their numbers as numbers: p2 stands before p10."""
    parts = re.findall("([^0-9]*)([0-9]*)", name)
    return [(word, int(number or 0)) for word, number in parts]
