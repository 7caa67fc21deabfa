"""Drift on the real kernel: what `ip` does behind a lab's back, and the remedies."""

import os
import subprocess
import time

import pytest

from tests.kernel.alive import (
    BLUE,
    DEADLINE,
    RED,
    ROUTED,
    Refusing,
    a_lab,
    assert_as_wished,
    eventually,
    ip_json,
    killed,
    settled,
    until,
)
from tests.kernel.packetbox import boxed, sh
from tuilab.errors import EditFailed, UsageError
from tuilab.lab.journal import FileJournal
from tuilab.model import edits
from tuilab.model.topology import Endpoint, Route
from tuilab.plan.state import to_data

OUTSIDE = (
    "ip -n red link set eth0 mtu 1300",
    "ip -n red addr add 10.0.0.77/24 dev eth0",
    "ip -n red route add 172.30.0.0/16 via 10.0.0.9",
    "ip -n red addr del 192.0.2.1/32 dev lo",
    "ip -n blue link set eth0 down",
    "ip link add name extra type bridge",
    "ip link set p1 nomaster",
    "ip netns exec blue sysctl -qw net.ipv4.ip_forward=0",
    "ip netns add stray",
)
TOLD = [
    '"host:p1" is no port of b',
    '"host:extra" is there',
    '"red:lo" has lost 192.0.2.1/32',
    '"red:eth0" has mtu 1300, not 1500',
    '"red:eth0" has 10.0.0.77/24',
    '"red" has a route to 172.30.0.0/16 via 10.0.0.9 dev eth0',
    '"blue:eth0" is down',
    '"blue:eth0" has lost fd00::2/64',
    '"blue" has net.ipv4.ip_forward = 0, not 1',
    'namespace "stray" is there',
]


def view():
    """What iproute2 shows of the lab.

    A veth end whose other end is down is LOWERLAYERDOWN, unless both happen to have the
    same ifindex, each in its namespace: then it is DOWN.
    """
    spaces = ip_json()
    for space in spaces.values():
        for link in space["links"]:
            link["operstate"] = link["operstate"].replace("LOWERLAYER", "")
    return spaces


def calm():
    """The same, when it shows no change from one look to the next."""
    before, now = None, view()
    deadline = time.monotonic() + DEADLINE
    while now != before and time.monotonic() < deadline:
        before, now = now, view()
    return now


def told(lab):
    return [str(it) for it in lab.snapshot.drift]


async def build(lab):
    for change in ROUTED:
        await lab.edit(change)


def change_outside():
    for line in OUTSIDE:
        sh(line)


@boxed
async def test_drift_is_told_and_no_edit_undo_or_redo_touches_it(tmp_path):
    async with a_lab(tmp_path) as lab:
        await build(lab)
        assert told(lab) == []
        change_outside()
        await lab.rescan()
        assert told(lab) == TOLD
        drift, observed = lab.snapshot.drift, to_data(lab.snapshot.observed)
        for change in (
            edits.add_namespace("green"),
            edits.connect(
                Endpoint("green", "eth0"),
                Endpoint("host", "p3"),
                a_end={"addresses": ("10.0.0.3/24",)},
                b_end={"master": "b"},
            ),
            edits.add_route("red", Route("172.31.0.0/16", "10.0.0.9")),
            edits.set_link(RED, mac="02:00:00:00:00:99"),
            edits.add_address(BLUE, "10.5.0.1/24"),
        ):
            await lab.edit(change)
            await lab.rescan()
            assert lab.snapshot.drift == drift, change.title
        for _ in range(5):
            await lab.undo()
            await lab.rescan()
            assert lab.snapshot.drift == drift
        assert to_data(lab.snapshot.observed) == observed
        await lab.go_to(len(lab.snapshot.history.edits))
        await lab.rescan()
        assert lab.snapshot.drift == drift


@boxed
async def test_repair_brings_everything_back_and_is_no_edit(tmp_path):
    async with a_lab(tmp_path) as lab:
        await build(lab)
        await lab.edit(edits.add_namespace("green"))
        await lab.undo()
        settled()
        shown, history = calm(), lab.snapshot.history
        change_outside()
        await lab.rescan()
        commands = lab.repairs().commands
        outcome = await lab.repair()
        assert outcome.commands == commands
        assert told(lab) == []
        assert lab.log[-1].title == "repair drift"
        await assert_as_wished(lab)
        eventually(view, shown)
        # Nothing of it is in the history: what was undone can still be done again.
        assert lab.snapshot.history == history == FileJournal(tmp_path).history
        await lab.redo()
        assert (await lab.repair()).commands == ()


