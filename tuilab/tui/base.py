"""What every screen of tuilab relies on: keys in order, work in workers, one handler.

No exception of a worker ends the app: what tuilab says itself becomes a toast, the
unexpected becomes a report on disk and a dialog that names it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from textual import events
from textual.app import App
from textual.worker import Worker

from tuilab.errors import TuilabError
from tuilab.tui.typeahead import TypeAhead

Result = TypeVar("Result")


class BaseApp(App[Result]):
    """An app that keeps keys in order and survives its workers."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = TypeAhead()

    # -- keys ------------------------------------------------------------------------

    @property
    def holding(self) -> bool:
        """Whether keys wait for something to get ready."""
        return self._ahead.holding

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
        """Keep keys that came too early; everything else goes its way."""
        if (
            isinstance(event, events.Key)
            and not event.is_forwarded
            and self._ahead.keep(event)
        ):
            return
        await super().on_event(event)

    async def _deliver(self) -> None:
        while (key := self._ahead.next()) is not None:
            await super().on_event(key)

    # -- work ------------------------------------------------------------------------

    def run_job(
        self, job: Callable[[], Awaitable[None]], *, group: str = "job"
    ) -> Worker[None]:
        """Run something in a worker; whatever it raises is shown, never fatal."""
        return self.run_worker(self._guarded(job), group=group, exit_on_error=False)

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
            self.show_report(error)

    def show_report(self, error: Exception) -> None:
        """Save what is known of an unexpected error, and say where."""
        raise NotImplementedError

    def say(self, text: str, severity: str = "information") -> None:
        """A toast; nothing in it is read as markup."""
        level = severity if severity in ("warning", "error") else "information"
        self.notify(text, severity=level, markup=False)  # type: ignore[arg-type]
