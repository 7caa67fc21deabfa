"""What can be asked of the worker, checked before it is."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from tuilab.errors import UsageError

_LONGEST: Final = 86_400
"""Seconds that anything may take from one packet to the next."""


def checked_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address; raises UsageError."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise UsageError(
            f'"{text}" is not an address', "give one such as 10.0.0.2 or fd00::2"
        ) from None


def check_schedule(count: int | None, interval: float, timeout: float) -> None:
    """Refuse what can't be kept."""
    if count is not None and count < 1:
        raise UsageError(f"{count} packets can't be sent", "send at least one")
    # Asked this way, what is no number is refused, too.
    if not 0 <= interval <= _LONGEST:
        raise UsageError(
            f"an interval of {interval:g} s is not possible",
            f"0 is least, {_LONGEST} the most",
        )
    if not 0 < timeout <= _LONGEST:
        raise UsageError(
            f"to wait {timeout:g} s for an answer is not possible",
            f"give more than 0, and {_LONGEST} at most",
        )


def probing(
    to: str,
    *,
    count: int | None = 1,
    interval: float = 1.0,
    timeout: float = 2.0,
    ttl: int = 64,
    source: str | None = None,
) -> dict[str, Any]:
    """What all probes have, checked."""
    check_target(to, source)
    check_schedule(count, interval, timeout)
    check_ttl(ttl)
    return {
        "to": to,
        "count": count,
        "interval": interval,
        "timeout": timeout,
        "ttl": ttl,
        "source": source,
    }


def check_target(to: str, source: str | None) -> None:
    """Refuse what is no address, or can't be reached from the source."""
    address = checked_address(to)
    if address.is_link_local and address.version == 6 and "%" not in to:
        raise UsageError(
            f'"{to}" exists on every link', f"name the interface, as {to}%eth0"
        )
    if source is not None and checked_address(source).version != address.version:
        raise UsageError(
            f'"{to}" can\'t be sent to from "{source}"',
            "choose two addresses of the same family",
        )


def check_ttl(ttl: int) -> None:
    """Refuse what no header has room for."""
    if not 1 <= ttl <= 255:
        raise UsageError(f"a TTL of {ttl} is not possible", "it is 1 to 255")


def check_port(port: int) -> None:
    """Refuse what is no port."""
    if not 1 <= port <= 65_535:
        raise UsageError(f"there is no port {port}", "it is 1 to 65535")
