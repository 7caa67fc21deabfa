import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.kernel.people import (
    INSIDE,
    PEOPLE,
    REASON,
    UID,
    Person,
    Terminal,
    create,
    data,
    destroy,
    gone,
    inside,
)
from tuilab.kernel import sandbox

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]


@pytest.fixture(params=PEOPLE, ids=lambda person: person.name)
def person(request):
    return request.param


@pytest.fixture
def lab(person):
    keeper = create(person)
    yield keeper
    destroy(person, keeper)


# The keeper


def test_a_keeper_is_found_again_from_plain_data(lab):
    again = sandbox.Keeper.from_data(json.loads(data(lab)))
    assert again == lab
    assert sandbox.alive(again)


@pytest.mark.parametrize(
    "change", [{"started": 1}, {"boot_id": "another"}, {"pid": 2**22 - 1}]
)
def test_a_reused_process_number_is_not_the_keeper(lab, change):
    other = sandbox.Keeper.from_data({**lab.to_data(), **change})
    assert not sandbox.alive(other)
    with pytest.raises(sandbox.LabGone):
        sandbox.watch(other)
    sandbox.destroy(other)
    assert sandbox.alive(lab)


def test_the_keeper_is_a_small_process_with_nothing_of_its_creator(lab):
    base = Path(f"/proc/{lab.pid}")
    assert base.joinpath("comm").read_text() == "tuilab-keeper\n"
    assert base.joinpath("cmdline").read_bytes().endswith(b"keeper.py\0trial-lab\0")
    assert os.getsid(lab.pid) == lab.pid
    fields = base.joinpath("stat").read_text().rpartition(") ")[2].split()
    assert fields[4] == "0", "it has a terminal"
    memory = next(
        int(line.split()[1])
        for line in base.joinpath("status").read_text().splitlines()
        if line.startswith("RssAnon")
    )
    assert memory < 8_000


def test_the_keeper_holds_no_descriptors(person, lab):
    code = """
fds = {fd: os.readlink(f"/proc/{keeper.pid}/fd/{fd}")
       for fd in os.listdir(f"/proc/{keeper.pid}/fd")}
show([fds, os.readlink(f"/proc/{keeper.pid}/cwd")])
"""
    null = "/dev/null"
    assert inside(person, lab, code) == [{"0": null, "1": null, "2": null}, "/"]


def test_the_keeper_reaps_orphans(person, lab):
    code = """
script = "(sleep 0.01 & echo orphan) & wait"
procs.run(keeper, "host", ["sh", "-c", "(sh -c 'exit 3' &); exec true"])
children = Path(f"/proc/{keeper.pid}/task/{keeper.pid}/children").read_text().split()
for child in children:
    select.select([os.pidfd_open(int(child))], [], [], 10)
show([Path(f"/proc/{child}").exists() for child in children])
"""
    assert True not in inside(person, lab, code)


def test_hanging_up_does_not_end_the_keeper_but_termination_does(person):
    keeper = create(person)
    try:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
            os.kill(keeper.pid, number)
        assert sandbox.alive(keeper)
        os.kill(keeper.pid, signal.SIGTERM)
        assert gone(keeper.pid)
    finally:
        destroy(person, keeper)


def test_a_creator_killed_right_after_leaves_a_living_keeper(person):
    code = 'show(sandbox.create("trial-lab").to_data()); signal.pause()'
    with person.popen(code) as creator:
        keeper = sandbox.Keeper.from_data(json.loads(creator.stdout.readline()))
        creator.kill()
    try:
        assert sandbox.alive(keeper)
        assert inside(person, keeper, "show(netns.names())") == []
    finally:
        destroy(person, keeper)


def test_the_keeper_outlives_the_terminal_it_was_made_on(person):
    code = 'show(sandbox.create("trial-lab").to_data()); signal.pause()'
    terminal = Terminal(person.command(code))
    made = terminal.expect(r"\{.*\}\n")
    keeper = sandbox.Keeper.from_data(json.loads(made))
    try:
        assert terminal.close() == -signal.SIGHUP
        assert sandbox.alive(keeper)
    finally:
        destroy(person, keeper)


