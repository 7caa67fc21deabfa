"""What the frame of the drawing says: how it is drawn, and what is selected."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import LO, Endpoint
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.graph import Item


def topology_title(
    name: str, level: int | None, *, fitted: bool, portion: float, drawn: bool
) -> str:
    """The lab's name, and the level of detail where it is drawn.

    Args:
        name: Of the lab.
        level: Of detail; None before it is drawn for the first time.
        fitted: Whether that is the most detailed one that fits.
        portion: How much of the drawing is in sight.
        drawn: Whether it is drawn; it may be a list.
    """
    if not drawn:
        return f"Topology  {name}  list"
    if level is None:
        return f"Topology  {name}"
    zoom = f"Topology  {name}  zoom {level}/{max(LEVELS)}"
    if portion < 1:
        return f"{zoom}, {max(1, int(portion * 100))}% in sight"
    return f"{zoom} fit" if fitted else zoom


def selection_text(
    snapshot: Snapshot, items: Sequence[Item], cells: int, ellipsis: str = "…"
) -> str:
    """The selected thing with its addresses and state; of several, their names.

    Args:
        snapshot: The lab.
        items: What is selected.
        cells: Room there is.
        ellipsis: The sign of what is left out.
    """
    if len(items) > 1:
        words = [f"sel {len(items)}:", *map(str, items)]
    else:
        words = _alone(snapshot, items[0]) if items else [""]
    return _fitted(words, cells, ellipsis)


def _alone(snapshot: Snapshot, item: Item) -> list[str]:
    words = [f"sel {item}"]
    if item.kind == "namespace":
        words += _namespace(snapshot, item.namespace)
    elif item.cable is None and item.endpoint is not None:
        words.append(_link(snapshot, item.endpoint))
    return words


def _fitted(words: Sequence[str], cells: int, ellipsis: str) -> str:
    """The first word, and as many more as there is room for."""
    text = words[0]
    for index, word in enumerate(words[1:], 1):
        rest = 0 if index == len(words) - 1 else len(ellipsis) + 2
        if len(text) + 2 + len(word) + rest > cells:
            return f"{text}  {ellipsis}"
        text += f"  {word}"
    return text


def _namespace(snapshot: Snapshot, name: str) -> list[str]:
    namespace = snapshot.topology.namespaces.get(name)
    if namespace is None:
        return []
    return [
        f"{ifname} {_link(snapshot, Endpoint(name, ifname))}"
        for ifname in namespace.links
        if ifname != LO
    ]


def _link(snapshot: Snapshot, end: Endpoint) -> str:
    link, live = snapshot.topology.link(end), snapshot.live.get(end)
    words = list(link.addresses) if link else []
    if live is not None:
        words.append(live.operstate)
    return " ".join(words)
