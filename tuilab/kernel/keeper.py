"""The keeper: the small process that holds a lab's namespaces while nobody is inside.

Run as a program, by `sandbox.create`, in a bare interpreter and a session of its own;
descriptor 0 is the socket to the creator. Three processes take part: this one
supervises and writes the id maps from outside, a first child makes the namespaces and
the mounts, and that one's child is the keeper: PID 1 of the lab's PID namespace.
The keeper stays only when the creator says so; when the creator dies first, all go.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from tuilab.kernel import mounts, syscalls

COMM = "tuilab-keeper"
"""What a keeper is called in the list of processes."""
_CONTROL = 0
_KEEP = b"keep"
_IGNORED = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGALRM),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
    # Ignored, so that the kernel itself reaps what is left to PID 1.
    signal.SIGCHLD,
)


class _Step(Exception):
    """A step that failed.

    Attributes:
        step: Which one.
        errno: The kernel's error number, or 0.
    """

    def __init__(self, step: str, error: Exception) -> None:
        words = error.strerror if isinstance(error, OSError) else None
        super().__init__(words or str(error))
        self.step = step
        self.errno = error.errno or 0 if isinstance(error, OSError) else 0


def main() -> None:
    """Make a sandbox as the creator asks for on descriptor 0, and report there."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(0o022)
    os.set_inheritable(_CONTROL, False)
    wish = json.loads(os.read(_CONTROL, 65536))
    maps: list[dict[str, Any] | None] = wish["maps"] or [None]
    pid_ns = True
    while True:
        report = _attempt(maps[0], pid_ns)
        if report.get("step") == "idmap" and len(maps) > 1:
            maps.pop(0)
        elif report.get("step") == "proc" and pid_ns:
            pid_ns = False
        else:
            break
    report |= {"user_ns": maps[0] is not None, "pid_ns": pid_ns}
    os.write(_CONTROL, json.dumps(report).encode())


def _attempt(idmap: dict[str, Any] | None, pid_ns: bool) -> dict[str, Any]:
    """One try; reports ``ready``, or ``step``, ``errno`` and ``message``."""
    up_read, up_write = os.pipe()
    down_read, down_write = os.pipe()
    maker = os.fork()
    if not maker:
        os.close(up_read)
        os.close(down_write)
        _child(up_write, down_read, idmap is not None, pid_ns)
    os.close(up_write)
    os.close(down_read)
    report: dict[str, Any] = {}
    with os.fdopen(up_read, "rb") as lines, os.fdopen(down_write, "wb", 0) as down:
        for line in lines:
            report |= json.loads(line)
            if report.pop("unshared", False):
                try:
                    _write_maps(maker, idmap)
                except _Step as failed:
                    report |= _failure(failed)
                    break
                down.write(b"m")
    os.waitpid(maker, 0)
    if not report.get("ready") and "step" not in report:
        report |= {"step": "keeper", "errno": 0, "message": "its keeper ended early"}
    return report


def _failure(failed: _Step) -> dict[str, Any]:
    return {"step": failed.step, "errno": failed.errno, "message": str(failed)}


def _write_maps(pid: int, idmap: dict[str, Any] | None) -> None:
    if idmap is None:
        return
    try:
        if idmap["helper"]:
            for kind in ("uid", "gid"):
                words = [str(number) for line in idmap[kind] for number in line]
                command = [f"new{kind}map", str(pid), *words]
                subprocess.run(command, check=True, capture_output=True, timeout=10)
        else:
            if idmap["deny_setgroups"]:
                Path(f"/proc/{pid}/setgroups").write_text("deny")
            for kind in ("uid", "gid"):
                lines = "\n".join(" ".join(map(str, line)) for line in idmap[kind])
                Path(f"/proc/{pid}/{kind}_map").write_text(lines)
    except (OSError, subprocess.SubprocessError) as error:
        raise _Step("idmap", error) from error


def _child(up: int, down: int, user_ns: bool, pid_ns: bool) -> NoReturn:
    """The maker, and in its child the keeper; never returns into the supervisor."""
    try:
        _make(up, down, user_ns, pid_ns)
        os._exit(0)
    except _Step as failed:
        os.write(up, json.dumps(_failure(failed)).encode() + b"\n")
    except BaseException as error:
        report = {"step": "keeper", "errno": 0, "message": repr(error)}
        os.write(up, json.dumps(report).encode() + b"\n")
    finally:
        os._exit(1)


def _make(up: int, down: int, user_ns: bool, pid_ns: bool) -> None:
    if user_ns:
        _unshare("user", syscalls.CLONE_NEWUSER)
    os.write(up, b'{"unshared": true}\n')
    if not os.read(down, 1):
        os._exit(1)
    _unshare("mount", syscalls.CLONE_NEWNS)
    _unshare("network", syscalls.CLONE_NEWNET)
    _give_settings()
    if pid_ns:
        _unshare("pid", syscalls.CLONE_NEWPID)
    try:
        notes = mounts.build()
    except OSError as error:
        raise _Step("mounts", error) from error
    keeper = os.fork()
    if keeper:
        os.write(up, json.dumps({"pid": keeper, "notes": notes}).encode() + b"\n")
        return
    os.close(down)
    if pid_ns:
        _try_proc()
    os.write(up, b'{"ready": true}\n')
    os.close(up)
    if os.read(_CONTROL, 64) == _KEEP:
        _keep()
    os._exit(0)


def _give_settings() -> None:
    """Start with tuilab's defaults, in a child: what knows of them is not to stay here.

    No child may come before the one that is to be PID 1, so this precedes that.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    # Where /proc/sys may not be written, the lab will say so when it has to.
    with contextlib.suppress(Exception):
        from tuilab.kernel import sysctl
        from tuilab.model.sysctls import SYSCTLS

        sysctl.set_defaults(sysctl.read(SYSCTLS))
    os._exit(0)


def _unshare(kind: str, flag: int) -> None:
    try:
        syscalls.unshare(flag)
    except OSError as error:
        raise _Step(kind, error) from error


def _try_proc() -> None:
    """Whether what runs in the PID namespace can have a /proc that fits."""
    trial = os.fork()
    if not trial:
        try:
            syscalls.unshare(syscalls.CLONE_NEWNS)
            mounts.mount_proc()
        except OSError as error:
            os._exit(error.errno or 255)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1])
    if code:
        raise _Step("proc", OSError(code, f"mount(proc): {os.strerror(code)}"))


def _keep() -> NoReturn:
    """Hold the namespaces until SIGTERM or SIGKILL."""
    os.setsid()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    # PID 1 gets no signal that it has no handler for, and a machine that shuts down
    # must not wait for us.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    syscalls.set_name(COMM)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
