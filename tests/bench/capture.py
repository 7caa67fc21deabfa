"""How many packets a second reach the disk: ``python -m tests.bench.capture``.

`tuilab capture -w`, the screen (open, following, typed at meanwhile: from each key to
what it paints), `tcpdump -B 32768 -w` and `dumpcap -B 32 -w` on one end of a cable,
each alone, in turn at every rate; a generator in C, pinned to one core, sends into the
other end while the capturer has the other cores. The figure is the highest rate at
which each had every single frame in its file, at the second try if the first lost some.
Rates are what the generator reached, not what it was asked for; who loses nothing at
its limit stands there with the others who do.

Then what a million stored packets cost: memory, a jump to any of them, a filter (see
`tests.bench.stored`). Needs cc; tcpdump and dumpcap are left out where missing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import stored
from tests.bench.following import Following, summary

SIZES = (142, 1400)
RATES = (25, 50, 100, 150, 200, 250, 300, 400, 500, 600, 800, 0)
"""Thousands of frames a second; 0 is as many as the generator can send."""
SECONDS = 1.5
TRIES = 2
QUIET = 1.5
"""Seconds after which a file that has not grown will not: tcpdump's timeout is one."""
LAB = "bench-capture"
SOURCE = Path(__file__).with_name("frames.c")
TUILAB = [sys.executable, "-m", "tuilab"]


class Program:
    """A program that captures while it runs, and ends at SIGINT."""

    def __init__(self, command: list[str], ready: str, path: Path) -> None:
        """Start it and wait until it listens."""
        self.file = path
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said: list[str] = []
        while not (said and said[-1].startswith(ready)):
            said.append(self._process.stderr.readline())
            if not said[-1]:
                sys.exit(f"{command}: {''.join(said)}")

    def accompany(self, generator: subprocess.Popen[str]) -> None:
        """Wait until the generator has ended."""
        generator.wait()

    def settle(self, quiet: float) -> None:
        """Wait until the file has not grown for so many seconds."""
        size, since = -1, time.monotonic()
        while time.monotonic() < since + quiet:
            now = self.file.stat().st_size if self.file.exists() else -1
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.05)

    def finish(self, path: Path) -> tuple[float, float]:
        """End it; CPU seconds and the most resident megabytes."""
        self._process.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


@dataclass
class Contender:
    """Who captures.

    Attributes:
        name: What it is called.
        start: Starts it, from the file's path.
        sender: The host at the other end of the cable.
        best: The highest rate without loss, frames a second, by size.
        cpu: Microseconds of CPU time a packet at that rate, start and end included.
        memory: Megabytes, the most that were resident in any try.
        unbeaten: Sizes of which nothing was lost at the generator's limit.
        keys: Milliseconds from each key to what it painted, in tries without loss.
    """

    name: str
    start: Callable[[Path], Program | Following]
    sender: str = "red"
    best: dict[int, float] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)
    memory: float = 0.0
    unbeaten: set[int] = field(default_factory=set)
    keys: dict[int, list[tuple[float, float]]] = field(default_factory=dict)


def contenders(directory: Path) -> list[Contender]:
    """Those that are installed; what is missing is said."""

    def program(name: str, command: list[str], ready: str) -> Contender:
        return Contender(name, lambda path: Program([*command, str(path)], ready, path))

    blue = [*TUILAB, "exec", "blue", "--"]
    found = [
        program("tuilab", [*TUILAB, "capture", "blue:eth0", "-w"], "capturing on"),
        Contender(
            "screen",
            # The one that is offered is red's end: the first of the lab.
            lambda path: Following([*TUILAB, LAB], os.environ, directory, directory),
            sender="blue",
        ),
    ]
    root = ["-Z", "root"] if os.geteuid() == 0 else []
    others = {
        "tcpdump": (["-i", "eth0", *root, "-B", "32768", "-w"], "tcpdump: listening"),
        "dumpcap": (["-q", "-i", "eth0", "-B", "32", "-w"], "File: "),
    }
    for name, (words, ready) in others.items():
        if shutil.which(name):
            found.append(program(name, [*blue, name, *words], ready))
        else:
            print(f"{name} left out: not installed", file=sys.stderr)
    return found


