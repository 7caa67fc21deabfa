"""Kernel settings on the real kernel, cross-checked with /proc/sys."""

import asyncio
import errno
import time
from pathlib import Path

import pytest

from tests.kernel.alive import RED, a_lab, assert_as_wished
from tests.kernel.packetbox import boxed, sh
from tests.kernel.test_bridge import until
from tuilab.errors import EditFailed, KernelError, UsageError
from tuilab.kernel import devconf, netns
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.model import edits
from tuilab.model.sysctls import known, path_of, sysctl, usual
from tuilab.model.topology import Endpoint, Route
from tuilab.plan.state import to_data

BLUE = Endpoint("blue", "eth0")
PAIR = (
    edits.add_namespace("red"),
    edits.add_namespace("blue"),
    edits.connect(
        RED,
        BLUE,
        a_end={"addresses": ("10.0.0.1/24", "fd00::1/64")},
        b_end={"addresses": ("10.0.0.2/24", "fd00::2/64")},
    ),
)


WITH_IPV6 = (
    *PAIR,
    edits.add_route("red", Route("fd77::/64", "fd00::2")),
    edits.add_address(Endpoint("red", "lo"), "fd00:ffff::1/128"),
)


def value(namespace, key):
    text = sh(f"ip netns exec {namespace} cat /proc/sys/{path_of(key)}")
    return text.strip()


def conf(key, link="eth0", family="ipv4"):
    return f"net.{family}.conf.{link}.{key}"


@boxed
async def test_a_new_namespace_has_the_defaults_that_are_stated(tmp_path):
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)

        def look():
            found = {}
            for key in known(["eth0", "lo"]):
                path = Path("/proc/sys", path_of(key))
                if path.exists():
                    found[key] = path.read_text().strip()
            return found

        for name in ("red", "host"):
            here = netns.run_in(name, look)
            # net.bridge comes with a module, some others with newer kernels.
            assert len(here) > 80
            wrong = {k: v for k, v in here.items() if v != usual(k, {})}
            assert not wrong, (name, wrong)


@boxed
async def test_each_setting_can_be_set_and_undone(tmp_path):
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        for key in known(["eth0"]):
            setting = sysctl(key)
            usual_value = usual(key, {})
            if not Path("/proc/sys", path_of(key).replace("eth0", "lo")).exists():
                continue
            other = setting.minimum
            if str(other) == usual_value:
                other = min(setting.maximum, other + 1)
            if key.endswith("disable_ipv6"):
                continue
            shown = lab.plan(edits.set_sysctl("red", key, str(other))).commands
            done = await lab.edit(edits.set_sysctl("red", key, str(other)))
            assert done.commands == shown
            assert not done.notes
            assert value("red", key) == str(other)
            assert value("blue", key) == usual_value
            await lab.undo()
            assert value("red", key) == usual_value
        await assert_as_wished(lab)


@boxed
async def test_a_links_settings_come_and_go_with_it(tmp_path):
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        for key in (conf("rp_filter"), conf("accept_ra", family="ipv6")):
            await lab.edit(edits.set_sysctl("red", key, "2"))
        await lab.edit(edits.rename_link(RED, "a.b"))
        assert value("red", conf("rp_filter", "a.b")) == "2"
        assert (
            conf("rp_filter", "a.b") in lab.snapshot.topology.namespaces["red"].sysctls
        )
        await lab.undo()
        for change in (
            edits.remove_link(BLUE),
            edits.remove_namespace("blue"),
            edits.rename_namespace("red", "crimson"),
            # Too small for IPv6: the kernel drops its settings as well.
            edits.together(
                "small",
                [
                    edits.remove_address(RED, "fd00::1/64"),
                    edits.set_link(RED, mtu=576),
                ],
            ),
        ):
            await lab.edit(change)
            await assert_as_wished(lab)
            await lab.undo()
            await assert_as_wished(lab)
            assert value("red", conf("rp_filter")) == "2"
            assert value("red", conf("accept_ra", family="ipv6")) == "2"
        before = to_data(lab.snapshot.observed)
        sysctls = lab.snapshot.topology.namespaces["red"].sysctls
        both = {conf("rp_filter"), conf("accept_ra", family="ipv6")}
        assert set(sysctls) == both
        await lab.edit(edits.remove_link(RED))
        assert not lab.snapshot.topology.namespaces["red"].sysctls
        await lab.undo()
        assert to_data(lab.snapshot.observed) == before


