"""The screen as a person has it: keys into a real terminal, a real lab behind it."""

import os
import re
import select
import signal

import pytest

from tests.e2e.home import EIGHT_KEYS, TUILAB, four_replies, spin

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EMPTY = "Nothing here yet"


def shows(namespaces, links):
    """Whether the status bar counts that many."""
    return lambda screen: re.search(
        rf"^ tuilab .* ns {namespaces} .* link {links} ", screen, re.MULTILINE
    )


@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=str)
def test_from_nothing_to_four_pings_in_eight_keys_and_back(home, size):
    terminal = home.terminal(*size)
    modes, stty = terminal.modes(), terminal.stty()
    terminal.run(*TUILAB)
    terminal.wait_for(EMPTY)
    terminal.keys(*EIGHT_KEYS)
    terminal.wait_for(four_replies)

    # Another terminal has the same lab.
    namespaces = home.json("show")["namespaces"]
    ends = [link for it in namespaces.values() for link in it["links"].values()]
    assert sorted(end["addresses"] for end in ends) == [
        ["10.0.0.1/24"],
        ["10.0.0.2/24"],
    ]
    pinged = home.tuilab("exec", "red", "--", "ping", "-c1", "10.0.0.2").out
    assert "1 received" in pinged
    built = home.json("show", "--observed")
    assert len(home.json("history")["edits"]) == 3

    # Undo and redo are real.
    terminal.keys("Escape")
    terminal.wait_for(lambda screen: "F1 field help" not in screen)
    terminal.keys("u")
    terminal.wait_for(shows(2, 0))
    assert "eth0" not in home.json("show", "--observed")["red"]["links"]
    terminal.keys("U")
    terminal.wait_for(shows(2, 2))
    assert home.json("show", "--observed") == built

    # Leaving keeps it, and gives the terminal back as it was.
    terminal.keys("q")
    terminal.wait_for("Keep it running")
    terminal.keys("Enter")
    terminal.wait_for("comes back to it")
    assert terminal.status() == 0
    assert (terminal.modes(), terminal.stty()) == (modes, stty)
    assert home.json("show", "--observed") == built

    # It is there again, with its history, and goes for good.
    terminal.run("clear")
    terminal.run(*TUILAB)
    terminal.wait_for(shows(2, 2))
    terminal.keys("4")
    terminal.wait_for("add namespace blue")
    terminal.keys("u")
    terminal.wait_for(shows(2, 0))
    terminal.keys("q")
    terminal.wait_for("Remove the lab")
    terminal.keys("r", "Enter")
    terminal.wait_for("is removed")
    assert terminal.status() == 0
    assert home.json("ls") == []


def test_two_terminals_and_the_command_line_see_each_other_live(home):
    home.tuilab("up", "two-hosts")
    one, two = home.terminal(), home.terminal(120, 36)
    for terminal in (one, two):
        terminal.run(*TUILAB, "two-hosts")
        terminal.wait_for(shows(2, 2))
    one.keys("n", "Enter")
    one.wait_for(shows(3, 2))
    two.wait_for(shows(3, 2))
    two.keys("u")
    two.wait_for(shows(2, 2))
    one.wait_for(shows(2, 2))
    home.tuilab("add", "bridge", "host:br7")
    for terminal in (one, two):
        terminal.wait_for("br7")
    home.tuilab("down", "two-hosts")
    for terminal in (one, two):
        terminal.wait_for("has ended")
        terminal.keys("q")


def test_a_lab_that_is_changed_outside_is_drawn_as_it_is(home):
    home.tuilab("up", "two-hosts")
    terminal = home.terminal(160, 48)
    terminal.run(*TUILAB, "two-hosts")
    terminal.wait_for(shows(2, 2))
    home.tuilab("exec", "red", "--", "ip", "link", "set", "eth0", "down")
    terminal.wait_for(lambda screen: "✗1" in screen or "✗2" in screen)
    # What was not done through tuilab is not undone by it.
    home.tuilab("exec", "red", "--", "ip", "link", "set", "eth0", "up")
    terminal.wait_for("✗0")


# -- killed ----------------------------------------------------------------------------