class Bench:
    """A lab of two hosts and what is measured in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.frames = directory / "frames"
        subprocess.run(
            ["cc", "-O2", "-Wall", "-o", str(self.frames), str(SOURCE)], check=True
        )
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu = cpus[-1]
        self.others = set(cpus[:-1] or cpus)

    def trial(
        self, contender: Contender, size: int, rate: float
    ) -> tuple[dict[str, float], list[tuple[float, float]]]:
        """One capture of one burst; and what keys took."""
        path = self.directory / "trial.pcap"
        everywhere = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.others)
        capturer = contender.start(path)
        try:
            generator = self.generate(contender.sender, size, rate)
            capturer.accompany(generator)
            assert generator.stdout is not None
            made = json.loads(generator.stdout.read())
            generator.stdout.close()
            capturer.settle(QUIET)
        finally:
            spent, memory = capturer.finish(path)
            os.sched_setaffinity(0, everywhere)
        counted = subprocess.run(
            [str(self.frames), "count", str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
        path.unlink()
        sent = made["sent"]
        result = {
            "rate": sent / made["seconds"],
            "lost": sent - int(counted.stdout),
            "memory": memory,
            "cpu_us": spent / sent * 1e6,
        }
        return result, capturer.took if isinstance(capturer, Following) else []

    def generate(self, host: str, size: int, rate: float) -> subprocess.Popen[str]:
        """Send frames into a host's end of the cable."""
        count = int((rate or 1_000_000) * SECONDS)
        words = ["send", "eth0", size, rate, count, self.cpu]
        return subprocess.Popen(
            [*TUILAB, "exec", host, "--", str(self.frames), *map(str, words)],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {self.cpu}),
        )

    def climb(self, everyone: list[Contender], size: int, rates: Sequence[int]) -> None:
        """Raise the rate for each until it loses frames; all in turn at each rate."""
        standing = list(everyone)
        for thousands in rates:
            for contender in list(standing):
                for _ in range(TRIES):
                    found, keys = self.trial(contender, size, thousands * 1000)
                    print(
                        f"{size:5} {contender.name:8} {found['rate'] / 1000:7.0f} k/s "
                        f"{found['lost']:7.0f} lost {found['cpu_us']:5.2f} us"
                        + told(keys),
                        file=sys.stderr,
                    )
                    contender.memory = max(contender.memory, found["memory"])
                    if not found["lost"]:
                        break
                if found["lost"]:
                    standing.remove(contender)
                    continue
                best = contender.best.get(size, 0)
                contender.best[size] = max(best, found["rate"])
                contender.cpu[size] = found["cpu_us"]
                contender.keys.setdefault(size, []).extend(keys)
        # Whom the generator can't beat: that one was luckier is not their merit.
        limit = max((it.best[size] for it in standing), default=0)
        for contender in standing:
            contender.unbeaten.add(size)
            contender.best[size] = limit


def told(keys: list[tuple[float, float]]) -> str:
    """How long keys took, in words."""
    times = summary(keys)
    words = (
        "  key p50 {key_p50_ms:.0f} p99 {key_p99_ms:.0f} ms, "
        "waits for a processor aside {alone_p50_ms:.0f} {alone_p99_ms:.0f}"
    )
    return words.format(**times) if times else ""


def in_lab(
    directory: Path, sizes: Sequence[int], rates: Sequence[int]
) -> list[dict[str, object]]:
    """Everything, with labs of our own."""
    os.environ["XDG_STATE_HOME"] = str(directory / "state")
    os.environ["TUILAB_LAB"] = LAB
    up = [*TUILAB, "up", "two-hosts", "--lab", LAB]
    subprocess.run(up, check=True, stdout=subprocess.DEVNULL)
    try:
        bench, everyone = Bench(directory), contenders(directory)
        for size in sizes:
            bench.climb(everyone, size, rates)
    finally:
        subprocess.run(
            [*TUILAB, "down", LAB, "--yes"], check=True, stdout=subprocess.DEVNULL
        )
    rows = []
    for contender in everyone:
        for size in sizes:
            rate = contender.best.get(size, 0.0)
            ours = everyone[0].best.get(size, 0.0)
            rows.append(
                {
                    "who": contender.name,
                    "bytes": size,
                    "rate": round(rate),
                    "unbeaten": size in contender.unbeaten,
                    "ratio": round(ours / rate, 3) if rate else None,
                    "cpu_us": contender.cpu.get(size),
                    "memory_mb": contender.memory,
                    **summary(contender.keys.get(size, [])),
                }
            )
    return rows


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--on", metavar="DIR", help="where to write; else as mktemp")
    parser.add_argument("--sizes", type=numbers, default=SIZES, help="as 142,1400")
    parser.add_argument("--rates", type=numbers, default=RATES, help="in thousands")
    parser.add_argument("--rates-only", action="store_true")
    options = parser.parse_args()
    if not shutil.which("cc"):
        sys.exit("there is no C compiler (cc) for the generator")
    with tempfile.TemporaryDirectory(prefix="tuilab-bench-", dir=options.on) as name:
        rates = in_lab(Path(name), options.sizes, options.rates)
    kept = [] if options.rates_only else stored.run()
    if options.json:
        print(json.dumps({"rates": rates, "stored": kept}, indent=1))
        return
    print("highest rate without loss; + is the generator's limit")
    print(f"{'who':10}{'bytes':>6}{'frames/s':>11}{'tuilab/it':>11}{'us':>7}{'MB':>5}")
    for row in rates:
        rate = f"{row['rate']}{'+' if row['unbeaten'] else ' '}"
        print(
            f"{row['who']:10}{row['bytes']:>6}{rate:>11}{row['ratio'] or '-':>11}"
            f"{row['cpu_us'] or 0:>7.2f}{row['memory_mb']:>5.0f}"
        )
        if row.get("keys"):
            print(
                f"{'':10}key to paint meanwhile: p50 {row['key_p50_ms']:.0f} ms, "
                f"p99 {row['key_p99_ms']:.0f} ms of {row['keys']} keys; waits for a "
                f"processor aside {row['alone_p50_ms']:.0f} and "
                f"{row['alone_p99_ms']:.0f} ms"
            )
    stored.table(kept)


if __name__ == "__main__":
    main()
