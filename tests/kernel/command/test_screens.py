"""The command line and its screen: left, interrupted, killed, locked out."""

import contextlib
import os
import select
import signal
import time
from dataclasses import replace

import pytest

from tests.kernel.command.cli import USERS, cli, ended
from tests.kernel.people import REASON, UID, Terminal
from tuilab.kernel import sandbox

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]


# Being stopped


HOSTS = range(1, 40)
BIG = "\n".join(
    [
        "tuilab: 1\nname: big\nnamespaces:",
        *(f"  n{n}: {{links: {{e: {{addresses: [10.0.0.{n}/24]}}}}}}" for n in HOSTS),
        "cables:",
        *(f"  - [n{n}:e, host:p{n}]\n" for n in HOSTS),
    ]
)


def stopped_in(lab, begun, number, *words):
    """Send a signal as soon as the journal says that something has begun."""
    process = lab.start(*words)
    journal = lab.folder("big") / "journal.jsonl"
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(FileNotFoundError):
            if f'"begin":"{begun}' in journal.read_text():
                return ended(process, number)
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_new_lab_that_is_interrupted_is_gone(own, number):
    done = stopped_in(own, "load", number, "up", own.file("big.yaml", BIG))
    assert done.code == 128 + number
    assert "Traceback" not in done.err
    assert 'lab "big" did not come up and is gone again' in done.err
    assert own.labs() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_edit_that_is_interrupted_is_done_or_never_was(own, number):
    own("up", own.file("big.yaml", BIG))
    before = own.observed()
    done = stopped_in(own, "remove", number, "rm", "namespace", "n1", "n2", "n3")
    history = own("history", "--json").json
    if number == signal.SIGKILL:
        assert done.code == -number
    else:
        # It may have been done already when the signal came.
        assert done.code in (0, 128 + number)
        assert history["position"] == 2
    if history["position"] == 2:
        assert not {"n1", "n2", "n3"} & set(own.observed())
        own("undo")
    assert own.observed() == before


# The screen


KEEP = "\r"


def person(lab):
    """The screen on a terminal; whoever sits there sees where it says so."""
    shell = ["env", *(f"{k}={v}" for k, v in lab.environment().items())]
    return [*shell, "sh", "-c", 'cd "$HOME" && exec "$@"', "sh"]


@contextlib.contextmanager
def screen(lab, *words):
    terminal = Terminal([*person(lab), *lab.command(*words)])
    try:
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.terminate()
        terminal.close()


def finish(terminal):
    """Read what it still says, so that nothing holds it up; its exit status."""
    with contextlib.suppress(OSError):
        while data := os.read(terminal._master, 65536):
            terminal.text += data.decode(errors="replace")
    return terminal.process.wait(30)


def child_of(pid):
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path) as file:
        return int(file.read().split()[0])


def test_the_screen_leaves_a_lab_running_or_removes_it(lab):
    with screen(lab, "two-hosts") as terminal:
        terminal.expect("10.0.0.1/24")
        terminal.send("q")
        terminal.expect("Keep it running")
        terminal.send(KEEP)
        terminal.expect('lab "two-hosts" goes on')
        assert finish(terminal) == 0
    assert lab.labs() == ["two-hosts"]
    with screen(lab) as terminal:
        terminal.expect("10.0.0.1/24")
        terminal.send("q")
        terminal.expect("Remove the lab")
        terminal.send("r")
        terminal.expect("every program")
        terminal.send("\r")
        terminal.expect('lab "two-hosts" is removed')
        assert finish(terminal) == 0
    assert lab.labs() == []


def test_an_empty_new_lab_goes_without_a_word(own):
    with screen(own) as terminal:
        terminal.expect("Nothing here yet")
        assert own.labs() == ["lab"]
        terminal.send("q")
        assert finish(terminal) == 0
    assert "goes on" not in terminal.text
    assert own.labs() == []


def test_a_file_asks_before_it_changes_a_running_lab(own):
    own.file("mine.yaml", "tuilab: 1\nname: mine\nnamespaces: {red: {}}\n")
    own("up", "mine.yaml")
    own("add", "namespace", "extra")
    with screen(own, "mine.yaml") as terminal:
        terminal.expect("ip netns del extra")
        terminal.expect("Run these commands")
        terminal.send("y\n")
        terminal.expect("red")
        terminal.send("q")
        terminal.expect("Keep it running")
        terminal.send(KEEP)
        assert finish(terminal) == 0
    assert set(own.observed()) == {"host", "red"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_screen_that_is_killed_leaves_terminal_and_lab_in_order(own, number):
    own("up", "--lab", "mine")
    own("add", "namespace", "crimson")
    with screen(own, "mine") as terminal:
        terminal.expect("crimson")
        if number == signal.SIGKILL:
            os.kill(child_of(terminal.process.pid), number)
            terminal.expect("the screen was ended by SIGKILL")
        else:
            terminal.process.send_signal(number)
        terminal.expect('lab "mine" goes on')
        assert finish(terminal) == 128 + number
    assert "\x1b[?1049l" in terminal.text
    assert "\x1b[?25h" in terminal.text
    assert set(own.observed()) == {"host", "crimson"}


def test_a_screen_whose_parent_is_killed_ends_too(own):
    own("up", "--lab", "mine")
    own("add", "namespace", "crimson")
    with screen(own, "mine") as terminal:
        terminal.expect("crimson")
        pidfd = os.pidfd_open(child_of(terminal.process.pid))
        try:
            terminal.process.kill()
            assert select.select([pidfd], [], [], 30)[0]
        finally:
            os.close(pidfd)
    assert own.labs() == ["mine"]


# No sandbox


def locked(lab):
    """The same person where no namespace can be made."""
    user = str(UID)
    become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
    become = become if os.geteuid() == 0 else []
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    unshare = ["unshare", "--user", "--map-current-user", "--keep-caps"]
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
    prefix = (*become, *unshare, "sh", "-c", script, "sh", *drop)
    return replace(lab, person=replace(lab.person, uid=None, prefix=prefix))


def test_where_no_sandbox_can_be_had():
    with cli(USERS[-1]) as free:
        it = locked(free)
        for words in (["up", "two-hosts"], ["check", "two-hosts", "--live"]):
            done = it(*words, code=4)
            assert "no sandbox can be made" in done.err
            assert "max_user_namespaces" in done.err
        assert "ip netns add red" in it("plan", "two-hosts").out
        assert "NO  sandbox" in it("doctor", code=4).out
        checks = {c["name"]: c for c in it("doctor", "--json", code=4).json}
        assert checks["sandbox"]["required"]
        assert not checks["sandbox"]["ok"]
        with screen(it, "two-hosts") as terminal:
            terminal.expect("PREVIEW")
            terminal.expect("10.0.0.1/24")
            terminal.send("q")
            terminal.expect("preview")
            terminal.send(KEEP)
            assert finish(terminal) == 0
        assert it.labs() == []
        assert not list((it.home / "state" / "tuilab" / "labs").iterdir())


def test_doctor_is_content(lab):
    done = lab("doctor")
    assert "ok  sandbox: " in done.out
    assert all(c["ok"] for c in lab("doctor", "--json").json if c["required"])
    assert sandbox.unavailable() is None


@pytest.mark.parametrize("words", [["up", "two-hosts"], ["ls"], ["show"]])
def test_a_state_directory_that_cannot_be_used(own, words):
    (own.home / "state").write_text("a file is in the way")
    done = own(*words, code=1)
    assert "can't be used: Not a directory" in done.err
    assert "XDG_STATE_HOME" in done.err
