"""What follows the lab's kernel: other processes, the world outside, counters."""

import asyncio
import time

import pytest

from tests.drivers import Slow
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab.follow import MOST_REST, REST
from tuilab.lab.journal import Begun, FileJournal, MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.model import edits, generate
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.history import Edit
from tuilab.plan.operations import DeleteNamespace
from tuilab.plan.state import to_data


async def test_what_a_dead_process_left_is_rolled_back_by_whoever_looks_on(tmp_path):
    FileJournal.create(tmp_path, Topology("lab"))
    driver = ModelDriver()
    lab = await Lab.open(driver, FileJournal(tmp_path), tmp_path)
    await lab.restore()
    await lab.edit(edits.add_namespace("red"))
    done, seen = asyncio.Event(), []

    def listen(_):
        seen.append(lab.snapshot.pending)
        if any("cut off" in entry.title for entry in lab.log):
            done.set()

    lab.subscribe(listen)
    FileJournal(tmp_path).begin(Begun("remove red", to_data(lab.snapshot.observed)))
    await driver.carry_out([DeleteNamespace("red")])
    await asyncio.wait_for(done.wait(), 10)
    assert lab.snapshot.pending == ""
    assert "red" in lab.snapshot.observed.namespaces
    assert FileJournal(tmp_path).begun is None
    await lab.aclose()


class Shared(ModelDriver):
    """A kernel where somebody else goes on right after we have looked."""

    def __init__(self):
        super().__init__()
        self.watched = asyncio.Event()
        self.afterwards = None

    async def watch(self, callback):
        self.hear = callback
        self.watched.set()

    async def observe(self, only=None):
        seen = await super().observe(only)
        afterwards, self.afterwards = self.afterwards, None
        if afterwards:
            await afterwards()
        return seen


async def test_an_edit_of_another_process_is_nothing_from_outside(tmp_path):
    driver = Shared()
    journal = FileJournal.create(tmp_path, Topology("demo"))
    lab = await Lab.open(driver, journal, tmp_path)
    other = FileJournal(tmp_path)
    change = edits.add_bridge(Endpoint("host", "br0"))
    first, *rest = lab.plan(change).operations
    heard = asyncio.Event()
    lab.subscribe(lambda _: lab.snapshot.history.edits and heard.set())

    async def finish():
        for operation in rest:
            await driver.carry_out([operation])
        after = change.apply(lab.snapshot.topology)
        other.edit(Edit(change.title, after, change.renames, 1e9))

    await driver.watched.wait()
    await lab.rescan()
    other.begin(Begun(change.title, to_data(lab.snapshot.observed)))
    await driver.carry_out([first])
    driver.afterwards = finish
    driver.hear(frozenset({"host"}))
    await asyncio.wait_for(heard.wait(), 10)
    await lab.rescan()
    assert lab.snapshot.observed.link(Endpoint("host", "br0")).up
    assert [entry.title for entry in lab.log if entry.outside] == []
    await lab.aclose()


class Eventful(Slow):
    """Tells of many things that happen while an edit is made, as the kernel does."""

    async def watch(self, callback):
        self.tell = callback
        self.looks = []

    async def observe(self, only=None):
        seen = await super().observe(only)
        if hasattr(self, "looks"):
            self.looks.append(only)
            if only == {"red", "host"}:
                # While that is looked at something else comes.
                self.tell(frozenset({"red"}))
                await asyncio.sleep(0)
        return seen


async def test_what_happened_during_an_edit_is_looked_at_once(tmp_path):
    driver = Eventful()
    driver.go_on.set()
    lab = await Lab.open(driver, MemoryJournal(Topology("lab")), tmp_path)
    await lab.restore()
    lab.subscribe(lambda _: None)
    await lab.rescan()
    driver.go_on.clear()
    driver.at_it.clear()
    edit = asyncio.ensure_future(lab.edit(edits.add_namespace("red")))
    await driver.at_it.wait()
    for name in ("red", "host", "red"):
        driver.tell(frozenset({name}))
        await asyncio.sleep(0)
    driver.looks.clear()
    driver.go_on.set()
    await edit
    async with asyncio.timeout(10):
        while len(driver.looks) < 3:
            await asyncio.sleep(0)
    await lab.aclose()
    assert driver.looks == [{"red"}, {"red", "host"}, {"red"}]


class OneDumpAtATime(ModelDriver):
    """As a netlink socket is: a second dump while one is under way is refused."""

    def __init__(self):
        super().__init__()
        self.dumping = False
        self.counting = asyncio.Event()
        self.go_on = asyncio.Event()

    async def live(self):
        assert not self.dumping
        self.dumping = True
        self.counting.set()
        await self.go_on.wait()
        self.dumping = False
        return {}

    async def observe(self, only=None):
        assert not self.dumping
        return await super().observe(only)


async def test_an_edit_waits_for_the_counters_that_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr("tuilab.lab.follow.COUNTER_PERIOD", 0)
    driver = OneDumpAtATime()
    lab = await Lab.open(driver, MemoryJournal(Topology("trial")), tmp_path)
    lab.subscribe(lambda event: None)
    await driver.counting.wait()
    edit = asyncio.ensure_future(lab.edit(edits.add_namespace("red")))
    await asyncio.sleep(0)
    driver.go_on.set()
    await edit
    assert "red" in lab.snapshot.observed.namespaces
    await lab.aclose()


async def test_a_kernel_that_tells_all_the_time_is_not_looked_at_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lab = await Lab.preview(generate.star(20))
    look, took = lab._runner.look, []

    async def looked(names: set[str] | None = None) -> None:
        began = time.monotonic()
        await look(names)
        while time.monotonic() < began + 0.004:
            await asyncio.sleep(0)
        took.append(time.monotonic() - began)

    monkeypatch.setattr(lab._runner, "look", looked)
    began = time.monotonic()
    while len(took) < 8:
        lab._follower._hear(frozenset({"h1"}))
        await asyncio.sleep(0)
    lasted = time.monotonic() - began
    rests = sum(min(REST * it, MOST_REST) for it in took[:-1])
    assert lasted >= sum(took) + rests
    await lab._follower.stop()
    await lab.aclose()
