"""Drift: adopting what is observed gives a topology that describes just that."""

from hypothesis import given

from tests.strategies import sequences, topologies
from tuilab.model.edits import become
from tuilab.plan.adopt import adopted
from tuilab.plan.difference import differences
from tuilab.plan.state import expand


@given(topologies(), topologies())
def test_any_lab_can_be_adopted(wish, outside):
    observed = expand(become("", outside).apply(wish))
    assert differences(expand(adopted(wish, observed)), observed) == []


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
