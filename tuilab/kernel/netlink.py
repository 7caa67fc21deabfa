"""The real kernel: route netlink, one socket per namespace, no forks.

All of it happens in one thread of the driver's own, which visits the namespaces and
comes back: the event loop never waits for the kernel, and no two requests meet.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from tuilab.errors import KernelError, NotFoundError
from tuilab.kernel import (
    closely,
    netconf,
    netns,
    observe,
    packing,
    search,
    sockets,
    syscalls,
    sysctl,
    tap,
    wire,
)
from tuilab.kernel.channel import Answer
from tuilab.kernel.detail import Detail
from tuilab.kernel.driver import Observation, Progress
from tuilab.kernel.errand import HINTS, Errand
from tuilab.kernel.live import Live, Process
from tuilab.kernel.monitor import Monitor, listening_socket
from tuilab.kernel.observe import RawLink
from tuilab.kernel.sockets import Finder
from tuilab.kernel.space import Space, is_open, open_here
from tuilab.kernel.wire import Message
from tuilab.model.topology import HOST, Endpoint
from tuilab.plan.operations import Operation
from tuilab.plan.operations.base import (
    Index,
    InNamespace,
    MakeTap,
    NamedNamespace,
    Request,
    Rtnl,
    WriteSysctl,
)
from tuilab.plan.state import NamespaceState, State

T = TypeVar("T")

SEARCH = 0.015
"""Seconds of the driver's thread for settings that nobody tells of, at each count."""


