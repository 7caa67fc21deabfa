"""Watch a link: which, and which of its packets."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from tuilab.model.topology import HOST, LO, Endpoint, Topology
from tuilab.packets.filters import check_filter, expand
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.base import Field, Form, Option, Value, Values, row, text

EVERY = "*"


class Watch(Form):
    """The dialog of the key ``w``."""

    title = "Watch a link"
    verb = "Watch"
    rows = (
        row("Link", Field("link", "choice", help="One link, or all of a namespace.")),
        row(
            "Filter",
            Field(
                "filter",
                placeholder="every packet",
                help="As for tcpdump: icmp or arp; or by name: dns, tcp syn, no ssh",
            ),
        ),
    )

    def __init__(self, topology: Topology, selected: Item | None = None) -> None:
        super().__init__(topology)
        self._selected = selected

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Every link, every namespace with several, and ``lo`` of each."""
        links = [str(end) for end, _ in self.topology.links()]
        several = [
            name
            for name, namespace in self.topology.namespaces.items()
            if len([n for n in namespace.links if n != LO]) > 1
        ]
        loopbacks = [f"{name}:{LO}" for name in self.topology.namespaces]
        return [
            *(Option(link, link) for link in links),
            *(Option(f"{name}:{EVERY}", f"all links of {name}") for name in several),
            *(Option(link, link) for link in loopbacks),
        ]

    def propose(self, given: Values) -> dict[str, Value]:
        """The selected link, every packet."""
        return {"link": self._proposed(), "filter": "", **given}

    def _proposed(self) -> str:
        links = [end for end, _ in self.topology.links()]
        item = self._selected
        if item is not None and item.endpoint is not None:
            return str(item.endpoint)
        if item is not None:
            mine = [end for end in links if end.namespace == item.namespace]
            links = mine or links
        return str(links[0]) if links else f"{HOST}:{LO}"

    def problems(self, values: Values) -> dict[str, str]:
        """A filter that libpcap does not understand."""
        complaint = check_filter(text(values, "filter"))
        return {"filter": f"{complaint}; see man pcap-filter"} if complaint else {}

    def endpoints(self, values: Values) -> list[Endpoint]:
        """What is to be watched."""
        chosen = Endpoint.parse(text(values, "link"))
        if chosen.ifname != EVERY:
            return [chosen]
        names = self.topology.namespaces[chosen.namespace].links
        return [Endpoint(chosen.namespace, name) for name in names if name != LO]

    def commands(self, values: Values) -> list[str]:
        """What a person would type for it."""
        wanted = expand(text(values, "filter"))
        # What a shell would take for its own.
        wanted = quote(wanted) if set(wanted) & set("()&|!<>*$") else wanted
        lines = []
        for end in self.endpoints(values):
            inside = "" if end.namespace == HOST else f"ip netns exec {end.namespace} "
            lines.append(f"{inside}tcpdump -ni {end.ifname} {wanted}".rstrip())
        return lines
