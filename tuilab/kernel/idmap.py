"""Which users and groups exist inside a sandbox's user namespace."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Any

from tuilab.kernel import syscalls

Line = tuple[int, int, int]
"""First id inside, first id outside, how many: user_namespaces(7)."""

_IDS = 65536


def needed() -> bool:
    """Whether this process needs a user namespace to make a sandbox at all."""
    rights = (syscalls.CAP_SYS_ADMIN, syscalls.CAP_NET_ADMIN)
    return os.geteuid() != 0 or not all(map(syscalls.capable, rights))


def choices() -> list[dict[str, Any]]:
    """Maps to try, best first; empty when no user namespace is needed.

    In each of them the own user and group keep their number: a lone map to uid 0
    would make programs that drop root's rights (tcpdump) fail.
    """
    if not needed():
        return []
    uid, gid = os.geteuid(), os.getegid()
    maps = []
    if syscalls.capable(syscalls.CAP_SETUID) and syscalls.capable(syscalls.CAP_SETGID):
        lines = {kind: _identity(kind) for kind in ("uid", "gid")}
        maps.append({**lines, "helper": False, "deny_setgroups": False})
    uids, gids = subordinate("uid"), subordinate("gid")
    if uids and gids and shutil.which("newuidmap") and shutil.which("newgidmap"):
        lines = {"uid": around(uid, uids), "gid": around(gid, gids)}
        maps.append({**lines, "helper": True, "deny_setgroups": False})
    own = {"uid": [(uid, uid, 1)], "gid": [(gid, gid, 1)]}
    maps.append({**own, "helper": False, "deny_setgroups": True})
    return maps


def subordinate(kind: str) -> list[tuple[int, int]]:
    """The user's ranges in /etc/subuid or /etc/subgid, as (first, count)."""
    names = {str(os.getuid())}
    try:
        names.add(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return []  # newuidmap serves only those who have an account
    try:
        lines = Path(f"/etc/sub{kind}").read_text().splitlines()
    except OSError:
        return []
    ranges = []
    for line in lines:
        owner, _, rest = line.strip().partition(":")
        first, _, count = rest.partition(":")
        if owner in names and first.isdigit() and count.isdigit():
            ranges.append((int(first), int(count)))
    return ranges


def around(own: int, ranges: list[tuple[int, int]]) -> list[Line]:
    """Own id to itself, the others from 0 up to 65535 filled from the ranges."""
    lines = [(own, own, 1)]
    holes = [(0, min(own, _IDS)), (own + 1, _IDS)]
    spare = list(ranges)
    for first, end in holes:
        inside = first
        while inside < end and spare:
            outside, count = spare.pop(0)
            take = min(count, end - inside)
            if take:
                lines.append((inside, outside, take))
            inside += take
            if count > take:
                spare.insert(0, (outside + take, count - take))
    return sorted(lines)


def _identity(kind: str) -> list[Line]:
    """Every id that exists here, to itself."""
    lines = Path(f"/proc/self/{kind}_map").read_text().splitlines()
    numbers = [tuple(map(int, line.split())) for line in lines]
    return [(inside, inside, count) for inside, _outside, count in numbers]