@boxed
async def test_what_is_set_for_all_links_is_foreseen(tmp_path):
    async with a_lab() as lab:
        for change in (
            *PAIR,
            edits.set_sysctl("red", conf("forwarding"), "1"),
            edits.set_sysctl("red", conf("accept_redirects", "all"), "1"),
            edits.set_sysctl("red", "net.ipv4.ip_forward", "1"),
            edits.set_sysctl("red", conf("forwarding"), "0"),
            edits.set_sysctl("red", "net.ipv4.ip_forward", None),
            edits.set_sysctl("red", conf("forwarding", family="ipv6"), "1"),
            edits.set_sysctl("red", conf("forwarding", "all", "ipv6"), "1"),
            edits.set_sysctl("red", conf("forwarding", family="ipv6"), "0"),
        ):
            shown = lab.plan(change).commands
            done = await lab.edit(change)
            assert (done.commands, done.notes) == (shown, ())
            await assert_as_wished(lab)
            wished = lab.snapshot.topology.namespaces["red"].sysctls
            assert {k: value("red", k) for k in wished} == wished
        while lab.snapshot.history.position > 3:
            done = await lab.undo()
            assert not done.notes
            await assert_as_wished(lab)
            wished = lab.snapshot.topology.namespaces["red"].sysctls
            assert {k: value("red", k) for k in wished} == wished


@boxed
async def test_ipv6_switched_off_and_on_again_brings_its_addresses_back(tmp_path):
    async with a_lab() as lab:
        for change in WITH_IPV6:
            await lab.edit(change)
        before = to_data(lab.snapshot.observed)
        for link in ("eth0", "all"):
            key = conf("disable_ipv6", link, "ipv6")
            change = edits.set_sysctl("red", key, "1")
            shown = lab.plan(change).commands
            done = await lab.edit(change)
            assert (done.commands, done.notes) == (shown, ())
            assert "inet6" not in sh("ip -n red addr show dev eth0")
            await assert_as_wished(lab)
            done = await lab.undo()
            assert not done.notes
            assert "fd00::1/64" in sh("ip -n red addr show dev eth0")
            assert "fd77::/64" in sh("ip -n red -6 route")
            assert to_data(lab.snapshot.observed) == before


@boxed
async def test_a_named_setting_changed_outside_is_drift(tmp_path):
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        # arp_ignore: the kernel tells nobody.
        for key in (conf("rp_filter"), conf("arp_ignore")):
            await lab.edit(edits.set_sysctl("red", key, "1"))
            await until(
                lab,
                f"ip netns exec red sysctl -qw {key}=2",
                lambda s, key=key: s.namespaces["red"].sysctls[key] == "2",
            )
            await lab.edit(edits.set_link(BLUE, mtu=1400))
            assert value("red", key) == "2"
            await lab.undo()
            assert value("red", key) == "2"
            await lab.undo()
            assert value("red", key) == "0"


@boxed
async def test_what_is_named_is_set_though_it_would_be_usual(tmp_path):
    """A link does not follow its default once somebody has written what it had."""
    key = conf("arp_ignore")
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        await lab.edit(edits.set_sysctl("red", key, "1"))
        await lab.undo()
        await lab.edit(edits.set_sysctl("red", conf("arp_ignore", "default"), "1"))
        assert value("red", key) == "0"
        assert not lab.snapshot.drift
        change = edits.set_sysctl("red", key, "1")
        assert not lab.foreseen(change)
        await lab.foresee(change)
        assert lab.foreseen(change)
        foretold = lab.plan(change).commands
        assert not lab.snapshot.drift  # looking at it is not wishing for anything
        done = await lab.edit(change)
        assert done.commands == tuple(foretold) != ()
        assert value("red", key) == "1"
        await assert_as_wished(lab)


