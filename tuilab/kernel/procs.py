"""Running programs in a namespace of the lab.

A program gets the namespace's network, the lab's PID namespace and, as with
`ip netns exec`, a /proc, a /sys and an /etc of its own. It is a direct child of
tuilab: nothing stands between a signal and its receiver. Where no keeper is given, on
the machine itself, it gets what `ip netns exec` gives; in "host" nothing is otherwise.

Joining a PID namespace counts for children only, and only for those of the thread that
joined. So a throwaway thread joins and starts `inside.py`, which does the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from tuilab.errors import KernelError, LabGone, MissingTool, TuilabError, UsageError
from tuilab.kernel import netns, sandbox, syscalls
from tuilab.kernel.sandbox import Keeper

_INSIDE = Path(__file__).with_name("inside.py")
_BASHRC = Path(__file__).with_name("bashrc")
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")
_FROM_TERMINAL = 0x80
"""si_code SI_KERNEL: the terminal sent it, to every process of the job."""

_STOPPING = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
_FORWARDED = {
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCONT),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGWINCH),
}
_WATCHED = _FORWARDED | {signal.SIGCHLD}
_FATAL = {signal.SIGHUP, signal.SIGTERM}


@dataclass(frozen=True, slots=True)
class _Start:
    """What `inside.py` is told besides the namespace."""

    argv: Sequence[str]
    mask: tuple[int, ...] = ()
    foreground: bool = False


def run(keeper: Keeper | None, namespace: str, argv: Sequence[str]) -> int:
    """Run a program in the foreground, as if it had been started by the shell itself.

    Standard input, output and error are the program's own; signals sent to this
    process reach it; it can be stopped and continued like any job. The caller has
    entered the sandbox.

    Returns:
        The program's exit status; 128+N when signal N ended it, 127 when it was not
        found and 126 when it can't be executed (both said on standard error).

    Raises:
        NotFoundError: There is no such namespace.
        LabGone: The lab has ended.
        KernelError: The kernel refused.
    """
    if sandbox.threads() > 1:
        # The process in between could only print that the lab has ended.
        if keeper is not None:
            os.close(sandbox.watch(keeper))
        return _run_apart(keeper, namespace, argv)
    leader = os.getpgrp() == os.getpid()
    return _run_here(keeper, namespace, argv, leader)


def spawn(
    keeper: Keeper | None, namespace: str, argv: Sequence[str], **popen: Any
) -> subprocess.Popen[Any]:
    """Start a program in the background, in the same surroundings as `run`.

    It is waited for as soon as it ends, whether anyone asks or not: an unreaped
    process would keep the lab from ending. Safe with threads running.

    Args:
        keeper: The lab's keeper, whose sandbox the caller has entered; or None.
        namespace: Where to run it.
        argv: The program and its arguments.
        **popen: Passed on to ``subprocess.Popen``; no ``preexec_fn`` or ``shell``.

    Raises:
        MissingTool: The program is not there or can't be executed.
        NotFoundError: There is no such namespace.
        LabGone: The lab has ended.
        KernelError: The kernel refused.
    """
    try:
        process = _start(keeper, namespace, _Start(argv), popen)
    except _StartFailed as failed:
        raise MissingTool(
            f'"{argv[0]}" can\'t be run: {failed.message}',
            "install it, or give its full path",
        ) from failed
    pidfd = os.pidfd_open(process.pid)

    def reap() -> None:
        poll = select.poll()  # select(2) can't have descriptors over 1023
        poll.register(pidfd, select.POLLIN)
        poll.poll()
        os.close(pidfd)
        process.wait()

    threading.Thread(target=reap, name=f"reap {argv[0]}", daemon=True).start()
    return process


def command_line(
    keeper: Keeper | None, namespace: str, argv: Sequence[str], *, leader: bool
) -> list[str]:
    """A command line that does what `run` does, for whoever has entered the sandbox.

    Args:
        keeper: The lab's keeper.
        namespace: Where to run the program.
        argv: The program and its arguments.
        leader: It gets the terminal to itself, as a job of its own.
    """
    spec = {
        "keeper": keeper.to_data() if keeper else None,
        "namespace": namespace,
        "leader": leader,
        "open_files": sandbox.open_files(),
    }
    return [sys.executable, "-I", "-S", __file__, json.dumps(spec), *argv]


def shell_argv() -> list[str]:
    """The user's shell, with a prompt that shows the namespace where that is easy."""
    shell = os.environ.get("SHELL", "")
    if not shutil.which(shell):
        shell = "/bin/sh"
    kind = Path(shell).name
    if kind == "bash":
        return [shell, "--rcfile", str(_BASHRC)]
    if kind in ("sh", "dash", "ash", "ksh", "mksh"):
        return ["env", "PS1=[$TUILAB_NAMESPACE] $ ", shell]
    return [shell]


