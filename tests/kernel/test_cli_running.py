"""The command line while it runs: programs, packets, signals, the screen."""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tests.kernel.cli import USERS, cli, ended
from tests.kernel.people import REASON, UID, Terminal
from tuilab.kernel import sandbox
from tuilab.packets.store import Store

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]
NOBODY = "10.0.0.77"


@pytest.fixture(params=USERS, ids=lambda person: person.name)
def lab(request):
    with cli(request.param) as it:
        it("up", "two-hosts")
        yield it


@pytest.fixture(scope="module")
def shared():
    with cli(USERS[0]) as it:
        it("up", "two-hosts")
        yield it


# Programs


def test_a_program_gets_our_streams_and_gives_its_status(lab):
    script = "cat; echo $TUILAB_LAB $TUILAB_NAMESPACE; echo oops >&2; exit 7"
    done = lab("exec", "red", "--", "sh", "-c", script, feed="typed\n", code=7)
    assert done.out == "typed\ntwo-hosts red\n"
    assert done.err == "oops\n"


@pytest.mark.parametrize(
    "words",
    [
        ["exec", "red", "--", "echo", "-n", "--lab", "--"],
        ["exec", "red", "echo", "-n", "--lab", "--"],
        ["exec", "--lab", "two-hosts", "red", "--", "echo", "-n", "--lab", "--"],
        ["exec", "red", "--lab", "two-hosts", "--", "echo", "-n", "--lab", "--"],
        ["exec", "red", "--lab=two-hosts", "echo", "-n", "--lab", "--"],
        ["--lab", "two-hosts", "exec", "red", "echo", "-n", "--lab", "--"],
    ],
)
def test_words_of_the_program_stay_its_own(shared, words):
    assert shared(*words).out == "--lab --"


@pytest.mark.parametrize(
    ("argv", "code"), [(["nosuchprogram"], 127), (["/etc/passwd"], 126)]
)
def test_a_program_that_cannot_run(shared, argv, code):
    done = shared("exec", "red", "--", *argv, code=code)
    assert argv[0] in done.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_reach_the_program(shared, number):
    name = number.name.removeprefix("SIG")
    script = (
        f"trap 'echo got {name}; exit 5' {name}; echo ready; while :; do read x; done"
    )
    # It reads for ever from a pipe whose other end stays open.
    process = shared.start("exec", "red", "--", "sh", "-c", script, stdin=-1)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    # dash runs the trap once its read is done.
    process.stdin.write("\n")
    process.stdin.flush()
    done = ended(process)
    assert (done.code, done.out) == (5, f"got {name}\n")


def test_a_shell_is_in_its_namespace(shared):
    done = shared("shell", "red", feed="echo $TUILAB_NAMESPACE; exit 3\n", code=3)
    assert "red" in done.out
    assert "host" in shared("shell", feed="echo $TUILAB_NAMESPACE\n").out


def test_tuilab_in_a_lab_says_that_it_is_there(shared):
    done = shared("exec", "red", "--", shared.python, "-m", "tuilab", "ls", code=2)
    assert 'inside lab "two-hosts"' in done.err


# Packets


def test_what_was_changed_outside_is_told_in_words_and_drawn(lab):
    lab("exec", "red", "--", "ip", "link", "set", "eth0", "down")
    told = lab("show", "--plain", "--observed").out
    assert ", down" in told
    assert ", drift" in told
    assert '"red:eth0" is down' in told
    assert lab("--plain").out == told
    assert "drift" not in lab("show", "--plain").out
    drawn = lab("show", "--draw", "--observed", "--width", "80").out
    assert "red" in drawn
    assert drawn != lab("show", "--draw", "--width", "80").out


