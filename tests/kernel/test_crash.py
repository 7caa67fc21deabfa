"""Killed at any moment: no history is lost, and nothing is left that nobody owns.

A worker opens the lab, checks it, and changes it at random until it is killed; the next
one goes on from there. Before each change it says what the lab may be found as: as it
was, or as it is to be after it, history and kernel together, and nothing in between.

TUILAB_TEST_SEED replays the changes and the moments that are counted; those that the
clock chooses come out only nearly the same.
"""

import asyncio
import collections
import hashlib
import json
import os
import random
import select
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field

from tests.drivers import OneByOne
from tests.kernel.alive import a_lab, ip_json
from tests.kernel.packetbox import boxed
from tests.strategies import applied, random_change
from tuilab.errors import KernelError
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.lab import journal as journals
from tuilab.model.topology import LO, Endpoint
from tuilab.plan.operations import SetLink
from tuilab.plan.state import to_data

KILLS, ROUNDS = 210, 5
"""How often, and over how many labs: a journal that is long takes longer to read."""
ACTIONS = 8
"""Changes of a worker that is still there; then it is killed at rest."""
VERBS = (
    *("edit", "edit", "edit", "edit", "undo", "undo", "redo", "redo", "redo"),
    *("outside", "repair", "adopt"),
)
MOMENTS = ("operation", "carried out", "record", "torn", "recorded", "clock")
PATIENCE = 30.0
ANY = "*"


@dataclass
class Death:
    """When a worker dies.

    Attributes:
        moment: One of `MOMENTS`.
        count: How many such moments it lives through.
        delay: Seconds it lives, where the clock decides.
    """

    moment: str
    count: int
    delay: float

    def near(self, moment: str) -> bool:
        """Whether this is the moment."""
        if moment != self.moment:
            return False
        self.count -= 1
        return self.count < 0


@dataclass
class Story:
    """What is known of a lab from outside.

    Attributes:
        allowed: What it may be found as: pairs of history and kernel.
        kills: How often which end came.
        actions: How often what was done.
    """

    allowed: list = field(default_factory=list)
    kills: collections.Counter = field(default_factory=collections.Counter)
    actions: collections.Counter = field(default_factory=collections.Counter)


def digest(value):
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_history(history):
    titles = [edit.title for edit in history.edits]
    wish = repr(sorted(history.topology.namespaces.items()))
    return f"{history.position}/{len(titles)} {digest([titles, wish])}"


def found_as(lab):
    return [of_history(lab.snapshot.history), digest(to_data(lab.snapshot.observed))]


def expected(history, goal):
    return [of_history(history), digest(to_data(goal))]


def fits(now, allowed):
    history, kernel = now
    return any(it[0] == history and it[1] in (kernel, ANY) for it in allowed)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal(OneByOne, NetlinkDriver):
    """The real kernel, for a worker that dies before or after an operation."""

    def __init__(self, death):
        super().__init__()
        self._death = death

    async def before(self, operation):
        if self._death.near("operation"):
            die()

    async def after(self, operation):
        if self._death.near("carried out"):
            die()


def make_mortal(death, write=journals._write_at):
    """Die before, in or after writing a record."""

    def write_at(path, offset, data):
        if death.near("record"):
            die()
        if death.near("torn"):
            with open(path, "r+b") as file:
                file.truncate(offset)
                file.seek(offset)
                file.write(data[: random.randrange(len(data))])
            die()
        write(path, offset, data)
        if death.near("recorded"):
            die()

    journals._write_at = write_at


# -- the worker ------------------------------------------------------------------


def worker(directory, story, death, rng, tell):
    """Work on the lab until death; never returns."""
    try:
        make_mortal(death)
        asyncio.run(work(directory, story, death, rng, tell))
        die()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(1)


async def work(directory, story, death, rng, tell):
    # Where no operation is counted they go to the kernel in batches, as usual.
    counted = death.moment in ("operation", "carried out")
    driver = Mortal(death) if counted else NetlinkDriver()
    async with a_lab(directory, driver, restored=False) as lab:
        check(lab, directory, story)
        tell({"allowed": [found_as(lab)]})
        for _ in range(ACTIONS):
            await act(lab, rng, tell)


def check(lab, directory, story):
    """The lab is what it may be, and nobody else's things lie about."""
    now = found_as(lab)
    assert not story.allowed or fits(now, story.allowed), (
        f"{now} is none of {story.allowed}; drift: {lab.snapshot.drift}; "
        f"log: {[(it.title, it.error) for it in lab.log]}"
    )
    assert lab._journal.begun is None
    # A draft of the journal goes with its folder.
    rest = {it for it in os.listdir(directory) if not it.startswith("journal.")}
    assert rest <= {"lock"}
    names = set(lab.snapshot.observed.namespaces)
    assert set(os.listdir("/run/netns")) | {"host"} == names


