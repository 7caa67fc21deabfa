"""Bridges, their ports and forwarding databases, cross-checked with iproute2."""

import asyncio
import errno
import json

from tests.kernel.alive import Refusing, a_lab, assert_as_wished, eventually
from tests.kernel.packetbox import boxed, sh
from tuilab.errors import EditFailed
from tuilab.model import edits
from tuilab.model.topology import Endpoint
from tuilab.plan.state import to_data

BR, P1, P2 = (Endpoint("host", name) for name in ("b", "p1", "p2"))
RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
MAC, OTHER = "02:00:00:00:00:77", "02:00:00:00:00:78"

SWITCHED = (
    edits.add_namespace("red"),
    edits.add_namespace("blue"),
    edits.add_bridge(BR),
    edits.connect(RED, P1, b_end={"master": "b"}),
    edits.connect(BLUE, P2, b_end={"master": "b"}),
)


def detail(ifname):
    (link,) = json.loads(sh(f"ip -d -j link show dev {ifname}"))
    return link


def bridge(ifname="b"):
    data = detail(ifname)["linkinfo"]["info_data"]
    names = ("stp_state", "priority", "ageing_time", "forward_delay", "hello_time")
    return {name: data[name] for name in (*names, "max_age", "mcast_snooping")}


def port(ifname):
    info = detail(ifname)["linkinfo"].get("info_slave_data")
    if info is None:
        return None
    names = ("isolated", "hairpin", "cost", "priority", "learning", "flood")
    return {name: info[name] for name in names}


def static():
    dump = json.loads(sh("bridge -j fdb show"))
    return {(e["ifname"], e["mac"]) for e in dump if e["state"] == "static"}


@boxed
async def test_every_option_of_a_bridge_reaches_the_kernel_and_is_undone(tmp_path):
    async with a_lab() as lab:
        await lab.edit(edits.add_bridge(BR))
        usual = bridge()
        await lab.undo()
        options = {
            "stp": True,
            "priority": 4096,
            "ageing": 12.5,
            "forward_delay": 4.02,
            "hello_time": 1.5,
            "max_age": 6,
            "mcast_snooping": False,
        }
        wanted = {
            "stp_state": 1,
            "priority": 4096,
            "ageing_time": 1250,
            "forward_delay": 402,
            "hello_time": 150,
            "max_age": 600,
            "mcast_snooping": 0,
        }
        await lab.edit(edits.add_bridge(BR, **options))
        assert bridge() == wanted
        await assert_as_wished(lab)
        await lab.undo()
        await lab.edit(edits.add_bridge(BR))
        await lab.edit(edits.set_link(BR, **options))
        assert bridge() == wanted
        await assert_as_wished(lab)
        # Without spanning tree a bridge need not wait, with it it must.
        await lab.edit(edits.set_link(BR, stp=False, forward_delay=0))
        assert bridge()["forward_delay"] == 0
        await lab.undo()
        assert bridge() == wanted
        await lab.undo()
        assert bridge() == usual
        await assert_as_wished(lab)


@boxed
async def test_a_port_loses_its_options_with_its_bridge_and_gets_them_back(tmp_path):
    options = {
        "isolated": True,
        "hairpin": True,
        "cost": 77,
        "priority": 5,
        "learning": False,
        "flood": False,
    }
    async with a_lab() as lab:
        for change in SWITCHED:
            await lab.edit(change)
        usual = port("p1")
        await lab.edit(edits.set_link(P1, **options))
        assert port("p1") == options
        await lab.edit(edits.add_entry(P1, MAC))
        await lab.edit(edits.set_link(P1, master=None))
        assert port("p1") is None
        assert static() == set()
        await assert_as_wished(lab)
        await lab.undo()
        assert port("p1") == options
        assert static() == {("p1", MAC)}
        for change in (
            edits.remove_link(BR),
            edits.remove_namespace("red"),
            edits.rename_link(BR, "switch"),
            edits.rename_namespace("red", "crimson"),
            edits.set_link(P1, up=False),
            edits.set_link(BR, mac="02:00:00:00:00:99"),
        ):
            await lab.edit(change)
            await assert_as_wished(lab)
            await lab.undo()
            await assert_as_wished(lab)
            assert port("p1") == options
            assert static() == {("p1", MAC)}
        # Which cost a kernel chooses is up to it.
        await lab.edit(edits.set_link(P1, cost=None))
        assert port("p1") == {**options, "cost": usual["cost"]}
        assert static() == {("p1", MAC)}
        await assert_as_wished(lab)


