"""Edit link: everything a person may choose about a link that is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tuilab.errors import NotFoundError
from tuilab.model import vlans
from tuilab.model.edits import (
    Change,
    add_address,
    remove_address,
    rename_link,
    set_link,
    together,
)
from tuilab.model.links import PortLink
from tuilab.model.topology import (
    LO,
    Bridge,
    Endpoint,
    Link,
    Loopback,
    Tap,
    Topology,
)
from tuilab.model.words import option_words, options_from
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
from tuilab.tui.forms.proposals import next_address


class EditLink(ChangeForm):
    """The dialog of the key ``e`` on a link, a bridge or a tap."""

    verb = "Save"
    rows = (
        row("Name", Field("name", help="It keeps its MAC address under a new name.")),
        row("State", Field("up", "check", label="up", help="Administratively up.")),
        row("MTU", Field("mtu", placeholder="default", help="Bytes; empty: default.")),
        row(
            "MAC",
            Field(
                "mac",
                placeholder="derived from the names",
                help="Like 02:00:00:00:00:01; empty: derived from the names.",
            ),
        ),
        row(
            "Bridge",
            Field("master", "choice", help="The bridge that it is a port of."),
        ),
        row(
            "Options",
            Field(
                "options",
                placeholder="as by default",
                help="Of a bridge, as: stp on ageing 30; of a port: isolated on cost 9",
            ),
        ),
        row(
            "Entries",
            Field(
                "fdb",
                "list",
                placeholder="add 02:00:00:00:00:01",
                help="MACs that are said to be behind the port (static fdb entries). "
                "Empty a line to remove it.",
            ),
        ),
        row(
            "VLANs",
            Field(
                "vlans",
                "list",
                placeholder="add 20-29 or 30 pvid",
                help="All that it is in: 10 with tags, 10 untagged without; pvid is "
                "that of frames that come in without. Empty a line to remove it.",
            ),
        ),
        row("Owner", Field("user", placeholder="anyone entitled", help="A user.")),
        row("Group", Field("group", placeholder="none", help="A group.")),
        row(
            "Addresses",
            Field(
                "addresses",
                "list",
                placeholder="add 10.0.0.1/24",
                help="One a line, with prefix length. Empty a line to remove it.",
            ),
        ),
    )

    def __init__(self, topology: Topology, endpoint: Endpoint) -> None:
        super().__init__(topology)
        self.endpoint = endpoint
        self.title = f"Edit {endpoint}"

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """No bridge, or one of the same namespace."""
        namespace = self.topology.namespaces.get(self.endpoint.namespace)
        bridges = namespace.bridges() if namespace else []
        return [
            Option("", "none"),
            *(Option(b, b) for b in bridges if b != self.endpoint.ifname),
        ]

    def propose(self, given: Values) -> dict[str, Value]:
        """The link as it is."""
        link = self._link()
        own: dict[str, Value] = {"user": "", "group": ""}
        if isinstance(link, Tap):
            own = {"user": link.user or "", "group": link.group or ""}
        return {
            "name": self.endpoint.ifname,
            "up": link.up,
            "mtu": str(link.mtu or ""),
            "mac": link.mac or "",
            "master": link.master or "",
            "options": option_words(link),
            "fdb": link.fdb if isinstance(link, PortLink) else (),
            "vlans": self._vlans(link),
            "addresses": link.addresses,
            **own,
            **given,
        }

    def unused(self, values: Values) -> frozenset[str]:
        """What this kind of link does not have."""
        link = self._link()
        out = set() if isinstance(link, Tap) else {"user", "group"}
        if isinstance(link, Loopback):
            out |= {"name", "mac", "master"}
        if len(self.options("master", values)) == 1 and not link.master:
            out.add("master")
        if text(values, "master") and not lines(values, "addresses"):
            out.add("addresses")
        if not (isinstance(link, Bridge) or text(values, "master")):
            out.add("options")
        if not (isinstance(link, PortLink) and text(values, "master")):
            out.add("fdb")
        if not self._looks_at_vlans(values):
            out.add("vlans")
        return frozenset(out)

    @staticmethod
    def _vlans(link: Link) -> tuple[str, ...]:
        if not isinstance(link, Bridge | PortLink):
            return ()
        return vlans.USUAL if link.vlans is None else link.vlans

    def _looks_at_vlans(self, values: Values) -> bool:
        """Whether the bridge, or that of the port, has or gets VLAN filtering."""
        link = self._link()
        if isinstance(link, Bridge):
            return not self._wrong_options(values) and bool(
                options_from(link, text(values, "options"))["vlan_filtering"]
            )
        master = Endpoint(self.endpoint.namespace, text(values, "master"))
        bridge = self.topology.link(master) if isinstance(link, PortLink) else None
        return isinstance(bridge, Bridge) and bridge.vlan_filtering

    def problems(self, values: Values) -> dict[str, str]:
        """Wrong names, numbers and addresses."""
        namespace, old = self.endpoint.namespace, self.endpoint.ifname
        new = Endpoint(namespace, text(values, "name"))
        found = {
            "name": checks.new_link(self.topology, new, former=old),
            "mtu": checks.mtu(text(values, "mtu"), type(self._link())),
            "mac": checks.mac(text(values, "mac")),
            "options": self._wrong_options(values),
            "fdb": checks.macs(lines(values, "fdb")),
            "vlans": checks.vlans(lines(values, "vlans")),
            "user": checks.account(text(values, "user"), "user"),
            "group": checks.account(text(values, "group"), "group"),
            "addresses": checks.addresses(lines(values, "addresses")),
        }
        if text(values, "master") and lines(values, "addresses"):
            found["addresses"] = "a port of a bridge has no addresses; remove them"
        unused = self.unused(values)
        return {k: v for k, v in found.items() if v and k not in unused}

    def change(self, values: Values) -> Change:
        """Only what differs, as one edit."""
        link, endpoint = self._link(), self.endpoint
        parts: list[Change] = []
        if endpoint.ifname != LO and text(values, "name") != endpoint.ifname:
            parts.append(rename_link(endpoint, text(values, "name")))
            endpoint = Endpoint(endpoint.namespace, text(values, "name"))
        wanted = checks.canonical(lines(values, "addresses"))
        gone = [a for a in link.addresses if a not in wanted]
        added = [a for a in wanted if a not in link.addresses]
        parts += [remove_address(endpoint, cidr) for cidr in gone]
        parts += [add_address(endpoint, cidr) for cidr in added]
        kept = [a for a in link.addresses if a in wanted] + added
        attributes = self._attributes(values, link)
        if kept != list(wanted):
            attributes["addresses"] = wanted
        if attributes:
            parts.append(set_link(endpoint, **attributes))
        if len(parts) == 1:
            return parts[0]
        shown = ", ".join([*attributes, *(["addresses"] if gone or added else [])])
        title = f"edit {endpoint}{f': {shown}' if shown else ''}"
        return together(title, parts)

    def _attributes(self, values: Values, link: Link) -> dict[str, Any]:
        mtu = text(values, "mtu")
        wanted: dict[str, Any] = {
            "up": flag(values, "up"),
            "mtu": int(mtu) if mtu else None,
            "mac": text(values, "mac").lower() or None,
            "master": text(values, "master") or None,
        }
        if isinstance(link, Tap):
            wanted["user"] = text(values, "user") or None
            wanted["group"] = text(values, "group") or None
        if "options" not in self.unused(values):
            wanted |= options_from(link, text(values, "options"))
        if "fdb" not in self.unused(values):
            wanted["fdb"] = tuple(mac.lower() for mac in lines(values, "fdb"))
        if isinstance(link, Bridge | PortLink):
            told = None if "vlans" in self.unused(values) else lines(values, "vlans")
            wanted["vlans"] = vlans.canonical(told)
        return {k: v for k, v in wanted.items() if v != getattr(link, k)}

    def _wrong_options(self, values: Values) -> str:
        return checks.options(text(values, "options"), self._link())

    def _link(self) -> Link:
        link = self.topology.link(self.endpoint)
        if link is None:
            fact = f'"{self.endpoint}" is no longer there'
            raise NotFoundError(fact, "Esc closes this")
        return link


class AddAddress(ChangeForm):
    """The dialog of the key ``a``."""

    title = "Add address"
    verb = "Add"
    rows = (
        row("Link", Field("link", "choice", help="Where the address is added.")),
        row(
            "Address",
            Field(
                "address",
                placeholder="10.0.0.1/24",
                help="With prefix length; several with spaces between.",
            ),
        ),
    )

    def __init__(self, topology: Topology, selected: Endpoint | None = None) -> None:
        super().__init__(topology)
        self._selected = selected

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Every link that may hold an address; ``lo`` last."""
        links = [end for end, link in self.topology.links() if not link.master]
        loopbacks = [Endpoint(name, LO) for name in self.topology.namespaces]
        return [Option(str(end), str(end)) for end in (*links, *loopbacks)]

    def propose(self, given: Values) -> dict[str, Value]:
        """The selected link and the next free address of its segment."""
        options = [option.value for option in self.options("link", given)]
        selected = str(self._selected) if self._selected else ""
        values: dict[str, Value] = {
            "link": selected if selected in options else options[0],
            **given,
        }
        endpoint = Endpoint.parse(text(values, "link"))
        proposed = next_address(self.topology, endpoint, own=True)
        values.setdefault("address", proposed)
        return values

    def problems(self, values: Values) -> dict[str, str]:
        """No address, or a wrong one."""
        typed = text(values, "address")
        problem = checks.addresses(typed) if typed else "give an address"
        link = self.topology.link(Endpoint.parse(text(values, "link")))
        for cidr in checks.canonical(typed):
            if link is not None and cidr in link.addresses:
                problem = problem or f'"{cidr}" is there already; give another'
        return {"address": problem} if problem else {}

    def change(self, values: Values) -> Change:
        """One address or several."""
        endpoint = Endpoint.parse(text(values, "link"))
        cidrs = checks.canonical(text(values, "address"))
        parts = [add_address(endpoint, cidr) for cidr in cidrs]
        if len(parts) == 1:
            return parts[0]
        return together(f"add {len(parts)} addresses to {endpoint}", parts)
