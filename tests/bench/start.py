"""How fast tuilab starts: ``python -m tests.bench.start``.

``tuilab --version`` against a bare Python, ``tuilab ls`` against ``import pyroute2``,
and the screen with a lab that runs, up to its first paint, against that of a bare
Textual app; interleaved. Seconds are wall time of whole processes, the median of the
runs; ratios are medians of the ratios run by run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

from tests.bench.screen import PEER
from tests.e2e.home import Home
from tests.e2e.pty import CountingTerminal

TUILAB = (sys.executable, "-m", "tuilab")
COMMANDS = {
    "python": (sys.executable, "-c", "pass"),
    "import pyroute2": (sys.executable, "-c", "import pyroute2"),
    "tuilab --version": (*TUILAB, "--version"),
    "tuilab ls": (*TUILAB, "ls"),
}
SCREENS = {
    "Textual": ((sys.executable, "-c", PEER), b"line 47"),
    "tuilab LAB": ((*TUILAB, "router"), b"zoom"),
}
"""What to start, and what is among the last things of the first paint."""
AGAINST = {
    "tuilab --version": "python",
    "tuilab ls": "import pyroute2",
    "tuilab LAB": "Textual",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    home = Home()
    try:
        home.tuilab("up", "router", "--lab", "router")
        took = measure(home, options.runs)
    finally:
        home.close()
    rows = []
    for name, times in took.items():
        row: dict[str, object] = {"command": name, "seconds": statistics.median(times)}
        if other := AGAINST.get(name):
            pairs = zip(times, took[other], strict=True)
            row["against"] = other
            row["ratio"] = statistics.median(a / b for a, b in pairs)
        rows.append(row)
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        line = f"{row['command']:18}{row['seconds'] * 1000:8.1f} ms"
        if "ratio" in row:
            line += f"   {row['ratio']:.2f}x of {row['against']}"
        print(line)


def measure(home: Home, runs: int) -> Mapping[str, list[float]]:
    """Seconds of each run, by what was started."""
    starts: dict[str, Callable[[], float]] = {
        name: partial(whole, home, command) for name, command in COMMANDS.items()
    }
    for name, (command, last) in SCREENS.items():
        starts[name] = partial(first_paint, home, command, last)
    took: dict[str, list[float]] = {name: [] for name in starts}
    for number in range(runs + 1):
        for name, start in starts.items():
            seconds = start()
            if number:  # the first one warms the caches
                took[name].append(seconds)
    return took


def whole(home: Home, command: tuple[str, ...]) -> float:
    """Until a program has ended."""
    began = time.perf_counter()
    subprocess.run(command, check=True, env=home.environment, capture_output=True)
    return time.perf_counter() - began


def first_paint(home: Home, command: tuple[str, ...], last: bytes) -> float:
    """Until a screen shows that."""
    began = time.perf_counter()
    screen = CountingTerminal(command, home.environment, home.folder)
    try:
        screen.read_until(lambda seen: last in seen)
        return time.perf_counter() - began
    finally:
        screen.close()


if __name__ == "__main__":
    main()
