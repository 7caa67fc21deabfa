"""What a long history costs: ``python -m tests.bench.history [--edits 1000]``.

A lab of two hosts is edited that many times on the real kernel, then undone and opened
again. The first and the last fifty edits are compared in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tuilab.kernel import sandbox
from tuilab.lab.journal import FileJournal
from tuilab.lab.lab import Lab
from tuilab.model import edits, generate
from tuilab.model.topology import Endpoint, Topology

EDITED = Endpoint("h1", "eth0")
SAMPLE = 50


async def run(count: int) -> dict[str, float]:
    from tuilab.kernel.netlink import NetlinkDriver

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        journal = FileJournal.create(directory, Topology("bench"))
        lab = await Lab.open(NetlinkDriver(), journal, directory)
        await lab.restore()
        await lab.edit(edits.become("up", generate.star(2)))
        times = []
        before = resident_kb()
        for number in range(count):
            began = time.perf_counter()
            await lab.edit(edits.set_link(EDITED, mtu=1400 + number % 2))
            times.append(time.perf_counter() - began)
        grown = resident_kb() - before
        undo = []
        for _ in range(SAMPLE):
            began = time.perf_counter()
            await lab.undo()
            undo.append(time.perf_counter() - began)
        await lab.aclose()
        began = time.perf_counter()
        lab = await Lab.open(NetlinkDriver(), FileJournal(directory), directory)
        opened = time.perf_counter() - began
        await lab.aclose()
        size = sum(path.stat().st_size for path in directory.iterdir())
    first, last = statistics.median(times[:SAMPLE]), statistics.median(times[-SAMPLE:])
    return {
        "edits": count,
        "first_ms": first * 1000,
        "last_ms": last * 1000,
        "last_of_first": last / first,
        "undo_ms": statistics.median(undo) * 1000,
        "open_ms": opened * 1000,
        "journal_kb": size / 1024,
        "rss_kb_an_edit": grown / count,
    }


def resident_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    keeper = sandbox.create("bench")
    child = os.fork()
    if not child:
        sandbox.enter(keeper)
        figures = asyncio.run(run(options.edits))
        if options.json:
            print(json.dumps(figures, indent=1))
        else:
            for name, value in figures.items():
                print(f"{name:16}{value:10.2f}")
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)
    sandbox.destroy(keeper)


if __name__ == "__main__":
    main()