@boxed
async def test_repair_of_one_thing_leaves_the_others(tmp_path):
    async with a_lab(tmp_path) as lab:
        await build(lab)
        change_outside()
        await lab.rescan()
        left = [it for it in TOLD if '"red:eth0"' not in it and "172.30" not in it]
        await lab.repair([RED])
        assert told(lab) == left
        await lab.repair(["blue", "stray"])
        left = [it for it in left if "blue" not in it and "stray" not in it]
        assert told(lab) == left
        await lab.repair()
        await assert_as_wished(lab)


@boxed
async def test_adopted_it_is_an_edit_that_undo_takes_back(tmp_path):
    async with a_lab(tmp_path) as lab:
        await build(lab)
        settled()
        shown, before = calm(), to_data(lab.snapshot.observed)
        change_outside()
        await lab.rescan()
        there, seen = calm(), to_data(lab.snapshot.observed)
        outcome = await lab.adopt()
        assert outcome.title == "adopt 10 changes made outside"
        assert (outcome.commands, outcome.notes) == ((), ())
        assert told(lab) == []
        assert view() == there
        await assert_as_wished(lab)
        await lab.undo()
        await assert_as_wished(lab)
        assert to_data(lab.snapshot.observed) == before
        eventually(view, shown)
        await lab.redo()
        assert to_data(lab.snapshot.observed) == seen
        eventually(view, there)
        # With nothing left to adopt there is nothing to remember.
        await lab.adopt()
        assert len(lab.snapshot.history.edits) == len(ROUTED) + 1


@boxed
async def test_what_has_no_words_is_named_and_stays_as_it_is(tmp_path):
    async with a_lab(tmp_path) as lab:
        await build(lab)
        # One end of a cable in a place outside the lab: the cable is half.
        with subprocess.Popen(
            ["ip", "netns", "exec", "blue", "unshare", "-n", "cat"], stdin=-1
        ) as cat:
            while not elsewhere(cat.pid):
                os.sched_yield()
            sh(f"ip -n blue link set eth0 netns {cat.pid}")
            await lab.rescan()
            half = [
                '"host:p2" has its other end at a place outside the lab, '
                "not at blue:eth0",
                '"blue:eth0" is gone',
            ]
            assert told(lab) == half
            with pytest.raises(UsageError, match=r'nothing.*adopted: "host:p2"'):
                await lab.adopt()
            sh("ip -n red link set eth0 mtu 1300")
            await lab.rescan()
            shown, seen = calm(), to_data(lab.snapshot.observed)
            outcome = await lab.adopt()
            assert outcome.title == "adopt 1 change made outside"
            assert outcome.notes == tuple(f"can't be adopted: {it}" for it in half)
            assert told(lab) == half
            assert view() == shown
            await lab.edit(edits.add_namespace("green"))
            await lab.undo()
            await lab.rescan()
            assert to_data(lab.snapshot.observed) == seen
            assert lab.snapshot.topology.link(RED).mtu == 1300
            await lab.repair()
            await assert_as_wished(lab)
            cat.stdin.close()


def elsewhere(pid):
    """Whether a process has left for a network namespace without a name."""
    there = os.stat(f"/proc/{pid}/ns/net").st_ino
    known = ("/proc/self/ns/net", "/run/netns/red", "/run/netns/blue")
    return there not in {os.stat(it).st_ino for it in known}


@boxed
async def test_a_repair_that_is_refused_or_cut_off_leaves_the_drift(tmp_path):
    driver = Refusing()
    async with a_lab(tmp_path, driver) as lab:
        await build(lab)
        history = lab.snapshot.history
        change_outside()
        await lab.rescan()
        shown, seen = calm(), to_data(lab.snapshot.observed)
        steps = len(lab.repairs().operations)
        for k in range(1, steps + 1):
            driver.countdown = k
            with pytest.raises(EditFailed) as caught:
                await lab.repair()
            driver.countdown = -1
            assert not caught.value.leftovers
            await lab.rescan()
            assert to_data(lab.snapshot.observed) == seen
            assert told(lab) == TOLD
        assert steps >= 9
        eventually(view, shown)
    for k in (1, 4, 9):
        killed(tmp_path, "operation", k, "REPAIR")
        async with a_lab(tmp_path, restored=False) as lab:
            assert lab.snapshot.history == history
            assert to_data(lab.snapshot.observed) == seen
            assert FileJournal(tmp_path).begun is None
        eventually(view, shown)


@boxed
async def test_drift_is_known_within_a_second(tmp_path):
    async with a_lab(tmp_path) as lab:
        await build(lab)
        lab.subscribe(lambda _: None)
        await lab.rescan()
        for line, fact in zip(OUTSIDE[:2], TOLD[3:5], strict=True):
            before = time.monotonic()
            sh(line)
            await until(lab, lambda now, fact=fact: fact in map(str, now.drift))
            assert time.monotonic() - before < 1.0
        sh("ip -n red link set eth0 mtu 1500")
        await until(lab, lambda now: len(now.drift) == 1)
