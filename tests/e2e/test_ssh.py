"""Over a real SSH connection, which is how most people will sit at it."""

import os
import re
import shutil

import pytest

from tests.e2e.home import EIGHT_KEYS, TUILAB, four_replies, spin
from tests.e2e.sshd import SSHD, Server

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (SSHD and shutil.which("ssh")), reason="openssh-server is not installed"
    ),
]

SETTINGS = ("XDG_STATE_HOME", "PYTHONPATH", "LC_ALL", "HOME")


@pytest.fixture
def server(home):
    server = Server(home.folder)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def command(server, home):
    """What to type for tuilab on the other side, in the same home."""
    settings = {name: home.environment[name] for name in SETTINGS}
    return server.command(TUILAB, settings)


def test_eight_keys_resize_mouse_and_a_clean_end_over_ssh(home, command):
    terminal = home.terminal(80, 24)
    modes, stty = terminal.modes(), terminal.stty()
    terminal.run(*command)
    terminal.wait_for("Nothing here yet")
    terminal.keys(*EIGHT_KEYS)
    terminal.wait_for(four_replies)
    assert len(home.json("history")["edits"]) == 3
    terminal.keys("Escape")
    terminal.wait_for(lambda screen: "F1 field help" not in screen)

    # The size travels.
    terminal.resize(120, 36)
    terminal.wait_for(lambda screen: max(map(len, screen.splitlines())) == 120)
    terminal.wait_for("kind      veth")

    # So does the mouse: a click selects.
    screen = terminal.wait_for(lambda screen: re.search(r"│ +red +│", screen))
    terminal.click(*_place(screen, r"│ +(red) +│"))
    terminal.wait_for("sel red")

    terminal.keys("q")
    terminal.wait_for("Remove the lab")
    terminal.keys("r", "Enter")
    terminal.wait_for("is removed")
    assert terminal.status() == 0
    assert (terminal.modes(), terminal.stty()) == (modes, stty)
    assert home.json("ls") == []


def test_a_connection_that_breaks_leaves_the_lab(home, command):
    terminal = home.terminal()
    terminal.run(*command)
    terminal.wait_for("Nothing here yet")
    terminal.keys("n", "Enter")
    terminal.wait_for(" ns 1 ")
    os.kill(terminal.program(), 9)
    terminal.wait_for("e2e>")
    # Whoever showed it there ends, so that the lab is nobody's but its keeper's.
    state = f"XDG_STATE_HOME={home.environment['XDG_STATE_HOME']}".encode()
    spin(lambda: not _showing(state))
    assert home.json("ls")[0]["running"]
    again = home.terminal()
    again.run(*TUILAB)
    again.wait_for(" ns 1 ")


def _place(screen, pattern):
    for row, line in enumerate(screen.splitlines()):
        if found := re.search(pattern, line):
            return found.start(1), row
    raise AssertionError(screen)


def _showing(state):
    """Processes of that home that show a lab."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                ours = state in file.read().split(b"\0")
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if ours and b"tuilab" in words:
            found.append(int(pid))
    return found
