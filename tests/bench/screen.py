"""What the screen costs: ``python -m tests.bench.screen [--json] [--keys 200]``.

The real program on a terminal of 160x48 that counts bytes and takes times, with a lab
of a hundred hosts in a real sandbox: bytes for each kind of action, then the time from
a key to what it paints while 1000 link events a second arrive and 20 links are
captured. Beside it, in the same run, a bare Textual app with one scroll view of as many
cells, in which a key moves a marked line. Milliseconds and bytes; `late` are events
that could not be made in time.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.home import TUILAB, Home
from tests.e2e.pty import CountingTerminal
from tuilab.formats import yaml
from tuilab.model import generate
from tuilab.model.topology import HOST

LAB, HOSTS, CAPTURES, EVENTS = "hundred", 100, 20, 1000
PEER = """
from rich.segment import Segment
from textual.app import App
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

class View(ScrollView, can_focus=True):
    BINDINGS = [("j", "go(1)"), ("k", "go(-1)")]
    at = 0
    def on_mount(self):
        self.virtual_size = Size(160, 48)
    def render_line(self, y):
        style = self.rich_style
        look = style + style.from_color(style.bgcolor, style.color)
        text = f"line {y} sel {self.at}" if y == self.at else f"line {y}"
        return Strip([Segment(text.ljust(160), look if y == self.at else style)])
    def action_go(self, by):
        self.at = max(0, min(47, self.at + by))
        self.refresh()

class Peer(App):
    def compose(self):
        yield View()

Peer().run()
"""
MARKED = re.compile(rb"\xe2\x96\x90|\xe2\x96\x8c|\x1b\[[\d;]*\b7[;m]|line")
"""What is painted where something is selected: its brackets, or front for back."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keys", type=int, default=200)
    options = parser.parse_args()
    home = Home()
    try:
        found = measure(home, options.keys)
    finally:
        home.close()
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        print(f"{name:34}{value:10.1f}")


def measure(home: Home, keys: int) -> dict[str, float]:
    path = home.folder / f"{LAB}.yaml"
    path.write_text(yaml.dump(generate.star(HOSTS)))
    home.tuilab("up", str(path), "--lab", LAB)
    found: dict[str, float] = {}
    with terminal(home, [*TUILAB, LAB]) as screen:
        start = screen.read_until(lambda seen: b"zoom" in seen)
        found["bytes start"] = len(screen.rest(start, quiet=4.0))
        for name, key in (("select", "j"), ("zoom", "+"), ("fit", "0"), ("fold", "f")):
            screen.send(key)
            found[f"bytes {name}"] = len(screen.rest(quiet=1.0))
        screen.send("\x0c")
        found["bytes whole screen"] = len(screen.rest(quiet=1.0))
        found |= times("idle", screen, "lh", keys)
        with load(home) as late:
            found |= times("busy", screen, "lh", keys)
            found["busy late"] = late()
    with terminal(home, [sys.executable, "-c", PEER]) as screen:
        screen.rest(screen.read_until(lambda seen: b"line 47" in seen))
        screen.send("j")
        found["bytes peer select"] = len(screen.rest(quiet=1.0))
        found |= times("peer", screen, "jk", keys)
    return found


@contextmanager
def terminal(home: Home, command: list[str]) -> Iterator[CountingTerminal]:
    screen = CountingTerminal(command, home.environment, home.folder)
    try:
        yield screen
    finally:
        screen.close()


def times(
    name: str, screen: CountingTerminal, keys: str, count: int
) -> dict[str, float]:
    """From a key to the mark of what is selected then, there and back again."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        screen.send(keys[number % 2])
        screen.read_until(MARKED.search)
        took.append((time.perf_counter() - began) * 1000)
        # What is painted besides belongs to this key, not to the next.
        screen.rest(quiet=0.1)
    took.sort()
    return {
        f"{name} key to paint p50 ms": statistics.median(took),
        f"{name} key to paint p99 ms": took[int(len(took) * 0.99)],
    }


@contextmanager
def load(home: Home) -> Iterator[object]:
    """Link events and captures; gives how many events there are too few."""
    ports = sorted(json.loads(home.tuilab("show", LAB, "--json").out)["namespaces"])
    ends = [f"{name}:eth0" for name in ports if name != HOST][:CAPTURES]
    capture = home.popen(
        *("capture", "--lab", LAB, *ends, "-w", str(home.folder / "packets.pcapng"))
    )
    maker = home.popen(
        *("exec", "--lab", LAB, HOST, "--", "ip", "-force", "-batch", "-"),
        stdin=subprocess.PIPE,
    )
    stop, made, began = threading.Event(), [0], time.monotonic()

    def make() -> None:
        assert maker.stdin is not None
        while not stop.wait(0.05):
            due = int((time.monotonic() - began) * EVENTS)
            for number in range(made[0], due):
                maker.stdin.write(f"link set dev lo alias n{number}\n")
            maker.stdin.flush()
            made[0] = due

    thread = threading.Thread(target=make)
    thread.start()

    def late() -> float:
        return max(0.0, (time.monotonic() - began) * EVENTS - made[0])

    try:
        yield late
    finally:
        stop.set()
        thread.join()
        maker.communicate()
        capture.terminate()
        capture.communicate()


if __name__ == "__main__":
    main()
