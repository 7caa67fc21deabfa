"""The machine around the tests, to see that they leave it as they found it."""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path

MARK = "TUILAB_TEST_RUN"
"""A variable that all processes of one test run inherit, keepers of labs too."""

if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ[MARK] = f"{os.getpid()}.{time.time_ns()}"

VOLATILE = (
    "nf_conntrack_count",
    "nf_conntrack_generation",
    "random/",
    "ns_last_pid",
    "pty/nr",
)
"""Settings that change by themselves."""


def picture() -> dict[str, list[str]]:
    """Links, addresses, routes, names, rules, settings, processes: sorted lines each.

    Of processes only those of this test run: other programs come and go.
    """
    return {
        "links": _lines("ip", "-o", "link"),
        "addresses": [_timeless(line) for line in _lines("ip", "-o", "addr")],
        "routes": _lines("ip", "route", "show", "table", "all"),
        "routes6": _lines("ip", "-6", "route", "show", "table", "all"),
        "namespaces": _lines("ip", "netns"),
        "nft": _lines("nft", "list", "ruleset"),
        "settings": sorted(_settings()),
        "processes": sorted(_processes()),
    }


def changes(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """What came and what went, a line each."""
    found = []
    for what, was in before.items():
        if what != "keepers":
            found += [f"{what}: gone: {x}" for x in was if x not in after[what]]
        found += [f"{what}: new: {x}" for x in after[what] if x not in was]
    return found


def left_since(before: dict[str, list[str]], seconds: float = 10.0) -> list[str]:
    """The changes, once processes that are about to end have had time to."""
    deadline = time.monotonic() + seconds
    for line in _processes():
        if line not in before["processes"]:
            _wait(int(line.split()[0]), deadline)
    return changes(before, picture())


def _wait(pid: int, deadline: float) -> None:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([pidfd], [], [], max(0.0, deadline - time.monotonic()))
    os.close(pidfd)


def _lines(*command: str) -> list[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return []
    return sorted(done.stdout.splitlines())


def _timeless(line: str) -> str:
    # Lifetimes of addresses that the machine leases count down.
    words = line.split()
    return " ".join(word for word in words if not word.rstrip("sec").isdigit())


def _settings() -> list[str]:
    found = []
    for root in ("net", "kernel", "user"):
        for path in Path("/proc/sys", root).rglob("*"):
            name = str(path)
            if any(word in name for word in VOLATILE):
                continue
            try:
                if path.is_file():
                    found.append(f"{name} = {path.read_text().strip()}")
            except OSError:
                continue
    return found


def _processes() -> list[str]:
    mark = f"{MARK}={os.environ[MARK]}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        try:
            marked = mark in (folder / "environ").read_bytes().split(b"\0")
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if marked:
            found.append(f"{folder.name} {words.decode(errors='replace')}")
    return found
