"""What a million stored packets cost: ``python -m tests.bench.stored``.

In a process of its own: opening the file, memory, a jump to any of them (read and
decoded, fifty rows), display filters over all, and until the first fifty were found;
the processor time of each, that of the processes that help included. Meanwhile an event
loop ticks every few milliseconds: how late a tick came at most, and how late when
nothing was searched, which is the machine's own share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuilab.packets.store import Store

PACKETS = 1_000_000
JUMPS = 500
ROWS = 50
TICK = 0.004
LOOK = 0.15
"""Seconds of search between two looks at what was found, as on the screen."""
FILTERS = (
    *("icmp", "tcp port 80", "host 10.0.3.7", "flow 10.0.3.7 10.0.2.5"),
    *('"echo reply"', 'udp and "len=9"'),
)


def write(path: Path, count: int) -> None:
    """TCP, UDP and ICMP packets of many hosts, as a busy lab has them."""
    from tuilab.packets import pcapng

    chance = random.Random(1)
    samples = [frame(chance) for _ in range(2000)]
    head = pcapng.section_block("tuilab bench") + pcapng.interface_block("red:eth0", 1)
    with path.open("wb") as out:
        out.write(head)
        for number in range(count):
            data = samples[chance.randrange(2000)]
            out.write(pcapng.packet_block(0, 1_700_000_000_000_000 + number, data))


def frame(chance: random.Random) -> bytes:
    kind = chance.choices((6, 17, 1), (70, 20, 10))[0]
    if kind == 6:
        ports = (chance.randrange(1024, 65536), chance.choice((80, 443, 8080, 22)))
        body = struct.pack("!HHIIBBHHH", *ports, 1, 2, 0x50, 0x10, 512, 0, 0)
        body += bytes(chance.choice((0, 0, 100, 512)))
    elif kind == 17:
        size = chance.randrange(1, 100)
        body = struct.pack("!HHHH", 5000, 5001, 8 + size, 0) + bytes(size)
    else:
        body = struct.pack("!BBHHH", chance.choice((0, 8)), 0, 0, 1, 2) + bytes(56)
    hosts = [bytes((10, 0, chance.randrange(8), chance.randrange(16))) for _ in "sd"]
    total = 20 + len(body)
    head = struct.pack("!BBHHHBBH", 0x45, 0, total, 1, 0, 64, kind, 0)
    return bytes.fromhex("0200000000020200000000010800") + head + b"".join(hosts) + body


def measure(path: Path) -> list[dict[str, object]]:
    """All of it, in this process."""
    from tuilab.packets import dissect
    from tuilab.packets.store import Store

    rows: list[dict[str, object]] = []
    began = time.perf_counter()
    store = Store.open(path)
    rows.append({"what": "open, s", "value": time.perf_counter() - began})
    chance = random.Random(2)
    took = []
    for _ in range(JUMPS):
        at = chance.randrange(len(store) - ROWS)
        began = time.perf_counter()
        for packet in store.packets(at, at + ROWS):
            dissect.summary(packet)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    rows.append({"what": "jump and 50 rows, p99 ms", "value": took[JUMPS * 99 // 100]})
    rows += asyncio.run(search(store))
    rows.append({"what": "resident, MB", "value": resident_mb()})
    helpers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    rows.append({"what": "resident, a helper, MB", "value": helpers})
    return rows


async def search(store: Store) -> list[dict[str, object]]:
    """Display filters over all, as the screen does it: beside an event loop."""
    from tuilab.packets.select import Selection

    rows: list[dict[str, object]] = []
    late: list[float] = []
    ticking = asyncio.create_task(tick(late))
    await asyncio.sleep(2.0)
    rows.append({"what": "idle, latest tick, ms", "value": max(late)})
    for text in FILTERS:
        late.clear()
        selection = Selection(store, text)
        began, spent = time.perf_counter(), cpu()
        first = None
        while not await asyncio.to_thread(selection.advance, LOOK):
            if first is None and len(selection) >= ROWS:
                first = (time.perf_counter() - began) * 1000
        took = time.perf_counter() - began
        selection.close()
        rows += [
            {"what": f"{text}, s", "value": took},
            {"what": f"{text}, CPU s", "value": cpu() - spent},
            {"what": f"{text}, first {ROWS}, ms", "value": first},
            {"what": f"{text}, latest tick, ms", "value": max(late)},
        ]
    ticking.cancel()
    return rows


async def tick(late: list[float]) -> None:
    """Note how many milliseconds later than wanted each turn comes."""
    while True:
        due = time.perf_counter() + TICK
        await asyncio.sleep(TICK)
        late.append((time.perf_counter() - due) * 1000)


def cpu() -> float:
    """Seconds of processor time of this process and of those that have ended."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(sum(resource.getrusage(who)[:2]) for who in whose)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(count: int = PACKETS) -> list[dict[str, object]]:
    """Write a file, measure it in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="tuilab-bench-") as name:
        path = Path(name) / "stored.pcapng"
        write(path, count)
        command = [sys.executable, "-m", "tests.bench.stored", "--measure", str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def table(rows: list[dict[str, object]]) -> None:
    for row in rows:
        value = row["value"]
        print(f"{row['what']:32}{'-' if value is None else f'{value:10.2f}':>10}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=PACKETS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    rows = run(options.packets)
    print(json.dumps(rows, indent=1)) if options.json else table(rows)


if __name__ == "__main__":
    main()
