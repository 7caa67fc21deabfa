"""What the kernel says from one moment to the next, beyond what a lab decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operstate = Literal["up", "down", "no-carrier"]
"""``down`` is administratively down; ``no-carrier`` is up, but nobody is there."""


@dataclass(frozen=True, slots=True)
class Live:
    """What the kernel says of a link right now, beyond what the lab decides.

    Attributes:
        operstate: See `Operstate`.
        rx_bytes: Received since the link was made; likewise the others.
        index: The link's ifindex, which another one of its name does not have.
    """

    operstate: Operstate
    rx_bytes: int = 0
    tx_bytes: int = 0
    rx_packets: int = 0
    tx_packets: int = 0
    errors: int = 0
    dropped: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Process:
    """A program that runs in a namespace.

    Attributes:
        pid: As numbered outside the lab.
        command: Its command line.
    """

    pid: int
    command: str
