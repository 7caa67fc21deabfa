"""VLANs of bridges and ports: words, files, plans, what is sent and what is read."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from tests.strategies import tagged
from tuilab.errors import InvalidTopology, UsageError
from tuilab.formats.yaml import dump, loads
from tuilab.kernel import bridging, packing, wire
from tuilab.kernel.channel import _HEADER
from tuilab.model import edits, vlans
from tuilab.model.links import Bridge, Endpoint, Tap
from tuilab.model.topology import Namespace, Topology
from tuilab.model.validate import problems
from tuilab.model.words import link_attributes
from tuilab.plan import operations as ops
from tuilab.plan.adopt import adopted
from tuilab.plan.difference import differences
from tuilab.plan.merge import merge
from tuilab.plan.planner import plan, route_to
from tuilab.plan.simulate import Machine
from tuilab.plan.state import expand, from_data, to_data

B, P, Q = (Endpoint("host", name) for name in ("b", "p", "q"))
MAC = "02:00:00:00:00:77"


def switched(b=None, p=None, q=None, *, filtering=True, **port):
    """A bridge with two taps as its ports."""
    links = {
        "b": Bridge(vlan_filtering=filtering, vlans=b),
        "p": Tap(master="b", vlans=p, **port),
        "q": Tap(master="b", vlans=q),
    }
    return Topology("lab", {"host": Namespace(links)})


@pytest.mark.parametrize(
    ("text", "one"),
    [
        (("1 pvid untagged",), None),
        (("1 untagged pvid",), None),
        (("20", "10-19", "21 untagged"), ("10-20", "21 untagged")),
        (("3", "1", "2 pvid"), ("1", "2 pvid", "3")),
        ((), ()),
        (("nonsense",), ("nonsense",)),
    ],
)
def test_there_is_one_spelling(text, one):
    assert vlans.canonical(text) == one


@given(tagged())
def test_words_and_table_say_the_same(held):
    if held is not None:
        assert vlans.words(vlans.table(held)) == held
        assert vlans.typed(vlans.shown(held)) == held
        assert link_attributes(["vlans", vlans.shown(held)]) == {"vlans": held}


@pytest.mark.parametrize(
    ("held", "index", "fact"),
    [
        (("0",), 0, '"0" is no VLAN from 1 to 4094'),
        (("4095",), 0, "4094"),
        (("9-3",), 0, '"9-3" is no VLAN'),
        (("3", "x"), 1, '"x" is no VLAN'),
        (("3 tagged",), 0, '"tagged" is nothing that a VLAN can be'),
        (("3-5 pvid",), 0, "one VLAN only can be the pvid"),
        (("3", "1-9"), 1, "VLAN 3 is there twice"),
        (("3 pvid", "4 pvid"), 1, "VLAN 3 is the pvid already"),
    ],
)
def test_a_mistake_is_told_in_its_place(held, index, fact):
    (found,) = problems(switched(p=held))
    assert found.path == ("namespaces", "host", "links", "p", "vlans", index)
    assert fact in found.message
    assert "20-29" in found.hint
    with pytest.raises(UsageError, match="20-29"):
        link_attributes(["vlans", ", ".join(held)])


def test_vlans_are_for_who_looks_at_them():
    for lab, where in ((switched(p=("3",)), "p"), (switched(b=("3",)), "b")):
        assert problems(lab) == []
        off = edits.set_link(B, vlan_filtering=False).apply(lab)
        (found,) = problems(off)
        assert found.path == ("namespaces", "host", "links", where, "vlans")
        assert '"host:b" does not look at them' in found.message
        assert "vlan_filtering of b" in found.hint
    alone = edits.set_link(P, master=None).apply(switched(p=("3",)))
    assert alone.link(P) == Tap()


TEXT = """\
tuilab: 1
name: lab
namespaces:
  host:
    links:
      b: {kind: bridge, vlan_filtering: true, vlans: [10 pvid untagged, 20]}   # trunk
      p:   # the printer
        kind: tap
        master: b
        vlans:
          - 10 pvid  untagged
          - 20-29
          - 30
