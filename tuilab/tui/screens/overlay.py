"""What every screen over the main one shares: it opens with little work.

Textual styles, places and paints a modal screen three times until it stands: when it
is made, when it hears that it is in front, and when it takes on the classes of the
window's size; and each time it goes through all that shines through from below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar, cast

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual._compositor import Compositor
from textual.color import Color
from textual.css.styles import RulesMap
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.style import Style
from textual.timer import Timer
from textual.visual import RenderOptions, Visual

from tuilab.tui.base import OneSize
from tuilab.tui.beat import Beat
from tuilab.tui.compositor import RowCompositor

Answer = TypeVar("Answer")


class Below(OneSize):
    """A screen that others can stand over, and that is painted row by row."""

    _repaint_required: bool
    _compositor: Compositor
    _on_timer_update: Callable[[], None]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._compositor = RowCompositor()
        self._beat = Beat(self._paint)

    @property
    def _update_timer(self) -> Timer:
        """What Textual's screen has painted by."""
        return cast("Timer", self._beat)

    def _paint(self) -> None:
        app = self.app
        if not self._running or app._exit:
            return
        try:
            self._on_timer_update()
        except Exception as error:
            # As Textual's timer does.
            app._handle_exception(error)

    def _compositor_refresh(self) -> None:
        """Paint what has changed; below another screen, have that paint it.

        Textual goes on asking for the same at every message from then on.
        """
        changed = tuple(self._compositor._dirty_regions)
        super()._compositor_refresh()  # type: ignore[misc]
        stack: list[object] = [*self.app.screen_stack]
        if stack[-1] is self:
            return
        self._repaint_required = False
        if changed and self in stack:
            # It shines through all of them, through each to the next.
            for between in stack[stack.index(self) + 1 : -1]:
                if isinstance(between, Overlay):
                    between.refresh(*changed)


class Overlay(Below, ModalScreen[Answer]):
    """Stands over another screen, which shines through."""

    _stands_for: Size | None = None
    """The window's size that it was placed for at first, until there is another."""

    def on_compose(self) -> None:
        """Take on the window's size before there are any widgets to be styled."""
        width, height = self.app.size
        for room, sizes in (
            (width, self.app.HORIZONTAL_BREAKPOINTS),
            (height, self.app.VERTICAL_BREAKPOINTS),
        ):
            fitting = [(least, name) for least, name in sizes or () if room >= least]
            if fitting:
                self.add_class(max(fitting)[1], update=False)

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
        self._stands_for = self.app.size
        self._refresh_layout(self._stands_for)
        self._layout_required = self._repaint_required = False
        self.stands()

    def stands(self) -> None:
        """Everything has its place for the first time."""

    def post_message(self, message: Message) -> bool:
        """Take a message, unless it tells of the size that it has been placed for."""
        if isinstance(message, events.Resize):
            if message.size == self._stands_for:
                return False
            self._stands_for = None
        return super().post_message(message)

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
