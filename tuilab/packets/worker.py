"""The process that keeps scapy warm.

It forks for every job, and the child goes into the job's namespace before it does
anything; so a job that hangs can be ended, and none sees what scapy remembers of the
namespace of another. Run as a program by `send.Sender`, it speaks JSON lines: jobs and
cancellations on standard input, results on standard output, each with the job's id.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, NoReturn

from tuilab.errors import RightsError
from tuilab.kernel import netns, syscalls
from tuilab.packets import bounds, failures

_READ = 65_536


def main() -> int:
    """Serve jobs until standard input ends or the parent dies."""
    parent = int(sys.argv[1])
    _die_with(parent)
    # Ctrl-C is for the parent, which ends us if it means to.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("scapy").setLevel(logging.ERROR)
    for name in _WARM:
        _job(name)
    _turn()
    _results()
    _send({"ready": True})
    server = _Server()
    try:
        server.serve()
    finally:
        server.end()
    return 0


_Job = Callable[..., Iterator[dict[str, Any]]]
_JOBS = {
    "ping": "craft.ping",
    "ping_many": "craft.ping_many",
    "arp": "craft.arp",
    "traceroute": "route.traceroute",
    "tcp_connect": "probes.tcp_connect",
    "tcp_syn": "probes.tcp_syn",
    "udp": "probes.udp",
    "dns": "probes.dns",
    "answer": "responder.answer",
    # All of scapy takes half a second: not before somebody wants it.
    "decode": "decode.decode",
    "preview": "expression.preview",
    "send": "expression.send",
    "names": "expression.names",
}
_WARM = ("ping", "traceroute", "dns")
"""What is imported before anything is asked for."""


def _job(name: str) -> _Job:
    module, _, function = _JOBS[name].partition(".")
    found: _Job = getattr(import_module(f"tuilab.packets.{module}"), function)
    return found


class _Server:
    def __init__(self) -> None:
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        self._children: dict[int, tuple[int, int]] = {}
        """Job id: child's pid and pidfd."""

    def serve(self) -> None:
        """Until standard input ends."""
        buffer = b""
        while True:
            ready = {fd for fd, _ in self._poll.poll()}
            self._reap(ready)
            if 0 not in ready:
                continue
            data = os.read(0, _READ)
            if not data:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            for line in lines:
                self._do(json.loads(line))

    def end(self) -> None:
        """End every job that still runs."""
        for pid, pidfd in self._children.values():
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(pidfd)
        self._children.clear()

    def _do(self, message: dict[str, Any]) -> None:
        number = message["id"]
        if "cancel" in message:
            if number in self._children:
                signal.pidfd_send_signal(self._children[number][1], signal.SIGKILL)
            return
        try:
            # Here, so that the next one finds it imported.
            job = _job(message["job"])
        except Exception as error:
            _send({"id": number, "failed": _failure(error)})
            return
        me = os.getpid()
        pid = os.fork()
        if not pid:
            self._child(me, message, job)
        pidfd = os.pidfd_open(pid)
        self._children[number] = (pid, pidfd)
        self._poll.register(pidfd, select.POLLIN)

    def _reap(self, ready: set[int]) -> None:
        for number, (pid, pidfd) in list(self._children.items()):
            if pidfd in ready:
                _, status = os.waitpid(pid, 0)
                self._poll.unregister(pidfd)
                os.close(pidfd)
                del self._children[number]
                code = os.waitstatus_to_exitcode(status)
                if error := bounds.exceeded(code):
                    _send({"id": number, "failed": _failure(error)})
                else:
                    _send({"id": number, "end": code})

    def _child(self, parent: int, message: dict[str, Any], job: _Job) -> NoReturn:
        code = 1
        try:
            _die_with(parent)
            os.close(0)
            for _, pidfd in self._children.values():
                os.close(pidfd)
            self._run(message, job)
            code = 0
        except BrokenPipeError:
            pass
        except BaseException as error:
            with contextlib.suppress(OSError):
                _send({"id": message["id"], "failed": _failure(error)})
                code = 0
        finally:
            os._exit(code)

    def _run(self, message: dict[str, Any], job: _Job) -> None:
        if message["namespace"] != netns.HOST:
            fd = netns.open_fd(message["namespace"])
            syscalls.setns(fd, syscalls.CLONE_NEWNET)
            os.close(fd)
        for result in job(**message["wish"]):
            _send({"id": message["id"], "result": result})


def _failure(error: BaseException) -> list[str]:
    """An error as its kind, what happened and what to do."""
    if isinstance(error, PermissionError):
        error = RightsError(
            f"sending packets is not permitted: {error.strerror}",
            "run tuilab doctor to see what is missing",
        )
    return failures.told(error)


def _send(message: dict[str, Any]) -> None:
    rest = memoryview(json.dumps(message).encode() + b"\n")
    # A pipe takes no more than PIPE_BUF at once, and lines of several jobs never mix.
    fcntl.lockf(_turn(), fcntl.LOCK_EX)
    try:
        while rest:
            rest = rest[os.write(_results(), rest) :]
    finally:
        fcntl.lockf(_turn(), fcntl.LOCK_UN)


@cache
def _turn() -> int:
    """What to lock while writing: made before the first fork, held by one process."""
    return os.memfd_create("tuilab-turn", os.MFD_CLOEXEC)


@cache
def _results() -> int:
    """Standard output, which from then on nobody else prints to.

    What an expression prints, such as ``IP().show()``, is no result.
    """
    own = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return own


def _die_with(parent: int) -> None:
    syscalls.set_parent_death_signal(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before that


if __name__ == "__main__":
    sys.exit(main())
