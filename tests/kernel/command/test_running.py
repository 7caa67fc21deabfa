"""The command line while it runs: programs, packets, what it tells of the kernel."""

import json
import os
import signal
import sys

import pytest

from tests.kernel.command.cli import ended
from tests.kernel.people import REASON

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]
NOBODY = "10.0.0.77"

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
