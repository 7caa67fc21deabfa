"""Routes, rules and neighbours in the one spelling that comparisons need."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import replace

from tuilab.model.addressing import (
    canonical_address,
    canonical_destination,
    version,
)
from tuilab.model.routing import TABLES
from tuilab.model.topology import Neighbour, Route, Rule

WHOLE_MARK = 0xFFFFFFFF
"""The mask of a mark that names none."""

_MARK = re.compile(r"(0x[0-9a-f]{1,8}|[0-9]{1,10})(?:/(0x[0-9a-f]{1,8}|[0-9]{1,10}))?")


def canonical_route(route: Route) -> Route:
    """The same route in the one spelling that comparisons need."""
    src = canonical_address(route.src) if route.src else None
    hops = tuple(
        replace(hop, via=canonical_address(hop.via) if hop.via else None)
        for hop in route.hops
    )
    via = canonical_address(route.via) if route.via else None
    hint = via or src or next((hop.via for hop in hops if hop.via), None)
    to = canonical_destination(route.to, hint)
    table = _table(route.table)
    return replace(route, to=to, via=via, src=src, hops=hops, table=table)


def canonical_rule(rule: Rule) -> Rule:
    """The same rule in the one spelling; its family is that of its addresses."""
    source, to = (_network(text) for text in (rule.source, rule.to))
    known = source or to
    family = version(known) if known else rule.family
    mark = rule.fwmark
    if mark is not None and (pair := read_mark(mark)):
        mark = show_mark(*pair)
    table = _table(rule.table)
    return replace(rule, source=source, to=to, family=family, fwmark=mark, table=table)


def canonical_neighbour(neighbour: Neighbour) -> Neighbour:
    """The same neighbour in the one spelling."""
    mac = neighbour.mac.lower() if neighbour.mac else None
    return replace(neighbour, to=canonical_address(neighbour.to), mac=mac)


def read_mark(text: str) -> tuple[int, int] | None:
    """A mark and its mask, from ``0x10/0xff`` or ``16``; None when it is neither."""
    found = _MARK.fullmatch(text.strip().lower())
    if found is None:
        return None
    mark, mask = (
        None if g is None else int(g, 0 if "x" in g else 10) for g in found.groups()
    )
    mask = WHOLE_MARK if mask is None else mask
    if mark is None or mark > WHOLE_MARK or mask > WHOLE_MARK:
        return None
    return mark, mask


def show_mark(mark: int, mask: int) -> str:
    """A mark as `read_mark` reads it."""
    return f"{mark:#x}" if mask == WHOLE_MARK else f"{mark:#x}/{mask:#x}"


def _table(table: int | str | None) -> int | None:
    """A table's number; files and people may write the name of a well-known one."""
    # What is no name of one is for `model.validate` to say.
    return TABLES.get(table, table) if isinstance(table, str) else table  # type: ignore[arg-type]


def _network(text: str | None) -> str | None:
    """A network, or one address as the network that it alone is in; None for all."""
    if text is None or text in ("all", "any"):
        return None
    try:
        network = ipaddress.ip_network(text.strip())
    except ValueError:
        return text
    return str(network)


__all__ = [
    "WHOLE_MARK",
    "canonical_neighbour",
    "canonical_route",
    "canonical_rule",
    "read_mark",
    "show_mark",
]
