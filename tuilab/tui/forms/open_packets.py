"""Which file of packets to look at."""

from __future__ import annotations

from pathlib import Path

from tuilab.model.topology import Topology
from tuilab.tui.forms.base import Field, Form, Value, Values, row, text


class OpenPackets(Form):
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

    def path(self, values: Values) -> Path:
        """The file meant."""
        typed = Path(text(values, "path"))
        try:
            return typed.expanduser()
        except RuntimeError:
            return typed

    def problems(self, values: Values) -> dict[str, str]:
        """A file that is not there."""
        if not text(values, "path"):
            return {"path": "name a file"}
        path = self.path(values)
        try:
            if path.is_dir():
                return {"path": f'"{path}" is a directory; name a file in it'}
            if not path.exists():
                return {"path": f'there is no "{path}"'}
        except (OSError, ValueError):
            return {"path": "that is no name of a file"}
        return {}
