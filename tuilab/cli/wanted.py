"""Which links are meant: by name, all of a namespace, or all of the lab."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tuilab.cli import work
from tuilab.errors import NotFoundError, UsageError
from tuilab.model.topology import HOST, LO, Endpoint, Topology
from tuilab.packets.filters import check_filter

_ENDPOINT = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*):([A-Za-z0-9_.@+-]+|\*)")
"""No word of pcap-filter(7) has a single colon and no bracket."""
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be captured.

    Attributes:
        endpoints: Where.
        filter: pcap-filter text or a preset's name; empty for everything.
        whole: All links of a namespace or of the lab: those that are down may be
            left out.
    """

    endpoints: list[Endpoint]
    filter: str = ""
    whole: bool = False


def select(words: Sequence[str], topology: Topology, *, every: bool = False) -> Wanted:
    """Tell endpoints from the filter behind them.

    Args:
        words: What was typed. A bare name is a namespace, or a link of the lab's root
            namespace.
        topology: The lab.
        every: All links of the lab; then all words are the filter.

    Raises:
        NotFoundError: The first word is no link, or there is none to capture.
        UsageError: A name may be this or that, or a link is named besides all.
    """
    if every:
        ends = [end for end, _ in topology.links()]
        if not ends:
            raise NotFoundError("the lab has no link to capture", "add a cable first")
        if words and _ENDPOINT.fullmatch(words[0]):
            raise UsageError(
                f'"{words[0]}" is one of all links of the lab',
                "leave out that or --all",
            )
        return Wanted(ends, " ".join(words), whole=True)
    found: list[Endpoint] = []
    whole = False
    for number, word in enumerate(words):
        rest = " ".join(words[number:])
        # Of a filter's words only "host" names a namespace too, in every lab.
        if found and word == HOST and check_filter(rest) is None:
            return Wanted(found, rest, whole)
        ends, all_of_it = _named(word, topology)
        if ends:
            whole = whole or all_of_it
            found += ends
        elif found:
            return Wanted(found, rest, whole)
        else:
            raise _no_link(word, topology)
    if not found:
        raise _no_link("", topology)
    return Wanted(found, "", whole)


def _named(word: str, topology: Topology) -> tuple[list[Endpoint], bool]:
    """The links that a word stands for, and whether it is for all of a namespace.

    None, if the word is of a filter.
    """
    match = _ENDPOINT.fullmatch(word)
    if match and match[2] != _EVERY:
        return [Endpoint(match[1], match[2])], False
    name = match[1] if match else word
    namespace = topology.namespaces.get(name)
    if match is None and _is_link(word, topology):
        if namespace is not None:
            raise UsageError(
                f'"{word}" is a namespace and a link of {HOST}',
                f"write {word}:{_EVERY} or {HOST}:{word}",
            )
        return [Endpoint(HOST, word)], False
    if namespace is None:
        if match is not None:
            raise work.no_namespace(name, topology)
        return [], False
    ends = [Endpoint(name, ifname) for ifname in namespace.links if ifname != LO]
    if not ends:
        raise NotFoundError(
            f'namespace "{name}" has no link but {LO}', f"that one is {name}:{LO}"
        )
    return ends, True


def _is_link(word: str, topology: Topology) -> bool:
    return bool(word) and topology.namespaces[HOST].link(word) is not None


def _no_link(word: str, topology: Topology) -> NotFoundError:
    known = [str(end) for end, _ in topology.links()]
    hint = f"links are {', '.join(known)}" if known else "the lab has none"
    if not word:
        return NotFoundError("no link to capture is named", f"{hint}; or --all")
    return NotFoundError(f'"{word}" is no link and no namespace of this lab', hint)
