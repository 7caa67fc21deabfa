"""Routes, rules and neighbours on the real kernel, with all that it does to them."""

import asyncio

from hypothesis import given, settings

from tests.kernel.alive import (
    DEADLINE,
    a_lab,
    assert_as_wished,
    eventually,
    ip,
    ip_json,
    settled,
    there_and_back,
    until,
)
from tests.kernel.packetbox import boxed, sh
from tests.strategies import policed
from tuilab.model import edits, policy_edits
from tuilab.model.topology import Endpoint, Hop, Neighbour, Route, Rule
from tuilab.plan.state import expand, to_data

A, B = Endpoint("red", "a0"), Endpoint("red", "b0")
LO = Endpoint("red", "lo")
MAC = "02:00:00:00:00:09"
LINKS = (
    edits.add_namespace("red"),
    edits.add_namespace("blue"),
    edits.connect(
        A,
        Endpoint("blue", "a0"),
        a_end={"addresses": ("10.0.0.1/24", "10.7.0.1/24", "fd00::1/64")},
    ),
    edits.connect(
        B,
        Endpoint("blue", "b0"),
        a_end={"addresses": ("10.0.1.1/24", "fd01::1/64")},
    ),
)
ROUTES = (
    Route("172.16.0.0/16", hops=(Hop("10.0.0.9", weight=2), Hop("10.0.1.9"))),
    Route("172.17.0.0/16", hops=(Hop(None, "a0"), Hop("10.0.1.9", "b0")), table=100),
    Route("172.18.0.0/16", "10.0.1.9", src="10.7.0.1"),
    Route("172.18.0.0/16", "10.0.1.9", src="10.7.0.1", table=100, metric=5),
    Route("172.19.0.0/16", "9.9.9.9", "a0", onlink=True),
    Route("172.20.0.0/16", type="blackhole"),
    Route("172.20.0.0/16", type="unreachable", metric=7, table=100),
    Route("0.0.0.0/0", type="prohibit", metric=70000),
    Route("fd10::/64", hops=(Hop("fd00::9", weight=3), Hop("fd01::9"))),
    Route("fd11::/64", hops=(Hop("fe80::9", "a0"), Hop("fe80::9", "b0"))),
    Route("fd12::/64", "fd01::9", src="fd00::1"),
    Route("fd13::/64", "fdff::1", "a0", onlink=True),
    Route("fd14::/64", type="blackhole"),
    Route("fd14::/64", type="prohibit", table=100),
    Route("fd15::/64", type="unreachable", metric=9),
    Route("fd16::/64", "fe80::9", "b0", table=100),
)
RULES = (
    Rule(10, source="10.0.0.0/24", table=100),
    Rule(11, to="172.16.0.0/16", iif="a0", oif="gone", fwmark="0x10/0xff", table=7),
    Rule(12, fwmark="3", action="blackhole"),
    Rule(13, action="prohibit", iif="lo", to="192.0.2.0/24"),
    Rule(32765, table=100),
    Rule(10, source="fd00::/64", to="fd77::1/128", table=1000000),
    Rule(20, family=6, action="unreachable", oif="b0"),
)
NEIGHBOURS = (
    Neighbour("10.0.0.9", "a0", MAC),
    Neighbour("10.9.9.9", "b0", MAC),
    Neighbour("fd00::9", "a0", MAC),
    Neighbour("fe80::9", "b0", MAC),
    Neighbour("10.0.0.50", "a0", proxy=True),
    Neighbour("fd00::50", "a0", proxy=True),
)
EVERYTHING = (
    *LINKS,
    *(edits.add_route("red", route) for route in ROUTES),
    *(policy_edits.add_rule("red", r, priority=r.priority) for r in RULES),
    *(policy_edits.add_neighbour("red", neighbour) for neighbour in NEIGHBOURS),
)


def policies():
    """What iproute2 shows of routing; carriers that are yet to come are no part."""
    found = {}
    for name, space in ip_json().items():
        routes = space["routes"]
        for way in (*routes, *(h for r in routes for h in r.get("nexthops", ()))):
            way["flags"] = [f for f in way["flags"] if f != "linkdown"]
        found[name] = (routes, space["rules"], space["neighbours"])
    return found


def there(lab, name="red"):
    return lab.snapshot.observed.namespaces[name]


