"""Several things at once: removed, switched, copied."""

import time
from dataclasses import replace

import pytest

from tests.tui.labs import BLUE, BR0, PORT1, RED, built, router, switch, two_hosts
from tests.unit.test_cli import make_lab, state, tuilab_  # noqa: F401 - fixtures
from tuilab.errors import NotFoundError, UsageError
from tuilab.formats import clips, yaml
from tuilab.lab.clipboard import Clipboard
from tuilab.model import edits, generate, policy_edits
from tuilab.model.edits.clip import cut_out
from tuilab.model.edits.paste import contents, duplicate, fresh_name, paste, pasted
from tuilab.model.topology import (
    HOST,
    Endpoint,
    Expectation,
    Hop,
    Neighbour,
    Route,
    Rule,
    Topology,
)
from tuilab.model.validate import problems

RED2 = Endpoint("red2", "eth0")


@pytest.mark.parametrize(
    ("name", "taken", "fresh"),
    [
        ("red", (), "red"),
        ("red", ("red",), "red2"),
        ("red", ("red", "red2"), "red3"),
        ("h7", ("h7", "h8"), "h9"),
        ("pc09", ("pc09",), "pc10"),
        ("pc08", ("pc08",), "pc09"),
        ("a" * 15, ("a" * 15,), "a" * 14 + "2"),
        ("7", ("7",), "8"),
    ],
)
def test_a_copy_is_called_by_the_next_number(name, taken, fresh):
    assert fresh_name(name, taken, 15) == fresh


def test_several_go_as_one_edit_whatever_goes_with_which():
    lab = switch()
    change = edits.remove(["red", PORT1, BR0, "blue"])
    assert change.title == "remove red, host:port1, host:br0 and blue"
    after = change.apply(lab)
    assert set(after.namespaces) == {HOST}
    assert not list(after.links())
    many = edits.remove(["a", "b", "c", "d", "e"])
    assert many.title == "remove a, b, c and 2 more"
    assert edits.remove(["red"]).title == "remove namespace red"
    with pytest.raises(NotFoundError, match='no namespace "green"'):
        edits.remove(["red", "green"]).apply(lab)
    with pytest.raises(UsageError, match="nothing is named"):
        edits.remove([]).apply(lab)


def test_several_are_switched_with_both_ends_of_their_cables():
    lab = switch()
    change = edits.switch(lab, ["red", BR0], up=False)
    assert change.title == "set red and host:br0 down"
    after = change.apply(lab)
    down = {end for end, link in after.links() if not link.up}
    assert down == {RED, BR0}
    both = edits.switch(lab, [RED], up=False).apply(lab)
    assert {end for end, link in both.links() if not link.up} == {RED, PORT1}


def test_a_host_stays_on_its_switch_and_takes_the_next_address():
    lab = switch()
    result = pasted(cut_out(lab, ["red"]), lab)
    after = result.topology
    assert result.namespaces == {"red": "red2"}
    assert after.link(RED2).addresses == ("10.0.0.3/24",)
    port = after.link(RED2).peer
    assert (port.namespace, after.link(port).master) == (HOST, "br0")
    assert after.namespaces["red2"].routes == lab.namespaces["red"].routes


def test_a_switch_with_its_hosts_gets_a_network_of_its_own():
    after = duplicate(switch(), ["red", "blue", BR0]).apply(switch())
    assert after.link(Endpoint(HOST, "br1")).addresses == ("10.0.1.254/24",)
    assert after.link(RED2).addresses == ("10.0.1.1/24",)
    assert after.namespaces["red2"].routes == (Route("0.0.0.0/0", "10.0.1.254"),)
    assert not problems(after)


def test_what_speaks_of_an_address_speaks_of_the_new_one():
    lab = built(
        edits.become("", router()),
        edits.add_route("left", Route("10.2.0.0/24", "10.1.0.1", src="10.1.0.11")),
        edits.add_route("left", Route("10.2.0.11/32", "10.1.0.1")),
        edits.add_route("left", Route("203.0.113.0/24", "10.1.0.1")),
        policy_edits.add_rule("r1", Rule(0, source="10.1.0.0/25", table=7)),
        policy_edits.add_neighbour(
            "left", Neighbour("10.1.0.1", "eth0", "02:00:00:00:00:01")
        ),
    )
    after = duplicate(lab, ["left", "r1", "right"]).apply(lab)
    left, r2 = after.namespaces["left2"], after.namespaces["r2"]
    assert left.routes == (
        Route("0.0.0.0/0", "10.1.1.1"),
        Route("10.2.1.0/24", "10.1.1.1", src="10.1.1.11"),
        Route("10.2.1.11/32", "10.1.1.1"),
        Route("203.0.113.0/24", "10.1.1.1"),
    )
    assert r2.rules[0].source == "10.1.1.0/25"
    assert left.neighbours[0].to == "10.1.1.1"
    assert not problems(after)


