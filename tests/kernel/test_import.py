"""Importing what exists, on a machine that is a sandbox: see `test_host`."""

import json
import os
import subprocess
import sys

import pytest

from tests.kernel.packetbox import boxed, sh
from tests.kernel.test_host import WITHOUT_RIGHTS, Machine
from tuilab.cli.app import run
from tuilab.formats import yaml
from tuilab.model.topology import Bridge, Endpoint, Neighbour, Route, Rule, Tap, Veth
from tuilab.model.validate import problems

RED = "ip -n red"


def built(directory):
    """Somebody's machine, with two more namespaces, and things that no lab can have."""
    machine = Machine(directory)
    for line in (
        "ip link set veth7 up",
        "ip netns add red",
        "ip netns add blue",
        "ip link add p1 type veth peer name eth0 netns red",
        "ip link set p1 up master docker0",
        f"{RED} link set lo up",
        f"{RED} link set eth0 up mtu 1400",
        f"{RED} addr add 172.17.0.2/16 dev eth0",
        f"{RED} addr add fd09::1/64 dev eth0 nodad",
        f"{RED} route add default via 172.17.0.1",
        f"{RED} route add blackhole 10.66.0.0/16",
        f"{RED} rule add from 10.9.0.0/24 lookup 100 priority 50",
        f"{RED} neigh add 172.17.0.9 lladdr 02:00:00:00:00:09 dev eth0",
        f"{RED} link add x1 type veth peer name eth0 netns blue",
        "ip tuntap add t0 mode tap",
        "ip tuntap add u0 mode tun",
        "ip link add lost type veth peer name y1",
        "ip addr add 10.55.0.1/24 dev lost",
        "ip link set lost up",
        "ip route add 10.56.0.0/16 via 10.55.0.2 onlink dev lost",
    ):
        sh(line)
    machine.settings("net.ipv4.ip_forward", "1")
    return machine


