"""A kernel that is only a model: for preview mode, and to hold against the real one.

Operations are carried out on a `plan.simulate.Machine`; what a closer look shows is all
that follows from its state.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from tuilab.errors import NotFoundError, TuilabError
from tuilab.kernel.detail import (
    AddressDetail,
    Detail,
    Entry,
    LinkDetail,
    NeighbourDetail,
    RouteDetail,
    RuleDetail,
    Setting,
)
from tuilab.kernel.driver import Observation, Progress
from tuilab.kernel.live import Live, Operstate, Process
from tuilab.model.addressing import version
from tuilab.model.routing import DEFAULT_TABLE, LOCAL_TABLE, MAIN_TABLE
from tuilab.model.sysctls import known, link_of, usual
from tuilab.model.topology import HOST, LO, Endpoint
from tuilab.plan.bridging import PLAIN_PORT
from tuilab.plan.difference import rule_words
from tuilab.plan.forwarding import (
    RouteState,
    RuleState,
    neighbour_order,
    route_order,
    rule_order,
)
from tuilab.plan.operations import Operation
from tuilab.plan.simulate import Machine, fresh_namespace
from tuilab.plan.state import LinkState, NamespaceState, State

_OWN = (
    RuleState(0, 4, table=LOCAL_TABLE),
    RuleState(32766, 4, table=MAIN_TABLE),
    RuleState(32767, 4, table=DEFAULT_TABLE),
    RuleState(0, 6, table=LOCAL_TABLE),
    RuleState(32766, 6, table=MAIN_TABLE),
)

MANY = 100
"""Namespaces, or links in one; to look at so many is done beside the loop."""
TURN = 0.004
"""Seconds of operations after which others get their turn."""


class ModelDriver:
    """A kernel that is only a model; its namespaces live and die with it."""

    def __init__(self, state: State | None = None) -> None:
        start = State({HOST: fresh_namespace()}) if state is None else state
        self._machine = Machine(start)
        self._seen: Observation | None = None

    def care(self, settings: Mapping[str, Collection[str]]) -> None:
        """A model knows all of its settings."""

    async def observe(self, only: Collection[str] | None = None) -> Observation:
        """See `Driver`."""
        everything = self._machine.state()
        if only is not None:
            known = everything.namespaces
            some = {n: it for n, it in known.items() if n in only}
            return await _looked(everything, some)
        if self._seen is None or self._seen.state.namespaces is not (
            everything.namespaces
        ):
            self._seen = await _looked(everything, everything.namespaces)
        return self._seen

    async def search(self, seconds: float | None = None) -> frozenset[str]:
        """Everything in a model is known."""
        return frozenset()

    async def live(self) -> Mapping[Endpoint, Live]:
        """See `Driver`."""
        return (await self.observe()).live

    async def processes(
        self, namespaces: Collection[str]
    ) -> Mapping[str, Sequence[Process]]:
        """Nothing runs in a model."""
        return {}

    async def detail(self, namespace: str, ifname: str | None = None) -> Detail:
        """See `Driver`."""
        state = self._machine.state()
        there = state.namespaces.get(namespace)
        if there is None or len(there.links) < MANY:
            return detail_of(state, namespace, ifname)
        return await asyncio.to_thread(detail_of, state, namespace, ifname)

    async def carry_out(
        self, operations: Sequence[Operation], *, stop: bool = True
    ) -> Progress:
        """See `Driver`."""
        done: list[Operation] = []
        refused: TuilabError | None = None
        until = time.monotonic() + TURN
        for operation in operations:
            if time.monotonic() > until:
                await asyncio.sleep(0)  # keys get their turn
                until = time.monotonic() + TURN
            try:
                operation.simulate(self._machine)
            except TuilabError as error:
                refused = refused or error
                if stop:
                    break
            else:
                done.append(operation)
        self._machine.settle()
        return Progress(tuple(done), refused)

    async def watch(self, callback: Callable[[frozenset[str]], None]) -> None:
        """Nothing happens in a model that was not asked for."""

    async def aclose(self) -> None:
        """Nothing to let go of."""


async def _looked(
    state: State, namespaces: Mapping[str, NamespaceState]
) -> Observation:
    """The same as `_seen`, of many beside the loop."""
    if len(namespaces) < MANY:
        return _seen(state, namespaces)
    return await asyncio.to_thread(_seen, state, namespaces)


def _seen(state: State, namespaces: Mapping[str, NamespaceState]) -> Observation:
    """What is seen of some namespaces of a state."""
    live = {
        Endpoint(name, ifname): Live(modelled_operstate(state, link))
        for name, namespace in namespaces.items()
        for ifname, link in namespace.links.items()
    }
    return Observation(State(namespaces), live)


def modelled_operstate(state: State, link: LinkState) -> Operstate:
    """The operstate that the model's links would have."""
    if not link.up:
        return "down"
    if link.kind == "tap":
        return "no-carrier"
    if link.peer is not None:
        far = state.link(link.peer)
        return "up" if far is not None and far.up else "no-carrier"
    return "up"