def test_routes_of_the_root_through_what_is_copied_are_copied_too():
    lab = switch()
    lan = edits.add_bridge(Endpoint("red", "lan"), addresses=("10.9.0.1/24",))
    lab = lan.apply(lab)
    lab = edits.add_route(HOST, Route("10.9.0.0/24", "10.0.0.1")).apply(lab)
    lab = edits.add_route(HOST, Route("203.0.113.0/24", "10.0.0.2")).apply(lab)
    after = duplicate(lab, ["red", "blue", BR0]).apply(lab)
    assert after.namespaces["red2"].links["lan"].addresses == ("10.9.1.1/24",)
    # What leads elsewhere has its way already.
    assert after.namespaces[HOST].routes == (
        *lab.namespaces[HOST].routes,
        Route("10.9.1.0/24", "10.0.1.1"),
    )
    assert not problems(after)
    text = clips.dump(cut_out(lab, ["red", "blue", BR0]))
    other = pasted(clips.loads(text), Topology("other")).topology
    assert other.namespaces[HOST].routes == lab.namespaces[HOST].routes


def test_ways_over_a_switch_that_stays_lead_to_the_copy_too():
    """As a node of Kubernetes has a route to the networks behind each other one."""
    lab = switch()
    lan = edits.add_bridge(Endpoint("red", "lan"), addresses=("10.9.0.1/24",))
    mac = "02:00:00:00:00:77"
    lab = edits.set_link(RED, mac=mac).apply(lan.apply(lab))
    both = (Hop("10.0.0.1"), Hop("10.0.0.2"))
    for route in (
        Route("10.9.0.0/24", "10.0.0.1"),
        Route("10.9.0.0/25", hops=both),
        Route("203.0.113.0/24", "10.0.0.2"),
        Route("198.51.100.0/24", dev="br0"),
        Route("192.0.2.0/24", type="blackhole"),
    ):
        lab = edits.add_route(HOST, route).apply(lab)
    for to in ("10.0.0.1", "10.0.0.2"):
        entry = Neighbour(to, "br0", mac if to == "10.0.0.1" else "02:00:00:00:00:78")
        lab = policy_edits.add_neighbour(HOST, entry).apply(lab)
    after = duplicate(lab, ["red"]).apply(lab)
    assert after.link(RED2).addresses == ("10.0.0.3/24",)
    had, has = lab.namespaces[HOST], after.namespaces[HOST]
    assert has.routes == (
        *had.routes,
        Route("10.9.1.0/24", "10.0.0.3"),
        Route("10.9.1.0/25", "10.0.0.3"),
    )
    *former, entry = has.neighbours
    assert tuple(former) == had.neighbours
    assert (entry.to, entry.dev) == ("10.0.0.3", "br0")
    assert entry.mac not in (None, mac)
    assert not problems(after)
    # The switch is made anew in another lab, without address: no way leads over it.
    clip = clips.loads(clips.dump(cut_out(lab, ["red"])))
    other = pasted(clip, Topology("other")).topology
    assert other.link(BR0).addresses == ()
    assert other.namespaces[HOST].routes == ()
    assert not problems(other)


def test_a_static_entry_follows_the_machine_that_it_is_of():
    lab = switch()
    mac = "02:00:00:00:00:77"
    lab = edits.set_link(RED, mac=mac).apply(lab)
    lab = edits.add_entry(PORT1, mac).apply(lab)
    after = duplicate(lab, ["red"]).apply(lab)
    new = after.link(RED2)
    assert new.mac is None
    (entry,) = after.link(new.peer).fdb
    assert entry not in ("", mac)
    alone = duplicate(lab, [BR0, PORT1]).apply(lab)
    assert not problems(alone)


def test_what_was_placed_by_hand_stands_beside_itself():
    lab = replace(switch(), layout={"red": (0, 0), "blue": (1, 0), "host:br0": (0, 2)})
    one = pasted(cut_out(lab, ["red"]), lab).topology
    assert one.layout == {**lab.layout, "red2": (2, 0)}
    both = pasted(cut_out(lab, ["red", "blue", BR0]), lab).topology
    assert both.layout["red2"] == (2, 0)
    assert both.layout["blue2"] == (3, 0)
    assert both.layout["host:br1"] == (2, 2)
    elsewhere = pasted(cut_out(lab, ["red"]), Topology("other")).topology
    assert elsewhere.layout == {"red": (0, 0)}


def test_what_must_hold_of_a_part_must_hold_of_its_copy():
    must = [("red", "blue"), ("blue", "10.0.0.1"), ("red", "192.0.2.1")]
    lab = replace(switch(), expect=tuple(Expectation(*it) for it in must))
    one = pasted(cut_out(lab, ["red"]), lab).topology
    assert one.expect == lab.expect
    both = pasted(cut_out(lab, ["red", "blue"]), lab).topology
    assert both.expect[3:] == (
        Expectation("red2", "blue2"),
        Expectation("blue2", both.link(RED2).addresses[0].partition("/")[0]),
    )