def test_a_creator_killed_half_way_leaves_nothing(person):
    code = """
with sandbox._started("trial-lab") as (keeper, control, notes):
    show(keeper.pid)
    signal.pause()
"""
    with person.popen(code) as creator:
        pid = int(creator.stdout.readline())
        creator.kill()
    assert gone(pid)


def test_a_lab_that_was_destroyed_is_gone_for_everyone(person):
    keeper = create(person)
    destroy(person, keeper)
    destroy(person, keeper)
    code = """
try:
    sandbox.enter(sandbox.Keeper.from_data(json.loads(sys.argv[1])))
except LabGone as error:
    show(str(error))
"""
    assert "the lab has ended" in person.do(code, data(keeper))


def test_the_watch_tells_of_the_end(person):
    keeper = create(person)
    code = """
pidfd = sandbox.watch(keeper)
assert not select.select([pidfd], [], [], 0)[0]
show("watching")
show(bool(select.select([pidfd], [], [], 20)[0]))
"""
    with person.popen(INSIDE + code, data(keeper)) as watcher:
        assert json.loads(watcher.stdout.readline()) == "watching"
        destroy(person, keeper)
        assert json.loads(watcher.stdout.readline()) is True


def test_ending_the_keeper_ends_every_process_of_the_lab(person):
    keeper = create(person)
    code = """
netns.create("red")
one = procs.spawn(keeper, "red", ["sleep", "1000"])
two = procs.spawn(keeper, "host", ["sh", "-c", "setsid sleep 1000 & exec sleep 1000"])
show([one.pid, two.pid])
signal.pause()
"""
    with person.popen(INSIDE + code, data(keeper)) as process:
        pids = json.loads(process.stdout.readline())
        os.kill(keeper.pid, signal.SIGKILL)
        assert all(gone(pid) for pid in pids)
        assert process.poll() is None, "who only entered lives on"
        process.kill()
    assert gone(keeper.pid)
    destroy(person, keeper)


def test_a_parent_that_never_waits_does_not_hold_the_lab_up(person):
    keeper = create(person)
    code = """
pidfd = sandbox.watch(keeper)
syscalls.setns(pidfd, syscalls.CLONE_NEWPID)
child = os.fork()
if not child:
    os.execvp("sleep", ["sleep", "1000"])
show(child)
signal.pause()
"""
    with person.popen(INSIDE + code, data(keeper)) as process:
        child = int(process.stdout.readline())
        started = time.monotonic()
        destroy(person, keeper)
        assert time.monotonic() - started < 5
        assert gone(child)
        process.kill()


# Entering


def test_entering_joins_all_but_the_pid_namespace(person, lab):
    code = """
def ids(pid):
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}")
            for kind in ("user", "net", "mnt", "pid")}
mine, theirs = ids("self"), ids(keeper.pid)
show(sorted(kind for kind in mine if mine[kind] != theirs[kind]))
"""
    assert inside(person, lab, code) == ["pid"]


def test_programs_run_after_entering_keep_the_capabilities(person, lab):
    code = """
command = ["ip", "link", "add", "one", "type", "veth", "peer", "name", "two"]
subprocess.run(command, check=True)
show(sorted(os.listdir("/sys/class/net")))
"""
    assert inside(person, lab, code) == ["lo", "one", "two"]


def test_open_files_are_raised_for_us_and_not_for_programs(person, lab):
    code = """
import resource
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
show([soft == hard, sandbox.open_files()])
procs.run(keeper, "host", ["sh", "-c", "ulimit -Sn"])
"""
    with person.popen(
        "import resource\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (777, hard))\n" + INSIDE + code,
        data(lab),
    ) as process:
        out, err = process.communicate()
    assert out == "[true, 777]\n777\n", err


def test_the_working_directory_stays(person, lab):
    code = f'os.chdir("/usr/lib")\n{INSIDE}\nshow(os.getcwd())'
    assert person.do(code, data(lab)) == "/usr/lib"


def test_a_working_directory_that_is_gone_becomes_the_root(person, lab):
    code = """
import tempfile
directory = tempfile.mkdtemp()
os.chdir(directory)
os.rmdir(directory)
"""
    assert person.do(code + INSIDE + "show(os.getcwd())", data(lab)) == "/"


