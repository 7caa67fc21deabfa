"""The machine around the tests, to see that they leave it as they found it."""

from __future__ import annotations

import subprocess
from pathlib import Path

VOLATILE = (
    "nf_conntrack_count",
    "nf_conntrack_generation",
    "random/",
    "ns_last_pid",
    "pty/nr",
)
"""Settings that change by themselves."""


def picture() -> dict[str, list[str]]:
    """Links, addresses, routes, names, rules, settings, keepers: sorted lines each."""
    return {
        "links": _lines("ip", "-o", "link"),
        "addresses": [_timeless(line) for line in _lines("ip", "-o", "addr")],
        "routes": _lines("ip", "route", "show", "table", "all"),
        "routes6": _lines("ip", "-6", "route", "show", "table", "all"),
        "namespaces": _lines("ip", "netns"),
        "nft": _lines("nft", "list", "ruleset"),
        "settings": sorted(_settings()),
        "keepers": sorted(_keepers()),
    }


def changes(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """What came and what went, a line each."""
    found = []
    for what, was in before.items():
        if what != "keepers":
            found += [f"{what}: gone: {x}" for x in was if x not in after[what]]
        found += [f"{what}: new: {x}" for x in after[what] if x not in was]
    return found


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


def _keepers() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(b"/keeper.py") for word in words):
            found.append(f"process {path.parent.name}")
    return found
