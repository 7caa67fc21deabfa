"""Which file of packets to look at."""

from __future__ import annotations

from pathlib import Path

from tuilab.model.topology import Topology
from tuilab.tui.forms.base import Field, Value, Values, row
from tuilab.tui.forms.file import FileForm


class OpenPackets(FileForm):
    """The dialog of the key ``O`` in the packet list."""

    title = "Look at a file of packets"
    verb = "Open"
    rows = (
        row("File", Field("path", help="pcapng or pcap: a name or path; ~ is home.")),
    )

    def __init__(self, topology: Topology, folder: Path) -> None:
        super().__init__(topology)
        self._folder = folder

    def propose(self, given: Values) -> dict[str, Value]:
        """The newest one in the folder that packets are saved to."""
        return {"path": self._newest() if "path" not in given else "", **given}

    def _newest(self) -> str:
        try:
            found = [(p.stat().st_mtime, str(p)) for p in self._folder.glob("*.pcap*")]
        except OSError:
            return ""
        return max(found)[1] if found else ""

    def refuse(self, path: Path) -> str:
        """A file that is not there."""
        return "" if path.exists() else f'there is no "{path}"'