"""


def test_a_file_says_it_as_a_person_would():
    document = loads(TEXT)
    topology = document.topology
    assert topology.link(B).vlans == ("10 pvid untagged", "20")
    assert topology.link(P).vlans == ("10 pvid untagged", "20-30")
    assert loads(dump(topology)).topology == topology
    for change in (
        edits.set_link(P, vlans=("10 pvid untagged", "20-30", "40")),
        edits.set_link(P, vlans=None),
        edits.set_link(B, vlans=()),
        edits.set_link(P, vlans=("7",)),
    ):
        topology = change.apply(topology)
        text = dump(topology, document)
        assert loads(text).topology == topology
        assert "# trunk" in text
        assert "# the printer" in text
    assert "vlans: []" in text


@pytest.mark.parametrize(
    ("old", "new", "place", "fact"),
    [
        ("20]", "20-10]", "6:73", '"20-10" is no VLAN'),
        ("[10 pvid untagged, 20]", "ten", "6:54", '"vlans" must be a list'),
        ("vlan_filtering: true, ", "", "6:25", "does not look at them"),
        ("- 30", "- 25", "13:13", "VLAN 25 is there twice"),
        ("kind: tap", "kind: tap\n        vlan: [3]", "9:9", '"vlan"'),
    ],
)
def test_a_mistake_in_a_file_has_its_place(old, new, place, fact):
    with pytest.raises(InvalidTopology) as caught:
        loads(TEXT.replace(old, new))
    found = caught.value.problems[0]
    assert f"{found.line}:{found.column}" == place
    assert fact in found.message


held = st.tuples(tagged(), tagged(), tagged())
FDB = st.sampled_from(((), (MAC,)))


@given(held, held, st.booleans(), st.booleans(), FDB, FDB)
def test_any_vlans_to_any_others(one, other, before, after, here, there):
    """And back, with filtering switched on and off on the way."""
    start, goal = (
        expand(switched(*(it if on else ()), filtering=on, fdb=fdb))
        for it, on, fdb in ((one, before, here), (other, after, there))
    )
    for a, b in ((start, goal), (goal, start)):
        machine = Machine(a)
        steps = route_to(a, b).operations
        for step in steps:
            step.simulate(machine)
        assert machine.state() == b
        assert route_to(b, b).operations == ()
        if a.link(P).port.vlans != b.link(P).port.vlans and before and after:
            # A static entry is for the VLANs that there are when it is made.
            last = max(i for i, it in enumerate(steps) if "vlan" in it.commands()[0])
            made = [it for it in steps[last:] if isinstance(it, ops.AddEntry)]
            assert len(made) == len(b.link(P).port.fdb)
    assert from_data(to_data(goal)) == goal


@given(held, held, held)
def test_an_edit_of_vlans_leaves_drift_as_it_is(base, target, there):
    was, wanted, seen = (expand(switched(*it)) for it in (base, target, there))
    goal = merge(was, wanted, seen)
    for end in (P, Q):
        one, two, three, four = (
            vlans.table(it.link(end).port.vlans) for it in (was, wanted, seen, goal)
        )
        for vlan in {**one, **two, **three}:
            if one.get(vlan) != two.get(vlan):
                assert four.get(vlan) == two.get(vlan)
            elif four.get(vlan) != three.get(vlan):
                # There is one pvid only.
                assert "pvid" in three[vlan]
                assert any("pvid" in two[k] for k in two if one.get(k) != two[k])
    assert plan(was, was, seen).operations == ()


@given(held, held)
def test_vlans_are_adopted(wish, outside):
    observed = expand(switched(*outside))
    found = adopted(switched(*wish), observed)
    assert differences(expand(found), observed) == []
    assert problems(found) == []


def test_a_difference_in_words():
    was, now = expand(switched()), expand(switched(p=("10 pvid untagged", "20-22")))
    assert [str(it) for it in differences(was, now)] == [
        '"host:p" is in VLANs 10 pvid untagged, 20-22, not 1 pvid untagged'
    ]


def test_commands_are_those_of_bridge():
    start, goal = (
        expand(switched()),
        expand(
            switched(
                b=("1", "5 pvid untagged"), p=("1 untagged", "10 pvid", "20-29"), q=()
            )
        ),
    )
    assert list(route_to(start, goal).commands) == [
        "bridge vlan add dev b vid 5 pvid untagged self",
        "bridge vlan add dev b vid 1 self",
        "bridge vlan add dev p vid 10 pvid",
        "bridge vlan add dev p vid 1 untagged",
        "bridge vlan add dev p vid 20-29",
        "bridge vlan del dev q vid 1",
    ]
    nasty = ops.DeleteVlans(Endpoint("a;reboot", "x y"), "7")
    assert nasty.commands() == ("bridge -n 'a;reboot' vlan del dev 'x y' vid 7",)


@pytest.mark.parametrize(
    ("verb", "entry", "itself", "attributes"),
    [
        ("add", "10 pvid untagged", False, [(6, 10)]),
        ("add", "20-29 untagged", True, [(4 | 8, 20), (4 | 16, 29)]),
        ("del", "7", False, [(0, 7)]),
    ],
)
def test_what_is_sent_is_what_pyroute2_reads(verb, entry, itself, attributes):
    first, last, flags = vlans.entry(entry)
    args = {"first": first, "last": last, "flags": flags, "itself": itself, "index": 5}
    message = packing.encode("vlan", verb, args)
    assert message.kind == {"add": 19, "del": 17}[verb]
    size = 16 + len(message.body)
    data = _HEADER.pack(size, message.kind, 0, 0, 0) + message.body
    read = ifinfmsg(data)
    read.decode()
    assert (read["family"], read["index"]) == (7, 5)
    spec = read.get_attr("IFLA_AF_SPEC")
    infos = [value for name, value in spec["attrs"] if name.endswith("VLAN_INFO")]
    assert [(it["flags"], it["vid"]) for it in infos] == attributes
    assert spec.get_attr("IFLA_BRIDGE_VLAN_FLAGS") == (2 if itself else None)


@given(tagged())
def test_what_the_kernel_says_is_read(held):
    spec = b""
    for text in held or vlans.USUAL:
        first, last, flags = vlans.entry(text)
        bits = sum(wire.VLAN_FLAGS[flag] for flag in flags)
        for vlan, end in {first: 8, last: 16}.items():
            info = struct.pack("=HH", bits | (end if first != last else 0), vlan)
            spec += wire.attribute(2, info)
    body = wire.IFINFO.pack(7, 0, 5, 0, 0) + wire.attribute(wire.IFLA_AF_SPEC, spec)
    assert bridging.read_vlans(body) == (5, held or vlans.USUAL)
    empty = wire.IFINFO.pack(7, 0, 6, 0, 0)
    assert bridging.vlans_of([body, empty]) == {5: held or vlans.USUAL}


@pytest.mark.parametrize(
    ("these", "told"),
    [
        (vlans.USUAL, "v1"),
        (("10", "20"), "v10t,20t"),
        (("20-29", "10 pvid untagged"), "v10,20-29t"),
        (("1", "3", "5", "7 untagged"), "v7,1t,+2"),
        ((), "vnone"),
    ],
)
def test_vlans_in_a_few_letters(these, told):
    assert vlans.short(these) == told
