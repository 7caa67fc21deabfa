"""What the verbs do with labs: choose one, look at its files, work inside it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tuilab.cli.output import plan_lines, put, say
from tuilab.errors import LabGone, NotFoundError, UsageError
from tuilab.kernel import sandbox
from tuilab.lab import registry
from tuilab.lab.journal import FileJournal
from tuilab.lab.registry import LabInfo
from tuilab.model.topology import HOST, Endpoint, Topology

if TYPE_CHECKING:
    import asyncio

    # What works in a lab takes a while to import; listings do without.
    from tuilab.lab.lab import Lab
    from tuilab.lab.session import Place
    from tuilab.lab.snapshot import Event, Outcome
    from tuilab.model.edits import Change

Result = TypeVar("Result")

_host = False
_forced: float | None = None


def work_on_host(yes: bool = True) -> None:
    """Make new labs of this process on the machine's own network: ``--host``."""
    global _host
    _host = yes


def force(seconds: float | None) -> None:
    """Try what may cut the connection, if confirmed within that time: ``--force``."""
    global _forced
    _forced = seconds


def forced() -> float | None:
    """The time within which ``--force`` has it confirmed, None without."""
    return _forced


def on_host() -> bool:
    """Whether ``--host`` was given."""
    return _host


def outside() -> None:
    """Refuse to work within a lab, where processes have other numbers.

    Raises:
        UsageError: This process was started in a lab, by `tuilab shell` for example.
    """
    try:
        keeper = Path("/proc/1/comm").read_text().strip() == "tuilab-keeper"
    except OSError:
        return
    if keeper:
        name = os.environ.get("TUILAB_LAB", "a lab")
        raise UsageError(
            f'this is inside lab "{name}"', "run tuilab in a terminal outside of it"
        )


def choose(argument: str | None = None, option: str | None = None) -> LabInfo:
    """The lab that is meant: the one named, else $TUILAB_LAB, else the only one.

    Args:
        argument: A name given as an argument.
        option: A name given with ``--lab``.

    Raises:
        UsageError: Two different ones are named, or several run and none is named.
        NotFoundError: There is no such lab.
    """
    if argument and option and argument != option:
        raise UsageError(f'both "{argument}" and "{option}" are named', "name one lab")
    return registry.find(argument or option or preferred())


def preferred() -> str | None:
    """The lab that the environment names, or None."""
    return os.environ.get("TUILAB_LAB") or None


def running(argument: str | None = None, option: str | None = None) -> LabInfo:
    """The lab that is meant, which must be up; raises as `choose` does."""
    lab = choose(argument, option)
    if not lab.running:
        raise UsageError(
            f'lab "{lab.name}" is down', f"bring it up again: tuilab up {lab.name}"
        )
    return lab


def journal(lab: LabInfo) -> FileJournal:
    """The history of a lab, running or not, without going there."""
    return FileJournal(lab.directory)


def enter(lab: LabInfo) -> Place:
    """Go into a lab that runs, for good."""
    from tuilab.lab import session

    return session.enter(lab.name, host=_host)


@asynccontextmanager
async def bound_to(place: Place) -> AsyncIterator[None]:
    """What is done within this is cancelled when the lab ends.

    What holds its namespaces open does not see them go.

    Raises:
        LabGone: It has ended.
    """
    import asyncio

    if place.keeper is None:
        yield
        return
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    gone: list[bool] = []

    def end() -> None:
        loop.remove_reader(pidfd)
        gone.append(task.cancel())

    pidfd = sandbox.watch(place.keeper)
    loop.add_reader(pidfd, end)
    try:
        yield
    except asyncio.CancelledError:
        if not gone:
            raise
        task.uncancel()
        raise LabGone(f'lab "{place.name}" has ended') from None
    finally:
        loop.remove_reader(pidfd)
        os.close(pidfd)


def inside(
    place: Place,
    job: Callable[[Lab], Coroutine[Any, Any, Result]],
    start: Topology | None = None,
) -> Result:
    """Do something with the lab of a place that was entered.

    Args:
        place: The lab's.
        job: What to do.
        start: What a preview begins with.
    """
    import asyncio

    from tuilab.lab.session import open_lab

    asked: list[int] = []

    async def work() -> Result:
        loop, main = asyncio.get_running_loop(), asyncio.current_task()
        assert main is not None
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, _cancel, main, asked, number)
        stop = asyncio.Event()
        confirm = None
        if _forced is not None:
            from tuilab.cli.keep import confirmed

            confirm = confirmed(stop, _forced)
        lab = await open_lab(place, start, confirm)
        try:
            return await _stoppable(lab, job(lab), stop)
        finally:
            await lab.aclose()

    try:
        return asyncio.run(work())
    except asyncio.CancelledError:
        raise SystemExit(128 + asked[0] if asked else 130) from None


def _cancel(task: asyncio.Task[Any], asked: list[int], number: int) -> None:
    asked.append(number)
    task.cancel()


async def _stoppable(
    lab: Lab, job: Coroutine[Any, Any, Result], stop: asyncio.Event
) -> Result:
    """Do it; who is asked to stop meanwhile still finishes an edit it is at."""
    import asyncio

    task = asyncio.create_task(job)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        task.cancel()
        await asyncio.wait([task])
        if lab.snapshot.pending:
            say("tuilab: finishing this edit; ctrl+c again leaves it to be undone")
            settled = asyncio.Event()

            def look(_: Event) -> None:
                if not lab.snapshot.pending:
                    settled.set()

            lab.subscribe(look)
            await settled.wait()
        raise


def edit(lab: str | None, change: Change, *, dry_run: bool, quiet: bool) -> None:
    """Carry out an edit, or only show what it would run."""
    place = enter(running(option=lab))
    if dry_run:

        async def plan(lab: Lab) -> list[str]:
            await lab.foresee(change)
            return plan_lines(lab.plan(change).operations)

        for line in inside(place, plan):
            put(line)
        return
    report(inside(place, lambda lab: lab.edit(change)), quiet=quiet)


def report(outcome: Outcome, *, quiet: bool = False) -> None:
    """Show what an edit, undo or redo ran."""
    for note in outcome.notes:
        say(note)
    if quiet:
        return
    for command in outcome.commands:
        put(command)
    if not outcome.commands:
        say(f"{outcome.title}: nothing had to be done")


def endpoint(text: str, topology: Topology | None = None) -> Endpoint:
    """Read ``red:eth0``.

    Args:
        text: What was typed.
        topology: Where to look for what may have been meant.

    Raises:
        UsageError: It is no endpoint.
    """
    try:
        return Endpoint.parse(text)
    except ValueError:
        like = f"host:{text}" if text and ":" not in text else "red:eth0"
        raise UsageError(
            f'"{text}" is not a link of the form NS:IF', f"write it as {like}"
        ) from None


def sizes(topology: Topology) -> dict[str, int]:
    """How many namespaces a person made, and links."""
    made = sum(1 for name in topology.namespaces if name != HOST)
    return {"namespaces": made, "links": sum(1 for _ in topology.links())}


def namespace_of(topology: Topology, name: str) -> str:
    """A namespace of the lab.

    Raises:
        NotFoundError: There is none of that name.
    """
    if name not in topology.namespaces:
        raise no_namespace(name, topology)
    return name


def no_namespace(name: str, topology: Topology) -> NotFoundError:
    """What to say of a namespace that the lab does not have."""
    have = ", ".join(topology.namespaces)
    return NotFoundError(f'no namespace "{name}"', f"the lab has {have}")