def detail_of(state: State, name: str, ifname: str | None = None) -> Detail:
    """See `Driver.detail`.

    Args:
        state: Of the model.
        name: A namespace.
        ifname: A link of it, or None.

    Raises:
        NotFoundError: There is none.
    """
    namespace = state.namespaces.get(name)
    if namespace is None:
        raise NotFoundError(f'namespace "{name}" is no longer there')
    if ifname is not None and ifname not in namespace.links:
        raise NotFoundError(f'"{name}:{ifname}" is no longer there')
    links = {
        link: _link(state, number, link, held)
        for number, (link, held) in enumerate(namespace.links.items(), 1)
        if ifname in (None, link, held.master)
    }
    routes = (it for it in _routes(namespace) if ifname in (None, it.route.dev))
    rules = sorted((*_OWN, *namespace.rules), key=rule_order)
    neighbours = sorted(namespace.neighbours, key=neighbour_order)
    whole = Detail(
        name,
        ifname,
        links=links,
        routes=tuple(sorted(routes, key=lambda it: route_order(it.route))),
        neighbours=tuple(
            NeighbourDetail(
                it.to,
                it.dev,
                it.mac or "",
                "proxy" if it.proxy else "PERMANENT",
                static=it,
            )
            for it in neighbours
            if ifname in (None, it.dev)
        ),
        settings=tuple(_settings(namespace, ifname)),
    )
    if ifname is not None:
        return replace(whole, entries=tuple(_entries(namespace, ifname)))
    return replace(
        whole,
        rules=tuple(
            RuleDetail(it.priority, it.family, rule_words(it), it, own=it in _OWN)
            for it in rules
        ),
        tables=(),
    )


def _vlans(link: LinkState) -> tuple[str, ...]:
    if link.bridge.vlan_filtering:
        return link.bridge.vlans
    return () if link.port.vlans == PLAIN_PORT.vlans else link.port.vlans


def _link(state: State, index: int, ifname: str, link: LinkState) -> LinkDetail:
    live = Live(modelled_operstate(state, link), index=index)
    stp = "forwarding" if live.operstate == "up" else "disabled"
    return LinkDetail(
        ifname=ifname,
        index=index,
        kind=link.kind,
        up=link.up,
        live=live,
        mtu=link.mtu,
        mac=link.mac,
        master=link.master or "",
        peer=link.peer,
        stp=stp if link.master else "",
        vlans=_vlans(link),
        addresses=tuple(
            AddressDetail(cidr, scope="host" if ifname == LO else "global")
            for cidr in link.addresses
        ),
    )


def _routes(namespace: NamespaceState) -> Iterator[RouteDetail]:
    for route in namespace.routes:
        yield RouteDetail(route)
    for ifname, link in namespace.links.items():
        for cidr in link.addresses if link.up and ifname != LO else ():
            it = ipaddress.ip_interface(cidr)
            metric = 0 if version(cidr) == 4 else 256
            if it.network.prefixlen < it.network.max_prefixlen:
                net = RouteState(str(it.network), None, ifname, metric, MAIN_TABLE)
                src = str(it.ip) if version(cidr) == 4 else None
                scope = "link" if version(cidr) == 4 else "global"
                yield RouteDetail(replace(net, src=src), "kernel", scope)


def _entries(namespace: NamespaceState, ifname: str) -> Iterator[Entry]:
    for port, link in namespace.links.items():
        if link.master and ifname in (port, link.master):
            yield Entry(link.master, port, link.mac, "local")
            for mac in link.port.fdb:
                yield Entry(link.master, port, mac, "static")


def _settings(namespace: NamespaceState, ifname: str | None) -> Iterator[Setting]:
    values = namespace.sysctls
    for key in known([] if ifname is None else [ifname]):
        if ifname is None or link_of(key) == ifname:
            plain = usual(key, values)
            yield Setting(key, values.get(key, plain), plain)
