"""Leads through the tour: keeps its pane up to date and does what it asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.lab.snapshot import Snapshot
from tuilab.tui.actions import alive
from tuilab.tui.text import Line, line
from tuilab.tui.tour import PING, Tour
from tuilab.tui.widgets.hints import empty
from tuilab.tui.widgets.ping_text import Run, result_lines
from tuilab.tui.widgets.tour_pane import TourPane

if TYPE_CHECKING:
    from tuilab.tui.screens.main import MainScreen

_PINGS, _INTERVAL = 4, 0.2


class Guide:
    """The tour, while one is under way."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._news: list[Line] = []
        self._at = 0
        self._told = False
        self.tour: Tour | None = None

    @property
    def pane(self) -> TourPane:
        """Its pane."""
        return self._screen.query_one(TourPane)

    def start(self) -> None:
        """Begin, or come back to it."""
        if self.tour is None:
            self.tour = Tour(self._screen.lab.snapshot)
            self._at, self._news = self.tour.index, []
            self._screen.add_class("-tour")
            self.show_card()
        self._screen.call_after_refresh(self._shown)

    def show_card(self) -> None:
        """What the drawing of an empty lab says."""
        screen = self._screen
        card = empty(
            host=screen.lab.snapshot.host,
            keymap=screen.session.around.keymap,
            touring=self.tour is not None,
        )
        screen.canvas.empty, screen.canvas.card = card.text, card.choices
        screen.outline.card = card

    def _shown(self) -> None:
        self.show()
        self._screen.set_focus(self.pane)

    def lab_changed(self, snapshot: Snapshot) -> None:
        """The lab looks different."""
        if self.tour is not None and not snapshot.pending:
            self.tour.look(snapshot)
            self.show()

    def sent(self, run: Run) -> None:
        """Something was sent, here or in the dialog."""
        if self.tour is None or self.tour.index != PING:
            return
        self.tour.replies = sum(
            not isinstance(result, str) and result.ok for result in run.results
        )
        self._news = result_lines(run, self._screen.session.glyphs)[-3:]
        self.show()

    def show(self) -> None:
        """Show the step, what Enter would run, or what came of it."""
        tour = self.tour
        if tour is None:
            return
        if tour.index != self._at:
            self._at, self._news, self._told = tour.index, [], False
        if tour.step.verb == "ping" and not self._news:
            self._news = [
                line((" Like ", "title"), f"ping -c {_PINGS} {tour.ping()[1]}")
            ]
        self.pane.show(tour, self._commands(tour), self._news)

    def _commands(self, tour: Tour) -> Sequence[str]:
        try:
            change = tour.change()
            return self._screen.lab.plan(change).commands if change else ()
        except TuilabError as error:
            self._news = [line((str(error), "bad"))]
            return ()

    def asked(self, what: str) -> None:
        """Do what its pane asks for: ``next``, ``leave`` or ``remove``."""
        screen = self._screen
        if what == "leave":
            self.leave()
        elif reason := alive(screen.context()):
            screen.session.say(reason, "warning")
        else:
            job = self.go_on if what == "next" else self.remove
            screen._run(lambda _: job())

    async def go_on(self) -> None:
        """Do the step, or go on from one that is only to be looked at."""
        tour = self.tour
        if tour is None:
            return
        if tour.index == tour.last:
            self.leave("the lab stays: build on")
        elif tour.step.verb == "ping":
            await self._ping(tour)
        elif tour.step.verb == "undo":
            await self._screen.lab.undo()
        elif (change := tour.change()) is not None:
            await self._screen.lab.edit(change)
        else:
            tour.go_on()
        self._screen.refresh_lab()
        self.show()

    async def _ping(self, tour: Tour) -> None:
        """Send; once there were replies, go on. In a preview there are none."""
        context = self._screen.context()
        reason = context.gone or context.no_packets
        if reason and not self._told:
            self._told = True
            key = self._screen.session.key("tour.next")
            self._news = [line((f"not here: {reason}. {key} goes on.", "warn"))]
            return
        if reason or tour.replies:
            tour.go_on()
            return
        sender = self._screen.session.around.sender
        assert sender is not None
        namespace, to = tour.ping()
        run = Run(f"ping {to} from {namespace}")
        pings = sender.ping(namespace, to, count=_PINGS, interval=_INTERVAL)
        try:
            async with contextlib.aclosing(pings):
                async for result in pings:
                    run.results.append(result)
                    self._screen.show_run(run)
        finally:
            run.running = False
            self._screen.show_run(run)

    async def remove(self) -> None:
        """Undo everything since the tour began, and leave."""
        tour, lab = self.tour, self._screen.lab
        if tour is None:
            return
        position = tour.way_back(lab.snapshot)
        if position is None:
            key = self._screen.session.key("undo_tab")
            raise TuilabError(
                "the history went another way since the tour began",
                f"go back in it yourself: {key}",
            )
        await lab.go_to(position)
        self._screen.refresh_lab()
        key = self._screen.session.key("redo")
        self.leave(f"what the tour made is removed ({key} redoes it)")

    def leave(self, said: str = "") -> None:
        """End it; what was made stays."""
        if self.tour is None:
            return
        made = len(self.tour.scene.made)
        self.tour = None
        self._screen.remove_class("-tour")
        self.show_card()
        self._screen.set_focus(self._screen.map)
        key = self._screen.session.key("undo")
        stays = f"; what was made stays ({key} undoes)" if made else ""
        self._screen.session.say(said or f"tour left{stays}")
