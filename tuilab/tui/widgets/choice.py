"""A field with a menu."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import OptionList

from tuilab.tui.forms.base import Option
from tuilab.tui.moves import moves
from tuilab.tui.text import fit

PATIENCE = 0.7
"""Seconds without a letter after which the next one begins another word."""


class ChoiceList(OptionList):
    """The options, over all that is below; letters go to the one that has them."""

    DEFAULT_CSS = """
    ChoiceList {
        width: 1fr;
        height: auto;
        max-height: 10;
        overlay: screen;
        constrain: none inside;
        offset: 0 1;
        color: $foreground;
        background: $surface;
        border: $frame $accent;
        &:focus { border: $frame $accent; background-tint: $foreground 5%; }
        & > .option-list--option { padding: 0 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("choices")]

    @dataclass
    class Left(Message):
        """Nothing was chosen."""

        refocus: bool

    def __init__(self, labels: Sequence[str], at: int) -> None:
        super().__init__(*(Content(label) for label in labels))
        self._labels = [label.lower() for label in labels]
        self._at = at
        self._typed, self._when = "", 0.0

    def on_mount(self) -> None:
        """Begin at what is chosen."""
        self.highlighted = self._at

    def on_key(self, event: events.Key) -> None:
        """Letters go to the option that has them, the sooner the better."""
        if event.character is None or not event.is_printable:
            return
        event.stop()
        event.prevent_default()
        now = time.monotonic()
        self._typed = self._typed if now - self._when < PATIENCE else ""
        self._typed += event.character.lower()
        self._when = now
        found = [(label.find(self._typed), n) for n, label in enumerate(self._labels)]
        if found := [it for it in found if it[0] >= 0]:
            self.highlighted = min(found)[1]

    def action_leave(self) -> None:
        """Choose nothing."""
        self.post_message(self.Left(refocus=True))

    def on_blur(self) -> None:
        """The focus is elsewhere."""
        self.post_message(self.Left(refocus=False))


class Choice(Widget, can_focus=True):
    """One of several options; Space or Down opens the menu."""

    DEFAULT_CSS = """
    Choice {
        width: 1fr;
        height: 1;
        background: $boost;
        &:focus { background-tint: $foreground 5%; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("choice")]
    ALLOW_SELECT = False

    value: reactive[str] = reactive("")

    @dataclass
    class Changed(Message):
        """Another one was chosen."""

        choice: Choice

        @property
        def control(self) -> Choice:
            """The field."""
            return self.choice

    def __init__(
        self,
        options: Sequence[Option],
        value: str,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._offered = tuple(options)
        self._was_open = False
        self.set_reactive(Choice.value, self._known(value))

    def _known(self, value: str) -> str:
        """A value that is offered: the first one where this one is not."""
        values = [option.value for option in self._offered]
        return value if value in values else next(iter(values), "")

    @property
    def label(self) -> str:
        """What is chosen, in words."""
        return next((o.label for o in self._offered if o.value == self.value), "")

    @property
    def menu(self) -> ChoiceList | None:
        """The menu, while it is open."""
        return next(iter(self.query(ChoiceList)), None)

    def render(self) -> Content:
        """What is chosen, and that there is more."""
        plain, opened = self.app.has_class("-ascii"), self.menu is not None
        arrow = ("v^" if plain else "▼▲")[opened]
        room = self.size.width - 3
        padded = fit(self.label, room, "~" if plain else "…")
        label = padded.rstrip()
        blank = Content(" " * (room - cell_len(label) + 1))
        focus = "reverse" if self.has_focus else ""
        named = Content.styled(label, focus)
        return named + blank + Content.styled(arrow, f"$foreground 50% {focus}")

    def watch_value(self) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self))

    def offer(self, options: Sequence[Option], value: str) -> None:
        """Other options, another choice; says nothing about it."""
        with self.prevent(Choice.Changed):
            if tuple(options) != self._offered:
                self._offered = tuple(options)
                value = self._known(value)
                self.refresh()
            if any(option.value == value for option in options):
                self.value = value

    # -- the menu ----------------------------------------------------------------------

    async def action_open(self) -> None:
        """Show what there is to choose from."""
        if self.menu is None:
            labels = [option.label for option in self._offered]
            values = [option.value for option in self._offered]
            at = values.index(self.value) if self.value in values else 0
            menu = ChoiceList(labels, at)
            await self.mount(menu)
            self.refresh()
            menu.focus()

    def on_mouse_down(self) -> None:
        """The beginning of a click, which takes the focus away and so shuts it."""
        self._was_open = self.menu is not None

    async def on_click(self, event: events.Click) -> None:
        """Open it, unless it was open."""
        event.stop()
        if event.widget is self and not self._was_open:
            await self.action_open()

    @on(OptionList.OptionSelected)
    async def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.value = self._offered[event.option_index].value
        await self._shut(refocus=True)

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    @on(ChoiceList.Left)
    async def _left(self, event: ChoiceList.Left) -> None:
        event.stop()
        await self._shut(refocus=event.refocus)

    async def _shut(self, *, refocus: bool) -> None:
        menu = self.menu
        if menu is not None:
            if refocus:
                self.focus()
            await menu.remove()
            self.refresh()
