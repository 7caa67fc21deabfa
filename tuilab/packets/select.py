"""Which of the stored packets a display filter takes, found piece by piece."""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from tuilab.errors import UsageError
from tuilab.model.links import Endpoint
from tuilab.packets import dissect
from tuilab.packets.crew import Crew
from tuilab.packets.filters import SNAPLEN, check_filter, expand, resolved
from tuilab.packets.flow import NEAR, Flow, Test, take_flows, words_of
from tuilab.packets.pcapng import Interface, dlt_of
from tuilab.packets.store import Store

_NO_NETMASK: Final = 0xFFFFFFFF
_PIECE: Final = 500
"""Packets between two looks at the clock: some milliseconds."""
MANY: Final = 30_000
"""Packets from which on it is worth while to start processes that look at them."""
_QUOTED = re.compile(r'"([^"]*)"')
_JOINTS = re.compile(r"^(and|&&)\s+|\s+(and|&&)$|^(and|&&)$")


@dataclass(frozen=True, slots=True)
class Wish:
    """A display filter taken apart.

    Attributes:
        filter: pcap-filter text that packets must match; empty for all.
        texts: What their lines must hold, lower case.
        flows: The conversation that they must belong to, in all ways it is told; empty
            for any.
    """

    filter: str = ""
    texts: tuple[str, ...] = ()
    flows: tuple[Flow, ...] = ()


def parse(text: str) -> Wish:
    """Read a display filter.

    Text in double quotes is looked for in the lines; ``flow`` with both ends is a
    conversation, see `flow`; what else there is, is a filter in pcap-filter syntax or
    the name of a preset, as in ``tcp port 80 and "GET /"``. What is no filter at all,
    and has no quotes, is looked for in the lines.

    Raises:
        UsageError: What stands beside the quotes is no filter.
    """
    quoted = [part.lower() for part in _QUOTED.findall(text) if part]
    flows, rest = take_flows(_QUOTED.sub(" ", text))
    rest = " ".join(rest.split())
    if quoted or flows:
        rest = _JOINTS.sub("", _JOINTS.sub("", rest))
    complaint = check_filter(rest)
    if complaint is None:
        return Wish(expand(rest), tuple(quoted), flows)
    if not quoted and not flows and '"' not in rest:
        return Wish(texts=(rest.lower(),))
    raise UsageError(
        f'"{rest}" is no filter: {complaint}', 'as in: tcp port 80 and "GET /"'
    )


class Sieve:
    """Which packets of a store pass; for one thread."""

    def __init__(
        self, store: Store, wish: Wish, endpoint: Endpoint | None = None
    ) -> None:
        """Make it.

        Args:
            store: Where the packets are.
            wish: What is wanted of them.
            endpoint: The one link whose packets pass; None for every link.
        """
        self._store = store
        self._wish = wish
        self._endpoint = endpoint
        self._tests: list[Callable[[bytes], object]] = []
        self._stopped = 0

    def look(self, start: int, stop: int) -> array[int]:
        """The indexes of those that pass, from ``start`` up to ``stop``.

        Raises:
            PacketError: The file no longer holds them.
        """
        if self._wish.flows and start != self._stopped:
            # What begins before may go on here.
            self._look(max(0, start - NEAR), start)
        self._stopped = stop
        return self._look(start, stop)

    def _look(self, start: int, stop: int) -> array[int]:
        tests = self._tests
        for interface, where in self._store.interfaces[len(tests) :]:
            wanted = self._endpoint in (None, where)
            tests.append(_test(self._wish, interface, where) if wanted else _nothing)
        frames = self._store.frames(start, stop)
        return array(
            "Q",
            [
                index
                for index, (number, data) in enumerate(frames, start)
                if tests[number](data)
            ],
        )


def _test(
    wish: Wish, interface: Interface, where: Endpoint
) -> Callable[[bytes], object]:
    """What decides about the packets of one interface."""
    passes = _program(wish.filter, interface.linktype) if wish.filter else None
    if wish.flows:
        passes = _both(Test(wish.flows, interface.linktype), passes)
    if not wish.texts:
        return passes or _everything
    name, linktype, texts = dissect.place(where), interface.linktype, wish.texts

    def test(data: bytes) -> bool:
        if passes is not None and not passes(data):
            return False
        line = dissect.words_of(name, linktype, data).lower()
        for text in texts:  # noqa: SIM110 - twice as fast as all()
            if text not in line:
                return False
        return True

    return test


