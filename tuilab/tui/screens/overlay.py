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
from textual.css.styles import RulesMap
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

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

    def render(self) -> Any:
        """What is below, dimmed."""
        stack = self.app.screen_stack
        at = stack.index(self) if self in stack else 0
        return Dimmed(stack[at - 1], self.styles.background) if at else super().render()


class Dimmed(Visual):
    """A screen as it shines through another one's background.

    Textual does so by way of Rich, segment by segment, in ten times the time.
    """

    def __init__(self, screen: Screen[object], colour: Color) -> None:
        self._screen = screen
        self._colour = colour

    def render_strips(
        self, width: int, height: int | None, style: Style, options: RenderOptions
    ) -> list[Strip]:
        """All rows of it."""
        # Nothing else tells what a screen looks like that is not in front.
        rows = self._screen._compositor.render_strips()
        return [Strip(_dimmed(row, self._colour), row.cell_length) for row in rows]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """It fills the window."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """It fills the window."""
        return self._screen.size.height


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
