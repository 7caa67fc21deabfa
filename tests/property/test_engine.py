"""Any lab to any lab, on the model: every goal is reached, every start come back to."""

from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import sequences, topologies
from tuilab.errors import KernelError
from tuilab.model.edits import become
from tuilab.plan.history import Edit, History
from tuilab.plan.merge import merge
from tuilab.plan.planner import plan, route_to
from tuilab.plan.simulate import Machine
from tuilab.plan.state import State, expand, from_data, to_data


def carried_out(start: State, operations) -> State:
    machine = Machine(start)
    for operation in operations:
        operation.simulate(machine)
        assert operation.commands()
        assert operation.requests()
    return machine.state()


@given(topologies(), topologies())
def test_any_lab_becomes_any_other(one, other):
    start, goal = expand(one), expand(become("", other).apply(one))
    steps = plan(start, goal, start)
    assert steps.goal == goal
    assert carried_out(start, steps.operations) == goal
    # And nothing is left to do.
    assert plan(goal, goal, goal).operations == ()


@given(sequences())
def test_undo_all_is_the_start_and_redo_all_the_end(sequence):
    start, changes = sequence
    history = History(start)
    state = expand(start)
    states = [state]
    for change in changes:
        before = history.topology
        after = change.apply(before)
        steps = plan(expand(before), expand(after), state, change.renames)
        state = carried_out(state, steps.operations)
        assert state == expand(after)
        history = history.after(Edit(change.title, after, change.renames))
        states.append(state)
    for expected in reversed(states[:-1]):
        step = history.undo()
        steps = plan(
            expand(history.topology), expand(step.topology), state, step.renames
        )
        state = carried_out(state, steps.operations)
        assert state == expected
        history = history.moved(step.position)
    assert history.undo() is None
    for expected in states[1:]:
        step = history.redo()
        steps = plan(
            expand(history.topology), expand(step.topology), state, step.renames
        )
        state = carried_out(state, steps.operations)
        assert state == expected
        history = history.moved(step.position)
    assert history.redo() is None


@given(topologies(), topologies(), topologies())
def test_an_edit_leaves_drift_alone(base, target, observed):
    """What base and target agree on stays as it is observed, namespace by namespace."""
    was, wanted = expand(base), expand(become("", target).apply(base))
    there = expand(become("", observed).apply(base))
    goal = merge(was, wanted, there)
    try:
        steps = plan(was, wanted, there)
    except KernelError:
        # What was changed outside stands in the way, and the plan says so.
        return
    assert carried_out(there, steps.operations) == goal
    for name, namespace in there.namespaces.items():
        if was.namespaces.get(name) == wanted.namespaces.get(name):
            for ifname, link in goal.namespaces[name].links.items():
                if ifname in namespace.links:
                    assert link == namespace.links[ifname]
                else:
                    # The far end of a cable that was removed outside, and edited.
                    assert was.link(link.peer) != wanted.link(link.peer)


@given(topologies(), topologies(), st.data())
def test_stopped_anywhere_it_finds_the_way_back(one, other, data):
    start, goal = expand(one), expand(become("", other).apply(one))
    operations = plan(start, goal, start).operations
    done = data.draw(st.integers(0, len(operations)))
    halfway = carried_out(start, operations[:done])
    assert carried_out(halfway, route_to(halfway, start).operations) == start


@given(topologies())
def test_a_state_survives_as_plain_data(topology):
    state = expand(topology)
    assert from_data(to_data(state)) == state


@given(sequences())
def test_expanding_an_edit_reuses_what_it_left_alone(sequence):
    topology, changes = sequence
    state = expand(topology)
    for change in changes:
        after = change.apply(topology)
        state = expand(after, (topology, state))
        assert state == expand(after)
        topology = after
