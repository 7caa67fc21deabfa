"""The kernel settings a topology may name, per namespace.

An allow-list: each is known to be per network namespace, and its default is what tuilab
gives every new namespace, whatever the machine's own value is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One setting.

    Attributes:
        minimum: Smallest value allowed.
        maximum: Largest value allowed.
        default: Value of a namespace that names none.
        about: What it does, in a few words.
    """

    minimum: int
    maximum: int
    default: str
    about: str

    def problem(self, value: str) -> str:
        """What it takes, where it does not take that value, or an empty string."""
        number = re.fullmatch("-?(0|[1-9][0-9]{,18})", value)
        if number and self.minimum <= int(value) <= self.maximum:
            return ""
        if self.maximum - self.minimum == 1:
            return f"takes {self.minimum} or {self.maximum}"
        return f"takes a number from {self.minimum} to {self.maximum}"


SYSCTLS: dict[str, Sysctl] = {
    "net.ipv4.ip_forward": Sysctl(0, 1, "0", "forward IPv4 packets between links"),
    "net.ipv6.conf.all.forwarding": Sysctl(
        0, 1, "0", "forward IPv6 packets between links"
    ),
}
