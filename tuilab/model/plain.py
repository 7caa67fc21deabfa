"""A topology as plain data (dicts, lists, strings, numbers) and back.

This is the structure of the topology file and of the journal; defaults are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from tuilab.model import vlans
from tuilab.model.addressing import canonical_cidr, show_destination
from tuilab.model.canonical import (
    canonical_neighbour,
    canonical_route,
    canonical_rule,
)
from tuilab.model.links import KINDS, Endpoint, Link, Loopback, Veth
from tuilab.model.topology import (
    HOST,
    LO,
    UNICAST,
    Expectation,
    Hop,
    Namespace,
    Neighbour,
    Route,
    Rule,
    Topology,
)

VERSION = 1
_RULE = ("to", "iif", "oif", "fwmark", "table", "action")


def to_data(topology: Topology) -> dict[str, Any]:
    """The whole topology, in the order a person would write it."""
    namespaces = {
        name: namespace_to_data(namespace)
        for name, namespace in topology.namespaces.items()
        if name != HOST or namespace != Namespace()
    }
    data: dict[str, Any] = {"tuilab": VERSION, "name": topology.name}
    data["namespaces"] = namespaces
    if topology.cables:
        data["cables"] = [[str(c.a), str(c.b)] for c in topology.cables]
    if topology.layout:
        data["layout"] = {k: list(v) for k, v in topology.layout.items()}
    if topology.expect:
        data["expect"] = [
            {"from": e.source, "to": e.to, "reachable": e.reachable}
            for e in topology.expect
        ]
    return data


def namespace_to_data(namespace: Namespace) -> dict[str, Any]:
    """One namespace; the ends of cables are there only when they say something."""
    data: dict[str, Any] = {}
    if namespace.sysctls:
        data["sysctls"] = {k: _number(v) for k, v in namespace.sysctls.items()}
    links = {}
    for ifname, link in namespace.links.items():
        shown = link_to_data(link)
        if shown or not isinstance(link, Veth | Loopback):
            links[ifname] = shown
    if links:
        data["links"] = links
    if namespace.routes:
        data["routes"] = [route_to_data(route) for route in namespace.routes]
    if namespace.rules:
        data["rules"] = [rule_to_data(rule) for rule in namespace.rules]
    if namespace.neighbours:
        data["neighbours"] = [neighbour_to_data(n) for n in namespace.neighbours]
    return data


def link_to_data(link: Link) -> dict[str, Any]:
    """One link without its name. A cable's end and ``lo`` need no kind."""
    data: dict[str, Any] = {}
    if not isinstance(link, Veth | Loopback):
        data["kind"] = link.kind
    for field in fields(link):
        value = getattr(link, field.name)
        if field.name == "peer" or value == field.default:
            continue
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        data[field.name] = list(value) if isinstance(value, tuple) else value
    if "vlans" in data:
        data["vlans"] = [_number(text) for text in data["vlans"]]
    return data


def route_to_data(route: Route) -> dict[str, Any]:
    """One route; the default routes are called ``default`` when that is clear."""
    v6 = any(
        ":" in text for text in (route.src, *(h.via for h in route.ways())) if text
    )
    clear = route.to == "0.0.0.0/0" or v6
    data: dict[str, Any] = {"to": show_destination(route.to) if clear else route.to}
    if route.type != UNICAST:
        data["type"] = route.type
    for name in ("via", "dev", "metric", "table", "src"):
        if (value := getattr(route, name)) is not None:
            data[name] = value
    if route.onlink:
        data["onlink"] = True
    if route.hops:
        data["hops"] = [_hop_to_data(hop) for hop in route.hops]
    return data


def _hop_to_data(hop: Hop) -> dict[str, Any]:
    data: dict[str, Any] = {"via": hop.via, "dev": hop.dev}
    if hop.weight != 1:
        data["weight"] = hop.weight
    return {key: value for key, value in data.items() if value is not None}


def route_from_data(data: Mapping[str, Any]) -> Route:
    """Read what `route_to_data` made, or a person wrote."""
    hops = tuple(Hop(**hop) for hop in data.get("hops") or ())
    return canonical_route(Route(**{**data, "hops": hops}))


