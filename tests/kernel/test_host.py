"""Host mode, on a machine that is a sandbox: the real one is never worked on.

Each body runs in a sandbox of its own, which has a root network namespace, a /run and
a /run/netns of its own and stands for the machine. A few things are made there by
plain `ip`, as somebody else's.
"""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.kernel.packetbox import boxed, sh
from tuilab.kernel import syscalls

LAB = """
tuilab: 1
name: one
namespaces:
  host:
    sysctls: {net.ipv4.ip_forward: 1}
    links:
      br0: {kind: bridge, addresses: [10.9.0.254/24]}
      p1: {master: br0}
    routes:
      - {to: 10.77.0.0/16, via: 10.9.0.1}
  red:
    links:
      eth0: {addresses: [10.9.0.1/24, "fd09::1/64"]}
    routes:
      - {to: default, via: 10.9.0.254}
  blue:
    links:
      eth0: {addresses: [10.8.0.2/24]}
      eth1: {}
cables:
  - [red:eth0, host:p1]
  - [blue:eth0, blue:eth1]
"""


def is_real():
    """Whether we are where the test runner is."""
    try:
        return any(
            os.readlink(f"/proc/self/ns/{kind}")
            == os.readlink(f"/proc/{os.getppid()}/ns/{kind}")
            for kind in ("net", "mnt")
        )
    except PermissionError:
        # Not ours to look at: it is outside of our user namespace.
        return False


