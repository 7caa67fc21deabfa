"""The engine on the real kernel, cross-checked with what iproute2 says."""

import asyncio
import errno
import os
import resource
import signal
import subprocess

import pytest
from hypothesis import given, settings

from tests.kernel.alive import (
    BLUE,
    BR,
    CUT_OFF,
    DEADLINE,
    RED,
    RENAMING,
    ROUTED,
    TAPS,
    Refusing,
    a_lab,
    assert_as_wished,
    eventually,
    ip_json,
    killed,
    settled,
    there_and_back,
)
from tests.kernel.packetbox import boxed, sh
from tests.strategies import sequences, topologies
from tuilab.errors import EditFailed, TuilabError
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.model import edits
from tuilab.model.topology import HOST, Endpoint, Route, Topology
from tuilab.plan.operations import AddBridge, SetLink
from tuilab.plan.state import to_data


@boxed
async def test_every_edit_and_every_undo_is_exact(tmp_path):
    async with a_lab(tmp_path) as lab:
        more = (
            edits.set_link(RED, up=False),
            edits.set_link(RED, up=True),
            edits.set_link(RED, mtu=1300),
            edits.set_link(RED, mac="02:00:00:00:00:99"),
            edits.remove_address(RED, "10.0.0.1/24"),
            edits.rename_link(RED, "lan0"),
            edits.rename_namespace("blue", "azure"),
            edits.set_sysctl("red", "net.ipv6.conf.all.forwarding", "1"),
            edits.set_link(Endpoint("host", "p1"), master=None),
            edits.rename_link(BR, "switch"),
            edits.remove_link(Endpoint("host", "p2")),
            edits.remove_namespace("red"),
        )
        seen = [(settled(), to_data(lab.snapshot.observed))]
        for change in (*ROUTED, *more):
            await lab.edit(change)
            await assert_as_wished(lab)
            seen.append((settled(), to_data(lab.snapshot.observed)))
        for view, dump in reversed(seen[:-1]):
            await lab.undo()
            await assert_as_wished(lab)
            assert to_data(lab.snapshot.observed) == dump
            eventually(ip_json, view)
        for view, dump in seen[1:]:
            await lab.redo()
            assert to_data(lab.snapshot.observed) == dump
            eventually(ip_json, view)
        await lab.go_to(0)
        eventually(ip_json, seen[0][0])
        await lab.go_to(len(seen) - 1)
        eventually(ip_json, seen[-1][0])


@boxed
async def test_the_order_of_ipv6_addresses_is_the_kernels(tmp_path):
    """It sorts them by scope: a router's fe80::1 is never among its global ones."""
    async with a_lab() as lab:
        for name in ("red", "blue"):
            await lab.edit(edits.add_namespace(name))
        mixed = ("fd00::1/64", "fe80::1/64", "fd00::2/64", "fe80::2/64", "fec0::1/64")
        await lab.edit(edits.connect(RED, BLUE, a_end={"addresses": mixed}))
        await assert_as_wished(lab)
        for change in (
            edits.remove_address(RED, "fd00::1/64"),
            edits.remove_address(RED, "fe80::1/64"),
            edits.add_address(RED, "fe80::3/64"),
            edits.set_link(RED, mac="02:00:00:00:00:99"),
        ):
            await lab.edit(change)
            await assert_as_wished(lab)


@boxed
async def test_a_tap_whose_number_the_kernel_chose_is_taken_for_no_other(tmp_path):
    """What comes after it in one edit gets numbers of our choice."""
    if not TAPS:
        pytest.skip("no tap can be made here")
    async with a_lab() as lab:
        await lab.edit(edits.add_tap(Endpoint("host", "t0")))
        anew = edits.together(
            "anew",
            (
                edits.remove_link(Endpoint("host", "t0")),
                *(edits.add_tap(Endpoint("host", f"t{n}")) for n in (1, 2, 3)),
                edits.add_bridge(Endpoint("host", "b1"), up=False),
                edits.add_bridge(Endpoint("host", "b2"), ports=["t1"]),
            ),
        )
        await lab.edit(anew)
        await assert_as_wished(lab)
        await lab.undo()
        await lab.redo()
        await assert_as_wished(lab)


@boxed
async def test_a_bridge_whose_mtu_was_set_follows_its_ports_no_more(tmp_path):
    """Nor does it lose its IPv6 then, which no dump tells beforehand."""
    bridge, port = Endpoint("red", "b"), Endpoint("red", "p")
    async with a_lab() as lab:
        for change in (
            edits.add_namespace("red"),
            edits.add_bridge(bridge, addresses=("fd00::1/64",)),
            edits.add_route("red", Route("fd77::/64", "fd00::9")),
            edits.connect(port, Endpoint("host", "p"), a_end={"mtu": 576}),
            edits.set_link(bridge, mtu=1400),
            edits.set_link(port, master="b"),
        ):
            await lab.edit(change)
            await assert_as_wished(lab)
        await lab.undo()
        await assert_as_wished(lab)
        await lab.redo()
        await assert_as_wished(lab)