def _program(text: str, linktype: int) -> Callable[[bytes], object]:
    """A filter for packets of a link type; nothing passes if it can't decide."""
    import pcapy

    try:
        compiled = pcapy.compile(dlt_of(linktype), SNAPLEN, text, 1, _NO_NETMASK)
    except (pcapy.PcapError, pcapy.BPFError):
        return _nothing  # such as ether host, where there is no Ethernet
    passes: Callable[[bytes], object] = compiled.filter
    return passes


def _both(
    belongs: Callable[[bytes], object], passes: Callable[[bytes], object] | None
) -> Callable[[bytes], object]:
    if passes is None:
        return belongs
    return lambda data: belongs(data) and passes(data)


def _nothing(data: bytes) -> bool:
    return False


def _everything(data: bytes) -> bool:
    return True


class Selection:
    """The packets of a store that a display filter takes, as far as was looked.

    Looking takes time: `advance` does a piece of it, in any one thread, and what is
    found can be read from others meanwhile. Where there are many packets to look at,
    processes of their own do that. A store that grows is looked at further by calling
    again. `close` it when no more of it is wanted.

    Attributes:
        text: The display filter as it was given.
        endpoint: The one link whose packets are taken; None for every link.
        wish: What the filter means.
        examined: Packets looked at so far, from the first on.
    """

    def __init__(
        self, store: Store, text: str, endpoint: Endpoint | None = None
    ) -> None:
        """Nothing is looked at yet.

        Args:
            store: Where the packets are.
            text: The display filter, see `parse`; empty for every packet.
            endpoint: The one link whose packets to take; None for every link.

        Raises:
            UsageError: It is no filter, or names a host that nobody knows.
        """
        self.text = text
        self.endpoint = endpoint
        asked = parse(text)
        self.wish = replace(asked, filter=resolved(asked.filter))
        self.examined = 0
        self._store = store
        self._found = array("Q")
        self._sieve = Sieve(store, self.wish, endpoint)
        self._crew: Crew | None = None
        self._alone = self._closed = False

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, position: int) -> int:
        """The index in the store of the packet at ``position``, from 0."""
        return self._found[position]

    @property
    def done(self) -> bool:
        """Whether every packet that there is by now was looked at."""
        return self.examined >= len(self._store)

    def position(self, index: int) -> int:
        """Where the first packet at or after ``index`` of the store stands here."""
        return bisect_left(self._found, index)

    def advance(self, seconds: float = 0.05) -> bool:
        """Look at packets for about that long, or until there are no more.

        Returns:
            Whether all were looked at.

        Raises:
            PacketError: The file no longer holds them.
        """
        deadline = time.monotonic() + seconds
        while not self.done and not self._closed:
            if self._crew is None and not self._alone:
                self._hire()
            if self._crew is not None:
                self._take(self._crew, max(0.0, deadline - time.monotonic()))
            else:
                stop = min(self.examined + _PIECE, len(self._store))
                self._found.extend(self._sieve.look(self.examined, stop))
                self.examined = stop
                time.sleep(0)  # others of this process get their turn
            if time.monotonic() >= deadline:
                break
        return self.done

    def close(self) -> None:
        """Look no further; what was found stays. May be called from any thread."""
        self._closed = True
        crew = self._crew
        if crew is not None:
            crew.close()

    def _hire(self) -> None:
        if len(self._store) - self.examined < MANY:
            return
        end = self.endpoint
        wish = {
            "filter": self.wish.filter,
            "texts": self.wish.texts,
            "flows": words_of(self.wish.flows),
            "endpoint": (end.namespace, end.ifname) if end else None,
        }
        self._crew = crew = Crew.hire(self._store, wish, self.examined)
        self._alone = crew is None
        if crew is not None and self._closed:
            crew.close()

    def _take(self, crew: Crew, seconds: float) -> None:
        """What the others found meanwhile; if they are no more, we go on alone."""
        for stop, found in crew.take(seconds):
            self._found.frombytes(found)
            self.examined = stop
        if crew.ended:
            self._alone = crew.failed
            self._crew = None
            crew.close()
