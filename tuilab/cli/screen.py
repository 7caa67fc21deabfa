"""The screen: `tuilab` with a file, a lab or nothing.

A process can't leave a sandbox that it has entered, and the screen may go on to another
lab. So each visit is a process of its own, and the one that was started stays outside:
it removes labs, goes on to others, and puts the terminal right when a visit is killed.
"""

from __future__ import annotations

import gc
import json
import os
import pwd
import sys
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuilab.cli import complete, targets, work
from tuilab.cli.apart import apart, end_with_parent, give_size
from tuilab.cli.options import SECONDS, Force, LabOption, OnHost, Within
from tuilab.cli.output import plan_lines, put, say
from tuilab.cli.targets import Target
from tuilab.errors import EXIT_OK, TuilabError, UsageError
from tuilab.kernel.sandbox import alive
from tuilab.lab import registry
from tuilab.lab.registry import LabInfo
from tuilab.model.addressing import free_name
from tuilab.model.topology import HOST, Topology

if TYPE_CHECKING:
    from tuilab.lab.lab import Lab
    from tuilab.lab.session import Place
    from tuilab.model.edits import Change
    from tuilab.plan.imported import Imported
    from tuilab.tui.surroundings import ExitChoice, Surroundings

NEW = "lab"


@dataclass(frozen=True, slots=True)
class Visit:
    """Which lab the screen shows.

    Attributes:
        name: The lab; made when there is none.
        topology: What it is to become, or None.
        source: The file that this comes from.
        ready: The file is one of the labs that come with tuilab.
        machine: What exists on this machine is offered to be imported.
    """

    name: str
    topology: Topology | None = None
    source: Path | None = None
    ready: bool = False
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """How the screen looks, and the action that it begins with."""

    ascii_only: bool
    mouse: bool
    begin: str = ""

    def options(self) -> dict[str, Any]:
        """As `tui.app.run` takes them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Farewell:
    """How a visit ended: see `tui.surroundings.ExitChoice`.

    Attributes:
        action: What the person chose.
        target: Where to go on to.
        empty: There is nothing in the lab.
        edited: Somebody has edited it at some time.
        preview: It was only a preview.
        gone: It had ended before.
    """

    action: str = "keep"
    target: str = ""
    empty: bool = False
    edited: bool = False
    preview: bool = False
    gone: bool = False


def open_(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|LAB|EXAMPLE",
            help="A topology file, a lab, or a ready lab such as two-hosts.",
            autocompletion=complete.sources,
            show_default=False,
        ),
    ] = None,
    lab: LabOption = None,
    ascii_only: Annotated[
        bool, typer.Option("--ascii", help="Draw with ASCII characters only.")
    ] = False,
    no_mouse: Annotated[
        bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")
    ] = False,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Print the lab in words instead; no screen."),
    ] = False,
    host: OnHost = False,
    force: Force = False,
    within: Within = SECONDS,
) -> int:
    """Open the screen. Without a name: the lab used last, else a new one."""
    if host:
        work.work_on_host()
    if force:
        work.force(within)
    if plain:
        return _tell(target, lab)
    visit = first(target, lab)
    _check_terminal()
    return _show_all(visit, Look(ascii_only, not no_mouse))


def tour(
    ascii_only: Annotated[
        bool, typer.Option("--ascii", help="Draw with ASCII characters only.")
    ] = False,
    no_mouse: Annotated[
        bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")
    ] = False,
) -> int:
    """Open the screen on a new lab, and build a first one step by step."""
    taken = {lab.name for lab in registry.labs()}
    name = free_name("tour", taken, start=1) if "tour" in taken else "tour"
    _check_terminal()
    return _show_all(Visit(name), Look(ascii_only, not no_mouse, "tour"))


def _check_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the screen needs a terminal",
            "tuilab up FILE makes a lab without one; tuilab --help lists all verbs",
        )
    if os.environ.get("TERM") == "dumb":
        raise UsageError(
            "this terminal says that it can't draw a screen: TERM is dumb",
            "print the lab in words with tuilab --plain, or set TERM to what it is",
        )


def _show_all(visit: Visit, look: Look) -> int:
    """Show one lab after the other, until the person leaves."""
    give_size()
    while True:
        known = targets.known(visit.name) is not None
        code, word = apart(partial(_visit, visit, look))
        farewell = Farewell(**json.loads(word)) if word else None
        onward = _leave(visit, known, farewell)
        if onward is None:
            return code
        visit, look = onward, replace(look, begin="machine" if onward.machine else "")


def _tell(word: str | None, option: str | None) -> int:
    """Print a lab, or what a file would make of one, in words."""
    from tuilab.cli.draw import put_plain, seen, wished

    target = targets.find(word) if word is not None else None
    if target is not None and target.file is not None:
        topology = _of_file(target, option or work.preferred()).topology
        assert topology is not None
        put_plain(wished(topology))
        return EXIT_OK
    lab = work.choose(word, option)
    there = seen(lab) if lab.running else wished(work.journal(lab).history.topology)
    put_plain(there)
    return EXIT_OK


def first(word: str | None, option: str | None) -> Visit:
    """Where to go first.

    Raises:
        UsageError: The file has mistakes, or a word names nothing.
    """
    if word is None:
        name = option or work.preferred()
        return Visit(registry.find(name).name if name else _usual())
    target = targets.find(word)
    if target is None:
        from tuilab.cli.app import unknown

        raise unknown(word)
    if target.lab is not None:
        return Visit(work.choose(word, option).name)
    return _of_file(target, option or work.preferred())


def _usual() -> str:
    labs = registry.labs()
    wanted = [lab for lab in labs if lab.host] if work.on_host() else labs
    running = [lab.name for lab in wanted if lab.running]
    if running:
        return running[0]
    taken = {lab.name for lab in labs}
    return free_name(NEW, taken, start=1) if NEW in taken else NEW


def _of_file(target: Target, name: str | None) -> Visit:
    from tuilab.formats import yaml

    assert target.file is not None
    if name is not None:
        registry.directory_of(name)
    topology = yaml.load(target.file).topology
    return Visit(name or topology.name, topology, target.file, target.ready)


# -- in the process of its own ---------------------------------------------------


def _visit(visit: Visit, look: Look) -> str:
    """Show a lab until the person leaves; how that was, as JSON."""
    from tuilab.lab.session import enter

    user = _user()
    there = targets.known(visit.name)
    start = visit.topology
    if start is None and there is not None:
        start = work.journal(there).history.topology
    if start is not None:
        start = replace(start, name=visit.name)
    # Once in the sandbox there is nothing of the machine to be seen.
    machine = _machine(visit.name) if visit.machine else None
    place = enter(visit.name, create=True, preview=True, host=work.on_host())
    end_with_parent()
    _import_screen()
    around = _around(place, user, machine)

    async def stay(lab: Lab) -> Farewell:
        if not place.preview:
            await _become(lab, visit, new=there is None)
        choice = await _show(lab, place, look, around)
        return _farewell(lab, place, choice)

    return json.dumps(asdict(work.inside(place, stay, start)))


def _import_screen() -> None:
    """Before the event loop runs, which would stand still for half a second."""
    # A seventh of the time would go into looking for garbage where there is none.
    gc.disable()
    try:
        import tuilab.packets.send
        import tuilab.tui.app  # noqa: F401
    finally:
        gc.enable()


async def _become(lab: Lab, visit: Visit, *, new: bool) -> None:
    """Bring the lab to what the file says, after asking if it was there before."""
    from tuilab.model import edits

    if visit.topology is None or visit.source is None:
        return
    name = visit.source.stem if visit.ready else visit.source.name
    change = edits.become(f"load {name}", visit.topology)
    if change.apply(lab.snapshot.topology) != lab.snapshot.topology:
        await lab.foresee(change)
        if not new and not _agreed(lab, change, name):
            return
        await lab.edit(change)
    if not visit.ready:
        lab.set_source(visit.source)


def _agreed(lab: Lab, change: Change, name: str) -> bool:
    for line in plan_lines(lab.plan(change).operations):
        put(line)
    say(f'lab "{lab.name}" is there already, and differs from "{name}".')
    return typer.confirm("Run these commands? (undo takes them back)", err=True)


def _machine(name: str) -> Imported:
    """What exists on this machine; where it can't be seen, that is all there is."""
    from tuilab.cli.importing import look
    from tuilab.plan.imported import Imported

    try:
        return look(name)
    except TuilabError as error:
        return Imported(Topology(name), (str(error),))


