"""Looks for garbage while nobody waits for anything.

A dialog that has closed leaves thousands of objects that hold each other. Python looks
for such when so many have been made, which is while the next dialog opens, and the more
have piled up the longer that takes. Here it is done soon after, between two keys.
"""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Any

from tuilab.tui.base import BaseApp

QUIET = 0.25
"""Seconds without a key after which nobody seems to wait; also from look to look."""
MANY = 2_000
"""Objects made since the last time that are worth it."""
SHARE = 0.01
"""Part of the time that may be spent on it, where something changes all the time."""
LONG = 0.008
"""Seconds after which what is there is left out from then on."""


async def sweep(app: BaseApp[Any]) -> None:
    """Do so until cancelled."""
    took = 0.0
    while True:
        await asyncio.sleep(max(QUIET, took / SHARE))
        took = 0.0
        if gc.get_count()[0] < MANY or not app.settled or app.rested < QUIET:
            continue
        began = time.thread_time()
        gc.collect()
        took = time.thread_time() - began
        if took > LONG and len(app.screen_stack) == 1:
            # A large lab is there to stay. What is frozen can still go by itself, only
            # not if it holds itself: no dialog is open, so nothing large does.
            gc.freeze()