def _visit(starter):
    """The process that shows the screen; the one that was started waits for it."""
    children = f"/proc/{starter}/task/{starter}/children"
    with open(children) as file:
        found = file.read().split()
    assert found, "no process for the screen"
    return int(found[0])


@pytest.mark.parametrize("whom", ["screen", "starter"])
@pytest.mark.parametrize("when", ["idle", "sending", "editing"])
def test_killed_the_lab_and_its_history_live_on(home, whom, when):
    home.tuilab("up", "two-hosts")
    before = home.json("show", "--observed")
    terminal = home.terminal()
    modes = terminal.modes()
    terminal.run(*TUILAB, "two-hosts")
    terminal.wait_for(shows(2, 2))
    starter = terminal.program()
    screen = _visit(starter)
    journal = home.labs / "two-hosts" / "journal.jsonl"
    size = journal.stat().st_size
    if when == "sending":
        terminal.keys("s", "Enter")
        terminal.wait_for("seq=1")
    elif when == "editing":
        terminal.keys("n", "Enter")
        spin(lambda: journal.stat().st_size > size)

    pidfd = os.pidfd_open(screen)
    try:
        os.kill(screen if whom == "screen" else starter, signal.SIGKILL)
        # Neither outlives the other as a screen that nobody can use.
        spin(lambda: _ended(pidfd))
    finally:
        os.close(pidfd)
    if whom == "screen":
        terminal.wait_for("e2e>")
        assert terminal.status() != 0
        assert terminal.modes() == modes

    edits = home.json("history")["edits"]
    assert edits[0]["title"] == "load two-hosts"
    terminal = home.terminal()
    terminal.run(*TUILAB, "two-hosts")
    terminal.wait_for(shows(1 + len(edits), 2))
    if len(edits) == 2:
        terminal.keys("u")
        terminal.wait_for(shows(2, 2))
    assert home.json("show", "--observed") == before


def _ended(pidfd):
    return bool(select.select([pidfd], [], [], 0)[0])


# -- poor terminals --------------------------------------------------------------------


def test_sixty_by_fifteen_works_with_a_list(home):
    terminal = home.terminal(60, 15)
    # Left over from another size, as exported variables are.
    terminal.run("env", "LINES=24", "COLUMNS=80", *TUILAB)
    terminal.wait_for(lambda screen: " tuilab " in screen and "sel host" in screen)
    terminal.keys(*EIGHT_KEYS)
    terminal.wait_for(lambda screen: "seq=4" in screen and "4 received" in screen)
    terminal.keys("Escape")
    terminal.wait_for(lambda screen: re.search(r"red\b.*\n(.*\n)*.*eth0", screen))
    # Growing gives the drawing, shrinking the list again.
    terminal.resize(100, 30)
    terminal.wait_for(lambda screen: re.search(r"╭─+╮.*\n.*│ +red +│", screen))
    terminal.resize(60, 15)
    terminal.wait_for(lambda screen: not re.search(r"│ +red +│ ", screen))
    terminal.keys("u")
    terminal.wait_for(lambda screen: "eth0" not in screen)


COLOUR = re.compile(r"\x1b\[[\d;]*[34]8;5;(\d+)m")
GREYS = {0, 7, 8, 15, 16, 59, 102, 145, 188, 231, *range(232, 256)}


def colours(terminal):
    """The colours on a screen, as numbers of the usual 256; greys aside."""
    return {int(n) for n in COLOUR.findall(terminal.painted())} - GREYS


def test_no_colour(home):
    terminal = home.terminal()
    terminal.run("env", "NO_COLOR=1", *TUILAB)
    terminal.wait_for(EMPTY)
    terminal.keys(*EIGHT_KEYS)
    terminal.wait_for(four_replies)
    assert not colours(terminal)
    terminal.keys("Escape")
    terminal.wait_for(lambda screen: "F1 field help" not in screen)
    assert not colours(terminal)
    terminal.keys("q", "r", "Enter")
    terminal.wait_for("is removed")


def test_a_terminal_with_colours_has_colours(home):
    terminal = home.terminal()
    terminal.run(*TUILAB)
    terminal.wait_for(EMPTY)
    assert colours(terminal)


