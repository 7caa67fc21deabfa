"""The real kernel: pyroute2, one route netlink socket per namespace, no forks.

pyroute2's own ``netns=`` forks per socket, beside Textual's threads. Here a throwaway
thread enters the namespace, opens the socket there and hands it to `AsyncIPRoute`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from ctypes import c_int
from fcntl import ioctl
from pathlib import Path
from typing import Any

from pyroute2 import AsyncIPRoute
from pyroute2.netlink.exceptions import NetlinkError

from tuilab.errors import KernelError, NotFoundError, RightsError
from tuilab.kernel import bridging, netns, observe, sysctl
from tuilab.kernel.driver import Live, Observation, Process
from tuilab.kernel.monitor import Monitor
from tuilab.kernel.observe import Raw, RawLink
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

SOL_NETLINK = 270
NETLINK_EXT_ACK = 11
NETNSA_NSID_NOT_ASSIGNED = 0xFFFFFFFF
"""-1, which pyroute2 reads without its sign."""
RCVBUF = 4 << 20
"""Bytes; a dump of a bridge with a thousand ports must fit."""
AT_ONCE = 8
"""Namespaces that are dumped at a time: more would keep the loop from all else."""

TUNSETIFF = 0x400454CA
TUNSETPERSIST = 0x400454CB
TUNSETOWNER = 0x400454CC
TUNSETGROUP = 0x400454CE
IFF_TAP, IFF_NO_PI, IFF_TUN_EXCL = 0x0002, 0x1000, 0x8000
TUN = "/dev/net/tun"

_HINTS = {
    errno.EPERM: "this needs CAP_NET_ADMIN in the lab; see tuilab doctor",
    errno.EOPNOTSUPP: "this kernel has no support for it; see tuilab doctor",
    errno.ENODEV: "it is gone: removed outside tuilab, or never made",
    errno.EEXIST: "something of that name or number is there already",
    errno.ENETUNREACH: "the gateway must be in a network of its link",
    errno.EBUSY: "something is using it; end that first",
    errno.EMFILE: "let this user have more open files (ulimit -n)",
}


def _open_socket() -> socket.socket:
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 0)
    sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RCVBUF)
    sock.bind((0, 0))
    sock.setblocking(False)
    return sock


class _Namespace:
    """An open namespace: its socket, a descriptor of it, and what we know of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fd = netns.open_fd(name)
        self.inode = os.fstat(self.fd).st_ino
        with ExitStack() as undo:
            undo.callback(os.close, self.fd)
            self.socket = netns.run_in(name, _open_socket)
            undo.callback(self.socket.close)
            self.ipr = AsyncIPRoute(use_socket=self.socket, ext_ack=True)
            undo.pop_all()
        self.raw: Raw | None = None
        self.heard = False
        self.indexes: dict[str, int] = {}
        self.settings: Collection[str] = ()
        self.nsids: dict[int, int | None] = {}
        """Namespace ids as this namespace numbers others, by their inode."""

    def close(self) -> None:
        with suppress(Exception):
            self.ipr.close()
        self.socket.close()
        os.close(self.fd)

    async def dump(self) -> Raw:
        links = {
            link.index: link
            async for message in await self.ipr.link("dump")
            for link in (observe.raw_link(message),)
        }
        addresses = [m async for m in await self.ipr.addr("dump")]
        routes = [m async for m in await self.ipr.route("dump", family=0)]
        ports = {link.index for link in links.values() if link.port_of_bridge}
        self.raw = Raw(
            links,
            observe.raw_addresses(addresses, links),
            observe.raw_routes(routes),
            self.read_settings(),
            await bridging.entries(self.ipr, ports) if ports else {},
        )
        self.indexes = {link.ifname: link.index for link in links.values()}
        return self.raw

    def read_settings(self) -> dict[str, str]:
        return netns.run_in(self.name, lambda: sysctl.read(self.settings))

    def settings_changed(self) -> bool:
        return self.raw is not None and self.read_settings() != self.raw.sysctls

    async def index(self, ifname: str) -> int:
        if ifname not in self.indexes:
            try:
                (message,) = await self.ipr.link("get", ifname=ifname)
            except NetlinkError as error:
                raise KernelError(
                    f'"{self.name}:{ifname}" does not exist',
                    _HINTS[errno.ENODEV],
                    error.code,
                ) from error
            self.indexes[ifname] = message["index"]
        return self.indexes[ifname]

    async def nsid_of(self, other: _Namespace) -> int | None:
        if other.inode not in self.nsids:
            answer = await self.ipr.get_netnsid(fd=other.fd)
            nsid = answer["nsid"] if answer else None
            if nsid in (None, NETNSA_NSID_NOT_ASSIGNED):
                return None
            self.nsids[other.inode] = nsid
        return self.nsids[other.inode]


