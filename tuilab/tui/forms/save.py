"""Save something: under which name, and a lab as what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuilab.kernel import sandbox
from tuilab.model.topology import Topology
from tuilab.tui.forms.base import Field, Option, Row, Value, Values, row, text
from tuilab.tui.forms.file import FileForm


class Save(FileForm):
    """The dialog of saving packets."""

    verb = "Save"
    unnamed = "give the file a name"
    rows: tuple[Row, ...] = (
        row("File", Field("path", help="A name or path; ~ is your home.")),
    )

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
        own = path == self._proposed and text(values, "kind") in ("", YAML)
        remark = self._remark if own else ""
        return {"path": remark or "exists, will be replaced"}


YAML = ".yaml"
KINDS = {
    YAML: "a topology file (YAML)",
    ".sh": "a shell script",
    ".txt": "a drawing in text",
    ".svg": "a drawing as SVG",
}
"""What a lab can be saved as, by the usual end of the file's name."""


class SaveLab(Save):
    """The dialog of ctrl+s."""

    rows = (
        *Save.rows,
        row(
            "As",
            Field(
                "kind",
                "choice",
                help="Only a topology file can be loaded again. A script has the "
                "commands that build the lab; a drawing is all that is on the canvas.",
            ),
        ),
    )

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """What it can be saved as."""
        return [Option(kind, words) for kind, words in KINDS.items()]

    def propose(self, given: Values) -> dict[str, Value]:
        """The file goes with the kind, or the kind with the end of the file's name."""
        typed = Path(text(given, "path")).suffix.lower()
        kind = text(given, "kind") or (typed if typed in KINDS else YAML)
        path = self._proposed if kind == YAML else self._proposed.with_suffix(kind)
        return {"path": str(path), "kind": kind, **given}