@boxed
async def test_a_plan_says_nothing_of_what_is_named_and_is_so_already(tmp_path):
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        change = edits.set_sysctl("red", conf("arp_ignore"), "0")
        await lab.foresee(change)
        assert not lab.plan(change).commands
        # Foreseen is only what was; somebody may change it meanwhile.
        sh(f"ip netns exec red sysctl -w {conf('arp_ignore')}=2")
        line = "ip -n red link set eth0 mtu 1400"
        await until(lab, line, lambda seen: seen.link(RED).mtu == 1400)
        assert not lab.foreseen(change)
        await lab.foresee(change)
        foretold = lab.plan(change).commands
        assert (await lab.edit(change)).commands == tuple(foretold) != ()


@boxed
async def test_what_this_kernel_lacks_is_refused_clearly(tmp_path):
    """A link without IPv6 has no IPv6 settings."""
    async with a_lab(tmp_path) as lab:
        for change in PAIR:
            await lab.edit(change)
        missing = "net.bridge.bridge-nf-call-iptables"
        there = Path("/proc/sys", path_of(missing)).exists()
        before = to_data(lab.snapshot.observed)
        try:
            await lab.edit(edits.set_sysctl("red", missing, "0"))
        except EditFailed as error:
            assert not there
            assert error.errno == errno.ENOENT
            assert "br_netfilter" in error.hint
            assert to_data(lab.snapshot.observed) == before
        else:
            assert there
            assert value("red", missing) == "0"


@boxed
async def test_what_was_cut_off_by_a_crash_is_put_back(tmp_path):
    """Even a setting that only the edit itself names."""
    key = conf("rp_filter")

    class Dying(BaseException):
        pass

    async with a_lab(tmp_path) as lab:
        for change in PAIR:
            await lab.edit(change)

        carry = lab._runner._carry_out

        async def then_die(*args, **kwargs):
            await carry(*args, **kwargs)
            raise Dying

        lab._runner._carry_out = then_die
        try:
            await lab.edit(edits.set_sysctl("red", key, "2"))
        except Dying:
            assert value("red", key) == "2"
        async with a_lab(tmp_path) as other:
            assert value("red", key) == "0"
            await assert_as_wished(other)


@boxed
async def test_settings_of_links_changed_outside_are_drift_without_being_named(
    tmp_path,
):
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        before = to_data(lab.snapshot.observed)
        lines = (
            (conf("disable_ipv6", family="ipv6"), "1", "0"),
            (conf("rp_filter"), "2", "0"),
            (conf("arp_ignore", "lo"), "1", "0"),
            (conf("rp_filter", "all"), "1", "0"),
        )
        told = [f'"red" has {key} = {to}, not {back}' for key, to, back in lines]
        for key, to, _ in lines:
            # Nobody tells of it: it is found out when links are counted.
            await until(
                lab,
                f"ip netns exec red sysctl -qw {key}={to}",
                lambda seen, key=key, to=to: (
                    seen.namespaces["red"].sysctls.get(key) == to
                ),
            )
        assert set(told) <= set(map(str, lab.snapshot.drift))
        assert '"red:eth0" has lost fd00::1/64' in map(str, lab.snapshot.drift)
        await lab.edit(edits.add_address(BLUE, "10.0.0.9/24"))
        await lab.undo()
        assert set(told) <= {str(it) for it in lab.snapshot.drift}
        drifted = to_data(lab.snapshot.observed)
        await lab.adopt()
        assert not lab.snapshot.drift
        await lab.undo()
        await assert_as_wished(lab)
        assert to_data(lab.snapshot.observed) == before
        await lab.redo()
        assert to_data(lab.snapshot.observed) == drifted
        await lab.undo()
        for key, to, _ in lines:
            sh(f"ip netns exec red sysctl -qw {key}={to}")
        await lab.repair()
        await assert_as_wished(lab)
        assert to_data(lab.snapshot.observed) == before


