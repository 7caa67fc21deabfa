"""Programs of ours that run beside the screen."""

import os
import subprocess
import sys
from pathlib import Path

ASKED = """
import os
from pathlib import Path
from tuilab.packets.spawn import come_last
come_last(7)
group = Path("/proc/self/autogroup")
print(os.nice(0), group.read_text().split()[-1] if group.exists() else 7)
"""


def test_who_comes_last_does_so_beside_other_sessions_too():
    """autogroup tells "/autogroup-25 nice 7" (sched(7)); not every kernel has it."""
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        check=True,
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    nice, group = done.stdout.split()
    assert int(nice) == min(19, os.nice(0) + 7)
    assert int(group) == 7
