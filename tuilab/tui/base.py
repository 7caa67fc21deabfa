"""What every screen of tuilab relies on: keys in order, work in workers, one handler.

No exception of a worker ends the app: what tuilab says itself becomes a toast, the
unexpected becomes a report on disk and a dialog that names it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from textual import events
from textual.actions import ActionParseResult
from textual.app import App
from textual.dom import DOMNode
from textual.events import Key
from textual.worker import Worker

from tuilab.errors import TuilabError
from tuilab.tui.escapes import apart
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.styling import Wardrobe
from tuilab.tui.typeahead import TypeAhead, Typed

Result = TypeVar("Result")

ROUNDS = 3
"""Times to follow a key's way: itself, its action's messages, and what these post."""
SOME = 4
"""So many widgets are styled in one step of the event loop."""
PATIENCE = 5.0
"""Seconds after which a key counts as passed: its widget may have gone meanwhile."""


class _Way:
    """A key's way: it queues up behind it, and behind what it made, up to the app."""

    def __init__(
        self, app: DOMNode, start: DOMNode, passed: Callable[[], None]
    ) -> None:
        self._app = app
        self._start = self._node = start
        self._rounds = ROUNDS
        self._passed = passed

    def go_on(self) -> None:
        """Queue up at the node that it has come to."""
        # As `call_later` does; but Textual looks up what each new function takes, and
        # that one makes a new one each time.
        if not self._node.post_message(events.Callback(self._reached)):
            # A widget that has gone takes no key any more.
            self._passed()

    def _reached(self) -> None:
        if self._node is not self._app:
            self._node = self._node.parent or self._app
        else:
            self._node = self._start
            self._rounds -= 1
        if self._rounds:
            self.go_on()
        else:
            self._passed()


class BaseApp(App[Result]):
    """An app that keeps keys in order and survives its workers.

    Attributes:
        mistakes: Unexpected errors so far.
        glyphs: The signs beside text.
    """

    glyphs: Glyphs = UNICODE

    def __init__(self) -> None:
        super().__init__()
        self.stylesheet = self._wardrobe = Wardrobe(self.stylesheet._variables)
        self.mistakes: list[Exception] = []
        self._ahead = TypeAhead()
        self._last_key = time.monotonic()
        self._watchdog: asyncio.TimerHandle | None = None

    # -- keys ------------------------------------------------------------------------

    def key(self, name: str) -> str:
        """The key of an action or move as a person reads it."""
        raise NotImplementedError

    @property
    def holding(self) -> bool:
        """Whether keys wait for something to get ready."""
        return self._ahead.holding

    @property
    def settled(self) -> bool:
        """Whether every key has done its work."""
        return self._ahead.idle

    @property
    def rested(self) -> float:
        """Seconds since the last key."""
        return time.monotonic() - self._last_key

    @property
    def weight(self) -> int:
        """How many things of a lab are held."""
        return 0

    def hold_keys(self) -> None:
        """Keep all further keys until `release_keys`."""
        self._ahead.holding = True

    def release_keys(self) -> None:
        """Deliver the keys that were kept."""
        self._ahead.holding = False
        self.call_later(self._deliver)

    def drop_keys(self) -> None:
        """Forget the keys that were kept: what they were meant for did not happen."""
        self._ahead.drop()

    async def on_event(self, event: events.Event) -> None:
        """Take keys one at a time; everything else goes its way."""
        if not isinstance(event, Typed) or event.is_forwarded:
            await super().on_event(event)
            return
        for key in self._keys_of(event):
            if not self._ahead.keep(key):
                await self._take(key)

    def _keys_of(self, event: Typed) -> Sequence[Typed]:
        """What came as one and is two, unless it means something as one."""
        if not isinstance(event, Key):
            return (event,)
        both = apart(event)
        if len(both) > 1 and event.key in self.screen.active_bindings:
            return (event,)
        return both

    async def _take(self, key: Typed) -> None:
        """Start a key, and see when it has passed through."""
        self._ahead.passing = True
        self._last_key = time.monotonic()
        start = self.focused or self.screen
        self._watchdog = asyncio.get_running_loop().call_later(PATIENCE, self._passed)
        await super().on_event(key)
        _Way(self, start, self._passed).go_on()

    def _passed(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        self._ahead.passing = False
        self.call_later(self._deliver)

    async def _deliver(self) -> None:
        key = self._ahead.next()
        if key is not None:
            await self._take(key)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key or a click stands for; a mistake in it is no end of the app."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            self.show_error(error)
            return True

    # -- painting --------------------------------------------------------------------

    def _end_batch(self) -> None:
        """Have every screen paint what it was told of meanwhile.

        Textual has only the app look, and a screen below a dialog would go on showing
        what was until its next message.
        """
        super()._end_batch()
        if not self._batch_count:
            for screen in self.screen_stack:
                screen.check_idle()

    async def refresh_css(self, animate: bool = True) -> None:  # type: ignore[override]
        """Take on another theme, some widgets in each step of the event loop.

        Textual awaits this where a theme changes; elsewhere it has no use for it here.
        """
        with self.batch_update():
            await self._wardrobe.vary(self.get_css_variables())
            nodes: list[DOMNode] = [self]
            for screen in self.screen_stack:
                nodes += screen.walk_children(with_self=True)
            for first in range(0, len(nodes), SOME):
                some = nodes[first : first + SOME]
                self._wardrobe.update_nodes(some, animate=animate)
                await asyncio.sleep(0)
        for screen in self.screen_stack:
            screen._css_update_count = self._css_update_count
        if self.screen_stack and self.screen.is_mounted:
            self.screen._refresh_layout(self.size)

    # -- work ------------------------------------------------------------------------

    def run_job(
        self,
        job: Callable[[], Awaitable[None]],
        *,
        of: DOMNode | None = None,
        group: str = "job",
        exclusive: bool = False,
    ) -> Worker[None]:
        """Run something in a worker; whatever it raises is shown, never fatal.

        Args:
            job: What to run.
            of: Whose it is: it ends with that one. The app's by default.
            group: What kind of job it is.
            exclusive: End others of that kind.
        """
        return (of or self).run_worker(
            self._guarded(job), group=group, exclusive=exclusive, exit_on_error=False
        )

    async def _guarded(self, job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except Exception as error:
            self.show_error(error)

    def show_error(self, error: Exception) -> None:
        """The one handler of errors that nothing else showed."""
        self.drop_keys()
        if isinstance(error, TuilabError):
            self.say(str(error), "error")
        else:
            self.mistakes.append(error)
            self.show_report(error)

    def show_report(self, error: Exception) -> None:
        """Save what is known of an unexpected error, and say where."""
        raise NotImplementedError

    def say(self, text: str, severity: str = "information") -> None:
        """A toast; nothing in it is read as markup. It is not said twice at a time."""
        for shown in [it for it in self._notifications if it.message == text]:
            self._unnotify(shown, refresh=False)
        level = severity if severity in ("warning", "error") else "information"
        self.notify(text, severity=level, markup=False)  # type: ignore[arg-type]
