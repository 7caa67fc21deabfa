"""Labs in host mode as a whole: found by their marks, and cleared away."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tuilab.errors import TuilabError
from tuilab.lab.ground import HostGround
from tuilab.lab.journal import FileJournal, MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.model.topology import Topology

if TYPE_CHECKING:
    from tuilab.kernel.marks import Mark


def clear(name: str, directory: Path | None = None) -> None:
    """Remove all that a lab made on the machine, and put its settings back.

    Args:
        name: The lab.
        directory: Where its state lies, if it has any still.

    Raises:
        TuilabError: Something of it can't be removed.
    """
    from tuilab.kernel.marks import Mark

    asyncio.run(_clear(Mark.of(name), directory))


def found() -> list[Mark]:
    """The marks of all labs that have something on this machine, known or not."""
    from tuilab.kernel.host import all_marks

    return sorted(asyncio.run(all_marks()), key=lambda mark: (mark.lab, mark.group))


def clear_mark(mark: Mark) -> None:
    """Remove all that carries a mark; raises as `clear` does."""
    asyncio.run(_clear(mark, None))


async def _clear(mark: Mark, directory: Path | None) -> None:
    from tuilab.kernel import former, netns, ssh
    from tuilab.kernel.host import HostDriver

    async with AsyncExitStack() as stack:
        if directory is not None:
            journal = _journal(directory)
            if journal is not None:
                # Nobody edits it meanwhile, nor afterwards.
                await stack.enter_async_context(journal.exclusive())
        nothing = MemoryJournal(Topology(mark.lab))
        ground = HostGround(mark.lab, connection=ssh.connection())
        lab = await Lab.open(HostDriver(mark), nothing, Path(), ground=ground)
        stack.push_async_callback(lab.aclose)
        await lab.restore()
        former.release(mark.lab, former.held(mark.lab))
        if mark.lab:
            netns.sweep(mark.text)
            former.leave(mark.lab)


def _journal(directory: Path) -> FileJournal | None:
    """The journal, whose lock is needed; None where it is damaged."""
    try:
        return FileJournal(directory)
    except TuilabError:
        return None