def test_ping_answers_by_its_exit_code(lab):
    done = lab("ping", "red", "blue", "-c", 2, "-i", 0)
    first, second, sums = done.out.splitlines()
    assert first.startswith("64 bytes from 10.0.0.2: seq=1 ttl=64 time=")
    assert second.startswith("64 bytes from 10.0.0.2: seq=2")
    assert sums.startswith("2 sent, 2 received, 0% lost, rtt")
    silent = lab("ping", "red", NOBODY, "-c", 1, "-W", 0.2, code=1)
    assert silent.out.endswith("1 sent, 0 received, 100% lost\n")
    data = lab("ping", "blue", "10.0.0.1", "-c", 1, "--json").json
    assert (data["sent"], data["received"]) == (1, 1)
    assert data["results"][0]["address"] == "10.0.0.1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ping", "red", "blue", "-c", 999, "-i", 0.1), "0% lost"),
        (("monitor", "-i", 0.1), "red > blue"),
    ],
)
def test_what_goes_on_ends_with_its_lab(lab, words, said):
    process = lab.start(*words)
    first = process.stdout.readline()
    lab("down", "--yes")
    done = ended(process)
    assert done.code == 1
    assert said in first + done.out
    assert "has ended" in done.err


def test_arp_says_who_has_it(shared):
    link = json.loads(shared("exec", "blue", "ip", "-j", "link", "show", "eth0").out)
    data = shared("arp", "red", "blue", "-c", 1, "--json").json
    assert data["results"][0]["mac"] == link[0]["address"]
    assert shared("arp", "red", "10.0.0.2", "--dev", "red:eth0", "-c", 1).code == 0
    assert shared("arp", "red", NOBODY, "-c", 1, "-W", 0.2, code=1).code == 1


def test_ping_sums_up_when_it_is_interrupted(shared):
    process = shared.start("ping", "red", "blue", "-c", 1000, "-i", 0.05)
    assert process.stdout.readline().startswith("64 bytes")
    done = ended(process, signal.SIGINT)
    assert done.code == 0
    assert " sent, " in done.out.splitlines()[-1]


def test_traceroute_says_who_is_on_the_way(shared):
    for way in ((), ("--udp",), ("--tcp",)):
        done = shared("traceroute", "red", "blue", *way, "-q", 1, "--json")
        (hop,) = done.json["results"]
        assert (hop["ttl"], hop["address"], hop["last"]) == (1, "10.0.0.2", True)
    done = shared("traceroute", "red", "10.0.0.9", "-q", 1, "-m", 1, "-W", 0.1, code=1)
    assert done.out.startswith(" 1  *  timeout")
    shared("traceroute", "red", "blue", "--tcp", "--udp", code=2)


def test_send_tries_ports(shared):
    done = shared("send", "red", "blue", "--tcp", 81, code=1)
    assert "10.0.0.2: seq=1 closed time=" in done.out
    done = shared("send", "red", "blue", "--udp", 81, "--text", "x", "--json", code=1)
    (answer,) = done.json["results"]
    assert answer["error"] == "port unreachable from 10.0.0.2"
    shared("send", "red", "blue", "--dns", "a.lab", "-W", 1, code=1)
    listen = ("exec", "blue", "--", sys.executable, "-c", LISTEN)
    with shared.start(*listen) as server:
        try:
            assert server.stdout.readline() == "listening\n"
            for way in ("--tcp", "--syn"):
                done = shared("send", "red", "blue", way, 82, "-c", 2)
                assert "seq=2 open" in done.out
        finally:
            ended(server, signal.SIGTERM)
    assert "not clear" in shared("send", "red", "blue", code=2).err


def test_a_scapy_expression_is_shown_and_sent(shared):
    expression = 'IP(dst="10.0.0.2")/ICMP()'
    done = shared("send", "red", "--scapy", expression, "--dry-run")
    assert done.out.startswith("1 packet, 28 bytes: IP / ICMP 10.0.0.1 > 10.0.0.2")
    assert "0000  45 00 00 1c" in done.out
    done = shared("send", "red", "--scapy", expression, "-n", "--json")
    assert done.json["layers"][0]["name"] == "IP"
    assert "echo-reply" in shared("send", "red", "--scapy", expression).out
    assert "no packet" in shared("send", "red", "--scapy", "IP(", code=2).err
    assert "no packet\n" in shared("send", "red", "--scapy", "exit()", code=2).err
    assert "not clear" in shared("send", "red", "blue", "--scapy", "IP()", code=2).err


