"""Topology files: YAML with all mistakes at once, saved without losing a comment."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tuilab.errors import (
    InvalidTopology,
    NotFoundError,
    Problem,
    RightsError,
    UsageError,
)
from tuilab.formats import emit
from tuilab.formats.tree import MOST_CHARACTERS, read
from tuilab.model.plain import to_data
from tuilab.model.topology import Topology

_BOM = "\ufeff"
_PACKETS = tuple(
    bytes.fromhex(magic)
    for magic in ("0a0d0d0a", "a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1")
)
"""What pcapng and classic pcap files begin with."""
_OPEN_PACKETS = 'on the screen of a lab "open packets of a file" shows them'


@dataclass(frozen=True, slots=True)
class Document:
    """A topology file as it was read.

    Attributes:
        topology: What it describes.
        source: The name of the file, or empty.
        text: What it says, comments and all; saving starts from it.
    """

    topology: Topology
    source: str
    text: str


def load(path: str | os.PathLike[str]) -> Document:
    """Read a topology file.

    Raises:
        NotFoundError: There is no such file.
        UsageError: It is a directory or can't be read.
        InvalidTopology: With all that is wrong with what it says.
    """
    source = os.fspath(path)
    try:
        with Path(source).open("rb") as file:
            raw = file.read(4 * MOST_CHARACTERS + 1)
    except FileNotFoundError:
        hint = "check the name; tuilab up takes a file or the name of an example"
        raise NotFoundError(f'no file "{source}"', hint) from None
    except IsADirectoryError:
        hint = "name a file in it"
        raise UsageError(f'"{source}" is a directory', hint) from None
    except PermissionError:
        hint = "ask its owner, or make it readable"
        raise RightsError(f'"{source}" may not be read by you', hint) from None
    except OSError as error:
        raise UsageError(
            f'"{source}" can\'t be read: {error.strerror}', "choose another file"
        ) from None
    if raw.startswith(_PACKETS):
        raise UsageError(f'"{source}" is a file of packets, not a lab', _OPEN_PACKETS)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        fact = f'"\\x{raw[error.start]:02x}" is not UTF-8'
        hint = "is it a topology file? save it as UTF-8 text"
        raise InvalidTopology([Problem((), fact, hint, line, column)], source) from None
    return loads(text, source)


def loads(text: str, source: str = "") -> Document:
    """Read the text of a topology file.

    Raises:
        InvalidTopology: With all that is wrong with it, in order, each with its place.
    """
    # pydantic takes a while to import and nobody but this needs it.
    from tuilab.formats.meaning import understand
    from tuilab.formats.mend import mend

    root, found = read(text.removeprefix(_BOM), source)
    if not isinstance(root.value, dict):
        fact = "a topology file is a mapping of keys to values"
        hint = 'begin it with "tuilab: 1"'
        raise InvalidTopology([Problem((), fact, hint, *root.place)], source)
    shape = mend(root)
    shape.problems[:0] = found
    topology, found = understand(shape)
    if found:
        raise InvalidTopology(found, source)
    return Document(topology, source, text)


def dump(topology: Topology, document: Document | None = None) -> str:
    """The text of a topology file.

    Args:
        topology: A valid one.
        document: The file as it was loaded or saved last: what did not change stays as
            it is written there, comments, order and spacing. A new text without.
    """
    if document is None:
        return _fresh(topology)
    if document.topology == topology:
        return document.text
    from tuilab.formats.patch import CannotPatch, patch

    bom = _BOM if document.text.startswith(_BOM) else ""
    try:
        text = patch(document.text.removeprefix(_BOM), document.topology, topology)
        if loads(text).topology == topology:
            return bom + text
    except (CannotPatch, InvalidTopology):
        pass
    # Aliases can tie one place to another so that no single one can be changed.
    return bom + _head(document.text.removeprefix(_BOM)) + _fresh(topology)


def save(
    path: str | os.PathLike[str], topology: Topology, document: Document | None = None
) -> Document:
    """Write a topology file: all of it or nothing, with the mode of the one before.

    Returns:
        The file as it is now, for the next time.

    Raises:
        UsageError: It can't be written there.
    """
    text = dump(topology, document)
    write(path, text)
    return Document(topology, os.fspath(path), text)


def write(path: str | os.PathLike[str], text: str) -> None:
    """Write the text of a topology file: all of it or nothing.

    Raises:
        UsageError: It can't be written there.
    """
    try:
        _write(Path(os.path.realpath(path)), text)
    except OSError as error:
        raise UsageError(
            f'"{os.fspath(path)}" can\'t be written: {error.strerror}',
            "choose another place",
        ) from None


def _write(target: Path, text: str) -> None:
    try:
        before = target.stat()
    except FileNotFoundError:
        mode = 0o666 & ~_umask()
    else:
        mode = stat.S_IMODE(before.st_mode)
        if not (stat.S_ISREG(before.st_mode) or target.is_dir()):
            # A pipe or a terminal: there is nothing to replace.
            target.write_text(text, encoding="utf-8", newline="")
            return
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _umask() -> int:
    """The mode bits that new files do without, read without changing them."""
    with Path("/proc/self/status").open(encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o022


def _fresh(topology: Topology) -> str:
    lines = [
        ln for key, value in to_data(topology).items() for ln in emit.entry(key, value)
    ]
    return "\n".join(lines) + "\n"


def _head(text: str) -> str:
    """The comment that a file begins with."""
    lines = []
    for line in text.splitlines(keepends=True):
        if not line.startswith("#") and line.strip():
            break
        lines.append(line)
    return "".join(lines)


__all__ = ["Document", "dump", "load", "loads", "save", "write"]