@boxed
async def test_a_gateway_may_be_behind_a_route_of_its_own(tmp_path):
    """As container networks do it: a /32, and a route to the gateway on the link."""
    async with a_lab() as lab:
        ends = {"addresses": ("10.1.1.1/32", "fd00::1/128")}
        for change in (
            edits.add_namespace("red"),
            edits.add_namespace("blue"),
            edits.connect(RED, BLUE, a_end=ends),
            edits.add_route("red", Route("169.254.1.1/32", dev="eth0")),
            edits.add_route("red", Route("default", "169.254.1.1")),
            edits.add_route("red", Route("fd99::1/128", dev="eth0")),
            edits.add_route("red", Route("default", "fd99::1")),
            edits.set_link(RED, mtu=1400),
            edits.set_link(RED, mac="02:00:00:00:00:99"),
            edits.rename_link(RED, "lan0"),
        ):
            await lab.edit(change)
            await assert_as_wished(lab)
        assert len(lab.snapshot.observed.namespaces["red"].routes) == 4
        while lab.snapshot.history.position:
            await lab.undo()
            await assert_as_wished(lab)


@boxed
def test_random_edits_undo_and_redo(tmp_path):
    @settings(max_examples=25, derandomize=False)
    @given(sequences())
    def walk(sequence):
        asyncio.run(there_and_back(*sequence))

    walk()


@boxed
def test_any_lab_becomes_any_other_on_the_kernel_too(tmp_path):
    @settings(max_examples=15)
    @given(topologies(), topologies())
    def walk(one, other):
        asyncio.run(go(one, other))

    async def go(one, other):
        async with a_lab() as lab:
            for topology in (one, other, Topology("")):
                await lab.edit(edits.become("load", topology))
                await assert_as_wished(lab)

    walk()


@boxed
async def test_a_refusal_at_any_operation_leaves_the_lab_as_it_was(tmp_path):
    driver = Refusing()
    async with a_lab(tmp_path, driver) as lab:
        for change in ROUTED:
            await lab.edit(change)
        history, before = lab.snapshot.history, to_data(lab.snapshot.observed)
        view = settled()
        hard = (
            edits.remove_namespace("red"),
            edits.rename_link(RED, "lan0"),
            edits.set_link(RED, mac="02:00:00:00:00:99"),
            edits.become("load", Topology("")),
        )
        refused = steps = 0
        for change in hard:
            for k in range(1, len(lab.plan(change).operations) + 1):
                steps += 1
                driver.countdown = k
                try:
                    await lab.edit(change)
                except EditFailed as error:
                    refused += 1
                    assert not error.leftovers
                    assert "the lab is as before" in str(error)
                else:
                    raise AssertionError(f"{change.title}: step {k} was not refused")
                driver.countdown = -1
                assert lab.snapshot.history == history
                await lab.rescan()
                assert to_data(lab.snapshot.observed) == before
        assert refused == steps > 12
        eventually(ip_json, view)


@boxed
async def test_programs_outlive_a_rename_that_is_rolled_back(tmp_path):
    driver = Refusing()
    async with a_lab(tmp_path, driver) as lab:
        for change in ROUTED:
            await lab.edit(change)
        before, inode = to_data(lab.snapshot.observed), os.stat("/run/netns/red").st_ino
        with subprocess.Popen(["ip", "netns", "exec", "red", "cat"], stdin=-1) as cat:
            while not (await lab.processes(["red"]))["red"]:
                os.sched_yield()
            for k in range(1, len(lab.plan(RENAMING).operations) + 1):
                driver.countdown = k
                try:
                    await lab.edit(RENAMING)
                except EditFailed as error:
                    assert not error.leftovers
                else:
                    raise AssertionError(f"step {k} was not refused")
                driver.countdown = -1
                await lab.rescan()
                assert to_data(lab.snapshot.observed) == before
                assert os.stat("/run/netns/red").st_ino == inode
            killed(tmp_path, "edit", 1, "RENAMING")
            async with a_lab(tmp_path) as other:
                assert to_data(other.snapshot.observed) == before
            assert os.stat("/run/netns/red").st_ino == inode
            assert cat.poll() is None
            cat.stdin.close()
            assert cat.wait(DEADLINE) == 0