def rule_to_data(rule: Rule) -> dict[str, Any]:
    """One rule; the family is written where the addresses do not tell it."""
    data: dict[str, Any] = {"priority": rule.priority}
    if rule.family == 6 and rule.source is None and rule.to is None:
        data["family"] = rule.family
    values = {"from": rule.source}
    values |= {key: getattr(rule, key) for key in _RULE}
    data.update((key, value) for key, value in values.items() if value is not None)
    return data


def rule_from_data(data: Mapping[str, Any]) -> Rule:
    """Read what `rule_to_data` made, or a person wrote."""
    values = {"source" if key == "from" else key: v for key, v in data.items()}
    return canonical_rule(Rule(**values))


def neighbour_to_data(neighbour: Neighbour) -> dict[str, Any]:
    """One neighbour."""
    data: dict[str, Any] = {"to": neighbour.to, "dev": neighbour.dev}
    if neighbour.mac is not None:
        data["mac"] = neighbour.mac
    if neighbour.proxy:
        data["proxy"] = True
    return data


def neighbour_from_data(data: Mapping[str, Any]) -> Neighbour:
    """Read what `neighbour_to_data` made, or a person wrote."""
    return canonical_neighbour(Neighbour(**data))


def from_data(data: Mapping[str, Any]) -> Topology:
    """The topology that such data describes.

    The shape must be right (``formats.yaml`` sees to that for files); names, addresses
    and references may be wrong: ``model.validate`` finds those.
    """
    namespaces: dict[str, dict[str, Link]] = {HOST: {}}
    raw = data.get("namespaces") or {}
    cables = [
        (Endpoint.parse(a), Endpoint.parse(b)) for a, b in data.get("cables") or ()
    ]
    peers = dict(cables) | {b: a for a, b in cables}
    for name, body in raw.items():
        described = (body or {}).get("links") or {}
        namespaces[name] = {
            ifname: link_from_data(
                ifname, link or {}, peers.get(Endpoint(name, ifname))
            )
            for ifname, link in described.items()
        }
    for links in namespaces.values():
        if links.get(LO) == Loopback():
            del links[LO]
    for end, peer in peers.items():
        if end.namespace in namespaces:
            namespaces[end.namespace].setdefault(end.ifname, Veth(peer=peer))
    built = {
        name: Namespace(
            links=links,
            routes=tuple(
                route_from_data(route)
                for route in (raw.get(name) or {}).get("routes") or ()
            ),
            rules=tuple(
                rule_from_data(rule)
                for rule in (raw.get(name) or {}).get("rules") or ()
            ),
            neighbours=tuple(
                neighbour_from_data(neighbour)
                for neighbour in (raw.get(name) or {}).get("neighbours") or ()
            ),
            sysctls={
                k: str(v)
                for k, v in ((raw.get(name) or {}).get("sysctls") or {}).items()
            },
        )
        for name, links in namespaces.items()
    }
    return Topology(
        name=data.get("name") or "",
        namespaces=built,
        layout={k: (v[0], v[1]) for k, v in (data.get("layout") or {}).items()},
        expect=tuple(
            Expectation(e["from"], e["to"], e.get("reachable", True))
            for e in data.get("expect") or ()
        ),
    )


def link_from_data(ifname: str, data: Mapping[str, Any], peer: Endpoint | None) -> Link:
    """One link; ``peer`` is the other end where a cable ends here."""
    values = {k: v for k, v in data.items() if k != "kind"}
    values["addresses"] = tuple(canonical_cidr(a) for a in values.get("addresses", ()))
    if values.get("mac"):
        values["mac"] = values["mac"].lower()
    if "fdb" in values:
        values["fdb"] = tuple(mac.lower() for mac in values["fdb"])
    if values.get("vlans") is not None:
        values["vlans"] = vlans.canonical(
            tuple(" ".join(str(it).split()) for it in values["vlans"])
        )
    for name in ("user", "group"):
        if values.get(name) is not None:
            values[name] = str(values[name])
    if peer is not None:
        return Veth(peer=peer, **values)
    if ifname == LO:
        return Loopback(**values)
    return KINDS[data["kind"]](**values)


def _number(value: str) -> int | str:
    return int(value) if re.fullmatch("-?(0|[1-9][0-9]{,18})", value) else value


__all__ = [
    "from_data",
    "link_from_data",
    "link_to_data",
    "namespace_to_data",
    "neighbour_from_data",
    "neighbour_to_data",
    "route_from_data",
    "route_to_data",
    "rule_from_data",
    "rule_to_data",
    "to_data",
]