@boxed
async def test_only_what_somebody_set_is_in_the_fdb_of_a_lab(tmp_path):
    async with a_lab() as lab:
        for change in SWITCHED:
            await lab.edit(change)
        await lab.edit(edits.add_address(RED, "10.0.0.1/24"))
        await lab.edit(edits.add_address(BLUE, "10.0.0.2/24"))
        sh("ip netns exec red ping -c 1 -W 5 10.0.0.2")
        assert '"state":""' in sh("bridge -j fdb show dev p1")
        await assert_as_wished(lab)
        # A learned entry of the same MAC gives way; one goes from port to port.
        learned = lab.snapshot.observed.link(RED).mac
        await lab.edit(edits.set_link(RED, mac="02:00:00:00:00:99"))
        await lab.edit(edits.add_entry(P1, learned))
        assert static() == {("p1", learned)}
        both = (edits.remove_entry(P1, learned), edits.add_entry(P2, learned))
        await lab.edit(edits.together("move", both))
        assert static() == {("p2", learned)}
        await assert_as_wished(lab)
        await lab.undo()
        assert static() == {("p1", learned)}
        # What is the MAC of a port of the bridge itself, no entry can be about.
        taken = edits.set_link(P2, mac=learned)
        await lab.edit(edits.together("t", (edits.remove_entry(P1, learned), taken)))
        await assert_as_wished(lab)
        await lab.undo()
        assert static() == {("p1", learned)}
        await assert_as_wished(lab)


@boxed
async def test_what_is_set_outside_is_drift_within_a_second(tmp_path):
    async with a_lab() as lab:
        for change in (*SWITCHED, edits.add_entry(P1, MAC)):
            await lab.edit(change)
        wish = to_data(lab.snapshot.observed)
        heard = []
        lab.subscribe(heard.append)
        for line, undo, seen in (
            (
                f"bridge fdb add {OTHER} dev p2 master static",
                f"bridge fdb del {OTHER} dev p2 master",
                lambda s: s.link(P2).port.fdb == (OTHER,),
            ),
            (
                f"bridge fdb del {MAC} dev p1 master",
                f"bridge fdb add {MAC} dev p1 master static",
                lambda s: s.link(P1).port.fdb == (),
            ),
            (
                "ip link set dev p1 type bridge_slave isolated on",
                "bridge link set dev p1 isolated off",
                lambda s: s.link(P1).port.isolated,
            ),
            (
                "ip link set dev b type bridge ageing_time 100",
                "ip link set dev b type bridge ageing_time 30000",
                lambda s: s.link(BR).bridge.ageing == 100,
            ),
        ):
            await until(lab, line, seen)
            # An edit elsewhere leaves it alone.
            await lab.edit(edits.set_link(RED, mtu=1400))
            assert seen(lab.snapshot.observed)
            await lab.undo()
            assert seen(lab.snapshot.observed)
            await until(lab, undo, lambda s: to_data(s) == wish)


async def until(lab, line, seen):
    hit = asyncio.Event()

    def look(_):
        if seen(lab.snapshot.observed):
            hit.set()

    unsubscribe = lab.subscribe(look)
    sh(line)
    async with asyncio.timeout(10):
        await hit.wait()
    unsubscribe()


@boxed
async def test_a_bridge_keeps_its_mac_when_ports_come_and_go(tmp_path):
    async with a_lab() as lab:
        for change in SWITCHED:
            await lab.edit(change)
        mac = detail("b")["address"]
        for change in (
            edits.set_link(P1, mac="00:00:00:00:00:02"),
            edits.set_link(P2, master=None),
            edits.remove_namespace("red"),
            edits.remove_namespace("blue"),
        ):
            await lab.edit(change)
            assert detail("b")["address"] == mac
        while lab.snapshot.history.position > 3:
            await lab.undo()
            assert detail("b")["address"] == mac


@boxed
async def test_what_a_dry_run_shows_of_a_bridges_mtu_is_what_runs(tmp_path):
    """Whether a bridge's mtu was set before, no dump tells."""
    async with a_lab() as lab:
        for change in (
            *SWITCHED,
            edits.set_link(BR, mtu=1400),
            edits.set_link(BR, mtu=None),
            edits.set_link(RED, mtu=1300),
            edits.set_link(P1, mtu=1300),
            edits.set_link(P1, master=None),
            edits.set_link(P1, master="b"),
            edits.set_link(P1, mtu=576),
            edits.set_link(BR, mtu=1300),
            edits.remove_namespace("red"),
            edits.remove_link(BR),
        ):
            shown = lab.plan(change).commands
            done = await lab.edit(change)
            assert done.commands == shown, (change.title, shown, done)
            assert not done.notes
            await assert_as_wished(lab)
        while lab.snapshot.history.position:
            done = await lab.undo()
            assert not done.notes
            await assert_as_wished(lab)


