"""The dialog of every change: a form, its commands, one entry of the history."""

from __future__ import annotations

from tuilab.lab.lab import Lab
from tuilab.lab.uninterrupted import beside
from tuilab.model.edits import Change
from tuilab.tui.forms.base import ChangeForm, Proposal
from tuilab.tui.late import is_large
from tuilab.tui.screens.form import FormDialog
from tuilab.tui.text import Line
from tuilab.tui.widgets.plan_text import plan_lines


class ChangeScreen(FormDialog):
    """Gives the answers when the lab was changed, None when it was not."""

    def __init__(
        self,
        form: ChangeForm,
        lab: Lab,
        *,
        focus: str = "",
        line: str = "",
        proposed: Proposal | None = None,
    ) -> None:
        """Ask.

        Args:
            form: What for.
            lab: Which is changed.
            focus: The field to begin with, the first one by default.
            line: How the line of it begins that is meant, where it has several.
            proposed: What the form proposes, if that is known.
        """
        super().__init__(form, focus=focus, line=line, proposed=proposed)
        self._asked = form
        self._lab = lab
        self._change: Change | None = None
        self._foreseen = True
        self.large = is_large(form.topology)
        if self.large:
            # What is proposed took a while to find.
            self._topology = lab.snapshot.topology

    def prepare(self) -> list[Line]:
        """The commands of the change."""
        change = self._change = self._asked.change(self.values)
        self._foreseen = self._lab.foreseen(change)
        return plan_lines(self._lab.plan(change).commands, self.text_width)

    def prepared(self) -> None:
        """Look at what it is the first to name, and say then what that means."""
        if not self._foreseen:
            change = self._change
            self.holder.run_job(
                lambda: self._foresee(change), of=self, group="look", exclusive=True
            )

    async def _foresee(self, change: Change | None) -> None:
        if change is not None:
            await self._lab.foresee(change)
            if self.is_current and change is self._change:
                self.judge_again()

    async def carry_out(self) -> None:
        """Change the lab, unless everything is as it was."""
        change, topology = self._change, self._lab.snapshot.topology
        if change is None:
            self.dismiss(None)
            return
        if not change.large:
            after = await beside(self.large, change.apply, topology)
            if after == topology:
                self.dismiss(None)
                return
        await self._lab.edit(change)
        self.dismiss(dict(self.values))