class Machine:
    """The sandbox as somebody's machine, and the command line there."""

    def __init__(self, directory):
        assert not is_real(), "this is the real machine"
        Path("/run/tuilab").mkdir(exist_ok=True)
        syscalls.mount("tmpfs", "/run/tuilab", "tmpfs")
        self.home = directory
        self.file = directory / "one.yaml"
        self.file.write_text(LAB)
        for line in (
            "ip link set lo up",
            "ip link add eth0 type veth peer name far0",
            "ip link set eth0 up",
            "ip link set far0 up",
            "ip addr add 192.0.2.10/24 dev eth0",
            "ip route add default via 192.0.2.1 dev eth0",
            "ip route add 203.0.113.0/24 via 192.0.2.7 dev eth0",
            "ip link add docker0 type bridge",
            "ip addr add 172.17.0.1/16 dev docker0",
            "ip netns add theirs",
            "ip link add veth7 type veth peer name eth0 netns theirs",
            "ip link set veth7 master docker0",
        ):
            sh(line)
        self.settings("net.ipv4.conf.all.accept_redirects", "0")
        self.settings("net.ipv4.conf.docker0.forwarding", "1")
        # What iproute2 itself does with the first name must not count as ours.
        self.before = self.picture()

    @staticmethod
    def settings(key, value):
        Path("/proc/sys", key.replace(".", "/")).write_text(value)

    def environment(self, **more):
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("SSH_")}
        return {
            **inherited,
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "TUILAB_LAB": "",
            **more,
        }

    def command(self, *words):
        return [sys.executable, "-W", "error", "-m", "tuilab", *map(str, words)]

    def __call__(self, *words, code=0, **more):
        done = subprocess.run(
            self.command(*words),
            env=self.environment(**more),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"{words}: {done}"
        return done.stdout if code == 0 else done.stderr

    def up(self):
        return self("--host", "up", self.file)

    def picture(self):
        """All of the machine's network, in the words of others."""
        seen = {}
        for name in ("", "-n theirs "):
            for what in ("-d link", "addr", "route show table all", "rule"):
                seen[name + what] = _stable(json.loads(sh(f"ip {name}-j {what}")))
            rest = "-6 route show table all"
            seen[name + rest] = _stable(json.loads(sh(f"ip {name}-j {rest}")))
        seen["bridge"] = _stable(json.loads(sh("bridge -j link") or "[]"))
        seen["netns"] = sorted(re.sub(r" \(id: .*", "", x) for x in _netns())
        seen["files"] = sorted(os.listdir("/run/netns"))
        seen["settings"] = sorted(_settings())
        return seen

    def changes(self):
        """What is otherwise than in the beginning."""
        now = self.picture()
        return {
            key: (
                [x for x in was if x not in now[key]],
                [x for x in now[key] if x not in was],
            )
            for key, was in self.before.items()
            if was != now[key]
        }


def _netns():
    return sh("ip netns").splitlines()


def _stable(items):
    """Without what counts, and the kernel's own link-local routes, which come late."""
    unstable = ("ifi_stats", "stats64", "stats", "gc_timer", "hello_timer")
    out = []
    for item in items:
        if str(item.get("dst", "")).startswith(("fe80:", "ff00:")):
            continue
        item = {k: v for k, v in item.items() if k not in unstable}
        if "addr_info" in item:
            item["addr_info"] = [
                {k: v for k, v in address.items() if k != "tentative"}
                for address in item["addr_info"]
                if address.get("scope") != "link"
            ]
        item.pop("linkinfo", None)
        out.append(item)
    return sorted(out, key=json.dumps)


def _settings():
    for path in Path("/proc/sys/net").rglob("*"):
        if "nf_conntrack_" in path.name:
            continue
        try:
            if path.is_file():
                yield f"{path} = {path.read_text().strip()}"
        except OSError:
            continue


@boxed
def test_a_lab_comes_and_goes_and_the_machine_is_as_before(directory):
    machine = Machine(directory)
    planned = machine("--host", "up", "--dry-run", machine.file)
    assert "ip link set dev lo" not in planned
    assert machine.changes() == {}
    machine.up()
    assert "host" in machine("ls").splitlines()[1]
    assert json.loads(machine("ls", "--json"))[0]["host"] is True
    assert {"red", "blue", "theirs"} <= {x.split()[0] for x in _netns()}
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1"
    sh("ip netns exec red ping -c1 -W2 10.9.0.254")
    sh("ping -c1 -W2 10.9.0.1")
    machine("exec", "red", "--", "ping", "-c1", "-W2", "10.9.0.254")
    machine("ping", "red", "10.9.0.254", "--count", "1")
    machine("arp", "host", "10.9.0.1")
    assert "br0" in machine("exec", "host", "--", "ip", "link")
    for name in ("br0", "p1"):
        assert "altname tuilab:one:" in sh(f"ip link show {name}")
    for name, ifname in (("red", "eth0"), ("red", "lo"), ("blue", "eth1")):
        assert "altname tuilab:one:" in sh(f"ip -n {name} link show {ifname}")
    machine("down")
    assert machine.changes() == {}
    assert machine("ls", "--json").strip() == "[]"


def eths(name="host"):
    where = "" if name == "host" else f"-n {name} "
    return {item["ifname"] for item in json.loads(sh(f"ip {where}-j link"))}


@boxed
def test_what_others_made_is_seen_and_stays_while_the_lab_is_edited(directory):
    machine = Machine(directory)
    machine.up()
    machine("add", "bridge", "host:br1", "--address", "10.5.0.1/24")
    machine("rename", "host:br1", "host:br2")
    machine("add", "namespace", "green")
    machine("add", "cable", "green:eth0", "host:g", "--b-master", "br2")
    machine("rename", "green", "verdant")
    machine("set", "host", "net.ipv6.conf.all.forwarding", "1")
    sh("ip link add later type bridge")
    machine("rm", "link", "host:br2")
    machine("undo")
    assert "br2" in eths()
    machine("undo", "--to", "1")
    assert eths() == {
        *("lo", "eth0", "far0", "docker0", "veth7", "later"),
        *("br0", "p1"),
    }
    sh("ip link del later")
    held = json.loads(machine("show", "--observed", "--json"))
    assert set(held["host"]["links"]) == {"br0", "p1"}
    assert {"eth0", "docker0", "lo"} <= set(held["host"]["foreign"]["links"])
    assert len(held["host"]["foreign"]["routes"]) == 2
    assert held["theirs"] == {"foreign": True}
    assert "docker0:" in machine("show", "--observed")
    machine("undo")
    assert machine.changes() == {}
    machine("redo")
    machine("down")
    assert machine.changes() == {}


@boxed
def test_an_edit_that_names_what_others_made_is_refused(directory):
    machine = Machine(directory)
    machine.up()
    before = machine.picture()
    foreign = "was not made by this lab and is left as it is"
    for words, name in (
        ("set host:eth0 down", "host:eth0"),
        ("set host:lo down", "host:lo"),
        ("rm link host:docker0", "host:docker0"),
        ("add bridge host:docker0", "host:docker0"),
        ("rename host:veth7 host:veth8", "host:veth7"),
        ("rename host:br0 host:veth7", "host:veth7"),
        ("add address host:eth0 10.1.1.1/24", "host:eth0"),
        ("rm address host:eth0 192.0.2.10/24", "host:eth0"),
        ("set host:p1 master docker0", "host:docker0"),
        ("add route host 10.66.0.0/16 --dev eth0", "host:eth0"),
        ("add route host 10.66.0.0/16 --dev docker0", "host:docker0"),
        ("add namespace theirs", "theirs"),
        ("rm namespace theirs", "theirs"),
        ("rename red theirs", "theirs"),
        ("add cable theirs:x host:y", "theirs"),
        ("set theirs net.ipv4.ip_forward 1", "theirs"),
    ):
        said = machine(*words.split(), code=2)
        assert f'"{name}" {foreign}' in said, (words, said)
    assert machine.picture() == before
    other = directory / "other.yaml"
    other.write_text("tuilab: 1\nname: two\nnamespaces: {host: {}, theirs: {}}\n")
    assert f'"theirs" {foreign}' in machine("--host", "up", other, code=2)
    other.write_text("tuilab: 1\nname: two\nnamespaces: {host: {}, red: {}}\n")
    assert f'"red" {foreign}' in machine("--host", "up", other, code=2)
    assert machine.picture() == before
    machine("down")
    assert machine.changes() == {}


DYING = """
import os, signal, sys
from tuilab.cli.app import run
from tuilab.kernel import former, host, marks, netns, netlink, syscalls

names, number = sys.argv[1].split("."), int(sys.argv[2])
*path, name = names
owner = {"former": former, "host": host, "marks": marks, "netns": netns,
         "netlink": netlink, "syscalls": syscalls}[path[0]]
for part in path[1:]:
    owner = getattr(owner, part)
usual = getattr(owner, name)

def once_more(*args, **more):
    global number
    result = usual(*args, **more)
    number -= 1
    if not number:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, once_more)
sys.exit(run(sys.argv[3:]))
"""
POINTS = [
    ("former.record", 1),
    ("netns._tell_apart", 1),  # a name, but no namespace on it
    ("marks.add_altname", 2),  # a namespace without a name
    ("syscalls.mount", 2),
    ("netns.create_here", 2),
    ("host.HostDriver.send", 1),  # a bridge, yet without altname
    ("host.HostDriver.send", 2),
    ("host.HostDriver.send", 3),
    ("host.HostDriver.send", 4),
    ("host.HostDriver.send", 6),
    ("host.HostDriver._write", 1),
    ("host.HostDriver.send", 7),
]


def die(machine, point, number, *words):
    """Run the command line, which is killed when it has done that so many times."""
    command = [sys.executable, "-c", DYING, point, number, *words]
    done = subprocess.run(
        list(map(str, command)),
        env=machine.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == -9, (point, number, done)


@boxed
def test_down_after_a_crash_removes_what_was_made_and_nothing_else(directory):
    machine = Machine(directory)
    for point, number in POINTS:
        die(machine, point, number, "--host", "up", machine.file)
        machine("down", "--all")
        assert machine.changes() == {}, (point, number)
        assert not os.listdir("/run/tuilab"), (point, number)


@boxed
def test_down_needs_no_state_folder(directory):
    machine = Machine(directory)
    for point, number in POINTS:
        die(machine, point, number, "--host", "up", machine.file)
        sh(f"rm -r {directory}/state")
        machine("--host", "down", "--all")
        assert machine.changes() == {}, (point, number)
    machine.up()
    sh(f"rm -r {directory}/state")
    # Nor is --host needed, as long as /run tells.
    machine("down", "--all")
    assert machine.changes() == {}


FAR = "203.0.113.9 40000 192.0.2.10 22"
CUT = ("add", "route", "host", "203.0.113.0/25", "--via", "10.9.0.1")


def way():
    return json.loads(sh("ip -j route get 203.0.113.9"))[0]["dev"]


@boxed
def test_what_may_cut_the_connection_needs_force_and_an_answer(directory):
    machine = Machine(directory)
    machine.up()
    there = machine.picture()
    said = machine(*CUT, code=2, SSH_CONNECTION=FAR)
    assert '"host:br0" would become a way to 203.0.113.9' in said
    assert "--force" in said
    assert machine.picture() == there
    # Nobody is there to answer: standard input is /dev/null.
    force = ("--force", "--within", "20", *CUT)
    said = machine(*force, code=1, SSH_CONNECTION=FAR)
    assert "was not confirmed and is taken back" in said
    assert machine.picture() == there
    assert len(json.loads(machine("history", "--json"))["edits"]) == 1
    # What cuts nothing is not asked for.
    machine("--force", "add", "namespace", "green", SSH_CONNECTION=FAR)
    machine("undo")
    with asked(machine, *force) as process:
        process.stdin.write("y\n")
        process.stdin.flush()
        assert process.wait(30) == 0
    assert way() == "br0"
    assert len(json.loads(machine("history", "--json"))["edits"]) == 2
    # Ending the lab would change the way back, too.
    said = machine("down", code=2, SSH_CONNECTION=FAR)
    assert "would become a way" in said
    machine("--force", "--within", "20", "down", code=1, SSH_CONNECTION=FAR)
    assert way() == "br0"
    with asked(machine, "--force", "--within", "20", "down") as process:
        process.stdin.write("y\n")
        process.stdin.flush()
        assert process.wait(30) == 0
    assert machine.changes() == {}


@contextmanager
def asked(machine, *words):
    """A command that waits for an answer, which is as far as it may get."""
    process = subprocess.Popen(
        machine.command(*words),
        env=machine.environment(SSH_CONNECTION=FAR),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stderr:
            if line.startswith("Keep it?"):
                break
        else:
            raise AssertionError("it did not ask")
        yield process
    finally:
        process.kill()
        process.communicate()


def guardian_of(process):
    """A pidfd of the process that takes back what that one has begun."""
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if b"tuilab.lab.guardian" in words and int(parent) == process.pid:
            return os.pidfd_open(pid)
    raise AssertionError("there is no guardian")


@boxed
def test_what_is_not_confirmed_is_taken_back_whatever_happens(directory):
    machine = Machine(directory)
    machine.up()
    there = machine.picture()
    for number, within in (
        (None, 4),  # no answer
        (signal.SIGHUP, 20),  # the terminal is gone
        (signal.SIGINT, 20),
        (signal.SIGKILL, 20),
        (signal.SIGSTOP, 4),  # it hangs
    ):
        with asked(machine, "--force", "--within", within, *CUT) as process:
            assert way() == "br0"
            guardian = guardian_of(process)
            if number:
                process.send_signal(number)
            started = time.monotonic()
            assert process.wait(30) != 0
            assert select.select([guardian], [], [], 30)[0]
            # It did not wait for an answer that can't come.
            assert time.monotonic() - started < 10
            os.close(guardian)
        assert machine.picture() == there, number
        assert len(json.loads(machine("history", "--json"))["edits"]) == 1, number
    machine("down")
    assert machine.changes() == {}


@boxed
def test_an_edit_that_was_cut_off_is_rolled_back_by_the_next(directory):
    machine = Machine(directory)
    machine.up()
    there = machine.picture()
    for point, number in (
        ("host.HostDriver.send", 1),
        ("host.HostDriver.send", 2),
        ("former.record", 1),
        ("host.HostDriver._write", 1),
    ):
        second = directory / "second.yaml"
        second.write_text(
            LAB.replace("ip_forward: 1", "ip_forward: 0")
            .replace("br0: {", "br9: {kind: bridge}\n      br0: {")
            .replace("sysctls: {", "sysctls: {net.ipv6.conf.all.forwarding: 1, ")
        )
        die(machine, point, number, "--host", "up", second)
        machine("redo", code=2)
        assert machine.picture() == there, (point, number)
    wanted = json.loads(machine("show", "--observed", "--json"))
    die(machine, "host.HostDriver.send", 1, "rm", "namespace", "red")
    machine("down", "--keep")
    assert machine.changes() == {}
    assert "down, host" in machine("ls")
    machine("up", "one")
    assert json.loads(machine("show", "--observed", "--json")) == wanted
    machine("down", "--all")
    assert machine.changes() == {}


@boxed
def test_settings_that_two_labs_change_come_back_with_the_last(directory):
    machine = Machine(directory)
    machine.settings("net.ipv4.conf.eth0.forwarding", "1")
    machine.before = machine.picture()
    for name in ("a", "b"):
        machine("--host", "up", "--lab", name)
        machine("set", "host", "ip_forward", "1", "--lab", name)
    machine("undo", "--lab", "a")
    machine("down", "a")
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == "1\n"
    machine("set", "host", "ip_forward", "0", "--lab", "b")
    machine("undo", "--lab", "b")
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == "1\n"
    machine("undo", "--lab", "b")
    assert machine.changes() == {}
    machine("down", "b")
    assert machine.changes() == {}


@boxed
def test_a_lab_of_others_is_foreign_too(directory):
    machine = Machine(directory)
    machine.up()
    machine("--host", "up", "--lab", "two")
    said = machine("rm", "link", "host:br0", "--lab", "two", code=2)
    assert '"host:br0" was not made by this lab' in said
    said = machine("add", "namespace", "red", "--lab", "two", code=2)
    assert '"red" was not made by this lab' in said
    machine("add", "bridge", "host:br2", "--lab", "two")
    machine("down", "one")
    assert eths() == {"lo", "eth0", "far0", "docker0", "veth7", "br2"}
    machine("down", "two")
    assert machine.changes() == {}


@boxed
def test_drift_on_the_machine_is_only_what_is_ours(directory):
    machine = Machine(directory)
    machine.up()
    sh("ip link set eth0 mtu 1400")
    sh("ip link add later type bridge")
    sh("ip route add 10.99.0.0/16 via 192.0.2.9")
    machine.settings("net.ipv6.conf.all.forwarding", "1")
    machine.settings("net.ipv4.conf.default.rp_filter", "1")
    machine.settings("net.ipv4.tcp_sack", "0")
    machine("drift")
    sh("ip netns exec red sysctl -qw net.ipv4.tcp_sack=0")
    sh("ip netns exec theirs sysctl -qw net.ipv4.tcp_timestamps=0")
    sh("ip link set p1 down")
    machine("add", "namespace", "green")
    done = subprocess.run(
        machine.command("drift"),
        env=machine.environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == '"host:p1" is down'
    assert '"red" has net.ipv4.tcp_sack = 0, not 1' in done.stdout
    foreign = ("eth0 ", "later", "10.99", "forwarding", "rp_filter", "timestamps")
    for word in (*foreign, '"host" has'):
        assert word not in done.stdout
    machine("drift", "--repair")
    machine("drift")
    assert Path("/proc/sys/net/ipv4/tcp_sack").read_text() == "0\n"
    sh("ip addr add 10.9.3.1/24 dev br0")
    machine("drift", "--adopt")
    machine("undo")
    assert "10.9.3.1" not in sh("ip addr show br0")
    machine("down")
    sh("ip link set eth0 mtu 1500")
    sh("ip link del later")
    sh("ip route del 10.99.0.0/16")
    machine.settings("net.ipv6.conf.all.forwarding", "0")
    machine.settings("net.ipv4.conf.default.rp_filter", "0")
    machine.settings("net.ipv4.tcp_sack", "1")
    assert machine.changes() == {}


@boxed
def test_a_link_that_took_the_name_of_ours_is_left_alone(directory):
    machine = Machine(directory)
    machine.up()
    machine("add", "bridge", "host:br1")
    sh("ip link del br1")
    sh("ip link add br1 type bridge")
    machine("add", "namespace", "green")
    machine("undo")
    said = machine("set", "host:br1", "mtu", "1400", code=2)
    assert '"host:br1" was not made by this lab' in said
    machine("undo")
    machine("down")
    sh("ip link del br1")
    assert machine.changes() == {}


@boxed
def test_a_tap_stays_only_once_it_is_marked(directory):
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return
    machine = Machine(directory)
    machine("--host", "up", "--lab", "taps")
    add = ("add", "tap", "host:t0", "--address", "10.4.0.1/24")
    die(machine, "marks.add_altname", 1, *add)
    assert machine.changes() == {}
    machine(*add)
    assert "altname tuilab:taps:" in sh("ip link show t0")
    sh(f"rm -r {directory}/state")
    machine("down", "--all")
    assert machine.changes() == {}


WITHOUT_RIGHTS = """
import sys
from tuilab.cli.app import run
from tuilab.kernel import syscalls

syscalls.capset(0, 0, 0)
sys.exit(run(sys.argv[1:]))
"""


@boxed
def test_it_takes_rights_and_no_lab_in_a_sandbox(directory):
    machine = Machine(directory)
    for words in (["--host", "up", str(machine.file)], ["--host", "down", "--all"]):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_RIGHTS, *words],
            env=machine.environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 4, done
        assert "host mode needs root's rights" in done.stderr
        assert "CAP_NET_ADMIN" in done.stderr
    machine("up", "--lab", "boxed")
    said = machine("--host", "up", "--lab", "boxed", code=2)
    assert 'lab "boxed" lives in a sandbox' in said
    machine("down", "boxed")
    assert machine.changes() == {}


MEDDLING = """
import subprocess, sys
from tuilab.cli.app import run
from tuilab.kernel import host

number, command = int(sys.argv[1]), sys.argv[2].split()
usual = host.HostDriver.send

def send(*args):
    global number
    number -= 1
    if not number:
        subprocess.run(command, check=True)
    return usual(*args)

host.HostDriver.send = send
sys.exit(run(sys.argv[3:]))
"""


@boxed
def test_what_somebody_makes_meanwhile_is_not_taken_for_ours(directory):
    machine = Machine(directory)
    machine("--host", "up", "--lab", "a")
    for kind, words in (
        ("bridge", ("add", "bridge", "host:x0", "--address", "10.4.0.1/24")),
        ("veth", ("add", "cable", "host:x0", "host:x1")),
    ):
        for number, name in ((1, "x0"), (1, "y0"), (2, "y0")):
            # By name, or by the number that would come next.
            made = f"ip link add {name} type bridge"
            done = subprocess.run(
                [sys.executable, "-c", MEDDLING, str(number), made, *words],
                env=machine.environment(),
                capture_output=True,
                text=True,
            )
            assert done.returncode == (3 if name == "x0" else 0), (kind, name, done)
            (link,) = json.loads(sh(f"ip -j addr show {name}"))
            assert "altnames" not in link
            assert "UP" not in link["flags"]
            assert link["addr_info"] == []
            sh(f"ip link del {name}")
            if done.returncode == 0:
                machine("undo")
            assert machine.changes() == {}, (kind, number, name)
    machine("down", "--all")
    assert machine.changes() == {}