@pytest.mark.parametrize(
    ("surroundings", "options", "is_ascii"),
    [
        (["TERM=linux"], [], True),
        (["LC_ALL=C"], ["--ascii"], True),
        # Python takes the C locale for UTF-8 unless told not to.
        (["LC_ALL=C"], [], False),
        (["LC_ALL=POSIX", "PYTHONUTF8=0"], [], True),
    ],
    ids=["linux", "ascii", "C", "POSIX"],
)
def test_old_terminals_and_no_utf_8(home, surroundings, options, is_ascii):
    terminal = home.terminal()
    terminal.run("env", *surroundings, *TUILAB, *options)
    terminal.wait_for(EMPTY)
    terminal.keys(*EIGHT_KEYS)
    terminal.wait_for(lambda screen: "seq=4" in screen and "4 received" in screen)
    terminal.keys("Escape")
    screen = terminal.wait_for(lambda screen: "F1 field help" not in screen)
    assert "red" in screen
    assert screen.isascii() == is_ascii, screen
    terminal.keys("q", "r", "Enter")
    terminal.wait_for("is removed")


def test_a_file_with_mistakes_is_told_before_the_screen_opens(home):
    (home.folder / "wrong.yaml").write_text("tuilab: 1\nnamespaces: {red: {link: 1}}\n")
    terminal = home.terminal()
    terminal.run(*TUILAB, "wrong.yaml")
    terminal.wait_for("wrong.yaml:2:")
    assert terminal.status() == 2


def test_without_a_terminal_it_says_so(home):
    assert "terminal" in home.tuilab(code=2).err


@pytest.mark.parametrize("when", ["starting", "idle", "sending"])
def test_a_terminal_that_hangs_up_takes_the_screen_and_leaves_the_lab(home, when):
    home.tuilab("up", "two-hosts")
    terminal = home.terminal()
    terminal.run(*TUILAB, "two-hosts")
    if when == "starting":
        spin(lambda: terminal.children())
    else:
        terminal.wait_for(shows(2, 2))
    if when == "sending":
        terminal.keys("s", "Enter")
        terminal.wait_for("seq=1")
    family = [os.pidfd_open(pid) for pid in _family(terminal.program())]
    terminal.close()
    spin(lambda: all(map(_ended, family)))
    for pidfd in family:
        os.close(pidfd)
    assert home.json("ls")[0]["running"]
    pinged = home.tuilab("exec", "red", "--", "ping", "-c1", "10.0.0.2").out
    assert "1 received" in pinged


def _family(pid):
    """A process and all below it."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = file.read().split()
    return [pid, *(it for child in children for it in _family(int(child)))]


def test_a_window_that_is_dragged_ends_up_drawn_at_its_size(home):
    home.tuilab("up", "two-hosts")
    terminal = home.terminal()
    terminal.run(*TUILAB, "two-hosts")
    terminal.wait_for(shows(2, 2))
    for step in range(24):
        terminal.resize(81 + 2 * step, 24 + step)
    terminal.resize(132, 40)
    terminal.wait_for(
        lambda screen: (
            max(map(len, screen.splitlines())) == 132 and len(screen.splitlines()) == 40
        )
    )
    terminal.keys("n", "Enter")
    terminal.wait_for(shows(3, 2))


def test_a_shell_in_a_tmux_window_and_what_is_copied(home):
    home.tuilab("up", "two-hosts")
    terminal = home.terminal()
    terminal.run(*TUILAB, "two-hosts")
    terminal.wait_for(shows(2, 2))
    terminal.keys("Right", "y")
    terminal.wait_for("copied by tmux")
    copied = terminal._tmux("show-buffer")
    assert copied in ("red", "blue")
    assert (home.folder / "state" / "tuilab" / "clipboard").read_text() == copied
    terminal.keys("O")
    terminal.wait_for(lambda it: "Topology" not in it)
    terminal.type("ip -br addr show eth0")
    terminal.keys("Enter")
    terminal.wait_for("10.0.0.")
    terminal.type("exit")
    terminal.keys("Enter")
    terminal.wait_for("Topology")
