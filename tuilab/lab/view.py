"""What the front ends see of a lab, and those among them who listen."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tuilab.kernel.driver import Observation
from tuilab.lab.drift import Drift
from tuilab.lab.snapshot import Changed, Event, LogEntry, Logged, Snapshot
from tuilab.model.topology import Endpoint
from tuilab.plan.state import State

LOG_LENGTH = 1000


class View:
    """The lab's present snapshot and its command log.

    Attributes:
        snapshot: The lab as it is known to be now.
        log: The last entries of the command log, oldest first.
    """

    def __init__(self, snapshot: Snapshot, drift: Drift) -> None:
        self.snapshot = snapshot
        self._drift = drift
        self.log: list[LogEntry] = []
        self._listeners: list[Callable[[Event], None]] = []

    @property
    def watched(self) -> bool:
        """Whether anyone listens."""
        return bool(self._listeners)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with every event; the answer ends that."""
        self._listeners.append(callback)

        def unsubscribe() -> None:
            self._listeners.remove(callback)

        return unsubscribe

    def emit(self, event: Event) -> None:
        """Tell everyone who listens."""
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:
                # A front end that fails must not end an edit half way.
                logging.getLogger(__name__).exception("a listener failed")

    def update(self, **values: Any) -> None:
        """Change the snapshot; those who listen hear of it if it differs."""
        # While a change is on its way everything is otherwise than it is to be.
        pending = values.get("pending", self.snapshot.pending)
        if not pending and ("topology" in values or "observed" in values):
            topology = values.get("topology", self.snapshot.topology)
            observed = values.get("observed", self.snapshot.observed)
            values["drift"] = self._drift.of(topology, observed)
        now = replace(self.snapshot, **values)
        if now != self.snapshot:
            self.snapshot = now
            self.emit(Changed(now))

    def take(self, seen: Observation, only: set[str] | None) -> None:
        """Take in what was seen of some namespaces, or of all."""
        if seen.guessed:
            seen = self._as_wished(seen)
        if only is None:
            self.update(observed=seen.state, live=seen.live, foreign=seen.foreign)
            return
        # Copied and mended: of a thousand namespaces an edit looks at one or two. Each
        # keeps its place: plans go through them in order, and what was shown as a
        # plan is to be what is done after another look.
        namespaces = dict(self.snapshot.observed.namespaces)
        live = dict(self.snapshot.live)
        for name in only:
            for former in (
                namespaces.get(name),
                self.snapshot.foreign.namespaces.get(name),
            ):
                for ifname in former.links if former else ():
                    live.pop(Endpoint(name, ifname), None)
            if name not in seen.state.namespaces:
                namespaces.pop(name, None)
        namespaces.update(seen.state.namespaces)
        live.update(seen.live)
        self.update(observed=State(namespaces), live=live, foreign=seen.foreign)

    def _as_wished(self, seen: Observation) -> Observation:
        """What nothing tells just now is not said to be otherwise than wished."""
        namespaces = dict(seen.state.namespaces)
        for end in seen.guessed:
            wished = self._drift.wished(self.snapshot.topology, end)
            there = namespaces.get(end.namespace)
            link = there.links.get(end.ifname) if there else None
            if wished is None or there is None or link is None:
                continue
            bridge = replace(link.bridge, ageing=wished.bridge.ageing)
            links = {**there.links, end.ifname: replace(link, bridge=bridge)}
            namespaces[end.namespace] = replace(there, links=links)
        return replace(seen, state=State(namespaces))

    def record(
        self,
        title: str,
        commands: Sequence[str],
        error: str = "",
        outside: bool = False,
    ) -> None:
        """Add to the command log."""
        entry = LogEntry(time.time(), title, tuple(commands), error, outside)
        self.log = [*self.log[-LOG_LENGTH + 1 :], entry]
        self.emit(Logged(entry))
