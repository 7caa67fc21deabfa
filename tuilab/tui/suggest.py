"""Offers the names of layers and fields while a scapy expression is typed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from textual.suggester import Suggester

from tuilab.errors import TuilabError

_WORD = re.compile(r"[A-Za-z_]\w*$")
_OPEN = re.compile(r"([A-Za-z_]\w*)\($")
Names = Mapping[str, Sequence[str]]


class LayerSuggester(Suggester):
    """Completes the word at the end; asks for the names once, when first needed."""

    def __init__(self, names: Callable[[], Awaitable[Names]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._ask = names
        self._names: Names | None = None
        self._asking: asyncio.Future[Names] | None = None

    async def get_suggestion(self, value: str) -> str | None:
        """The value with its last word completed; None where none fits."""
        if self._names is None:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
            try:
                # The next key gives up this one's suggestion, not the asking.
                self._names = await asyncio.shield(self._asking)
            except TuilabError:
                self._asking = None
                return None
        return completed(value, self._names)


def completed(value: str, names: Names) -> str | None:
    """The value with its last word completed; None where none fits."""
    match = _WORD.search(value)
    if match is None or value.count('"') % 2:
        return None
    word = match[0]
    layer = _layer_around(value[: match.start()])
    offered = [f"{field}=" for field in names.get(layer, ())] if layer else []
    offered += sorted(names, key=lambda name: (len(name), name))
    for name in offered:
        if name.startswith(word) and name != word:
            return value[: match.start()] + name
    return None


def _layer_around(before: str) -> str:
    """The layer whose arguments are being written; empty for none."""
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        if before[at] == ")":
            depth += 1
        elif before[at] == "(":
            if depth == 0:
                found = _OPEN.search(before[: at + 1])
                return found[1] if found else ""
            depth -= 1
    return ""
