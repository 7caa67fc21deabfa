"""What can go wrong: one family, each with a summary, a hint and an exit code.

A message names the object in quotes, states the fact, and says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EXIT_OK = 0
EXIT_NO = 1
"""The answer is no: unreachable, check failed, drift found."""
EXIT_USAGE = 2
"""Wrong usage or a bad file; nothing was touched."""
EXIT_KERNEL = 3
"""The kernel refused."""
EXIT_RIGHTS = 4
"""Rights or tools are lacking."""


class TuilabError(Exception):
    """Anything that tuilab tells a person instead of showing a traceback.

    Attributes:
        summary: The object in quotes and the fact, in one sentence.
        hint: What to do about it; may be empty.
    """

    exit_code = EXIT_NO

    def __init__(self, summary: str, hint: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.summary}; {self.hint}" if self.hint else self.summary


class UsageError(TuilabError):
    """The request makes no sense as it stands."""

    exit_code = EXIT_USAGE


class NotFoundError(UsageError):
    """A name that nothing answers to.

    Attributes:
        name: The namespace or endpoint, where it is one.
    """

    def __init__(self, summary: str, hint: str = "", name: str = "") -> None:
        super().__init__(summary, hint)
        self.name = name


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a topology.

    Attributes:
        path: Where in the topology, as mapping keys and list indexes from the root,
            e.g. ``("namespaces", "red", "links", "eth0", "addresses", 0)``.
        message: The object in quotes and the fact.
        hint: The remedy.
        line: 1-based line in the file it came from, 0 where there is none.
        column: 1-based column, 0 where there is none.
    """

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InvalidTopology(UsageError):
    """A topology that can't be built, with everything that is wrong with it.

    Attributes:
        problems: All of them, in file order where there is a file.
        source: The file's name, or empty.
    """

    def __init__(self, problems: Sequence[Problem], source: str = "") -> None:
        self.problems = tuple(problems)
        self.source = source
        count = len(self.problems)
        where = f'"{source}"' if source else "this lab"
        first = "" if count != 1 else f": {self.problems[0]}"
        noun = "mistake" if count == 1 else "mistakes"
        super().__init__(f"{where} has {count} {noun}{first}")

    def lines(self) -> list[str]:
        """One line a problem, as ``file:line:column: what is wrong; what to do``."""
        out = []
        for problem in self.problems:
            place = f"{self.source}:{problem.line}:{problem.column}: "
            out.append(f"{place if problem.line else ''}{problem}")
        return out


class RightsError(TuilabError):
    """This user or this machine may not do that."""

    exit_code = EXIT_RIGHTS


class MissingTool(RightsError):
    """A program, kernel module or device that is not there."""


class KernelError(TuilabError):
    """The kernel refused an operation.

    Attributes:
        errno: The error number it gave, 0 where it gave none.
    """

    exit_code = EXIT_KERNEL

    def __init__(self, summary: str, hint: str = "", errno: int = 0) -> None:
        super().__init__(summary, hint)
        self.errno = errno


class EditFailed(KernelError):
    """An edit that was refused and rolled back, wholly or not.

    Attributes:
        leftovers: What rolling back could not restore, each with its remedy;
            empty when the lab is exactly as before.
    """

    def __init__(
        self,
        summary: str,
        hint: str = "",
        errno: int = 0,
        leftovers: Sequence[str] = (),
    ) -> None:
        super().__init__(summary, hint, errno)
        self.leftovers = tuple(leftovers)


class NotKept(TuilabError):
    """A change that might have cut the connection, and that nobody confirmed."""


class LabGone(TuilabError):
    """The lab's sandbox has ended while we were in it."""


class Busy(TuilabError):
    """Another process is changing the same lab and did not finish in time."""


class PacketError(TuilabError):
    """A capture or a packet that could not be had."""
