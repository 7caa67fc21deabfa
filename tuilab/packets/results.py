"""What comes back from packets that were sent."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Result:
    """What one packet came to.

    Attributes:
        seq: Its number, from 1.
        address: Who answered, with an answer or an error; empty if nobody did.
        rtt_ms: Round-trip time in milliseconds; None without an answer.
        error: Why there is no answer; empty when there is one.
    """

    seq: int
    address: str = ""
    rtt_ms: float | None = None
    error: str = field(default="", kw_only=True)

    @property
    def ok(self) -> bool:
        """Whether an answer came."""
        return not self.error


@dataclass(frozen=True, slots=True)
class PingResult(Result):
    """What one echo request came to.

    Attributes:
        ttl: TTL or hop limit of the reply; None without one.
        size: Bytes of the reply's ICMP message; 0 without one.
    """

    ttl: int | None = None
    size: int = 0

    def __str__(self) -> str:
        if self.error or self.rtt_ms is None:
            return f"seq={self.seq} {self.error}"
        return (
            f"{self.size} bytes from {self.address}: "
            f"seq={self.seq} ttl={self.ttl} time={self.rtt_ms:.3f} ms"
        )


@dataclass(frozen=True, slots=True)
class ArpResult(Result):
    """What one ARP request or neighbour solicitation for `address` came to.

    Attributes:
        ifname: The interface it was sent from; empty if there is none to send from.
        mac: Who has the address; empty if nobody answered.
    """

    ifname: str = ""
    mac: str = ""

    def __str__(self) -> str:
        if self.error or self.rtt_ms is None:
            return f"seq={self.seq} {self.address} {self.error}"
        return (
            f"seq={self.seq} {self.address} is-at {self.mac} "
            f"dev={self.ifname} time={self.rtt_ms:.3f} ms"
        )


@dataclass(frozen=True, slots=True)
class Answer(Result):
    """What one probe to a port, one question or one packet of one's own came to.

    Attributes:
        text: What the answer says: of a port ``open`` or ``closed``.
    """

    text: str = ""

    def __str__(self) -> str:
        if self.error or self.rtt_ms is None:
            return f"seq={self.seq} {self.error or self.text}"
        who = f"{self.address}: " if self.address else ""
        return f"{who}seq={self.seq} {self.text} time={self.rtt_ms:.3f} ms"


@dataclass(frozen=True, slots=True)
class Hop(Result):
    """What one probe of a route came to; ``seq`` counts those of its TTL.

    Attributes:
        ttl: How far it was let go, from 1.
        last: It came from the address that is looked for, or went no further.
        text: What else it says: ``open``, ``host unreachable``; mostly empty.
    """

    ttl: int = 1
    last: bool = False
    text: str = ""

    def __str__(self) -> str:
        if self.rtt_ms is None:
            return f"{self.ttl:2}  *  {self.error}"
        text = f"  {self.text}" if self.text else ""
        return f"{self.ttl:2}  {self.address}  {self.rtt_ms:.3f} ms{text}"


@dataclass(slots=True)
class Statistics:
    """Sums up results as they come in.

    Attributes:
        sent: Results so far, whatever they say.
        received: Those that were answered.
        rtts: Round-trip times in milliseconds, in the order of the answers.
    """

    sent: int = 0
    received: int = 0
    rtts: list[float] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count one more."""
        self.sent += 1
        if result.ok:
            self.received += 1
        if result.rtt_ms is not None:
            self.rtts.append(result.rtt_ms)

    @property
    def loss(self) -> float:
        """Part that was not answered, 0 to 1; 0 when nothing was sent."""
        return 1 - self.received / self.sent if self.sent else 0.0

    def summary(self) -> str:
        """One line, as ping(8) ends."""
        text = f"{self.sent} sent, {self.received} received, {self.loss:.0%} lost"
        if self.rtts:
            mean = sum(self.rtts) / len(self.rtts)
            low, high = min(self.rtts), max(self.rtts)
            text += f", rtt min/avg/max = {low:.3f}/{mean:.3f}/{high:.3f} ms"
        return text
