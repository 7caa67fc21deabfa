"""User and group names to numbers: the one fact from outside that a lab needs."""

from __future__ import annotations

import grp
import pwd
from functools import lru_cache

from tuilab.errors import UsageError


@lru_cache
def uid(user: str | None) -> int | None:
    """The number of a user given by name or number.

    Raises:
        UsageError: This machine has no such user.
    """
    if user is None or user.isdigit():
        return None if user is None else int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise UsageError(
            f'no user "{user}" on this machine', "name one of its users, or a number"
        ) from None


@lru_cache
def gid(group: str | None) -> int | None:
    """The number of a group given by name or number.

    Raises:
        UsageError: This machine has no such group.
    """
    if group is None or group.isdigit():
        return None if group is None else int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise UsageError(
            f'no group "{group}" on this machine', "name one of its groups, or a number"
        ) from None
