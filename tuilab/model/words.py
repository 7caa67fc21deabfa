"""Attributes of a link in words, as `ip link set` and `tuilab set` take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from tuilab.errors import UsageError
from tuilab.model import vlans
from tuilab.model.bridging import SECONDS, VLAN_WORDS
from tuilab.model.links import (
    BRIDGE_OPTIONS,
    PORT_OPTIONS,
    Bridge,
    Link,
    PortLink,
    Tap,
)

LINK_WORDS = "up, down, mtu N, mac MAC, master BRIDGE, nomaster, user U or group G"
PORT_WORDS = (
    "isolated, hairpin, learning or flood on|off, cost N, priority N, "
    'vlans "10 pvid untagged, 20-29"'
)
BRIDGE_WORDS = (
    "stp, vlan_filtering or mcast_snooping on|off, priority N, and ageing, "
    "forward_delay, hello_time or max_age SECONDS, vlans as of a port"
)


_LISTS = ("fdb", "vlans")
"""What has several members, which need words of their own."""
_FIELDS = (*fields(PortLink), *fields(Bridge), *fields(Tap))
_VALUED = tuple(
    dict.fromkeys(f.name for f in _FIELDS if f.name not in ("up", "addresses", "fdb"))
)
"""What a link can be set to with a value."""
_TRUTH = {"on": True, "yes": True, "1": True, "off": False, "no": False, "0": False}
_NUMBERS: dict[str, tuple[str, Callable[[str], float]]] = {
    "mtu": ("of bytes such as 1500", int),
    "cost": ("from 1 to 65535", int),
    "priority": ("such as 16", int),
    **dict.fromkeys(SECONDS, ("of seconds such as 15", float)),
}


def link_attributes(words: Sequence[str]) -> dict[str, Any]:
    """Attributes of a link from words as `ip link set` takes them.

    Raises:
        UsageError: A word is none of them, or lacks its value.
    """
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in ("up", "down"):
            name, value = "up", word == "up"
        elif word == "nomaster":
            name, value = "master", None
        elif word in _VALUED or word == "address":
            if not rest:
                raise UsageError(f'"{word}" lacks its value', f"say {_words(word)}")
            name = "mac" if word == "address" else word
            value = _value(name, rest.pop(0))
        else:
            raise UsageError(
                f'"{word}" is nothing that a link can be set to',
                f"say {LINK_WORDS}; {PORT_WORDS}; {BRIDGE_WORDS}",
            )
        if found.setdefault(name, value) != value:
            raise UsageError(f'"{word}" contradicts what is said before', "say one")
    return found


def _words(name: str) -> str:
    if name in PORT_OPTIONS:
        return PORT_WORDS
    return BRIDGE_WORDS if name in BRIDGE_OPTIONS else LINK_WORDS


def _value(name: str, text: str) -> Any:
    field = next(f for f in _FIELDS if f.name == name)
    if text == "default" and name != "master":
        return field.default
    if isinstance(field.default, bool):
        if text not in _TRUTH:
            raise UsageError(f'"{text}" is no value for {name}', "say on, off, default")
        return _TRUTH[text]
    if name == "vlans":
        found = vlans.typed(text)
        if fact := next((fact for _, fact in vlans.problems(found)), ""):
            raise UsageError(fact, f"{VLAN_WORDS}, with commas between, or none")
        return found
    if name in _NUMBERS:
        what, make = _NUMBERS[name]
        try:
            return make(text)
        except ValueError:
            raise UsageError(
                f'"{text}" is no {name}', f"it is a number {what}, or default"
            ) from None
    return text


def option_names(link: Link) -> tuple[str, ...]:
    """What a bridge, or a port of one, can be set to besides what every link can."""
    if isinstance(link, PortLink):
        return tuple(name for name in PORT_OPTIONS if name not in _LISTS)
    if isinstance(link, Bridge):
        return tuple(name for name in BRIDGE_OPTIONS if name not in _LISTS)
    return ()


def option_words(link: Link) -> str:
    """Those that are not as by default, in words."""
    defaults = {f.name: f.default for f in fields(link)}
    words = []
    for name in option_names(link):
        value = getattr(link, name)
        if value != defaults[name]:
            shown = ("on" if value else "off") if isinstance(value, bool) else value
            words.append(f"{name} {shown}")
    return " ".join(words)


def options_from(link: Link, words: str) -> dict[str, Any]:
    """All options of a bridge or port from words; those not named as by default.

    Raises:
        UsageError: A word is none of them, or lacks its value.
    """
    names = option_names(link)
    found = link_attributes(words.split())
    for name in found:
        if name not in names:
            raise UsageError(
                f'"{name}" is no option of a {_role(link)}',
                f"say {BRIDGE_WORDS if isinstance(link, Bridge) else PORT_WORDS}",
            )
    defaults = {f.name: f.default for f in fields(link)}
    return {name: found.get(name, defaults[name]) for name in names}


def _role(link: Link) -> str:
    return "bridge" if isinstance(link, Bridge) else "port"