@boxed
async def test_a_dump_of_links_tells_the_settings_that_proc_does(tmp_path):
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        for family, names in devconf._PLACES.items():
            for name in names:
                key = conf(name, family=family)
                there = Path("/proc/sys", path_of(key).replace("eth0", "lo")).exists()
                # With forwarding others change as well; without IPv6 none is there.
                if not there or name in ("forwarding", "disable_ipv6"):
                    continue
                setting, usually = sysctl(key), usual(key, {})
                other = next(
                    it
                    for it in range(setting.minimum, setting.maximum + 1)
                    if str(it) != usually
                )
                sh(f"ip netns exec red sysctl -qw {key}={other}")
                await lab.rescan()
                (told,) = lab.snapshot.drift
                assert str(told) == f'"red" has {key} = {other}, not {usually}'
                await lab.repair()
                assert value("red", key) == usually


@boxed
async def test_settings_of_the_namespace_changed_outside_are_drift_within_a_second(
    tmp_path,
):
    """Of these no event and no dump tells."""
    keys = (
        (conf("rp_filter", "default"), "1", "0"),
        (conf("arp_ignore", "all"), "2", "0"),
        (conf("accept_ra", "all", "ipv6"), "0", "1"),
        ("net.ipv4.tcp_sack", "0", "1"),
    )
    told = [f'"red" has {key} = {to}, not {back}' for key, to, back in keys]
    async with a_lab() as lab:
        for change in PAIR:
            await lab.edit(change)
        before = to_data(lab.snapshot.observed)
        lab.subscribe(lambda _: None)
        took = []
        for line, (key, to, _) in zip(told, keys, strict=True):
            began = time.monotonic()
            sh(f"ip netns exec red sysctl -qw {key}={to}")
            await drifted(lab, lambda facts, line=line: line in facts)
            took.append(time.monotonic() - began)
        # Looked for once a second; a busy machine may be late, but not each time.
        assert min(took) < 1.2
        assert sorted(map(str, lab.snapshot.drift)) == sorted(told)
        # What has nothing to do with it leaves it alone.
        await lab.edit(edits.add_address(RED, "10.0.0.9/24"))
        await lab.undo()
        assert sorted(map(str, lab.snapshot.drift)) == sorted(told)
        # Put back by hand, it is seen to be.
        sh(f"ip netns exec red sysctl -qw {keys[0][0]}=0")
        await drifted(lab, lambda facts: told[0] not in facts)
        await lab.repair()
        await assert_as_wished(lab)
        assert {key: value("red", key) for key, _, _ in keys} == {
            key: back for key, _, back in keys
        }
        assert to_data(lab.snapshot.observed) == before


@boxed
async def test_who_comes_later_sees_and_adopts_settings_changed_outside(tmp_path):
    key = "net.ipv4.tcp_sack"
    async with a_lab(tmp_path) as lab:
        for change in PAIR:
            await lab.edit(change)
    sh(f"ip netns exec blue sysctl -qw {key}=0")
    async with a_lab(tmp_path, restored=False) as lab:
        assert [str(it) for it in lab.snapshot.drift] == [
            f'"blue" has {key} = 0, not 1'
        ]
        await lab.adopt()
        assert not lab.snapshot.drift
        assert lab.snapshot.topology.namespaces["blue"].sysctls == {key: "0"}
        await lab.undo()
        assert value("blue", key) == "1"
        await lab.redo()
        assert value("blue", key) == "0"
        await assert_as_wished(lab)


