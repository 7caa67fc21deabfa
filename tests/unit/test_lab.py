"""The lab on the modelled kernel: edits, history, refusals, events."""

import asyncio
import errno
import resource

import pytest

from tests.drivers import OneByOne, Slow
from tuilab.errors import (
    EditFailed,
    InvalidTopology,
    KernelError,
    LabGone,
    RightsError,
    UsageError,
)
from tuilab.kernel.modelled import ModelDriver
from tuilab.lab import drift
from tuilab.lab.journal import Begun, FileJournal, MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.lab.snapshot import Changed, Gone, Logged
from tuilab.model import edits
from tuilab.model.topology import Endpoint, Route, Topology
from tuilab.plan.difference import differences
from tuilab.plan.operations import SetLink, SetSysctl
from tuilab.plan.state import expand, to_data

RED = Endpoint("red", "eth0")
CABLE = edits.connect(
    RED,
    Endpoint("blue", "eth0"),
    a_end={"addresses": ("10.0.0.1/24", "fd00::1/64")},
    b_end={"addresses": ("10.0.0.2/24",)},
)


@pytest.fixture
async def lab(tmp_path):
    lab = await Lab.preview()
    for name in ("red", "blue"):
        await lab.edit(edits.add_namespace(name))
    await lab.edit(CABLE)
    await lab.edit(edits.add_route("red", Route("default", "10.0.0.2")))
    yield lab
    await lab.aclose()


async def test_an_edit_shows_in_the_snapshot_and_the_log(lab):
    assert lab.snapshot.observed == expand(lab.snapshot.topology)
    assert lab.snapshot.history.position == 4
    assert lab.log[-1].commands == (
        "ip -n red route add default via 10.0.0.2 dev eth0",
    )
    assert lab.snapshot.live[RED].operstate == "up"


async def test_link_down_and_its_undo_put_back_what_went_along(lab):
    before = lab.snapshot.observed
    down = await lab.edit(edits.set_link(RED, up=False))
    assert down.commands == ("ip -n red link set dev eth0 down",)
    undone = await lab.undo()
    assert undone.commands == (
        "ip -n red link set dev eth0 up",
        "ip -n red addr add fd00::1/64 dev eth0 nodad",
        "ip -n red route add default via 10.0.0.2 dev eth0",
    )
    assert lab.snapshot.observed == before


async def test_the_plan_shown_is_what_is_carried_out(lab):
    change = edits.remove_namespace("blue")
    shown = lab.plan(change).commands
    assert (await lab.edit(change)).commands == shown
    assert not lab.snapshot.topology.namespaces["red"].routes


async def test_nothing_to_undo_or_redo_is_said(lab):
    await lab.go_to(0)
    with pytest.raises(UsageError, match="nothing to undo"):
        await lab.undo()
    await lab.go_to(4)
    with pytest.raises(UsageError, match="nothing to redo"):
        await lab.redo()
    with pytest.raises(UsageError, match="no entry"):
        await lab.go_to(9)


async def test_an_edit_after_undo_forgets_what_was_undone(lab):
    await lab.undo()
    await lab.edit(edits.add_namespace("green"))
    titles = [edit.title for edit in lab.snapshot.history.edits]
    assert titles[-1] == "add namespace green"
    assert len(titles) == 4


async def test_names_used_twice_over_time_find_their_way(lab):
    await lab.edit(edits.rename_namespace("red", "rouge"))
    await lab.edit(edits.add_namespace("red"))
    await lab.go_to(0)
    await lab.go_to(6)
    assert lab.snapshot.observed == expand(lab.snapshot.topology)
    assert set(lab.snapshot.observed.namespaces) == {"host", "blue", "rouge", "red"}


async def test_what_cannot_be_built_touches_nothing(lab):
    before = lab.snapshot
    with pytest.raises(InvalidTopology):
        await lab.edit(edits.add_address(RED, "300.0.0.1/24"))
    with pytest.raises(UsageError):
        await lab.edit(edits.add_namespace("red"))
    assert lab.snapshot == before


async def test_an_edit_that_changes_nothing_leaves_no_trace(lab):
    before = lab.snapshot
    outcome = await lab.edit(edits.set_link(RED, up=True))
    assert (outcome.commands, outcome.notes) == ((), ())
    assert lab.snapshot == before
    await lab._driver.carry_out([SetLink(RED, up=False)])
    await lab.rescan()
    outcome = await lab.edit(edits.set_link(RED, up=True))
    assert "changed outside" in outcome.notes[0]
    assert lab.snapshot.history == before.history


