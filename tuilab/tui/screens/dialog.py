"""What every dialog shares: the frame, its buttons, Enter, Esc, and keys in order."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import OptionList, Static

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.base import BaseApp, OneSize
from tuilab.tui.moves import moves
from tuilab.tui.text import Span, content, line

Answer = TypeVar("Answer")

WIDTH = 76
"""Cells of the frame where the window has them."""


class Dialog(OneSize, ModalScreen[Answer | None]):
    """A frame in the middle. Enter runs it, Esc gives None."""

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        & > #frame {
            width: 76;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            border: $frame $accent;
            border-title-style: bold;
            background: $surface;
            padding: 0 1;
        }
        & #buttons {
            width: 1fr;
            text-align: center;
            margin-top: 1;
            link-style: none;
            link-background-hover: $accent;
        }
        & #errors { height: auto; max-height: 50vh; }
        & #error { color: $text-error; text-style: bold; display: none; }
        & #error.-shown { display: block; }
    }
    """
    AUTO_FOCUS: ClassVar[str | None] = ""
    BINDINGS: ClassVar[list[BindingType]] = [*moves("dialog")]
    title_text = ""
    verb = "OK"

    def compose(self) -> ComposeResult:
        """The frame around what the dialog is about."""
        with Vertical(id="frame") as frame:
            frame.border_title = self.title_text
            yield from self.body()
            with VerticalScroll(id="errors", can_focus=False):
                yield Static(id="error", markup=False)
            yield Static(content(self.buttons()), id="buttons")

    def body(self) -> ComposeResult:
        """What the dialog is about."""
        raise NotImplementedError

    def buttons(self) -> tuple[Span, ...]:
        """Cancel, and what Enter does."""
        parts = [Span("[ Cancel  Esc ]", "dim", "screen.cancel")]
        if self.verb:
            parts += [Span("   "), Span(f"[ {self.verb}  Enter ]", "key", "screen.run")]
        return line(*parts)

    def first_focus(self) -> Widget | None:
        """What has the focus at the start."""
        return None

    def on_mount(self) -> None:
        """Ready: deliver what was typed ahead."""
        if (first := self.first_focus()) is not None:
            self.set_focus(first, scroll_visible=False)
        self.holder.release_keys()

    @property
    def holder(self) -> BaseApp[object]:
        """The app."""
        assert isinstance(self.app, BaseApp)
        return self.app

    @property
    def text_width(self) -> int:
        """Cells of a line of text in the frame, a scroll bar allowed for."""
        return min(WIDTH, self.app.size.width) - 6

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter chooses in an open menu; everywhere else it runs the dialog."""
        if action == "run" and isinstance(self.focused, OptionList):
            return False
        return super().check_action(action, parameters)

    def action_run(self) -> None:
        """Run it; keys that follow are for what comes after."""
        if not self.holder.holding:
            self.holder.hold_keys()
            self.holder.run_job(self.run)

    def action_cancel(self) -> None:
        """Close it; nothing happens."""
        if not self.holder.holding:
            self.dismiss(None)

    async def run(self) -> None:
        """Do it. Ends with `dismiss`, or with `refuse`."""
        raise NotImplementedError

    def refuse(self, reason: str) -> None:
        """Say why not, and stay; what was typed ahead was for after it."""
        self.holder.drop_keys()
        error = self.query_one("#error", Static)
        error.update(reason)
        error.set_class(bool(reason), "-shown")

    def lab_changed(self, snapshot: Snapshot) -> None:
        """The lab looks different now."""