async def _show(lab: Lab, place: Place, look: Look, around: Surroundings) -> ExitChoice:
    from tuilab.packets.send import Sender
    from tuilab.tui.app import run

    if place.preview:
        return await run(lab, around, **look.options())
    async with Sender() as sender:
        around = replace(around, sender=sender)
        return await run(lab, around, **look.options())


def _around(place: Place, user: str, machine: Imported | None) -> Surroundings:
    from tuilab.cli.mistake import reports
    from tuilab.formats import library
    from tuilab.kernel import procs
    from tuilab.lab.clipboard import FILE, Clipboard
    from tuilab.tui.keyfile import keys_file, read_keys
    from tuilab.tui.packet_looks import read_looks
    from tuilab.tui.surroundings import Surroundings

    keeper = place.keeper
    keymap, key_problems = read_keys(keys_file())
    looks_file = keys_file().with_name("packets.yaml")

    def shell(namespace: str) -> list[str]:
        argv = procs.shell_argv()
        return procs.command_line(keeper, namespace, argv, leader=True)

    def window(namespace: str) -> list[str]:
        program = [sys.executable, "-m", "tuilab"]
        return [*program, "shell", "--lab", place.name, namespace]

    return Surroundings(
        no_packets=f"this is only a preview: {place.preview}" if place.preview else "",
        shell=None if place.preview else shell,
        window=None if place.preview else window,
        labs=lambda: [lab.name for lab in registry.labs()],
        folders=(Path(), library.folder()),
        reports=reports(),
        clipboard=reports().parent / "clipboard",
        user=user,
        clips=Clipboard(registry.state_directory() / FILE),
        machine=machine,
        keymap=keymap,
        key_problems=tuple(key_problems),
        looks=read_looks(looks_file),
        looks_file=looks_file,
    )


