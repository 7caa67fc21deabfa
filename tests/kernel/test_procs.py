import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.kernel.people import (
    INSIDE,
    PEOPLE,
    REASON,
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


@pytest.fixture(scope="module", params=PEOPLE, ids=lambda person: person.name)
def person(request):
    return request.param


@pytest.fixture(scope="module")
def lab(person):
    keeper = create(person)
    inside(person, keeper, 'netns.create("red")')
    yield keeper
    destroy(person, keeper)


RUN = "sys.exit(procs.run(keeper, sys.argv[1], sys.argv[2:]))"


def start(person, lab, *argv, namespace="red", **options):
    """`tuilab exec`, in essence."""
    return person.popen(INSIDE + RUN, data(lab), namespace, *argv, **options)


def execute(person, lab, *argv, namespace="red", feed=None):
    process = start(person, lab, *argv, namespace=namespace, stdin=subprocess.PIPE)
    with process:
        out, err = process.communicate(feed, timeout=30)
    return process.returncode, out, err


# What passes through


def test_standard_streams_pass_through(person, lab):
    script = "cat; echo problem >&2"
    assert execute(person, lab, "sh", "-c", script, feed="a\nb\0c") == (
        0,
        "a\nb\0c",
        "problem\n",
    )


@pytest.mark.parametrize(
    ("argv", "status", "message"),
    [
        (["true"], 0, ""),
        (["sh", "-c", "exit 7"], 7, ""),
        (["sh", "-c", "kill -KILL $$"], 137, ""),
        (["sh", "-c", "kill -SEGV $$"], 139, ""),
        (["no-such-program"], 127, '"no-such-program": No such file'),
        (["/no/such/program"], 127, '"/no/such/program": No such file'),
        (["/etc/passwd"], 126, '"/etc/passwd": Permission denied'),
        (["/etc"], 126, '"/etc": Permission denied'),
    ],
)
def test_the_exit_status_passes_through(person, lab, argv, status, message):
    code, out, err = execute(person, lab, *argv)
    assert (code, out) == (status, "")
    assert message in err
    assert bool(err) == bool(message)


def test_arguments_arrive_as_they_are(person, lab):
    arguments = ["", " ", "ü", "a\nb", "--", "$HOME", "\udcff"]
    raw = b"\n".join(os.fsencode(argument) for argument in arguments) + b"\n"
    process = start(person, lab, "printf", "%s\\n", *arguments, text=False)
    with process:
        out, _ = process.communicate()
    assert out == raw


def test_a_very_long_command_line_arrives(person, lab):
    arguments = ["x" * 100_000] * 10
    script = 'echo $#; echo "$1" | wc -c'
    code, out, err = execute(person, lab, "sh", "-c", script, "sh", *arguments)
    assert (code, out.split()) == (0, ["10", "100001"]), err


def test_nothing_of_tuilab_is_left_in_the_program(person, lab):
    """Signals, descriptors and mask are as if the shell had started it."""
    code = """
script = "grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd"
subprocess.run(["sh", "-c", script])
print(flush=True)
procs.run(keeper, "red", ["sh", "-c", script])
"""
    with person.popen(INSIDE + code, json.dumps(lab.to_data())) as process:
        out, err = process.communicate()
    # Signals 32 and 33 are the C library's own; Python 3.13 leaves them ignored in
    # what it starts by posix_spawn(3), this process among them.
    both = re.sub(r"[0-9a-f]{8}([0-9a-f]{8})\n", own_signals, out)
    plain, ours = both.split("\n\n")
    assert "SigIgn" in plain
    assert ours.split() == plain.split(), err


def own_signals(match):
    return f"{int(match[1], 16) & 0x7FFFFFFF:x}\n"


def test_a_broken_pipe_ends_the_program(person, lab):
    process = start(person, lab, "yes")
    process.stdout.readline()
    process.stdout.close()
    with process:
        assert process.wait(30) == 128 + signal.SIGPIPE


# Where it runs


def test_the_program_has_the_namespace_and_its_own_proc_and_sys(person, lab):
    code = """
procs.run(keeper, "red", ["ip", "link", "add", "probe0", "type", "bridge"])
script = '''
cat /proc/net/dev | grep -c probe0
ls /sys/class/net
cat /proc/1/comm
test -d /proc/$$ && echo own
'''
procs.run(keeper, "red", ["sh", "-c", script])
procs.run(keeper, "host", ["ls", "/sys/class/net"])
procs.run(keeper, "red", ["ip", "link", "del", "probe0"])
"""
    with person.popen(INSIDE + code, json.dumps(lab.to_data())) as process:
        out, err = process.communicate()
    assert out.split() == ["1", "lo", "probe0", "tuilab-keeper", "own", "lo"], err


def test_files_of_the_namespace_lie_over_etc(person, lab):
    code = """
folder = Path("/etc/netns/red")
folder.mkdir()
folder.joinpath("hosts").write_text("192.0.2.1 from-red\\n")
folder.joinpath("resolv.conf").write_text("nameserver 192.0.2.53\\n")
folder.joinpath("tuilab-new").write_text("not in the real /etc\\n")
paths = ["/etc/hosts", "/etc/resolv.conf", "/etc/tuilab-new"]
def read(namespace):
    read, write = os.pipe()
    process = procs.spawn(keeper, namespace, ["cat", *paths], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return process.communicate()[0]
in_red, in_host = read("red"), read("host")
import shutil
shutil.rmtree(folder)
show([in_red, "192.0.2" in in_host])
"""
    expected = "192.0.2.1 from-red\nnameserver 192.0.2.53\nnot in the real /etc\n"
    assert inside(person, lab, code) == [expected, False]


def test_the_environment_says_where_one_is_and_finds_system_tools(person, lab):
    script = 'echo "$TUILAB_LAB $TUILAB_NAMESPACE"; unset TUILAB_LAB; command -v ip'
    code, out, _ = execute(person, lab, "sh", "-c", script)
    assert code == 0
    assert out.splitlines()[0] == "trial-lab red"
    assert out.splitlines()[1].endswith("/ip")


def test_a_missing_namespace_is_named(person, lab):
    code = """
found = []
for call in (procs.run, procs.spawn):
    try:
        call(keeper, "nope", ["true"])
    except NotFoundError as error:
        found.append(error.summary)
show(found)
"""
    assert inside(person, lab, code) == ['namespace "nope" does not exist'] * 2


def test_no_program_is_wrong_usage(person, lab):
    code = """
try:
    procs.run(keeper, "red", [])
except UsageError as error:
    show(error.summary)
"""
    assert inside(person, lab, code) == "no program is given"


# Signals and jobs


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT", "USR1", "QUIT", "WINCH"])
def test_signals_sent_to_us_reach_the_program(person, lab, name):
    script = f"trap 'echo got {name}; exit 5' {name}; echo ready; sleep 1000 & wait"
    process = start(person, lab, "sh", "-c", script, stdin=subprocess.PIPE)
    with process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, f"SIG{name}"))
        assert process.stdout.readline() == f"got {name}\n"
        process.stdin.close()
        assert process.wait(30) == 5


