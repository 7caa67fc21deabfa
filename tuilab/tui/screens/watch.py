"""Choose what to watch."""

from __future__ import annotations

from functools import partial

from tuilab.tui.forms.base import text
from tuilab.tui.forms.watch import Watch
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.text import Line, line
from tuilab.tui.watching import Watching


class WatchScreen(FormDialog):
    """Gives the answers once the capture runs."""

    def __init__(self, form: Watch, watching: Watching, lost: str) -> None:
        """Make it.

        Args:
            form: Asks for the links.
            watching: Is started.
            lost: What is no longer there afterwards, in words; may be empty.
        """
        super().__init__(form)
        self._lost = lost
        self._asked = form
        self._watching = watching

    def prepare(self) -> list[Line]:
        """What a person would type, and what is lost by it."""
        commands = self._asked.commands(self.values)
        return [
            line(("Like ", "title"), commands[0]),
            *(line(f"     {command}") for command in commands[1:]),
            *([line((self._lost, "warn"))] if self._lost else []),
        ]

    async def carry_out(self) -> None:
        """Start the capture."""
        form, values = self._asked, dict(self.values)
        await self._watching.start(
            form.endpoints(values),
            text(values, "filter"),
            whole=partial(form.endpoints, values) if form.whole(values) else None,
        )
        self.dismiss(dict(self.values))
