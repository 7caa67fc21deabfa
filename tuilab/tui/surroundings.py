"""What the command line hands to the screen besides the lab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tuilab.lab.clipboard import Clipboard
from tuilab.packets.send import Sender
from tuilab.plan.imported import Imported
from tuilab.tui.actions import KEYS
from tuilab.tui.keymap import Keymap
from tuilab.tui.packet_looks import Looks


@dataclass(frozen=True, slots=True)
class ExitChoice:
    """What a person wants after leaving the screen.

    Attributes:
        action: ``keep`` the lab running, ``remove`` it, go to another ``lab``,
            ``open`` a topology file as a lab of its own, or come back with what
            exists on this ``machine``.
        target: Name of the other lab, or the file.
    """

    action: Literal["keep", "remove", "lab", "open", "machine"] = "keep"
    target: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is possible around a lab.

    Attributes:
        sender: Sends pings and ARP requests; None where nothing can be sent.
        no_packets: Why nothing can be sent or captured, or empty.
        shell: Makes the command line of a shell in a namespace; None for no shells.
        window: The same for a new window of a terminal outside of the lab.
        labs: Names of the labs that there are, this one included.
        folders: Where files are looked for: the first is where saving goes.
        reports: Where reports of unexpected errors are kept.
        keymap: The keys that this person has.
        key_problems: What is wrong with the file that says so.
        clipboard: File that keeps what was copied last; None for no file.
        looks: How this person wants packets listed.
        looks_file: Where that is kept when it is changed; None for nowhere.
        user: Who a new tap belongs to unless the person says otherwise.
        clips: Where parts of a lab are kept that were copied.
        machine: What exists on this machine, where that was just looked at.
    """

    sender: Sender | None = None
    no_packets: str = ""
    shell: Callable[[str], Sequence[str]] | None = None
    window: Callable[[str], Sequence[str]] | None = None
    labs: Callable[[], Sequence[str]] = tuple
    folders: Sequence[Path] = (Path(),)
    reports: Path = field(default_factory=Path)
    clipboard: Path | None = None
    user: str = ""
    clips: Clipboard = field(default_factory=Clipboard)
    machine: Imported | None = None
    keymap: Keymap = KEYS
    key_problems: Sequence[str] = ()
    looks: Looks = field(default_factory=Looks)
    looks_file: Path | None = None