def test_a_signal_that_ends_the_program_is_its_status(person, lab):
    process = start(person, lab, "sh", "-c", "echo ready; exec sleep 1000")
    with process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM


COUNT = """
import signal, sys
signals = {signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, signals)
print("ready", flush=True)
signal.sigwait(signals)
print("one", flush=True)
sys.stdin.readline()
print("another" if signal.sigtimedwait(signals, 0) else "no other", flush=True)
"""


@pytest.mark.parametrize("script", ['exec "$@"', '"$@" | (trap "" INT; exec cat)'])
def test_ctrl_c_arrives_once(person, lab, script):
    """As a job of its own, and in a pipeline where the terminal tells us too."""
    command = person.command(INSIDE + RUN, json.dumps(lab.to_data()), "red")
    program = [person.python, "-c", COUNT]
    terminal = Terminal(["sh", "-c", script, "sh", *command, *program])
    terminal.expect("ready\n")
    terminal.send("\x03")
    terminal.expect("one\n")
    terminal.send("go on\n")
    terminal.expect("no other\n")
    terminal.process.wait(30)
    terminal.close()


@pytest.fixture
def shell(person, lab):
    """An interactive shell with job control, and `run` as a command in it."""
    words = person.command(INSIDE + RUN, json.dumps(lab.to_data()), "red")
    terminal = Terminal(["bash", "--norc", "--noprofile", "-i"])
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
    terminal.send("PS1='outer: '; unset HISTFILE\n")
    terminal.expect("outer: $")
    script = Path(os.environ.get("TMPDIR", "/tmp"), f"tuilab-run-{os.getpid()}")
    script.write_text(f'run() {{ {quoted} "$@"; }}\n')
    terminal.send(f". {script}\n")
    terminal.expect("outer: $")
    script.unlink()
    yield terminal
    terminal.close()


