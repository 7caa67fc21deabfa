"""Watch links: which, and which of their packets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from tuilab.model.topology import HOST, LO, Endpoint, Topology
from tuilab.packets.filters import PRESETS, check_filter, expand, has_names
from tuilab.tui.canvas.graph import Item
from tuilab.tui.forms.base import Field, Form, Option, Value, Values, lines, row, text

EVERY = "*"
SEVERAL = "several"


class Watch(Form):
    """The dialog of the key ``w``."""

    title = "Watch links"
    verb = "Watch"
    rows = (
        row(
            "Link",
            Field("link", "choice", help="One link, several, or all of something."),
        ),
        row("Links", Field("links", "ticks", help="The links to watch: tick them.")),
        row(
            "Filter",
            Field(
                "filter",
                placeholder="every packet",
                help="As for tcpdump (pcap-filter), for example: icmp or arp. By name: "
                + ", ".join(PRESETS),
            ),
        ),
    )

    def __init__(self, topology: Topology, selection: Sequence[Item] = ()) -> None:
        super().__init__(topology)
        self._selection = tuple(selection)

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Every link, every namespace with several, the lab, and ``lo`` of each."""
        links = [Option(str(end), str(end)) for end, _ in self.topology.links()]
        loopbacks = [
            Option(f"{name}:{LO}", f"{name}:{LO}") for name in self.topology.namespaces
        ]
        if name == "links":
            return [*links, *loopbacks]
        several = [
            name
            for name, namespace in self.topology.namespaces.items()
            if len([n for n in namespace.links if n != LO]) > 1
        ]
        return [
            Option(SEVERAL, "several: those ticked below"),
            *([Option(EVERY, "all links of the lab")] if len(links) > 1 else []),
            *(Option(f"{name}:{EVERY}", f"all links of {name}") for name in several),
            *links,
            *loopbacks,
        ]

    def propose(self, given: Values) -> dict[str, Value]:
        """What is selected, every packet."""
        several = tuple(dict.fromkeys(self._selected()))
        if len(self._selection) > 1 and len(several) > 1:
            link, ticked = SEVERAL, several
        else:
            link, ticked = self._proposed(), several[:1]
        return {"link": link, "links": ticked, "filter": "", **given}

    def _selected(self) -> Iterator[str]:
        """One end of each selected cable, every link of each selected namespace."""
        for item in self._selection:
            if item.cable is not None:
                yield str(item.cable.a)
            elif item.endpoint is not None:
                yield str(item.endpoint)
            elif item.namespace in self.topology.namespaces:
                links = self.topology.namespaces[item.namespace].links
                yield from (f"{item.namespace}:{n}" for n in links if n != LO)

    def _proposed(self) -> str:
        links = [end for end, _ in self.topology.links()]
        item = self._selection[-1] if self._selection else None
        if item is not None and item.endpoint is not None:
            return str(item.endpoint)
        if item is not None:
            mine = [end for end in links if end.namespace == item.namespace]
            links = mine or links
        return str(links[0]) if links else f"{HOST}:{LO}"

    def unused(self, values: Values) -> frozenset[str]:
        """The list, unless several are wanted."""
        return frozenset() if text(values, "link") == SEVERAL else frozenset({"links"})

    def problems(self, values: Values) -> dict[str, str]:
        """Nothing ticked, or a filter that libpcap does not understand."""
        found: dict[str, str] = {}
        if text(values, "link") == SEVERAL and not lines(values, "links"):
            found["links"] = "tick at least one"
        if complaint := check_filter(text(values, "filter")):
            found["filter"] = f"{complaint}; see man pcap-filter"
        return found

    def notes(self, values: Values) -> dict[str, str]:
        """That the filter is good, or what goes by name."""
        typed = text(values, "filter")
        valid = f"valid: {expand(typed)}" if typed in PRESETS else "valid"
        if has_names(typed):
            valid += ", names are looked up then"
        return {"filter": valid if typed else "or arp, icmp, dns, no ssh"}

    def whole(self, values: Values) -> bool:
        """Whether it is all of something: what is down there is left out."""
        return text(values, "link").endswith(EVERY)

    def endpoints(
        self, values: Values, topology: Topology | None = None
    ) -> list[Endpoint]:
        """What is to be watched, of the lab as it is by now."""
        topology = topology or self.topology
        chosen = text(values, "link")
        if chosen == SEVERAL:
            return [Endpoint.parse(end) for end in lines(values, "links")]
        if chosen == EVERY:
            return [end for end, _ in topology.links()]
        end = Endpoint.parse(chosen)
        if end.ifname != EVERY:
            return [end]
        namespace = topology.namespaces.get(end.namespace)
        names = namespace.links if namespace else ()
        return [Endpoint(end.namespace, name) for name in names if name != LO]

    def commands(self, values: Values) -> list[str]:
        """What a person would type for it."""
        wanted = expand(text(values, "filter"))
        # What a shell would take for its own.
        wanted = quote(wanted) if set(wanted) & set("()&|!<>*$") else wanted
        told = []
        for end in self.endpoints(values):
            inside = "" if end.namespace == HOST else f"ip netns exec {end.namespace} "
            told.append(f"{inside}tcpdump -ni {end.ifname} {wanted}".rstrip())
        return told
