"""What every screen over the main one shares: it opens with little work.

Textual styles, places and paints a modal screen three times until it stands: when it
is made, when it hears that it is in front, and when it takes on the classes of the
window's size; and each time it goes through all that shines through from below.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.color import Color
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip

from tuilab.tui.compositor import AT_ONCE
from tuilab.tui.screens.below import Answer, Below


class Overlay(ModalScreen[Answer], Below[Answer]):
    """Stands over another screen, which shines through."""

    def on_compose(self) -> None:
        """Take on the window's size before there are any widgets to be styled."""
        self.size_up(update=False)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """It is in front, for the first time or again."""
        event.refresh_styles = False
        if not self.stack_updates:
            event.prevent_default()
            # Behind what its widgets have to say of their sizes.
            self.call_later(self._stand)

    async def _stand(self) -> None:
        """Place and paint everything, once."""
        if not self.is_attached:
            return
        self.stack_updates += 1
        self.app._refresh_notifications()
        for rack in self.query("#textual-toastrack"):
            rack.display = bool(self.app._notifications)
        await self._flush_next_callbacks()
        self._refresh_layout(self.app.size)
        self._layout_required = self._repaint_required = False
        self.stands()

    def stands(self) -> None:
        """Everything has its place for the first time."""

    # -- what shines through -----------------------------------------------------------

    _made: tuple[Size, dict[int, Strip]] | None = None

    def render_line(self, y: int) -> Strip:
        """A row of what is below, dimmed.

        Textual makes all of them at once, and segment by segment, in ten times the
        time; here some are made, in the step that paints them.
        """
        stack = self.app.screen_stack
        at = stack.index(self) if self in stack else 0
        below = stack[at - 1] if at else None
        if not isinstance(below, Below):
            return super().render_line(y)
        if self._made is None or self._made[0] != self.size:
            self._made = self.size, {}
        rows = self._made[1]
        for region in self._dirty_regions:
            for row in region.line_range:
                rows.pop(row, None)
        self._dirty_regions.clear()
        if y not in rows:
            self._make_rows(below, rows, y)
        return rows.get(y) or Strip.blank(self.size.width)

    def _make_rows(self, below: Below[Any], rows: dict[int, Strip], y: int) -> None:
        """Make a row, and as many of those behind it as are painted at once."""
        beyond = y + max(1, AT_ONCE // max(1, self.size.width))
        beyond = next((row for row in range(y, beyond) if row in rows), beyond)
        colour = self.styles.background
        for row, strip in enumerate(below.rows(y, beyond), y):
            rows[row] = Strip(_dimmed(strip, colour), strip.cell_length)


def _dimmed(row: Iterable[Segment], colour: Color) -> list[Segment]:
    return [
        Segment(text, _look(style or RichStyle.null(), colour))
        for text, style, _ in row
    ]


@lru_cache(4096)
def _look(style: RichStyle, colour: Color) -> RichStyle:
    """A style with a colour over it; nothing in it can be clicked."""
    plain = style.clear_meta_and_links()
    if not colour.a:
        return plain
    front, back = (
        None if it is None else (Color.from_rich_color(it) + colour).rich_color
        for it in (style.color, style.bgcolor)
    )
    return plain + RichStyle.from_color(front, back)
