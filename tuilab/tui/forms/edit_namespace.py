"""Edit namespace: its name, settings, static routes, rules and neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.errors import NotFoundError, UsageError
from tuilab.model.addressing import canonical_address, interface, show_destination
from tuilab.model.canonical import canonical_route
from tuilab.model.edits import (
    Change,
    add_route,
    remove_route,
    rename_namespace,
    set_sysctl,
    together,
)
from tuilab.model.topology import HOST, Endpoint, Namespace, Route, Topology
from tuilab.tui.forms import checks
from tuilab.tui.forms.base import (
    ChangeForm,
    Field,
    Option,
    Value,
    Values,
    flag,
    lines,
    row,
    text,
)
from tuilab.tui.forms.namespace_lines import (
    NEIGHBOUR_SYNTAX,
    RULE_SYNTAX,
    SETTING_SYNTAX,
    neighbour_changes,
    rule_changes,
    setting_changes,
    show_neighbour,
    show_rule,
)
from tuilab.tui.forms.proposals import FORWARD_V4, FORWARD_V6, gateway_for

DEFAULT_METRIC = {False: 0, True: 1024}
"""The kernel's own, for IPv4 and for IPv6."""
METRIC_STEP = 100
"""How much later than a route one more of it is taken."""
_SWITCHES = {"forward4": FORWARD_V4, "forward6": FORWARD_V6}


class EditNamespace(ChangeForm):
    """The dialog of the key ``e`` on a namespace."""

    verb = "Save"
    rows = (
        row("Name", Field("name", help="Its links keep their MAC addresses.")),
        row(
            "Forward",
            Field("forward4", "check", label="IPv4", help=FORWARD_V4),
            Field("forward6", "check", label="IPv6", help=FORWARD_V6),
        ),
        row(
            "Routes",
            Field(
                "routes",
                "list",
                placeholder="add default via 10.0.0.254",
                help=f"One a line: {checks.ROUTE_SYNTAX}. Empty a line to remove it.",
            ),
        ),
        row(
            "Rules",
            Field(
                "rules",
                "list",
                placeholder="add from 10.0.0.0/24 table 7",
                help=f"One a line: {RULE_SYNTAX}. Empty a line to remove it.",
            ),
        ),
        row(
            "Known",
            Field(
                "neighbours",
                "list",
                placeholder="add 10.0.0.9 dev eth0 mac ...",
                help=f"One a line: {NEIGHBOUR_SYNTAX}. Empty a line to remove it.",
            ),
        ),
        row(
            "Settings",
            Field(
                "sysctls",
                "list",
                placeholder="add net.ipv4.ip_default_ttl 32",
                help=f"One a line: {SETTING_SYNTAX}. Empty a line to remove it.",
            ),
        ),
    )

    def __init__(self, topology: Topology, name: str, setting: str = "") -> None:
        """Make it.

        Args:
            topology: The lab.
            name: The namespace.
            setting: A line for a setting that the lab may not name yet, or empty.
        """
        super().__init__(topology)
        self.name = name
        self._setting = setting
        self.title = f"Edit namespace {name}"

    def propose(self, given: Values) -> dict[str, Value]:
        """The namespace as it is."""
        namespace = self._namespace()
        routes = tuple(checks.show_route(route) for route in namespace.routes)
        apart = _SWITCHES.values()
        settings = {k: v for k, v in namespace.sysctls.items() if k not in apart}
        if self._setting:
            key, _, value = self._setting.partition(" ")
            settings.setdefault(key, value)
        values: dict[str, Value] = {
            "name": self.name,
            "routes": routes,
            "rules": tuple(map(show_rule, namespace.rules)),
            "neighbours": tuple(map(show_neighbour, namespace.neighbours)),
            "sysctls": tuple(f"{key} {value}" for key, value in settings.items()),
        }
        for field, key in _SWITCHES.items():
            values[field] = namespace.sysctls.get(key) == "1"
        return {**values, **given}

    def unused(self, values: Values) -> frozenset[str]:
        """The lab's own root namespace keeps its name."""
        return frozenset({"name"}) if self.name == HOST else frozenset()

    def problems(self, values: Values) -> dict[str, str]:
        """A wrong name or route."""
        found = {}
        if self.name != HOST:
            name = text(values, "name")
            found["name"] = checks.new_namespace(self.topology, name, former=self.name)
        try:
            self._routes(values)
        except UsageError as error:
            found["routes"] = str(error)
        for field in ("rules", "neighbours", "sysctls"):
            try:
                self._lines(field, self.name, values)
            except UsageError as error:
                found[field] = str(error)
        return {k: v for k, v in found.items() if v}

    def _lines(self, field: str, name: str, values: Values) -> list[Change]:
        """What differs in a field of lines."""
        namespace, typed = self._namespace(), lines(values, field)
        if field == "rules":
            return rule_changes(name, namespace, typed)
        if field == "neighbours":
            return neighbour_changes(name, namespace, typed)
        return setting_changes(name, namespace, typed, _SWITCHES.values())

    def change(self, values: Values) -> Change:
        """Only what differs, as one edit."""
        namespace, name = self._namespace(), self.name
        parts: list[Change] = []
        if name != HOST and text(values, "name") != name:
            parts.append(rename_namespace(name, text(values, "name")))
            name = text(values, "name")
        for field, key in _SWITCHES.items():
            if flag(values, field) != (namespace.sysctls.get(key) == "1"):
                value = "1" if flag(values, field) else None
                parts.append(set_sysctl(name, key, value))
        wanted = self._routes(values)
        parts += [remove_route(name, r) for r in namespace.routes if r not in wanted]
        parts += [add_route(name, r) for r in wanted if r not in namespace.routes]
        for field in ("rules", "neighbours", "sysctls"):
            parts += self._lines(field, name, values)
        if len(parts) == 1:
            return parts[0]
        return together(f"edit namespace {name}", parts)

    def _routes(self, values: Values) -> list[Route]:
        typed = lines(values, "routes")
        routes = [canonical_route(checks.parse_route(line)) for line in typed]
        for line, route in zip(typed, routes, strict=True):
            if routes.count(route) > 1:
                raise UsageError(f'"{line}" is there twice', "give each route once")
        return routes

    def _namespace(self) -> Namespace:
        namespace = self.topology.namespaces.get(self.name)
        if namespace is None:
            fact = f'namespace "{self.name}" is no longer there'
            raise NotFoundError(fact, "Esc closes this")
        return namespace


