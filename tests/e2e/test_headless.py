"""A lab from the command line alone: the real program, the real kernel."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.conftest import NO_VLANS, lacks_vlans
from tests.e2e.home import DEADLINE, ROOT, TOPOLOGIES, TUILAB, spin

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

examples = pytest.mark.parametrize("path", TOPOLOGIES, ids=lambda path: path.stem)


def test_all_the_promised_examples_are_there():
    assert {"two-hosts", "bridge", "router", "tap-on-bridge"} <= {
        path.stem for path in TOPOLOGIES
    }


@examples
def test_a_ready_lab_up_undone_redone_and_down(home, path):
    name = path.stem
    if name == "vlans" and lacks_vlans():
        home.tuilab("up", str(path), code=3)
        assert home.json("ls") == []
        pytest.skip(NO_VLANS)
    report = home.json("up", str(path))
    assert report["lab"] == name
    assert report["created"] is True
    assert any(line.startswith("ip netns add") for line in report["commands"])
    assert [lab["name"] for lab in home.json("ls")] == [name]

    declared = home.json("show", name)
    assert home.json("show")["namespaces"] == declared["namespaces"]
    up = home.json("show", "--observed")
    assert set(declared["namespaces"]) <= set(up)

    # Once more changes nothing, and is no entry of the history.
    assert home.json("up", str(path))["commands"] == []
    assert len(home.json("history")["edits"]) == 1

    home.tuilab("undo")
    assert home.json("history")["position"] == 0
    assert set(home.json("show", "--observed")) == {"host"}
    home.tuilab("redo")
    assert home.json("show", "--observed") == up

    home.tuilab("down")
    assert home.json("ls") == []


def test_show_is_a_file_that_makes_the_same_lab(home):
    home.tuilab("up", "router")
    before = home.json("show", "--observed")
    path = home.folder / "again.yaml"
    path.write_text(home.tuilab("show").out)
    home.tuilab("down")
    home.tuilab("up", str(path))
    assert home.json("show", "--observed") == before


def test_the_kernel_has_what_is_shown(home):
    home.tuilab("up", "router")
    shown = home.json("show", "--observed")
    for name, namespace in shown.items():
        out = home.tuilab("exec", name, "--", "ip", "-j", "-d", "addr").out
        links = {link["ifname"]: link for link in json.loads(out)}
        assert set(links) == set(namespace["links"])
        for ifname, link in namespace["links"].items():
            seen = links[ifname]
            assert link["mtu"] == seen["mtu"]
            assert link["mac"] == seen["address"]
            assert link["up"] == ("UP" in seen["flags"])
            held = {
                f"{it['local']}/{it['prefixlen']}"
                for it in seen["addr_info"]
                if it["scope"] == "global"
            }
            assert held == {a for a in link["addresses"] if not a.startswith("fe80")}


def test_every_verb_that_edits_and_back_again(home):
    """Each is one entry of the history; undo and redo make the very same lab."""
    home.tuilab("up", "two-hosts")
    lines = (
        "add namespace green grey",
        "add bridge host:br0 --address 10.9.0.1/24",
        "add cable green:eth0 host:p1 --a-address 10.9.0.2/24 --b-master br0",
        "add tap host:tap0 --master br0",
        "add address red:eth0 10.1.0.1/24 fd00::1/64",
        "add route green default --via 10.9.0.1",
        "set red:eth0 mtu 1400 mac 02:00:00:00:00:01",
        "set blue:eth0 down",
        "set host ip_forward 1",
        "set host:tap0 nomaster",
        "rename green lime",
        "rename lime:eth0 wan0",
        "rm address red:eth0 10.1.0.1/24",
        "rm route lime default",
        "rm link host:tap0",
        "rm namespace grey",
    )
    states = [home.json("show", "--observed")]
    for line in lines:
        home.tuilab(*line.split(), "--quiet")
        states.append(home.json("show", "--observed"))
        assert states[-1] != states[-2], line
    assert len(home.json("history")["edits"]) == 1 + len(lines)

    for state in states[-2:-6:-1]:
        home.tuilab("undo", "-q")
        assert home.json("show", "--observed") == state
    home.tuilab("undo", "-q", "--to", "1")
    assert home.json("show", "--observed") == states[0]
    home.tuilab("redo", "-q", "--to", str(1 + len(lines)))
    assert home.json("show", "--observed") == states[-1]


def test_a_dry_run_shows_what_would_run_and_runs_nothing(home):
    home.tuilab("up", "two-hosts")
    before = home.json("show", "--observed")
    words = ("set", "red:eth0", "mtu", "1400")
    shown = home.tuilab(*words, "--dry-run").out
    assert "ip -n red link set dev eth0 mtu 1400" in shown
    assert home.json("show", "--observed") == before
    assert home.tuilab(*words).out == shown


# -- programs ------------------------------------------------------------------------


def test_exec_passes_input_output_and_status_through(home):
    home.tuilab("up", "two-hosts")
    script = "tr a-z A-Z; echo to the side >&2; exit 7"
    done = home.tuilab("exec", "red", "--", "sh", "-c", script, feed="words\n", code=7)
    assert (done.out, done.err) == ("WORDS\n", "to the side\n")
    done = home.tuilab("exec", "red", "--", "no-such-program", code=127)
    assert "no-such-program" in done.err
    done = home.tuilab("exec", "purple", "--", "true", code=2)
    assert '"purple"' in done.err
    done = home.tuilab("exec", "red", "--", "ping", "-c1", "10.0.0.2")
    assert "1 received" in done.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_exec_passes_signals_through(home, number):
    home.tuilab("up", "two-hosts")
    caught = (
        "import signal, sys\n"
        f"signal.signal({number:d}, lambda *_: sys.exit(9))\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()"
    )
    for code, status in ((caught, 9), (_uncaught(number), 128 + number)):
        words = ("exec", "red", "--", sys.executable, "-c", code)
        with home.popen(*words) as process:
            assert process.stdout.readline() == "ready\n"
            process.send_signal(number)
            out, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == status, (out, err)


def _uncaught(number):
    return (
        f"import signal\nsignal.signal({number:d}, signal.SIG_DFL)\n"
        "print('ready', flush=True)\nwhile True: signal.pause()"
    )


# -- what must not happen ------------------------------------------------------------

TEN_MISTAKES = """\
tuilab: 1
name: mistaken
namespaces:
  host:
    links:
      br0: {kind: bridge, colour: green}
      port1: {master: eth9}
      port2: {master: br0, addresses: [10.5.0.1/24]}
      loop1: {kind: bridge, master: loop2}
      loop2: {kind: bridge, master: loop1}
      tap0: {kind: tap}
  red:
    links:
      eth0: {addresses: [10.0.0.300/24]}
      a-name-that-is-too-long: {kind: tap}
    routes:
      - {to: 10.7.0.0/16, via: 192.0.2.1}
  blue:
    links:
      eth0: {addresses: [10.0.0.2/24, 10.0.0.2/24]}
  red:
    links: {}
