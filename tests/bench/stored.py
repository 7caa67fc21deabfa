"""What a million stored packets cost: ``python -m tests.bench.stored``.

In a process of its own each: opening the file, memory, a jump to any of them (read and
decoded, fifty rows), display filters over all, and until the first fifty were found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKETS = 1_000_000
JUMPS = 500
ROWS = 50
FILTERS = ("icmp", "tcp port 80", "host 10.0.3.7", '"echo reply"', 'udp and "len=9"')


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
    from tuilab.packets.select import Selection
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
    for text in FILTERS:
        selection = Selection(store, text)
        began = time.perf_counter()
        first = None
        while not selection.advance(0.02):
            if first is None and len(selection) >= ROWS:
                first = (time.perf_counter() - began) * 1000
        rows.append({"what": f"{text}, s", "value": time.perf_counter() - began})
        rows.append({"what": f"{text}, first 50, ms", "value": first})
    rows.append({"what": "resident, MB", "value": resident_mb()})
    return rows


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
