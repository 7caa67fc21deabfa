"""What the decoders of `dissect` fill in together."""

from __future__ import annotations


class Scratch:
    """A row in the making.

    Attributes:
        source: Address, the innermost so far.
        destination: Likewise.
        protocol: Likewise.
        prefix: What the layers outside had to say.
        info: What the innermost layer says.
        ttl: TTL or hop limit of the innermost IP header.
        depth: How many tunnels we are in.
        fragment: This is the first fragment of more.
    """

    __slots__ = (
        "depth",
        "destination",
        "fragment",
        "info",
        "prefix",
        "protocol",
        "source",
        "ttl",
    )

    def __init__(self) -> None:
        self.source = self.destination = self.protocol = ""
        self.prefix = self.info = ""
        self.ttl = self.depth = 0
        self.fragment = False


def cut_short(row: Scratch) -> None:
    """Note that the bytes ended before what the packet announced."""
    row.info += " [cut short]" if row.info else "[cut short]"


def mac(address: bytes) -> str:
    """A link address as ``02:42:0a:01:00:0b``."""
    return address.hex(":")


def printable(text: bytes) -> str:
    """Text from a wire with everything but plain ASCII in octal after a backslash."""
    return "".join([chr(c) if 32 <= c < 127 else f"\\{c:03o}" for c in text])
