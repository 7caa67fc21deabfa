"""The machine's own network: what is a lab's in it, and nothing else, can be changed.

See `kernel.marks` for how a lab's things are known. All else is foreign: it is seen
and shown, but every request that would change it is refused here, whatever planned it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tuilab.errors import KernelError, NotFoundError
from tuilab.kernel import former, marks, netns, observe, packing, syscalls, tap
from tuilab.kernel.driver import Observation
from tuilab.kernel.marks import Mark
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.kernel.observe import RawLink
from tuilab.kernel.space import Space
from tuilab.kernel.wire import Message
from tuilab.model.sysctls import link_of
from tuilab.model.topology import HOST, UNICAST
from tuilab.plan.operations import DeleteRoute, Operation
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


def not_ours(what: str) -> KernelError:
    """The refusal to change something foreign."""
    return KernelError(
        f'"{what}" was not made by this lab and is left as it is',
        "in host mode a lab changes only what it made itself",
    )


_NEW_LINK = ("link", "add")


class HostDriver(NetlinkDriver):
    """See `kernel.driver.Driver`. For one lab on the machine's own network."""

    def __init__(self, mark: Mark) -> None:
        """Nothing is looked at yet.

        Args:
            mark: The lab's.
        """
        super().__init__()
        self._mark = mark
        self._owned: dict[tuple[str, int], bool] = {}
        self._proven: set[int] = set()
        self._around = NamespaceState()

    # -- looking -------------------------------------------------------------------

    def _made(self, name: str) -> bool:
        # The machine's own links take after its own defaults.
        return name != HOST

    def _names(self) -> list[str]:
        found = netns.names()
        known = {}
        for name in found:
            with suppress(OSError):
                known[name, netns.path(name).stat().st_ino] = name
        fresh = [name for key, name in known.items() if key not in self._owned]
        carried = lo_altnames(fresh)
        for key, name in known.items():
            if name in carried:
                self._owned[key] = self._mark.owns(carried[name])
        self._owned = {k: v for k, v in self._owned.items() if k in known}
        return [name for key, name in known.items() if self._owned.get(key)]

    def _get(self, name: str) -> Space | None:
        if name != HOST and not self._is_ours(name):
            self._forget(name)
            return None
        return super()._get(name)

    def _is_ours(self, name: str) -> bool:
        with suppress(OSError):
            key = name, netns.path(name).stat().st_ino
            return self._owned[key] if key in self._owned else name in self._names()
        return False

    def _observe(self, only: Collection[str] | None) -> Observation:
        seen = super()._observe(only)
        namespaces = dict(seen.state.namespaces)
        raw = self._spaces[HOST].raw if HOST in self._spaces else None
        if HOST in namespaces and raw is not None:
            links = [link for link in raw.links.values() if self._owns(link)]
            ours = {link.ifname for link in links}
            self._proven = {link.index for link in links}
            whole = replace(namespaces[HOST], sysctls=raw.sysctls)
            namespaces[HOST] = self._ours(whole, ours)
            rest = _part(whole, set(whole.links) - ours)
            own = namespaces[HOST].routes
            rest = replace(rest, routes=whole.routes - own, rules=whole.rules)
            held = namespaces[HOST].sysctls
            sysctls = {k: v for k, v in whole.sysctls.items() if k not in held}
            self._around = replace(rest, sysctls=sysctls)
        foreign = {name: NamespaceState() for name in self._others()}
        return replace(
            seen,
            state=State(namespaces),
            foreign=State({HOST: self._around, **foreign}),
        )

    def _owns(self, link: RawLink) -> bool:
        return self._mark.owns(link.altnames, link.link_group)

    def _ours(self, whole: NamespaceState, ours: set[str]) -> NamespaceState:
        held = former.held(self._mark.lab)
        sysctls = {
            # Those of a link of ours nobody had before.
            key: value
            for key, value in whole.sysctls.items()
            if key in held or link_of(key) in ours
        }
        return replace(_part(whole, ours), sysctls=sysctls, partial=True)

    def _others(self) -> list[str]:
        ours = {name for (name, _), owned in self._owned.items() if owned}
        return [name for name in netns.files() if name not in ours]

    # -- doing ---------------------------------------------------------------------

    def requests(self, operation: Operation) -> Sequence[Request]:
        """See `NetlinkDriver`: with those that mark what is made."""
        if isinstance(operation, DeleteRoute):
            # Not whatever is there: one of others' may lead to the same network.
            operation = replace(operation, alone=False)
        return [out for one in operation.requests() for out in self._marked(one)]

    def _marked(self, request: Request) -> Iterator[Request]:
        """A request, and if it makes links those that mark them."""
        if isinstance(request, Rtnl) and request.namespace == HOST:
            _refuse_unmarked(request)
        if not isinstance(request, Rtnl) or (request.noun, request.verb) != _NEW_LINK:
            yield request
            return
        args = {**request.args, "group": self._mark.group}
        ends = [(request.namespace, str(args["ifname"]))]
        if peer := args.get("peer"):
            args["peer"] = {**peer, "group": self._mark.group}
            where = peer.get("net_ns_fd")
            far = where.name if isinstance(where, InNamespace) else request.namespace
            ends.append((far, str(peer["ifname"])))
        yield replace(request, args=args)
        for namespace, ifname in ends:
            mark = {"index": Index(ifname), "altname": self._mark.altname()}
            yield Rtnl(namespace, "link", "property_add", mark)

    def message(self, space: Space, request: Rtnl, *, numbered: bool = True) -> Message:
        """See `NetlinkDriver`. Of the machine's numbers none is ours to choose.

        Somebody else may take it first, and what follows would be about their link.
        """
        if request.namespace == HOST and (request.noun, request.verb) == _NEW_LINK:
            numbered = False
            space.forget_numbers()
            if peer := request.args.get("peer"):
                where = peer.get("net_ns_fd")
                far = self.require(where.name) if where else space
                far.forget_numbers()
        return super().message(space, request, numbered=numbered)

    def _resolved(self, space: Space, value: Any) -> Any:
        resolved = super()._resolved(space, value)
        if isinstance(value, Index) and space.name == HOST:
            self._prove(space, value.ifname, resolved)
        return resolved

    def _prove(self, space: Space, ifname: str, index: int) -> None:
        """See that a link is the lab's: another may have taken its name."""
        if index in self._proven:
            return
        message = packing.encode("link", "get", {"index": index})
        (answer,) = space.channel.request([message])
        if answer.errno or not answer.bodies:
            raise KernelError(
                f'"{HOST}:{ifname}" does not exist',
                "it is gone: removed outside tuilab, or never made",
                answer.errno or errno.ENODEV,
            )
        if not self._owns(observe.raw_link(answer.bodies[0])):
            raise not_ours(f"{HOST}:{ifname}")
        self._proven.add(index)

    def _make_tap(self, request: MakeTap) -> None:
        tap.make(request, lambda name: marks.add_altname(name, self._mark.altname()))

    def _write(self, request: WriteSysctl) -> None:
        super()._write(request)
        if request.namespace == HOST:
            former.put_right(request.key, request.value)

    def _named(self, request: NamedNamespace) -> None:
        if request.verb != "add" and self._get(request.name) is None:
            raise not_ours(request.name)
        super()._named(request)

    def _create_here(self, name: str) -> None:
        netns.share()
        mark = self._mark.altname()
        netns.create_here(name, lambda: marks.add_altname("lo", mark), self._mark.text)

    def _rename(self, old: str, new: str) -> None:
        netns.rename(old, new, self._mark.text)


