"""The line below the packet list in which a filter or a place to go to is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input, Label, Static

from tuilab.tui.text import Line, content, width
from tuilab.tui.widgets.text_field import TextField

Question = Literal["filter", "go"]
LABELS: dict[Question, str] = {"filter": "filter: ", "go": "go to: "}
HINTS: dict[Question, str] = {
    "filter": "pcap-filter, flow A B, any text",
    "go": "number, seconds as 1.5, or 12:30:05",
}


STEP = 20
"""Cells."""


class Verdict(Static):
    """What is said of it; to have other room is no reason to lay out the screen."""

    virtual_size = Reactive(Size(0, 0))


class PacketBar(Horizontal):
    """Asks while it is in sight; Enter takes what was typed, Esc does not."""

    DEFAULT_CSS = """
    PacketBar {
        height: 1;
        display: none;
        &.-asking { display: block; }
        & Label { width: auto; color: $text-muted; }
        & Input { width: 1fr; background: $boost; }
        & Verdict {
            width: 0;
            max-width: 60%;
            padding-left: 1;
            text-wrap: nowrap;
            text-align: right;
        }
    }
    """

    @dataclass
    class Typed(Message):
        """Something else stands there now."""

        bar: PacketBar
        question: Question
        text: str

    @dataclass
    class Given(Message):
        """That is the answer."""

        bar: PacketBar
        question: Question
        text: str

    @dataclass
    class Left(Message):
        """There is no answer."""

        bar: PacketBar

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.question: Question = "filter"
        self._offered: Sequence[str] = ()
        self._at = 0
        self._room = 0
        self._said: Line = ()

    def compose(self) -> ComposeResult:
        """Label, field and what is said of it."""
        yield Label(id="bar-label")
        yield TextField(id="bar-input")
        yield Verdict(id="verdict", markup=False)

    @property
    def field(self) -> Input:
        """Where it is typed."""
        return self.query_one("#bar-input", Input)

    @property
    def asking(self) -> bool:
        """Whether it is in sight."""
        return self.has_class("-asking")

    def ask(self, question: Question, text: str, offered: Sequence[str]) -> None:
        """Come into sight.

        Args:
            question: What is asked.
            text: What stands there at first.
            offered: What Up goes through, the nearest first.
        """
        self.question = question
        self._offered, self._at, self._room = offered, 0, 0
        self.query_one("#bar-label", Label).update(LABELS[question])
        self.add_class("-asking")
        with self.field.prevent(Input.Changed):
            self.field.value = text
        self.field.placeholder = HINTS[question]
        self.field.cursor_position = len(text)
        self.post_message(self.Typed(self, question, text))
        self.field.focus()

    def leave(self) -> None:
        """Go out of sight."""
        self.remove_class("-asking")

    def say(self, words: Line) -> None:
        """What is said of that which was typed.

        Its room grows by steps, and shrinks only where what is typed needs it: either
        lays out the whole screen.
        """
        verdict = self.query_one(Verdict)
        cells = -(-(width(words) + 1) // STEP) * STEP if words else 0
        tight = cell_len(self.field.value) >= self.field.size.width
        if cells > self._room or (tight and cells < self._room):
            verdict.styles.width = self._room = cells
        if words != self._said:
            self._said = words
            verdict.update(content(words), layout=False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.asking:
            self.post_message(self.Typed(self, self.question, event.value))

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Given(self, self.question, event.value.strip()))

    def on_key(self, event: events.Key) -> None:
        """Esc leaves; Up and Down go through what was typed before."""
        if event.key == "escape":
            self.post_message(self.Left(self))
        elif event.key in ("up", "down") and self._offered:
            step = 1 if event.key == "up" else -1
            self._at = max(0, min(self._at + step, len(self._offered)))
            text = self._offered[self._at - 1] if self._at else ""
            self.field.value = text
            self.field.cursor_position = len(text)
        else:
            return
        event.stop()
        event.prevent_default()
