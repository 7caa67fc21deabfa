"""Programs as the inspector names them."""

from __future__ import annotations

import subprocess
import sys

from tuilab.kernel.sockets import command


def test_a_command_of_many_lines_is_one_line_without_orders_to_a_terminal() -> None:
    program = "print('up', flush=True)\ninput()  # \x1b[2J é"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"  # its name is its own by then
        shown = command(process.pid)
        process.communicate(b"\n")
    said = "print('up', flush=True)\\ninput()  # \\x1b[2J é"
    assert shown == f"{sys.executable} -c {said}"
