"""The real program, which says at its end what has reached it.

``python -m tests.bench.counted FILE [WORDS ...]`` runs ``tuilab WORDS ...`` and writes
to FILE, as JSON, how many kernel events were read and how many packets were captured.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

from tuilab.kernel import monitor
from tuilab.tui.watching import Watching


def main() -> None:
    path, seen = Path(sys.argv[1]), {"events": 0, "packets": 0, "links": 0}
    matters, close = monitor._matters, Watching.close

    def counted(data: bytes) -> bool:
        seen["events"] += 1
        return matters(data)

    async def closed(watching: Watching) -> None:
        seen["packets"] = watching.count
        seen["links"] = len(watching.capture.endpoints) if watching.capture else 0
        path.write_text(json.dumps(seen))
        await close(watching)

    monitor._matters = counted
    Watching.close = closed  # type: ignore[method-assign]
    sys.argv = ["tuilab", *sys.argv[2:]]
    runpy.run_module("tuilab", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
