"""Small things that everything that sends needs of a socket."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
from typing import Any, Final

from tuilab.errors import NotFoundError, UsageError
from tuilab.packets.exchange import Control, Reply, refusal

IP_RECVERR: Final = 11
IPV6_RECVERR: Final = 25
_FROM_ICMP: Final = (2, 3)
_EXTENDED = struct.Struct("=IBBBxII")
_DISCARD: Final = 9
"""Nothing is sent there: only the way to it is asked for."""

ICMP_ERRORS = {
    (3, 0): "net unreachable",
    (3, 1): "host unreachable",
    (3, 2): "protocol unreachable",
    (3, 3): "port unreachable",
    (3, 4): "packet too big",
    (3, 9): "prohibited",
    (3, 10): "prohibited",
    (3, 13): "prohibited",
    (11, 0): "time to live exceeded",
    (11, 1): "reassembly timed out",
}
ICMP6_ERRORS = {
    (1, 0): "no route to host",
    (1, 1): "prohibited",
    (1, 2): "beyond scope",
    (1, 3): "host unreachable",
    (1, 4): "port unreachable",
    (1, 5): "prohibited",
    (1, 6): "prohibited",
    (2, 0): "packet too big",
    (3, 0): "hop limit exceeded",
    (3, 1): "reassembly timed out",
}
EXCEEDED = (ICMP_ERRORS[11, 0], ICMP6_ERRORS[3, 0])


def family_of(address: str) -> socket.AddressFamily:
    """The family of an address, with or without an interface behind it."""
    version = ipaddress.ip_address(address).version
    return socket.AF_INET if version == 4 else socket.AF_INET6


def sockaddr(address: str, port: int = 0) -> Any:
    """With the number of the interface, where the address names one.

    Raises:
        NotFoundError: There is no such interface.
    """
    family, flags = family_of(address), socket.AI_NUMERICHOST
    try:
        return socket.getaddrinfo(address, port, family, flags=flags)[0][4]
    except socket.gaierror:
        raise no_interface(address.partition("%")[2]) from None


def no_interface(ifname: str) -> NotFoundError:
    """What to say of an interface that this namespace does not have."""
    return NotFoundError(
        f'interface "{ifname}" does not exist in this namespace',
        "it has: " + ", ".join(name for _, name in socket.if_nameindex()),
    )


def bind(sock: socket.socket, source: str) -> None:
    """Send from an address.

    Raises:
        UsageError: It is none of this namespace's.
    """
    try:
        sock.bind(sockaddr(source))
    except OSError:
        raise UsageError(
            f'"{source}" is no address of this namespace to send from',
            "choose one of its own, or none",
        ) from None


def set_ttl(sock: socket.socket, ttl: int) -> None:
    """TTL or hop limit of what is sent from now on, to one or to many."""
    if sock.family == socket.AF_INET:
        level = socket.IPPROTO_IP
        options = (socket.IP_TTL, socket.IP_MULTICAST_TTL)
    else:
        level = socket.IPPROTO_IPV6
        options = (socket.IPV6_UNICAST_HOPS, socket.IPV6_MULTICAST_HOPS)
    # A stream has no use for the second one, and the kernel refuses it.
    for option in options[: 1 if sock.type == socket.SOCK_STREAM else 2]:
        sock.setsockopt(level, option, ttl)


def source_towards(to: str) -> str:
    """The address that the kernel would send from.

    Raises:
        UsageError: It would not send there.
    """
    with socket.socket(family_of(to), socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(sockaddr(to, _DISCARD))
        except OSError as error:
            raise UsageError(
                f'"{to}" can\'t be sent to: {refusal(error)}', "see its routes"
            ) from None
        return scoped(sock.getsockname())


def scoped(address: Any) -> str:
    """The address of a socket, with the interface that a link-local one belongs to."""
    host = str(address[0]).partition("%")[0]
    scope = address[3] if len(address) > 3 else 0
    if not scope:
        return host
    with contextlib.suppress(OSError):
        return f"{host}%{socket.if_indextoname(scope)}"
    return host


def hear_errors(sock: socket.socket) -> None:
    """Have ICMP errors queued, with who sent them; `told` reads them."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)


def told(control: Control) -> Reply | None:
    """What a message of the error queue says; None for any other message."""
    for level, kind, data in control:
        if (level, kind) in (
            (socket.IPPROTO_IP, IP_RECVERR),
            (socket.IPPROTO_IPV6, IPV6_RECVERR),
        ):
            number, origin, icmp, code, _, _ = _EXTENDED.unpack_from(data)
            if origin not in _FROM_ICMP:
                return {"error": refusal(OSError(number, ""))}
            who = _offender(data[_EXTENDED.size :])
            words = ICMP_ERRORS if origin == 2 else ICMP6_ERRORS
            text = words.get((icmp, code), f"unreachable (code {code})")
            return {"address": who, "error": f"{text} from {who}"}
    return None


def _offender(data: bytes) -> str:
    (family,) = struct.unpack_from("=H", data)
    if family == socket.AF_INET:
        return socket.inet_ntoa(data[4:8])
    if family == socket.AF_INET6:
        address = socket.inet_ntop(family, data[8:24])
        (scope,) = struct.unpack_from("=I", data, 24)
        return scoped((address, 0, 0, scope))
    return "?"
