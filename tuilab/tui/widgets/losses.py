"""What an edit takes away, in words: for the question before a removal."""

from __future__ import annotations

from collections.abc import Iterator

from tuilab.model.topology import LO, Endpoint, Namespace, Topology, Veth
from tuilab.tui.forms.checks import show_route


def losses(before: Topology, after: Topology) -> list[str]:
    """Every link, address, route, rule, neighbour and expectation that will be gone."""
    found = list(_links(before, after))
    for name, namespace in before.namespaces.items():
        there = after.namespaces.get(name)
        kept = there.routes if there else ()
        found += [
            f"route {show_route(route)} in {name}"
            for route in namespace.routes
            if route not in kept
        ]
        found += _policies(name, namespace, there or Namespace())
    if gone := len(before.expect) - len(after.expect):
        plural = "" if gone == 1 else "s"
        found.append(f"{gone} expectation{plural} of the lab's file")
    return found


def _policies(name: str, before: Namespace, after: Namespace) -> Iterator[str]:
    for rule in before.rules:
        if rule not in after.rules:
            yield f"rule {rule.priority} in {name}"
    for one in before.neighbours:
        if one not in after.neighbours:
            yield f"neighbour {one.to} of {name}:{one.dev}"


def _links(before: Topology, after: Topology) -> Iterator[str]:
    for end, link in before.links():
        now = after.link(end)
        addresses = ", ".join(link.addresses)
        if now is None:
            cable = f", other end {link.peer}" if isinstance(link, Veth) else ""
            shown = f" with {addresses}" if addresses else ""
            yield f"{link.kind} {end}{shown}{cable}"
        elif link.master and not now.master:
            bridge = Endpoint(end.namespace, link.master)
            yield f"{end} is no longer a port of {bridge}"
    for name, namespace in before.namespaces.items():
        if name not in after.namespaces:
            held = namespace.link(LO)
            if held is not None and held.addresses:
                yield f"addresses of {name}:{LO}: {', '.join(held.addresses)}"
