"""A field with a menu."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Select, Static

from tuilab.tui.forms.base import Option


class Choice(Select[str]):
    """One of several options; Space or Down opens the menu."""

    DEFAULT_CSS = """
    Choice {
        width: 1fr;
        & > SelectCurrent { background: $boost; height: 1; padding: 0 1 0 0; }
        &:focus > SelectCurrent { text-style: reverse; }
        &.-textual-compact > SelectOverlay.-textual-compact {
            border: $frame $accent !important;
            max-height: 10;
        }
    }
    """

    def __init__(
        self,
        options: Sequence[Option],
        value: str,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        self._offered = tuple(options)
        super().__init__(
            [(option.label, option.value) for option in options],
            allow_blank=False,
            value=value,
            compact=True,
            id=id,
        )

    def on_mount(self) -> None:
        """Arrows that every terminal has, where that is asked for."""
        if self.app.has_class("-ascii"):
            self.query_one(".down-arrow", Static).update("v")
            self.query_one(".up-arrow", Static).update("^")

    @property
    def chosen(self) -> str:
        """The value of what is chosen."""
        return str(self.value)

    def offer(self, options: Sequence[Option], value: str) -> None:
        """Other options, another choice; says nothing about it."""
        with self.prevent(Select.Changed):
            if tuple(options) != self._offered:
                self._offered = tuple(options)
                self.set_options([(o.label, o.value) for o in options])
            if value != self.value and any(o.value == value for o in options):
                self.value = value
