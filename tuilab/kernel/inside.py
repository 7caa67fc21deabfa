"""The last step before a program runs in a lab: its own view, then execve(2).

Run as a program, by `procs`, in a bare interpreter that is already in the lab's user
and PID namespace. What it could not do it says on a status descriptor, which closes
by itself when the program starts.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from tuilab.kernel import mounts, syscalls

NOT_FOUND = 127
NOT_EXECUTABLE = 126


def main() -> NoReturn:
    """Do as the specification in the first argument says, then run the others."""
    spec = json.loads(sys.argv[1])
    status: int = spec["status"]
    os.set_inheritable(status, False)
    step = "namespace"
    code = NOT_EXECUTABLE
    try:
        if spec["foreground"]:
            _take_terminal()
        _enter(spec)
        _restore(spec)
        step = "exec"
        _execute(sys.argv[2:])
    except OSError as error:
        if error.errno == errno.ENOENT and step == "exec":
            code = NOT_FOUND
        number, message = error.errno or 0, error.strerror or str(error)
        report = {"step": step, "errno": number, "message": message, "code": code}
        os.write(status, json.dumps(report).encode())
    os._exit(code)


def _take_terminal() -> None:
    """Become a job of our own; SIGTTOU is blocked meanwhile."""
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())


def _enter(spec: dict[str, Any]) -> None:
    if spec["netns"] is not None:
        syscalls.setns(spec["netns"], syscalls.CLONE_NEWNET)
        os.close(spec["netns"])
    elif spec["machine"]:
        return
    syscalls.unshare(syscalls.CLONE_NEWNS)
    if spec["machine"]:
        # A sandbox is cut loose already; the machine's mounts may be shared.
        syscalls.mount("none", "/", flags=syscalls.MS_REC | syscalls.MS_SLAVE)
    if spec["proc"]:
        mounts.mount_proc()
    # Masked in containers, and most programs never look at it.
    with contextlib.suppress(OSError):
        mounts.mount_sys()
    mounts.bind_etc(spec["namespace"], own=not spec["machine"])


def _restore(spec: dict[str, Any]) -> None:
    """Undo what Python and tuilab changed for themselves."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = spec["open_files"]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, spec["mask"])


def _execute(argv: list[str]) -> NoReturn:
    """Become the program, found as execvp(3) does.

    Raises:
        OSError: ENOENT when there is none, else why it can't be executed.
    """
    name = argv[0]
    folders = os.environ.get("PATH", os.defpath).split(":")
    paths = [name] if "/" in name else [f"{folder or '.'}/{name}" for folder in folders]
    refusal = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    for path in paths:
        try:
            os.execv(path, argv)  # noqa: S606 - a shell is what we must not start
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                os.execv("/bin/sh", ["sh", path, *argv[1:]])  # noqa: S606
            # A folder of PATH that we may not even search holds nothing for us.
            if os.path.lexists(path):
                refusal = error
    raise refusal


if __name__ == "__main__":
    main()
