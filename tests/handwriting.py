"""Topology files as people write them: every style that YAML has, and comments."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from hypothesis import strategies as st

from tuilab.formats import emit
from tuilab.model.plain import to_data
from tuilab.model.topology import LO, Topology, Veth


class _Pen:
    """Writes one file, with a numbered comment wherever one may stand."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.numbers = count(1)

    def maybe(self, often: int = 3) -> bool:
        return not self.draw(st.integers(0, often))

    def comment(self) -> str:
        return f"# c{next(self.numbers)}:"

    def word(self, value: Any) -> str:
        if isinstance(value, str) and self.maybe():
            return json.dumps(value) if self.maybe(1) else f"'{value}'"
        return emit.word(value)

    def flow(self, value: Any, indent: str) -> str:
        if isinstance(value, dict):
            parts = [
                f"{self.word(k)}: {self.flow(v, indent)}" for k, v in value.items()
            ]
            left, right = "{", "}"
        elif isinstance(value, list):
            parts = [self.flow(v, indent) for v in value]
            left, right = "[", "]"
        else:
            return self.word(value)
        space = " " if self.maybe() else ""
        if parts and self.maybe(6):
            glue = f",  {self.comment()}\n{indent}    "
            tail = "," if self.maybe() else ""
            return f"{left}\n{indent}    {glue.join(parts)}{tail}\n{indent}  {right}"
        return f"{left}{space}{', '.join(parts)}{space}{right}"

    def tail(self) -> str:
        return f"  {self.comment()}" if self.maybe() else ""

    def before(self, indent: str) -> list[str]:
        lines = []
        if self.maybe():
            lines.append("")
        if self.maybe():
            lines.append(f"{indent}{self.comment()}")
        return lines

    def entry(self, key: str, value: Any, indent: str) -> list[str]:
        pad = " " * self.draw(st.integers(1, 3)) if self.maybe() else " "
        head = f"{indent}{self.word(key)}:"
        simple = not isinstance(value, dict | list) or not value
        if simple or self.maybe(1 if emit.fits(value, 0) else 6):
            text = f"{head}{pad}{self.flow(value, indent)}{self.tail()}"
            return [*self.before(indent), *text.split("\n")]
        return [
            *self.before(indent),
            f"{head}{self.tail()}",
            *self.block(value, indent),
        ]

    def block(self, value: Any, indent: str) -> list[str]:
        step = indent + " " * self.draw(st.sampled_from((2, 2, 4)))
        if isinstance(value, dict):
            return [ln for k, v in value.items() for ln in self.entry(k, v, step)]
        if self.maybe():
            step = indent
        lines = []
        for item in value:
            lines += self.before(step)
            if isinstance(item, dict) and self.maybe():
                inner = [ln for k, v in item.items() for ln in self.plain(k, v, step)]
                lines += [f"{step}- {inner[0].lstrip()}", *inner[1:]]
            else:
                text = f"{step}- {self.flow(item, step)}{self.tail()}"
                lines += text.split("\n")
        return lines

    def plain(self, key: str, value: Any, indent: str) -> list[str]:
        return [f"{indent}  {key}: {self.flow(value, indent)}{self.tail()}"]


def _spelled_out(draw: st.DrawFn, lab: Topology, data: dict[str, Any]) -> None:
    """Say some of what goes without saying."""
    for name, namespace in lab.namespaces.items():
        for ifname, link in namespace.links.items():
            choice = draw(st.integers(0, 5))
            body = data["namespaces"].setdefault(name, {})
            links = body.setdefault("links", {})
            silent = isinstance(link, Veth) and ifname not in links
            if choice == 0 and (silent or ifname in links):
                links.setdefault(ifname, {}).setdefault("up", True)
            elif choice == 1 and silent:
                links[ifname] = {}
            elif choice == 2 and isinstance(link, Veth) and ifname != LO:
                links.setdefault(ifname, {})["kind"] = "veth"
            if not links:
                del body["links"]
        if not data["namespaces"].get(name, True) and name == "host":
            del data["namespaces"][name]


@st.composite
def handwritten(draw: st.DrawFn, lab: Topology) -> str:
    """That lab as somebody may have written it."""
    data = to_data(lab)
    _spelled_out(draw, lab, data)
    pen = _Pen(draw)
    lines = [f"# A lab. {pen.comment()}"] if pen.maybe(1) else []
    for key, value in data.items():
        if pen.maybe() or key in ("tuilab", "name"):
            lines += pen.entry(key, value, "")
        elif value or key == "namespaces":
            head = pen.before("")
            body = pen.block(value, "") if value else []
            lines += [*head, f"{key}:{pen.tail()}", *body]
    if pen.maybe():
        lines.append(pen.comment())
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    last = draw(st.sampled_from((end, "")))
    return end.join("\n".join(lines).split("\n")) + last
