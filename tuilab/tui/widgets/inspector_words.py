"""How the inspector says what the kernel holds."""

from __future__ import annotations

from tuilab.kernel.detail import AddressDetail, RouteDetail, Socket
from tuilab.lab.meter import Rate
from tuilab.model.addressing import show_destination
from tuilab.model.routing import DEFAULT_TABLE, LOCAL_TABLE, MAIN_TABLE
from tuilab.model.topology import UNICAST
from tuilab.plan.difference import rule_words
from tuilab.plan.forwarding import (
    V6_METRIC,
    HopState,
    NeighbourState,
    RouteState,
    RuleState,
)

TABLES = {LOCAL_TABLE: "local", MAIN_TABLE: "main", DEFAULT_TABLE: "default"}
_BY_HAND = ("boot", "static")
"""What ip(8) and administrators give a route: not worth a word."""


def human_bytes(count: float) -> str:
    """Bytes for people: ``1.2 kB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def human_count(value: float) -> str:
    """How many a second: one decimal while there are few."""
    return f"{value:.1f}" if 0 < value < 10 else f"{value:.0f}"


def rates(rate: Rate) -> str:
    """Both directions shortly."""
    return f"rx {human_bytes(rate.rx)}/s  tx {human_bytes(rate.tx)}/s"


def age(seconds: float) -> str:
    """A time for people: ``3 s``, ``2 min``, ``5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


def show_route(route: RouteState) -> str:
    """A route of the kernel as iproute2 prints it."""
    words = [] if route.type == UNICAST else [route.type]
    words.append(show_destination(route.to))
    if route.dev and not route.hops:
        words.append(_way(HopState(route.via, route.dev)))
    if route.onlink:
        words.append("onlink")
    if route.src:
        words.append(f"src {route.src}")
    if route.metric not in (0, V6_METRIC):
        words.append(f"metric {route.metric}")
    if route.table not in (MAIN_TABLE, LOCAL_TABLE):
        words.append(f"table {route.table}")
    words += [f"hop {_way(hop)} weight {hop.weight}" for hop in route.hops]
    return " ".join(words)


def _way(hop: HopState) -> str:
    return f"via {hop.via} dev {hop.dev}" if hop.via else f"dev {hop.dev}"


def route_notes(detail: RouteDetail) -> str:
    """Who made it, and how it fares: ``kernel linkdown``."""
    words = [] if detail.protocol in _BY_HAND else [detail.protocol]
    words += detail.flags
    if detail.valid is not None:
        words.append(f"for {age(detail.valid)}")
    return " ".join(words)


def address_notes(detail: AddressDetail) -> str:
    """Who made an address, and how it fares: ``kernel link``."""
    words = [] if detail.origin == "static" else [detail.origin]
    words += [] if detail.scope == "global" else [detail.scope]
    words += detail.flags
    if detail.valid is not None:
        words.append(f"for {age(detail.valid)}")
    return " ".join(words)


def show_rule(rule: RuleState) -> str:
    """A rule, such as ``10: from 10.0.0.0/24 lookup 100``."""
    return rule_line(rule.priority, rule.family, rule_words(rule))


def rule_line(priority: int, family: int, words: str) -> str:
    """A rule, whoever made it."""
    head, lookup, table = words.rpartition("lookup ")
    if lookup and table.isdigit():
        words = f"{head}lookup {TABLES.get(int(table), table)}"
    return f"{priority}: {'IPv6 ' if family == 6 else ''}{words}"


def show_neighbour(neighbour: NeighbourState) -> str:
    """A neighbour as iproute2 prints it."""
    what = "proxy" if neighbour.proxy else f"lladdr {neighbour.mac}"
    return f"{neighbour.to} dev {neighbour.dev} {what}"


def show_socket(socket: Socket) -> str:
    """A socket, without who holds it: ``tcp LISTEN 10.0.0.1:80``."""
    words = [f"{socket.protocol:<3} {socket.state}", socket.local]
    if socket.peer:
        words.append(f"to {socket.peer}")
    if socket.dev and socket.protocol != "packet":
        words.append(f"on {socket.dev}")
    if socket.receive or socket.send:
        words.append(f"({socket.receive}/{socket.send} waiting)")
    return " ".join(words)


def holder(socket: Socket) -> str:
    """The program that holds a socket: ``nc 4121``, or empty."""
    return f"{socket.program} {socket.pid}".strip() if socket.pid else ""