async def act(lab, rng, tell):
    """One random change; what it may leave is told before, what it left after."""
    history, topology = lab.snapshot.history, lab.snapshot.topology
    verb = rng.choice(VERBS)
    if verb == "edit":
        change = random_change(topology, rng)
        after = applied(topology, change)
        if after is None:
            return
        edit = journals.Edit(change.title, after, change.renames)
        try:
            goal = lab.plan(change).goal
        except KernelError:
            return  # what was done outside is in the way
        may, go = [expected(history.after(edit), goal)], lambda: lab.edit(change)
    elif verb in ("undo", "redo"):
        step = history.undo() if verb == "undo" else history.redo()
        if step is None:
            return
        there = lab.snapshot.observed
        try:
            goal = lab._converger.plan(step.topology, step.renames, there).goal
        except KernelError:
            return
        may = [expected(history.moved(step.position), goal)]
        go = lab.undo if verb == "undo" else lab.redo
    elif verb == "repair":
        may, go = [expected(history, lab.repairs().goal)], lab.repair
    elif verb == "adopt":
        found = lab.adoption()
        if not found.count:
            return
        edit = journals.Edit(found.title, found.topology)
        may = [expected(history.after(edit), lab.snapshot.observed)]
        go = lab.adopt
    else:
        # One operation: whatever it takes along, the history stays.
        may, go = [[of_history(history), ANY]], outside(lab, rng)
    tell({"allowed": [found_as(lab), *may]})
    await go()
    await lab.rescan()
    now = found_as(lab)
    assert fits(now, may), f"{verb}: {now} is none of {may}"
    tell({"allowed": [now], "did": verb})


def outside(lab, rng):
    """A change that no tuilab makes."""
    links = [
        (Endpoint(name, ifname), link)
        for name, namespace in lab.snapshot.observed.namespaces.items()
        for ifname, link in namespace.links.items()
        if ifname != LO
    ]

    async def go():
        if links:
            end, link = rng.choice(links)
            other = {"mtu": 1390} if rng.random() < 0.5 else {"up": not link.up}
            await NetlinkDriver.carry_out(lab._driver, [SetLink(end, **other)])

    return go


# -- who watches it ----------------------------------------------------------------


def one_life(directory, story, rng):
    """Have a worker, kill it, and take in what it said."""
    moment = rng.choice(MOMENTS)
    count = rng.randrange(16 if moment in ("operation", "carried out") else 6)
    death = Death(moment, count, rng.uniform(0.0, 0.3))
    seed = rng.randrange(2**32)
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)

        def tell(news):
            os.write(theirs, json.dumps(news).encode() + b"\n")

        worker(directory, story, death, random.Random(seed), tell)
    os.close(theirs)
    said = b""
    patience = death.delay if moment == "clock" else PATIENCE
    deadline = time.monotonic() + patience
    killed = False
    while True:
        left = max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([ours], [], [], left)
        if ready:
            part = os.read(ours, 65536)
            if not part:
                break
            said += part
        elif not killed:
            assert moment == "clock", "a worker hangs"
            os.kill(pid, signal.SIGKILL)
            killed, deadline = True, time.monotonic() + PATIENCE
        else:
            raise AssertionError("a worker that was killed is still there")
    os.close(ours)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    alive = death.moment != "clock" or not killed
    story.kills["at rest" if alive and said.count(b"did") == ACTIONS else moment] += 1
    for line in said.splitlines():
        news = json.loads(line)
        story.allowed = news["allowed"]
        if "did" in news:
            story.actions[news["did"]] += 1


@boxed
def test_killed_at_random_nothing_is_lost_and_nothing_is_left(tmp_path):
    seed = int(os.environ.get("TUILAB_TEST_SEED") or random.randrange(2**32))
    print(f"TUILAB_TEST_SEED={seed}")
    rng = random.Random(seed)
    asyncio.run(begin())
    bare = ip_json()
    total, actions = collections.Counter(), collections.Counter()
    for number in range(ROUNDS):
        directory = tmp_path / str(number)
        directory.mkdir()
        story = Story()
        while story.kills.total() < KILLS // ROUNDS:
            one_life(directory, story, rng)
        total, actions = total + story.kills, actions + story.actions
        asyncio.run(end(directory, story))
        assert ip_json() == bare
    print(f"{total.total()} kills: {dict(total)}; done: {dict(actions)}")
    assert total.total() >= 200
    assert {*total} >= {*MOMENTS}
    assert {*actions} == {*VERBS}


async def begin():
    """A lab with nothing in it."""
    async with a_lab():
        pass


async def end(directory, story):
    """Back to the start: of all that was made nothing is there."""
    async with a_lab(directory, restored=False) as lab:
        check(lab, directory, story)
        await lab.repair()
        await lab.go_to(0)
        await lab.rescan()
        assert lab.snapshot.drift == ()