async def test_what_did_not_change_is_not_compared_again(lab, monkeypatch):
    compared = []

    def count(wish, observed, only):
        compared.extend(only)
        return differences(wish, observed, only)

    monkeypatch.setattr(drift, "differences", count)
    await lab.edit(edits.set_link(RED, mtu=1400))
    assert set(compared) <= {"red", "blue"}
    compared.clear()
    lab._view.update(live={}, pending="x")
    assert compared == []


async def test_drift_is_repaired_without_or_adopted_with_an_entry(lab):
    history = lab.snapshot.history
    await lab._driver.carry_out([SetLink(RED, mtu=1400)])
    await lab.rescan()
    assert [str(it) for it in lab.snapshot.drift] == [
        '"red:eth0" has mtu 1400, not 1500'
    ]
    assert (await lab.repair([RED])).commands == lab.log[-1].commands
    assert (lab.snapshot.drift, lab.snapshot.history) == ((), history)
    await lab._driver.carry_out([SetLink(RED, mtu=1400)])
    assert (await lab.adopt()).title == "adopt 1 change made outside"
    assert lab.snapshot.drift == ()
    assert lab.snapshot.topology.link(RED).mtu == 1400
    await lab.undo()
    assert lab.snapshot.observed.link(RED).mtu == 1500


async def test_a_value_that_means_nothing_is_not_adopted_and_the_rest_is(lab):
    key = "net.ipv4.conf.eth0.rp_filter"
    await lab.edit(edits.set_sysctl("red", key, "2"))
    await lab._driver.carry_out([SetSysctl("red", key, "5"), SetLink(RED, mtu=1400)])
    await lab.rescan()
    done = await lab.adopt()
    assert done.notes == (f'can\'t be adopted: "red" has {key} = 5, not 2',)
    assert lab.snapshot.topology.link(RED).mtu == 1400
    assert lab.snapshot.topology.namespaces["red"].sysctls[key] == "2"


class Stubborn(OneByOne, ModelDriver):
    """Refuses some operations, by the name of their class."""

    def __init__(self):
        super().__init__()
        self.refused = {}

    async def before(self, operation):
        error = self.refused.get(type(operation).__name__)
        if error:
            raise error


@pytest.fixture
async def stubborn(tmp_path):
    driver = Stubborn()
    lab = await Lab.open(driver, MemoryJournal(Topology("lab")), tmp_path)
    await lab.restore()
    for change in (edits.add_namespace("red"), edits.add_namespace("blue"), CABLE):
        await lab.edit(change)
    yield lab, driver
    await lab.aclose()


async def test_a_refused_edit_is_rolled_back(stubborn):
    lab, driver = stubborn
    before = lab.snapshot
    driver.refused["AddAddress"] = KernelError("refused", errno=1)
    change = edits.add_bridge(Endpoint("red", "br0"), addresses=("10.7.0.1/24",))
    with pytest.raises(EditFailed, match="the lab is as before") as caught:
        await lab.edit(change)
    assert caught.value.errno == 1
    assert lab.snapshot == before
    assert lab.log[-2].error == "refused"


async def test_what_rolling_back_cannot_restore_is_named_with_its_command(stubborn):
    lab, driver = stubborn
    driver.refused["AddAddress"] = KernelError("refused")
    driver.refused["DeleteLink"] = KernelError("refused too")
    change = edits.add_bridge(Endpoint("red", "br0"), addresses=("10.7.0.1/24",))
    with pytest.raises(EditFailed) as caught:
        await lab.edit(change)
    (left,) = caught.value.leftovers
    assert '"red:br0" is there' in left
    assert "ip -n red link del dev br0" in left


async def test_a_failure_that_nobody_foresaw_is_rolled_back_too(stubborn):
    lab, driver = stubborn
    before = lab.snapshot
    driver.refused["AddAddress"] = OSError(errno.EMFILE, "too many open files")
    change = edits.add_bridge(Endpoint("red", "br0"), addresses=("10.7.0.1/24",))
    with pytest.raises(OSError, match="too many open files"):
        await lab.edit(change)
    await lab.rescan()
    assert lab.snapshot == before
    driver.refused.clear()
    await lab.edit(change)