def test_what_was_joined_by_others_alone_is_not_expected_of_a_copy():
    lab = router()
    ends = ["left", "right"]
    must = (Expectation(*ends), Expectation(*ends, reachable=False))
    lab = replace(lab, expect=must)
    clip = cut_out(lab, ends)
    assert clip.lab.expect == must[1:]


def test_a_full_network_takes_no_copy():
    lab = built(
        edits.add_bridge(BR0, addresses=("10.0.0.1/30",)),
        edits.add_namespace("red"),
        edits.connect(
            RED,
            PORT1,
            a_end={"addresses": ("10.0.0.2/30",)},
            b_end={"master": "br0"},
        ),
    )
    with pytest.raises(UsageError, match=r'10.0.0.0/30 has no free address for "red2'):
        duplicate(lab, ["red"]).apply(lab)


@pytest.mark.parametrize("target", [HOST, Endpoint("red", "lo")])
def test_there_is_one_of_some_things_alone(target):
    with pytest.raises(UsageError):
        cut_out(two_hosts(), [target])


def test_a_clip_is_a_topology_file_and_any_such_file_a_clip():
    clip = cut_out(switch(), ["red"])
    text = clips.dump(clip)
    assert clips.loads(text) == clip
    assert set(yaml.loads(text).topology.namespaces) == {HOST, "red"}
    whole = clips.loads(yaml.dump(router()))
    after = paste(whole, "router").apply(router())
    assert set(after.namespaces) - set(router().namespaces) == {"left2", "r2", "right2"}


def test_a_clip_in_words():
    lab = switch()
    assert contents(cut_out(lab, ["red", BR0])) == "red and host:br0"
    assert contents(cut_out(lab, ["red"])) == "red"
    assert contents(cut_out(two_hosts(), [BLUE])) == "blue:eth0 = red:eth0"


def test_what_is_copied_is_kept_for_other_labs(tmp_path):
    kept = Clipboard(tmp_path / "x" / "clip.yaml")
    with pytest.raises(UsageError, match="nothing has been copied"):
        kept.get()
    clip = cut_out(two_hosts(), ["red", "blue"])
    kept.put(clip)
    assert Clipboard(tmp_path / "x" / "clip.yaml").get() == clip
    after = paste(kept.get()).apply(Topology("other"))
    assert after.namespaces["red"] == two_hosts().namespaces["red"]
    (tmp_path / "x" / "clip.yaml").write_text("nonsense")
    with pytest.raises(UsageError, match="can't be read"):
        kept.get()


def test_the_command_line_copies_out_of_a_lab_that_is_down(tuilab_, tmp_path):  # noqa: F811
    make_lab("work", edits.become("two hosts", two_hosts()))
    code, out, err = tuilab_("copy", "red", "blue", "--to", "-", "--lab", "work")
    assert (code, out.count("eth0")) == (0, 4)
    assert "red and blue: copied" not in err
    code, out, err = tuilab_(
        "copy", "red", "--to", tmp_path / "a.yaml", "--lab", "work"
    )
    assert (code, out) == (0, "")
    assert set(yaml.load(tmp_path / "a.yaml").topology.namespaces) == {HOST, "red"}
    code, _, err = tuilab_("copy", "rad", "--lab", "work")
    assert (code, 'no namespace "rad"' in err) == (2, True)
    assert tuilab_("copy", "red", "--lab", "work")[0] == 0
    assert (
        "red"
        in Clipboard(tmp_path / "state" / "tuilab" / "clip.yaml").get().lab.namespaces
    )


def test_a_thousand_things_are_removed_in_the_time_of_some_single_ones():
    lab = generate.star(1000)
    names = [name for name in lab.namespaces if name != "host"]
    began = time.thread_time()
    for name in names[:20]:
        edits.remove_namespace(name).apply(lab)
    single = (time.thread_time() - began) / 20
    began = time.thread_time()
    after = edits.remove(names).apply(lab)
    # As long as 20 of them, when this was written; 1000 times as long before.
    assert time.thread_time() - began < 100 * single
    assert set(after.namespaces) == {"host"}


def test_an_error_lists_some_of_a_thousand_names():
    lab = generate.star(1000)
    with pytest.raises(NotFoundError) as error:
        edits.remove_namespace("nobody").apply(lab)
    assert str(error.value).endswith("h18, h19 and 981 more")
    with pytest.raises(NotFoundError) as error:
        edits.remove_link(Endpoint(HOST, "p0")).apply(lab)
    assert len(str(error.value)) < 200
