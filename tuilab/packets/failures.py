"""Errors on their way from a process of ours to the one that started it."""

from __future__ import annotations

from typing import Final

from tuilab.errors import (
    KernelError,
    NotFoundError,
    PacketError,
    RightsError,
    TuilabError,
    UsageError,
)

_KINDS: Final[dict[str, type[TuilabError]]] = {
    kind.__name__: kind
    for kind in (KernelError, NotFoundError, PacketError, RightsError, UsageError)
}


def told(error: BaseException) -> list[str]:
    """An error as its kind, what happened and what to do."""
    if isinstance(error, TuilabError):
        return [type(error).__name__, error.summary, error.hint]
    return ["", f"{type(error).__name__}: {error}", ""]


def heard(kind: str, summary: str, hint: str) -> TuilabError:
    """The error that `told` told of."""
    return _KINDS.get(kind, PacketError)(summary, hint)
