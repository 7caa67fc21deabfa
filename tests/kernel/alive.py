"""Labs on the real kernel, what iproute2 says of them, and how they are cut off."""

import asyncio
import difflib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

from tests import strategies
from tests.drivers import OneByOne
from tests.kernel.packetbox import sh
from tuilab.errors import KernelError
from tuilab.kernel import netns, probe, syscalls
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.lab.journal import FileJournal, MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.model import edits
from tuilab.model.topology import Endpoint, Route, Topology
from tuilab.plan.state import expand, to_data

RED, BLUE, BR = Endpoint("red", "eth0"), Endpoint("blue", "eth0"), Endpoint("host", "b")
TAPS = os.access("/dev/net/tun", os.R_OK | os.W_OK)
DEADLINE = 10.0


def kernel_filters_vlans():
    """Whether bridges can; tried in a network of its own, which ends with that."""

    def attempt():
        syscalls.unshare(syscalls.CLONE_NEWNET)
        probe._vlan_filtering()

    try:
        netns.in_thread(attempt)
    except OSError:
        return False
    return True


# What this user may make here: no tap without its device, none for somebody else.
if not TAPS:
    maker = strategies._add_tap
    strategies.GROWING = tuple(m for m in strategies.GROWING if m is not maker)
if not kernel_filters_vlans():
    tagger = strategies._set_vlans
    strategies.DETAILS = tuple(m for m in strategies.DETAILS if m is not tagger)
if os.getuid() != 0:
    strategies.OWNERS = (None, str(os.getuid()))

ROUTED = (
    edits.add_namespace("red"),
    edits.add_namespace("blue", {"net.ipv4.ip_forward": "1"}),
    edits.add_bridge(BR, addresses=("10.0.0.254/24", "fd00::fe/64")),
    edits.connect(
        RED,
        Endpoint("host", "p1"),
        a_end={"addresses": ("10.0.0.1/24", "10.0.0.7/24", "fd00::1/64")},
        b_end={"master": "b"},
    ),
    edits.connect(
        BLUE,
        Endpoint("host", "p2"),
        a_end={"addresses": ("10.0.0.2/24", "fd00::2/64"), "mtu": 1400},
        b_end={"master": "b", "mtu": 1400},
    ),
    edits.add_route("red", Route("default", "10.0.0.254")),
    edits.add_route("red", Route("default", "fd00::fe")),
    edits.add_route("red", Route("192.168.0.0/16", "10.0.0.2", metric=7, table=42)),
    edits.add_address(Endpoint("red", "lo"), "192.0.2.1/32"),
)


@asynccontextmanager
async def a_lab(directory=None, driver=None, *, restored=True):
    if directory is None:
        journal = MemoryJournal(Topology("lab"))
    else:
        if not (directory / "journal.jsonl").exists():
            FileJournal.create(directory, Topology("lab"))
        journal = FileJournal(directory)
    lab = await Lab.open(driver or NetlinkDriver(), journal, directory or Path())
    try:
        if restored:
            await lab.restore()
        yield lab
    finally:
        await lab.aclose()


def ip_json():
    """All that iproute2 shows of the lab, less indexes, ids, and DAD's progress.

    The kernel makes a link-local address when a carrier first comes and keeps it when
    the carrier goes: on a link without carrier it tells of the past, not of the lab.
    """
    return {
        name: {
            "links": _sorted(_stable(x) for x in ip(name, "addr")),
            "routes": _sorted(_routes(name)),
            "rules": ip(name, "rule") + ip(name, "-6 rule"),
            "neighbours": _neighbours(name),
            "bridge": _sorted(_stable(x) for x in _bridge(name)),
        }
        for name in ("host", *sorted(x["name"] for x in ip("host", "netns")))
    }


def _sorted(items):
    """By content: the kernel lists in order of ifindex, or of creation."""
    return sorted(items, key=json.dumps)


def ip(name, rest):
    where = "" if name == "host" else f"-n {name} "
    return json.loads(sh(f"ip {where}-j {rest}") or "[]")


def _routes(name):
    """Without the kernel's own for link-local and multicast: see `_stable`.

    Nor its anycast ones: a router's depend on whether its forwarding was set a moment
    before or after an address was ready (RFC 4291, section 2.6.1).
    """
    return [
        route
        for family in ("-4", "-6")
        for route in ip(name, f"{family} route show table all")
        if route.get("type") != "anycast"
        and not (
            route.get("protocol") == "kernel"
            and route["dst"].startswith(("fe80:", "ff00:"))
        )
    ]


def _neighbours(name):
    """The static ones; what the kernel learns by itself is not the lab's."""
    known = ip(name, "neigh show nud permanent")
    proxies = ip(name, "-4 neigh show proxy") + ip(name, "-6 neigh show proxy")
    return _sorted([*known, *proxies])


