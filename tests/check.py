"""Everything that must hold before a commit: ``python -m tests.check``.

Format, lint, types, layers, then pytest; each with its time. ``--quick`` leaves the
slow tiers of pytest out; further arguments go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

WORKERS = 2 * (os.cpu_count() or 2)
"""Processes that test: most of the time they wait for terminals, replies and timers."""
SPREAD = ("-n", str(WORKERS), "--dist", "worksteal")
"""Tests take from 1 ms to 20 s: whoever has nothing left takes from the others."""

STEPS = {
    "format": [BIN / "ruff", "format", "--check", "."],
    "lint": [BIN / "ruff", "check", "."],
    "types": [BIN / "mypy"],
    "layers": [BIN / "lint-imports", "--no-cache"],
}


def main(arguments: list[str]) -> int:
    """Run every step, report each, and fail if one failed."""
    quick = "--quick" in arguments
    rest = [argument for argument in arguments if argument != "--quick"]
    failed = [name for name, command in STEPS.items() if not passes(name, command)]
    tests = [sys.executable, "-m", "pytest", *SPREAD, *rest]
    if quick:
        tests += ["-m", "not e2e and not kernel"]
    started = time.monotonic()
    status = subprocess.run(tests, cwd=ROOT, check=False).returncode
    if failed:
        print(f"failed before the tests: {', '.join(failed)}")
    print(f"tests took {time.monotonic() - started:.0f} s", flush=True)
    return status or len(failed)


def passes(name: str, command: list[object]) -> bool:
    """Run one step; its output is shown only when it fails."""
    started = time.monotonic()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    good = done.returncode == 0
    seconds = time.monotonic() - started
    print(f"{name:8} {'ok' if good else 'FAILED'} {seconds:.1f} s", flush=True)
    if not good:
        print(done.stdout, flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