def test_a_process_with_threads_is_told_so(person, lab):
    code = """
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
try:
    sandbox.enter(sandbox.Keeper.from_data(json.loads(sys.argv[1])))
except RuntimeError as error:
    show(str(error))
stop.set()
thread.join()
"""
    assert "several threads" in person.do(code, data(lab))


def test_creating_works_with_threads_around(person):
    code = """
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
keeper = sandbox.create("trial-lab")
show(sandbox.alive(keeper))
sandbox.destroy(keeper)
stop.set()
thread.join()
"""
    assert person.do(code) is True


def test_two_processes_share_one_lab(person, lab):
    code = 'netns.create("red"); show(netns.names()); sys.stdin.readline()'
    with person.popen(INSIDE + code, data(lab), stdin=subprocess.PIPE) as first:
        assert json.loads(first.stdout.readline()) == ["red"]
        second = 'netns.create("blue"); show(netns.names())'
        assert inside(person, lab, second) == ["blue", "red"]
        first.communicate("\n")
    assert inside(person, lab, "show(netns.names())") == ["blue", "red"]


# What a person types


def test_the_usual_tools_work(person, lab):
    code = """
script = '''
set -e
ip link set lo up
ping -c1 -w5 127.0.0.1 >/dev/null
nft add table inet t
nft list ruleset | grep -q "table inet t"
sysctl -qw net.ipv4.ip_forward=1
test $(sysctl -n net.ipv4.ip_forward) = 1
ip netns add typed
ip netns exec typed ip link set lo up
ip netns exec typed ping -c1 -w5 127.0.0.1 >/dev/null
ip -n typed -br link | grep -q lo
mkdir -p /etc/netns/typed
echo "nameserver 192.0.2.53" > /etc/netns/typed/resolv.conf
ip netns exec typed grep -q 192.0.2.53 /etc/resolv.conf
! grep -q 192.0.2.53 /etc/resolv.conf
'''
show(procs.run(keeper, "host", ["sh", "-c", script]))
show(netns.names())
"""
    assert inside(person, lab, code) == ["typed"]
    assert (
        inside(
            person,
            lab,
            'show(procs.run(keeper, "typed", ["ping", "-qc1", "127.0.0.1"]))',
        )
        == 0
    )


def test_tcpdump_captures(person, lab):
    code = """
procs.run(keeper, "host", ["ip", "link", "set", "lo", "up"])
dump = procs.spawn(keeper, "host", ["tcpdump", "-ni", "lo", "-c1", "icmp"],
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
while "listening on" not in dump.stderr.readline():
    assert dump.returncode is None
procs.run(keeper, "host", ["ping", "-qc1", "127.0.0.1"])
out, err = dump.communicate(timeout=20)
show([dump.returncode, "ICMP echo request" in out])
"""
    assert inside(person, lab, code) == [0, True]


def test_a_namespace_typed_in_a_shell_of_the_lab_is_there_for_all(person, lab):
    code = """
procs.run(keeper, "host", ["ip", "netns", "add", "typed"])
before = netns.names()
procs.run(keeper, "host", ["ip", "netns", "del", "typed"])
show([before, netns.names()])
"""
    assert inside(person, lab, code) == [["typed"], []]


# Nothing outside changes

OUTSIDE = """
def outside():
    commands = ["ip -j link", "ip -j addr", "ip -j route show table all", "ip -j rule",
                "ip netns list", "nft list ruleset", "ls -laR /run/netns /etc/netns",
                "sysctl -a --pattern ^net.*forward", "ls /run /etc",
                "cat /proc/self/mountinfo"]
    return [subprocess.run(command.split(), capture_output=True, text=True).stdout
            for command in commands]
before = outside()
assert "lo" in before[0] and " / / " in before[-1]
keeper = sandbox.create("trial-lab")
child = os.fork()
if not child:
    sandbox.enter(keeper)
    netns.create("red")
    script = '''
    set -e
    ip link add one type veth peer name two netns red
    ip link add br0 type bridge
    ip addr add 192.0.2.1/24 dev one
    ip link set one up
    ip rule add from 192.0.2.9 table 7
    sysctl -qw net.ipv4.ip_forward=1
    nft add table inet t
    ip netns add typed
    mkdir /etc/netns/red /run/tuilab-trial
    touch /etc/tuilab-trial
    mount -t tmpfs tmpfs /mnt
    '''
    code = procs.run(keeper, "host", ["sh", "-c", script])
    os._exit(code)
status = os.waitpid(child, 0)[1]
during = outside()
sandbox.destroy(keeper)
after = outside()
def changes(now):
    pairs = zip(before, now)
    pairs = [(set(a.splitlines()), set(b.splitlines())) for a, b in pairs if a != b]
    return [sorted(a ^ b) for a, b in pairs]
show([status, changes(during), changes(after)])
"""


