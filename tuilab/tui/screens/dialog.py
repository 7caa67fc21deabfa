"""What every dialog shares: the frame, its buttons, Enter, Esc, and keys in order."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from tuilab.lab.snapshot import Snapshot
from tuilab.tui.base import BaseApp
from tuilab.tui.frame import show_subtitle
from tuilab.tui.moves import MOVES, moves
from tuilab.tui.screens.overlay import Overlay
from tuilab.tui.text import Line, Role, Span, content, contents, in_rows, line

Answer = TypeVar("Answer")

WIDTH = 76
"""Cells of the frame where the window has them."""
AROUND = 4
"""Rows of a dialog that only has something long: frame, buttons, the row above them."""


class Dialog(Overlay[Answer | None]):
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
            border-title-color: $foreground;
            border-subtitle-color: $text-muted;
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
        & #frame { link-style: none; link-color: $text-muted; }
        & #errors { height: auto; max-height: 50vh; }
        & VerticalScroll { scrollbar-size-vertical: 1; }
        & .long { height: auto; }
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
            frame.border_title = Content(self.title_text)
            yield from self.body()
            with VerticalScroll(id="errors", can_focus=False):
                yield Static(id="error", markup=False)
            yield Static(contents(self._button_rows), id="buttons")

    def body(self) -> ComposeResult:
        """What the dialog is about."""
        raise NotImplementedError

    def buttons(self) -> tuple[Span, ...]:
        """Cancel, and what Enter does."""
        if not self.verb:
            return (self.button("Close", "dialog.cancel"),)
        cancel = self.button("Cancel", "dialog.cancel", "dim")
        return line(cancel, "   ", self.button(self.verb, "dialog.run"))

    @property
    def _button_rows(self) -> list[Line]:
        return in_rows(self.buttons(), self.text_width + 2)

    def show_buttons(self) -> None:
        """The buttons are others, or have other room."""
        buttons = self.query_one("#buttons", Static)
        wanted = contents(self._button_rows)
        if wanted != buttons.content:
            buttons.update(wanted)

    def button(self, words: str, move: str, role: Role = "key") -> Span:
        """What a move does, with its key; a click does it too.

        Args:
            words: What it does.
            move: Its id in the table.
            role: How it looks.
        """
        does = f"screen.{MOVES[move].action}"
        return Span(f"[ {words}  {self.key(move)} ]", role, does)

    def key(self, name: str) -> str:
        """The key of an action or move as a person reads it."""
        return self.holder.key(name)

    def first_focus(self) -> Widget | None:
        """What has the focus at the start."""
        return None

    def on_mount(self) -> None:
        """Ready: deliver what was typed ahead."""
        if (first := self.first_focus()) is not None:
            self.set_focus(first, scroll_visible=False)
        self.holder.release_keys()
        self.measure()
        # Only what is laid out tells whether it fits.
        laid_out = self.screen_layout_refresh_signal
        laid_out.subscribe(self, lambda _: self.show_more())

    def stands(self) -> None:
        """It is known now what does not fit."""
        self.show_more()

    def on_resize(self) -> None:
        """What is measured by the window is measured again."""
        self.show_buttons()
        self.measure()
        for widget in self.query("#frame > *"):
            widget.refresh(layout=True)

    def measure(self) -> None:
        """What can be long has the rows that the rest of the dialog leaves."""
        for area in self.query("#frame > .long"):
            rows = self.rows_left - AROUND - (len(self._button_rows) - 1)
            area.styles.max_height = max(3, rows)

    @property
    def rows_left(self) -> int:
        """Rows of the window less those that say what is wrong."""
        height, error = self.app.size.height, self.query_one("#error", Static)
        told = str(error.content).splitlines() if error.has_class("-shown") else []
        rows = sum(max(1, len(wrap(words, self.text_width))) for words in told)
        return height - min(rows, height // 2)

    # -- what is longer than there is room for ---------------------------------------

    @property
    def longest(self) -> VerticalScroll | None:
        """What does not fit and no field of it takes keys: it can be read on in."""
        areas = self.query("#frame > VerticalScroll").results(VerticalScroll)
        return next(
            (it for it in areas if it.display and it.max_scroll_y and it.id != "rows"),
            None,
        )

    def show_more(self) -> None:
        """Say how to read on where there is more than fits."""
        # Called later, when the dialog may be on its way out: then it has no frame.
        for frame in self.query("#frame"):
            show_subtitle(frame, content(self.subtitle()))

    def subtitle(self) -> Line:
        """What stands in the lower border; a click on a key does what it does."""
        if self.longest is None:
            return ()
        return (self.hint("dialog.read_on", "reads on"),)

    def hint(self, move: str, words: str) -> Span:
        """A key and what it does, for the border; a click does it too."""
        return Span(f"{self.key(move)} {words}", "", f"screen.{MOVES[move].action}")

    def action_read(self, way: int) -> None:
        """On in what does not fit, or back."""
        if (area := self.longest) is None:
            return
        if way > 0:
            area.scroll_page_down(animate=False)
        else:
            area.scroll_page_up(animate=False)

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
        self.show_error(reason)

    def show_error(self, text: str) -> None:
        """Say what is wrong; empty words say that nothing is."""
        error = self.query_one("#error", Static)
        if text != error.content:
            error.update(text)
            error.set_class(bool(text), "-shown")
            self.measure()

    def lab_changed(self, snapshot: Snapshot) -> None:
        """The lab looks different now."""