def environment(
    keeper: Keeper | None, namespace: str, base: dict[str, str] | None = None
) -> dict[str, str]:
    """The environment for a program: where it runs, and where the system's tools are.

    Args:
        keeper: The lab's keeper.
        namespace: Where it will run.
        base: What to start from; this process's own environment by default.
    """
    result = dict(os.environ if base is None else base)
    folders = result.get("PATH", os.defpath).split(":")
    folders += [folder for folder in _SYSTEM_PATH if folder not in folders]
    result["PATH"] = ":".join(folders)
    result["TUILAB_NAMESPACE"] = namespace
    if keeper is None:
        return result
    with contextlib.suppress(OSError, IndexError):
        result["TUILAB_LAB"] = sandbox.name_of(keeper)
    return result


class _StartFailed(Exception):
    """The program did not start.

    Attributes:
        code: What a shell would return for it.
        message: The kernel's words.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _start(
    keeper: Keeper | None, namespace: str, start: _Start, popen: dict[str, Any]
) -> subprocess.Popen[Any]:
    """The running program.

    Raises:
        _StartFailed: It was not found or can't be executed.
    """
    if not start.argv:
        raise UsageError("no program is given", "say what to run after `--`")
    network = None if namespace == netns.HOST else netns.open_fd(namespace)
    pidfd = sandbox.watch(keeper) if keeper else None
    read, write = os.pipe()
    spec = {
        "status": write,
        "netns": network,
        "namespace": namespace,
        "proc": keeper is not None and keeper.pid_ns,
        "machine": keeper is None,
        "open_files": sandbox.open_files(),
        "mask": start.mask,
        "foreground": start.foreground,
    }
    command = [sys.executable, "-I", "-S", str(_INSIDE), json.dumps(spec), *start.argv]
    passed = {write, *popen.pop("pass_fds", ())}
    if network is not None:
        passed.add(network)
    popen["env"] = environment(keeper, namespace, popen.get("env"))

    def launch() -> subprocess.Popen[Any]:
        if keeper is not None and pidfd is not None:
            flags = syscalls.CLONE_NEWPID if keeper.pid_ns else 0
            syscalls.setns(pidfd, flags | syscalls.CLONE_NEWNET)
        return subprocess.Popen(command, pass_fds=tuple(passed), **popen)

    try:
        process = netns.in_thread(launch)
    except OSError as error:
        os.close(read)
        if keeper is not None and not sandbox.alive(keeper):
            raise LabGone("the lab has ended") from error
        raise _refused(namespace, error.strerror or str(error), error.errno) from error
    finally:
        os.close(write)
        if pidfd is not None:
            os.close(pidfd)
        if network is not None:
            os.close(network)
    with os.fdopen(read, "rb") as status:
        report = status.read()
    if not report:
        return process
    process.communicate()
    data = json.loads(report)
    if data["step"] == "exec":
        raise _StartFailed(data["code"], data["message"])
    raise _refused(namespace, data["message"], data["errno"])


def _refused(namespace: str, message: str, errno: int | None) -> KernelError:
    return KernelError(
        f'nothing can be run in namespace "{namespace}": {message}', errno=errno or 0
    )


def _run_here(
    keeper: Keeper | None, namespace: str, argv: Sequence[str], leader: bool
) -> int:
    """Run it as a child and do what a shell expects of a job meanwhile.

    Args:
        keeper: The lab's keeper.
        namespace: Where to run it.
        argv: The program and its arguments.
        leader: A shell started us as a job of our own, not as part of a script.
    """
    ours = _has_terminal()
    # With the terminal all to itself the program becomes a job of its own, which is
    # what interactive shells want; in a pipeline or script it stays in ours.
    alone = leader and ours and all(map(os.isatty, (0, 1, 2)))
    # In our own job the terminal stops and continues us together with the program.
    held = _WATCHED | _STOPPING if alone else _WATCHED
    with _signals_held(held) as mask:
        try:
            process = _start(keeper, namespace, _Start(argv, mask, alone), {})
            return _Job(process, held, ours, alone).attend()
        except _StartFailed as failed:
            sys.stderr.write(f'tuilab: "{argv[0]}": {failed.message}\n')
            return failed.code
        finally:
            if ours:
                _give_terminal(os.getpgrp())


def _has_terminal() -> bool:
    """Whether this process's job is the one that the terminal listens to."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _give_terminal(group: int) -> None:
    # Without the terminal, asking for it would stop us.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    # A terminal that has hung up belongs to nobody.
    with contextlib.suppress(OSError):
        os.tcsetpgrp(0, group)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _signals_held(held: set[signal.Signals]) -> Iterator[tuple[int, ...]]:
    """Hold the signals that `_Job` attends to; gives the mask from before."""
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield tuple(int(number) for number in before)
    finally:
        # Ctrl-C was for the program; what asks us to end still does.
        while signal.sigtimedwait(held - _FATAL, 0):
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Job:
    """A running program, and the signals and stops between it and us."""

    def __init__(
        self,
        process: subprocess.Popen[Any],
        held: set[signal.Signals],
        ours: bool,
        alone: bool,
    ) -> None:
        """Attend to a program.

        Args:
            process: The program.
            held: The signals that wait for us to look at them.
            ours: We had the terminal when it started.
            alone: It is a job of its own and has the terminal now.
        """
        self._process = process
        self._held = held
        self._ours = ours
        self._alone = alone

    def attend(self) -> int:
        """Pass signals on until the program ends; its exit status."""
        while True:
            info = signal.sigwaitinfo(self._held)
            if info.si_signo == signal.SIGCHLD:
                code = self._look()
                if code is not None:
                    return code
            elif self._alone or info.si_code != _FROM_TERMINAL:
                self._send(info.si_signo)

    def _send(self, number: int) -> None:
        # It may have become another user's, by su for example.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.kill(self._process.pid, number)

    def _look(self) -> int | None:
        """Its exit status if it has ended; stops with it if it has stopped."""
        pid, status = os.waitpid(self._process.pid, os.WNOHANG | os.WUNTRACED)
        if not pid:
            return None
        if os.WIFSTOPPED(status):
            self._stop()
            return None
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code
        return code if code >= 0 else 128 - code

    def _stop(self) -> None:
        """Stop as well, so that the shell comes back; then continue the program."""
        if os.getpgid(self._process.pid) == os.getpgrp():
            return  # the terminal stopped us, too, or it is no concern of the job
        theirs = os.tcgetpgrp(0) if self._ours else 0
        if self._ours:
            _give_terminal(os.getpgrp())
        # The kernel drops this one where no shell could ever continue us.
        stop = {signal.SIGTSTP}
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        before = signal.pthread_sigmask(signal.SIG_UNBLOCK, stop)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # What continued us must not continue the program once more after the next stop.
        signal.sigtimedwait({signal.SIGCONT}, 0)
        if theirs and _has_terminal():
            _give_terminal(theirs)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(os.getpgid(self._process.pid), signal.SIGCONT)


def _run_apart(keeper: Keeper | None, namespace: str, argv: Sequence[str]) -> int:
    """`run` in a process of its own: signals can't be held where threads run."""
    leader = os.getpgrp() == os.getpid()
    command = command_line(keeper, namespace, argv, leader=leader)
    with _terminal_signals_ignored(), subprocess.Popen(command) as front:
        while True:
            _, status = os.waitpid(front.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                front.returncode = os.waitstatus_to_exitcode(status)
                break
            os.kill(front.pid, signal.SIGCONT)
    return front.returncode if front.returncode >= 0 else 128 - front.returncode


@contextlib.contextmanager
def _terminal_signals_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
    # A handler, not SIG_IGN: the program would inherit that.
    before = [signal.signal(number, lambda *_: None) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _main() -> int:
    spec = json.loads(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (spec["open_files"], hard))
    keeper = Keeper.from_data(spec["keeper"]) if spec["keeper"] else None
    try:
        return _run_here(keeper, spec["namespace"], sys.argv[2:], spec["leader"])
    except TuilabError as error:
        sys.stderr.write(f"tuilab: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(_main())
