"""How the settings are that a change would be the first to name.

Observing reads only what a lab names, and whoever names a setting wants it so, though
it may be otherwise: a plan that is to be shown beforehand has to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from tuilab.errors import NotFoundError
from tuilab.kernel.driver import Driver
from tuilab.model.sharing import unshared
from tuilab.model.sysctls import link_of
from tuilab.model.topology import Topology
from tuilab.plan.state import NamespaceState, State


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of a namespace that was otherwise like that.

    Attributes:
        there: The namespace, as it was observed.
        keys: The settings that were asked for.
        unusual: Those of them that are not as usual.
    """

    there: NamespaceState
    keys: frozenset[str]
    unusual: dict[str, str]


class Foresight:
    """Looks, and remembers for as long as nothing else of the namespace changes."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._seen: dict[str, _Seen] = {}

    def lacks(self, before: Topology, after: Topology, observed: State) -> bool:
        """Whether something would be named first that has not been looked at."""
        return any(True for _ in self._unseen(before, after, observed))

    async def look(self, before: Topology, after: Topology, observed: State) -> None:
        """See how that is which would be named first."""
        for name, keys in list(self._unseen(before, after, observed)):
            found: dict[str, str] = {}
            for ifname in {link_of(key) for key in keys}:
                with suppress(NotFoundError):
                    detail = await self._driver.detail(name, ifname)
                    found |= {
                        it.key: it.value
                        for it in detail.settings
                        if it.key in keys and it.value != it.usual
                    }
            self._seen[name] = _Seen(observed.namespaces[name], keys, found)

    def __call__(self, observed: State) -> State:
        """What was observed, with what was seen besides."""
        more = {
            name: replace(there, sysctls={**seen.unusual, **there.sysctls})
            for name, seen in self._seen.items()
            if (there := observed.namespaces.get(name)) is not None
            and seen.unusual
            and seen.there == there
        }
        return State({**observed.namespaces, **more}) if more else observed

    def _unseen(
        self, before: Topology, after: Topology, observed: State
    ) -> Iterator[tuple[str, frozenset[str]]]:
        for name in unshared(after.namespaces, before.namespaces):
            was, now = before.namespaces.get(name), after.namespaces.get(name)
            there = observed.namespaces.get(name)
            if was is None or now is None or there is None:
                continue
            first = frozenset(now.sysctls.keys() - was.sysctls.keys())
            seen = self._seen.get(name)
            if first and not (seen and first <= seen.keys and seen.there == there):
                yield name, first
