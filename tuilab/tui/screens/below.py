"""What every screen shares: it is styled, placed and painted in short steps.

Textual does all of it at once: 50 ms after a window has got another size, in which no
key is heard.
"""

from __future__ import annotations

import asyncio
from copy import copy
from typing import Any, TypeVar, cast

from textual import events
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer

from tuilab.tui.beat import Beat
from tuilab.tui.compositor import RowCompositor

Answer = TypeVar("Answer")


class Below(Screen[Answer]):
    """A screen that others can stand over, and that is painted some rows at a time.

    `_update_timer`, `_compositor`, `_compositor_refresh`, `_on_idle` and `_on_resize`
    are Textual's own names.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._compositor = self._painter = RowCompositor()
        self._beat = Beat(self._paint)
        self._whole = asyncio.Event()
        self._whole.set()
        self._in_parts = False

    @property
    def _update_timer(self) -> Timer:
        """What Textual's screen has painted by."""
        return cast("Timer", self._beat)

    def _paint(self) -> None:
        if self.app._exit or not self._running:
            return
        try:
            self._on_timer_update()
        except Exception as error:
            # As Textual's timer does.
            self.app._handle_exception(error)

    # -- painting --------------------------------------------------------------------

    @property
    def painting(self) -> bool:
        """Whether more rows are about to be painted."""
        return not self._whole.is_set()

    async def painted(self) -> None:
        """Wait until no more rows are about to be painted."""
        while self.painting:
            await self._whole.wait()

    @property
    def _in_front(self) -> bool:
        return self.app.screen_stack[-1:] == [self]

    def rows(self, first: int, beyond: int) -> list[Strip]:
        """Some rows of it as they look now, for a screen that it shines through."""
        return self._painter.rows(first, beyond)

    def _compositor_refresh(self) -> None:
        """Paint what has changed; below another screen, have that paint it.

        Textual paints all of it at once; and below another screen it goes on asking for
        the same at every message from then on.
        """
        if self._in_front:
            self._dirty_widgets.clear()
            self._paint_soon()
            self.app._update_mouse_over(self)
            return
        changed = tuple(self._compositor._dirty_regions)
        super()._compositor_refresh()
        self._repaint_required = False
        stack = self.app.screen_stack
        if changed and self in stack:
            # It shines through all of them, through each to the next.
            for between in stack[stack.index(self) + 1 : -1]:
                between.refresh(*changed)

    def _paint_soon(self) -> None:
        """Paint some rows in a step of their own."""
        if self._whole.is_set():
            self._whole.clear()
            asyncio.get_running_loop().call_soon(self._paint_rows)

    def _paint_rows(self) -> None:
        self._whole.set()
        app = self.app
        if app._exit or not self._running or app._batch_count or not self._in_front:
            return
        if self._painter.size != app.size:
            return  # the window is another one, and all of it will be painted
        try:
            update = self._painter.render_update(screen_stack=app._background_screens)
            # What has been painted in parts is sent in a step of its own.
            again = self._in_parts and update is not None
            self._in_parts = again or self._painter.unpainted
            if self._in_parts:
                self._paint_soon()
            app._display(self, update)
        except Exception as error:
            app._handle_exception(error)

    async def _on_idle(self, event: events.Idle) -> None:
        """Go on with what had to wait for the end of a batch."""
        if (self._painter.unpainted or self._in_parts) and self._in_front:
            self._paint_soon()

    # -- sizes -----------------------------------------------------------------------

    def post_message(self, message: Message) -> bool:
        """Take a message. All screens are told of a size by one and the same event."""
        if isinstance(message, events.Resize):
            message = copy(message)
        return super().post_message(message)

    async def _on_resize(self, event: events.Resize) -> None:
        """The window has another size: style, place and paint, each in its own step.

        Textual places everything twice, and paints it in between; and then once more,
        as a screen tells itself of the size that it has taken on.
        """
        event.stop()
        event.prevent_default()
        # While a person drags the window's edge there would never be a whole picture.
        await self.painted()
        # By now there may be another size, or this one has been told of before.
        if event.size == self.app.size != self._painter.size:
            with self.app.batch_update():
                self.size_up()
                await asyncio.sleep(0)
            # Behind what widgets have to say of their new styles.
            self.call_later(self._take_place)

    def _take_place(self) -> None:
        """Everything has its place in the window as it is now."""
        if self.stack_updates and self.is_attached:
            self._refresh_layout(self.app.size)
            self._layout_required = False

    def size_up(self, *, update: bool = True) -> None:
        """Take on the classes for the window's size.

        Args:
            update: Style everything by them.
        """
        width, height = self.app.size
        classes: dict[str, bool] = {}
        for room, sizes in (
            (width, self.app.HORIZONTAL_BREAKPOINTS or ()),
            (height, self.app.VERTICAL_BREAKPOINTS or ()),
        ):
            fitting = max((size for size in sizes if room >= size[0]), default=None)
            classes |= {size[1]: size == fitting for size in sizes}
        self.update_classes(classes, update=update, animate=False)