ECHO = "run sh -c 'echo ready; exec sed -u s/^/got-/'"


def test_a_job_stops_continues_and_ends(shell):
    shell.send(f"{ECHO}\n")
    shell.expect("\nready\n")
    shell.send("hello\n")
    shell.expect("got-hello\n")
    shell.send("\x1a")
    shell.expect("Stopped(.|\n)*outer: $")
    shell.send("fg\nagain\n")
    shell.expect("got-again\n")
    shell.send("\x1a")
    shell.expect("Stopped(.|\n)*outer: $")
    shell.send("fg\nonce-more\n")
    shell.expect("got-once-more\n")
    shell.send("\x03")
    shell.expect("outer: $")
    shell.send("echo status $?\n")
    shell.expect("status 130\nouter: $")
    shell.send("jobs; echo no jobs\n")
    assert "Stopped" not in shell.expect("\nno jobs\nouter: $")


def test_a_background_job_that_reads_the_terminal_stops(shell):
    shell.send(f"{ECHO} &\n")
    shell.expect(r"\[1\] \d+\n(.|\n)*outer: ")
    shell.send("wait -n %1; jobs\n")
    shell.expect("Stopped(.|\n)*outer: $")
    shell.send("fg\nhello\n")
    shell.expect("got-hello\n")
    shell.send("\x04")
    shell.expect("outer: $")


def test_ctrl_c_ends_the_program_with_its_status(shell):
    shell.send("run sh -c 'echo ready; exec sleep 1000'\n")
    shell.expect("\nready\n")
    shell.send("\x03")
    shell.expect("outer: $")
    shell.send("echo status $?\n")
    shell.expect("status 130\nouter: $")


@pytest.mark.parametrize("inner", ["sh", "bash --norc --noprofile"])
def test_an_interactive_shell_has_job_control(shell, inner):
    shell.send(f"run env PS1='inner: ' {inner} -i\n")
    assert "job control" not in shell.expect("\ninner: $")
    shell.send("sh -c 'echo ready; exec sleep 1000'\n")
    shell.expect("\nready\n")
    shell.send("\x1a")
    shell.expect("Stopped(.|\n)*inner: $")
    shell.send("bg; kill %1; wait %1; echo status $?\n")
    shell.expect("status 143\n(.|\n)*inner: $")
    shell.send("sh -c 'echo ready; exec sleep 1000'\n")
    shell.expect("\nready\n")
    shell.send("\x03")
    shell.expect("inner: $")
    shell.send("exit 3\n")
    assert "Cannot set" not in shell.expect("outer: $")
    shell.send("echo status $?\n")
    shell.expect("status 3\nouter: $")


def test_a_shell_that_suspends_itself_gives_the_terminal_back(shell):
    shell.send("run env PS1='inner: ' bash --norc --noprofile -i\n")
    shell.expect("\ninner: $")
    shell.send("suspend\n")
    shell.expect("Stopped(.|\n)*outer: $")
    shell.send("fg\n")
    shell.expect("\n")
    shell.send("echo back; exit\n")
    shell.expect("\nback\n(.|\n)*outer: $")


# With threads around


APART = """
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
try:
    code = procs.run(keeper, sys.argv[1], sys.argv[2:])
finally:
    stop.set()
    thread.join()
sys.exit(code)
"""


def test_it_runs_from_a_process_with_threads(person, lab):
    data = json.dumps(lab.to_data())
    script = "cat; echo problem >&2; exit 7"
    process = person.popen(
        INSIDE + APART, data, "red", "sh", "-c", script, stdin=subprocess.PIPE
    )
    with process:
        out, err = process.communicate("text")
    assert (process.returncode, out, err) == (7, "text", "problem\n")


