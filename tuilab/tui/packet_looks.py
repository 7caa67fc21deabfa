"""How a person wants packets listed: kept in ``packets.yaml`` below XDG_CONFIG_HOME."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuilab.errors import InvalidTopology, UsageError
from tuilab.formats.tree import read

COLUMNS: Final = {
    "number": "No",
    "time": "Time",
    "link": "Link",
    "source": "Source",
    "destination": "Destination",
    "protocol": "Proto",
    "length": "Len",
    "info": "Info",
}
"""Every column with what stands above it, in their order."""

TIMES: Final = {
    "since": "since the first packet",
    "absolute": "time of day",
    "delta": "since the packet above",
}
"""What the time column can tell, in the order in which a key goes through them."""

RULES: Final = {
    "errors": "errors, damaged packets",
    "resets": "TCP resets",
    "syn": "TCP SYN and FIN",
    "arp": "ARP, neighbours",
    "icmp": "ICMP",
    "dns": "DNS",
}
"""What rows can be coloured by, the first that fits; none carries meaning alone."""

_HEAD = "# How tuilab lists packets; c in the packet list writes this.\n"


@dataclass(frozen=True, slots=True)
class Looks:
    """How packets are listed.

    Attributes:
        columns: Names out of `COLUMNS`; ``link`` shows where several are watched.
        time: One of `TIMES`.
        colours: Names out of `RULES`.
        hex: Whether the detail of a packet shows its bytes.
    """

    columns: tuple[str, ...] = tuple(COLUMNS)
    time: str = "since"
    colours: tuple[str, ...] = tuple(RULES)
    hex: bool = True


def read_looks(path: Path) -> Looks:
    """What the file says; whatever it says wrong, or not at all, is as usual."""
    try:
        root, _ = read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError, InvalidTopology):
        return Looks()
    if not isinstance(root.value, dict):
        return Looks()
    said = {name: item.text.split() for name, item in root.value.items()}
    usual = Looks()
    columns = tuple(name for name in COLUMNS if name in said.get("columns", ()))
    time = " ".join(said.get("time", ()))
    colours = usual.colours
    if "colours" in said:
        colours = tuple(name for name in RULES if name in said["colours"])
    return Looks(
        columns or usual.columns,
        time if time in TIMES else usual.time,
        colours,
        hex=said.get("hex") != ["no"],
    )


def write_looks(path: Path, looks: Looks) -> None:
    """Keep it.

    Raises:
        UsageError: It can't be written there.
    """
    lines = (
        f"columns: {' '.join(looks.columns)}\n"
        f"time: {looks.time}\n"
        f"colours: {' '.join(looks.colours) or 'none'}\n"
        f"hex: {'yes' if looks.hex else 'no'}\n"
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_HEAD + lines, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f'"{path}" can\'t be written: {error.strerror or error}',
            "set XDG_CONFIG_HOME to a directory that you can write",
        ) from None
