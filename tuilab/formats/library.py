"""The labs that come with tuilab: each a lesson, and a file to start from."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from tuilab.errors import NotFoundError

SUFFIX = ".yaml"


def folder() -> Path:
    """Where they lie: in the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "topologies"
    return packaged if packaged.is_dir() else package.parent / "topologies"


def examples() -> list[tuple[str, Path]]:
    """Every ready lab by name, with its file, in order of the names."""
    return [(path.stem, path) for path in sorted(folder().glob(f"*{SUFFIX}"))]


def about(path: str | os.PathLike[str]) -> str:
    """What a topology file says about itself: the first line of its head comment."""
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        first = file.readline()
    return first.lstrip("#").strip() if first.startswith("#") else ""


def find(name: str | os.PathLike[str]) -> Path:
    """A file by its path, else a ready lab by its name.

    Raises:
        NotFoundError: There is neither.
    """
    text = os.fspath(name)
    path = Path(text)
    known = dict(examples())
    if path.exists() and not (path.is_dir() and text in known):
        return path
    if text in known:
        return known[text]
    if "/" in text:
        raise NotFoundError(f'no file "{text}"', "check the path")
    close = difflib.get_close_matches(text.removesuffix(SUFFIX), known, n=1)
    listed = ", ".join(known)
    hint = f'did you mean "{close[0]}"?' if close else f"ready labs are {listed}"
    raise NotFoundError(f'no file "{text}", nor a ready lab of that name', hint)
