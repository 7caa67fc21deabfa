"""Route netlink requests in pyroute2's words, packed by pyroute2.

For what `wire` does not pack itself: rules, neighbours, options of bridges and ports;
and to read what the drivers of links are set to, of which there are many.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from pyroute2.iproute.linux import get_arguments_processor
from pyroute2.netlink import nlmsg, rtnl
from pyroute2.netlink.nlsocket import NetlinkRequest
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from tuilab.kernel.wire import RTM_NEWLINK, RTN_UNICAST, Message

_CLASSES: dict[str, tuple[type[nlmsg], str]] = {
    "link": (ifinfmsg, "LINK"),
    "addr": (ifaddrmsg, "ADDR"),
    "route": (rtmsg, "ROUTE"),
    "rule": (fibmsg, "RULE"),
    "neigh": (ndmsg, "NEIGH"),
}
_VERBS = {
    "add": ("NEW", "create"),
    "set": ("NEW", "req"),
    "replace": ("NEW", "replace"),
    "del": ("DEL", "req"),
    "get": ("GET", "get"),
}
_NOWHERE = SimpleNamespace(
    addr_pool=None, status={"nlm_echo": False}, epid=1, marshal=None
)
_HEADER = struct.Struct("=IHHII")


def encode(noun: str, verb: str, args: Mapping[str, Any]) -> Message:
    """A request as what is sent.

    Args:
        noun: As `IPRoute` has methods: link, addr, route, rule, neigh.
        verb: add, set, replace, del or get.
        args: What that method takes, every reference resolved.
    """
    cls, object_ = _CLASSES[noun]
    prefix, mode = _VERBS[verb]
    kind = getattr(rtnl, f"RTM_{prefix}{object_}")
    words = dict(args)
    if noun == "route" and verb != "del":
        words.setdefault("type", RTN_UNICAST)
    processed = get_arguments_processor(noun, verb, words, {"strict_check": False})
    request = NetlinkRequest(
        _NOWHERE, cls(), verb, {verb: (kind, mode)}, None, processed, msg_seq=0
    )
    request.msg.encode()
    data = bytes(request.msg.data)
    _, kind, flags, _, _ = _HEADER.unpack_from(data)
    return Message(kind, flags, data[16:])


def driver_options(body: bytes) -> tuple[tuple[str, str], ...]:
    """What the driver of a link is set to, as its RTM_NEWLINK tells, in words."""
    message = ifinfmsg(_HEADER.pack(16 + len(body), RTM_NEWLINK, 0, 0, 0) + body)
    message.decode()
    info = message.get_attr("IFLA_LINKINFO")
    data = info.get_attr("IFLA_INFO_DATA") if info else None
    if not data or "attrs" not in data:
        return ()
    return tuple(
        (name.split("_", 2)[-1].lower(), str(value))
        for name, value in data["attrs"]
        if isinstance(value, int | str) and not name.startswith("UNKNOWN")
    )