class NetlinkDriver:
    """See `kernel.driver.Driver`. For use inside a lab's sandbox, on one event loop."""

    def __init__(self) -> None:
        self._open: dict[str, _Namespace] = {}
        self._settings: Mapping[str, Collection[str]] = {}
        self._monitor: Monitor | None = None

    # -- looking -------------------------------------------------------------------

    def care(self, settings: Mapping[str, Collection[str]]) -> None:
        """See `Driver`."""
        self._settings = settings
        for space in self._open.values():
            space.settings = settings.get(space.name, ())

    async def observe(self, only: Collection[str] | None = None) -> Observation:
        """See `Driver`."""
        with _looking():
            present = {HOST, *netns.names()}
            for name in set(self._open) - present:
                self._forget(name)
            wanted = present if only is None else present & set(only)
            spaces = [space for name in sorted(wanted) if (space := self._get(name))]
            for start in range(0, len(spaces), AT_ONCE):
                some = spaces[start : start + AT_ONCE]
                # Each to its end: a socket has one dump at a time.
                dumps = (space.dump() for space in some)
                for end in await asyncio.gather(*dumps, return_exceptions=True):
                    if isinstance(end, BaseException):
                        raise end
            await self._introduce(spaces)
            return await self._seen(spaces)

    async def _seen(self, spaces: list[_Namespace]) -> Observation:
        """What was dumped, put together."""
        namespaces: dict[str, NamespaceState] = {}
        live: dict[Endpoint, Live] = {}
        for space in spaces:
            if space.raw is None:
                continue
            peers = await self._peers(space, space.raw)
            namespaces[space.name], alive = observe.state_of(space.raw, peers)
            live.update((Endpoint(space.name, k), v) for k, v in alive.items())
            # Nothing above need have waited for anything.
            await asyncio.sleep(0)
        return Observation(State(namespaces), live)

    def _get(self, name: str) -> _Namespace | None:
        """The open namespace, opened anew when the name means another one by now."""
        known = self._open.get(name)
        try:
            if known is not None:
                if os.stat(netns.path(name)).st_ino == known.inode:  # noqa: PTH116
                    return known
                self._forget(name)
            self._open[name] = _Namespace(name)
            self._open[name].settings = self._settings.get(name, ())
        except (NotFoundError, FileNotFoundError):
            self._forget(name)
            return None
        return self._open[name]

    def _forget(self, name: str) -> None:
        known = self._open.pop(name, None)
        if known is not None:
            # The kernel gives the number of a namespace that is gone to the next one.
            for other in self._open.values():
                other.nsids.pop(known.inode, None)
            known.close()

    async def _introduce(self, spaces: list[_Namespace]) -> None:
        """Give namespaces an id in the root one, so that their events are heard."""
        host = self._get(HOST)
        if self._monitor is None or host is None:
            return
        for space in spaces:
            if space is host or space.heard:
                continue
            try:
                await host.ipr.set_netnsid(fd=space.fd)
            except NetlinkError as error:
                # Another tuilab, or the kernel for a cable's sake, was there first.
                if error.code != errno.EEXIST:
                    raise
            nsid = await host.nsid_of(space)
            if nsid is not None:
                self._monitor.name(nsid, space.name)
                space.heard = True

    async def _peers(self, here: _Namespace, raw: Raw) -> dict[int, Endpoint]:
        found = {}
        for index, link in raw.links.items():
            if link.kind != "veth" or not link.peer_index:
                continue
            if link.peer_nsid is None:
                far = raw.links.get(link.peer_index)
                if far is not None:
                    found[index] = Endpoint(here.name, far.ifname)
                continue
            endpoint = await self._far_end(here, link)
            if endpoint is not None:
                found[index] = endpoint
        return found

    async def _far_end(self, here: _Namespace, link: RawLink) -> Endpoint | None:
        """The other end of a veth, in whichever of our namespaces it is.

        Only namespaces with a veth that mirrors the two indexes are asked for their
        id, so this costs about one question a cable, once.
        """
        for space in list(self._open.values()):
            if space is here:
                continue
            if space.raw is None:
                await space.dump()
            far = space.raw.links.get(link.peer_index) if space.raw else None
            if far is None or far.kind != "veth" or far.peer_index != link.index:
                continue
            if await here.nsid_of(space) == link.peer_nsid:
                return Endpoint(space.name, far.ifname)
        return None

    async def live(self) -> Mapping[Endpoint, Live]:
        """See `Driver`."""
        found: dict[Endpoint, Live] = {}
        with _looking():
            for space in list(self._open.values()):
                async for message in await space.ipr.link("dump"):
                    link = observe.raw_link(message)
                    found[Endpoint(space.name, link.ifname)] = link.live
                # Of most settings the kernel tells nobody that they were changed.
                if space.settings and space.settings_changed() and self._monitor:
                    self._monitor.mark(space.name)
        return found

    async def processes(self, namespace: str) -> list[Process]:
        """See `Driver`."""
        # There may be thousands to look through.
        return await asyncio.to_thread(_processes, namespace)

    # -- doing ---------------------------------------------------------------------

    async def carry_out(self, operation: Operation) -> None:
        """See `Driver`."""
        for request in operation.requests():
            line = " ; ".join(operation.commands())
            try:
                await self._send(request)
            except NetlinkError as error:
                if error.code in operation.already:
                    continue
                said = error.args[1] if len(error.args) > 1 else str(error)
                raise KernelError(
                    f'"{line}" was refused: {said}',
                    _HINTS.get(error.code, ""),
                    error.code,
                ) from error
            except OSError as error:
                number = error.errno or 0
                raise KernelError(
                    f'"{line}" failed: {error.strerror}', _HINTS.get(number, ""), number
                ) from error

    async def _send(self, request: Request) -> None:
        if isinstance(request, Rtnl):
            await self._rtnl(request)
        elif isinstance(request, NamedNamespace):
            await self._named(request)
        elif isinstance(request, MakeTap):
            netns.run_in(request.namespace, lambda: _make_tap(request))
        else:
            self._write(request)

    @staticmethod
    def _write(request: WriteSysctl) -> None:
        netns.run_in(
            request.namespace, lambda: sysctl.write(request.key, request.value)
        )

    async def _rtnl(self, request: Rtnl) -> None:
        space = self._require(request.namespace)
        args = {k: await self._resolved(space, v) for k, v in request.args.items()}
        await getattr(space.ipr, request.noun)(request.verb, **args)
        if request.noun == "link" and (request.verb != "set" or "ifname" in args):
            # Names and indexes have moved, on the far side of a cable as well.
            for other in self._open.values():
                other.indexes.clear()

    async def _resolved(self, space: _Namespace, value: Any) -> Any:
        if isinstance(value, Index):
            return await space.index(value.ifname)
        if isinstance(value, InNamespace):
            return self._require(value.name).fd
        if isinstance(value, dict):
            return {k: await self._resolved(space, v) for k, v in value.items()}
        return value

    def _require(self, name: str) -> _Namespace:
        space = self._get(name)
        if space is None:
            raise KernelError(
                f'namespace "{name}" does not exist',
                "it is gone: removed outside tuilab, or never made",
                errno.ENOENT,
            )
        return space

    async def _named(self, request: NamedNamespace) -> None:
        if request.verb == "add":
            netns.create(request.name)
            netns.run_in(request.name, sysctl.set_defaults)
            self._get(request.name)
        elif request.verb == "del":
            self._forget(request.name)
            # A program in it would keep the namespace alive, nameless and unseen.
            await asyncio.to_thread(netns.end_programs, request.name)
            netns.delete(request.name)
        else:
            self._forget(request.name)
            netns.rename(request.name, request.new)
            self._get(request.new)

    # -- watching ------------------------------------------------------------------

    async def watch(self, callback: Callable[[frozenset[str]], None]) -> None:
        """See `Driver`."""
        with _looking():
            self._monitor = Monitor(netns.run_in(HOST, _open_socket), callback)
            await self._introduce(list(self._open.values()))

    async def aclose(self) -> None:
        """See `Driver`."""
        if self._monitor is not None:
            self._monitor.close()
        for name in list(self._open):
            self._forget(name)