def _farewell(lab: Lab, place: Place, choice: ExitChoice) -> Farewell:
    now = lab.snapshot
    return Farewell(
        action=choice.action,
        target=choice.target,
        empty=set(now.topology.namespaces) == {HOST} and not any(now.topology.links()),
        edited=bool(now.history.edits),
        preview=bool(place.preview),
        gone=_gone(place),
    )


def _gone(place: Place) -> bool:
    if place.host:
        return not registry.host_is_up(place.directory)
    return place.keeper is not None and not alive(place.keeper)


def _user() -> str:
    """Who we are outside of the sandbox, where the machine knows us by a name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""


# -- and back in the one outside ---------------------------------------------------


def _leave(visit: Visit, known: bool, farewell: Farewell | None) -> Visit | None:
    """Do what was chosen on leaving; where to go on to, or None to end.

    Args:
        visit: What was shown.
        known: The lab was there before.
        farewell: How it ended; None when it was cut off.
    """
    lab = targets.known(visit.name)
    if farewell is None:
        farewell = _cut_off(lab)
    untouched = not known and farewell.empty and not farewell.edited
    if farewell.preview or untouched:
        if not known:
            _forget(visit.name)
    elif farewell.gone or lab is None:
        say(f'lab "{visit.name}" has ended')
    elif farewell.action == "remove" and (farewell.edited or not farewell.empty):
        registry.end(lab)
        say(f'lab "{visit.name}" is removed')
    elif farewell.action in ("keep", "remove"):
        # A lab that is empty now may be open in another terminal, or have a past.
        say(f'lab "{visit.name}" goes on: tuilab {visit.name} comes back to it,')
        say(f"  tuilab down {visit.name} ends it")
    if farewell.action == "machine":
        return Visit(visit.name, machine=True)
    if farewell.action == "lab":
        return Visit(farewell.target)
    if farewell.action == "open":
        return _of_file(Target(file=Path(farewell.target)), None)
    return None


def _cut_off(lab: LabInfo | None) -> Farewell:
    """What can be told of a visit that could not tell it itself."""
    if lab is None:
        return Farewell(empty=True)
    past = work.journal(lab).history
    return Farewell(empty=not past.edits, edited=bool(past.edits))


def _forget(name: str) -> None:
    registry.end(LabInfo(name, registry.directory_of(name), None, 0))
