"""What asks for the name of a file."""

from __future__ import annotations

from pathlib import Path

from tuilab.errors import TuilabError
from tuilab.tui.forms.base import Form, Values, text


class FileForm(Form):
    """A form with a field ``path``."""

    unnamed = "name a file"
    """What is said where nothing was typed."""

    def path(self, values: Values) -> Path:
        """The file meant."""
        typed = Path(text(values, "path"))
        try:
            return typed.expanduser()
        except RuntimeError:
            # No such user: a file may be called like that.
            return typed

    def problems(self, values: Values) -> dict[str, str]:
        """No name, or one that will not do."""
        if not text(values, "path"):
            return {"path": self.unnamed}
        path = self.path(values)
        try:
            if path.is_dir():
                return {"path": f'"{path}" is a directory; name a file in it'}
            problem = self.refuse(path)
        except TuilabError as error:
            problem = str(error)
        except OSError as error:
            problem = f'"{path}": {error.strerror}'
        except ValueError:
            problem = "that is no name of a file"
        return {"path": problem} if problem else {}

    def refuse(self, path: Path) -> str:
        """Why this file will not do; empty if it will. May raise what is said then."""
        raise NotImplementedError
