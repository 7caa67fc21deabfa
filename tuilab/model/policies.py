"""What is wrong with the rules and neighbours of a namespace: see `model.validate`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from tuilab.errors import Problem
from tuilab.model.addressing import address, ifname_problem, mac_problem
from tuilab.model.canonical import read_mark
from tuilab.model.routes import table_problems
from tuilab.model.topology import LO, REFUSALS, Namespace, Neighbour, Rule

LAST_PRIORITY = 32765
"""The kernel's own rules for the tables main and default come next."""
_Path = tuple[str | int, ...]


def rule_problems(name: str, namespace: Namespace) -> Iterator[Problem]:
    """Everything that is wrong with the rules of one namespace, in order."""
    seen: set[tuple[int, int]] = set()
    for index, rule in enumerate(namespace.rules):
        at = ("namespaces", name, "rules", index)
        yield from _rule(at, rule)
        if (rule.family, rule.priority) in seen:
            fact = f'"{name}" has two IPv{rule.family} rules of priority '
            fact += str(rule.priority)
            yield Problem((*at, "priority"), fact, "give one another priority")
        seen.add((rule.family, rule.priority))


def _rule(at: _Path, rule: Rule) -> Iterator[Problem]:
    if not 1 <= rule.priority <= LAST_PRIORITY:
        fact = f'"{rule.priority}" is no priority that a rule of yours may have'
        remedy = (
            f"write a number from 1 to {LAST_PRIORITY}: the kernel's own are around"
        )
        yield Problem((*at, "priority"), fact, remedy)
    if rule.family not in (4, 6):
        fact = f'"{rule.family}" is no family of addresses'
        yield Problem((*at, "family"), fact, "write 4 or 6")
    for key, text in (("from", rule.source), ("to", rule.to)):
        if text is not None:
            yield from _prefix((*at, key), text, rule)
    for key, ifname in (("iif", rule.iif), ("oif", rule.oif)):
        if ifname is not None and (fact := ifname_problem(ifname)):
            yield Problem((*at, key), fact, "write the name of a link")
    if rule.fwmark is not None:
        mark = read_mark(rule.fwmark)
        if mark is None or not mark[1] or (mark[0] == 0 and "/" not in rule.fwmark):
            fact = f'"{rule.fwmark}" is no mark of packets'
            yield Problem((*at, "fwmark"), fact, "write one like 0x10 or 0x10/0xff")
    if rule.action is not None and rule.action not in REFUSALS:
        fact = f'"{rule.action}" is nothing that a rule does'
        yield Problem((*at, "action"), fact, f"write {', '.join(REFUSALS)}, or a table")
    if (rule.table is None) == (rule.action is None):
        both = rule.table is not None
        fact = f'"{rule.priority}" is a rule with '
        fact += "both a table and an action" if both else "neither table nor action"
        yield Problem(at, fact, "give it one of the two")
    elif rule.table is not None:
        what = "a rule may name"
        yield from table_problems((*at, "table"), rule.table, what)


def _prefix(at: _Path, text: str, rule: Rule) -> Iterator[Problem]:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            yield Problem(at, f'"{text}" is no network', "write one like 10.0.1.0/24")
            return
        fact = f'"{text}" is an address inside a network, not a network'
        yield Problem(at, fact, f"write {network}")
        return
    if network.prefixlen == 0:
        fact = f'"{text}" is every address'
        yield Problem(at, fact, "leave it out, and give the family where none is told")
    elif network.version != rule.family:
        fact = f'"{text}" is IPv{network.version}, the rule is IPv{rule.family}'
        yield Problem(at, fact, "use addresses of one family")


def neighbour_problems(name: str, namespace: Namespace) -> Iterator[Problem]:
    """Everything that is wrong with the neighbours of one namespace, in order."""
    seen: set[tuple[str, str, bool]] = set()
    for index, neighbour in enumerate(namespace.neighbours):
        at = ("namespaces", name, "neighbours", index)
        yield from _neighbour(at, name, namespace, neighbour)
        key = neighbour.to, neighbour.dev, neighbour.proxy
        if key in seen:
            fact = f'"{name}:{neighbour.dev}" has the neighbour {neighbour.to} twice'
            yield Problem((*at, "to"), fact, "remove one")
        seen.add(key)


def _neighbour(
    at: _Path, name: str, namespace: Namespace, neighbour: Neighbour
) -> Iterator[Problem]:
    to, dev = neighbour.to, neighbour.dev
    try:
        host = address(to)
    except ValueError:
        fact = f'"{to}" is not the address of a neighbour'
        yield Problem((*at, "to"), fact, "write one like 10.0.0.9, without prefix")
    else:
        odd = host.is_multicast or host.is_unspecified or host.is_loopback
        if odd or str(host) == "255.255.255.255" or "%" in to:
            fact = f'"{to}" is no address of one machine'
            yield Problem((*at, "to"), fact, "use a unicast address")
    if dev == LO:
        fact = f'"{name}:{LO}" has no neighbours'
        yield Problem((*at, "dev"), fact, "name the link that it is on")
    elif namespace.link(dev) is None:
        have = ", ".join(namespace.links) or "no link yet"
        fact = f'"{name}" has no link "{dev}" for a neighbour to be on'
        yield Problem((*at, "dev"), fact, f"it has {have}")
    if neighbour.mac is not None and neighbour.proxy:
        fact = f'"{to}" is answered for with the MAC of "{dev}"'
        yield Problem((*at, "mac"), fact, "remove its mac, or its proxy")
    elif neighbour.mac is not None:
        if fact := mac_problem(neighbour.mac):
            yield Problem((*at, "mac"), fact, "write the MAC of the neighbour")
    elif not neighbour.proxy:
        fact = f'"{to}" is a neighbour without MAC'
        yield Problem(at, fact, 'give it one (mac), or write "proxy: true"')


__all__ = ["LAST_PRIORITY", "neighbour_problems", "rule_problems"]
