"""VLANs of bridges and ports, where this kernel has them; cross-checked with bridge(8).

Elsewhere `tests.unit.test_vlans` holds the model, and what is sent, to what they say.
"""

import errno
import json

import pytest
from hypothesis import given, settings

from tests.kernel.alive import Refusing, a_lab, assert_as_wished
from tests.kernel.packetbox import boxed, sh
from tests.kernel.test_bridge import BLUE, BR, MAC, P1, P2, RED, SWITCHED, until
from tests.strategies import tagged
from tuilab.errors import EditFailed
from tuilab.model import edits, vlans
from tuilab.plan.state import to_data

FILTERED = (*SWITCHED, edits.set_link(BR, vlan_filtering=True))


def told():
    """By link, as bridge(8) says it, in our words."""
    found = {}
    for link in json.loads(sh("bridge -j vlan show")):
        table = {}
        for it in link["vlans"]:
            flags = [flag.lower() for flag in it.get("flags", [])]
            held = tuple(
                word
                for word, said in (("pvid", "pvid"), ("untagged", "egress untagged"))
                if said in flags
            )
            last = it.get("vlanEnd", it["vlan"])
            table.update(dict.fromkeys(range(it["vlan"], last + 1), held))
        found[link["ifname"]] = vlans.words(table)
    return found


async def begin(lab):
    """The switch, if this kernel's look at VLANs."""
    for change in SWITCHED:
        await lab.edit(change)
    try:
        await lab.edit(FILTERED[-1])
    except EditFailed as error:
        if error.errno == errno.EOPNOTSUPP:
            pytest.skip("this kernel has no vlan_filtering")
        raise


@boxed
async def test_vlans_reach_the_kernel_and_are_undone(tmp_path):
    async with a_lab(tmp_path) as lab:
        await begin(lab)
        usual = told()
        assert usual == {"b": vlans.USUAL, "p1": vlans.USUAL, "p2": vlans.USUAL}
        await assert_as_wished(lab)
        for change, end, held in (
            (edits.set_link(P1, vlans=("10 pvid untagged",)), "p1", None),
            (edits.set_link(P2, vlans=("20-29", "10")), "p2", ("10", "20-29")),
            (edits.set_link(P2, vlans=("24 untagged", "20-23")), "p2", None),
            (edits.set_link(BR, vlans=("1", "10 pvid untagged")), "b", None),
            (edits.set_link(P1, vlans=()), "p1", ()),
            (edits.set_link(P1, vlans=None), "p1", vlans.USUAL),
        ):
            before = told()
            shown = lab.plan(change).commands
            done = await lab.edit(change)
            assert (done.commands, done.notes) == (shown, ())
            link = lab.snapshot.topology.link
            wished = held if held is not None else link(change_of(end)).vlans
            assert told().get(end, ()) == vlans.words(vlans.table(wished))
            await assert_as_wished(lab)
            await lab.undo()
            assert told() == before
            await lab.redo()
            await assert_as_wished(lab)
        while lab.snapshot.history.position > len(SWITCHED):
            done = await lab.undo()
            assert not done.notes
            await assert_as_wished(lab)


def change_of(ifname):
    return {"b": BR, "p1": P1, "p2": P2}[ifname]


@boxed
async def test_frames_go_where_their_vlan_is(tmp_path):
    async with a_lab(tmp_path) as lab:
        await begin(lab)
        await lab.edit(edits.add_address(RED, "10.0.0.1/24"))
        await lab.edit(edits.add_address(BLUE, "10.0.0.2/24"))
        ping = "ip netns exec red ping -c 1 -W 5 10.0.0.2"
        sh(ping)
        await lab.edit(edits.set_link(P1, vlans=("10 pvid untagged",)))
        with pytest.raises(AssertionError):
            sh("ip netns exec red ping -c 1 -W 1 10.0.0.2")
        await lab.edit(edits.set_link(P2, vlans=("10 pvid untagged",)))
        sh(ping)


