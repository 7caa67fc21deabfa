"""The pane of the tour: what comes next, the commands, and what Enter does."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from tuilab.tui.actions import ACTIONS, KEYS
from tuilab.tui.keymap import Keymap
from tuilab.tui.moves import moves
from tuilab.tui.text import Line, Span, contents, line
from tuilab.tui.tour import Tour
from tuilab.tui.widgets.plan_text import plan_lines

COMMANDS = 4
"""Lines of commands in sight; the log has them all."""


class TourPane(Static, can_focus=True):
    """Takes Enter and Esc; every other key does what it always does."""

    DEFAULT_CSS = """
    TourPane {
        height: auto;
        max-height: 12;
        padding: 0 1;
        display: none;
        link-style: none;
        link-background-hover: $accent;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("tour")]

    @dataclass
    class Asked(Message):
        """Enter, Esc or r: ``next``, ``leave`` or ``remove``."""

        what: str

    def __init__(self, keymap: Keymap = KEYS, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, markup=False)
        self._keymap = keymap
        self._at_end = False

    def show(self, tour: Tour, commands: Sequence[str], news: Sequence[Line]) -> None:
        """Show a step.

        Args:
            tour: Where we are.
            commands: What Enter would run.
            news: What came of it so far.
        """
        self._at_end = tour.index == tour.last
        number = f"{tour.index + 1}/{tour.last + 1}"
        self.border_title = f"Tour {number}  {tour.step.title}"
        cells = max(self.size.width - 2, 40)
        lines = [line(f" {text}") for text in textwrap.wrap(tour.step.text, cells)]
        if news:
            lines += news
        elif commands:
            plan = plan_lines(commands, cells)[:COMMANDS]
            lines += [(*line(" "), *spans) for spans in plan]
        self.update(contents([*lines, self._keys(tour)]))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only at the end is there something to remove."""
        return self._at_end if action == "ask" and parameters == ("remove",) else True

    def action_ask(self, what: str) -> None:
        """Tell the screen."""
        self.post_message(self.Asked(what))

    def _keys(self, tour: Tour) -> Line:
        own = [
            f"{self._keymap.key(name)} {ACTIONS[name].label or ACTIONS[name].about}"
            for name in tour.step.own
        ]
        sent = tour.step.verb == "ping" and tour.replies
        looks = sent or (tour.step.change is None and not tour.step.verb)
        buttons = {
            "next": "goes on" if looks else "does it",
            "leave": "leaves it",
        }
        if self._at_end:
            buttons = {"next": "keeps it", "remove": "removes it"}
        spans = [span for it in buttons.items() for span in self._button(*it)]
        if own:
            spans.append(Span(f"or yourself: {', '.join(own)}", "dim"))
        return line(" ", *spans)

    def _button(self, what: str, does: str) -> tuple[Span, ...]:
        key = self._keymap.key(f"tour.{what}")
        click = f"ask('{what}')"
        return (Span(f"[ {key} {does} ]", "key", click), Span("  "))
