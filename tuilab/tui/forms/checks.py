"""What is wrong with one typed value: an empty string, or fact and remedy."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from dataclasses import replace

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
from tuilab.model.bridging import VLAN_WORDS
from tuilab.model.routing import TABLES
from tuilab.model.topology import (
    REFUSALS,
    UNICAST,
    Endpoint,
    Hop,
    Link,
    Route,
    Topology,
)
from tuilab.model.validate import LEAST_MTU
from tuilab.model.vlans import problems as vlan_problems
from tuilab.model.words import options_from


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


def macs(typed: tuple[str, ...]) -> str:
    """Why these are no static entries of a port."""
    for number, one in enumerate(typed):
        if problem := mac_problem(one.lower()):
            return problem
        if one.lower() in (other.lower() for other in typed[:number]):
            return f'"{one}" is there twice; give each MAC once'
    return ""


def vlans(typed: tuple[str, ...]) -> str:
    """Why these are not the VLANs of a link."""
    fact = next((fact for _, fact in vlan_problems(typed)), "")
    return f"{fact}; {VLAN_WORDS}" if fact else ""


def options(typed: str, link: Link) -> str:
    """What is wrong with the options of a bridge or a port, in words."""
    try:
        options_from(link, typed)
    except UsageError as error:
        return f"{error.summary}; {error.hint}"
    return ""


def account(typed: str, what: str) -> str:
    """Why that is no user (``what`` is "user") or group of this machine."""
    if not typed:
        return ""
    try:
        (uid if what == "user" else gid)(typed)
    except UsageError as error:
        return str(error)
    return ""


_ROUTE_WORDS = {"via", "dev", "metric", "table", "src"}
_HOP_WORDS = {"via", "dev", "weight"}
ROUTE_SYNTAX = (
    "DESTINATION via GATEWAY dev LINK metric N table N src ADDRESS onlink, or with "
    "hops: hop via GATEWAY dev LINK weight N; blackhole, unreachable, prohibit go first"
)


def parse_route(typed: str) -> Route:
    """Read a route much as ``ip route`` prints it; see `ROUTE_SYNTAX`.

    Raises:
        UsageError: It is not one.
    """
    head, *hops = re.split(r"(?:^|\s)(?:hop|nexthop)\s", typed)
    words = head.split() or [""]
    kind = words.pop(0) if words[0] in (UNICAST, *REFUSALS) else UNICAST
    to, *rest = words or [""]
    onlink = "onlink" in rest
    if onlink:
        rest.remove("onlink")
    found = _pairs(rest, _ROUTE_WORDS)
    table = found.get("table")
    route = Route(
        to="",
        via=_address(found.get("via"), "gateway"),
        dev=found.get("dev"),
        metric=_number(found.get("metric"), "metric"),
        table=TABLES.get(table or "") or _number(table, "table"),
        src=_address(found.get("src"), "address"),
        onlink=onlink,
        type=kind,
        hops=tuple(_hop(hop) for hop in hops),
    )
    hint = route.via or route.src or next((h.via for h in route.hops if h.via), None)
    return replace(route, to=_destination(to, hint))


def _hop(typed: str) -> Hop:
    found = _pairs(typed.split(), _HOP_WORDS)
    weight = _number(found.get("weight"), "weight")
    via = _address(found.get("via"), "gateway")
    return Hop(via, found.get("dev"), 1 if weight is None else weight)


def _pairs(words: list[str], known: set[str]) -> dict[str, str]:
    """Words and their values."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word, *rest = rest
        if word not in known or word in found:
            raise UsageError(
                f'"{word}" is not understood here', f"write: {ROUTE_SYNTAX}"
            )
        if not rest:
            raise UsageError(f'"{word}" needs a value')
        found[word], *rest = rest
    return found


def _address(typed: str | None, what: str) -> str | None:
    if typed is not None and not _is_address(typed):
        raise UsageError(f'"{typed}" is no {what}', "write an address like 10.0.0.1")
    return typed


def show_route(route: Route) -> str:
    """A route as `parse_route` reads it."""
    hints = (route.via, route.src, *(hop.via for hop in route.hops))
    clear = any(":" in text for text in hints if text)
    words = [] if route.type == UNICAST else [route.type]
    default_v6 = route.to == "::/0" and not clear
    words.append(route.to if default_v6 else show_destination(route.to))
    for name in ("via", "dev", "metric", "table", "src"):
        if (value := getattr(route, name)) is not None:
            words += [name, str(value)]
    if route.onlink:
        words.append("onlink")
    for hop in route.hops:
        words.append("hop")
        for name in ("via", "dev"):
            if (value := getattr(hop, name)) is not None:
                words += [name, value]
        if hop.weight != 1:
            words += ["weight", str(hop.weight)]
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