@boxed
async def test_without_vlan_filtering_in_the_kernel_the_edit_is_refused(tmp_path):
    """With it, it is done; both leave what is said of it true."""
    async with a_lab() as lab:
        await lab.edit(edits.add_bridge(BR))
        before = to_data(lab.snapshot.observed)
        for change in (
            edits.set_link(BR, vlan_filtering=True, stp=True),
            edits.add_bridge(Endpoint("host", "v"), vlan_filtering=True),
        ):
            try:
                await lab.edit(change)
            except EditFailed as error:
                assert error.errno == errno.EOPNOTSUPP
                assert "vlan_filtering 1" in error.summary
                assert "tuilab doctor" in error.hint
                assert not error.leftovers
            else:
                assert "vlan_filtering 1" in sh("ip -d link show type bridge")
                await assert_as_wished(lab)
                await lab.undo()
            await lab.rescan()
            assert to_data(lab.snapshot.observed) == before


@boxed
async def test_a_refusal_at_any_operation_on_bridges_leaves_all_as_it_was(tmp_path):
    driver = Refusing()
    async with a_lab(tmp_path, driver) as lab:
        for change in (
            *SWITCHED,
            edits.set_link(BR, stp=True, ageing=5),
            edits.set_link(P1, isolated=True, cost=9),
            edits.add_entry(P1, MAC),
        ):
            await lab.edit(change)
        before, fdb = to_data(lab.snapshot.observed), static()
        tables = bridge(), port("p1")
        for change in (
            edits.set_link(BR, stp=False, forward_delay=0, ageing=None),
            edits.set_link(P1, cost=None, flood=False),
            edits.remove_link(BR),
            edits.remove_namespace("red"),
        ):
            for k in range(1, len(lab.plan(change).operations) + 1):
                driver.countdown = k
                try:
                    await lab.edit(change)
                except EditFailed as error:
                    assert not error.leftovers
                else:
                    raise AssertionError(f"{change.title}: step {k} was not refused")
                driver.countdown = -1
                await lab.rescan()
                assert to_data(lab.snapshot.observed) == before
                assert static() == fdb
        eventually(lambda: (bridge(), port("p1")), tables)


@boxed
async def test_a_large_fdb_is_read_to_its_end(tmp_path):
    """What is not static is not decoded: that must not end the dump early."""
    async with a_lab(tmp_path) as lab:
        for change in SWITCHED:
            await lab.edit(change)
        learned = (f"02:11:00:00:{n >> 8:02x}:{n & 255:02x}" for n in range(2000))
        lines = [f"fdb add {mac} dev p1 master dynamic" for mac in learned]
        batch = tmp_path / "batch"
        batch.write_text("\n".join(lines))
        sh(f"bridge -batch {batch}")
        macs = [f"02:22:00:00:00:{n:02x}" for n in range(100)]
        changes = [edits.add_entry(P2, mac) for mac in macs]
        await lab.edit(edits.together("many", changes))
        assert static() == {("p2", mac) for mac in macs}
        await assert_as_wished(lab)
        await lab.undo()
        assert static() == set()
        await assert_as_wished(lab)


@boxed
async def test_what_spanning_tree_hides_for_a_while_is_no_drift(tmp_path):
    """While the topology changes a bridge forgets sooner, and says that instead."""
    options = {"stp": True, "forward_delay": 2, "ageing": 12.5, "hello_time": 1}
    async with a_lab(tmp_path) as lab:
        for change in (
            edits.add_namespace("red"),
            edits.add_bridge(BR, **options),
            edits.connect(RED, P1, b_end={"master": "b"}),
        ):
            await lab.edit(change)
        await hidden()
        await lab.rescan()
        await assert_as_wished(lab)
        async with a_lab(tmp_path, restored=False) as other:
            assert not other.snapshot.drift
        done = await lab.edit(edits.set_link(BR, ageing=7))
        assert not done.notes
        assert bridge()["ageing_time"] == 700
        await assert_as_wished(lab)
        sh("ip link set dev b type bridge ageing_time 900")
        await lab.rescan()
        assert [str(it) for it in lab.snapshot.drift] == ['"host:b" has ageing 9 s']


async def hidden():
    """Wait until the kernel shows what it does in place of what it was told."""
    async with asyncio.timeout(30):
        while bridge()["ageing_time"] != 400:
            await asyncio.to_thread(sh, "ip -o link show dev b")
