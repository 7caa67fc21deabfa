"""What is wrong with one typed value: an empty string, or fact and remedy."""

from __future__ import annotations

import contextlib
import ipaddress
import re

from tuilab.errors import UsageError
from tuilab.model.accounts import gid, uid
from tuilab.model.addressing import (
    IFNAMSIZ,
    address,
    canonical_cidr,
    canonical_destination,
    cidr_problem,
    ifname_problem,
    interface,
    mac_problem,
    namespace_name_problem,
    show_destination,
)
from tuilab.model.topology import Endpoint, Link, Route, Topology
from tuilab.model.validate import LEAST_MTU


def new_namespace(topology: Topology, name: str, former: str = "") -> str:
    """Why no namespace can be made with that name (or ``former`` renamed to it)."""
    if problem := namespace_name_problem(name):
        return problem
    if name != former and name in topology.namespaces:
        return f'"{name}" exists already; choose another name'
    return ""


def new_link(topology: Topology, endpoint: Endpoint, former: str = "") -> str:
    """Why no link can be made there (or ``former`` renamed to it)."""
    if problem := ifname_problem(endpoint.ifname):
        return problem
    if endpoint.ifname != former and topology.link(endpoint) is not None:
        return f'"{endpoint}" exists already; choose another name'
    return ""


def free_note(name: str) -> str:
    """What stands beside an interface name that is right."""
    return f"free, {len(name)}/{IFNAMSIZ} characters"


def split(text: str) -> tuple[str, ...]:
    """Several values typed into one field, with commas or spaces between."""
    return tuple(word for word in re.split(r"[\s,]+", text) if word)


def addresses(typed: tuple[str, ...] | str) -> str:
    """Why these are no addresses of a link."""
    seen = set()
    for word in split(typed) if isinstance(typed, str) else typed:
        fact, remedy = cidr_problem(word)
        if fact:
            return f"{fact}; {remedy}"
        if interface(word) in seen:
            return f'"{word}" is there twice; give each address once'
        seen.add(interface(word))
    return ""


def canonical(typed: tuple[str, ...] | str) -> tuple[str, ...]:
    """Typed addresses in the one spelling of the model."""
    words = split(typed) if isinstance(typed, str) else typed
    return tuple(canonical_cidr(word) for word in words)


def gateway(typed: str, cidrs: tuple[str, ...]) -> str:
    """Why that is no gateway for a link with those addresses."""
    if not typed:
        return ""
    if not _is_address(typed):
        return f'"{typed}" is no address; write one like 10.0.0.254'
    hop = address(typed)
    for cidr in cidrs:
        try:
            if hop in interface(cidr).network:
                return ""
        except ValueError:
            continue
    have = ", ".join(cidrs) or "no address"
    return f'"{typed}" is not in the network of {have}; give one that is'


def mtu(typed: str, kind: type[Link] = Link) -> str:
    """Why that is no MTU for that kind of link; empty text means the default."""
    if not typed:
        return ""
    if not typed.isdigit():
        return f'"{typed}" is no number; write bytes, as 1500'
    if not LEAST_MTU <= int(typed) <= kind.most_mtu:
        most = kind.most_mtu
        return f"{typed} is out of range; {LEAST_MTU} to {most} bytes are possible"
    return ""


def mac(typed: str) -> str:
    """Why that is no MAC address; empty text means the derived one."""
    return mac_problem(typed.lower()) if typed else ""


def account(typed: str, what: str) -> str:
    """Why that is no user (``what`` is "user") or group of this machine."""
    if not typed:
        return ""
    try:
        (uid if what == "user" else gid)(typed)
    except UsageError as error:
        return str(error)
    return ""


_ROUTE_WORDS = {"via", "dev", "metric", "table"}


def parse_route(typed: str) -> Route:
    """Read a route as ``ip route`` prints it.

    ``DESTINATION [via GATEWAY] [dev LINK] [metric N] [table N]``

    Raises:
        UsageError: It is not one.
    """
    to, *rest = typed.split() or [""]
    found: dict[str, str] = {}
    while rest:
        word, *rest = rest
        if word not in _ROUTE_WORDS or word in found:
            raise UsageError(
                f'"{word}" is not understood here',
                "write: DESTINATION via GATEWAY dev LINK metric N table N",
            )
        if not rest:
            raise UsageError(f'"{word}" needs a value')
        found[word], *rest = rest
    via = found.get("via")
    if via is not None and not _is_address(via):
        raise UsageError(f'"{via}" is no gateway', "write an address like 10.0.0.1")
    return Route(
        to=_destination(to, via),
        via=via,
        dev=found.get("dev"),
        metric=_number(found.get("metric"), "metric"),
        table=_number(found.get("table"), "table"),
    )


def show_route(route: Route) -> str:
    """A route as `parse_route` reads it."""
    default_v6 = route.to == "::/0" and not (route.via and ":" in route.via)
    words = [route.to if default_v6 else show_destination(route.to)]
    for name in ("via", "dev", "metric", "table"):
        if (value := getattr(route, name)) is not None:
            words += [name, str(value)]
    return " ".join(words)


def _destination(to: str, via: str | None) -> str:
    wanted = canonical_destination(to, via)
    try:
        ipaddress.ip_network(wanted)
    except ValueError:
        hint = "write default, or a network like 10.0.2.0/24"
        with contextlib.suppress(ValueError):
            hint = f"the network is {interface(to).network}"
        raise UsageError(f'"{to}" is no destination', hint) from None
    return wanted


def _number(typed: str | None, what: str) -> int | None:
    if typed is None:
        return None
    if not typed.isdigit():
        raise UsageError(f'{what} "{typed}" is no number')
    return int(typed)


def _is_address(typed: str) -> bool:
    try:
        address(typed)
    except ValueError:
        return False
    return True
