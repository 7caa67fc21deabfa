"""From a lab's name to a running `Lab`, in the two halves that the kernel demands.

Entering a sandbox is only possible with a single thread, so `enter` comes first in a
process, and `open_lab` once its event loop runs.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from tuilab.errors import RightsError
from tuilab.kernel import sandbox
from tuilab.kernel.sandbox import Keeper
from tuilab.lab import registry
from tuilab.lab.journal import JOURNAL, FileJournal
from tuilab.lab.lab import Lab
from tuilab.model.topology import Topology


@dataclass(frozen=True, slots=True)
class Place:
    """A lab that this process has entered, or a preview.

    Attributes:
        name: The lab's name.
        directory: Where its state lies.
        keeper: Its sandbox; None in preview.
        fresh: Whether the lab is yet to be built in its sandbox.
        preview: Why it is only a preview, or empty.
    """

    name: str
    directory: Path
    keeper: Keeper | None
    fresh: bool = False
    preview: str = ""


def enter(name: str, *, create: bool = False, preview: bool = False) -> Place:
    """Go into a lab's sandbox, for good. Call it before any thread is started.

    Args:
        name: The lab.
        create: Make a lab of that name when there is none.
        preview: Where no sandbox can be had, go on without instead of failing.

    Raises:
        NotFoundError: There is no such lab.
        UsageError: The name is not one.
        RightsError: No sandbox can be had here.
    """
    directory = registry.directory_of(name)
    if not create:
        registry.find(name)
    try:
        keeper = registry.ensure_keeper(directory)
    except RightsError as error:
        if not preview:
            raise
        return Place(name, directory, None, preview=str(error))
    sandbox.enter(keeper)
    return Place(name, directory, keeper, not registry.is_built(directory))


async def open_lab(place: Place, start: Topology | None = None) -> Lab:
    """The lab of a place that was entered, built when its sandbox is new.

    Args:
        place: What `enter` gave.
        start: For a preview: the topology to begin with.
    """
    if place.keeper is None:
        beginning = start or Topology(place.name)
        return await Lab.preview(beginning, place.preview, place.directory)
    # pyroute2 takes a while to import; listings and help do without it.
    from tuilab.kernel.netlink import NetlinkDriver

    if (place.directory / JOURNAL).exists():
        journal = FileJournal(place.directory)
    else:
        journal = FileJournal.create(place.directory, Topology(place.name))
    lab = await Lab.open(NetlinkDriver(), journal, place.directory)
    if place.fresh:
        await lab.restore()
        registry.set_built(place.directory)
    _watch_keeper(lab, place.keeper)
    return lab


def _watch_keeper(lab: Lab, keeper: Keeper) -> None:
    pidfd = sandbox.watch(keeper)
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        lab.end(f'lab "{lab.name}" has ended: its keeper process is gone')

    loop.add_reader(pidfd, ended)