def test_pairs_are_watched(shared):
    done = shared("monitor", "-c", 2, "-i", 0.05)
    lines = done.out.splitlines()
    assert sorted(line.partition(": ")[0] for line in lines[:2]) == [
        "blue > red (10.0.0.1)",
        "red > blue (10.0.0.2)",
    ]
    assert lines[2].split() == ["from", "red", "blue"]
    assert len(lines) == 5
    done = shared("monitor", "red", "blue", "-c", 2, "-i", 0.05, "--json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert len(rows) == 4
    assert all(row["up"] and row["rtt_ms"] > 0 for row in rows)
    shared("monitor", "red", "-c", 1, code=2)
    process = shared.start("monitor")
    process.stdout.readline()
    done = ended(process, signal.SIGINT)
    assert done.out.splitlines()[-3].split() == ["from", "red", "blue"]


def test_a_machine_behind_a_tap_answers(lab):
    if not TAPS:
        pytest.skip("this user may not open /dev/net/tun")
    lab("add", "tap", "red:tap0", "--address", "10.7.0.1/24")
    with lab.start("answer", "red:tap0", "-a", "10.7.0.9/24") as process:
        assert process.stdout.readline().endswith(" is there\n")
        assert "10.7.0.9 is at" in process.stdout.readline()
        lab("ping", "red", "10.7.0.9", "-c", 2, "-i", 0.01)
        done = ended(process, signal.SIGINT)
    assert done.code == 0
    assert "ping seq=2 from 10.7.0.1" in done.out
    assert "is no tap" in lab("answer", "red:eth0", "-a", "10.7.0.9", code=2).err


TAPS = os.access("/dev/net/tun", os.R_OK | os.W_OK)
LISTEN = """
import socket, threading
with socket.create_server(("10.0.0.2", 82)):
    print("listening", flush=True)
    threading.Event().wait()
"""


@contextlib.contextmanager
def capturing(lab, *words, **options):
    """A capture that is listening; killed if the block fails."""
    process = lab.start("capture", *words, **options)
    try:
        line = process.stderr.readline()
        if isinstance(line, bytes):
            line = line.decode()
        assert line.startswith("capturing on "), line + str(process.stderr.read())
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def pings(lab, count):
    # No ARP gets in between: the entries are permanent.
    lab("ping", "red", "blue", "-c", count, "-i", 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_capture_that_is_ended_leaves_a_complete_file(lab, number):
    words = ("red", "blue:eth0", "icmp", "-w", "x.pcapng", "--print")
    with capturing(lab, *words) as process:
        pings(lab, 3)
        lines = [process.stdout.readline() for _ in range(12)]
        done = ended(process, number)
    assert (done.code, done.out) == (0, "")
    assert all(" ICMP echo " in line for line in lines)
    assert {line.split()[1] for line in lines} == {"red:eth0", "blue:eth0"}
    assert "red:eth0: 6 packets, 0 lost by the kernel" in done.err
    assert '12 packets in "x.pcapng"' in done.err
    store = Store.open(lab.home / "x.pcapng")
    try:
        assert len(store) == 12
    finally:
        store.close()
    if shutil.which("tcpdump"):
        read = ["tcpdump", "-n", "-r", str(lab.home / "x.pcapng"), "icmp"]
        found = subprocess.run(read, capture_output=True, text=True, check=True)
        assert len(found.stdout.splitlines()) == 12


def test_a_capture_ends_after_so_many_packets(shared):
    with capturing(shared, "red:eth0", "-c", 3, "icmp", "--json") as process:
        pings(shared, 2)
        done = ended(process)
    assert done.code == 0
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert {row["protocol"] for row in rows} == {"ICMP"}
    assert rows[0]["source"] == "10.0.0.1"
    left = [path.name for path in shared.folder("two-hosts").iterdir()]
    assert not [name for name in left if "pcapng" in name]


def test_a_capture_into_a_pipe_is_pcapng(shared):
    tcpdump = shutil.which("tcpdump")
    words = ["red:eth0", "icmp", "-w", "-", "-c", 4]
    with capturing(shared, *words, text=False) as process:
        pings(shared, 2)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert out[:4] == b"\x0a\x0d\x0d\x0a"
    if tcpdump:
        read = subprocess.run([tcpdump, "-nr", "-"], input=out, capture_output=True)
        assert read.stdout.count(b"ICMP echo") == 4


def test_a_capture_whose_reader_has_gone_is_quiet(shared):
    with capturing(shared, "red:eth0", "icmp") as process, process.stderr:
        process.stdout.close()
        pings(shared, 2)
        assert process.wait(30) == 141
        assert "Error" not in process.stderr.read()


def test_a_capture_of_the_whole_lab_in_json(shared):
    with capturing(shared, "--all", "icmp", "--json", "-c", 4) as process:
        pings(shared, 1)
        done = ended(process)
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert {row["endpoint"] for row in rows} == {"red:eth0", "blue:eth0"}
    stamps = [row["time"] for row in rows]
    assert stamps == sorted(stamps)


def test_a_capture_of_the_whole_lab_takes_in_what_comes(lab):
    with capturing(lab, "--all", "icmp", "-c", 4) as process:
        lab("add", "cable", "red:eth1", "blue:eth1")
        lab("add", "address", "red:eth1", "10.5.0.1/24")
        lab("add", "address", "blue:eth1", "10.5.0.2/24")
        told = sorted(process.stderr.readline() for _ in range(2))
        assert told == [f"capturing on {end}:eth1 too\n" for end in ("blue", "red")]
        lab("ping", "red", "10.5.0.2", "-c", 1)
        done = ended(process)
    assert done.code == 0
    ends = {line.split()[1] for line in done.out.splitlines()}
    assert ends == {"red:eth1", "blue:eth1"}


@pytest.mark.parametrize(("words", "code"), [((), 0), (("-c", 1), 1)])
def test_a_capture_ends_after_so_many_seconds(shared, words, code):
    done = shared("capture", "red", "dhcp", "-d", 0.2, *words, code=code)
    assert done.out == ""
    assert "red:eth0: 0 packets, 0 lost by the kernel" in done.err


def test_a_capture_into_a_file_is_silent(shared):
    with capturing(shared, "red:eth0", "icmp", "-w", "y.pcapng", "-c", 2) as process:
        pings(shared, 1)
        done = ended(process)
    assert (done.code, done.out) == (0, "")
    assert '2 packets in "y.pcapng"' in done.err


if os.geteuid() == 0:
    # Who mounts what labs made before do not see is root.

    @pytest.mark.parametrize("start", [".", "later"])
    def test_a_file_is_not_written_beneath_what_was_mounted_later(lab, start):
        folder = lab.home / "later"
        folder.mkdir()
        folder.chmod(0o777)
        script = f'mount -t tmpfs none {folder} && cd {start} && "$@"; exit $?'
        prefix = ["unshare", "-m", "sh", "-c", script, "sh", *lab.person.prefix]
        there = replace(lab, person=replace(lab.person, prefix=tuple(prefix)))
        file = "x.pcapng" if start == "later" else "later/x.pcapng"
        done = there("capture", "red:eth0", "-d", 0.1, "-w", file, code=2)
        assert f'"{folder}" was mounted after the lab began' in done.err
        assert list(folder.iterdir()) == []


def test_a_classic_file_says_what_it_lacks(shared):
    with capturing(shared, "red", "blue", "icmp", "-w", "w.PCAP", "-c", 4) as process:
        pings(shared, 1)
        done = ended(process)
    assert (done.code, done.out) == (0, "")
    assert '4 packets in "w.PCAP"' in done.err
    file = shared.home / "w.PCAP"
    assert file.read_bytes()[:4] == b"\xd4\xc3\xb2\xa1"
    done = shared("capture", "red", "blue", "-w", "w.PCAP", "-d", 0.1)
    assert '"w.PCAP" does not tell which link a packet was on; "w.pcapng"' in done.err
    words = ("red", "blue", "-w", "v.pcap", "--print", "-d", 1)
    done = shared("capture", *words, code=2)
    assert 'write pcapng: "v.pcapng"' in done.err
    assert not (shared.home / "v.pcap").exists()


def test_a_capture_of_what_vanishes_ends_with_status_1(lab):
    with capturing(lab, "red:eth0", "icmp", "-w", "z.pcapng") as process:
        pings(lab, 1)
        lab("rm", "namespace", "red")
        done = ended(process)
    assert (done.code, done.out) == (1, "")
    assert "is gone)" in done.err
    assert '2 packets in "z.pcapng"' in done.err


def test_a_capture_ends_with_its_lab(lab):
    with capturing(lab, "--all", "icmp", "-w", "u.pcapng") as process:
        pings(lab, 1)
        lab("down", "--yes")
        done = ended(process)
    assert (done.code, done.out) == (1, "")
    assert "has ended" in done.err
    assert '4 packets in "u.pcapng"' in done.err


def test_a_capture_without_lines(shared):
    with capturing(shared, "red:eth0", "icmp", "-q", "-c", 2) as process:
        pings(shared, 2)
        done = ended(process)
    assert (done.code, done.out) == (0, "")
    assert "red:eth0: " in done.err


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
    done = stopped_in(own, "load", number, "up", "big.yaml")
    assert done.code == 128 + number
    assert "Traceback" not in done.err
    assert 'lab "big" did not come up and is gone again' in done.err
    assert own.labs() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_edit_that_is_interrupted_is_done_or_never_was(own, number):
    own("up", "big.yaml")
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


@pytest.fixture
def own():
    with cli(USERS[0]) as it:
        it.file("big.yaml", BIG)
        yield it


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


# Looking closely


def test_inspect_tells_all_of_a_namespace_and_of_a_link(lab):
    told = lab("inspect", "red").out
    assert "  10.0.0.0/24 dev eth0 src 10.0.0.1  kernel\n" in told
    assert "32766: lookup main" in told
    assert "peer      blue:eth0" in told
    assert "repair" not in told
    data = lab("inspect", "red:eth0", "--json").json
    assert (data["namespace"], data["ifname"]) == ("red", "eth0")
    link = data["links"]["eth0"]
    assert link["peer"] == "blue:eth0"
    [shown] = json.loads(
        lab("exec", "red", "--", "ip", "-j", "link", "show", "eth0").out
    )
    assert (link["index"], link["mac"]) == (shown["ifindex"], shown["address"])
    lab("exec", "red", "--", "ip", "link", "set", "eth0", "mtu", "1400")
    assert (
        "mtu       1400  \N{NOT EQUAL TO} wished 1500" in lab("inspect", "red:eth0").out
    )
    for words, said in (
        ("nobody", 'no namespace "nobody"'),
        ("red:x", 'no link "red:x"'),
    ):
        assert said in lab("inspect", words, code=2).err


def test_inspect_live_tells_each_second_what_flows(shared):
    flood = shared.start("exec", "blue", "--", "ping", "-i", "0.2", "10.0.0.1")
    words = ("inspect", "red:eth0", "--live", "--json")
    with shared.start(*words) as process, flood:
        for line in process.stdout:
            rates = json.loads(line)["links"]["eth0"].get("rates", {})
            if rates.get("rx_packets", 0) > 1:
                break
        assert ended(process, signal.SIGINT).code == 130
        ended(flood, signal.SIGTERM)
    assert 98 * 2 < rates["rx"] < 98 * 20
