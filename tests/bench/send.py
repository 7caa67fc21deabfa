"""How soon a single ping or ARP is answered: ``python -m tests.bench.send``.

In a lab of two hosts, through a worker that is warm: from the request to the result,
the process in the namespace included; and on the real screen from the Enter in its
dialog until the first reply is painted. The target is 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tests.e2e.home import TUILAB, Home
from tests.e2e.pty import CountingTerminal
from tuilab.kernel import sandbox

TARGET_MS = 50


async def measure(runs: int) -> list[dict[str, object]]:
    from tests.kernel.packetbox import pair
    from tuilab.packets.send import Sender

    pair()
    rows: list[dict[str, object]] = []
    async with Sender() as sender:
        jobs: dict[str, Callable[[], AsyncGenerator]] = {
            "ping": lambda: sender.ping("red", "10.9.0.2", count=1),
            "ping IPv6": lambda: sender.ping("red", "fd00::2", count=1),
            "arp": lambda: sender.arp("red", "eth0", "10.9.0.2", count=1),
            "tcp port": lambda: sender.tcp("red", "10.9.0.2", 9),
            "traceroute": lambda: sender.traceroute("red", "10.9.0.2", tries=1),
        }
        for name, job in jobs.items():
            took = []
            for number in range(runs + 1):
                began = time.perf_counter()
                async with aclosing(job()) as results:
                    assert (await anext(results)).ok
                if number:  # the first one resolves the neighbour
                    took.append((time.perf_counter() - began) * 1000)
            took.sort()
            rows.append(
                {
                    "what": name,
                    "median_ms": statistics.median(took),
                    "p99_ms": took[len(took) * 99 // 100],
                }
            )
    return rows


def on_screen(runs: int) -> dict[str, object]:
    """From the key to the first reply, painted."""
    home, took = Home(), []
    try:
        home.tuilab("up", "two-hosts")
        terminal = CountingTerminal(
            [*TUILAB, "two-hosts"], home.environment, home.folder
        )
        try:
            terminal.read_until(lambda seen: b"zoom" in seen)
            terminal.rest(quiet=1.0)
            for number in range(runs + 1):
                terminal.send("s")
                terminal.read_until(lambda seen: b"Send packets" in seen)
                terminal.rest(quiet=0.3)
                began = time.perf_counter()
                terminal.send("\r")
                terminal.read_until(lambda seen: b"seq=1 " in seen)
                if number:  # the first one warms the worker
                    took.append((time.perf_counter() - began) * 1000)
                terminal.send("\x18")  # no more of them
                terminal.rest(quiet=0.3)
                terminal.send("\x1b")
                terminal.rest(quiet=0.3)
        finally:
            terminal.close()
    finally:
        home.close()
    took.sort()
    return {
        "what": "key to paint",
        "median_ms": statistics.median(took),
        "p99_ms": took[len(took) * 99 // 100],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        sandbox.enter(sandbox.Keeper.from_data(json.loads(options.inside)))
        print(json.dumps(asyncio.run(measure(options.runs))))
        return
    keeper = sandbox.create("bench-send")
    try:
        command = [
            sys.executable,
            "-m",
            "tests.bench.send",
            "--runs",
            f"{options.runs}",
        ]
        command += ["--inside", json.dumps(keeper.to_data())]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    finally:
        sandbox.destroy(keeper)
    rows = [*json.loads(done.stdout), on_screen(options.runs)]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    print(f"{'what':14}{'median ms':>11}{'p99 ms':>9}   target {TARGET_MS} ms")
    for row in rows:
        verdict = "ok" if row["p99_ms"] < TARGET_MS else "too slow"
        print(
            f"{row['what']:14}{row['median_ms']:11.1f}{row['p99_ms']:9.1f}   {verdict}"
        )


if __name__ == "__main__":
    main()
