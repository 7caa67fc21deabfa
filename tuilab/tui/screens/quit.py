"""Before leaving: does the lab stay?"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from tuilab.tui.moves import moves
from tuilab.tui.screens.dialog import Dialog
from tuilab.tui.surroundings import ExitChoice
from tuilab.tui.text import Span, line


class QuitScreen(Dialog[ExitChoice]):
    """Keep the lab running, or remove it."""

    title_text = "Quit"
    BINDINGS: ClassVar[list[BindingType]] = [*moves("quit")]

    def __init__(
        self,
        name: str,
        save: str,
        *,
        preview: bool = False,
        empty: bool = False,
        unsaved: str = "",
    ) -> None:
        """Ask.

        Args:
            name: The lab's name.
            save: The key that saves it.
            preview: It is only a model, which ends with this.
            empty: There is nothing in it any more but its history.
            unsaved: What is gone either way, in words; may be empty.
        """
        super().__init__()
        self._unsaved = unsaved
        self._lab_name = name
        self._save = save
        self._preview = preview
        self._empty = empty

    def body(self) -> ComposeResult:
        """What the choice means."""
        if self._preview:
            said = "This lab is only a preview: it ends here. "
            said += f"{self._save} saves it to a file."
        else:
            goes_on = "goes on running without tuilab on the screen."
            if self._empty:
                goes_on = "is empty; what was in it can be had back as long as it runs."
            said = (
                f'"{self._lab_name}" {goes_on}\n'
                f"Come back with:       tuilab {self._lab_name}\n"
                f"Remove it later with: tuilab down {self._lab_name}"
            )
        yield Static(said, markup=False)
        if self._unsaved:
            yield Static(self._unsaved, markup=False)

    def buttons(self) -> tuple[Span, ...]:
        """Stay, keep, remove."""
        stay = self.button("Stay", "dialog.cancel", "dim")
        if self._preview:
            return line(stay, "   ", self.button("Quit", "dialog.run"))
        return line(
            stay,
            "   ",
            self.button("Keep it running", "dialog.run"),
            "   ",
            self.button("Remove the lab", "quit.remove", "bad"),
        )

    async def run(self) -> None:
        """Leave; the lab stays."""
        self.dismiss(ExitChoice("keep"))

    def action_keep(self) -> None:
        """Leave; the lab stays."""
        self.dismiss(ExitChoice("keep"))

    def action_remove(self) -> None:
        """Leave; the lab goes, if `RemoveScreen` is answered so."""
        if not self._preview:
            self.dismiss(ExitChoice("remove"))


class RemoveScreen(Dialog[bool]):
    """Gives True for a lab that is to be removed for good.

    It is asked after `QuitScreen`: one key must not end a lab for good.
    """

    title_text = "Remove the lab"
    verb = "Remove"

    def __init__(self, name: str, lost: str) -> None:
        """Ask.

        Args:
            name: The lab's name.
            lost: What is gone then, in words.
        """
        super().__init__()
        self._lab_name = name
        self._lost = lost

    def body(self) -> ComposeResult:
        """What goes."""
        yield Static(f'"{self._lab_name}" goes for good:\n{self._lost}', markup=False)

    async def run(self) -> None:
        """Remove it."""
        self.dismiss(True)
