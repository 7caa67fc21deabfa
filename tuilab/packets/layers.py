"""What a packet consists of: the tree beside its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a layer.

    Attributes:
        name: As scapy calls it.
        value: As text, printable, in one line.
        start: Its first byte in the packet.
        end: The byte behind its last; a field of bits has the bytes they are in.
        children: What it consists of, such as the records of a DNS answer; their bytes
            are those of the whole.
    """

    name: str
    value: str
    start: int
    end: int
    children: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """A header or the payload.

    Attributes:
        name: Such as ``IP``.
        summary: What it says, in one line.
        start: Its first byte in the packet.
        end: The byte behind the last of its own, without what it carries.
        fields: In the order of the bytes.
    """

    name: str
    summary: str
    start: int
    end: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first packet of an expression as it would be sent.

    Attributes:
        count: How many packets the expression stands for.
        summary: The first in one line.
        data: Its bytes.
        layers: What it consists of.
    """

    count: int
    summary: str
    data: bytes
    layers: tuple[Layer, ...]


def at(layers: tuple[Layer, ...], offset: int) -> tuple[Layer, Field | None] | None:
    """The layer and the smallest field that the byte at ``offset`` belongs to."""
    for layer in layers:
        if not layer.start <= offset < layer.end:
            continue
        inside = [f for f in layer.fields if f.start <= offset < f.end]
        return layer, min(inside, key=lambda f: f.end - f.start, default=None)
    return None


def hex_lines(data: bytes) -> list[str]:
    """Sixteen bytes a line: offset, hex, and what of it is plain text."""
    lines = []
    for offset in range(0, len(data), 16):
        piece = data[offset : offset + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{offset:04x}  {piece.hex(' '):<47}  {text}")
    return lines


def layer_from(data: dict[str, Any]) -> Layer:
    """Read what the worker sent."""
    fields = tuple(field_from(field) for field in data["fields"])
    return Layer(data["name"], data["summary"], data["start"], data["end"], fields)


def field_from(data: list[Any]) -> Field:
    """Read what the worker sent."""
    name, value, start, end, children = data
    return Field(name, value, start, end, tuple(map(field_from, children)))
