"""Keeps the packets and ping tabs, and the frame around them, up to date."""

from __future__ import annotations

from tuilab.tui.watching import Watching
from tuilab.tui.widgets.bottom import BottomPanel
from tuilab.tui.widgets.packet_text import watch_state
from tuilab.tui.widgets.ping_text import Run
from tuilab.tui.widgets.ping_view import PingView

RUNS_KEPT = 50


class PacketDesk:
    """What was sent and what was captured."""

    def __init__(self, bottom: BottomPanel, watching: Watching) -> None:
        self._bottom = bottom
        self._watching = watching
        self._runs: list[Run] = []

    def show_run(self, run: Run) -> None:
        """Something is being sent, or came back."""
        if not any(known is run for known in self._runs):
            self._runs = [*self._runs, run][-RUNS_KEPT:]
            self._bottom.tab = "ping"
        self._bottom.query_one(PingView).show_runs(self._runs)

    def show_capture(self) -> None:
        """Another capture runs."""
        capture = self._watching.capture
        self._bottom.packets.show_store(capture.store if capture else None)
        self.show_packets()

    def show_packets(self) -> None:
        """There is news of the capture."""
        if self._watching.capture is not None:
            self._bottom.packets.take_new()
            self._bottom.show_head()
        self.tell()

    def tell(self) -> None:
        """Say on the frame how the capture stands."""
        capture, packets = self._watching.capture, self._bottom.packets
        if capture is None or self._bottom.tab != "packets":
            self._bottom.border_subtitle = ""
            return
        state = watch_state(
            endpoints=self._watching.names,
            count=self._watching.count,
            rate=self._watching.rate,
            dropped=capture.dropped,
            following=packets.following,
            fresh=packets.fresh,
            running=self._watching.running,
        )
        self._bottom.border_subtitle = capture.problem or state
