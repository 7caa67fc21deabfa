"""Programs as the inspector names them."""

from __future__ import annotations

import subprocess
import sys

from tuilab.kernel.sockets import command


def test_a_command_of_many_lines_is_one_line_without_orders_to_a_terminal() -> None:
    program = "import sys\nsys.stdin.read()  # \x1b[2J é"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE
    ) as process:
        shown = command(process.pid)
        process.communicate()
    assert shown == f"{sys.executable} -c import sys\\nsys.stdin.read()  # \\x1b[2J é"