@contextmanager
def _looking() -> Iterator[None]:
    """The kernel's refusals to say what is there, as errors for a person."""
    try:
        yield
    except NetlinkError as error:
        raise KernelError(
            f"the kernel does not say what is in the lab: {error.args[-1]}",
            _HINTS.get(error.code, "tuilab doctor shows what this machine allows"),
            error.code,
        ) from error
    except OSError as error:
        number = error.errno or 0
        raise KernelError(
            f"the lab can't be looked at: {error.strerror}",
            _HINTS.get(number, "tuilab doctor shows what this machine allows"),
            number,
        ) from error


def _processes(namespace: str) -> list[Process]:
    found = []
    with suppress(NotFoundError):
        for pid in netns.pids(namespace):
            with suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                text = b" ".join(words).decode(errors="replace").strip()
                found.append(Process(pid, text))
    return found


def _make_tap(request: MakeTap) -> None:
    """Make a persistent tap in the namespace of the calling thread; see tun(4)."""
    try:
        fd = os.open(TUN, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise RightsError(
            f'"{TUN}" can\'t be opened: {error.strerror}',
            "a tap needs it; as root: modprobe tun && chmod 666 /dev/net/tun",
        ) from error
    try:
        flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL
        name = request.ifname.encode()
        ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name, flags))
        for code, owner in ((TUNSETOWNER, request.user), (TUNSETGROUP, request.group)):
            if owner is not None:
                # Python takes a C int, the kernel reads it without sign.
                ioctl(fd, code, c_int(owner).value)
        ioctl(fd, TUNSETPERSIST, 1)
    except OSError as error:
        hint = ""
        if error.errno == errno.EINVAL:
            hint = "without root, only users mapped into the lab can own a tap: you"
        raise KernelError(
            f'tap "{request.namespace}:{request.ifname}" can\'t be made: '
            f"{error.strerror}",
            hint,
            error.errno or 0,
        ) from error
    finally:
        os.close(fd)