@boxed
async def test_everything_is_as_iproute2_shows_it_and_comes_back(tmp_path):
    async with a_lab(tmp_path) as lab:
        for change in EVERYTHING:
            await lab.edit(change)
            await assert_as_wished(lab)
        assert len(there(lab).routes) == len(ROUTES)
        assert len(there(lab).rules) == len(RULES)
        assert len(there(lab).neighbours) == len(NEIGHBOURS)
        routes = [r for r in ip_json()["red"]["routes"] if "protocol" not in r]
        assert len(routes) == len(ROUTES)
        spread = next(r for r in routes if r["dst"] == "172.16.0.0/16")
        assert [(h["gateway"], h["weight"]) for h in spread["nexthops"]] == [
            ("10.0.0.9", 2),
            ("10.0.1.9", 1),
        ]
        rules = [r["priority"] for r in ip("red", "rule") + ip("red", "-6 rule")]
        own = [0, 32766, 32767, 0, 32766]
        assert sorted(rules) == sorted([*own, *(rule.priority for rule in RULES)])
        view, dump = policies(), to_data(lab.snapshot.observed)
        await lab.edit(edits.remove_namespace("red"))
        await lab.undo()
        await assert_as_wished(lab)
        assert to_data(lab.snapshot.observed) == dump
        eventually(policies, view)
        while lab.snapshot.history.position:
            await lab.undo()
            await assert_as_wished(lab)
        await lab.go_to(len(EVERYTHING))
        await assert_as_wished(lab)
        eventually(policies, view)


@boxed
async def test_what_a_change_takes_along_is_put_back(tmp_path):
    """A link's neighbours, IPv6 and routes, sources, and a hop of several."""
    changes = (
        edits.set_link(A, up=False),
        edits.set_link(A, mac="02:00:00:00:00:77"),
        edits.set_link(A, mtu=1300),
        edits.remove_address(A, "10.0.0.1/24"),
        edits.remove_address(A, "10.7.0.1/24"),
        edits.remove_address(A, "fd00::1/64"),
        edits.set_link(B, up=False),
        edits.set_link(LO, up=False),
        edits.rename_link(A, "lan0"),
        edits.rename_namespace("red", "rouge"),
        edits.remove_link(B),
        edits.set_link(LO, mtu=1000),
        edits.together(
            "too small for IPv6",
            (edits.remove_address(A, "fd00::1/64"), edits.set_link(A, mtu=1000)),
        ),
    )
    async with a_lab(tmp_path) as lab:
        await lab.edit(edits.together("start", EVERYTHING))
        await assert_as_wished(lab)
        dump = to_data(lab.snapshot.observed)
        for change in changes:
            await lab.edit(change)
            await assert_as_wished(lab)
            after = to_data(lab.snapshot.observed)
            await lab.undo()
            await assert_as_wished(lab)
            assert to_data(lab.snapshot.observed) == dump, change.title
            await lab.redo()
            assert to_data(lab.snapshot.observed) == after, change.title
            await lab.undo()
        for change in changes[:8]:
            await lab.edit(change)
            await assert_as_wished(lab)
        for _ in changes[:8]:
            await lab.undo()
            await assert_as_wished(lab)
        assert to_data(lab.snapshot.observed) == dump


@boxed
async def test_a_link_down_leaves_the_other_hops(tmp_path):
    """Where two ways lead, one goes on; its like comes back with the link."""
    async with a_lab(tmp_path) as lab:
        await lab.edit(edits.together("start", EVERYTHING))
        await lab.edit(edits.set_link(A, up=False))
        await assert_as_wished(lab)
        (left,) = (r for r in there(lab).routes if r.to == "172.16.0.0/16")
        assert (left.via, left.dev, left.hops) == ("10.0.1.9", "b0", ())
        # Of the neighbours nothing is lost: a link that is down can have them.
        assert len(there(lab).neighbours) == len(NEIGHBOURS)
        assert all(n.dev in there(lab).links for n in there(lab).neighbours)
        # Changed while a hop of it is dead, which no dump of ours tells.
        wide = Route("172.16.0.0/16", "10.0.1.9")
        await lab.edit(
            edits.together(
                "swap",
                (
                    edits.remove_route("red", Route("172.16.0.0/16")),
                    edits.add_route("red", wide),
                ),
            )
        )
        await lab.edit(edits.remove_route("red", wide))
        await assert_as_wished(lab)
        assert not ip("red", "route show 172.16.0.0/16")
        for _ in range(3):
            await lab.undo()
            await assert_as_wished(lab)
        (whole,) = (r for r in there(lab).routes if r.to == "172.16.0.0/16")
        assert len(whole.hops) == 2


@boxed
async def test_a_rule_does_not_keep_routes_from_coming_back(tmp_path):
    """The kernel looks for gateways by the rules: one that refuses all hides them."""
    async with a_lab(tmp_path) as lab:
        await lab.edit(edits.together("start", EVERYTHING))
        for rule in (
            Rule(1, action="prohibit"),
            Rule(1, family=6, action="unreachable"),
            Rule(2, family=6, table=100),
        ):
            await lab.edit(policy_edits.add_rule("red", rule, priority=rule.priority))
        await assert_as_wished(lab)
        for change in (
            edits.set_link(A, up=False),
            edits.set_link(A, up=True),
            edits.set_link(B, mac="02:00:00:00:00:77"),
            edits.add_route("red", Route("172.30.0.0/16", "10.0.0.77")),
            edits.add_route("red", Route("fd30::/64", "fd01::77", table=100)),
            edits.add_route("red", Route("fd31::/64", "fd01::77", table=100)),
            edits.add_route("red", Route("::/0", "fd01::78", table=100)),
            edits.add_route("red", Route("fd32::/64", "fd01::79", table=100)),
        ):
            await lab.edit(change)
            await assert_as_wished(lab)
        await lab.go_to(1)
        await assert_as_wished(lab)
        await lab.go_to(12)
        await assert_as_wished(lab)


