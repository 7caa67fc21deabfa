"""Looks for garbage while nobody waits for anything.

A dialog that has closed leaves thousands of objects that hold each other. Python looks
for such when so many have been made, which is while the next dialog opens, and the more
have piled up the longer that takes. Here it is done soon after, between two keys.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from typing import Any

from tuilab.tui.base import BaseApp

OFTEN = 5_000
"""Objects made before Python looks for garbage by itself: so many take it 1 ms."""
TURN = 0.0005
"""Seconds that one thread may keep another one waiting: on its way to the screen a key
passes through three, while others read what kernels and captures tell."""
QUIET = 0.25
"""Seconds without a key after which nobody seems to wait; also from look to look."""
MANY = 2_000
"""Objects made since the last time that are worth it."""
SHARE = 0.01
"""Part of the time that may be spent on it, where something changes all the time."""
GROWN = 500
"""What a lab that has grown by so many namespaces and links has brought is no garbage:
to go through it takes 15 ms and more. What a dialog may have left is little beside."""
LONG = 0.008
"""Seconds after which what is there is left out from then on."""


def take_short_turns() -> None:
    """See that nothing that Python does by itself keeps a key waiting for long."""
    # What is there by now stays: else each full collection of garbage goes through all
    # of it again, which a person feels as a key that hangs. There is no garbage in it
    # yet, and to look for some would take 30 ms.
    gc.freeze()
    gc.set_threshold(OFTEN)
    sys.setswitchinterval(TURN)


async def sweep(app: BaseApp[Any]) -> None:
    """Do so until cancelled."""
    took, weight = 0.0, 0
    while True:
        await asyncio.sleep(max(QUIET, took / SHARE))
        took = 0.0
        if gc.get_count()[0] < MANY or not app.settled or app.rested < QUIET:
            continue
        before, weight = weight, app.weight
        if weight - before > GROWN and len(app.screen_stack) == 1:
            gc.freeze()
            continue
        began = time.thread_time()
        gc.collect()
        took = time.thread_time() - began
        if took > LONG and len(app.screen_stack) == 1:
            # A large lab is there to stay. What is frozen can still go by itself, only
            # not if it holds itself: no dialog is open, so nothing large does.
            gc.freeze()
