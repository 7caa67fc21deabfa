"""The SSH connection that this process is used through, if any."""

from __future__ import annotations

import os
from pathlib import Path

from tuilab.model.addressing import address
from tuilab.plan.cutoff import Connection

_VARIABLE = "SSH_CONNECTION"


def connection() -> Connection | None:
    """The one that sshd(8) tells of; sudo may hide that from us, not from our parents.

    Returns:
        None where this is used from the machine itself, as far as can be seen.
    """
    found = parse(os.environ.get(_VARIABLE, ""))
    pid = os.getppid()
    while found is None and pid > 1:
        found = parse(_of_process(pid))
        pid = _parent(pid)
    return found


def parse(text: str) -> Connection | None:
    """Read SSH_CONNECTION: the far end's address and port, then ours."""
    words = text.split()
    if len(words) != 4:
        return None
    peer, local = (word.partition("%")[0] for word in (words[0], words[2]))
    try:
        return Connection(str(address(local)), str(address(peer)))
    except ValueError:
        return None


def _of_process(pid: int) -> str:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    start = f"{_VARIABLE}=".encode()
    return next(
        (os.fsdecode(v[len(start) :]) for v in variables if v[: len(start)] == start),
        "",
    )


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    # The name in parentheses may hold anything, so count from its end.
    return int(stat[stat.rindex(b")") + 2 :].split()[1])
