"""The dialog of every change: a form, its commands, one entry of the history."""

from __future__ import annotations

from tuilab.lab.lab import Lab
from tuilab.model.edits import Change
from tuilab.tui.forms.base import ChangeForm
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.text import Line
from tuilab.tui.widgets.plan_text import plan_lines


class ChangeScreen(FormDialog):
    """Gives the answers when the lab was changed, None when it was not."""

    def __init__(
        self, form: ChangeForm, lab: Lab, *, focus: str = "", line: str = ""
    ) -> None:
        """Ask.

        Args:
            form: What for.
            lab: Which is changed.
            focus: The field to begin with, the first one by default.
            line: How the line of it begins that is meant, where it has several.
        """
        super().__init__(form, focus=focus, line=line)
        self._asked = form
        self._lab = lab
        self._change: Change | None = None

    def prepare(self) -> list[Line]:
        """The commands of the change."""
        change = self._change = self._asked.change(self.values)
        if not self._lab.foreseen(change):
            self.holder.run_job(
                lambda: self._foresee(change), of=self, group="look", exclusive=True
            )
        return plan_lines(self._lab.plan(self._change).commands, self.text_width)

    async def _foresee(self, change: Change) -> None:
        """Look at what it is the first to name, and say then what that means."""
        await self._lab.foresee(change)
        if self.is_current and change is self._change:
            self._judge()

    async def carry_out(self) -> None:
        """Change the lab, unless everything is as it was."""
        change, topology = self._change, self._lab.snapshot.topology
        if change is None or (not change.large and change.apply(topology) == topology):
            self.dismiss(None)
            return
        await self._lab.edit(change)
        self.dismiss(dict(self.values))
