"""What two values that share most of their parts do not share.

An edit of a thousand namespaces leaves all but one or two as the very same objects.
Whoever compares a lab with the one before asks here which to look at: by identity, and
without a step of Python for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from operator import is_not
from typing import TypeVar

V = TypeVar("V")


def unshared(now: Mapping[str, V], before: Mapping[str, V]) -> list[str]:
    """Keys whose values are not the very same object in both.

    Returns:
        Those of ``now`` in its order, then those that only ``before`` has.
    """
    if now is before:
        return []
    if list(now) == list(before):
        return list(compress(now, map(is_not, now.values(), before.values())))
    return [key for key in {**now, **before} if now.get(key) is not before.get(key)]
