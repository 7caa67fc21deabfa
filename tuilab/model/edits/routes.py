"""Static routes."""

from __future__ import annotations

from dataclasses import replace

from tuilab.errors import NotFoundError, UsageError
from tuilab.model.addressing import show_destination
from tuilab.model.canonical import canonical_route
from tuilab.model.edits.change import Change
from tuilab.model.edits.parts import find_namespace, without_dead_routes
from tuilab.model.topology import UNICAST, Route, Topology


def add_route(namespace: str, route: Route) -> Change:
    """One more static route."""
    wanted = canonical_route(route)

    def apply(topology: Topology) -> Topology:
        before = find_namespace(topology, namespace)
        if wanted in before.routes:
            shown = show_destination(wanted.to)
            raise UsageError(
                f'"{namespace}" has that route to {shown} already',
                "name another destination, metric or table",
            )
        after = replace(before, routes=(*before.routes, wanted))
        return topology.with_namespace(namespace, after)

    title = f"add route {show_destination(wanted.to)} in {namespace}"
    return Change(title, apply)


def remove_route(namespace: str, route: Route) -> Change:
    """One static route less, and those whose gateway it alone reached.

    It is the one that fits all that ``route`` says; a field that is None fits anything.
    """
    wanted = canonical_route(route)
    shown = show_destination(wanted.to)

    def fits(have: Route) -> bool:
        return (
            have.to == wanted.to
            and all(
                getattr(wanted, field) in (None, getattr(have, field))
                for field in ("via", "dev", "metric", "table", "src")
            )
            and (
                (not wanted.onlink or have.onlink)
                and wanted.type in (UNICAST, have.type)
                and wanted.hops in ((), have.hops)
            )
        )

    def apply(topology: Topology) -> Topology:
        before = find_namespace(topology, namespace)
        found = [have for have in before.routes if fits(have)]
        if wanted in found:
            found = [wanted]
        if not found and route.to == "default" and route.via is None:
            # "default" alone means either family, as long as it is clear which.
            found = [h for h in before.routes if show_destination(h.to) == "default"]
        if not found:
            raise NotFoundError(
                f'"{namespace}" has no route to {shown}',
                f"tuilab show lists the routes of {namespace}",
            )
        if len(found) > 1:
            raise UsageError(
                f'"{namespace}" has {len(found)} routes to {shown}',
                "say which with its gateway, link, metric or table",
            )
        rest = tuple(have for have in before.routes if have != found[0])
        after = topology.with_namespace(namespace, replace(before, routes=rest))
        return without_dead_routes(topology, after)

    return Change(f"remove route {shown} from {namespace}", apply)
