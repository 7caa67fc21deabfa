"""Which kernel settings a lab names, so that these and no others are looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tuilab.model.edits import Rename
from tuilab.model.sharing import unshared
from tuilab.model.sysctls import SYSCTLS, settings_renamed, usual
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.state import State

Settings = dict[str, set[str]]
"""Names of settings by namespace."""


class Named:
    """The settings that a topology names, less those that are always looked at.

    Of the two asked for last it is remembered: an edit asks again and again for the lab
    before it and the one after it, which share all but a few namespaces.
    """

    def __init__(self) -> None:
        self._known: list[tuple[Topology, Settings]] = [(Topology("", {}), {})]

    def __call__(self, topology: Topology) -> Settings:
        """Those of one topology; not to be changed."""
        for known, found in self._known:
            if known is topology:
                return found
        former, settings = self._known[0]
        found = dict(settings)
        for name in unshared(topology.namespaces, former.namespaces):
            found.pop(name, None)
            namespace = topology.namespaces.get(name)
            sysctls = namespace.sysctls if namespace else {}
            if keys := sysctls.keys() - SYSCTLS.keys():
                found[name] = keys
        self._known = [(topology, found), *self._known[:1]]
        return found


def begun_settings(before: Mapping[str, Any]) -> Settings:
    """The settings that a change which was begun told of."""
    return {
        name: keys
        for name, data in before.items()
        if data is not None and (keys := data["sysctls"].keys() - SYSCTLS.keys())
    }


def together(settings: Iterable[Settings], renames: Iterable[Rename]) -> Settings:
    """All of these, under the old names and the new ones of what is renamed."""
    found: Settings = {}
    for some in settings:
        for name, keys in some.items():
            found.setdefault(name, set()).update(keys)
    for rename in renames:
        old, new = rename.old, rename.new
        if isinstance(old, Endpoint) and isinstance(new, Endpoint):
            here = found.get(old.namespace, set())
            if old.namespace != new.namespace:
                here |= found.get(new.namespace, set())
            for one, other in ((old, new), (new, old)):
                moved = dict.fromkeys(here, "")
                here |= set(settings_renamed(moved, one.ifname, other.ifname))
            if here:
                found[old.namespace] = found[new.namespace] = here
        elif old in found or new in found:
            both = found.get(str(old), set()) | found.get(str(new), set())
            found[str(old)] = found[str(new)] = both
    return found


def told(before: dict[str, Any], state: State, settings: Settings) -> dict[str, Any]:
    """The plain data of a state, naming also settings that are as usual.

    Who has to go back there after a crash then knows which to look at.
    """
    for name, data in before.items():
        if data is not None:
            sysctls = state.namespaces[name].sysctls
            for key in sorted(settings.get(name, ())):
                data["sysctls"].setdefault(key, usual(key, sysctls))
    return before


def unclaimed(base: State, observed: State, before: Topology, after: Topology) -> State:
    """What a lab was to be, with the settings that are first named now as they are.

    Whoever names a setting wants it so. Where it is as usual that would be no change to
    the lab; but a link that was there before its default need not have followed.

    Args:
        base: What the lab was to be.
        observed: What the kernel holds.
        before: The topology of ``base``.
        after: The one to come.
    """
    namespaces = dict(base.namespaces)
    for name in unshared(after.namespaces, before.namespaces):
        was, now = before.namespaces.get(name), after.namespaces.get(name)
        there = observed.namespaces.get(name)
        if was is None or now is None or there is None:
            continue
        first = now.sysctls.keys() - was.sysctls.keys()
        if found := {k: there.sysctls[k] for k in first & there.sysctls.keys()}:
            state = namespaces[name]
            namespaces[name] = replace(state, sysctls={**state.sysctls, **found})
    return State(namespaces)
