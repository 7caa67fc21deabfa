"""What was copied out of a lab, kept for this lab and others."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tuilab.errors import TuilabError, UsageError
from tuilab.formats import clips
from tuilab.model.edits.clip import Clip

FILE = "clip.yaml"
"""Beside the labs, in the state directory."""


class Clipboard:
    """Holds one clip."""

    def __init__(self, path: Path | None = None) -> None:
        """Make one.

        Args:
            path: The file that it is kept in; None to forget it with the process.
        """
        self._path = path
        self._text = ""

    def put(self, clip: Clip) -> str:
        """Keep a clip in place of the last one.

        Returns:
            It as text.

        Raises:
            UsageError: The file can't be written; it is kept in this process alone.
        """
        self._text = text = clips.dump(clip)
        if self._path is not None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise UsageError(
                    f'"{self._path}" can\'t be written: {error.strerror}',
                    "what was copied can be pasted here, but in no other lab",
                ) from None
        return text

    def get(self) -> Clip:
        """The clip that is kept.

        Raises:
            UsageError: There is none, or the file is none.
        """
        text = self._text
        if self._path is not None:
            with suppress(OSError, UnicodeDecodeError):
                text = self._path.read_text(encoding="utf-8")
        if not text:
            raise UsageError(
                "nothing has been copied yet", "copy a part of a lab first"
            )
        try:
            return clips.loads(text, str(self._path or ""))
        except TuilabError as error:
            raise UsageError(
                f"what was copied can't be read: {error.summary}", "copy it again"
            ) from None
