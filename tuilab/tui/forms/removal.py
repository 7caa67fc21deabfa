"""What removes the thing that a row of the inspector tells of."""

from __future__ import annotations

from tuilab.errors import NotFoundError
from tuilab.model import policy_edits
from tuilab.model.edits import (
    Change,
    remove_address,
    remove_entry,
    remove_link,
    remove_route,
    set_sysctl,
)
from tuilab.model.topology import Route, Topology
from tuilab.plan.forwarding import NeighbourState, RouteState, RuleState, expand_route
from tuilab.tui.widgets.inspector_rows import Thing


def removal(topology: Topology, thing: Thing) -> Change:
    """The edit that takes a thing out of the lab.

    Args:
        topology: The lab.
        thing: What is to go.

    Raises:
        NotFoundError: The lab no longer has it.
    """
    name, value = thing.namespace, thing.value
    if isinstance(value, RouteState):
        return remove_route(name, _route(topology, name, value))
    if isinstance(value, RuleState):
        return policy_edits.remove_rule(name, value.priority, value.family)
    if isinstance(value, NeighbourState):
        end = thing.endpoint
        return policy_edits.remove_neighbour(end, value.to, proxy=value.proxy)
    if thing.kind == "address":
        return remove_address(thing.endpoint, value)
    if thing.kind == "entry":
        return remove_entry(thing.endpoint, value)
    if thing.kind == "setting":
        return set_sysctl(name, value, None)
    return remove_link(thing.endpoint)


def _route(topology: Topology, name: str, state: RouteState) -> Route:
    """The route of a lab that the kernel holds so, or of which it holds a part."""
    namespace = topology.namespaces.get(name)
    for route in namespace.routes if namespace else ():
        whole = expand_route(namespace, route) if namespace else None
        if whole is not None and whole.key == state.key:
            return route
    raise NotFoundError(f'the route to "{state.to}" of "{name}" is no longer there')
