"""A closer look at one thing: its namespaces and links in detail, and what flows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuilab.kernel.detail import Detail
from tuilab.lab.meter import Traffic
from tuilab.model.topology import Endpoint

Spot = tuple[str, str | None]
"""A namespace, and a link of it or None for the namespace itself."""


@dataclass(frozen=True, slots=True)
class Closeup:
    """What was seen, at one moment.

    Attributes:
        details: By what was asked for; what is not there lacks.
        traffic: What flows through the links that were seen.
    """

    details: Mapping[Spot, Detail] = field(default_factory=dict)
    traffic: Mapping[Endpoint, Traffic] = field(default_factory=dict)