@boxed
async def test_ipv6_switched_off_for_all_outside_comes_back_whole(tmp_path):
    async with a_lab() as lab:
        for change in WITH_IPV6:
            await lab.edit(change)
        before = to_data(lab.snapshot.observed)
        key = conf("disable_ipv6", "all", "ipv6")
        lab.subscribe(lambda _: None)
        sh(f"ip netns exec red sysctl -qw {key}=1")
        fact = f'"red" has {key} = 1, not 0'
        await drifted(lab, lambda facts: fact in facts)
        # One cause, one line: what follows it is not told for each link.
        assert [it for it in map(str, lab.snapshot.drift) if "disable_ipv6" in it] == [
            fact
        ]
        with pytest.raises(KernelError, match="can't have fd00::9/64") as refused:
            await lab.edit(edits.add_address(RED, "fd00::9/64"))
        assert "--repair" in refused.value.hint
        await lab.edit(edits.add_address(RED, "10.0.0.9/24"))
        await lab.undo()
        await lab.repair()
        await assert_as_wished(lab)
        for link in ("all", "default", "eth0", "lo"):
            assert value("red", conf("disable_ipv6", link, "ipv6")) == "0"
        assert "fd00::1/64" in sh("ip -n red addr show dev eth0")
        assert "fd77::/64" in sh("ip -n red -6 route")
        assert to_data(lab.snapshot.observed) == before
        await lab.edit(edits.add_address(RED, "fd00::9/64"))
        assert "fd00::9/64" in sh("ip -n red addr show dev eth0")


@boxed
async def test_a_new_link_has_its_ipv6_where_new_ones_were_to_have_none(tmp_path):
    key = conf("disable_ipv6", "default", "ipv6")
    async with a_lab(tmp_path) as lab:
        for change in PAIR:
            await lab.edit(change)
    for known_before in (False, True):
        async with a_lab(tmp_path, restored=False) as lab:
            drift = [f'"red" has {key} = 1, not 0']
            if known_before:
                assert [str(it) for it in lab.snapshot.drift] == drift
            else:
                sh(f"ip netns exec red sysctl -qw {key}=1")
            change = edits.connect(
                Endpoint("red", "eth1"),
                Endpoint("blue", "eth1"),
                a_end={"addresses": ("fd01::1/64",)},
            )
            shown = lab.plan(change).commands
            done = await lab.edit(change)
            assert not done.notes
            assert done.commands == shown or not known_before
            assert "fd01::1/64" in sh("ip -n red addr show dev eth1")
            assert [str(it) for it in lab.snapshot.drift] == drift
            await lab.undo()
            assert [str(it) for it in lab.snapshot.drift] == drift
            if known_before:
                with pytest.raises(UsageError, match="nothing of this can be adopted"):
                    await lab.adopt()
                await lab.repair()
                await assert_as_wished(lab)
                assert value("red", key) == "0"


async def drifted(lab, told):
    """Wait until the drift, in words, is as it should be."""
    hit = asyncio.Event()

    def look(_):
        if told([str(it) for it in lab.snapshot.drift]):
            hit.set()

    unsubscribe = lab.subscribe(look)
    async with asyncio.timeout(10):
        look(None)
        await hit.wait()
    unsubscribe()


@boxed
async def test_all_settings_are_looked_at_in_turn_where_time_is_short(tmp_path):
    driver = NetlinkDriver()
    async with a_lab(driver=driver) as lab:
        for change in PAIR:
            await lab.edit(change)
        assert await driver.search() == frozenset()
        sh("ip netns exec red sysctl -qw net.ipv4.tcp_sack=0")
        # At least one each time: host, blue and red are three.
        found = [await driver.search(0.0) for _ in range(3)]
        assert sorted(found, key=len)[:2] == [frozenset()] * 2
        assert frozenset().union(*found) == {"red"}
        assert not lab.snapshot.drift
        await lab.rescan()
        assert [str(it) for it in lab.snapshot.drift] == [
            '"red" has net.ipv4.tcp_sack = 0, not 1'
        ]
