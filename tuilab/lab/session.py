"""From a lab's name to a running `Lab`, in the two halves that the kernel demands.

Entering a sandbox is only possible with a single thread, so `enter` comes first in a
process, and `open_lab` once its event loop runs.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tuilab.errors import RightsError
from tuilab.kernel import sandbox, ssh
from tuilab.kernel.sandbox import Keeper
from tuilab.lab import registry
from tuilab.lab.ground import HostGround
from tuilab.lab.guarded import Confirm
from tuilab.lab.journal import JOURNAL, FileJournal
from tuilab.lab.lab import Lab
from tuilab.model.topology import Topology

WATCH_PERIOD = 0.5
"""Seconds between looks whether a lab in host mode was ended by another process."""


@dataclass(frozen=True, slots=True)
class Place:
    """A lab that this process has entered, or a preview.

    Attributes:
        name: The lab's name.
        directory: Where its state lies.
        keeper: Its sandbox; None in preview.
        fresh: Whether the lab is yet to be built in its sandbox.
        preview: Why it is only a preview, or empty.
        host: It is on the machine's own network, and has no sandbox.
    """

    name: str
    directory: Path
    keeper: Keeper | None
    fresh: bool = False
    preview: str = ""
    host: bool = False


def enter(
    name: str, *, create: bool = False, preview: bool = False, host: bool = False
) -> Place:
    """Go into a lab's sandbox, for good. Call it before any thread is started.

    Args:
        name: The lab.
        create: Make a lab of that name when there is none.
        preview: Where no sandbox can be had, go on without instead of failing.
        host: A lab that is made is one on the machine's own network.

    Raises:
        NotFoundError: There is no such lab.
        UsageError: The name is not one, or host is asked of a lab with a sandbox.
        RightsError: No sandbox can be had here, or lacking rights over the machine.
    """
    directory = registry.directory_of(name)
    if not create:
        registry.find(name)
    if host or registry.is_host(directory):
        from tuilab.kernel import former, machine

        machine.check_rights()
        former.enter(name)
        registry.ensure_host(directory)
        fresh = not registry.is_built(directory)
        return Place(name, directory, None, fresh, host=True)
    try:
        keeper = registry.ensure_keeper(directory)
    except RightsError as error:
        if not preview:
            raise
        return Place(name, directory, None, preview=str(error))
    sandbox.enter(keeper)
    return Place(name, directory, keeper, not registry.is_built(directory))


async def open_lab(
    place: Place, start: Topology | None = None, confirm: Confirm | None = None
) -> Lab:
    """The lab of a place that was entered, built when its sandbox is new.

    Args:
        place: What `enter` gave.
        start: For a preview: the topology to begin with.
        confirm: See `Lab.confirm`.
    """
    if place.preview:
        beginning = start or Topology(place.name)
        return await Lab.preview(beginning, place.preview, place.directory)
    if (place.directory / JOURNAL).exists():
        journal = FileJournal(place.directory)
    else:
        journal = FileJournal.create(place.directory, Topology(place.name))
    if place.keeper is None:
        is_up = partial(registry.host_is_up, place.directory)
        ground = HostGround(place.name, is_up, ssh.connection(), fresh=place.fresh)
        # pyroute2 takes a while to import; listings and help do without it.
        from tuilab.kernel.host import HostDriver
        from tuilab.kernel.marks import Mark

        driver = HostDriver(Mark.of(place.name))
        lab = await Lab.open(driver, journal, place.directory, ground=ground)
    else:
        from tuilab.kernel.netlink import NetlinkDriver

        lab = await Lab.open(NetlinkDriver(), journal, place.directory)
    lab.confirm = confirm
    if place.fresh:
        await lab.restore()
        registry.set_built(place.directory)
    if place.keeper is None:
        _watch_host(lab, place.directory)
    else:
        _watch_keeper(lab, place.keeper)
    return lab


def _watch_host(lab: Lab, directory: Path) -> None:
    """Tell a lab in host mode when another process has ended it."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        if registry.host_is_up(directory):
            loop.call_later(WATCH_PERIOD, look)
        else:
            lab.end(f'lab "{lab.name}" has ended')

    loop.call_later(WATCH_PERIOD, look)


def _watch_keeper(lab: Lab, keeper: Keeper) -> None:
    pidfd = sandbox.watch(keeper)
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        lab.end(f'lab "{lab.name}" has ended: its keeper process is gone')

    loop.add_reader(pidfd, ended)
