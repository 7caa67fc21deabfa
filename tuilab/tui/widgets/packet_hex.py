"""Bytes as text: offset, hex, and what of it is plain ASCII."""

from __future__ import annotations

from tuilab.tui.text import Line, Role, Span


def hex_lines(
    data: bytes, cells: int = 80, lit: tuple[int, int] = (0, 0)
) -> list[Line]:
    """Sixteen bytes a line where there is room for them, else eight.

    Args:
        data: The bytes.
        cells: Room for a line.
        lit: The first byte that stands out, and the byte behind the last: in brackets,
            since there may be no colours.
    """
    step = bytes_per_line(cells)
    lines = []
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        roles: list[Role] = [
            "key" if lit[0] <= at < lit[1] else ""
            for at in range(start, start + len(piece))
        ]
        spans = [Span(f"{start:04x} ", "dim")]
        for place, byte in enumerate(piece):
            before = roles[place - 1] if place else ""
            spans.append(Span(_between(before, roles[place]), "key"))
            spans.append(Span(f"{byte:02x}", roles[place]))
        spans.append(Span(_between(roles[-1], ""), "key"))
        spans.append(Span("   " * (step - len(piece)) + " "))
        for byte, role in zip(piece, roles, strict=True):
            spans.append(Span(chr(byte) if 32 <= byte < 127 else ".", role))
        lines.append(tuple(spans))
    return lines


def bytes_per_line(cells: int) -> int:
    """Sixteen where there is room for them, else eight."""
    return 16 if cells >= 7 + 16 * 4 else 8


def _between(before: Role, after: Role) -> str:
    """What stands between two bytes."""
    if before == after:
        return " "
    return "[" if after else "]"
