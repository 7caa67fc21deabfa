"""Named namespaces of a lab: made, renamed, removed, and worked in."""

import pytest

from tests.kernel.people import PEOPLE, REASON, create, destroy, inside

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


def test_namespaces_are_made_renamed_and_removed(person, lab):
    code = """
own = os.readlink("/proc/self/ns/net")
netns.create("red")
red = netns.path("red").stat().st_ino
steps = [netns.exists("red"), netns.exists("blue"), netns.exists("host")]
netns.rename("red", "blue")
steps += [netns.names(), netns.path("blue").stat().st_ino == red]
netns.create("red")
steps += [netns.names(), netns.path("red").stat().st_ino == red]
netns.delete("blue")
steps += [netns.names(), os.readlink("/proc/self/ns/net") == own]
show(steps)
"""
    assert inside(person, lab, code) == [
        *(True, False, True),
        *(["blue"], True),
        *(["blue", "red"], False),
        *(["red"], True),
    ]


def test_wrong_names_are_refused_with_the_name(person, lab):
    code = """
netns.create("red")
netns.create("blue")
calls = [
    lambda: netns.create("red"), lambda: netns.rename("red", "blue"),
    lambda: netns.delete("nope"), lambda: netns.rename("nope", "new"),
    lambda: netns.open_fd("nope"), lambda: netns.run_in("nope", print),
    lambda: netns.pids("nope"), lambda: netns.create("host"),
    lambda: netns.delete("host"), lambda: netns.rename("host", "x"),
    lambda: netns.rename("red", "host"), lambda: netns.create("a/b"),
    lambda: netns.create(".."), lambda: netns.create(""),
]
found = []
for call in calls:
    try:
        call()
        found.append("no error")
    except TuilabError as error:
        found.append([type(error).__name__, error.summary])
show([found, netns.names()])
"""
    found, names = inside(person, lab, code)
    assert names == ["blue", "red"]
    kinds = ["KernelError"] * 2 + ["NotFoundError"] * 5 + ["UsageError"] * 7
    assert [kind for kind, _ in found] == kinds
    quoted = ["red", "blue", *["nope"] * 5, *["host"] * 4, "a/b", "..", ""]
    assert all(
        f'"{name}"' in text for name, (_, text) in zip(quoted, found, strict=True)
    )


def test_a_name_left_over_from_a_killed_process_can_be_used(person, lab):
    code = """
Path("/run/netns/red").touch()
steps = [netns.exists("red"), netns.names()]
netns.create("red")
show([*steps, netns.names()])
"""
    assert inside(person, lab, code) == [False, [], ["red"]]


def test_functions_run_in_a_namespace_and_hand_back_what_happens(person, lab):
    code = """
import socket
netns.create("red")
here = lambda: os.stat("/proc/thread-self/ns/net").st_ino
root = here()
steps = [netns.run_in("red", here) == netns.path("red").stat().st_ino,
         netns.run_in("host", here) == root, here() == root]
def fail():
    raise ZeroDivisionError("as it should")
try:
    netns.run_in("red", fail)
except ZeroDivisionError as error:
    steps.append(str(error))
def listener():
    server = socket.create_server(("127.0.0.1", 0))
    return server
procs.run(keeper, "red", ["ip", "link", "set", "lo", "up"])
server = netns.run_in("red", listener)
port = server.getsockname()[1]
connect = lambda: socket.create_connection(("127.0.0.1", port)).close()
netns.run_in("red", connect)
try:
    connect()
except OSError:
    steps.append("only there")
server.close()
fd = netns.open_fd("red")
steps.append(os.fstat(fd).st_ino == netns.path("red").stat().st_ino)
os.close(fd)
show(steps)
"""
    expected = [True, True, True, "as it should", "only there", True]
    assert inside(person, lab, code) == expected


def test_processes_of_a_namespace_are_listed(person, lab):
    code = """
netns.create("red")
before = netns.pids("red")
process = procs.spawn(keeper, "red", ["sleep", "1000"])
during = netns.pids("red") == [process.pid]
host = {keeper.pid, os.getpid()} <= set(netns.pids("host"))
several = netns.pids_in(["host", "nope", "red"])
several = [*several, several["red"] == [process.pid], keeper.pid in several["host"]]
process.kill()
process.wait()
show([before, during, host, several, netns.pids("red")])
"""
    several = ["host", "red", True, True]
    assert inside(person, lab, code) == [[], True, True, several, []]


def test_a_hundred_namespaces_leave_no_descriptor_and_no_thread(person, lab):
    code = """
before = len(os.listdir("/proc/self/fd"))
for number in range(100):
    netns.create(f"n{number}")
    netns.run_in(f"n{number}", lambda: None)
names = len(netns.names())
for number in range(100):
    netns.delete(f"n{number}")
after = len(os.listdir("/proc/self/fd"))
show([names, netns.names(), after == before, threading.active_count()])
"""
    assert inside(person, lab, code) == [100, [], True, 1]
