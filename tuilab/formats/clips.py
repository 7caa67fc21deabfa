"""A clip as text: a topology file whose first lines say what it was a part of."""

from __future__ import annotations

import re

from tuilab.formats import yaml
from tuilab.formats.yaml import Document
from tuilab.model.edits.clip import Clip
from tuilab.model.topology import HOST, Endpoint

_AROUND, _JOINS = "# copied from within:", "# was joined to:"


def dump(clip: Clip) -> str:
    """The text of a clip, which is that of a lab too."""
    around = " ".join(sorted(clip.around))
    lines = [f"{_AROUND} {around}"]
    if clip.joins:
        lines.append(f"{_JOINS} {' '.join(map(str, sorted(clip.joins)))}")
    return "\n".join([*lines, yaml.dump(clip.lab)])


def loads(text: str, source: str = "") -> Clip:
    """Read a clip, or any topology file as one: all of its namespaces but ``host``.

    Raises:
        InvalidTopology: With all that is wrong with it.
    """
    return part_of(yaml.loads(text, source))


def part_of(document: Document) -> Clip:
    """A topology file that was read, as a clip."""
    lab, text = document.topology, document.text
    around = {HOST, *_said(text, _AROUND)} & lab.namespaces.keys()
    ends = (word.partition(":") for word in _said(text, _JOINS))
    joins = {Endpoint(namespace, ifname) for namespace, _, ifname in ends}
    known = {end for end in joins if end.namespace in around and lab.link(end)}
    return Clip(lab, frozenset(around), frozenset(known))


def _said(text: str, mark: str) -> list[str]:
    found = re.search(rf"^{re.escape(mark)}(.*)$", text, re.MULTILINE)
    return found[1].split() if found else []


__all__ = ["dump", "loads", "part_of"]