@boxed
async def test_what_is_done_outside_is_heard_and_stays(tmp_path):
    async with a_lab(tmp_path) as lab:
        await lab.edit(edits.together("start", EVERYTHING))
        # Listening begins with the first who wants to know.
        lab.subscribe(lambda _: None)
        await asyncio.sleep(0)
        await lab.rescan()
        wish = expand(lab.snapshot.topology).namespaces["red"]

        async def heard(command, holds):
            sh(f"ip -n red {command}")
            await until(lab, lambda now: holds(now.observed.namespaces["red"]))

        rule = "from 9.9.9.0/24 lookup 9"
        await heard(f"rule add {rule} priority 77", _more(wish, "rules"))
        await heard("-6 rule del priority 20", lambda now: len(now.rules) == len(RULES))
        await heard(
            f"neigh add 10.0.0.33 lladdr {MAC} dev a0", _more(wish, "neighbours")
        )
        await heard(
            "neigh change 10.0.0.9 nud reachable dev a0",
            lambda now: not any(n.to == "10.0.0.9" for n in now.neighbours),
        )
        await heard(
            "neigh del fd00::9 dev a0",
            lambda now: not any(n.to == "fd00::9" for n in now.neighbours),
        )
        await heard(
            "route replace 172.20.0.0/16 via 10.0.0.7",
            lambda now: any(
                r.to == "172.20.0.0/16" and r.via == "10.0.0.7" for r in now.routes
            ),
        )
        titles = "; ".join(entry.title for entry in lab.log if entry.outside)
        assert f"rule 77 {rule}" in titles, titles
        assert '"red:a0" has lost the neighbour 10.0.0.9' in titles
        # An edit beside it leaves all of that alone.
        before = to_data(lab.snapshot.observed)
        await lab.edit(edits.add_route("red", Route("172.50.0.0/16", "10.0.1.77")))
        await lab.undo()
        assert to_data(lab.snapshot.observed) == before
        # The kernel's own rules are nobody's.
        sh("ip -n red rule del priority 32767")
        await lab.rescan()
        assert to_data(lab.snapshot.observed) == before


def _more(wish, what):
    return lambda now: len(getattr(now, what)) == len(getattr(wish, what)) + 1


@boxed
async def test_who_talks_to_whom_is_no_news(tmp_path):
    """Neighbours that the kernel learns are not looked at, nor is the lab for them."""
    async with a_lab(tmp_path) as lab:
        await lab.edit(edits.together("start", LINKS))
        await lab.edit(edits.add_address(Endpoint("blue", "a0"), "10.0.0.2/24"))
        eventually(lambda: "NO-CARRIER" in str(ip("red", "addr show a0")), False)
        settled()
        await lab.rescan()
        looks = []
        real = lab._driver.observe

        async def observe(only=None):
            looks.append(only)
            return await real(only)

        lab._driver.observe = observe
        ping = await asyncio.create_subprocess_exec(
            *"ip netns exec red ping -q -c 3 -i 0.2 10.0.0.2".split(),  # noqa: SIM905
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await asyncio.wait_for(ping.wait(), DEADLINE) == 0
        assert "10.0.0.2" in sh("ip -n red neigh show")
        sh("ip -n red link set a0 mtu 1499")
        await until(lab, lambda now: now.observed.link(A).mtu == 1499)
        assert len(looks) == 1, looks


@boxed
def test_random_edits_of_routing(tmp_path):
    @settings(max_examples=20, derandomize=False)
    @given(policed())
    def walk(sequence):
        asyncio.run(there_and_back(*sequence))

    walk()


@boxed
async def test_the_commands_shown_do_what_netlink_does(tmp_path):
    async with a_lab(tmp_path) as lab:
        script = []
        for change in (
            *EVERYTHING,
            edits.set_link(A, mtu=1400),
            edits.set_link(B, up=False),
            edits.set_link(B, up=True),
            edits.remove_address(A, "10.7.0.1/24"),
            edits.remove_route("red", Route("fd10::/64")),
            policy_edits.remove_rule("red", 12),
            policy_edits.remove_neighbour(A, "10.0.0.50"),
        ):
            script += (await lab.edit(change)).commands
        dump = to_data(lab.snapshot.observed)
        await lab.go_to(0)
        for line in script:
            sh(line)
        await lab.rescan()
        assert to_data(lab.snapshot.observed) == dump