async def test_an_edit_that_cannot_be_recorded_is_rolled_back(tmp_path):
    FileJournal.create(tmp_path, Topology("lab"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    class FullThen(FileJournal):
        """On a disk that is, from some time on, full when the edit is done."""

        full = False

        def _append(self, record):
            if self.full and ("edit" in record or "at" in record):
                size = (tmp_path / "journal.jsonl").stat().st_size + 3
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
            try:
                super()._append(record)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    journal = FullThen(tmp_path)
    lab = await Lab.open(ModelDriver(), journal, tmp_path)
    await lab.restore()
    await lab.edit(edits.add_namespace("red"))
    before = lab.snapshot
    journal.full = True
    for act in (lambda: lab.edit(edits.add_namespace("blue")), lab.undo):
        with pytest.raises(EditFailed, match=r"written: File too large.*is as before"):
            await act()
        assert lab.snapshot == before
    journal.full = False
    assert FileJournal(tmp_path).begun is None
    await lab.undo()
    await lab.aclose()


async def test_what_was_cut_off_is_forgotten_in_a_new_sandbox(tmp_path):
    """The machine went down in the middle of an edit: nothing is left to roll back."""
    FileJournal.create(tmp_path, Topology("lab"))
    lab = await Lab.open(ModelDriver(), FileJournal(tmp_path), tmp_path)
    await lab.restore()
    for change in (edits.add_namespace("red"), edits.add_namespace("blue"), CABLE):
        await lab.edit(change)
    history = lab.snapshot.history
    now = to_data(lab.snapshot.observed, ["red"])
    FileJournal(tmp_path).begin(Begun("set red:eth0 mtu 1400", now))
    await lab.aclose()
    again = await Lab.open(ModelDriver(), FileJournal(tmp_path), tmp_path)
    await again.restore()
    assert again.snapshot.history == history
    assert again.snapshot.observed == expand(history.topology)
    assert FileJournal(tmp_path).begun is None
    await again.aclose()


async def test_letting_go_of_a_lab_waits_for_the_edit_it_is_at(tmp_path):
    driver = Slow()
    driver.go_on.set()
    lab = await Lab.open(driver, MemoryJournal(Topology("lab")), tmp_path)
    await lab.restore()
    driver.go_on.clear()
    driver.at_it.clear()
    edit = asyncio.ensure_future(lab.edit(edits.add_namespace("red")))
    await driver.at_it.wait()
    closing = asyncio.ensure_future(lab.aclose())
    await asyncio.wait([closing], timeout=0)
    driver.go_on.set()
    await edit
    await closing
    assert lab.snapshot.history.position == 1


async def test_an_edit_that_waited_while_its_lab_ended_is_not_made(tmp_path):
    driver = Slow()
    driver.go_on.set()
    lab = await Lab.open(driver, MemoryJournal(Topology("lab")), tmp_path)
    await lab.restore()
    driver.go_on.clear()
    driver.at_it.clear()
    first = asyncio.ensure_future(lab.edit(edits.add_namespace("red")))
    second = asyncio.ensure_future(lab.edit(edits.add_namespace("blue")))
    await driver.at_it.wait()
    lab.end("gone")
    driver.go_on.set()
    await first
    with pytest.raises(LabGone, match="gone"):
        await second
    assert lab.snapshot.history.position == 1


async def test_a_listener_that_fails_costs_no_edit(lab, caplog):
    def fail(event):
        raise RuntimeError("a widget is broken")

    lab.subscribe(fail)
    heard = []
    lab.subscribe(heard.append)
    await lab.edit(edits.add_namespace("green"))
    assert "green" in lab.snapshot.observed.namespaces
    assert heard
    assert "a widget is broken" in caplog.text


async def test_lacking_rights_stay_lacking_rights(stubborn):
    lab, driver = stubborn
    driver.refused["AddTap"] = RightsError("no /dev/net/tun", "make it")
    with pytest.raises(RightsError, match="the lab is as before"):
        await lab.edit(edits.add_tap(Endpoint("red", "tap0")))


async def test_listeners_hear_of_every_change_until_they_stop(lab):
    heard = []
    stop = lab.subscribe(heard.append)
    await lab.edit(edits.add_namespace("green"))
    assert any(isinstance(event, Logged) for event in heard)
    assert isinstance(heard[-1], Changed)
    assert heard[-1].snapshot is lab.snapshot
    assert any(e.snapshot.pending for e in heard if isinstance(e, Changed))
    stop()
    count = len(heard)
    await lab.edit(edits.add_namespace("amber"))
    assert len(heard) == count


async def test_a_lab_that_has_ended_says_so(lab):
    heard = []
    lab.subscribe(heard.append)
    lab.end("gone")
    assert heard == [Gone("gone")]
    with pytest.raises(LabGone, match="gone"):
        await lab.undo()
