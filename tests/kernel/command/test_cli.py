"""The command line on the real kernel, cross-checked with what others' tools say."""

import json
import os
import select
import signal

import pytest

from tests.conftest import NO_VLANS
from tests.kernel.command.cli import USERS, cli
from tests.kernel.people import REASON
from tuilab.formats import library, yaml
from tuilab.kernel import sandbox
from tuilab.kernel.sandbox import Keeper
from tuilab.lab.journal import JOURNAL
from tuilab.lab.registry import KEEPER

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]
TAPS = os.access("/dev/net/tun", os.R_OK | os.W_OK)


@pytest.fixture(params=USERS, ids=lambda person: person.name)
def lab(request):
    with cli(request.param) as it:
        yield it


def addresses(lab, namespace, ifname):
    found = json.loads(lab("exec", namespace, "--", "ip", "-j", "addr").out)
    (link,) = [link for link in found if link["ifname"] == ifname]
    return [f"{a['local']}/{a['prefixlen']}" for a in link["addr_info"]]


# A lab's life


def test_a_lab_comes_up_is_listed_and_goes(lab):
    done = lab("up", "two-hosts")
    assert done.out == ""
    assert 'lab "two-hosts" is up: 2 namespaces, 2 links' in done.err
    assert addresses(lab, "red", "eth0")[0] == "10.0.0.1/24"
    (row,) = lab("ls", "--json").json
    assert (row["name"], row["running"], row["edits"]) == ("two-hosts", True, 1)
    assert "two-hosts  running" in lab("ls").out
    assert lab("ping", "red", "blue", "-c", 1).out.startswith("64 bytes from 10.0.0.2")
    again = lab("up", "two-hosts")
    assert "is like that already" in again.err
    assert lab("history", "--json").json["position"] == 1
    assert lab("down").err == 'lab "two-hosts" has ended\n'
    assert lab.labs() == []
    assert not lab.folder("two-hosts").exists()


def test_nothing_is_running_once_a_lab_is_down(own):
    own("up", "--lab", "empty", "--json")
    script = "echo asleep; exec sleep 1000"
    with own.start("exec", "host", "--", "sh", "-c", script) as sleeper:
        assert sleeper.stdout.readline() == "asleep\n"
        own("down", "--yes")
        assert sleeper.wait(30) == 137


def test_a_lab_that_was_kept_comes_back_with_its_past(lab):
    lab("up", "router", "--json")
    lab("set", "router", "ip_forward", 0)
    lab("set", "red:eth0", "mtu", 1400)
    before, file = lab.observed(), lab("show").out
    assert "tuilab up router brings it back" in lab("down", "router", "--keep").err
    (row,) = lab("ls", "--json").json
    assert row["running"] is False
    assert lab("show", "router").out == file
    assert "is up" in lab("up", "router").err
    assert lab.observed() == before
    lab("undo", "--to", 1)
    assert lab("exec", "red", "cat", "/sys/class/net/eth0/mtu").out == "1500\n"
    assert lab("ping", "red", "blue", "-c", 1).code == 0


def test_an_empty_lab_by_its_name(own):
    assert own("up", "--lab", "mine", "--json").json["created"] is True
    assert own("up", "--lab", "mine", "--json").json["created"] is False
    own("add", "namespace", "red", "blue")
    assert own("history", "--json").json["edits"][0]["title"] == (
        "add namespaces red, blue"
    )
    assert set(own.observed()) == {"host", "red", "blue"}


def test_a_running_lab_becomes_what_a_file_says(own):
    own("up", "--lab", "mine")
    own("add", "namespace", "extra")
    file = own.file(
        "mine.yaml", "tuilab: 1\nname: mine\nnamespaces: {red: {}, blue: {}}\n"
    )
    lines = own("plan", "mine.yaml").out.splitlines()
    assert lines[0].endswith('  # "extra" goes, with all that is in it')
    planned = [line.partition("  # ")[0].rstrip() for line in lines]
    assert planned[0] == "ip netns del extra"
    done = own("up", "mine.yaml", "--json").json
    assert done["commands"] == planned
    assert done["created"] is False
    assert set(own.observed()) == {"host", "red", "blue"}
    own("undo")
    assert set(own.observed()) == {"host", "extra"}
    assert own("ls", "--json").json[0]["source"] == str(file)


