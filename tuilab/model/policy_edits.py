"""The verbs of the editor for rules and neighbours; see `model.edits`."""

from __future__ import annotations

from dataclasses import replace

from tuilab.errors import NotFoundError, UsageError
from tuilab.model.canonical import canonical_neighbour, canonical_rule
from tuilab.model.edits import Change, find_namespace
from tuilab.model.policies import LAST_PRIORITY
from tuilab.model.topology import Endpoint, Namespace, Neighbour, Rule, Topology

FIRST_PRIORITY = 100
STEP = 10
"""Between priorities that are proposed, so that a rule fits in between."""


def free_priority(namespace: Namespace, family: int) -> int:
    """The priority to propose for one more rule: after the others, with room."""
    taken = {rule.priority for rule in namespace.rules if rule.family == family}
    after = max(taken, default=FIRST_PRIORITY - STEP) // STEP * STEP + STEP
    if after <= LAST_PRIORITY:
        return after
    return next(n for n in range(LAST_PRIORITY, -1, -1) if n not in taken)


def add_rule(namespace: str, rule: Rule, *, priority: int | None = None) -> Change:
    """One more rule.

    Args:
        namespace: Where.
        rule: The rule.
        priority: Its priority; None for the next free one.
    """
    wanted = canonical_rule(rule)

    def apply(topology: Topology) -> Topology:
        before = find_namespace(topology, namespace)
        free = free_priority(before, wanted.family)
        fresh = replace(wanted, priority=free if priority is None else priority)
        for have in before.rules:
            if (have.family, have.priority) == (fresh.family, fresh.priority):
                raise UsageError(
                    f'"{namespace}" has an IPv{have.family} rule of priority '
                    f"{have.priority} already",
                    f"choose another, such as {free}",
                )
        rules = sorted((*before.rules, fresh), key=lambda r: (r.family, r.priority))
        after = replace(before, rules=tuple(rules))
        return topology.with_namespace(namespace, after)

    shown = "rule" if priority is None else f"rule {priority}"
    return Change(f"add {shown} in {namespace}", apply)


def remove_rule(namespace: str, priority: int, family: int | None = None) -> Change:
    """One rule less; the family is needed where both have one of that priority."""

    def apply(topology: Topology) -> Topology:
        before = find_namespace(topology, namespace)
        found = [
            rule
            for rule in before.rules
            if rule.priority == priority and family in (None, rule.family)
        ]
        if not found:
            have = ", ".join(str(rule.priority) for rule in before.rules) or "none"
            raise NotFoundError(
                f'"{namespace}" has no rule of priority {priority}', f"it has {have}"
            )
        if len(found) > 1:
            raise UsageError(
                f'"{namespace}" has an IPv4 and an IPv6 rule of priority {priority}',
                "say which with -4 or -6",
            )
        rules = tuple(rule for rule in before.rules if rule != found[0])
        return topology.with_namespace(namespace, replace(before, rules=rules))

    return Change(f"remove rule {priority} from {namespace}", apply)


def add_neighbour(namespace: str, neighbour: Neighbour) -> Change:
    """One more static neighbour, or proxy entry."""
    wanted = canonical_neighbour(neighbour)

    def apply(topology: Topology) -> Topology:
        before = find_namespace(topology, namespace)
        for have in before.neighbours:
            if _key(have) == _key(wanted):
                raise UsageError(
                    f'"{namespace}:{have.dev}" has the neighbour {have.to} already',
                    "to change it, remove it first",
                )
        after = replace(before, neighbours=(*before.neighbours, wanted))
        return topology.with_namespace(namespace, after)

    where = Endpoint(namespace, wanted.dev)
    proxy = "proxy " if wanted.proxy else ""
    return Change(f"add {proxy}neighbour {wanted.to} to {where}", apply)


def remove_neighbour(endpoint: Endpoint, to: str, *, proxy: bool = False) -> Change:
    """One less, and if there is no static one the proxy entry."""
    wanted = canonical_neighbour(Neighbour(to, endpoint.ifname, proxy=proxy))

    def apply(topology: Topology) -> Topology:
        before = find_namespace(topology, endpoint.namespace)
        found = [
            have
            for have in before.neighbours
            if _key(have)[:2] == _key(wanted)[:2] and (have.proxy or not proxy)
        ]
        if not found:
            have = ", ".join(
                n.to for n in before.neighbours if n.dev == endpoint.ifname
            )
            raise NotFoundError(
                f'"{endpoint}" has no static neighbour {wanted.to}',
                f"it has {have or 'none'}",
            )
        gone = min(found, key=lambda have: have.proxy)
        rest = tuple(have for have in before.neighbours if have != gone)
        after = replace(before, neighbours=rest)
        return topology.with_namespace(endpoint.namespace, after)

    return Change(f"remove neighbour {wanted.to} from {endpoint}", apply)


def _key(neighbour: Neighbour) -> tuple[str, str, bool]:
    return neighbour.dev, neighbour.to, neighbour.proxy


__all__ = [
    "add_neighbour",
    "add_rule",
    "free_priority",
    "remove_neighbour",
    "remove_rule",
]
