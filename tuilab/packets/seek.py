"""A process that looks through stored packets: `crew` starts it and talks to it."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Final

from tuilab.model.links import Endpoint
from tuilab.packets import spawn
from tuilab.packets.crew import FOUND, ORDER
from tuilab.packets.flow import take_flows
from tuilab.packets.select import Sieve, Wish
from tuilab.packets.store import Store

_NICENESS: Final = 10
"""Capturing and painting come first."""


def main() -> None:
    """Do what standard input tells until that ends."""
    spawn.come_last(_NICENESS)
    told, out = sys.stdin.buffer, sys.stdout.buffer
    job = json.loads(told.readline())
    file, offsets = job["files"]
    size = os.fstat(offsets).st_size
    store = Store.join(file, job["layout"], os.pread(offsets, size, 0))
    wish = job["wish"]
    endpoint = Endpoint(*wish["endpoint"]) if wish["endpoint"] else None
    flows, _ = take_flows(wish["flows"])
    sieve = Sieve(store, Wish(wish["filter"], tuple(wish["texts"]), flows), endpoint)
    while len(order := told.read(ORDER.size)) == ORDER.size:
        found = sieve.look(*ORDER.unpack(order))
        out.write(FOUND.pack(len(found)) + found.tobytes())
        out.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        main()
