"""What two values that share most of their parts do not share.

An edit of a thousand namespaces leaves all but one or two as the very same objects.
Whoever compares a lab with the one before asks here which to look at: by identity, and
without a step of Python for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from itertools import compress
from operator import attrgetter, is_not
from typing import Any, TypeVar

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


def altered(value: V, **changes: Any) -> V:
    """A dataclass's value with some fields otherwise.

    `dataclasses.replace` for the inner loops of planning, in a third of the time; for
    classes of more than one field, all of them parameters of ``__init__``.
    """
    make: Callable[..., V] = type(value)
    names, read = _reader(make)
    return make(**{**dict(zip(names, read(value), strict=True)), **changes})


@cache
def _reader(kind: Any) -> tuple[tuple[str, ...], attrgetter[tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)
