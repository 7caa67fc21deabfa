"""Another lab: one that is there, a new one, or one from a file."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.errors import InvalidTopology, TuilabError
from tuilab.formats import yaml
from tuilab.model.addressing import lab_name_problem
from tuilab.tui.screens.pick import Entry, PickDialog, fits
from tuilab.tui.surroundings import ExitChoice
from tuilab.tui.text import line
from tuilab.tui.widgets.files import typed_file


class LabsScreen(PickDialog[str, ExitChoice]):
    """Gives where to go; this lab goes on running."""

    title_text = "Switch to another lab"
    verb = "Go there"
    placeholder = "name of a lab, of a new one, or a file"

    def __init__(self, labs: Sequence[str], here: str) -> None:
        super().__init__()
        self._labs = labs
        self._here = here

    def entries(self, query: str) -> Sequence[Entry[str]]:
        """The labs that fit; a name that is none yet means a new one."""
        rows: list[Entry[str]] = [
            (name, line(name, ("  this one", "dim") if name == self._here else ""))
            for name in self._labs
            if fits(query, name)
        ]
        if query and query not in self._labs:
            what = "open that file" if _is_file(query) else "a new lab"
            rows.append((query, line(query, (f"  {what}", "key"))))
        return rows

    def picked(self, value: str | None, query: str) -> None:
        """Leave for it."""
        name = query or value or ""
        if value is not None and fits(query, value):
            name = value
        if name == self._here:
            self.refuse("that is this lab")
        elif _is_file(name):
            self._open(name)
        elif problem := lab_name_problem(name):
            self.refuse(problem)
        else:
            self.dismiss(ExitChoice("lab", name))

    def _open(self, name: str) -> None:
        """Leave for a file, once it is known to be a lab."""
        path = typed_file(name)
        if path is None:
            self.refuse(f'no file "{name}"; give the path of one')
            return
        try:
            yaml.load(path)
        except InvalidTopology as error:
            self.refuse("\n".join(error.lines()))
        except TuilabError as error:
            self.refuse(str(error))
        else:
            self.dismiss(ExitChoice("open", str(path.absolute())))


def _is_file(text: str) -> bool:
    return "/" in text or text.endswith((".yaml", ".yml"))
