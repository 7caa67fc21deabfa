"""The machine around a lab: not one link, route, rule or setting of it changes."""

import subprocess

import pytest

from tests import machine
from tests.e2e.home import DEADLINE, TUILAB

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def picture():
    """The machine; without processes, as other tests start and end theirs."""
    return {k: v for k, v in machine.picture().items() if k != "processes"}


def test_the_picture_has_something_to_compare():
    seen = picture()
    for what in ("links", "addresses", "routes", "settings"):
        assert seen[what], what


def test_a_whole_run_leaves_the_machine_as_it_was(home):
    before = picture()
    seen = []

    def look():
        seen.extend(machine.changes(before, picture()))

    home.tuilab("up", "router")
    look()
    for line in (
        "add namespace green",
        "add bridge host:br0 --address 10.0.1.77/24",
        "add cable green:eth0 host:p1 --b-master br0",
        "add tap host:tap0 --master br0",
        "add address green:eth0 10.9.0.2/24 fd99::1/64",
        "add route green default --via 10.9.0.1",
        "set host net.ipv4.ip_forward 1",
        "set red:eth0 mtu 1300",
        "rename green lime",
    ):
        home.tuilab(*line.split())
    look()
    # What a person types in the lab's own root namespace stays in the lab.
    for line in (
        "nft add table inet tuilab-e2e",
        "ip route add 198.51.100.0/24 dev br0",
        "sysctl -qw net.ipv4.conf.all.rp_filter=2",
        "ip netns add by-hand",
    ):
        home.tuilab("exec", "host", "--", *line.split())
    look()
    file = home.folder / "seen.pcapng"
    with home.popen(
        *("capture", "red:eth0", "router:eth0", "-w", str(file), "-c", "4", "icmp")
    ) as capture:
        assert capture.stderr.readline()
        home.tuilab("ping", "red", "10.0.2.1", "-c", "2")
        out, err = capture.communicate(timeout=DEADLINE)
    assert capture.returncode == 0, (out, err)
    look()
    home.tuilab("undo", "--to", "1")
    home.tuilab("redo")
    terminal = home.terminal()
    terminal.run(*TUILAB, "router")
    terminal.wait_for(" sandbox ")
    terminal.keys("u")
    terminal.wait_for(" ns 3 ")
    look()
    terminal.keys("q")
    terminal.wait_for("Remove the lab")
    terminal.keys("r", "Enter")
    terminal.wait_for("is removed")
    assert home.json("ls") == []
    look()
    assert not seen, "\n".join(seen)


def test_a_lab_does_not_see_the_machine(home):
    """Its root namespace starts with nothing but lo; names mean its own."""
    home.tuilab("up", "two-hosts")
    links = home.tuilab("exec", "host", "--", "ip", "-br", "link").out.splitlines()
    assert [line.split()[0] for line in links] == ["lo"]
    rules = home.tuilab("exec", "host", "--", "nft", "list", "ruleset").out
    assert rules == ""
    outside = subprocess.run(["ip", "netns"], capture_output=True, text=True).stdout
    assert "red" not in outside.split()
