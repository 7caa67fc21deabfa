"""What a lab is to be and what is otherwise, each change compared by itself."""

from __future__ import annotations

from collections.abc import Iterable

from tuilab.errors import TuilabError
from tuilab.lab.ground import Ground
from tuilab.model.sharing import unshared
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.difference import Difference, differences
from tuilab.plan.state import LinkState, State, expand

KEPT = 4
"""States of topologies that may come to be, the last ones."""


class Wish:
    """Topologies as states; what one shares with the last one is not made again."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._last: tuple[Topology, State] | None = None
        self._beside: tuple[tuple[Topology, State], ...] = ()

    def __call__(self, topology: Topology) -> State:
        """What the kernel is to hold for a topology; the next one begins with it."""
        # Plans are made in threads too: another one may be at it.
        last = self._last
        if last is None or last[0] is not topology:
            found = next((it for it in self._beside if it[0] is topology), None)
            self._last = last = found or (topology, expand(topology, last))
        return self._ground.wish(*last)

    def beside(self, topology: Topology) -> State:
        """The same for one that may never be."""
        made = topology, expand(topology, self._last)
        # While one is on its way to be there, what others would lead to is asked.
        self._beside = (made, *self._beside[: KEPT - 1])
        return self._ground.wish(*made)


class Drift:
    """Everything that is otherwise than wished; only what changed is compared again."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._compared = State(), State()
        self._known: dict[str, list[Difference]] = {}

    def wished(self, topology: Topology, end: Endpoint) -> LinkState | None:
        """How a link is to be in a lab that is to be like that topology, if at all."""
        try:
            return self._wish(topology).link(end)
        except TuilabError:
            return None

    def of(self, topology: Topology, observed: State) -> tuple[Difference, ...]:
        """What is otherwise in a lab that is to be like that topology."""
        try:
            wished = self._wish(topology)
        except TuilabError:
            # An owner that this machine no longer knows; every edit says so.
            return ()
        former, seen = self._compared
        for name in {
            *unshared(wished.namespaces, former.namespaces),
            *unshared(observed.namespaces, seen.namespaces),
        }:
            self._known.pop(name, None)
            if found := differences(wished, observed, (name,)):
                self._known[name] = found
        self._compared = wished, observed
        names: Iterable[str] = self._known
        if len(self._known) > 1:
            order = {**wished.namespaces, **observed.namespaces}
            names = filter(self._known.__contains__, order)
        return tuple(it for name in names for it in self._known[name])
