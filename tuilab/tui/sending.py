"""What a person wants sent, and how the sender is asked for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from tuilab.model.topology import HOST
from tuilab.packets.results import Answer, ArpResult, Hop, PingResult
from tuilab.packets.send import Sender

Results = (
    AsyncGenerator[PingResult, None]
    | AsyncGenerator[ArpResult, None]
    | AsyncGenerator[Answer, None]
    | AsyncGenerator[Hop, None]
    | AsyncGenerator[str, None]
)
"""What each request came to, as soon as that is known."""

Kind = Literal[
    "ping",
    "arp",
    "trace-icmp",
    "trace-udp",
    "trace-tcp",
    "tcp",
    "syn",
    "udp",
    "dns",
    "scapy",
    "answer",
]

KINDS: Final[dict[Kind, str]] = {
    "ping": "ping",
    "arp": "ARP",
    "trace-icmp": "traceroute, ICMP",
    "trace-udp": "traceroute, UDP",
    "trace-tcp": "traceroute, TCP",
    "tcp": "TCP: connect to a port",
    "syn": "TCP: SYN to a port",
    "udp": "UDP to a port",
    "dns": "DNS: ask a name server",
    "scapy": "expert: a scapy expression",
    "answer": "answer for a tap's machine",
}
"""Everything that can be sent, in the words of the dialog."""

FIELDS: Final[dict[Kind, tuple[str, ...]]] = {
    "ping": ("to", "count", "interval", "size", "ttl", "from"),
    "arp": ("to", "link", "count", "interval", "from"),
    "trace-icmp": ("to", "from"),
    "trace-udp": ("to", "port", "from"),
    "trace-tcp": ("to", "port", "from"),
    "tcp": ("to", "port", "count", "interval", "ttl", "from"),
    "syn": ("to", "port", "count", "interval", "ttl", "from"),
    "udp": ("to", "port", "data", "count", "interval", "ttl", "from"),
    "dns": ("to", "name", "record", "count", "interval"),
    "scapy": ("expression", "link", "count", "interval"),
    "answer": ("link", "addresses"),
}
"""What each kind needs to know, the namespace apart."""

PORTS: Final[dict[Kind, str]] = {"trace-udp": "33434", "udp": "9"}
"""Ports that are proposed; 80 for the others."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent.

    Attributes:
        kind: What kind of packets.
        namespace: Where from.
        to: Address, where the kind has one.
        count: How many.
        interval: Seconds from one to the next.
        size: Bytes of payload of an echo request.
        ttl: TTL or hop limit.
        source: Address to send from; None for the kernel's choice.
        port: Of TCP or UDP.
        data: What datagrams carry.
        name: What a name server is asked for.
        record: Type of that record.
        expression: Typed by a person, for scapy.
        ifname: The link to send on; None for what the routes say.
        addresses: Whom to answer for on a tap.
    """

    kind: Kind
    namespace: str
    to: str = ""
    count: int = 4
    interval: float = 1.0
    size: int = 56
    ttl: int = 64
    source: str | None = None
    port: int = 0
    data: str = ""
    name: str = ""
    record: str = "A"
    expression: str = ""
    ifname: str | None = None
    addresses: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """In the ping tab."""
        what = {
            "arp": f"arp {self.to}",
            "scapy": self.expression,
            "dns": f"dns {self.name} {self.record} at {self.to}",
            "answer": f"answer for {', '.join(self.addresses)} on {self.ifname}",
        }.get(self.kind, f"{self.kind} {self.to}")
        port = f" port {self.port}" if "port" in FIELDS[self.kind] else ""
        where = "in" if self.kind == "answer" else "from"
        return f"{what}{port} {where} {self.namespace}"

    @property
    def command(self) -> str:
        """What a person would type for it."""
        command = self._command()
        inside = self.namespace != HOST and self.kind not in ("scapy", "answer")
        return f"ip netns exec {self.namespace} {command}" if inside else command

    def _command(self) -> str:
        many = f"-c {self.count} -i {self.interval:g}"
        source = f" -s {self.source}" if self.source else ""
        ttl = f" -t {self.ttl}" if self.ttl != 64 else ""
        if self.kind == "ping":
            size = f" -s {self.size}" if self.size != 56 else ""
            source = f" -I {self.source}" if self.source else ""
            return f"ping {many}{size}{ttl}{source} {self.to}"
        if self.kind == "arp":
            link = f" -I {self.ifname}" if self.ifname else ""
            return f"arping {many}{link}{source} {self.to}"
        if self.kind.startswith("trace"):
            way = {"trace-icmp": "-I", "trace-udp": "-U", "trace-tcp": "-T"}[self.kind]
            port = f" -p {self.port}" if self.port else ""
            return f"traceroute -n {way}{port}{source} {self.to}"
        if self.kind == "tcp":
            return f"nc -nvz{source} {self.to} {self.port}"
        if self.kind == "syn":
            return f"hping3 -S -p {self.port} -c {self.count} {self.to}"
        if self.kind == "udp":
            return f"nc -nu{source} {self.to} {self.port}"
        if self.kind == "dns":
            return f"dig @{self.to} {self.name} {self.record}"
        if self.kind == "scapy":
            return f"sr({self.expression})"
        return f"a machine behind {self.namespace}:{self.ifname}"


def results(sender: Sender, request: Request) -> Results:
    """What comes of it, as it comes. Closing the iterator ends it at once.

    Raises:
        TuilabError: As the sender does.
    """
    namespace, to = request.namespace, request.to
    many: dict[str, Any] = {"count": request.count, "interval": request.interval}
    probe = many | {"ttl": request.ttl, "source": request.source}
    if request.kind == "ping":
        return sender.ping(namespace, to, size=request.size, **probe)
    if request.kind == "arp":
        source = request.source
        return sender.arp(namespace, request.ifname, to, source=source, **many)
    if request.kind in ("tcp", "syn"):
        connect = request.kind == "tcp"
        return sender.tcp(namespace, to, request.port, connect=connect, **probe)
    if request.kind == "udp":
        return sender.udp(namespace, to, request.port, data=request.data, **probe)
    if request.kind == "dns":
        return sender.dns(namespace, to, request.name, kind=request.record, **many)
    if request.kind == "scapy":
        ifname = request.ifname
        return sender.send(namespace, request.expression, ifname=ifname, **many)
    if request.kind == "answer":
        assert request.ifname is not None
        return sender.answer(namespace, request.ifname, request.addresses)
    method = cast("Any", request.kind.removeprefix("trace-"))
    return sender.traceroute(
        namespace,
        to,
        method=method,
        port=request.port or None,
        source=request.source,
    )
