"""What others do to a lab is heard: another tuilab, `ip`, sysctl; really done."""

import asyncio

from tests.kernel.alive import BLUE, DEADLINE, RED, ROUTED, a_lab, until
from tests.kernel.packetbox import boxed, sh
from tuilab.lab.journal import FileJournal
from tuilab.model import edits
from tuilab.model.topology import Endpoint
from tuilab.plan.state import expand


@boxed
async def test_two_at_one_lab_see_each_other_and_never_interleave(tmp_path):
    async with a_lab(tmp_path) as one, a_lab(tmp_path) as other:
        seen = asyncio.Event()

        def listen(_):
            if len(other.snapshot.topology.namespaces) == 13:
                seen.set()

        other.subscribe(listen)
        await asyncio.gather(
            *(
                lab.edit(edits.add_namespace(f"{lab_name}{number}"))
                for number in range(6)
                for lab_name, lab in (("a", one), ("b", other))
            )
        )
        await asyncio.wait_for(seen.wait(), DEADLINE)
        await one.rescan()
        await other.rescan()
        assert len(FileJournal(tmp_path).history.edits) == 12
        for lab in (one, other):
            assert set(lab.snapshot.observed.namespaces) == {
                "host",
                *(f"{letter}{number}" for letter in "ab" for number in range(6)),
            }
        await other.undo()
        await one.undo()
        assert len(FileJournal(tmp_path).history.topology.namespaces) == 11


@boxed
async def test_a_namespace_that_another_brings_back_is_nothing_from_outside(tmp_path):
    async with a_lab(tmp_path) as one, a_lab(tmp_path) as other:
        for change in ROUTED:
            await one.edit(change)
        for _ in range(3):
            await one.edit(edits.remove_namespace("red"))
            await until(other, lambda it: "red" not in it.observed.namespaces)
            await one.undo()
            await until(other, lambda it: it.observed.link(RED))
        told = [entry.title for entry in other.log if entry.outside]
        assert not told, told


@boxed
async def test_what_is_done_outside_is_seen_and_left_alone(tmp_path):
    async with a_lab(tmp_path) as lab:
        for change in ROUTED:
            await lab.edit(change)
        heard = asyncio.Event()

        def listen(_):
            link = lab.snapshot.observed.link(BLUE)
            if link and link.mtu == 1234 and any(e.outside for e in lab.log):
                heard.set()

        lab.subscribe(listen)
        await lab.rescan()
        await lab.edit(edits.set_sysctl("red", "net.ipv4.ip_forward", "1"))
        sh("ip -n blue link set eth0 mtu 1234")
        await asyncio.wait_for(heard.wait(), DEADLINE)
        entry = next(e for e in lab.log if e.outside)
        assert '"blue:eth0" has mtu 1234' in entry.title
        # Neither an edit elsewhere nor its undo touches that.
        await lab.edit(edits.set_link(RED, up=False))
        await lab.undo()
        await lab.edit(edits.add_address(BLUE, "10.9.9.9/24"))
        await lab.undo()
        assert lab.snapshot.observed.link(BLUE).mtu == 1234


@boxed
async def test_a_setting_changed_elsewhere_is_heard(tmp_path):
    async with a_lab(tmp_path) as one, a_lab(tmp_path) as other:
        await one.edit(edits.add_namespace("red"))
        await until(other, lambda now: "red" in now.observed.namespaces)
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            await one.edit(edits.set_sysctl("red", key, "1"))
            wish = one.snapshot.topology
            await until(other, lambda now, wish=wish: now.topology == wish)
            await until(other, lambda now, wish=wish: now.observed == expand(wish))


@boxed
async def test_a_link_renamed_outside_is_seen_from_both_ends(tmp_path):
    async with a_lab(tmp_path) as lab:
        for change in (edits.add_namespace("red"), edits.add_namespace("blue")):
            await lab.edit(change)
        # Down, so that the other end hears of no carrier that comes or goes.
        ends = {"up": False}
        await lab.edit(edits.connect(RED, BLUE, a_end=ends, b_end=ends))
        sh("ip -n blue link set lo mtu 60000")
        lo = Endpoint("blue", "lo")
        await until(lab, lambda now: now.observed.link(lo).mtu == 60000)
        sh("ip -n blue link set eth0 name lan0")
        lan0 = Endpoint("blue", "lan0")
        await until(
            lab,
            lambda now: (link := now.observed.link(RED)) and link.peer == lan0,
        )


@boxed
async def test_a_namespace_that_no_cable_leaves_is_heard_too(tmp_path):
    async with a_lab(tmp_path) as lab:
        heard = asyncio.Event()

        def listen(_):
            if any(e.outside and '"red:eth0" is down' in e.title for e in lab.log):
                heard.set()

        lab.subscribe(listen)
        await lab.rescan()
        for name in ("red", "blue"):
            await lab.edit(edits.add_namespace(name))
        await lab.edit(edits.connect(RED, BLUE))
        sh("ip -n red link set eth0 down")
        await asyncio.wait_for(heard.wait(), DEADLINE)


@boxed
async def test_a_look_that_is_given_up_does_not_get_in_the_way_of_the_next(tmp_path):
    """The kernel goes on with a dump that nobody waits for, and refuses another."""
    async with a_lab(tmp_path) as lab:
        for change in ROUTED:
            await lab.edit(change)
        # More than one message holds.
        for number in range(60):
            sh(f"ip link add a{number} type veth peer name b{number}")
        for turns in range(1, 40):
            looking = asyncio.ensure_future(lab.rescan())
            for _ in range(turns):
                await asyncio.sleep(0)
            looking.cancel()
            await lab.rescan()
        assert len(lab.snapshot.observed.namespaces["host"].links) > 120