def _refuse_unmarked(request: Rtnl) -> None:
    """Nothing is put on the machine that could not be known for the lab's again."""
    if request.noun == "rule":
        raise KernelError(
            "the rules of the machine itself are not changed",
            "in host mode a lab has rules in its own namespaces only",
            errno.EPERM,
        )
    if request.noun == "route" and not {"oif", "multipath"} & request.args.keys():
        raise KernelError(
            f"a route to {request.args.get('dst')} by no link is not changed on host",
            "in host mode the machine's routes go by the lab's own links",
            errno.EPERM,
        )


def _part(whole: NamespaceState, links: set[str]) -> NamespaceState:
    """Some links of a namespace, and the routes and neighbours through them alone.

    Nothing tells whose a rule is, or a route that leads through no link: they are the
    machine's, and a lab has none there.
    """
    return NamespaceState(
        {name: link for name, link in whole.links.items() if name in links},
        frozenset(
            route
            for route in whole.routes
            if route.type == UNICAST and all(way.dev in links for way in route.ways)
        ),
        neighbours=frozenset(n for n in whole.neighbours if n.dev in links),
    )


def lo_altnames(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What ``lo`` is called besides, in each of some namespaces; gone ones lack."""
    found: dict[str, tuple[str, ...]] = {}

    def visit() -> None:
        for name in names:
            with suppress(OSError, NotFoundError):
                fd = netns.open_fd(name)
                try:
                    syscalls.setns(fd, syscalls.CLONE_NEWNET)
                    found[name] = marks.altnames("lo")
                finally:
                    os.close(fd)

    if names:
        netns.in_thread(visit)
    return found


async def all_marks() -> set[Mark]:
    """The marks of everything on this machine that labs in host mode have made."""
    driver = NetlinkDriver()
    try:
        await driver.observe({HOST})
        raw = driver.require(HOST).raw
    finally:
        await driver.aclose()
    assert raw is not None
    links = [(link.altnames, link.link_group) for link in raw.links.values()]
    links += [(names, 0) for names in lo_altnames(netns.names()).values()]
    labs = former.labs()
    for name in netns.files():
        text = netns.said(name)
        if text.startswith(marks.PREFIX):
            labs.add(text.removeprefix(marks.PREFIX).strip())
    found = marks.marks_of(links) | {Mark.of(lab) for lab in labs}
    named = {mark.group for mark in found if mark.lab}
    return {mark for mark in found if mark.lab or mark.group not in named}
