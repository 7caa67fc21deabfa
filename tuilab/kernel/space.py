"""An open network namespace of a lab: its socket, and what was last seen in it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from tuilab.errors import KernelError
from tuilab.kernel import devconf, netconf, netns, observe, packing, sysctl, wire
from tuilab.kernel.bridging import entries, vlans_of
from tuilab.kernel.channel import Channel
from tuilab.kernel.live import Live
from tuilab.kernel.observe import Raw, RawAddress, RawLink
from tuilab.kernel.policies import raw_policies
from tuilab.model.links import KINDS
from tuilab.model.sysctls import IPV6_SWITCHES, SYSCTLS
from tuilab.model.topology import LO, Endpoint
from tuilab.model.vlans import Vlans
from tuilab.plan.state import LinkState

T = TypeVar("T")

LO_INDEX = 1
"""What ``lo`` has in every namespace."""


class Space:
    """One namespace. For use by the driver's own thread, which visits it.

    Attributes:
        name: As in /run/netns; ``host`` for the lab's root.
        fd: A descriptor of it.
        inode: What tells it from another of the same name.
        channel: A socket in it.
        raw: What was dumped last.
        heard: Whether its events reach the monitor.
        settings: Kernel settings to read, besides those that always are.
        strange: More of them, found to be unusual when all were read.
        searched: When all were read, as the driver counts.
        made: Whether it was made for the lab, so that all its settings count.
        stale: Whether settings of links are otherwise by now than in ``raw``.
        nsids: The ids by which this namespace knows others, by their inode.
        states: What the links were made into last, by index, for taking over.
        counters: What the links counted when that was last asked, by index.
    """

    def __init__(self, name: str, fd: int, *, fresh: bool) -> None:
        """Open it; the calling thread is in it. The descriptor becomes ours.

        Args:
            name: Its name.
            fd: A descriptor of it.
            fresh: It has just been made: there is ``lo``, which counted nothing yet.
        """
        self.name = name
        self.fd = fd
        with ExitStack() as undo:
            undo.callback(os.close, fd)
            self.inode = os.fstat(fd).st_ino
            self.channel = Channel()
            undo.pop_all()
        self.raw: Raw | None = None
        self.heard = False
        self.settings: frozenset[str] = frozenset()
        self.strange: frozenset[str] = frozenset()
        self.searched = 0
        self.made = True
        self.stale = False
        self.nsids: dict[int, int] = {}
        self.states: dict[int, tuple[Hashable, LinkState]] = {}
        self.counters: dict[int, Live] = {}
        self._indexes: dict[str, int] = {LO: LO_INDEX}
        self._fresh = fresh
        self._highest = LO_INDEX if fresh else 0
        self._links: dict[bytes, RawLink] = {}
        self._addresses: dict[bytes, RawAddress | None] = {}

    def close(self) -> None:
        """Let go of it; it stays."""
        self.channel.close()
        os.close(self.fd)

    # -- looking -------------------------------------------------------------------

    def dump(self) -> Raw:
        """See everything that is in it; the calling thread is."""
        # Without counters the kernel's words on a link are the same as last time.
        quick = self._fresh or bool(self.counters)
        ask = wire.LINKS_WITHOUT_COUNTERS if quick else wire.LINKS
        bodies = self.channel.dump(wire.RTM_GETLINK, ask)
        self._links = _read(bodies, self._links, observe.raw_link)
        links = {link.index: link for link in self._links.values()}
        if not quick:
            self.counters = {index: link.live for index, link in links.items()}
        links |= {it.index: self._recalled(it) for it in links.values() if it.guessed}
        bodies = self.channel.dump(wire.RTM_GETADDR, wire.ADDRESSES)
        self._addresses = _read(bodies, self._addresses, observe.raw_address)
        self.raw = Raw(
            links,
            observe.raw_addresses(self._addresses.values(), links),
            observe.raw_routes(self.channel.dump(wire.RTM_GETROUTE, wire.ROUTES)),
            self._sysctls(links),
            raw_policies(
                self.channel.dump(wire.RTM_GETRULE, wire.RULES),
                self.channel.dump(wire.RTM_GETNEIGH, wire.NEIGHBOURS),
                self.channel.dump(wire.RTM_GETNEIGH, wire.PROXIES),
            ),
            self._entries([link.index for link in links.values() if link.is_port]),
            self._vlans(any(it.bridge.vlan_filtering for it in links.values())),
        )
        self._indexes = {link.ifname: link.index for link in links.values()}
        self._highest = max(self._highest, *links) if links else self._highest
        self.stale = False
        return self.raw

    def _recalled(self, link: RawLink) -> RawLink:
        """A bridge that does not tell its ageing, with what it told before."""
        former = self.raw.links.get(link.index) if self.raw else None
        if former is None or former.kind != link.kind:
            return link
        bridge = replace(link.bridge, ageing=former.bridge.ageing)
        return replace(link, bridge=bridge, guessed=former.guessed)

    def guessed(self) -> list[Endpoint]:
        """Bridges whose ageing is not known."""
        links = self.raw.links.values() if self.raw else ()
        return [Endpoint(self.name, it.ifname) for it in links if it.guessed]

    def _sysctls(self, links: Mapping[int, RawLink]) -> dict[str, str]:
        asked = self.settings | self.strange
        if self.made and not (self._fresh and self.raw is None):
            # An edit has to know of these, however lately they were changed.
            asked = asked | IPV6_SWITCHES
        found = netconf.of_all(self.channel) | sysctl.read(asked)
        if not self.made:
            told = SYSCTLS.keys() | self.settings
            return {key: value for key, value in found.items() if key in told}
        packed = {it.ifname: it.conf for it in links.values() if it.kind in KINDS}
        return devconf.unlike(packed, found, self.settings) | found

    def _entries(self, ports: list[int]) -> Mapping[int, tuple[str, ...]]:
        if not ports:
            return {}
        return entries(self.channel.dump(wire.RTM_GETNEIGH, wire.ENTRIES), ports)

    def _vlans(self, looked_at: bool) -> Mapping[int, Vlans]:
        if not looked_at:
            return {}
        return vlans_of(self.channel.dump(wire.RTM_GETLINK, wire.VLANS))

    def proxies_changed(self) -> bool:
        """Whether others are answered for than when it was dumped."""
        if self.raw is None:
            return False
        bodies = self.channel.dump(wire.RTM_GETNEIGH, wire.PROXIES)
        known = {it for it in self.raw.policies.neighbours if it[1].proxy}
        return raw_policies((), (), bodies).neighbours != known

    def settings_changed(self, *, search: bool) -> bool:
        """Whether settings are otherwise than when it was dumped; the thread is in it.

        Args:
            search: Read all that are no link's, of which many tell nobody.
        """
        if self.raw is None:
            return False
        asked = self.settings | self.strange
        now = {}
        if search:
            now = sysctl.strange()
            self.strange = frozenset(now)
        now |= sysctl.read(asked - self.strange)
        return any(self.raw.sysctls.get(key) != value for key, value in now.items())

    def live(self) -> dict[str, Live]:
        """Operstates and counters, by name; says of itself when it is stale."""
        found = {}
        known = self.raw.links if self.raw and self.made else {}
        for body in self.channel.dump(wire.RTM_GETLINK, wire.LINKS):
            index, name, alive, conf = observe.raw_live(body)
            found[name] = self.counters[index] = alive
            if index in known and known[index].conf != conf:
                self.stale = True
        return found

    # -- names and numbers ---------------------------------------------------------

    def index(self, ifname: str) -> int:
        """The index of a link.

        Raises:
            KernelError: There is none of that name.
        """
        if ifname not in self._indexes:
            message = packing.encode("link", "get", {"ifname": ifname})
            (answer,) = self.channel.request([message])
            if answer.errno or not answer.bodies:
                raise KernelError(
                    f'"{self.name}:{ifname}" does not exist',
                    "it is gone: removed outside tuilab, or never made",
                    answer.errno or errno.ENODEV,
                )
            self._indexes[ifname] = observe.raw_link(answer.bodies[0]).index
        return self._indexes[ifname]

    def give_index(self, ifname: str) -> int:
        """An index for a link that is about to be made: so nobody need ask for it."""
        if not self._highest:
            bodies = self.channel.dump(wire.RTM_GETLINK, wire.LINKS)
            self._highest = max(wire.IFINFO.unpack_from(body)[2] for body in bodies)
        self._highest += 1
        self._indexes[ifname] = self._highest
        return self._highest

    def renamed(self, index: int, ifname: str) -> None:
        """A link has another name now."""
        self._indexes = {k: v for k, v in self._indexes.items() if v != index}
        self._indexes[ifname] = index

    def learn_index(self, ifname: str) -> None:
        """A link was made whose number the kernel chose: it is nobody else's now."""
        self._indexes.pop(ifname, None)
        if self._highest:
            self._highest = max(self._highest, self.index(ifname))

    def forget_numbers(self) -> None:
        """Links have numbers that we did not choose."""
        self._indexes = {LO: LO_INDEX}
        self._highest = 0

    def learn_nsids(self, others: Sequence[Space]) -> None:
        """Ask by which ids this namespace knows others."""
        asked = [other for other in others if other.inode not in self.nsids]
        messages = [wire.ask_namespace(other.fd) for other in asked]
        for other, answer in zip(asked, self.channel.request(messages), strict=True):
            nsid = wire.read_nsid(answer.bodies[0]) if answer.bodies else None
            if nsid is not None:
                self.nsids[other.inode] = nsid


def open_here(name: str, *, fresh: bool = False) -> Space:
    """The namespace that the calling thread is in, which bears that name.

    Args:
        name: The name.
        fresh: It has just been made.
    """
    fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    return Space(name, fd, fresh=fresh)


def is_open(space: Space) -> bool:
    """Whether the name still stands for that namespace.

    Raises:
        FileNotFoundError: It stands for none.
    """
    return os.stat(netns.file(space.name)).st_ino == space.inode  # noqa: PTH116


def _read(
    bodies: list[bytes], known: dict[bytes, T], read: Callable[[bytes], T]
) -> dict[bytes, T]:
    """What each says, read only where it was not said before."""
    return {body: known[body] if body in known else read(body) for body in bodies}