cables:
  - [red:eth0, host:port1]
  - [blue:eth0, host:port2]
  - [blue:eth1, purple:eth0]
"""


def test_ten_mistakes_are_ten_lines_and_nothing_is_made(home):
    path = home.folder / "mistakes.yaml"
    path.write_text(TEN_MISTAKES)
    told = home.tuilab("up", "mistakes.yaml", code=2).err
    lines = told.splitlines()
    assert len(lines) == 10, told
    places = [re.match(r"mistakes\.yaml:(\d+):(\d+): .+; .+", line) for line in lines]
    assert all(places), told
    rows = [int(place[1]) for place in places]
    assert rows == sorted(rows), told
    assert set(rows) == {6, 7, 8, 9, 14, 15, 17, 20, 21, 26}, told
    assert home.tuilab("check", "mistakes.yaml", code=2).err == told
    assert home.json("ls") == []
    assert not home.labs.exists() or not any(home.labs.iterdir())


def test_plan_and_dry_run_make_nothing(home):
    planned = home.tuilab("plan", "router").out
    assert "ip netns add red" in planned
    lines = [line.partition("  #")[0].rstrip() for line in planned.splitlines()]
    assert home.tuilab("up", "router", "--dry-run").out.splitlines() == lines
    steps = home.json("plan", "router")["operations"]
    assert [line for step in steps for line in step["commands"]] == lines
    assert all(step["reason"] for step in steps)
    assert home.json("ls") == []
    # Of a lab that runs it is the difference.
    path = str(ROOT / "topologies" / "router.yaml")
    home.tuilab("up", path)
    assert home.tuilab("plan", path).out == ""
    home.tuilab("set", "router", "ip_forward", "0")
    assert home.tuilab("plan", path).out.startswith("ip netns exec router sysctl")


def test_what_can_not_be_done_is_said_with_its_code(home):
    for words, code, said in (
        (("show",), 2, "no lab is running"),
        (("up", "no-such-file.yaml"), 2, '"no-such-file.yaml"'),
        (("frobnicate",), 2, '"frobnicate"'),
        (("add", "cable", "red", "blue"), 2, '"red"'),
    ):
        assert said in home.tuilab(*words, code=code).err
    home.tuilab("up", "two-hosts")
    done = home.tuilab("set", "red:eth0", "mtu", "7", code=2)
    assert '"red:eth0"' in done.err or '"7"' in done.err or "mtu" in done.err
    assert len(home.json("history")["edits"]) == 1


# -- several at once, and killed -----------------------------------------------------


def test_edits_from_several_terminals_never_interleave(home):
    home.tuilab("up", "two-hosts")
    names = [f"ns{number}" for number in range(6)]
    running = [home.popen("add", "namespace", name) for name in names]
    for process in running:
        with process:
            out, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == 0, (out, err)
    edits = home.json("history")["edits"]
    titles = [edit["title"] for edit in edits[1:]]
    assert sorted(titles) == [f"add namespace {name}" for name in names]
    assert set(home.json("show", "--observed")) == {"host", "red", "blue", *names}
    home.tuilab("undo", "--to", "0")
    assert set(home.json("show", "--observed")) == {"host"}


def _journal_has(path, text):
    def holds():
        try:
            return text in path.read_text()
        except FileNotFoundError:
            return False

    return holds


@pytest.mark.parametrize("moment", ["keeper", "journal", "begun"])
def test_up_killed_at_any_moment_can_be_done_again(home, moment):
    folder = home.labs / "router"
    journal = folder / "journal.jsonl"
    reached = {
        "keeper": (folder / "keeper.json").exists,
        "journal": journal.exists,
        "begun": _journal_has(journal, '"begin"'),
    }[moment]
    with home.popen("up", "router") as process:
        spin(reached)
        process.kill()
    home.tuilab("up", "router")
    seen = home.tuilab("exec", "red", "--", "ping", "-c1", "10.0.2.1").out
    assert "1 received" in seen
    assert [edit["done"] for edit in home.json("history")["edits"]] == [True]


def test_an_edit_killed_at_any_moment_is_finished_or_rolled_back(home):
    home.tuilab("up", "router")
    before = home.json("show", "--observed")
    journal = home.labs / "router" / "journal.jsonl"
    size = journal.stat().st_size
    with home.popen("rm", "namespace", "red", "blue") as process:
        spin(lambda: journal.stat().st_size > size)
        process.kill()
    now = home.json("show", "--observed")
    edits = home.json("history")["edits"]
    if len(edits) == 1:
        assert now == before
    else:
        assert set(now) == {"host", "router"}
        home.tuilab("undo")
        assert home.json("show", "--observed") == before


def test_a_lab_whose_keeper_was_killed_comes_back_with_its_history(home):
    home.tuilab("up", "two-hosts")
    home.tuilab("add", "namespace", "green")
    before = home.json("show", "--observed")
    keeper = json.loads((home.labs / "two-hosts" / "keeper.json").read_text())["pid"]
    pidfd = os.pidfd_open(keeper)
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.close(pidfd)
    spin(lambda: not home.json("ls")[0]["running"])
    assert "two-hosts" in home.tuilab("exec", "red", "true", code=2).err
    home.tuilab("up", "two-hosts")
    assert home.json("show", "--observed") == before
    assert len(home.json("history")["edits"]) == 2
    home.tuilab("undo")
    assert "green" not in home.json("show", "--observed")


def test_capture_to_a_file_that_others_read(home):
    home.tuilab("up", "two-hosts")
    path = home.folder / "seen.pcapng"
    words = ("capture", "red:eth0", "-w", str(path), "-c", "2", "icmp")
    with home.popen(*words) as capture:
        # It says when it listens; only then is it worth sending.
        first = capture.stderr.readline()
        home.tuilab("exec", "red", "--", "ping", "-c1", "10.0.0.2")
        out, err = capture.communicate(timeout=DEADLINE)
    assert capture.returncode == 0, (first, out, err)
    for reader in (["tcpdump", "-nr"], ["tshark", "-nr"]):
        done = subprocess.run(
            [*reader, str(path)], capture_output=True, text=True, env=home.environment
        )
        lines = done.stdout.splitlines()
        assert len(lines) == 2, (reader, done)
        assert "request" in lines[0], reader
        assert "reply" in lines[1], reader


APART = ("unshare", "--pid", "--fork", "--mount-proc")
"""With processes of its own, so that nobody else's `down --all` sees what is lost."""


