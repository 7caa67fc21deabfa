"""The screen as one that captures: open, following, and typed at meanwhile.

On a machine that others use too, much of a key's time is waiting for a processor: the
kernel counts that for each thread, and it is told apart.
"""

from __future__ import annotations

import os
import select
import statistics
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.e2e.pty import CountingTerminal

MARKS = "@~^{}`"
"""What is typed: nothing else on the screen has it."""
PAUSE = 0.03
"""Seconds after a key was painted until the next is typed."""
_TICKS = os.sysconf("SC_CLK_TCK")
BUSY = 0.4
"""Seconds of processor in a second: less is the screen alone."""


class Following:
    """The real program on a terminal that times what it paints.

    Attributes:
        file: Where its capture goes.
        took: Milliseconds from each key to what it paints, and those of them in which
            the screen's thread could have run, but no processor was free.
    """

    def __init__(
        self,
        command: list[str],
        environment: Mapping[str, str],
        folder: Path,
        captures: Path,
    ) -> None:
        """Start it, watch the first link of the lab, and open the filter bar."""
        known = set(captures.rglob("capture-*.pcapng"))
        self.took: list[tuple[float, float]] = []
        self._screen = CountingTerminal(command, environment, folder)
        self._marks = 0
        try:
            self._screen.read_until(lambda seen: b"zoom" in seen)
            self._screen.rest(quiet=1.0)
            self._screen.send("w")
            self._screen.read_until(lambda seen: b"Watch links" in seen)
            self._screen.rest()
            self._screen.send("\r")
            self._screen.read_until(lambda seen: b"FOLLOW" in seen)
            warm(self._screen)
            self._screen.send("1")
            self._screen.rest()
            self._screen.send("/")
            self._screen.read_until(lambda seen: b"Up: arp" in seen)
            (self.file,) = set(captures.rglob("capture-*.pcapng")) - known
        except BaseException:
            self._screen.close()
            raise
        # The one that paints is what the first one has started.
        self._painter = family(self._screen.pid)[1]
        self._spent = self._usage()[0]

    def accompany(self, generator: subprocess.Popen[str]) -> None:
        """Type and read until the generator has ended."""
        while generator.poll() is None:
            self._type()

    def settle(self, quiet: float) -> None:
        """Read on until the file has not grown for so many seconds."""
        size, since = -1, time.monotonic()
        while time.monotonic() < since + quiet:
            now = self.file.stat().st_size
            if now != size:
                size, since = now, time.monotonic()
            self._screen.rest(quiet=0.05)

    def finish(self, path: Path) -> tuple[float, float]:
        """Keep the file as ``path`` and quit; CPU seconds since the start, and MB."""
        spent, memory = self._usage()
        path.unlink(missing_ok=True)
        os.link(self.file, path)
        self._screen.close()
        return spent - self._spent, memory

    def _type(self) -> None:
        mark = MARKS[self._marks % len(MARKS)]
        began, waited = time.perf_counter(), self._waited()
        self._screen.send(mark)
        self._screen.read_until(lambda seen: mark.encode() in seen)
        took = (time.perf_counter() - began) * 1000
        self.took.append((took, self._waited() - waited))
        self._marks += 1
        if self._marks % len(MARKS) == 0:
            self._screen.send("\x15")  # empties the line, which tells what may be typed
            self._screen.read_until(lambda seen: b"Up: arp" in seen)
        end = time.monotonic() + PAUSE
        while (left := end - time.monotonic()) > 0:
            if select.select([self._screen.fd], [], [], left)[0]:
                self._screen.read()

    def _waited(self) -> float:
        """Milliseconds that the thread that paints has waited for a processor."""
        stat = Path(f"/proc/{self._painter}/task/{self._painter}/schedstat")
        return int(stat.read_text().split()[1]) / 1e6

    def _usage(self) -> tuple[float, float]:
        """CPU seconds and the most resident megabytes of all of its processes."""
        spent, memory = 0, 0
        for pid in family(self._screen.pid):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
            status = Path(f"/proc/{pid}/status").read_text()
            memory += int(status.partition("VmHWM:")[2].split()[0])
        return spent / _TICKS, memory / 1000


def warm(screen: CountingTerminal) -> None:
    """Read on while the program that takes packets apart starts.

    It does with the first capture.
    """
    before = 0.0
    while (now := screen.cpu()) - before > BUSY:
        before = now
        screen.read_for(1.0)


def family(pid: int) -> list[int]:
    """A process and all that come from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += family(int(child))
    return found


def summary(took: list[tuple[float, float]]) -> dict[str, float]:
    """How long keys took; nothing if there were none."""
    if not took:
        return {}
    found: dict[str, float] = {"keys": len(took)}
    alone = [whole - waited for whole, waited in took]
    for name, times in (("key", [whole for whole, _ in took]), ("alone", alone)):
        ordered = sorted(times)
        found[f"{name}_p50_ms"] = statistics.median(ordered)
        found[f"{name}_p99_ms"] = ordered[int(len(ordered) * 0.99)]
    return found