def test_nothing_outside_changes(person):
    # A place of our own to look at, whose mounts would let the sandbox's out; the
    # machine's own may change under our hands.
    private = ["unshare", "--net", "--mount", "--propagation", "shared"]
    if not person.is_root:
        private = ["unshare", "--user", "--map-current-user", *private[1:]]
    prefix = (*person._become(), *private)
    uid = None if person.uid is None else -1
    outsider = Person(person.name, uid, person.python, prefix)
    assert outsider.do(OUTSIDE) == [0, [], []]


# Machines that allow less


# Everything in one process: the surroundings end with it.
ALL_IN_ONE = """
import atexit
keeper = sandbox.create("trial-lab")
atexit.register(sandbox.destroy, keeper)
sandbox.enter(keeper)
"""


def test_without_a_fresh_proc_there_is_no_pid_namespace(person):
    code = """
netns.create("red")
one = procs.spawn(keeper, "red", ["sleep", "1000"])
two = procs.spawn(keeper, "host", ["sh", "-c", "setsid sleep 1000 & exec sleep 1000"])
found = procs.run(keeper, "red", ["sh", "-c", "test -d /proc/$$"])
sandbox.destroy(keeper)
show([keeper.pid_ns, found, one.wait(), two.wait(), sandbox.alive(keeper)])
"""
    other = person.within("mount --bind /dev/null /proc/interrupts")
    assert other.do(ALL_IN_ONE + code) == [False, 0, -9, -9, False]


RUN = """
mount -t tmpfs tmpfs /run
mkdir -p /run/user/7 /run/lock
echo content > /run/file
ln -s lock /run/link
mkfifo /run/fifo
mount -t tmpfs tmpfs /run/user/7
echo deep > /run/user/7/file
"""


@pytest.mark.parametrize("netns", [False, True])
def test_run_keeps_what_it_had(person, netns):
    code = """
run = Path("/run")
assert run.joinpath("file").read_text() == "content\\n"
assert run.joinpath("user/7/file").read_text() == "deep\\n"
assert os.readlink("/run/link") == "lock"
assert run.joinpath("fifo").is_fifo()
before = netns.names()
netns.create("red")
show([before, netns.names(), sorted(os.listdir("/run")), os.listdir("/etc/netns")])
"""
    script = RUN + ("mkdir /run/netns; touch /run/netns/theirs" if netns else "")
    before, after, entries, files = person.within(script).do(ALL_IN_ONE + code)
    assert (before, after, files) == ([], ["red"], [])
    assert {"fifo", "file", "link", "lock", "netns", "user"} <= set(entries)


def test_files_mounted_one_by_one_under_etc_stay(person):
    script = "mount --bind /proc/version /etc/hosts"
    code = """
show([Path("/etc/hosts").read_text() == Path("/proc/version").read_text(),
      Path("/etc/passwd").exists(), os.access("/etc/netns", os.W_OK),
      os.listdir("/etc/netns")])
"""
    found = person.within(script).do(ALL_IN_ONE + code)
    assert found == [True, True, True, []]


def test_a_narrow_umask_does_not_close_the_lab(person):
    code = """
os.umask(0o077)
keeper = sandbox.create("trial-lab")
modes = [oct(os.stat(f"/proc/{keeper.pid}/root/{name}").st_mode & 0o755)
         for name in ("etc", "run", "etc/netns", "run/netns")]
sandbox.destroy(keeper)
show(modes)
"""
    assert person.do(code) == ["0o755"] * 4


