"""Save something to a file that the person names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from tuilab.tui.forms.base import text
from tuilab.tui.forms.save import Save
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.text import Line, line


class SaveScreen(FormDialog):
    """Gives the answers once the file is written."""

    def __init__(
        self,
        form: Save,
        what: Callable[[Path, str], str],
        write: Callable[[Path, str], Awaitable[None]],
    ) -> None:
        """Make it.

        Args:
            form: Asks for the name.
            what: What will be written, in words, to a file of that name, as which kind.
            write: Writes it; raises TuilabError when it can't.
        """
        super().__init__(form)
        self._asked = form
        self._what = what
        self._write = write

    def prepare(self) -> list[Line]:
        """What will be written."""
        what = self._what(self._asked.path(self.values), text(self.values, "kind"))
        return [line(("Will write ", "title"), what)]

    async def carry_out(self) -> None:
        """Write it."""
        path, kind = self._asked.path(self.values), text(self.values, "kind")
        await self._write(path, kind)
        self.dismiss(dict(self.values))
