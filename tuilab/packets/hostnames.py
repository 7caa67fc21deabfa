"""Names of hosts in filters: looked up here, since libpcap would stop us meanwhile.

libpcap asks for them in the middle of compiling, when no other thread of Python runs.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tuilab.errors import UsageError

_TOKEN: Final = re.compile(r"[\w.:-]+|[&|]{2}|\S")
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*")
_JOINTS: Final = frozenset({"and", "or", "not", "&&", "||", "!", "("})
_WAYS: Final = frozenset({"src", "dst"})
_FAMILIES: Final = {"ip": 4, "arp": 4, "rarp": 4, "ip6": 6}
_OTHER_TYPES: Final = frozenset(
    {"port", "portrange", "net", "proto", "protochain", "gateway", "ifname", "on"}
)
_OTHER_LINKS: Final = frozenset({"ether", "link", "wlan", "fddi", "tr"})


@dataclass(frozen=True, slots=True)
class HostName:
    """A host's name in a filter.

    Attributes:
        start: Where what qualifies it starts, else the name.
        end: The place behind the name.
        qualifiers: The words before it, such as ``src host``; may be none.
        name: The name.
        version: 4 or 6 where the words say so, else 0.
    """

    start: int
    end: int
    qualifiers: tuple[str, ...]
    name: str
    version: int


def host_names(text: str, words: frozenset[str]) -> Iterator[HostName]:
    """The names of hosts in a filter.

    Args:
        text: The filter.
        words: What has a meaning in filters, and is no name.
    """
    before: list[re.Match[str]] = []
    host = False  # what is named next is one, as after "host a or"
    for token in _TOKEN.finditer(text):
        word = token[0].lower()
        if word in words or not _NAME.fullmatch(token[0]):
            both = word in _JOINTS and before and before[-1][0].lower() in _WAYS
            before = [*before, token] if both or word not in _JOINTS else []
            if word == "host" or word in _WAYS:
                host = True
            elif word in _OTHER_TYPES:
                host = False
            continue
        said = tuple(it[0].lower() for it in before)
        if host and not _OTHER_LINKS.intersection(said):
            version = next((_FAMILIES[it] for it in said if it in _FAMILIES), 0)
            start = before[0].start() if before else token.start()
            yield HostName(start, token.end(), said, token[0], version)
        before = []


def replaced(text: str, words: frozenset[str], by: Callable[[HostName], str]) -> str:
    """The filter with something else for every name and what qualifies it."""
    out, at = "", 0
    for found in host_names(text, words):
        out += text[at : found.start] + by(found)
        at = found.end
    return out + text[at:]


def stand_in(found: HostName) -> str:
    """An address in place of a name that nobody is asked for."""
    address = "::1" if found.version == 6 else "127.0.0.1"
    return " ".join([*_as_host(found.qualifiers), address])


def looked_up(found: HostName) -> str:
    """The addresses of a name. Blocks, for as long as a name server takes.

    Raises:
        UsageError: Nobody knows it.
    """
    family = {4: socket.AF_INET, 6: socket.AF_INET6}.get(found.version, 0)
    try:
        told = socket.getaddrinfo(found.name, None, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError(
            f'there is no host "{found.name}"', "give its address in the filter"
        ) from None
    addresses = dict.fromkeys(str(it[4][0]).partition("%")[0] for it in told)
    words = " ".join(_as_host(found.qualifiers))
    ways = " or ".join(f"{words} {address}" for address in addresses)
    # Without brackets what follows "or" is taken for a host too.
    return ways if len(addresses) == 1 else f"({ways})"


def _as_host(qualifiers: tuple[str, ...]) -> list[str]:
    return [*(it for it in qualifiers if it != "host"), "host"]
