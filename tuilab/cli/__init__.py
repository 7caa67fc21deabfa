"""The command line: everything the screen can do to a lab, in words.

`app` takes a command line apart and is the one place that tells of errors; the verbs
stand in modules by theme, imported only when they are called for.
"""

from __future__ import annotations

import gc
import sys

SELDOM = 50_000
"""Objects made before garbage is looked for: what a command makes it mostly keeps."""


def main() -> int:
    """Run the command line of this process; its exit code."""
    words = sys.argv[1:]
    if words in (["--version"], ["-V"]):
        # Nothing else is imported for it, so that scripts may ask often.
        from tuilab import __version__

        print(f"tuilab {__version__}")
        return 0
    gc.set_threshold(SELDOM)
    try:
        from tuilab.cli.app import run
    except KeyboardInterrupt:
        return 130
    return run(words)
