"""What flows through the links of a lab, from two looks at their counters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tuilab.lab.snapshot import Live
from tuilab.model.topology import Endpoint


class Flow(NamedTuple):
    """What happened at a link between two looks.

    Attributes:
        rx: Something came in.
        tx: Something went out.
        errors: Something was lost: an error or a drop.
    """

    rx: bool = False
    tx: bool = False
    errors: bool = False


QUIET = Flow()

Activity = Mapping[Endpoint, Flow]
"""The links where something happened."""


def activity(
    before: Mapping[Endpoint, Live], after: Mapping[Endpoint, Live]
) -> Activity:
    """What happened between two looks.

    Args:
        before: Counters at the first look.
        after: Counters at the second; links that were not there before are left out.
    """
    flows = {}
    for end, now in after.items():
        then = before.get(end)
        if then is None or then is now or then.index != now.index:
            continue
        flow = Flow(
            now.rx_packets > then.rx_packets,
            now.tx_packets > then.tx_packets,
            now.errors + now.dropped > then.errors + then.dropped,
        )
        if any(flow):
            flows[end] = flow
    return flows