@boxed
async def test_with_its_bridge_a_port_loses_its_vlans_and_gets_them_back(tmp_path):
    async with a_lab(tmp_path) as lab:
        await begin(lab)
        for change in (
            edits.set_link(P1, vlans=("10 pvid untagged", "20-29")),
            edits.add_entry(P1, MAC),
            edits.set_link(BR, vlans=("10 pvid untagged",)),
        ):
            await lab.edit(change)
        shown, fdb = told(), entries()
        assert ("p1", MAC, 25) in fdb
        for change in (
            edits.set_link(P1, master=None),
            edits.remove_link(BR),
            edits.remove_namespace("red"),
            edits.rename_link(BR, "switch"),
            edits.rename_namespace("red", "crimson"),
            edits.set_link(P1, vlans=("10 pvid untagged", "20-39")),
            edits.together(
                "off",
                [
                    edits.set_link(BR, vlan_filtering=False, vlans=None),
                    edits.set_link(P1, vlans=None),
                ],
            ),
        ):
            done = await lab.edit(change)
            assert not done.notes
            await assert_as_wished(lab)
            if "40" in change.title or "39" in change.title:
                # A static entry is there for each VLAN, for new ones too.
                assert ("p1", MAC, 39) in entries()
            done = await lab.undo()
            assert not done.notes, change.title
            await assert_as_wished(lab)
            assert (told(), entries()) == (shown, fdb)


def entries():
    dump = json.loads(sh("bridge -j fdb show"))
    return {
        (it["ifname"], it["mac"], it.get("vlan")) for it in dump if it["mac"] == MAC
    }


@boxed
async def test_vlans_changed_outside_are_drift_at_once(tmp_path):
    async with a_lab(tmp_path) as lab:
        await begin(lab)
        await lab.edit(edits.set_link(P1, vlans=("10 pvid untagged",)))
        lab.subscribe(lambda _: None)
        await until(
            lab,
            "bridge vlan add dev p1 vid 20-22",
            lambda s: s.link(P1).port.vlans == ("10 pvid untagged", "20-22"),
        )
        fact = '"host:p1" is in VLANs 10 pvid untagged, 20-22, not 10 pvid untagged'
        assert [str(it) for it in lab.snapshot.drift] == [fact]
        # An edit of other VLANs leaves these.
        await lab.edit(edits.set_link(P1, vlans=("10 pvid untagged", "30")))
        assert told()["p1"] == ("10 pvid untagged", "20-22", "30")
        await lab.undo()
        assert [str(it) for it in lab.snapshot.drift] == [fact]
        await lab.adopt()
        held = ("10 pvid untagged", "20-22")
        assert lab.snapshot.topology.link(P1).vlans == held
        await lab.undo()
        assert told()["p1"] == ("10 pvid untagged",)
        await until(
            lab,
            "bridge vlan del dev b vid 1 self",
            lambda s: s.link(BR).bridge.vlans == (),
        )
        await lab.repair()
        assert told()["b"] == vlans.USUAL
        await assert_as_wished(lab)
        # Switched off outside they do not count, and on again they are as they were.
        await until(
            lab,
            "ip link set dev b type bridge vlan_filtering 0",
            lambda s: not s.link(BR).bridge.vlan_filtering,
        )
        await lab.repair()
        assert told()["p1"] == ("10 pvid untagged",)
        await assert_as_wished(lab)


@boxed
async def test_a_refusal_at_any_step_leaves_the_vlans_as_they_were(tmp_path):
    driver = Refusing()
    async with a_lab(tmp_path, driver) as lab:
        await begin(lab)
        await lab.edit(edits.set_link(P1, vlans=("10 pvid untagged", "20-29")))
        await lab.edit(edits.add_entry(P1, MAC))
        before, shown = to_data(lab.snapshot.observed), (told(), entries())
        change = edits.set_link(P1, vlans=("11 pvid untagged", "25-40", "7 untagged"))
        steps = len(lab.plan(change).operations)
        assert steps > 4
        for k in range(1, steps + 1):
            driver.countdown = k
            with pytest.raises(EditFailed) as caught:
                await lab.edit(change)
            driver.countdown = -1
            assert not caught.value.leftovers
            await lab.rescan()
            assert to_data(lab.snapshot.observed) == before
            assert (told(), entries()) == shown


@boxed
async def test_any_vlans_to_any_others(tmp_path):
    async with a_lab(tmp_path) as lab:
        await begin(lab)
        for names in ((P1, P2), (P2, BR), (BR, P1)):
            for held in samples():
                changes = [edits.set_link(end, vlans=held[end == BR]) for end in names]
                shown = lab.plan(edits.together("some", changes)).commands
                done = await lab.edit(edits.together("some", changes))
                assert (done.commands, done.notes) == (shown, ())
                await assert_as_wished(lab)
                for end in names:
                    wished = lab.snapshot.topology.link(end).vlans
                    wished = vlans.USUAL if wished is None else wished
                    assert told().get(end.ifname, ()) == wished


def samples(many=12):
    found = []

    @settings(max_examples=many, database=None)
    @given(tagged(), tagged())
    def gather(one, other):
        found.append((one, other))

    gather()
    return found
