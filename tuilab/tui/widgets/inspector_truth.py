"""What is there against what is wished: marks of drift, and why a row stays."""

from __future__ import annotations

from typing import Any

from tuilab.lab.snapshot import Snapshot
from tuilab.model.sysctls import usual
from tuilab.model.topology import LO, Endpoint
from tuilab.plan.forwarding import NeighbourState, RouteState, RuleState
from tuilab.plan.state import LinkState, NamespaceState, State
from tuilab.tui.glyphs import Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.text import Line, Role, Span, line
from tuilab.tui.widgets.inspector_rows import Part, Row, Thing

_LABEL = 10
_FOREIGN = "it was not made by this lab: it is left as it is"


class Truth:
    """Compares what the kernel holds with what the lab is to be."""

    def __init__(
        self, snapshot: Snapshot, wanted: State, glyphs: Glyphs, keymap: Keymap
    ) -> None:
        self._snapshot = snapshot
        self._wanted = wanted
        self._glyphs = glyphs
        self._keymap = keymap

    # -- wishes ---------------------------------------------------------------------

    def wish(self, name: str) -> NamespaceState:
        """What a namespace is to be; nothing where it is not to be."""
        return self._wanted.namespaces.get(name) or NamespaceState()

    def wished_link(self, end: Endpoint) -> LinkState | None:
        """What a link is to be."""
        return self._wanted.link(end)

    def is_outside(self, end: Endpoint) -> bool:
        """Whether somebody else made a link in this lab."""
        return self._snapshot.observed.link(end) is not None

    def _seen(self, name: str) -> NamespaceState:
        return self._snapshot.observed.namespaces.get(name) or NamespaceState()

    # -- rows -----------------------------------------------------------------------

    def fact(
        self, label: str, value: str | tuple[str, Role], wished: str | None = None
    ) -> Row:
        """A value with its name; and, where it is otherwise, what was wished."""
        text, role = value if isinstance(value, tuple) else (value, "")
        spans: list[Part] = [(f"{label:<{_LABEL}}", "dim"), (text, role)]
        if wished is not None and wished != text and not self._snapshot.pending:
            spans.append(self._mark(f"wished {wished or 'none'}"))
        return Row(line(*spans), copy=text)

    def link_row(self, end: Endpoint) -> Row:
        """A row about a link, yet without words."""
        thing = Thing("link", end.namespace, end.ifname)
        reason = self._foreign(end)
        if not reason and self._snapshot.topology.link(end) is None:
            reason = self._outside(f'"{end}"')
        kept = f'"{end}" belongs to its namespace: it stays' if end.ifname == LO else ""
        return Row((), thing=thing, no_edit=reason, no_delete=reason or kept)

    def told(
        self,
        thing: Thing,
        text: str,
        *,
        there: bool,
        notes: str = "",
        copy: str = "",
        role: Role = "",
        why: str = "",
    ) -> Row:
        """A row about one of several things, and whether it is as wished.

        Args:
            thing: What it is about.
            text: What it says.
            there: Whether the kernel holds it.
            notes: Who made it, and the like.
            copy: What copying it gives, ``text`` by default.
            role: The look of the text.
            why: Why nobody can change it, where nobody wished for it.
        """
        wished, seen = (
            self._has(thing, self._wanted),
            self._has(thing, self._snapshot.observed),
        )
        spans: list[Part] = [(text, role)]
        if notes:
            spans.append((f"  {notes}", "dim"))
        reason = ""
        if not wished:
            reason = self._foreign(thing.endpoint) if thing.ifname else ""
            reason = reason or (self._outside(text) if seen else why)
            if seen and not self._snapshot.pending:
                spans.append(self._mark("outside"))
        elif not there and not self._snapshot.pending:
            spans.append(self._mark("missing"))
        copied = copy or text
        return Row(line(*spans), copied, thing, no_edit=reason, no_delete=reason)

    def setting_row(self, thing: Thing, value: str) -> Row:
        """A row about a setting; ``more`` says whether it is otherwise than wished."""
        key = str(thing.value)
        wish = self.wish(thing.namespace).sysctls
        named = key in self._named(thing.namespace)
        wished = wish.get(key) or usual(key, wish)
        kept = "" if named else f"the lab does not name {key}: it is as it came"
        drifted = key in {**wish, **self._seen(thing.namespace).sysctls}
        more: Line = ()
        note: Line = ()
        if value != wished and drifted and not self._snapshot.pending:
            more = line(self._mark(f"wished {wished}"))
        elif value != usual(key, wish):
            note = line((f"  usually {usual(key, wish)}", "dim"))
        return Row(
            line((key, "dim"), f" = {value}", *more, *note),
            copy=f"{key} = {value}",
            thing=thing,
            no_delete=kept,
            more=more,
        )

    # -- what is so -----------------------------------------------------------------

    def _named(self, name: str) -> dict[str, str]:
        namespace = self._snapshot.topology.namespaces.get(name)
        return dict(namespace.sysctls) if namespace else {}

    def _has(self, thing: Thing, state: State) -> bool:
        """Whether a state has that very thing."""
        namespace = state.namespaces.get(thing.namespace)
        if namespace is None:
            return False
        value: Any = thing.value
        if isinstance(value, RouteState):
            return value in namespace.routes
        if isinstance(value, RuleState):
            return value in namespace.rules
        if isinstance(value, NeighbourState):
            return value in namespace.neighbours
        link = namespace.links.get(thing.ifname or "")
        if link is None:
            return False
        return value in (link.port.fdb if thing.kind == "entry" else link.addresses)

    def _foreign(self, end: Endpoint) -> str:
        return _FOREIGN if self._snapshot.foreign.link(end) is not None else ""

    def _outside(self, what: str) -> str:
        repair, adopt = self._keymap.key("repair"), self._keymap.key("adopt")
        return (
            f"{what} was made outside tuilab: {repair} removes it (repair), "
            f"{adopt} makes it the lab's (adopt)"
        )

    def _mark(self, words: str) -> Span:
        return Span(f"  {self._glyphs.differs} {words}", "warn")
