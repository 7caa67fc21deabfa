"""Send packets: from where, to where, what, how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tuilab.errors import UsageError
from tuilab.model.addressing import (
    address,
    all_addresses,
    free_address,
    interface,
    segment,
    segment_networks,
)
from tuilab.model.topology import HOST, LO, Endpoint, Tap, Topology
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.base import Field, Form, Option, Value, Values, row, text
from tuilab.tui.sending import FIELDS, KINDS, PORTS, Kind, Request

MOST = 10_000
RECORDS = ("A", "AAAA", "PTR", "MX", "NS", "TXT", "SOA", "CNAME", "SRV", "ANY")
OWN = "-"
"""The option that leaves the link to the routes."""


class Send(Form):
    """The dialog of the key ``s``."""

    title = "Send packets"
    verb = "Send"
    rows = (
        row("From", Field("source", "choice", help="The namespace that sends.")),
        row(
            "Type",
            Field(
                "kind",
                "choice",
                help="ARP asks the link who has the address (IPv6: solicitation).",
            ),
        ),
        row(
            "To",
            Field(
                "to",
                placeholder="address or namespace",
                help="An address, or a namespace of the lab for its first address.",
            ),
        ),
        row("Port", Field("port", help="1 to 65535; of traceroute -U the first one.")),
        row("Data", Field("data", help="What the datagram carries, as text.")),
        row(
            "Ask for",
            Field("name", help="The name to ask for, such as example.org."),
            Field("record", "choice", help="The type of the record."),
        ),
        row(
            "Packet",
            Field(
                "expression",
                placeholder='IP(dst="10.0.0.2")/ICMP()',
                help="Python with all of scapy, such as "
                'Ether()/IP(dst="10.0.0.2")/TCP(dport=80, flags="S").',
            ),
        ),
        row("On", Field("link", "choice", help="The link to send on.")),
        row(
            "Answers",
            Field("addresses", help="Addresses that the machine has, blanks between."),
        ),
        row(
            "Count",
            Field("count", help="How many requests."),
            Field(
                "interval", label="seconds apart", help="Seconds from one to the next."
            ),
        ),
        row("Size", Field("size", help="Bytes of payload of each echo request.")),
        row("TTL", Field("ttl", help="Routers that it may pass: TTL, or hop limit.")),
        row(
            "As",
            Field(
                "from",
                placeholder="as the kernel chooses",
                help="The address to send from.",
            ),
        ),
    )

    def __init__(self, topology: Topology, selected: Item | None = None) -> None:
        super().__init__(topology)
        self._selected = selected

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Namespaces, what can be sent, types of records, links."""
        if name == "source":
            return [Option(name, name) for name in self.topology.namespaces]
        if name == "record":
            return [Option(kind, kind) for kind in RECORDS]
        if name == "link":
            return self._links(values)
        return [Option(kind, words) for kind, words in KINDS.items()]

    def _links(self, values: Values) -> list[Option]:
        namespace = self.topology.namespaces.get(text(values, "source"))
        links = namespace.links if namespace else {}
        if text(values, "kind") == "answer":
            taps = [n for n, link in links.items() if isinstance(link, Tap)]
            return [Option(n, n) for n in taps] or [Option(OWN, "there is no tap")]
        own = Option(OWN, "as the routes say")
        return [own, *(Option(n, n) for n in links if n != LO)]

    def propose(self, given: Values) -> dict[str, Value]:
        """From the selection to its neighbour, four pings."""
        source, to = self._pair()
        tap = self._tap(given)
        values: dict[str, Value] = {
            "source": tap.namespace if tap else source,
            "kind": "answer" if tap else "ping",
            "count": "4",
            "interval": "0.5",
            "size": "56",
            "ttl": "64",
            "from": "",
            "data": "",
            "name": "example.org",
            "record": "A",
            "expression": "",
            **given,
        }
        kind, chosen = text(values, "kind"), text(values, "source")
        values.setdefault("port", PORTS.get(_kind(kind), "80"))
        values.setdefault("to", to if chosen == source else self._neighbour(chosen))
        offered = [option.value for option in self._links(values)]
        link = text(values, "link")
        if link not in offered:
            named = tap is not None and tap.ifname in offered
            values["link"] = tap.ifname if tap and named else offered[0]
        values.setdefault("addresses", self._free(chosen, text(values, "link")))
        return values

    def _tap(self, given: Values) -> Endpoint | None:
        """The selected tap; the first one there is, to answer for its machine."""
        item = self._selected
        at = item.endpoint if item is not None else None
        if at and isinstance(self.topology.link(at), Tap):
            return at
        if given.get("kind") != "answer":
            return None
        links = self.topology.links()
        return next((end for end, link in links if isinstance(link, Tap)), None)

    def _free(self, namespace: str, ifname: str) -> str:
        """An address that the machine behind a tap could have."""
        if ifname == OWN or namespace not in self.topology.namespaces:
            return ""
        taken = list(all_addresses(self.topology))
        for network in segment_networks(self.topology, Endpoint(namespace, ifname)):
            if found := free_address(network, taken):
                return found.partition("/")[0]
        return ""

    def unused(self, values: Values) -> frozenset[str]:
        """What this kind has nothing to do with."""
        used = {"source", "kind", *FIELDS[_kind(text(values, "kind"))]}
        return frozenset(self.fields) - used

    def problems(self, values: Values) -> dict[str, str]:
        """No target, or senseless numbers."""
        found: dict[str, str] = {}
        checks: dict[str, Callable[[Values], str]] = {
            "to": self._wrong_target,
            "count": lambda v: _wrong_number(v, "count", 1, MOST),
            "interval": _wrong_interval,
            "port": lambda v: _wrong_number(v, "port", 1, 65535),
            "size": lambda v: _wrong_number(v, "size", 0, 65507),
            "ttl": lambda v: _wrong_number(v, "ttl", 1, 255),
            "from": _wrong_source,
            "name": lambda v: "" if text(v, "name") else "what is to be asked for?",
            "expression": _wrong_expression,
            "link": self._wrong_link,
            "addresses": _wrong_addresses,
        }
        unused = self.unused(values)
        for name, check in checks.items():
            if name not in unused and (words := check(values)):
                found[name] = words
        return found

    def _wrong_target(self, values: Values) -> str:
        try:
            self._target(text(values, "to"))
        except UsageError as error:
            return str(error)
        return ""

    def _wrong_link(self, values: Values) -> str:
        if text(values, "kind") == "answer" and text(values, "link") == OWN:
            where = text(values, "source")
            return f'"{where}" has no tap: add one first, or choose another namespace'
        return ""

    def notes(self, values: Values) -> dict[str, str]:
        """Whose address it is, and what numbers count."""
        told = {"size": "bytes of payload", "ttl": "routers that it may pass"}
        try:
            target = self._target(text(values, "to"))
        except UsageError:
            return told
        owner = self._owner(target)
        return {"to": str(owner) if owner else "not an address of this lab", **told}

    def request(self, values: Values) -> Request:
        """What is to be sent. Only called when there are no problems."""
        kind = _kind(text(values, "kind"))
        used = FIELDS[kind]
        link = text(values, "link")
        return Request(
            kind=kind,
            namespace=text(values, "source"),
            to=self._target(text(values, "to")) if "to" in used else "",
            count=int(text(values, "count")) if "count" in used else 1,
            interval=float(text(values, "interval")) if "interval" in used else 1,
            size=int(text(values, "size")) if "size" in used else 56,
            ttl=int(text(values, "ttl")) if "ttl" in used else 64,
            source=(text(values, "from") or None) if "from" in used else None,
            port=int(text(values, "port")) if "port" in used else 0,
            data=text(values, "data"),
            name=text(values, "name"),
            record=text(values, "record"),
            expression=text(values, "expression"),
            ifname=link if "link" in used and link != OWN else None,
            addresses=tuple(text(values, "addresses").replace(",", " ").split()),
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
            raise UsageError(f'"{typed}" has no address', "give it one first")
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


def _kind(value: str) -> Kind:
    return next((kind for kind in KINDS if kind == value), "ping")


def _wrong_number(values: Values, name: str, least: int, most: int) -> str:
    typed = text(values, name)
    if typed.isdecimal() and least <= int(typed) <= most:
        return ""
    return f'"{typed}" is no {name}; write {least} to {most}'


def _wrong_interval(values: Values) -> str:
    try:
        seconds = float(text(values, "interval"))
    except ValueError:
        seconds = -1
    return "" if 0.01 <= seconds <= 3600 else "write seconds, 0.01 to 3600"


def _wrong_source(values: Values) -> str:
    typed = text(values, "from")
    try:
        if typed:
            address(typed)
    except ValueError:
        return f'"{typed}" is no address; write one like 10.0.0.1, or nothing'
    return ""


def _wrong_expression(values: Values) -> str:
    typed = text(values, "expression")
    if not typed:
        return 'write a packet, as IP(dst="10.0.0.2")/ICMP()'
    try:
        compile(typed, "packet", "eval")
    except (SyntaxError, ValueError) as error:
        return getattr(error, "msg", "") or str(error)
    return ""


def _wrong_addresses(values: Values) -> str:
    typed = text(values, "addresses").replace(",", " ").split()
    for one in typed:
        try:
            address(one.partition("/")[0])
        except ValueError:
            return f'"{one}" is no address; write one like 10.0.0.9'
    return "" if typed else "write at least one, like 10.0.0.9"