def test_a_lab_whose_state_is_gone_is_told_of_and_ended(home):
    """Moved away, deleted, or replaced; other people's folders are left alone."""
    words = " ".join(TUILAB)
    script = f"""
        set -e
        labs=$XDG_STATE_HOME/tuilab/labs
        export XDG_STATE_HOME
        for name in kept moved deleted replaced; do
            {words} up --lab $name
        done
        XDG_STATE_HOME=$HOME/other {words} up --lab elsewhere
        {words} doctor --json >$HOME/before
        mv $labs/moved $HOME/moved
        rm -r $labs/deleted $labs/replaced
        {words} up --lab replaced
        {words} doctor --json >$HOME/after
        {words} ls --json >$HOME/known
        pgrep -c tuilab-keeper >$HOME/many
        {words} down --all --yes
        pgrep -c tuilab-keeper >$HOME/left
        XDG_STATE_HOME=$HOME/other {words} ls --json >$HOME/elsewhere
        XDG_STATE_HOME=$HOME/other {words} down --all --yes
        ! pgrep tuilab-keeper
        {words} down --all --yes
    """
    apart = APART if os.getuid() == 0 else (*APART, "--user", "--map-root-user")
    if subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("no namespace of processes can be had")
    done = subprocess.run(
        [*apart, "sh", "-c", script],
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr

    def read(name):
        return (home.folder / name).read_text()

    def told(name):
        return next(it for it in json.loads(read(name)) if it["name"] == "labs")

    assert told("before")["ok"]
    assert not told("after")["ok"]
    for name in ("moved", "deleted", "replaced"):
        assert f'"{home.labs / name}"' in told("after")["detail"]
        assert (
            f'lab "{name}" has ended, whose state "{home.labs / name}"' in done.stderr
        )
    assert "kept" not in told("after")["detail"]
    assert "tuilab down --all" in told("after")["remedy"]
    assert {it["name"] for it in json.loads(read("known"))} == {"kept", "replaced"}
    assert (read("many"), read("left")) == ("6\n", "1\n")
    (elsewhere,) = json.loads(read("elsewhere"))
    assert elsewhere["running"]
    assert done.stderr.rstrip().endswith("no lab is there")