# Where no sandbox can be had


def test_a_sandbox_can_be_had_here(person):
    assert person.do("show(sandbox.unavailable() is None)") is True


def test_the_reason_and_the_remedy_are_given_where_namespaces_are_off(person):
    code = """
errors = [sandbox.unavailable()]
try:
    sandbox.create("trial-lab")
except TuilabError as error:
    errors.append(error)
show([[type(error).__name__, error.summary, error.hint] for error in errors])
"""
    unshare = ["unshare", "--user", "--map-user", str(UID), "--map-group", str(UID)]
    off = "echo 0 > /proc/sys/user/max_user_namespaces"
    script = ["--keep-caps", "sh", "-ec", f'{off}; exec "$@"', "sh"]
    other = Person(
        person.name, -1, person.python, (*person._become(), *unshare, *script)
    )
    first, second = other.do(code)
    assert first == second
    kind, summary, hint = first
    assert kind == "RightsError"
    assert "user.max_user_namespaces is 0" in summary
    assert "sudo sysctl -w user.max_user_namespaces=" in hint


def test_a_keeper_that_can_not_start_is_reported(person):
    code = """
sandbox._PROGRAM = Path("/nonexistent/keeper.py")
error = sandbox.unavailable()
show([type(error).__name__, "no sandbox can be made" in error.summary])
"""
    assert person.do(code) == ["KernelError", True]


def test_a_python_that_can_not_be_run_is_reported(person):
    code = """
sys.executable = "/nonexistent/python"
error = sandbox.unavailable()
show([type(error).__name__, "/nonexistent/python" in error.summary])
"""
    assert person.do(code) == ["KernelError", True]


# Only root can play two users, or one with a range: nobody else collects these.

if len(PEOPLE) > 1:

    def test_destroying_another_users_lab_is_refused():
        keeper = create(PEOPLE[0])
        code = """
try:
    sandbox.destroy(sandbox.Keeper.from_data(json.loads(sys.argv[1])))
except RightsError as error:
    show(error.summary)
"""
        try:
            assert "another user" in PEOPLE[1].do(code, data(keeper))
            assert sandbox.alive(keeper)
        finally:
            destroy(PEOPLE[0], keeper)

    def test_entering_another_users_lab_is_refused():
        keeper = create(PEOPLE[0])
        code = """
try:
    sandbox.enter(sandbox.Keeper.from_data(json.loads(sys.argv[1])))
except KernelError as error:
    show(str(error))
"""
        try:
            assert "use the account that made" in PEOPLE[1].do(code, data(keeper))
        finally:
            destroy(PEOPLE[0], keeper)


if len(PEOPLE) > 1 and shutil.which("newuidmap"):

    def test_a_range_of_subordinate_ids_is_used(tmp_path):
        passwd = tmp_path / "passwd"
        entry = f"trialuser:x:{UID}:{UID}::/:/bin/sh\n"
        passwd.write_text(Path("/etc/passwd").read_text() + entry)
        ranges = tmp_path / "ranges"
        ranges.write_text("somebody:1:2\ntrialuser:200000:65536\n")
        script = (
            f"mount --bind {passwd} /etc/passwd; mount --bind {ranges} /etc/subuid; "
            f'mount --bind {ranges} /etc/subgid; exec "$@"'
        )
        prefix = ("unshare", "--mount", "sh", "-ec", script, "sh")
        person = Person("ranged", UID, PEOPLE[1].python, prefix)
        keeper = create(person)
        code = """
become = ["setpriv", "--reuid", "0", "--regid", "0", "--clear-groups"]
show([Path("/proc/self/uid_map").read_text().split(), os.getuid(),
      procs.run(keeper, "host", [*become, "ls", "/root"])])
"""
        try:
            found = inside(person, keeper, code)
        finally:
            destroy(person, keeper)
        lines = [
            *("0", "200000", str(UID)),
            *(str(UID), str(UID), "1"),
            *(str(UID + 1), str(200000 + UID), str(65535 - UID)),
        ]
        assert found == [lines, UID, 2]