def test_several_labs_need_a_name(own):
    own("up", "two-hosts")
    own("up", "two-hosts", "--lab", "other")
    done = own("show", code=2)
    assert "2 labs are running" in done.err
    assert "other, two-hosts" in done.err
    assert "name: other" in own("show", "--lab", "other").out
    own("add", "namespace", "green", "--lab", "other")
    assert "green" in own("show", "other").out
    assert "green" not in own("show", "two-hosts").out
    own("down", "--all")
    assert own.labs() == []


# Edits


EDITS = [
    "add namespace green",
    "add bridge host:br0 --address 10.7.0.1/24 --address fd07::1/64",
    "add cable green:eth0 host:p0 --a-address 10.7.0.2/24 --b-master br0 --mtu 1400",
    "add cable red:eth7 blue:eth7 --a-mac 02:00:00:00:00:01 --down",
    *(["add tap host:tap0 --user ME --master br0"] if TAPS else []),
    "add address red:eth7 10.8.0.1/24 10.8.0.2/24 fd08::1/64",
    "add route green default --via 10.7.0.1 --metric 5",
    "add route green 10.99.0.0/16 --dev eth0",
    "set red:eth7 up mtu 9000",
    "set blue:eth7 mac 02:00:00:00:00:02 up",
    "set red net.ipv4.ip_forward 1",
    "set red net.ipv4.conf.eth0.rp_filter 2 net.ipv6.conf.all.disable_ipv6 1",
    "set red:eth0 down",
    "set host:p0 isolated on hairpin on cost 77 priority 3",
    "add fdb host:p0 02:00:00:00:00:77 02:00:00:00:00:78",
    "set host:br0 stp on ageing 12.5 priority 4096",
    "rm fdb host:p0 02:00:00:00:00:78",
    "set host:p0 cost default flood off",
    "set host:br0 stp off ageing default",
    "set host:p0 nomaster",
    "set host:p0 master br0",
    "rename green:eth0 lan",
    "rename green gruen",
    "rename host:br0 host:sw0",
    "rm route gruen 10.99.0.0/16",
    "rm address red:eth7 10.8.0.1/24",
    "rm link red:eth7",
    "rm namespace gruen",
]


def edits(lab):
    me = os.geteuid() if lab.person.uid is None else lab.person.uid
    return [words.replace("ME", str(me)).split() for words in EDITS]


@pytest.mark.timeout(300)
def test_every_edit_is_undone_and_done_again_exactly(lab):
    lab("up", "two-hosts")
    start = lab.observed(), lab.machine(), lab.machine("red")
    states = [start[0]]
    for words in edits(lab):
        assert lab(*words, "--quiet").out == ""
        states.append(lab.observed())
        assert states[-1] != states[-2], words
    for number in reversed(range(0, len(EDITS), 4)):
        lab("undo", "--to", number + 1)
        assert lab.observed() == states[number]
    assert (lab.observed(), lab.machine(), lab.machine("red")) == start
    lab("redo", "--to", len(states))
    assert lab.observed() == states[-1]
    lab("undo", "--to", 1)
    assert (lab.observed(), lab.machine(), lab.machine("red")) == start


@pytest.mark.timeout(300)
def test_a_dry_run_shows_what_then_runs_and_does_nothing(own):
    own("up", "two-hosts")
    for number, words in enumerate(edits(own), 1):
        shown = own(*words, "--dry-run").out.splitlines()
        assert len(own("history", "--json").json["edits"]) == number
        ran = own(*words).out.splitlines()
        plain = [line.partition("  # ")[0].rstrip() for line in shown]
        assert plain
        assert ran == plain


