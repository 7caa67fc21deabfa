"""Copies of any part of any lab: valid, beside the original, which stays as it is."""

from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import topologies
from tuilab.errors import UsageError
from tuilab.formats import clips
from tuilab.model import edits
from tuilab.model.edits.clip import cut_out
from tuilab.model.edits.paste import duplicate, pasted
from tuilab.model.topology import HOST, LO, Topology, Veth
from tuilab.model.validate import problems


@st.composite
def selections(draw):
    lab = draw(topologies())
    things = [name for name in lab.namespaces if name != HOST]
    things += [end for end, _ in lab.links() if end.ifname != LO]
    if not things:
        return lab, []
    return lab, draw(st.lists(st.sampled_from(things), min_size=1, unique=True))


def only(lab, names):
    """A lab with nothing but some links of it, to compare."""
    return {end: link for end, link in lab.links() if end in names}


@given(selections())
def test_a_copy_is_valid_and_leaves_the_original_as_it_is(selection):
    lab, targets = selection
    if not targets:
        return
    try:
        after = duplicate(lab, targets).apply(lab)
    except UsageError as error:
        # A network of few addresses has none left.
        assert "free" in error.summary
        return
    assert not problems(after)
    former = dict(lab.links())
    assert only(after, former) == former
    for name, namespace in lab.namespaces.items():
        there = after.namespaces[name]
        assert there.rules == namespace.rules
        assert there.routes[: len(namespace.routes)] == namespace.routes
        kept = there.neighbours[: len(namespace.neighbours)]
        assert kept == namespace.neighbours
        assert there.sysctls.items() >= namespace.sysctls.items()


@given(selections())
def test_a_copy_has_what_was_chosen(selection):
    lab, targets = selection
    if not targets:
        return
    try:
        result = pasted(cut_out(lab, targets), lab)
    except UsageError:
        return
    for target in targets:
        if isinstance(target, str):
            old, new = lab.namespaces[target], result.namespaces[target]
            copy = result.topology.namespaces[new]
            assert copy.rules == () or len(copy.rules) == len(old.rules)
            assert copy.sysctls.items() <= old.sysctls.items()
            kept = {n for n in old.links if n in copy.links}
            gone = set(old.links) - kept
            assert all(isinstance(old.links[n], Veth) for n in gone)
        elif target.namespace not in targets:
            copied = result.topology.link(result.links[target])
            assert copied.kind == lab.link(target).kind


@given(selections(), topologies())
def test_a_clip_goes_into_any_other_lab_and_through_text(selection, other):
    lab, targets = selection
    if not targets:
        return
    clip = cut_out(lab, targets)
    assert not problems(clip.lab)
    read = clips.loads(clips.dump(clip))
    assert (read.lab, read.around, read.joins) == (clip.lab, clip.around, clip.joins)
    try:
        after = pasted(read, other).topology
    except UsageError:
        return
    assert not problems(after)
    assert only(after, dict(other.links())) == dict(other.links())


@given(selections())
def test_removing_several_is_removing_each(selection):
    lab, targets = selection
    if not targets:
        return
    after = edits.remove(targets).apply(lab)
    assert not problems(after)
    one_by_one = lab
    for target in targets:
        # What went with another one is gone already.
        if isinstance(target, str):
            one_by_one = edits.remove_namespace(target).apply(one_by_one)
        elif one_by_one.link(target) is not None:
            one_by_one = edits.remove_link(target).apply(one_by_one)
    assert after == one_by_one


def test_a_copy_pasted_into_an_empty_lab_keeps_names_and_addresses():
    from tests.tui.labs import switch

    lab = switch()
    clip = cut_out(lab, ["red", "blue"])
    after = pasted(clip, Topology("other")).topology
    assert set(after.namespaces) == {"host", "red", "blue"}
    red = after.namespaces["red"]
    assert red.links["eth0"].addresses == ("10.0.0.1/24",)
    assert red.routes == lab.namespaces["red"].routes
    assert after.namespaces["host"].bridges() == ["br0"]
