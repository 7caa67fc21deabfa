"""What a lab stands on: a sandbox, where all is its own, or the machine's network.

On the machine the wish for ``host`` is only what the lab declares there: whatever else
is there is foreign, and no edit may name it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tuilab.errors import LabGone, NotFoundError, UsageError
from tuilab.model.edits import Change
from tuilab.model.topology import HOST, LO, UNICAST, Topology
from tuilab.plan.cutoff import Connection, cuts
from tuilab.plan.state import NamespaceState, State, on_host


class Ground:
    """A sandbox, or nothing at all (preview): everything there is the lab's."""

    host = False
    fresh = False
    """Nothing is built here yet: `Lab.restore` comes first, and needs no roll-back."""

    def refuse_if_gone(self) -> None:
        """Refuse to change a lab that was ended meanwhile.

        Raises:
            LabGone: It was.
        """

    def wish(self, topology: Topology, whole: State) -> State:
        """What a topology asks of the ground.

        Args:
            topology: A valid one.
            whole: What `plan.state.expand` makes of it.
        """
        return whole

    def apply(self, change: Change, before: Topology, foreign: State) -> Topology:
        """What a change leads to.

        Args:
            change: What is asked for.
            before: The lab now.
            foreign: What is not the lab's.

        Raises:
            UsageError: It makes no sense, or names what is not the lab's.
        """
        return change.apply(before)

    def check(self, before: Topology, after: Topology, foreign: State) -> None:
        """Refuse a topology that newly names what is not the lab's.

        Raises:
            UsageError: It does.
        """

    def risk(self, before: State, after: State, foreign: State) -> str:
        """Why going from one state to the other may cut who asks for it off, or ""."""
        return ""

    def prepare(self, after: Topology) -> None:
        """Remember what an edit is about to change of the machine's own."""

    def settle(self, topology: Topology) -> None:
        """Forget what the lab has not changed any more."""


class HostGround(Ground):
    """The machine's own network."""

    host = True

    def __init__(
        self,
        lab: str,
        is_up: Callable[[], bool] = lambda: True,
        connection: Connection | None = None,
        *,
        fresh: bool = False,
    ) -> None:
        """The part of it that is a lab's.

        Args:
            lab: Its name.
            is_up: Tells whether it has not been ended.
            connection: The one that we are used through, which must not be cut.
            fresh: Nothing is built yet.
        """
        self.fresh = fresh
        self._lab = lab
        self._is_up = is_up
        self._connection = connection

    def refuse_if_gone(self) -> None:
        """See `Ground`."""
        if not self._is_up():
            raise LabGone(
                f'lab "{self._lab}" has ended', "start it again with tuilab up"
            )

    def wish(self, topology: Topology, whole: State) -> State:
        """See `Ground`."""
        from tuilab.kernel import former

        held, shared = former.held(self._lab), former.shared(self._lab)
        own = {k: v for k, v in held.items() if k not in shared}
        wish = on_host(topology, whole)
        here = wish.namespaces[HOST]
        declared = topology.namespaces[HOST].sysctls
        part = replace(here, sysctls={**own, **declared})
        return State({**wish.namespaces, HOST: part})

    def apply(self, change: Change, before: Topology, foreign: State) -> Topology:
        """See `Ground`."""
        try:
            after = change.apply(before)
        except NotFoundError as error:
            if _is_foreign(error.name, foreign):
                raise _foreign(error.name) from error
            raise
        self.check(before, after, foreign)
        return after

    def check(self, before: Topology, after: Topology, foreign: State) -> None:
        """See `Ground`."""
        # What others put in the place of something of ours is drift, until an edit
        # is about it.
        for name, namespace in after.namespaces.items():
            same = before.namespaces.get(name) == namespace
            if name != HOST and name in foreign.namespaces and not same:
                raise _foreign(name)
        around = foreign.namespaces.get(HOST, NamespaceState())
        here, was = after.namespaces[HOST], before.namespaces[HOST]
        for ifname, link in here.links.items():
            if was.links.get(ifname) == link:
                continue
            if ifname == LO or ifname in around.links:
                raise _foreign(f"{HOST}:{ifname}")
            if link.master and link.master not in here.links:
                self._check_named(link.master, around)
        for route in set(here.routes) - set(was.routes):
            if route.type != UNICAST:
                raise _nobodys(f"a route of type {route.type}")
            for way in route.ways():
                if way.dev and way.dev not in here.links:
                    self._check_named(way.dev, around)
        if here.rules:
            raise _nobodys("a rule")

    @staticmethod
    def _check_named(ifname: str, around: NamespaceState) -> None:
        if ifname == LO or ifname in around.links:
            raise _foreign(f"{HOST}:{ifname}")

    def risk(self, before: State, after: State, foreign: State) -> str:
        """See `Ground`."""
        if self._connection is None:
            return ""
        around, was, now = (
            state.namespaces.get(HOST, NamespaceState())
            for state in (foreign, before, after)
        )
        return cuts(self._connection, around, was, now)

    def prepare(self, after: Topology) -> None:
        """See `Ground`."""
        from tuilab.kernel import former

        asked = after.namespaces[HOST].sysctls
        if asked:
            former.record(self._lab, asked)

    def settle(self, topology: Topology) -> None:
        """See `Ground`."""
        from tuilab.kernel import former

        declared = topology.namespaces[HOST].sysctls
        former.release(
            self._lab, [k for k in former.held(self._lab) if k not in declared]
        )


def _is_foreign(name: str, foreign: State) -> bool:
    """Whether a namespace or endpoint, or the namespace it is in, is others'."""
    namespace, colon, ifname = name.partition(":")
    there = foreign.namespaces.get(namespace)
    return there is not None and (
        namespace != HOST or (bool(colon) and ifname in there.links)
    )


def _nobodys(what: str) -> UsageError:
    return UsageError(
        f'"{HOST}" is the machine itself, where {what} bears no mark of this lab',
        "give it to a namespace of the lab",
    )


def _foreign(name: str) -> UsageError:
    return UsageError(
        f'"{name}" was not made by this lab and is left as it is',
        "in host mode a lab changes only what it made itself; choose another name",
    )
