"""Change a hand-written topology file where the lab has changed, and nowhere else.

The text is edited in place, by the positions of its parts: comments, order, spacing and
quotes of everything else stay as they are, byte for byte.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tuilab.formats import emit
from tuilab.formats.tree import Item, read
from tuilab.model.links import Endpoint, Link, Veth
from tuilab.model.plain import link_to_data, namespace_to_data, to_data
from tuilab.model.topology import HOST, Cable, Namespace, Topology


class CannotPatch(Exception):
    """The text is written in a way that does not allow this change in place."""


def patch(text: str, before: Topology, after: Topology) -> str:
    """The text that described one topology, now describing another.

    Raises:
        CannotPatch: Write it anew instead.
    """
    if text and not text.endswith("\n"):
        text += "\n"
    root, _ = read(text)
    if not isinstance(root.value, dict):
        raise CannotPatch
    work = _Patch(text)
    work.topology(root, before, after)
    return work.result()


class _Patch:
    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.edits: list[tuple[int, int, str]] = []
        self.waiting: dict[int, tuple[Item, list[str], dict[str, Any]]] = {}

    def result(self) -> str:
        """The text with all edits made.

        Where several insert at one place, what is further inside was noted first.
        """
        # All that one mapping gains and loses is done in one go, the inner ones first.
        inner_first = sorted(self.waiting.values(), key=lambda w: -_begin(w[0]))
        for holder, gone, fresh in inner_first:
            self.remake(holder, gone, fresh)
        out, position = [], 0
        for start, end, replacement in sorted(self.edits, key=lambda e: e[:2]):
            if start < position:
                raise CannotPatch
            out += [self.text[position:start], replacement]
            position = end
        return "".join([*out, self.text[position:]])

    # -- what the parts of a topology are ------------------------------------------

    def topology(self, root: Item, before: Topology, after: Topology) -> None:
        old, new = to_data(before), to_data(after)
        spaces = root.get("namespaces")
        paired = _renamed(before.namespaces, after.namespaces, _alike)
        ends: dict[Endpoint, Endpoint] = {}
        if spaces is None or not isinstance(spaces.value, dict) or spaces.alias:
            self.entry(root, "namespaces", old.get("namespaces"), new["namespaces"])
        elif not spaces.value:
            if old["namespaces"] != new["namespaces"]:
                self.change(root, "namespaces", spaces, None, new["namespaces"])
        else:
            self.namespaces(spaces, before, after, paired, ends)
        self.cables(root, before, after, ends)
        for key in ("name", "layout", "expect"):
            self.entry(root, key, old.get(key), new.get(key))

    def namespaces(
        self,
        spaces: Item,
        before: Topology,
        after: Topology,
        paired: Mapping[str, str],
        ends: dict[Endpoint, Endpoint],
    ) -> None:
        gone = [n for n in spaces.value if n not in after.namespaces]
        gone = [n for n in gone if n not in paired.values()]
        fresh: dict[str, Any] = {}
        for name, namespace in after.namespaces.items():
            former = paired.get(name, name)
            was, item = before.namespaces.get(former), spaces.get(former)
            ends.update(_link_ends(former, was, name, namespace))
            if item is None:
                data = namespace_to_data(namespace)
                if was != namespace and (data or name != HOST):
                    fresh[name] = data
                continue
            if former != name:
                self.rename(item, name)
            if was is not None and was != namespace:
                self.namespace(spaces, item, former, was, namespace)
        self.members(spaces, gone, fresh)

    def namespace(
        self,
        spaces: Item,
        item: Item,
        key: str,
        was: Namespace,
        now: Namespace,
    ) -> None:
        old, new = namespace_to_data(was), namespace_to_data(now)
        if item.alias or not isinstance(item.value, dict) or not item.value:
            if old != new:
                self.change(spaces, key, item, None, new)
            return
        links = item.get("links")
        for part in ("sysctls", "links", "routes", "rules", "neighbours"):
            if part == "links" and links is not None and links.value:
                self.links(item, links, was, now)
            else:
                self.entry(item, part, old.get(part), new.get(part))

    def links(self, holder: Item, links: Item, was: Namespace, now: Namespace) -> None:
        if links.alias:
            raise CannotPatch
        paired = _renamed(was.links, now.links, _same_link)
        gone = [n for n in links.value if n not in now.links and n != "lo"]
        gone = [n for n in gone if n not in paired.values()]
        if "lo" in links.value and "lo" in was.links and "lo" not in now.links:
            gone.append("lo")
        fresh: dict[str, Any] = {}
        for name, link in now.links.items():
            former = paired.get(name, name)
            before, item = was.links.get(former), links.get(former)
            new = link_to_data(link)
            old = link_to_data(before) if before else {}
            if item is None:
                if new and (before is None or old != new or former != name):
                    fresh[name] = new
                continue
            if former != name:
                self.rename(item, name)
            if old != new:
                self.change(links, former, item, old, new)
        if len(gone) == len(links.value) and not fresh:
            self.delete(holder, "links")
        else:
            self.members(links, gone, fresh)

    def cables(
        self,
        root: Item,
        before: Topology,
        after: Topology,
        ends: Mapping[Endpoint, Endpoint],
    ) -> None:
        item = root.get("cables")
        if item is None or item.value is None or not item.value:
            shown = [[str(c.a), str(c.b)] for c in after.cables]
            self.entry(root, "cables", None, shown or None)
            return
        if item.alias:
            raise CannotPatch
        wanted = dict.fromkeys(after.cables)
        dropped: list[Item] = []
        for pair in item.value:
            a, b = (Endpoint.parse(end.text) for end in pair.value)
            if Cable.of(a, b) in wanted:
                wanted.pop(Cable.of(a, b))
                continue
            renamed = [ends.get(a, a), ends.get(b, b)]
            if Cable.of(*renamed) in wanted and not pair.alias:
                wanted.pop(Cable.of(*renamed))
                for end, text in zip(pair.value, renamed, strict=True):
                    if end.text != str(text):
                        self.replace(end, str(text))
            else:
                dropped.append(pair)
        new = [[str(c.a), str(c.b)] for c in wanted]
        if len(dropped) == len(item.value) and not new:
            self.delete(root, "cables")
        elif dropped or new:
            keep = [i for i in item.value if i not in dropped]
            self.elements(item, keep, {len(keep): new})

    # -- generic parts ---------------------------------------------------------------

    def entry(self, holder: Item, key: str, old: Any, new: Any) -> None:
        """Bring the value of one key from old to new; None is no value."""
        item = holder.get(key)
        if old == new and (item is None or new is not None):
            return
        if item is None:
            if new is not None:
                self.members(holder, [], {key: new})
        elif new is None:
            if old is not None or item.value:
                self.delete(holder, key)
        else:
            self.change(holder, key, item, old, new)

    def change(self, holder: Item, key: str, item: Item, old: Any, new: Any) -> None:
        """Another value for a key that is there."""
        if item.merged:
            self.members(holder, [], {key: new})
        elif item.alias or type(new) is not type(item.value):
            self.replace_entry(holder, item, new)
        elif isinstance(new, dict) and new and item.value:
            old = old or {}
            gone = [k for k in item.value if k in old and k not in new]
            fresh = {}
            for name, value in new.items():
                below = item.get(name)
                if below is None:
                    fresh[name] = value
                elif value != old.get(name):
                    self.change(item, name, below, old.get(name), value)
            self.members(item, gone, fresh)
        elif isinstance(new, list) and old and len(old) == len(item.value):
            self.sequence(item, old, new)
        else:
            self.replace_entry(holder, item, new)

    def sequence(self, item: Item, old: Sequence[Any], new: Sequence[Any]) -> None:
        """A list, element by element."""
        shown = [emit.flow(v) for v in old], [emit.flow(v) for v in new]
        keep: list[Item] = []
        fresh: dict[int, list[Any]] = {}
        steps = difflib.SequenceMatcher(None, *shown, autojunk=False).get_opcodes()
        for step, i, i_end, j, j_end in steps:
            pairs = list(zip(range(i, i_end), range(j, j_end), strict=False))
            if step == "equal":
                keep += item.value[i:i_end]
            elif step == "replace" and i_end - i == j_end - j:
                for a, b in pairs:
                    keep.append(item.value[a])
                    self.swap(item, item.value[a], old[a], new[b])
            elif j_end > j:
                fresh[len(keep)] = list(new[j:j_end])
        if len(keep) != len(item.value) or fresh:
            self.elements(item, keep, fresh)

    def swap(self, holder: Item, item: Item, old: Any, new: Any) -> None:
        """Another element in the place of one."""
        if item.flow and isinstance(new, dict) and not item.alias:
            self.change(holder, "", item, old, new)
        else:
            self.replace(item, new)

    # -- the text ----------------------------------------------------------------------

    def members(
        self, holder: Item, gone: Sequence[str], fresh: Mapping[str, Any]
    ) -> None:
        """Take keys out of a mapping, and put others at its end."""
        if gone or fresh:
            waits = self.waiting.setdefault(id(holder), (holder, [], {}))
            waits[1].extend(gone)
            waits[2].update(fresh)

    def remake(
        self, holder: Item, gone: Sequence[str], fresh: Mapping[str, Any]
    ) -> None:
        own = [i for i in holder.value.values() if not i.merged]
        lost = [holder.value[key] for key in gone]
        if any(item.merged for item in lost):
            raise CannotPatch
        if holder.flow:
            keep = [i for i in own if i not in lost]
            texts = [f"{emit.word(k)}: {emit.flow(v)}" for k, v in fresh.items()]
            self.inside(holder, own, keep, {len(keep): texts})
            return
        if not own:
            raise CannotPatch
        for item in lost:
            self.cut(*self.lines(item, first=item is own[0]))
        indent = " " * _column(own[0])
        lines = [ln for k, v in fresh.items() for ln in emit.entry(k, v, indent)]
        self.insert_lines(self.lines(own[-1])[1], lines)

    def elements(
        self, item: Item, keep: list[Item], fresh: Mapping[int, list[Any]]
    ) -> None:
        """Leave elements out of a list and put others after so many of the kept."""
        if item.flow:
            texts = {at: [emit.flow(v) for v in new] for at, new in fresh.items()}
            self.inside(item, item.value, keep, texts)
            return
        column = item.start.column
        indent = " " * column
        for index, lost in enumerate(item.value):
            if lost not in keep:
                self.cut(*self.lines(lost, first=index == 0))
        for at, new in fresh.items():
            place = (
                self.lines(keep[at - 1])[1]
                if at
                else self.line_start(item.value[0].start.index)
            )
            lines = [line for v in new for line in emit.element(v, indent)]
            self.insert_lines(place, lines)

    def inside(
        self,
        holder: Item,
        there: Sequence[Item],
        keep: Sequence[Item],
        fresh: Mapping[int, list[str]],
    ) -> None:
        """The same between braces or brackets."""
        if not keep:
            texts = [text for new in fresh.values() for text in new]
            left, right = ("{", "}") if isinstance(holder.value, dict) else ("[", "]")
            self.cut(holder.start.index, holder.end.index)
            self.insert(holder.start.index, left + ", ".join(texts) + right)
            return
        first_kept = there.index(keep[0])
        for index, item in enumerate(there):
            if item in keep:
                continue
            if index > first_kept:
                self.cut(there[index - 1].end.index, item.end.index)
            else:
                self.cut(_begin(item), _begin(there[index + 1]))
        for at, texts in fresh.items():
            if at:
                self.insert(keep[at - 1].end.index, "".join(f", {t}" for t in texts))
            else:
                self.insert(_begin(keep[0]), "".join(f"{t}, " for t in texts))

    def delete(self, holder: Item, key: str) -> None:
        """A key with all that is below it."""
        self.members(holder, [key], {})

    def rename(self, item: Item, name: str) -> None:
        """Another name for a key."""
        if item.key is None or item.key_end is None or item.merged:
            raise CannotPatch
        self.edits.append((item.key.index, item.key_end.index, emit.word(name)))

    def replace(self, item: Item, value: Any) -> None:
        """Another value in the place of one that stands in one piece."""
        if not item.flow and isinstance(item.value, dict | list) and not item.alias:
            start, end = self.lines(item)
            indent = " " * max(item.start.column - 2, 0)
            self.cut(start, end)
            self.insert_lines(start, emit.element(value, indent))
        else:
            self.edits.append((item.start.index, item.end.index, emit.flow(value)))

    def replace_entry(self, holder: Item, item: Item, value: Any) -> None:
        """Another value for a key, however the old one was written."""
        if item.key is None or item.key_end is None or item.merged:
            raise CannotPatch
        colon = self.text.index(":", item.key_end.index) + 1
        bare = not isinstance(item.value, dict | list) or item.flow or item.alias
        column = item.key.column
        one_line = holder.flow or emit.fits(value, column + len(item.text) + 2)
        if bare and one_line:
            end = max(item.end.index, colon)
            self.edits.append((colon, end, f" {emit.flow(value)}"))
        elif bare:
            self.edits.append((colon, max(item.end.index, colon), ""))
            lines = emit.block(value, " " * column + emit.STEP)
            self.insert_lines(self.lines(item)[1], lines)
        else:
            start, end = self.line_start(item.key.index), self.lines(item)[1]
            key = self.text[item.key.index : item.key_end.index]
            lines = emit.entry("x", value, " " * column)
            lines[0] = lines[0].replace("x:", f"{key}:", 1)
            self.cut(start, end)
            self.insert_lines(start, lines)

    def lines(self, item: Item, first: bool = True) -> tuple[int, int]:
        """From the line where an item begins to the one after its last.

        With the comments right above it, unless it is the first of its kind: those
        may be about all that follow.
        """
        start = self.line_start(_begin(item))
        end = max(item.end.index, _begin(item))
        if end > start and self.text[end - 1] == "\n":
            end -= 1
        stop = self.text.find("\n", end) + 1 or len(self.text)
        column = len(self.text[start:]) - len(self.text[start:].lstrip(" "))
        while not first and start:
            above = self.text[self.line_start(start - 1) : start]
            if above.startswith(" " * column + "#"):
                start -= len(above)
            else:
                break
        return start, stop

    def line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def cut(self, start: int, end: int) -> None:
        self.edits.append((start, end, ""))

    def insert(self, at: int, text: str) -> None:
        self.edits.append((at, at, text))

    def insert_lines(self, at: int, lines: Sequence[str]) -> None:
        if lines:
            self.insert(at, "".join(line + self.newline for line in lines))


def _begin(item: Item) -> int:
    return item.key.index if item.key is not None else item.start.index


def _column(item: Item) -> int:
    return item.key.column if item.key is not None else item.start.column


def _link_ends(
    former: str, was: Namespace | None, name: str, now: Namespace
) -> list[tuple[Endpoint, Endpoint]]:
    """What the links of a namespace were called, and are called."""
    if was is None:
        return []
    back = _renamed(was.links, now.links, _same_link)
    return [
        (Endpoint(former, back.get(ifname, ifname)), Endpoint(name, ifname))
        for ifname in now.links
    ]


def _renamed(
    old: Mapping[str, Any], new: Mapping[str, Any], alike: Callable[[Any, Any], bool]
) -> dict[str, str]:
    """Old names by new: what stands in the place of another and is much like it."""
    names = list(old), list(new)
    found: dict[str, str] = {}
    steps = difflib.SequenceMatcher(None, *names, autojunk=False).get_opcodes()
    for step, i, i_end, j, j_end in steps:
        if step == "replace" and i_end - i == j_end - j:
            found |= {
                now: was
                for was, now in zip(names[0][i:i_end], names[1][j:j_end], strict=True)
                if was not in new and now not in old and alike(old[was], new[now])
            }
    return found


def _alike(was: Namespace, now: Namespace) -> bool:
    return list(was.links) == list(now.links) and was.routes == now.routes


def _same_link(was: Link, now: Link) -> bool:
    if isinstance(was, Veth) and isinstance(now, Veth):
        return was.peer == now.peer or was.addresses == now.addresses
    return was.kind == now.kind and was.addresses == now.addresses
