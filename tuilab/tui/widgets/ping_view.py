"""The ping tab: everything that was sent, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.tui.actions import KEYS
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.widgets.line_view import TextLines
from tuilab.tui.widgets.ping_text import Run, run_lines


class PingView(TextLines):
    """Results, the newest last."""

    def __init__(
        self,
        glyphs: Glyphs = UNICODE,
        keymap: Keymap = KEYS,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._glyphs = glyphs
        self._send = keymap.key("send")
        self.show_runs(())

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Show all sendings so far."""
        self.set_lines(run_lines(runs, self._glyphs, self._send))