def test_an_interactive_shell_from_a_process_with_threads(person, lab):
    """As the TUI does it; the terminal comes back in the end."""
    check = """
show(["back", os.tcgetpgrp(0) == os.getpgrp(), code])
"""
    code = INSIDE + APART.replace("sys.exit(code)", check)
    program = ["env", "PS1=inner: ", "bash", "--norc", "--noprofile", "-i"]
    terminal = Terminal(
        person.command(code, json.dumps(lab.to_data()), "red", *program)
    )
    terminal.expect("inner: $")
    terminal.send("sh -c 'echo ready; exec sleep 1000'\n")
    terminal.expect("\nready\n")
    terminal.send("\x03")
    terminal.expect("inner: $")
    terminal.send("suspend\n")
    terminal.send("exit 3\n")
    terminal.expect(r'\["back", true, 3\]')
    assert terminal.process.wait(30) == 0
    terminal.close()


# In the background


def test_a_spawned_program_is_an_ordinary_process(person, lab):
    code = """
process = procs.spawn(keeper, "red", ["cat"], stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, text=True)
out, _ = process.communicate("text")
steps = [out, process.returncode]
process = procs.spawn(keeper, "red", ["sleep", "1000"])
process.terminate()
steps.append(process.wait(20))
show(steps)
"""
    assert inside(person, lab, code) == ["text", 0, -15]


def test_a_program_that_can_not_be_spawned_is_a_missing_tool(person, lab):
    code = """
found = []
for name in ("no-such-program", "/etc/passwd"):
    try:
        procs.spawn(keeper, "red", [name])
    except MissingTool as error:
        found.append(error.summary)
show(found)
"""
    missing, refused = inside(person, lab, code)
    assert missing.startswith('"no-such-program" can\'t be run: No such file')
    assert refused.startswith('"/etc/passwd" can\'t be run: Permission denied')


def test_spawning_leaks_neither_descriptors_nor_threads(person, lab):
    code = """
many = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
before = len(os.listdir("/proc/self/fd"))
processes = [procs.spawn(keeper, "red", ["sleep", "1000"]) for _ in range(10)]
for process in processes:
    process.kill()
    process.wait()
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(20)
show([len(os.listdir("/proc/self/fd")) - before, threading.active_count()])
"""
    assert inside(person, lab, code) == [0, 1]


def test_a_spawned_program_ends_with_the_lab_and_nothing_starts_after(person):
    keeper = create(person)
    code = """
process = procs.spawn(keeper, "host", ["sleep", "1000"])
show(process.pid)
steps = [process.wait(20), sandbox.alive(keeper)]
for call in (procs.spawn, procs.run):
    try:
        call(keeper, "host", ["true"])
    except LabGone:
        steps.append("gone")
show(steps)
"""
    with person.popen(INSIDE + code, json.dumps(keeper.to_data())) as process:
        pid = int(process.stdout.readline())
        destroy(person, keeper)
        assert gone(pid)
        assert json.loads(process.stdout.readline()) == [-9, False, "gone", "gone"]
    assert not sandbox.alive(keeper)


def test_a_running_program_ends_with_the_lab(person):
    keeper = create(person)
    process = start(
        person, keeper, "sh", "-c", "echo ready; sleep 1000", namespace="host"
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        destroy(person, keeper)
        assert process.wait(30) == 128 + signal.SIGKILL


# The shell


@pytest.mark.parametrize(
    ("shell_path", "prompt"), [("/bin/bash", r"\[red\] "), ("/bin/sh", r"\[red\] \$ ")]
)
def test_the_shells_prompt_shows_the_namespace(person, lab, shell_path, prompt):
    code = f"""
os.environ["SHELL"] = {shell_path!r}
sys.exit(procs.run(keeper, "red", procs.shell_argv()))
"""
    terminal = Terminal(person.command(INSIDE + code, json.dumps(lab.to_data())))
    terminal.expect(prompt)
    terminal.send("exit 4\n")
    assert terminal.process.wait(30) == 4
    terminal.close()


def test_a_shell_that_does_not_exist_is_not_tried(person):
    code = """
os.environ["SHELL"] = "/no/such/shell"
show(procs.shell_argv()[-1])
"""
    assert person.do(code) == "/bin/sh"