class NetlinkDriver:
    """See `kernel.driver.Driver`. For use inside a lab's sandbox, on one event loop."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, "netlink")
        self._spaces: dict[str, Space] = {}
        self._settings: Mapping[str, frozenset[str]] = {}
        self._root = netns.open_fd(HOST)
        self._at: str = HOST
        self._mirrors: dict[tuple[int, int], set[str]] = {}
        """Namespaces with a veth of that index whose other end has that index."""
        self._monitor: Monitor | None = None
        self._finder = Finder()
        self._undumped: dict[str, Space] = {}
        self._visited: set[str] = set()
        """Namespaces found to be what they were, since the thread last set out."""

    async def _apart(self, work: Callable[[], T]) -> T:
        """Have the driver's thread do something, and come back to the root."""

        def visit() -> T:
            try:
                return work()
            finally:
                self._visited.clear()
                self._go_home()

        return await asyncio.get_running_loop().run_in_executor(self._worker, visit)

    # -- where the thread is -------------------------------------------------------

    def _visit(self, space: Space) -> None:
        if self._at != space.name:
            syscalls.setns(space.fd, syscalls.CLONE_NEWNET)
            self._at = space.name

    def _go_home(self) -> None:
        if self._at == HOST:
            return
        syscalls.setns(self._root, syscalls.CLONE_NEWNET)
        self._at = HOST

    def _get(self, name: str) -> Space | None:
        """The open namespace, opened anew when the name means another one by now."""
        known = self._spaces.get(name)
        if known is not None and name in self._visited:
            return known
        try:
            if known is not None:
                if is_open(known):
                    self._visited.add(name)
                    return known
                self._forget(name)
            if name == HOST:
                self._go_home()
            else:
                fd = netns.open_fd(name)
                try:
                    syscalls.setns(fd, syscalls.CLONE_NEWNET)
                    self._at = name
                finally:
                    os.close(fd)
            return self._keep(open_here(name))
        except (NotFoundError, FileNotFoundError):
            self._forget(name)
            return None

    def _keep(self, space: Space) -> Space:
        self._spaces[space.name] = self._undumped[space.name] = space
        self._visited.add(space.name)
        return space

    def _require(self, name: str) -> Space:
        space = self._get(name)
        if space is None:
            raise KernelError(
                f'namespace "{name}" does not exist',
                "it is gone: removed outside tuilab, or never made",
                errno.ENOENT,
            )
        return space

    def _forget(self, name: str) -> None:
        known = self._spaces.pop(name, None)
        self._visited.discard(name)
        self._undumped.pop(name, None)
        if known is None:
            return
        self._unmirror(known)
        # The kernel gives the number of a namespace that is gone to the next one.
        for other in self._spaces.values():
            other.nsids.pop(known.inode, None)
        known.close()
        if self._at == name:
            # Or it would live on for as long as we are in it.
            self._at = ""
            self._go_home()

    # -- looking -------------------------------------------------------------------

    def care(self, settings: Mapping[str, Collection[str]]) -> None:
        """See `Driver`."""
        self._settings = {name: frozenset(keys) for name, keys in settings.items()}

    async def observe(self, only: Collection[str] | None = None) -> Observation:
        """See `Driver`."""
        return await self._apart(lambda: self._observe(only))

    def _observe(self, only: Collection[str] | None) -> Observation:
        with _looking():
            if only is None:
                only = {HOST, *self._names()}
                for name in self._spaces.keys() - only:
                    self._forget(name)
            spaces = [space for name in sorted(only) if (space := self._get(name))]
            for space in spaces:
                self._dump(space)
            self._introduce(spaces)
            namespaces: dict[str, NamespaceState] = {}
            live: dict[Endpoint, Live] = {}
            for space in spaces:
                namespaces[space.name] = self._state(space, live)
            guessed = frozenset(end for space in spaces for end in space.guessed())
            return Observation(State(namespaces), live, guessed=guessed)

    def _made(self, name: str) -> bool:
        """Whether a namespace was made for the lab; its sandbox's root one was too."""
        return True

    def _names(self) -> list[str]:
        """The lab's namespaces besides the root one."""
        return netns.names()

    def _state(self, space: Space, live: dict[Endpoint, Live]) -> NamespaceState:
        """What was dumped, put together; fills in the live side."""
        assert space.raw is not None
        for index, link in space.raw.links.items():
            counted = space.counters.get(index)
            alive = link.live
            if counted is not None and counted is not alive:
                alive = replace(counted, operstate=alive.operstate)
            live[Endpoint(space.name, link.ifname)] = alive
        return observe.state_of(space.raw, self._peers(space), space.states)

    def _dump(self, space: Space) -> None:
        self._visit(space)
        self._unmirror(space)
        space.settings = self._settings.get(space.name, frozenset())
        space.made = self._made(space.name)
        for pair in _pairs(space.dump().links):
            self._mirrors.setdefault(pair, set()).add(space.name)
        self._undumped.pop(space.name, None)

    def _unmirror(self, space: Space) -> None:
        for pair in _pairs(space.raw.links) if space.raw else ():
            self._mirrors[pair].discard(space.name)
            if not self._mirrors[pair]:
                del self._mirrors[pair]

    def _introduce(self, spaces: list[Space]) -> None:
        """Give namespaces an id in the root one, so that their events are heard."""
        host = self._get(HOST)
        if self._monitor is None or host is None:
            return
        new = [it for it in spaces if it is not host and not it.heard]
        # Another tuilab, or the kernel for a cable's sake, may have been there first.
        host.channel.request([wire.name_namespace(space.fd) for space in new])
        host.learn_nsids(new)
        for space in new:
            nsid = host.nsids.get(space.inode)
            if nsid is not None:
                self._monitor.name(nsid, space.name)
                space.heard = True

    def _peers(self, here: Space) -> dict[int, Endpoint]:
        """The other ends of the cables in a namespace that was dumped."""
        assert here.raw is not None
        found = {}
        far: list[tuple[RawLink, list[Space]]] = []
        for index, link in here.raw.links.items():
            if link.kind != "veth" or not link.peer_index:
                continue
            if link.peer_nsid is not None:
                far.append((link, self._candidates(here, link)))
            elif (near := here.raw.links.get(link.peer_index)) is not None:
                found[index] = Endpoint(here.name, near.ifname)
        here.learn_nsids(list({s.name: s for _, some in far for s in some}.values()))
        for link, candidates in far:
            for space in candidates:
                if here.nsids.get(space.inode) == link.peer_nsid and space.raw:
                    ifname = space.raw.links[link.peer_index].ifname
                    found[link.index] = Endpoint(space.name, ifname)
        return found

    def _candidates(self, here: Space, link: RawLink) -> list[Space]:
        """The namespaces with a veth that mirrors the indexes of one here."""
        while self._undumped:
            self._dump(next(iter(self._undumped.values())))
        names = self._mirrors.get((link.peer_index, link.index), ())
        return [self._spaces[name] for name in names if name != here.name]

    async def live(self) -> Mapping[Endpoint, Live]:
        """See `Driver`."""

        def count() -> Mapping[Endpoint, Live]:
            with _looking():
                found = {
                    Endpoint(space.name, ifname): alive
                    for space in self._spaces.values()
                    for ifname, alive in space.live().items()
                }
                if self._monitor is not None:
                    for name in self._unheard():
                        self._monitor.mark_from_thread(name)
                return found

        return await self._apart(count)

    def _unheard(self) -> set[str]:
        """Of most settings, and of proxies, nobody is told that they were changed."""
        spaces = self._spaces.values()
        found = {it.name for it in spaces if it.stale or it.proxies_changed()}
        return found.union(
            search.settings_changed(spaces, self._visit, SEARCH, all_named=True)
        )

    async def search(self, seconds: float | None = None) -> frozenset[str]:
        """See `Driver`."""

        def go() -> frozenset[str]:
            with _looking():
                spaces = self._spaces.values()
                return frozenset(search.settings_changed(spaces, self._visit, seconds))

        return await self._apart(go)

    async def processes(
        self, namespaces: Collection[str]
    ) -> Mapping[str, Sequence[Process]]:
        """See `Driver`."""
        # There may be thousands to look through.
        return await asyncio.to_thread(sockets.processes, namespaces)

    async def detail(self, namespace: str, ifname: str | None = None) -> Detail:
        """See `Driver`."""

        def look() -> Detail:
            with _looking():
                space = self._get(namespace)
                if space is None:
                    raise NotFoundError(f'namespace "{namespace}" is no longer there')
                if space.raw is None:
                    self._dump(space)
                peers = self._peers(space)
                self._visit(space)
                return closely.look(space.channel, namespace, ifname, peers)

        found = await self._apart(look)
        if ifname is not None:
            return found
        programs = await asyncio.to_thread(self._finder.look, namespace)
        return replace(
            found,
            sockets=sockets.with_holders(found.sockets, programs.holders),
            processes=programs.processes,
        )

    # -- doing ---------------------------------------------------------------------

    async def carry_out(
        self, operations: Sequence[Operation], *, stop: bool = True
    ) -> Progress:
        """See `Driver`."""
        return await self._apart(lambda: Errand(self, stop).run(operations))

    def requests(self, operation: Operation) -> Sequence[Request]:
        """What an operation takes here."""
        return operation.requests()

    def send(self, space: Space, messages: Sequence[Message]) -> list[Answer]:
        """Have the kernel do something in a namespace."""
        return space.channel.request(messages)

    def message(self, space: Space, request: Rtnl, *, numbered: bool = True) -> Message:
        """A request as it is sent.

        Args:
            space: Where.
            request: What to ask for.
            numbered: Give links that are made a number of our own choice, so that
                nobody need ask for it.
        """
        args = {k: self._resolved(space, v) for k, v in request.args.items()}
        if request.noun == "link":
            if request.verb == "add" and numbered:
                args["index"] = space.give_index(args["ifname"])
                if "peer" in args:
                    self._number(space, args["peer"], request.args["peer"])
            elif "net_ns_fd" in args:
                # The kernel may have to give it another number there.
                space.forget_numbers()
                self._require(request.args["net_ns_fd"].name).forget_numbers()
            elif "ifname" in args and request.verb == "set":
                space.renamed(args["index"], args["ifname"])
        return packing.encode(request.noun, request.verb, args)

    def _number(
        self, space: Space, peer: dict[str, Any], asked: Mapping[str, Any]
    ) -> None:
        where = asked.get("net_ns_fd")
        far = self._require(where.name) if where else space
        peer["index"] = far.give_index(peer["ifname"])

    def _resolved(self, space: Space, value: Any) -> Any:
        if isinstance(value, Index):
            return space.index(value.ifname)
        if isinstance(value, InNamespace):
            return self._require(value.name).fd
        if isinstance(value, dict):
            return {k: self._resolved(space, v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._resolved(space, v) for v in value]
        return value

    def do(self, request: Request) -> None:
        """Do what is not netlink's to do."""
        if isinstance(request, NamedNamespace):
            self._named(request)
        elif isinstance(request, MakeTap):
            space = self._require(request.namespace)
            self._visit(space)
            self._make_tap(request)
            space.learn_index(request.ifname)
        elif isinstance(request, WriteSysctl):
            self._visit(self._require(request.namespace))
            self._write(request)

    def _make_tap(self, request: MakeTap) -> None:
        tap.make(request)

    def _write(self, request: WriteSysctl) -> None:
        sysctl.write(request.key, request.value)

    def _create_here(self, name: str) -> None:
        netns.create_here(name)

    def _rename(self, old: str, new: str) -> None:
        netns.rename(old, new)

    def open_spaces(self) -> list[Space]:
        """Every namespace that is open."""
        return list(self._spaces.values())

    def require(self, name: str) -> Space:
        """The open namespace of that name.

        Raises:
            KernelError: There is none.
        """
        return self._require(name)

    def _named(self, request: NamedNamespace) -> None:
        if request.verb == "add":
            self._forget(request.name)
            self._at = ""
            self._create_here(request.name)
            self._at = request.name
            space = self._keep(open_here(request.name, fresh=True))
            sysctl.set_defaults(netconf.of_all(space.channel))
        elif request.verb == "del":
            self._forget(request.name)
            # A program in it would keep the namespace alive, nameless and unseen.
            netns.end_programs(request.name)
            netns.delete(request.name)
        else:
            self._forget(request.name)
            self._rename(request.name, request.new)

    # -- watching ------------------------------------------------------------------

    async def watch(self, callback: Callable[[frozenset[str]], None]) -> None:
        """See `Driver`."""
        with _looking():
            self._monitor = Monitor(listening_socket(), callback)

        def introduce() -> None:
            with _looking():
                self._introduce(list(self._spaces.values()))

        await self._apart(introduce)

    async def aclose(self) -> None:
        """See `Driver`."""
        if self._monitor is not None:
            self._monitor.close()

        def close() -> None:
            for name in list(self._spaces):
                self._forget(name)

        await self._apart(close)
        self._worker.shutdown()
        os.close(self._root)


def _pairs(links: Mapping[int, RawLink]) -> Iterator[tuple[int, int]]:
    """The indexes of each veth and its other end."""
    for index, link in links.items():
        if link.kind == "veth" and link.peer_index:
            yield index, link.peer_index


@contextmanager
def _looking() -> Iterator[None]:
    """The kernel's refusals to say what is there, as errors for a person."""
    try:
        yield
    except OSError as error:
        number = error.errno or 0
        raise KernelError(
            f"the lab can't be looked at: {error.strerror}",
            HINTS.get(number, "tuilab doctor shows what this machine allows"),
            number,
        ) from error
