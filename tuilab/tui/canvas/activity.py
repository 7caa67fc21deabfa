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
        errors: Something is wrong: see `is_fault`.
    """

    rx: bool = False
    tx: bool = False
    errors: bool = False


QUIET = Flow()

Activity = Mapping[Endpoint, Flow]
"""The links where something happened."""


def is_fault(then: Live, now: Live) -> bool:
    """Whether what was lost between two looks at a link must be told.

    An error always is. A drop alone is not: a kernel drops a part of any burst that
    overruns a queue, as when all hosts of a large switch come up at once and greet each
    other by multicast. It is one where no more came through than was dropped.
    """
    if now.errors > then.errors:
        return True
    passed = now.rx_packets + now.tx_packets - then.rx_packets - then.tx_packets
    return now.dropped - then.dropped >= max(passed, 1)


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
            is_fault(then, now),
        )
        if any(flow):
            flows[end] = flow
    return flows
