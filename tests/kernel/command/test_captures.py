"""The command line that captures: files, pipes, lines, JSON, and how it ends."""

import json
import os
import resource
import shutil
import signal
import subprocess
from dataclasses import replace

import pytest

from tests.kernel.command.cli import capturing, ended, pings
from tests.kernel.people import REASON
from tuilab.packets.store import Store

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]


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


def test_a_file_that_may_not_grow_ends_the_command_and_is_readable(lab):
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    words = ("red:eth0", "icmp", "-w", "x.pcapng")
    with capturing(lab, *words, preexec_fn=limit) as process:
        pings(lab, 40)
        done = ended(process)
    assert done.code == 1
    assert "the capture cannot be written: File too large" in done.err
    assert "what came before is kept" in done.err
    assert "red:eth0: " in done.err
    store = Store.open(lab.home / "x.pcapng")
    assert 0 < len(store) < 80
    read = ["tshark", "-n", "-r", str(lab.home / "x.pcapng")]
    found = subprocess.run(read, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == len(store)
    store.close()


def test_a_command_that_is_killed_leaves_what_was_captured(lab):
    with capturing(lab, "red", "icmp", "-w", "x.pcapng", "--print") as process:
        pings(lab, 3)
        for _ in range(6):
            process.stdout.readline()
        assert ended(process, signal.SIGKILL).code == -signal.SIGKILL
    store = Store.open(lab.home / "x.pcapng")
    assert len(store) == 6
    store.close()