@boxed
async def test_with_too_few_descriptors_an_edit_is_refused_and_undone(tmp_path):
    async with a_lab(tmp_path) as lab:
        for change in ROUTED:
            await lab.edit(change)
        before = to_data(lab.snapshot.observed)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        fds = os.listdir("/proc/self/fd")
        used = max(map(int, fds))
        refused = 0
        for more in range(1, 12):
            resource.setrlimit(resource.RLIMIT_NOFILE, (used + more, limits[1]))
            try:
                await lab.edit(edits.add_namespace("green"))
            except TuilabError as error:
                refused += 1
                assert "Too many open files" in str(error)
            else:
                break
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            # Whoever works on the lab next finds it as it was.
            async with a_lab(tmp_path) as other:
                assert to_data(other.snapshot.observed) == before
        assert refused >= 3
        await assert_as_wished(lab)
        await lab.undo()
        assert len(os.listdir("/proc/self/fd")) == len(fds)


@boxed
async def test_killed_at_any_moment_the_next_start_rolls_back(tmp_path):
    async with a_lab(tmp_path) as lab:
        for change in ROUTED:
            await lab.edit(change)
        history, before = lab.snapshot.history, to_data(lab.snapshot.observed)
        steps = len(lab.plan(CUT_OFF).operations)
    assert steps >= 8
    moments = [[("operation", k)] for k in range(1, steps + 1)]
    moments += [[("begin", 2)], [("edit", 1)]]
    # Rolling back is cut off as well, at its first steps and at its last record.
    moments += [[("edit", 1), ("operation", k)] for k in (1, 2, 5)]
    moments += [[("edit", 1), ("operation", 3), ("back", 1)]]
    for cuts in moments:
        for where, at in cuts:
            killed(tmp_path, where, at)
        async with a_lab(tmp_path) as lab:
            assert lab.snapshot.history == history
            assert to_data(lab.snapshot.observed) == before
            assert any("cut off" in entry.title for entry in lab.log)


@boxed
async def test_killed_with_nothing_under_way_nothing_is_lost(tmp_path):
    async with a_lab(tmp_path) as lab:
        for change in ROUTED:
            await lab.edit(change)
        history = lab.snapshot.history
    killed(tmp_path, "begin", 1)
    async with a_lab(tmp_path) as lab:
        assert lab.snapshot.history == history
        await assert_as_wished(lab)
    killed(tmp_path, "edit", 2)
    async with a_lab(tmp_path) as lab:
        assert lab.snapshot.history.position == history.position + 1
        await assert_as_wished(lab)
        assert not any("cut off" in entry.title for entry in lab.log)


@boxed
async def test_the_commands_shown_do_what_netlink_does(tmp_path):
    """A person who types the command log gets the very same lab."""
    script = []
    async with a_lab(tmp_path) as lab:
        for change in ROUTED:
            script += (await lab.edit(change)).commands
        for change in (
            edits.set_link(RED, mtu=1300),
            edits.rename_link(BR, "switch"),
            edits.rename_namespace("blue", "azure"),
            edits.remove_address(RED, "10.0.0.7/24"),
            edits.remove_link(Endpoint("host", "p2")),
        ):
            script += (await lab.edit(change)).commands
        view, dump = settled(), to_data(lab.snapshot.observed)
        await lab.go_to(0)
        for line in script:
            subprocess.run(line, shell=True, check=True)
        await lab.rescan()
        assert to_data(lab.snapshot.observed) == dump
        eventually(ip_json, view)


@boxed
async def test_programs_in_a_namespace_end_with_it(tmp_path):
    async with a_lab(tmp_path) as lab:
        await lab.edit(edits.add_namespace("red"))
        with subprocess.Popen(["ip", "netns", "exec", "red", "cat"], stdin=-1) as cat:
            while not (await lab.processes(["red"]))["red"]:
                os.sched_yield()
            (process,) = (await lab.processes(["red"]))["red"]
            assert process.pid == cat.pid
            await lab.edit(edits.remove_namespace("red"))
            assert cat.wait(DEADLINE) == -signal.SIGKILL
        await lab.undo()
        assert (await lab.processes(["red"]))["red"] == []


@boxed
async def test_a_number_that_somebody_took_meanwhile_is_left_alone(tmp_path):
    driver = NetlinkDriver()
    await driver.observe()
    # The one that the driver would choose next.
    sh("ip link add name foreign index 2 type bridge")
    br0 = Endpoint(HOST, "br0")
    made = AddBridge(br0, "02:00:00:00:00:01")
    progress = await driver.carry_out([made, SetLink(br0, up=True)])
    assert progress.refused is None
    links = (await driver.observe()).state.namespaces[HOST].links
    assert (links["br0"].up, links["foreign"].up) == (True, False)
    again = await driver.carry_out([made])
    assert again.refused is not None
    assert again.refused.errno == errno.EEXIST
    await driver.aclose()
