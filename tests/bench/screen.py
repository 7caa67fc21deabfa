"""What the screen costs: ``python -m tests.bench.screen [--json] [--keys 200]``.

The real program on a terminal of 160x48 that counts bytes and takes times, with a lab
of a hundred hosts in a real sandbox: bytes for each kind of action, then the time from
a key to what it paints, with the hosts folded and unfolded, at rest and while 1000
link events a second arrive, 20 links are captured in its packet list and two hosts
ping each other. `busy events` and `busy packets` are what has reached the program
while it was busy, a second; `cpu` is its processor time in percent of one core. Beside
it, in the same run, a bare Textual app with one scroll view of as many cells, in which
a key moves a marked line. Milliseconds and bytes.
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

from tests.bench.following import warm
from tests.e2e.home import Home
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
    seen = home.folder / "seen.json"
    counted = [sys.executable, "-m", "tests.bench.counted", str(seen), LAB]
    with terminal(home, counted) as screen:
        start = screen.read_until(lambda seen: b"zoom" in seen)
        found["bytes start"] = len(screen.rest(start, quiet=4.0))
        actions = (
            # The first one fills the inspector.
            ("first selection", "j"),
            ("selection move", "j"),
            ("zoom", "+"),
            ("fit", "0"),
            ("unfold", "f"),
        )
        for name, key in actions:
            screen.send(key)
            found[f"bytes {name}"] = len(screen.rest(quiet=1.0))
        screen.send("\x0c")
        found["bytes whole screen"] = len(screen.rest(quiet=1.0))
        found |= times("unfolded", screen, "lh", keys)
        screen.send("f")
        screen.rest(quiet=1.0)
        found |= times("idle", screen, "lh", keys)
        watch(screen)
        with load(home):
            began = time.monotonic()
            found |= times("busy", screen, "lh", keys)
            lasted = time.monotonic() - began
        screen.send("q\r")
        screen.wait()
    for name, count in json.loads(seen.read_text()).items():
        found[f"busy {name}"] = count if name == "links" else count / lasted
    with terminal(home, [sys.executable, "-c", PEER]) as screen:
        screen.rest(screen.read_until(lambda seen: b"line 47" in seen))
        screen.send("j")
        found["bytes peer select"] = len(screen.rest(quiet=1.0))
        found |= times("peer", screen, "jk", keys)
        screen.send("\x11")  # it does not always end when its terminal hangs up
        screen.wait()
    return found


def watch(screen: CountingTerminal) -> None:
    """Capture the links of as many hosts, selected one after the other.

    Counters are painted once a second: it is never quiet for as long as that.
    """
    screen.send("/")
    screen.rest(quiet=0.4)
    screen.send("h1\r")
    screen.rest(quiet=0.4)
    right, down, left = (f"\x1b[1;2{way}" for way in "CBD")
    half = CAPTURES // 2 - 1
    for key in (*[right] * half, down, *[left] * half):
        screen.send(key)
        screen.rest(quiet=0.2)
    screen.send("w")
    screen.read_until(lambda seen: b"Watch links" in seen)
    screen.rest(quiet=0.4)
    screen.send("\r")
    screen.rest(quiet=0.4)
    warm(screen)
    screen.send("\x1b")  # the drawing has the keys again
    screen.rest(quiet=0.4)
    screen.send("l")
    screen.rest(quiet=0.4)


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
    took, cpu, start = [], screen.cpu(), time.monotonic()
    for number in range(count):
        began = time.perf_counter()
        screen.send(keys[number % 2])
        screen.read_until(MARKED.search)
        took.append((time.perf_counter() - began) * 1000)
        # What is painted besides belongs to this key, not to the next.
        screen.rest(quiet=0.1)
    took.sort()
    return {
        f"{name} cpu %": (screen.cpu() - cpu) / (time.monotonic() - start) * 100,
        f"{name} key to paint p50 ms": statistics.median(took),
        f"{name} key to paint p99 ms": took[int(len(took) * 0.99)],
    }


@contextmanager
def load(home: Home) -> Iterator[None]:
    """Link events of the kernel, and packets of two hosts whose links are captured."""
    spaces = json.loads(home.tuilab("show", LAB, "--json").out)["namespaces"]
    names = sorted(name for name in spaces if name != HOST)
    to = spaces[names[1]]["links"]["eth0"]["addresses"][0].partition("/")[0]
    inside = ("exec", "--lab", LAB)
    ping = home.popen(*inside, names[0], "--", "ping", "-q", "-i", "0.01", to)
    maker = home.popen(
        *(*inside, HOST, "--", "ip", "-force", "-batch", "-"), stdin=subprocess.PIPE
    )
    stop, began = threading.Event(), time.monotonic()

    def make() -> None:
        assert maker.stdin is not None
        made = 0
        while not stop.wait(0.05):
            due = int((time.monotonic() - began) * EVENTS)
            for number in range(made, due):
                maker.stdin.write(f"link set dev lo alias n{number}\n")
            maker.stdin.flush()
            made = due

    thread = threading.Thread(target=make)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        maker.communicate()
        ping.terminate()
        ping.communicate()


if __name__ == "__main__":
    main()
