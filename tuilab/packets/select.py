"""Which of the stored packets a display filter takes, found piece by piece."""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tuilab.errors import UsageError
from tuilab.packets import dissect
from tuilab.packets.filters import SNAPLEN, check_filter, expand
from tuilab.packets.pcapng import LINKTYPE_ETHERNET, dlt_of
from tuilab.packets.store import Store

_NO_NETMASK: Final = 0xFFFFFFFF
_PIECE: Final = 2000
"""Packets between two looks at the clock: some milliseconds."""
_QUOTED = re.compile(r'"([^"]*)"')
_JOINTS = re.compile(r"^(and|&&)\s+|\s+(and|&&)$|^(and|&&)$")


@dataclass(frozen=True, slots=True)
class Wish:
    """A display filter taken apart.

    Attributes:
        filter: pcap-filter text that packets must match; empty for all.
        texts: What their lines must hold, lower case.
    """

    filter: str = ""
    texts: tuple[str, ...] = ()


def parse(text: str) -> Wish:
    """Read a display filter.

    Text in double quotes is looked for in the lines; what else there is, is a filter
    in pcap-filter syntax or the name of a preset, as in ``tcp port 80 and "GET /"``.
    What is no filter at all, and has no quotes, is looked for in the lines.

    Raises:
        UsageError: What stands beside the quotes is no filter.
    """
    quoted = [part.lower() for part in _QUOTED.findall(text) if part]
    rest = " ".join(_QUOTED.sub(" ", text).split())
    if quoted:
        rest = _JOINTS.sub("", _JOINTS.sub("", rest))
    complaint = check_filter(rest)
    if complaint is None:
        return Wish(expand(rest), tuple(quoted))
    if not quoted and '"' not in rest:
        return Wish(texts=(rest.lower(),))
    raise UsageError(
        f'"{rest}" is no filter: {complaint}', 'as in: tcp port 80 and "GET /"'
    )


class Selection:
    """The packets of a store that a display filter takes, as far as was looked.

    Looking takes time: `advance` does a piece of it, in any one thread, and what is
    found can be read from others meanwhile. Whoever no longer wants it just stops
    calling. A store that grows is looked at further by calling again.

    Attributes:
        text: The display filter as it was given.
        wish: What it means.
        examined: Packets looked at so far, from the first on.
    """

    def __init__(self, store: Store, text: str) -> None:
        """Nothing is looked at yet.

        Args:
            store: Where the packets are.
            text: The display filter, see `parse`; empty for every packet.

        Raises:
            UsageError: It is no filter.
        """
        self.text = text
        self.wish = parse(text)
        self.examined = 0
        self._store = store
        self._found = array("Q")
        self._programs: dict[int, Any] = {}

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
        """Look at packets for that long, or until there are no more.

        Returns:
            Whether all were looked at.
        """
        deadline = time.monotonic() + seconds
        look = self._by_text if self.wish.texts else self._by_filter
        while not self.done:
            stop = min(self.examined + _PIECE, len(self._store))
            self._found.extend(look(self.examined, stop))
            self.examined = stop
            if time.monotonic() >= deadline:
                break
        return self.done

    def _by_filter(self, start: int, stop: int) -> list[int]:
        if not self.wish.filter:
            return list(range(start, stop))
        found = []
        linktype, takes = -1, self._program(LINKTYPE_ETHERNET)
        for index, (kind, data) in enumerate(self._store.frames(start, stop), start):
            if kind != linktype:
                linktype, takes = kind, self._program(kind)
            if takes(data):
                found.append(index)
        return found

    def _by_text(self, start: int, stop: int) -> list[int]:
        found = []
        texts = self.wish.texts
        for packet in self._store.packets(start, stop):
            if self.wish.filter and not self._program(packet.linktype)(packet.data):
                continue
            line = dissect.words(packet).lower()
            if all(text in line for text in texts):
                found.append(packet.number - 1)
        return found

    def _program(self, linktype: int) -> Callable[[bytes], object]:
        """What decides for packets of a link type; nothing passes if it can't."""
        import pcapy

        program = self._programs.get(linktype)
        if program is None:
            try:
                compiled = pcapy.compile(
                    dlt_of(linktype), SNAPLEN, self.wish.filter, 1, _NO_NETMASK
                )
                program = compiled.filter
            except (pcapy.PcapError, pcapy.BPFError):
                program = _nothing  # such as ether host, where there is no Ethernet
            self._programs[linktype] = program
        return program


def _nothing(data: bytes) -> bool:
    return False
