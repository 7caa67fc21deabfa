"""Topology files that can be loaded, and what loading one would change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tuilab.formats import library
from tuilab.model.topology import Topology
from tuilab.tui.text import Line, line, plain

_MOST = 200
"""Files listed of one folder."""


@dataclass(frozen=True, slots=True)
class TopologyFile:
    """A file to choose.

    Attributes:
        path: Where it is.
        line: How it is listed.
    """

    path: Path
    line: Line

    @property
    def text(self) -> str:
        """What typing is compared with."""
        return plain(self.line)


def topology_files(folders: Iterable[Path]) -> list[TopologyFile]:
    """The files of these folders, then the ready labs."""
    found = []
    for folder in folders:
        if folder == library.folder():
            continue
        paths = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])[:_MOST]
        found += [TopologyFile(path, line(path.name)) for path in paths]
    for name, path in library.examples():
        about = library.about(path)
        found.append(TopologyFile(path, line(name, (f"  ready lab: {about}", "dim"))))
    return found


def typed_file(text: str) -> Path | None:
    """The file that was named, or None where there is none that we may see."""
    try:
        path = Path(text).expanduser()
        return path if text and path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        # No such user, too long, not ours to look at.
        return None


def difference_line(before: Topology, after: Topology) -> Line:
    """How many namespaces and links would be created, kept and removed."""
    old, new = _things(before), _things(after)
    kept = len(old & new)
    return line(
        (f"+ create {len(new - old)}", "good"),
        f"  = keep {kept}  ",
        (f"- remove {len(old - new)}", "bad" if old - new else "dim"),
    )


def _things(topology: Topology) -> set[str]:
    return {*topology.namespaces, *(str(end) for end, _ in topology.links())}
