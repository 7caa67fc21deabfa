"""The pane beside the canvas: all about the selected thing."""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.reactive import reactive

from tuilab.errors import TuilabError
from tuilab.lab.snapshot import Snapshot
from tuilab.model.topology import Topology
from tuilab.plan.state import State, expand, on_host
from tuilab.tui.actions import KEYS
from tuilab.tui.canvas.graph import Item
from tuilab.tui.glyphs import UNICODE, Glyphs
from tuilab.tui.keymap import Keymap
from tuilab.tui.text import Line
from tuilab.tui.widgets.inspector_text import Rates, describe, title
from tuilab.tui.widgets.line_view import TextLines


class Inspector(TextLines):
    """Desired, observed and live values; the difference is said in words."""

    follows = False
    snapshot: reactive[Snapshot | None] = reactive(None)
    item: reactive[Item | None] = reactive(None)

    def __init__(
        self,
        glyphs: Glyphs = UNICODE,
        *,
        hints: Callable[[Item | None], list[Line]] = lambda item: [],
        keymap: Keymap = KEYS,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make it.

        Args:
            glyphs: Signs to use.
            hints: What can be done with an item, shown below it.
            keymap: Keys to name.
            id: Its id.
        """
        super().__init__(id=id)
        self._glyphs = glyphs
        self._hints = hints
        self._keymap = keymap
        self._rates = Rates()
        self._looked = time.monotonic()
        self._wanted: tuple[Topology, State] | None = None

    def watch_snapshot(self, before: Snapshot | None, after: Snapshot | None) -> None:
        """The lab looks different."""
        now = time.monotonic()
        if before is not None and after is not None and before.live != after.live:
            # Counters come once a second; anything faster is an edit, not a rate.
            if now - self._looked > 0.5:
                self._rates = Rates.between(before.live, after.live, now - self._looked)
            self._looked = now
        self._show()

    def watch_item(self) -> None:
        """Something else is selected."""
        self._show()
        self.scroll_home(animate=False)

    def _show(self) -> None:
        if self.snapshot is None:
            return
        self.border_title = title(self.item)
        lines = describe(
            self.snapshot,
            self._expanded(self.snapshot.topology),
            self.item,
            self._rates,
            self._glyphs,
            self._keymap,
        )
        self.set_lines([*lines, *self._hints(self.item)])

    def _expanded(self, topology: Topology) -> State:
        if self._wanted is None or self._wanted[0] is not topology:
            try:
                self._wanted = topology, expand(topology, self._wanted)
            except TuilabError:
                self._wanted = topology, State()
        if self.snapshot and self.snapshot.host and self._wanted[1].namespaces:
            return on_host(*self._wanted)
        return self._wanted[1]