class AddRoute(ChangeForm):
    """The dialog of the key ``r``."""

    title = "Add route"
    verb = "Add"
    rows = (
        row("In", Field("place", "choice", help="The namespace that gets the route.")),
        row(
            "To",
            Field("to", placeholder="default", help="default, or a network in CIDR."),
        ),
        row(
            "Gateway",
            Field(
                "via",
                placeholder="none: the destination is on the link",
                help="The next router's address, in the network of one of its links.",
            ),
        ),
        row(
            "Link",
            Field("dev", "choice", help="Needed when there is no gateway."),
        ),
        row("Metric", Field("metric", placeholder="default", help="Lower wins.")),
        row("Table", Field("table", placeholder="main", help="A table's number.")),
    )

    def __init__(self, topology: Topology, selected: str = "") -> None:
        super().__init__(topology)
        others = (name for name in topology.namespaces if name != HOST)
        known = selected in topology.namespaces
        self._selected = selected if known else next(others, HOST)

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Namespaces, or the links of the chosen one."""
        if name == "place":
            return [Option(name, name) for name in self.topology.namespaces]
        namespace = self.topology.namespaces.get(text(values, "place"))
        names = [ifname for ifname, _ in namespace.all_links()] if namespace else []
        return [Option("", "by the gateway"), *(Option(n, n) for n in names)]

    def propose(self, given: Values) -> dict[str, Value]:
        """A route to the router at hand: the default one unless there is one.

        Where all is known, one more that is taken when the first is gone.
        """
        values: dict[str, Value] = {
            "place": self._selected,
            "dev": "",
            "table": "",
            **given,
        }
        place = text(values, "place")
        values.setdefault("to", self._destination(place))
        values.setdefault("via", self._router(place))
        values.setdefault("metric", self._metric(values))
        return values

    def _metric(self, values: Values) -> str:
        """None; where there is such a route already, one that comes after it."""
        namespace = self.topology.namespaces.get(text(values, "place"))
        to, table = text(values, "to"), text(values, "table")
        taken = [
            DEFAULT_METRIC[is_v6] if route.metric is None else route.metric
            for route in (namespace.routes if namespace else ())
            for is_v6 in [":" in f"{route.to}{route.via}"]
            if show_destination(route.to) == to and not table and not route.table
        ]
        return str(max(taken) + METRIC_STEP) if taken else ""

    def _destination(self, name: str) -> str:
        """Default; where that is known, a network of the lab that is not."""
        namespace = self.topology.namespaces.get(name)
        routes = namespace.routes if namespace else ()
        if not any(show_destination(route.to) == "default" for route in routes):
            return "default"
        known = {route.to for route in routes}
        for end, link in self.topology.links():
            networks = [str(interface(cidr).network) for cidr in link.addresses]
            if end.namespace == name:
                known.update(networks)
        for _, link in self.topology.links():
            for cidr in link.addresses:
                if (network := str(interface(cidr).network)) not in known:
                    return network
        return "default"

    def _router(self, name: str) -> str:
        namespace = self.topology.namespaces.get(name)
        for ifname, link in namespace.links.items() if namespace else ():
            for cidr in link.addresses:
                found = gateway_for(self.topology, Endpoint(name, ifname), cidr)
                if found:
                    return found
        return ""

    def problems(self, values: Values) -> dict[str, str]:
        """A wrong destination, gateway or number."""
        found: dict[str, str] = {}
        for name in ("metric", "table"):
            if (typed := text(values, name)) and not typed.isdigit():
                found[name] = f'"{typed}" is no number; write one or leave it empty'
        if found:
            return found
        via = text(values, "via")
        if not via and not text(values, "dev"):
            return {"via": "name a gateway, or the link that the destination is on"}
        try:
            self._route(values)
        except UsageError as error:
            return {"via" if "gateway" in error.summary else "to": str(error)}
        return {}

    def change(self, values: Values) -> Change:
        """The route."""
        return add_route(text(values, "place"), self._route(values))

    def _route(self, values: Values) -> Route:
        words = [text(values, "to") or "default"]
        for name in ("via", "dev", "metric", "table"):
            if typed := text(values, name):
                words += [name, canonical_address(typed) if name == "via" else typed]
        return canonical_route(checks.parse_route(" ".join(words)))
