"""Save the lab: under which name."""

from __future__ import annotations

from pathlib import Path

from tuilab.errors import TuilabError
from tuilab.kernel import sandbox
from tuilab.model.topology import Topology
from tuilab.tui.forms.base import Field, Form, Value, Values, row, text


class Save(Form):
    """The dialog of ctrl+s, and of saving packets."""

    verb = "Save"
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

    def path(self, values: Values) -> Path:
        """The file meant."""
        typed = Path(text(values, "path"))
        try:
            return typed.expanduser()
        except RuntimeError:
            # No such user: a file may be called like that.
            return typed

    def problems(self, values: Values) -> dict[str, str]:
        """A place that can't be written to."""
        if not text(values, "path"):
            return {"path": "give the file a name"}
        path = self.path(values)
        try:
            if path.is_dir():
                return {"path": f'"{path}" is a directory; name a file in it'}
            if not path.absolute().parent.is_dir():
                return {
                    "path": f'no directory "{path.absolute().parent}"; make it first'
                }
            sandbox.check_writable(path)
        except TuilabError as error:
            return {"path": str(error)}
        except OSError as error:
            return {"path": f'"{path}": {error.strerror}'}
        except ValueError:
            return {"path": "that is no name of a file"}
        return {}

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