def test_undo_and_redo_end_somewhere(own):
    own("up", "--lab", "mine")
    assert "nothing to undo" in own("undo", code=2).err
    assert "nothing to redo" in own("redo", code=2).err
    own("add", "namespace", "red")
    assert "choose 0 to 1" in own("undo", "--to", 2, code=2).err
    assert "choose 1 to 1" in own("redo", "--to", 0, code=2).err
    own("undo", "--to", 0)
    assert "choose 0 to 1" in own("redo", "--to", 5, code=2).err
    own("redo", "--to", 1)


@pytest.mark.parametrize(
    ("words", "fact", "remedy"),
    [
        ("add namespace red", 'namespace "red" exists', "another name"),
        ("add namespace not/good", '"not/good"', ""),
        ("add address red:eth9 10.0.0.9/24", 'no link "red:eth9"', "lo, eth0"),
        ("add address red:eth0 10.0.0.9", "prefix length", "10.0.0.9/24"),
        ("add address nope:eth0 10.0.0.9/24", 'no namespace "nope"', "red"),
        ("add cable red:eth0 blue:eth1", '"red:eth0" exists', "another name"),
        ("add cable red:a red:a", "both ends", "name two"),
        ("add bridge host:averylonginterfacename", "15", ""),
        ("add route red default --via 10.9.9.9", "10.9.9.9", ""),
        ("set red:eth0 master br9", "br9", ""),
        ("set red net.ipv4.tcp_nope 1", "net.ipv4.tcp_nope", ""),
        ("set red:eth0 mtu 7", "7", ""),
        ("set red:eth0 isolated on", "no port of a bridge", "master"),
        ("set red:eth0 stp on", "which has no stp", ""),
        ("set red:eth0 isolated perhaps", '"perhaps"', "on, off"),
        ("set red:eth0 cost much", '"much"', "1 to 65535"),
        ("add fdb red:eth0 02:00:00:00:00:77", "no port of a bridge", "master"),
        ("add fdb red:lo 02:00:00:00:00:77", "not a port", "master"),
        ("rm fdb red:eth0 02:00:00:00:00:77", "no static entry", "it has none"),
        ("set red net.ipv4.conf.eth9.rp_filter 1", '"eth9"', "lo, eth0"),
        ("set red rp_filter 1", '"rp_filter"', ""),
        ("set red net.ipv4.conf.eth0.rp_filter 3", "takes a number", ""),
        ("rm namespace host", '"host"', ""),
        ("rm link red:lo", '"red:lo"', ""),
        ("rm route red default", "no route to default", ""),
        ("rename red blue", '"blue" exists', "another name"),
        ("rename host other", '"host"', ""),
        ("exec nope -- true", '"nope"', ""),
        ("ping red nope", '"nope"', "host, red, blue"),
        ("ping nope 10.0.0.1", 'no namespace "nope"', "red"),
        ("capture nope:eth0", '"nope"', ""),
        ("capture red:eth0 not a filter", "no filter", "pcap-filter"),
        ("capture red:eth0 -w /run/x.pcapng", "in this lab only", "outside of /etc"),
        ("capture red:eth0 -w /etc/x.pcapng", "in this lab only", "outside of /etc"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(shared, words, fact, remedy):
    before = shared("history", "--json").out
    done = shared(*words.split(), code=2)
    assert done.out == ""
    summary, _, hint = done.err.partition("\n")
    assert summary.startswith("tuilab: ")
    assert fact in summary
    assert remedy in hint
    assert shared("history", "--json").out == before


def test_two_terminals_never_interleave(own):
    own("up", "--lab", "mine")
    names = [f"n{number}" for number in range(8)]
    running = [own.start("add", "namespace", name) for name in names]
    for process in running:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    history = own("history", "--json").json
    titles = [edit["title"] for edit in history["edits"]]
    assert sorted(titles) == [f"add namespace {name}" for name in names]
    assert set(own.observed()) == {"host", *names}
    own("undo", "--to", 0)
    assert set(own.observed()) == {"host"}


def test_routes_rules_and_neighbours_come_and_go(lab):
    lab("up", "two-hosts")
    view = lab.observed()

    def ip(rest):
        return json.loads(lab("exec", "red", "--", "ip", "-j", *rest.split()).out)

    hops = ("--hop", "via 10.0.0.8 weight 3", "--hop", "via 10.0.0.9 dev eth0")
    lab("add", "route", "red", "10.1.0.0/16", *hops, "--src", "10.0.0.1")
    lab("add", "route", "red", "10.2.0.0/16", "--type", "unreachable")
    far = ("--via", "9.9.9.9", "--dev", "eth0", "--onlink", "--table", 100)
    lab("add", "route", "red", "10.1.0.0/16", *far)
    (route,) = ip("route show 10.1.0.0/16")
    assert route["prefsrc"] == "10.0.0.1"
    assert [hop["weight"] for hop in route["nexthops"]] == [3, 1]
    (route,) = ip("route show table 100")
    assert (route["gateway"], route["flags"]) == ("9.9.9.9", ["onlink"])
    assert ip("route show type unreachable")[0]["dst"] == "10.2.0.0/16"
    done = lab("add", "rule", "red", "--from", "10.0.0.0/24", "--table", 100)
    assert done.out == "ip -n red rule add priority 100 from 10.0.0.0/24 lookup 100\n"
    lab("add", "rule", "red", "-6", "--fwmark", "7", "--action", "prohibit")
    assert [r["priority"] for r in ip("-6 rule show")] == [0, 100, 32766]
    lab("add", "neighbour", "red:eth0", "10.0.0.8", "02:00:00:00:00:08")
    lab("add", "neighbour", "red:eth0", "fd00::8", "--proxy")
    assert ip("neigh show nud permanent")[0]["lladdr"] == "02:00:00:00:00:08"
    assert [n["dst"] for n in ip("-6 neigh show proxy")] == ["fd00::8"]
    shown = lab("show").out
    for word in ("hops:", "onlink: true", "unreachable", 'fwmark: "0x7"', "proxy"):
        assert word in shown
    failed = lab("rm", "route", "red", "10.1.0.0/16", code=2)
    assert "say which" in failed.err
    lab("rm", "route", "red", "10.1.0.0/16", "--table", 100)
    failed = lab("rm", "rule", "red", 100, code=2)
    assert "-4 or -6" in failed.err
    lab("rm", "rule", "red", 100, "-6")
    lab("rm", "neighbour", "red:eth0", "10.0.0.8")
    lab("undo", "--to", 1)
    assert lab.observed() == view


# Plans and files


def possible(run, name):
    """Skip where this kernel lacks what a ready lab is about, once it says so."""
    if name == "vlans" and "-  VLAN filtering" in run("doctor", code=None).out:
        said = run("up", name, code=3).err
        assert "vlan_filtering 1" in said
        assert "this kernel has no support for it; see tuilab doctor" in said
        assert run.labs() == []
        pytest.skip(NO_VLANS)


@pytest.mark.parametrize("name", [name for name, _ in library.examples()])
def test_a_plan_typed_by_hand_makes_the_same_lab(own, name):
    possible(own, name)
    script = own("plan", name).out
    own("up", name)
    wanted = own.observed(name)
    own("up", "--lab", "typed")
    own("exec", "--lab", "typed", "host", "--", "sh", "-ex", feed=script)
    assert own.observed("typed") == wanted


@pytest.mark.parametrize("name", [name for name, _ in library.examples()])
def test_every_ready_lab_does_what_it_promises(lab, name):
    possible(lab, name)
    wishes = yaml.load(dict(library.examples())[name]).topology.expect
    verdicts = lab("check", name, "--live", "--json").json
    assert [v["ok"] for v in verdicts] == [True] * len(wishes)
    assert wishes
    assert lab.labs() == []
    lab("up", name)
    done = lab("check", name, "--live")
    assert f'running lab "{name}"' in done.err
    assert len(done.out.splitlines()) == len(wishes)
    lab("undo", "--to", 0)
    assert set(lab.observed()) == {"host"}


def test_what_does_not_hold_fails_the_check(own):
    own.file(
        "wrong.yaml",
        """\
tuilab: 1
name: wrong
namespaces:
  red: {links: {eth0: {addresses: [10.0.0.1/24]}}}
  blue: {links: {eth0: {addresses: [10.0.0.2/24]}}}
cables: [[red:eth0, blue:eth0]]
expect:
  - {from: red, to: blue, reachable: false}
  - {from: red, to: 10.0.0.3, reachable: true}
  - {from: red, to: blue, reachable: true}
""",
    )
    done = own("check", "wrong.yaml", "--live", code=1)
    marks = [line.split()[0] for line in done.out.splitlines()]
    assert marks == ["FAIL", "FAIL", "ok"]
    assert own("check", "wrong.yaml").code == 0
    own("up", "wrong.yaml")
    own("set", "blue:eth0", "down")
    other = own("check", "wrong.yaml", "--live", code=1)
    assert "trying it in one of its own" in other.err
    assert other.out.splitlines()[2].startswith("ok")
    there = own("check", "wrong.yaml", "--live", "--lab", "wrong", code=1)
    assert [line.split()[0] for line in there.out.splitlines()] == [
        "ok",
        "FAIL",
        "FAIL",
    ]


def test_ten_mistakes_and_nothing_is_made(lab):
    lab.file(
        "ten.yaml",
        """\
tuilab: 1
name: ten
namespaces:
  red:
    links:
      eth0: {addresses: [10.0.0.300/24], colour: blue}
      averyverylongname0: {kind: bridge}
      br0: {kind: bridge, master: br1}
      br1: {kind: bridge, master: br0}
      tap0: {kind: tap, master: eth0, addresses: [10.1.0.1/24, 10.1.0.1/24]}
    routes:
      - {to: default, via: 192.168.77.1}
cables:
  - [red:eth0, green:eth0]
""",
    )
    done = lab("up", "ten.yaml", code=2)
    lines = done.err.splitlines()
    assert len(lines) >= 7
    for line in lines:
        name, row, column, _ = line.split(":", 3)
        assert name == "ten.yaml"
        assert int(row) >= 1
        assert int(column) >= 1
    assert not (lab.home / "state").exists()
    assert lab.labs() == []


def test_a_saved_lab_loads_as_the_same_lab(lab):
    lab("up", "router")
    lab("add", "bridge", "host:br0", "--address", "10.7.0.1/24")
    lab("save", "mine.yaml")
    assert lab("plan", "mine.yaml").out == ""
    before = lab.observed()
    lab("down")
    lab("up", "mine.yaml")
    assert lab.observed() == before
    assert lab("ls", "--json").json[0]["source"] == str(lab.home / "mine.yaml")
    lab("rm", "link", "host:br0")
    lab("save")
    assert "br0" not in (lab.home / "mine.yaml").read_text()


# What others do to a lab


def test_drift_is_listed_repaired_and_adopted(lab):
    lab("up", "two-hosts", "--json")
    done = lab("drift")
    assert (done.out, done.err) == ("", 'lab "two-hosts" is as it is to be\n')
    lab("exec", "red", "--", "ip", "link", "set", "eth0", "mtu", 1300)
    lab("exec", "blue", "--", "ip", "link", "set", "eth0", "down")
    done = lab("drift", code=1)
    assert done.out.splitlines() == [
        '"red:eth0" has mtu 1300, not 1500',
        '"blue:eth0" is down',
    ]
    assert "tuilab drift two-hosts --repair" in done.err
    red = {"namespace": "red", "link": "eth0", "text": done.out.splitlines()[0]}
    assert lab("drift", "two-hosts", "--json", code=1).json[0] == red
    planned = lab("drift", "--repair", "--dry-run", code=1).out
    assert planned.splitlines() == [
        "ip -n blue link set dev eth0 up",
        "ip -n red link set dev eth0 mtu 1500",
    ]
    steps = lab("drift", "--repair", "--dry-run", "--json", code=1).json
    assert [line for it in steps for line in it["commands"]] == planned.splitlines()
    assert lab("drift", "--repair").out == planned
    assert lab("drift", "--json").json == []
    lab("exec", "red", "--", "ip", "link", "set", "eth0", "mtu", 1300)
    lab("set", "blue:eth0", "mtu", 1400)
    lab("undo")
    assert len(lab("drift", code=1).out.splitlines()) == 1
    said = "adopt 1 change made outside: tuilab undo takes that back\n"
    assert lab("drift", "--adopt").err == said
    assert "mtu: 1300" in lab("show").out
    assert "nothing to adopt" in lab("drift", "--adopt").err
    assert lab("undo").out == "ip -n red link set dev eth0 mtu 1500\n"
    assert lab("drift", "--lab", "two-hosts").out == ""


def test_settings_that_nobody_tells_of_are_drift_too(lab):
    lab("up", "two-hosts", "--json")
    lab("exec", "red", "--", "sysctl", "-qw", "net.ipv4.conf.default.rp_filter=1")
    lab("exec", "blue", "--", "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
    told = [
        '"red" has net.ipv4.conf.default.rp_filter = 1, not 0',
        '"blue" has net.ipv6.conf.all.disable_ipv6 = 1, not 0',
    ]
    assert lab("drift", code=1).out.splitlines() == told
    done = lab("add", "address", "blue:eth0", "fd00::2/64", code=3)
    assert '"blue:eth0" can\'t have fd00::2/64' in done.err
    assert "--repair" in done.err
    assert "fd00::2" not in lab("show").out
    assert lab("drift", "--repair").out.splitlines() == [
        "ip netns exec blue sysctl -qw net.ipv6.conf.all.disable_ipv6=0",
        "ip netns exec red sysctl -qw net.ipv4.conf.default.rp_filter=0",
    ]
    lab("add", "address", "blue:eth0", "fd00::2/64")
    assert lab("drift").out == ""


def test_drift_has_one_remedy_at_a_time(own):
    own("up", "--lab", "mine")
    assert (
        "both --repair and --adopt" in own("drift", "--repair", "--adopt", code=2).err
    )
    assert "--dry-run is for --repair" in own("drift", "--dry-run", code=2).err


def test_an_edit_that_changes_nothing_is_no_entry_of_the_history(own):
    own("up", "two-hosts")
    done = own("set", "red:eth0", "up")
    assert "nothing had to be done" in done.err
    assert own("history", "--json").json["position"] == 1


def test_after_a_reboot_a_lab_is_down_and_comes_back_with_its_past(lab):
    lab("up", "router", "--json")
    lab("set", "red:eth0", "mtu", 1400)
    lab("exec", "red", "--", "ip", "link", "set", "eth0", "mtu", 1300)
    lab("rm", "namespace", "blue")
    lab("undo")
    before, past = lab("show").out, lab("history", "--json").json
    keeper = Keeper.from_data(json.loads((lab.folder("router") / KEEPER).read_text()))
    watched = sandbox.watch(keeper)
    os.kill(keeper.pid, signal.SIGKILL)
    # What the machine was at when it went down is no longer there to be rolled back.
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    assert poll.poll(30_000)
    os.close(watched)
    begun = {"begin": "cut off", "before": {"red": None}}
    with (lab.folder("router") / JOURNAL).open("a") as journal:
        journal.write(json.dumps(begun) + "\n")
    (row,) = lab("ls", "--json").json
    assert row["running"] is False
    assert "down" in lab("ls").out
    for words in (("drift",), ("undo",), ("exec", "red", "true")):
        assert "tuilab up LAB: router" in lab(*words, code=2).err
    assert "is up" in lab("up", "router").err
    assert lab("show").out == before
    assert lab("history", "--json").json == past
    # Nobody wished for what was done outside.
    assert lab("drift").out == ""
    assert lab("ping", "red", "blue", "-c", 1).code == 0
    lab("redo")
    assert "blue" not in lab.observed()
    lab("undo", "--to", 0)
    assert set(lab.observed()) == {"host"}
