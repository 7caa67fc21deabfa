"""The journal: what is written comes back, whatever a crash left at its end."""

import asyncio
import json
import resource
from pathlib import Path

import pytest
from hypothesis import given

from tests.strategies import sequences
from tuilab.errors import Busy, LabGone, TuilabError
from tuilab.lab import journal as module
from tuilab.lab.journal import Begun, FileJournal
from tuilab.lab.records import (
    edit_from_data,
    edit_to_data,
    topology_from_data,
    topology_to_data,
)
from tuilab.model import edits
from tuilab.model.topology import Topology
from tuilab.plan.history import Edit


def entry(journal, change):
    after = change.apply(journal.history.topology)
    return Edit(change.title, after, change.renames, 1.5, ("ip netns add x",))


@pytest.fixture
def journal(tmp_path):
    return FileJournal.create(tmp_path, Topology("lab"))


@given(sequences())
def test_edits_survive_as_differences(sequence):
    topology, changes = sequence
    assert topology_from_data(json.loads(json.dumps(topology_to_data(topology))))
    for change in changes:
        after = change.apply(topology)
        edit = Edit(change.title, after, change.renames, 2.0)
        data = json.loads(json.dumps(edit_to_data(edit, topology)))
        back = edit_from_data(data, topology)
        assert back == edit
        assert list(back.topology.namespaces) == list(after.namespaces)
        topology = after


def test_what_was_written_is_read_by_the_next_process(journal, tmp_path):
    for name in ("red", "blue", "green"):
        journal.edit(entry(journal, edits.add_namespace(name)))
    journal.at(2)
    journal.set_source(Path("/labs/a.yaml"))
    other = FileJournal(tmp_path)
    assert other.history == journal.history
    assert other.history.position == 2
    assert other.source == Path("/labs/a.yaml")
    other.edit(entry(other, edits.add_namespace("amber")))
    assert [e.title for e in other.history.edits][-1] == "add namespace amber"
    assert journal.refresh()
    assert journal.history == other.history
    assert not journal.refresh()


@pytest.mark.parametrize("torn", ['{"edit', '{"at":0}', "\x00\x00\x00"])
def test_a_line_without_an_end_was_never_written(journal, tmp_path, torn):
    journal.edit(entry(journal, edits.add_namespace("red")))
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write(torn)
    other = FileJournal(tmp_path)
    assert other.history == journal.history
    other.edit(entry(other, edits.add_namespace("blue")))
    assert FileJournal(tmp_path).history == other.history
    assert len(other.history.edits) == 2


def test_a_damaged_line_is_named_and_nothing_is_lost(journal, tmp_path):
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(TuilabError, match="is damaged"):
        FileJournal(tmp_path)


def test_what_was_begun_is_known_until_it_is_done(journal, tmp_path):
    journal.begin(Begun("add x", {"red": None}))
    assert FileJournal(tmp_path).begun == Begun("add x", {"red": None})
    journal.back()
    assert FileJournal(tmp_path).begun is None


async def test_the_lock_keeps_others_out(journal, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LOCK_TIMEOUT", 0.05)
    other = FileJournal(tmp_path)
    async with journal.exclusive():
        with pytest.raises(Busy, match="being changed elsewhere"):
            async with other.exclusive():
                pass
    async with other.exclusive():
        waiting = asyncio.ensure_future(enter(journal))
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


@pytest.fixture
def tight():
    """Says how many bytes more a file may have: a full disk, for this process only."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def leave_room(path, room):
        size = path.stat().st_size + room
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield leave_room
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_costs_no_record_that_was_there(journal, tmp_path, tight):
    path = tmp_path / "journal.jsonl"
    journal.edit(entry(journal, edits.add_namespace("red")))
    before, text = journal.history, path.read_bytes()
    for room in (0, 1, 40):
        tight(path, room)
        with pytest.raises(TuilabError, match="can't be written"):
            journal.edit(entry(journal, edits.add_namespace("blue")))
        assert journal.history == before
        assert path.read_bytes() == text
    tight(path, 10_000)
    journal.edit(entry(journal, edits.add_namespace("blue")))
    assert FileJournal(tmp_path).history == journal.history


def test_what_cannot_be_written_is_said(tmp_path):
    (tmp_path / "journal.jsonl").mkdir()
    with pytest.raises(TuilabError, match=r"journal.jsonl\" can't be read"):
        FileJournal.create(tmp_path, Topology("lab"))
    gone = tmp_path / "gone"
    with pytest.raises(TuilabError, match=r"journal.jsonl\" can't be written"):
        FileJournal.create(gone, Topology("lab"))


async def test_a_lab_that_was_removed_cannot_be_locked(journal, tmp_path):
    (tmp_path / "journal.jsonl").unlink()
    tmp_path.rmdir()
    with pytest.raises(LabGone, match="has been removed"):
        await enter(journal)


async def test_what_a_dead_process_began_is_told_from_what_is_going_on(
    journal, tmp_path
):
    other = FileJournal(tmp_path)
    assert not other.abandoned()
    async with journal.exclusive():
        journal.begin(Begun("add x", {"red": None}))
        other.refresh()
        assert not other.abandoned()
    assert other.abandoned()
    journal.back()
    other.refresh()
    assert not other.abandoned()


async def enter(journal):
    async with journal.exclusive():
        pass
