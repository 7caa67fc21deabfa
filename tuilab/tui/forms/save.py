"""Save the lab: under which name."""

from __future__ import annotations

from pathlib import Path

from tuilab.kernel import sandbox
from tuilab.model.topology import Topology
from tuilab.tui.forms.base import Field, Value, Values, row
from tuilab.tui.forms.file import FileForm


class Save(FileForm):
    """The dialog of ctrl+s, and of saving packets."""

    verb = "Save"
    unnamed = "give the file a name"
    rows = (row("File", Field("path", help="A name or path; ~ is your home.")),)

    def __init__(
        self, topology: Topology, title: str, proposed: Path, remark: str = ""
    ) -> None:
        """Ask.

        Args:
            topology: The lab.
            title: Shown on the frame.
            proposed: Where to, unless the person names another place.
            remark: What to know about the file that is there, if anything.
        """
        super().__init__(topology)
        self.title = title
        self._proposed = proposed
        self._remark = remark

    def propose(self, given: Values) -> dict[str, Value]:
        """Where it was saved last, else the lab's name."""
        return {"path": str(self._proposed), **given}

    def refuse(self, path: Path) -> str:
        """A place that can't be written to."""
        folder = path.absolute().parent
        if not folder.is_dir():
            return f'no directory "{folder}"; make it first'
        sandbox.check_writable(path)
        return ""

    def notes(self, values: Values) -> dict[str, str]:
        """Whether a file will be replaced."""
        path = self.path(values)
        try:
            if not path.exists():
                return {"path": "a new file"}
        except (OSError, ValueError):
            return {}
        remark = self._remark if path == self._proposed else ""
        return {"path": remark or "exists, will be replaced"}