def _bridge(name):
    where = "" if name == "host" else f"-n {name} "
    return json.loads(sh(f"bridge {where}-j link") or "[]")


def _stable(link):
    unstable = ("ifindex", "link_index", "link_netnsid", "link")
    link = {"addr_info": [], **{k: v for k, v in link.items() if k not in unstable}}
    for address in link.get("addr_info", ()):
        for flag in ("tentative", "optimistic", "dadfailed"):
            address.pop(flag, None)
    if "NO-CARRIER" in link["flags"]:
        link["addr_info"] = [a for a in link["addr_info"] if a["scope"] != "link"]
    return link


def eventually(look, wanted):
    """What the kernel does a moment later (carrier, link-local) must come to this."""
    deadline = time.monotonic() + DEADLINE
    while (now := look()) != wanted and time.monotonic() < deadline:
        # iproute2 has nothing to wait on; each look is a few processes long.
        os.sched_yield()
    if now != wanted:
        texts = (json.dumps(x, indent=1).splitlines() for x in (wanted, now))
        raise AssertionError("\n".join(difflib.unified_diff(*texts, n=6)))


def settled():
    """iproute2's view once carriers and link-local addresses have come."""
    before = ip_json()
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        now = ip_json()
        quiet = not any(
            link["operstate"] == "LOWERLAYERDOWN"
            or ("UP" in link["flags"] and not _has_link_local(link))
            for space in now.values()
            for link in space["links"]
            if link["ifname"] != "lo" and "NO-CARRIER" not in link["flags"]
        )
        if quiet and now == before:
            return now
        before = now
    return now


def _has_link_local(link):
    if link["mtu"] < 1280:
        return True
    return any(
        a["scope"] == "link" for a in link["addr_info"] if a["family"] == "inet6"
    )


async def assert_as_wished(lab):
    await lab.rescan()
    assert to_data(lab.snapshot.observed) == to_data(expand(lab.snapshot.topology))


async def until(lab, holds):
    """Wait until something can be said of a lab that is listened to."""
    heard = asyncio.Event()
    stop = lab.subscribe(lambda _: heard.set())
    async with asyncio.timeout(DEADLINE):
        while not holds(lab.snapshot):
            await heard.wait()
            heard.clear()
    stop()


async def there_and_back(start, changes):
    """Edits one by one, all of them undone and redone; each time it is as it was."""
    async with a_lab() as lab:
        await lab.edit(edits.become("start", start))
        await assert_as_wished(lab)
        dumps = [to_data(lab.snapshot.observed)]
        for change in changes:
            await lab.edit(change)
            await assert_as_wished(lab)
            dumps.append(to_data(lab.snapshot.observed))
        for dump in reversed(dumps[:-1]):
            await lab.undo()
            await lab.rescan()
            assert to_data(lab.snapshot.observed) == dump
        for dump in dumps[1:]:
            await lab.redo()
            await lab.rescan()
            assert to_data(lab.snapshot.observed) == dump
        await lab.go_to(0)
        await assert_as_wished(lab)


class Refusing(OneByOne, NetlinkDriver):
    """The real kernel, except that it refuses the k-th operation from now."""

    countdown = -1

    async def before(self, operation):
        self.countdown -= 1
        if self.countdown == 0:
            raise KernelError("refused for the test", errno=errno.EPERM)


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.drivers import OneByOne
from tests.kernel import alive as t
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.lab.journal import FileJournal

where, at = sys.argv[2], int(sys.argv[3])

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Killed(OneByOne, NetlinkDriver):
    left = at
    async def before(self, operation):
        self.left -= 1
        if where == "operation" and self.left == 0:
            die()

def append(self, record, real=FileJournal._append):
    # 1 before the record is written, 2 after that.
    if where in record and at == 1:
        die()
    real(self, record)
    if where in record:
        die()

FileJournal._append = append

async def main():
    name = sys.argv[4]
    drifted = name == "REPAIR"
    async with t.a_lab(Path(sys.argv[1]), Killed(), restored=not drifted) as lab:
        await (lab.repair() if drifted else lab.edit(getattr(t, name)))

asyncio.run(main())
"""
CUT_OFF = edits.together(
    "cut off", (edits.rename_link(RED, "lan0"), edits.remove_namespace("blue"))
)


RENAMING = edits.together(
    "rename",
    (
        edits.rename_namespace("red", "rouge"),
        edits.rename_link(Endpoint("rouge", "eth0"), "lan0"),
        edits.rename_namespace("blue", "red"),
    ),
)


def killed(directory, where, at, change="CUT_OFF"):
    command = [sys.executable, "-c", KILLED, str(directory), where, str(at), change]
    assert subprocess.run(command).returncode == -signal.SIGKILL
