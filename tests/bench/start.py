"""How fast the command line starts: ``python -m tests.bench.start``.

``tuilab --version`` against a bare Python, ``tuilab ls`` against ``import pyroute2``,
interleaved. Seconds are wall time of whole processes, the median of the runs; ratios
are medians of the ratios run by run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

TUILAB = (sys.executable, "-m", "tuilab")
COMMANDS = {
    "python": (sys.executable, "-c", "pass"),
    "import pyroute2": (sys.executable, "-c", "import pyroute2"),
    "tuilab --version": (*TUILAB, "--version"),
    "tuilab ls": (*TUILAB, "ls"),
}
AGAINST = {"tuilab --version": "python", "tuilab ls": "import pyroute2"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as state:
        environment = os.environ | {"XDG_STATE_HOME": state}
        for number in range(options.runs + 1):
            for name, command in COMMANDS.items():
                began = time.perf_counter()
                subprocess.run(
                    command,
                    check=True,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                if number:  # the first one warms the caches
                    took[name].append(time.perf_counter() - began)
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


if __name__ == "__main__":
    main()
