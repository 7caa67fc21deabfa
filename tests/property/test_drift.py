"""Drift: no edit touches it, repairing ends it, adopting describes it."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.property.test_engine import carried_out
from tests.strategies import changes, policed, rerouting, sequences, topologies
from tuilab.model.edits import become
from tuilab.model.topology import Endpoint
from tuilab.model.validate import problems
from tuilab.plan.adopt import adopted
from tuilab.plan.difference import differences
from tuilab.plan.merge import settled
from tuilab.plan.planner import plan
from tuilab.plan.repair import repair
from tuilab.plan.state import State, expand


@given(topologies(), topologies())
def test_any_lab_can_be_adopted(wish, outside):
    observed = expand(become("", outside).apply(wish))
    assert differences(expand(adopted(wish, observed)), observed) == []


@given(policed(), st.data())
def test_what_is_adopted_of_routing_is_a_valid_lab(sequence, data):
    start, made = sequence
    wish = outside = start
    for change in made:
        wish = change.apply(wish)
    for change in made[: data.draw(st.integers(0, len(made)))]:
        outside = change.apply(outside)
    for _ in range(data.draw(st.integers(0, 8))):
        outside = data.draw(rerouting(outside)).apply(outside)
    found = adopted(wish, expand(outside))
    assert differences(expand(found), expand(outside)) == []
    assert problems(found) == []


@given(sequences())
def test_adopting_keeps_what_agrees_as_it_was_written(sequence):
    wish, changes = sequence
    assert adopted(wish, expand(wish)) == wish
    after = wish
    for change in changes:
        after = change.apply(after)
    found = adopted(wish, expand(after))
    for name, namespace in wish.namespaces.items():
        if expand(after).namespaces.get(name) == expand(wish).namespaces.get(name):
            assert found.namespaces[name] == namespace
    assert differences(expand(found), expand(after)) == []


def drifted(wish, changes):
    """What the kernel holds once these edits were made behind a lab's back."""
    after = wish
    for change in changes:
        after = change.apply(after)
    return expand(after)


@given(sequences(max_edits=3), st.data())
def test_an_unrelated_edit_and_its_undo_leave_drift_as_it_is(sequence, data):
    wish, outside = sequence
    observed = drifted(wish, outside)
    drift = differences(expand(wish), observed)
    change = data.draw(changes(wish))
    after = change.apply(wish)
    edited = {it.namespace for it in differences(expand(wish), expand(after))}
    assume(edited.isdisjoint(it.namespace for it in drift))
    there = plan_of(wish, after, observed, change.renames)
    back = [rename.reversed() for rename in reversed(change.renames)]
    there = plan_of(after, wish, there, back)
    assert differences(expand(wish), there) == drift
    assert there == observed


def plan_of(one, other, there, renames=()):
    """What an edit from one lab to another leaves behind."""
    steps = plan(expand(one), expand(other), there, renames)
    return carried_out(there, steps.operations)


@given(sequences())
def test_repairing_all_brings_back_the_wish(sequence):
    wish, outside = sequence
    observed = drifted(wish, outside)
    steps = repair(expand(wish), observed)
    assert carried_out(observed, steps.operations) == expand(wish)
    assert not repair(expand(wish), expand(wish)).operations


@given(sequences(), st.data())
def test_repairing_some_leaves_nothing_otherwise_there(sequence, data):
    wish, outside = sequence
    observed = drifted(wish, outside)
    drift = differences(expand(wish), observed)
    assume(drift)
    it = data.draw(st.sampled_from(drift))
    what = it.namespace
    if it.ifname and data.draw(st.booleans()):
        what = Endpoint(it.namespace, it.ifname)
    steps = repair(expand(wish), observed, [what])
    after = carried_out(observed, steps.operations)
    for left in differences(expand(wish), after):
        assert what not in (left.namespace, Endpoint(left.namespace, str(left.ifname)))


@given(sequences())
def test_what_is_adopted_can_be_undone_and_done_again(sequence):
    wish, outside = sequence
    observed = drifted(wish, outside)
    found = adopted(wish, observed)
    assert not plan(expand(wish), expand(found), observed).operations
    undone = plan_of(found, wish, observed)
    assert undone == expand(wish)
    assert plan_of(wish, found, undone) == observed


@given(sequences(), st.data())
def test_what_has_no_words_is_left_as_wished_and_as_it_is(sequence, data):
    wish, outside = sequence
    observed = drifted(wish, outside)
    for _ in range(data.draw(st.integers(1, 3))):
        observed = made_odd(data.draw, observed)
    found = adopted(wish, observed)
    ends = {end for end, _ in found.links()}
    for end, link in found.links():
        assert getattr(link, "peer", None) is None or link.peer in ends
        assert not link.master or Endpoint(end.namespace, link.master) in ends
    before = {(it.namespace, it.ifname) for it in differences(expand(wish), observed)}
    for it in differences(expand(found), observed):
        # What is in a namespace that is new was no difference of its own.
        new = it.namespace not in wish.namespaces
        assert new or (it.namespace, it.ifname) in before
    assert not plan(expand(wish), expand(found), observed).operations


def made_odd(draw, state):
    """A state with a link of another kind, or with a cable that leaves the lab."""
    ends = [
        Endpoint(name, ifname)
        for name, namespace in state.namespaces.items()
        for ifname in namespace.links
        if ifname != "lo"
    ]
    if not ends:
        return state
    end = draw(st.sampled_from(ends))
    namespaces = dict(state.namespaces)

    def put(at, link):
        links = dict(namespaces[at.namespace].links)
        links[at.ifname] = link
        if link is None:
            del links[at.ifname]
        there = namespaces[at.namespace]
        namespaces[at.namespace] = replace(there, links=links)

    link = state.link(end)
    if link.peer is not None:
        put(link.peer, None)
        put(end, replace(link, peer=None))
    else:
        put(end, replace(link, kind="odd", user=None, group=None))
    # As the kernel would have it: no port of what is no bridge.
    return settled(State(namespaces), set(namespaces), state)