def imported(machine, *words, program=("-m", "tuilab")):
    command = [sys.executable, *program, "import", *map(str, words)]
    done = subprocess.run(
        command, env=machine.environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr.splitlines()


@boxed
def test_what_exists_becomes_a_lab_and_the_machine_stays_as_it_is(directory):
    machine = built(directory)
    # A namespace that has no name holds the far end of a cable.
    nameless = subprocess.Popen(
        ["unshare", "-n", "sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE
    )
    try:
        nameless.stdout.readline()
        sh(f"ip link set y1 netns {nameless.pid}")
        machine.before = machine.picture()
        file = directory / "found.yaml"
        _, notes = imported(machine, "--to", file)
        again, same = imported(machine)
        assert machine.changes() == {}
        assert again == file.read_text()
        assert same == notes[:-1]
        for words in (
            '"host:u0" is left out: a lab has no links of the kind tun',
            '"host:lost" is left out: the other end of its cable is in no namespace '
            "that was looked at",
        ):
            assert words in notes
        assert any("10.56.0.0/16" in note and "lost" in note for note in notes)

        found = yaml.load(file).topology
        assert not problems(found)
        assert set(found.namespaces) == {"host", "theirs", "red", "blue"}
        host, red = found.namespaces["host"], found.namespaces["red"]
        assert set(host.links) == {"eth0", "far0", "docker0", "veth7", "p1", "t0"}
        assert host.sysctls["net.ipv4.ip_forward"] == "1"
        assert isinstance(host.links["docker0"], Bridge)
        assert host.links["docker0"].addresses == ("172.17.0.1/16",)
        assert not host.links["docker0"].up
        assert isinstance(host.links["t0"], Tap)
        assert host.links["p1"].master == host.links["veth7"].master == "docker0"
        assert Route("203.0.113.0/24", "192.0.2.7", "eth0") in host.routes
        assert not any(route.to == "10.56.0.0/16" for route in host.routes)
        eth0 = red.links["eth0"]
        assert isinstance(eth0, Veth)
        assert (eth0.peer, eth0.mtu, eth0.up) == (Endpoint("host", "p1"), 1400, True)
        assert eth0.addresses == ("172.17.0.2/16", "fd09::1/64")
        assert red.links["x1"].peer == Endpoint("blue", "eth0")
        assert not red.links["x1"].up
        assert Route("0.0.0.0/0", "172.17.0.1", "eth0") in red.routes
        assert Route("10.66.0.0/16", type="blackhole") in red.routes
        assert red.rules == (Rule(priority=50, source="10.9.0.0/24", table=100),)
        mac = "02:00:00:00:00:09"
        assert red.neighbours == (Neighbour("172.17.0.9", "eth0", mac),)

        machine("up", file, "--lab", "file")
        _, said = imported(machine, "--lab", "direct")
        assert said[-1].startswith('lab "direct" is up: 3 namespaces, ')
        assert machine.changes() == {}
        for lab in ("file", "direct"):
            machine("drift", "--lab", lab)
            for what in ("addr", "route show table all", "rule", "neigh show nud perm"):
                words = ("ip", "-j", *what.split())
                there = machine("exec", "--lab", lab, "red", "--", *words)
                there, here = (
                    json.loads(it or "[]") for it in (there, sh(f"{RED} -j {what}"))
                )
                assert facts(there) == facts(here), (lab, what)
        said = machine("import", "--lab", "direct", code=2)
        assert 'lab "direct" is there already' in said
        machine("down", "--all")
        assert machine.changes() == {}
    finally:
        nameless.kill()
        nameless.wait()


def facts(items):
    """Without numbers that the kernel chose, and what it makes by itself."""
    out = []
    for item in items:
        keys = ("ifname", "mtu", "address", "dst", "gateway", "type", "dev", "table")
        keys += ("src", "priority", "lladdr", "operstate", "prefsrc")
        fact = {key: item[key] for key in keys if key in item}
        addresses = [it["local"] for it in item.get("addr_info", ())]
        out.append(json.dumps([fact, addresses], sort_keys=True))
    return sorted(it for it in out if "fe80:" not in it and "ff00:" not in it)


@boxed
def test_what_the_model_refuses_is_left_out_and_told(directory):
    machine = Machine(directory)
    twice = "link set dev eth0 address 02:00:00:00:00:01"
    for line in (
        "ip netns add host",
        "ip netns add red",
        "ip netns add blue",
        "ip link add p1 type veth peer name eth0 netns red",
        "ip link add p2 type veth peer name eth0 netns blue",
        "ip link set p1 master docker0",
        "ip link set p2 master docker0",
        f"{RED} {twice}",
        f"ip -n blue {twice}",
        "ip addr add 10.4.0.1/24 dev p1",
        "ip link add we$ird type veth peer name ok1",
    ):
        sh(line)
    machine.settings("net.ipv4.conf.p2.forwarding", "1")
    machine.before = machine.picture()
    out, notes = imported(machine)
    assert machine.changes() == {}
    found = yaml.loads(out).topology
    assert not problems(found)
    assert {"host", "red", "blue", "theirs"} == set(found.namespaces)
    host = found.namespaces["host"]
    assert {"docker0", "p1", "p2"} <= set(host.links)
    assert not {"ok1", "we$ird"} & set(host.links)
    assert host.links["p1"].addresses == ()
    assert host.sysctls["net.ipv4.conf.p2.forwarding"] == "1"
    macs = [found.namespaces[it].links["eth0"].mac for it in ("red", "blue")]
    assert sorted(macs, key=str) == ["02:00:00:00:00:01", None]
    for words in (
        'namespace "host" is left out',
        '"host:p1" is a port of "docker0" and has addresses',
        '"we$ird" is no name',
        "both have the MAC 02:00:00:00:00:01",
    ):
        assert len([note for note in notes if words in note]) == 1, (words, notes)


@boxed
def test_without_rights_what_can_be_seen_is_imported_and_the_rest_is_told(directory):
    machine = built(directory)
    machine.before = machine.picture()
    out, notes = imported(machine, program=("-c", WITHOUT_RIGHTS))
    assert machine.changes() == {}
    found = yaml.loads(out).topology
    assert set(found.namespaces) == {"host"}
    assert set(found.namespaces["host"].links) >= {"eth0", "docker0", "t0"}
    for name in ("theirs", "red", "blue"):
        assert any(
            note.startswith(f'namespace "{name}" is left out: it can\'t be entered')
            for note in notes
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["import", "--to", "x", "--lab", "y"], "both a file and a lab are named"),
        (["--host", "import"], "into a sandbox only"),
        (["import", "--lab", "a b"], '"a b"'),
        (["import", "--to", "/nowhere/x.yaml"], "/nowhere/x.yaml"),
    ],
)
def test_mistakes_are_told(words, said, capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("TUILAB_LAB", raising=False)
    assert run(words) == 2
    out, err = capfd.readouterr()
    assert said in err
    assert out == ""
    assert not os.listdir(tmp_path)
