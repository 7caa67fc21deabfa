"""What `up` and the screen are asked for: a topology file, a ready lab, or a lab."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tuilab.errors import TuilabError
from tuilab.lab import registry
from tuilab.lab.journal import FileJournal
from tuilab.lab.registry import LabInfo


@dataclass(frozen=True, slots=True)
class Target:
    """What a word stands for: a file or a lab.

    Attributes:
        file: The topology file, or None.
        ready: The file is one of the labs that come with tuilab.
        lab: The lab, where the word is no file.
    """

    file: Path | None = None
    ready: bool = False
    lab: LabInfo | None = None


def find(word: str, *, labs: bool = True) -> Target | None:
    """What a word stands for: a file before a lab before a ready lab.

    A lab without any edit, left by an `up` that was cut off, does not hide the ready
    lab that it was to become.

    Args:
        word: What was typed.
        labs: Whether it may be a lab.
    """
    from tuilab.formats import library

    path = Path(word)
    if "/" in word or path.suffix in (".yaml", ".yml") or path.is_file():
        return Target(path, ready=path.resolve().parent == library.folder())
    ready = dict(library.examples()).get(word)
    if labs and (lab := known(word)) and not (ready and _never_edited(lab)):
        return Target(lab=lab)
    return Target(ready, ready=True) if ready else None


def known(name: str) -> LabInfo | None:
    """The lab of that name, running or not, or None."""
    return next((lab for lab in registry.labs() if lab.name == name), None)


def _never_edited(lab: LabInfo) -> bool:
    try:
        return not FileJournal(lab.directory).history.edits
    except TuilabError:
        return False
