"""Requests in pyroute2's words as what is sent, packed the quickest way there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuilab.kernel import wire
from tuilab.kernel.wire import Message


def encode(noun: str, verb: str, args: Mapping[str, Any]) -> Message:
    """One request, every reference in it resolved."""
    message = wire.quick(noun, verb, args)
    if message is None:
        # pyroute2 takes a while to import, and most labs need none of it.
        from tuilab.kernel.words import encode as at_leisure

        message = at_leisure(noun, verb, args)
    return message
