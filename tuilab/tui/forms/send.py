"""Send packets: from where, to where, what, how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tuilab.errors import UsageError
from tuilab.model.addressing import address, interface, segment
from tuilab.model.topology import HOST, LO, Endpoint, Topology
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.base import Field, Form, Option, Value, Values, row, text

MOST = 10_000


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent.

    Attributes:
        kind: Echo requests, or ARP (neighbour solicitations for IPv6).
        namespace: Where from.
        to: Address.
        count: How many.
        interval: Seconds from one to the next.
    """

    kind: Literal["ping", "arp"]
    namespace: str
    to: str
    count: int
    interval: float

    @property
    def title(self) -> str:
        """In the ping tab."""
        return f"{self.kind} {self.to} from {self.namespace}"

    @property
    def command(self) -> str:
        """What a person would type for it."""
        tool = "ping" if self.kind == "ping" else "arping"
        line = f"{tool} -c {self.count} -i {self.interval:g} {self.to}"
        inside = self.namespace != HOST
        return f"ip netns exec {self.namespace} {line}" if inside else line


class Send(Form):
    """The dialog of the key ``s``."""

    title = "Send packets"
    verb = "Send"
    rows = (
        row("From", Field("source", "choice", help="The namespace that sends.")),
        row(
            "To",
            Field(
                "to",
                placeholder="address or namespace",
                help="An address, or a namespace of the lab for its first address.",
            ),
        ),
        row(
            "Type",
            Field(
                "kind",
                "choice",
                help="ARP asks the link who has the address (IPv6: solicitation).",
            ),
        ),
        row("Count", Field("count", help="How many requests.")),
        row("Every", Field("interval", help="Seconds from one to the next.")),
    )

    def __init__(self, topology: Topology, selected: Item | None = None) -> None:
        super().__init__(topology)
        self._selected = selected

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Namespaces, or what can be sent."""
        if name == "source":
            return [Option(name, name) for name in self.topology.namespaces]
        return [Option("ping", "ping"), Option("arp", "ARP")]

    def propose(self, given: Values) -> dict[str, Value]:
        """From the selection to its neighbour, four pings."""
        source, to = self._pair()
        values: dict[str, Value] = {
            "source": source,
            "kind": "ping",
            "count": "4",
            "interval": "0.5",
            **given,
        }
        chosen = text(values, "source")
        values.setdefault("to", to if chosen == source else self._neighbour(chosen))
        return values

    def problems(self, values: Values) -> dict[str, str]:
        """No target, or senseless numbers."""
        found: dict[str, str] = {}
        try:
            self._target(text(values, "to"))
        except UsageError as error:
            found["to"] = str(error)
        count = text(values, "count")
        if not count.isdigit() or not 1 <= int(count) <= MOST:
            found["count"] = f'"{count}" is no count; write 1 to {MOST}'
        try:
            seconds = float(text(values, "interval"))
        except ValueError:
            seconds = -1
        if not 0.01 <= seconds <= 3600:
            found["interval"] = "write seconds, 0.01 to 3600"
        return found

    def notes(self, values: Values) -> dict[str, str]:
        """Whose address it is."""
        try:
            target = self._target(text(values, "to"))
        except UsageError:
            return {}
        owner = self._owner(target)
        return {
            "to": str(owner) if owner else "not an address of this lab",
            "interval": "seconds",
        }

    def request(self, values: Values) -> Request:
        """What is to be sent. Only called when there are no problems."""
        return Request(
            kind="arp" if text(values, "kind") == "arp" else "ping",
            namespace=text(values, "source"),
            to=self._target(text(values, "to")),
            count=int(text(values, "count")),
            interval=float(text(values, "interval")),
        )

    # -- who sends to whom -----------------------------------------------------------

    def _pair(self) -> tuple[str, str]:
        item = self._selected
        if item is not None and item.cable is not None:
            order = list(self.topology.namespaces)
            a, b = sorted(
                (item.cable.a, item.cable.b), key=lambda end: order.index(end.namespace)
            )
            if (to := self._first_address(b)) and self._first_address(a):
                return a.namespace, to
        names = [name for name in self.topology.namespaces if name != HOST]
        if item is not None:
            names = [item.namespace, *names]
        for name in (*names, HOST):
            if name in self.topology.namespaces and (to := self._neighbour(name)):
                return name, to
        return (names or [HOST])[0], ""

    def _neighbour(self, name: str) -> str:
        """An address that a namespace shares a segment with, or any other one."""
        namespace = self.topology.namespaces.get(name)
        own = [Endpoint(name, n) for n in (namespace.links if namespace else ())]
        addressed = [end for end in own if self._first_address(end)]
        for end in addressed:
            for other in sorted(segment(self.topology, end)):
                if other.namespace != name and (found := self._first_address(other)):
                    return found
        if addressed:
            for other, _ in self.topology.links():
                if other.namespace != name and (found := self._first_address(other)):
                    return found
        return ""

    def _first_address(self, end: Endpoint) -> str:
        link = self.topology.link(end)
        return link.addresses[0].partition("/")[0] if link and link.addresses else ""

    def _target(self, typed: str) -> str:
        if typed in self.topology.namespaces:
            for end in self._ends(typed):
                if found := self._first_address(end):
                    return found
            raise UsageError(f'"{typed}" has no address', "give it one first (a)")
        try:
            return str(address(typed))
        except ValueError:
            said = f'"{typed}" is no address' if typed else "no target yet"
            raise UsageError(said, "write one like 10.0.0.2, or a namespace") from None

    def _ends(self, name: str) -> Iterator[Endpoint]:
        for ifname in self.topology.namespaces[name].links:
            if ifname != LO:
                yield Endpoint(name, ifname)

    def _owner(self, target: str) -> Endpoint | None:
        wanted = address(target)
        for end, link in self.topology.links():
            if any(interface(cidr).ip == wanted for cidr in link.addresses):
                return end
        return None
