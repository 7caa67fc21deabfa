"""The small parts of the command line."""

import pytest

from tests.unit.test_cli import example, make_lab, state  # noqa: F401 - a fixture
from tuilab.cli import app, colons, live, output, targets, wanted
from tuilab.cli.wanted import Wanted
from tuilab.errors import NotFoundError, UsageError
from tuilab.formats import library
from tuilab.model import edits as verbs
from tuilab.model.topology import Endpoint, Expectation
from tuilab.model.words import link_attributes
from tuilab.packets import reach
from tuilab.plan.history import Edit
from tuilab.plan.operations import AddBridge, SetLink

ROUTER = example("router")
RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")
BR = Endpoint("host", "br0")


_PORT = {"isolated": True, "cost": 9, "priority": None}


# Words


@pytest.mark.parametrize(
    ("words", "attributes"),
    [
        ("up", {"up": True}),
        ("down mtu 1400", {"up": False, "mtu": 1400}),
        ("mtu default", {"mtu": None}),
        ("mac 02:00:00:00:00:01", {"mac": "02:00:00:00:00:01"}),
        ("address default", {"mac": None}),
        ("master br0 up", {"master": "br0", "up": True}),
        ("nomaster", {"master": None}),
        ("user alice group 100", {"user": "alice", "group": "100"}),
        ("up up", {"up": True}),
        ("isolated on cost 9 priority default", _PORT),
        ("stp off ageing 12.5", {"stp": False, "ageing": 12.5}),
        # A bridge may be called that.
        ("master default", {"master": "default"}),
    ],
)
def test_a_link_is_set_in_the_words_of_ip(words, attributes):
    assert link_attributes(words.split()) == attributes


@pytest.mark.parametrize("words", ["", "mtu", "up down", "mtu 1e3", "master", "x"])
def test_a_link_is_not_set_to_nonsense(words):
    if not words:
        assert link_attributes([]) == {}
        return
    with pytest.raises(UsageError):
        link_attributes(words.split())


@pytest.mark.parametrize(
    ("words", "endpoints", "text"),
    [
        ("red:eth0", [RED], ""),
        ("red:eth0 blue:eth0 icmp or arp", [RED, BLUE], "icmp or arp"),
        ("red:eth0 host fd00:1::1", [RED], "host fd00:1::1"),
        ("red:eth0 ether[0] & 1 != 0", [RED], "ether[0] & 1 != 0"),
        (
            "red:eth0 ether host 02:00:00:00:00:01",
            [RED],
            "ether host 02:00:00:00:00:01",
        ),
        ("br0 tcp port 80", [BR], "tcp port 80"),
        ("lo", [Endpoint("host", "lo")], ""),
        # Not there: the capture says so, instead of libpcap of its filter.
        ("red:eth0 blu:eth0", [RED, Endpoint("blu", "eth0")], ""),
    ],
)
def test_endpoints_come_before_the_filter(words, endpoints, text):
    lab = verbs.add_bridge(BR).apply(ROUTER)
    assert wanted.select(words.split(), lab) == Wanted(endpoints, text)


ALL = [end for end, _ in ROUTER.links()]


def links_of(*namespaces):
    return [end for name in namespaces for end in ALL if end.namespace == name]


@pytest.mark.parametrize(
    ("words", "every", "endpoints", "text"),
    [
        ("red", False, links_of("red"), ""),
        ("router icmp", False, links_of("router"), "icmp"),
        ("red router:* tcp syn", False, links_of("red", "router"), "tcp syn"),
        ("blue:eth0 red host 10.0.0.1", False, [BLUE, RED], "host 10.0.0.1"),
        ("", True, ALL, ""),
        ("host 10.0.0.1", True, ALL, "host 10.0.0.1"),
    ],
)
def test_a_capture_of_whole_namespaces_and_labs(words, every, endpoints, text):
    found = wanted.select(words.split(), ROUTER, every=every)
    assert found == Wanted(endpoints, text, whole=True)
    assert len(links_of("router")) > 1


def test_a_link_besides_all_links_is_no_filter():
    with pytest.raises(UsageError, match='"red:eth0" is one of all links'):
        wanted.select(["red:eth0", "icmp"], ROUTER, every=True)


def test_a_name_that_may_be_two_things_is_asked_about():
    lab = verbs.add_bridge(Endpoint("host", "red")).apply(ROUTER)
    with pytest.raises(UsageError, match="namespace and a link") as caught:
        wanted.select(["red"], lab)
    assert caught.value.hint == "write red:* or host:red"
    one = wanted.select(["host:red", "red:*"], lab)
    assert one.endpoints == [Endpoint("host", "red"), RED]


@pytest.mark.parametrize("words", ["icmp", "br7 icmp", ""])
def test_a_capture_needs_a_link(words):
    with pytest.raises(NotFoundError, match="no link") as caught:
        wanted.select(words.split(), ROUTER)
    assert "red:eth0" in caught.value.hint


@pytest.mark.parametrize(
    ("words", "message"), [("host", 'namespace "host" has no link'), ("no:*", '"no"')]
)
def test_a_namespace_that_has_nothing_to_capture(words, message):
    with pytest.raises(NotFoundError, match=message):
        wanted.select([words], ROUTER)


@pytest.mark.parametrize(
    ("source", "to", "address"),
    [
        ("red", "10.9.9.9", "10.9.9.9"),
        ("red", "fe80::1%eth0", "fe80::1%eth0"),
        # In a network of the sender, even if it is not the first.
        ("blue", "router", "10.0.2.254"),
        ("red", "router", "10.0.1.254"),
        ("red", "blue", "10.0.2.1"),
        ("red", "red", "127.0.0.1"),
    ],
)
def test_a_namespace_stands_for_the_address_that_fits(source, to, address):
    assert reach.destination(ROUTER, source, to) == address


def test_a_sender_without_ipv4_goes_for_ipv6():
    lab = verbs.remove_address(RED, "10.0.1.1/24").apply(ROUTER)
    assert reach.destination(lab, "red", "blue") == "fd00:2::1"
    assert reach.destination(lab, "red", "router") == "fd00:1::fe"


@pytest.mark.parametrize("to", ["nowhere", "host", "10.0.0"])
def test_what_has_no_address_is_no_destination(to):
    with pytest.raises(NotFoundError, match=to):
        reach.destination(ROUTER, "red", to)


@pytest.mark.parametrize(
    ("expected", "reached", "ok"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_verdict_says_what_is(expected, reached, ok):
    verdict = live.Verdict(
        Expectation("red", "blue", expected), "10.0.0.2", reached, "why"
    )
    assert verdict.ok is ok
    verb = "reaches" if reached else "does not reach"
    assert str(verdict).endswith(f"red {verb} blue (10.0.0.2): why")
    assert str(verdict).startswith("ok" if ok else "FAIL")


# What a first word stands for


def test_a_file_is_meant_before_a_lab_before_a_ready_lab(tmp_path):
    assert targets.find("two-hosts").ready
    journal = make_lab("two-hosts")
    # Left by an up that was cut off.
    assert targets.find("two-hosts").ready
    change = verbs.add_namespace("red")
    after = change.apply(journal.history.topology)
    journal.edit(Edit(change.title, after))
    assert targets.find("two-hosts").lab.name == "two-hosts"
    assert targets.find("two-hosts", labs=False).ready
    (tmp_path / "two-hosts").write_text("tuilab: 1")
    assert not targets.find("two-hosts").ready
    assert str(targets.find("two-hosts").file) == "two-hosts"
    assert targets.find("x.yaml").file
    assert targets.find("./x").file
    assert targets.find("x") is None
    # Its own file, not one to save a lab to.
    assert targets.find(str(library.folder() / "router.yaml")).ready


# Output


def test_a_reason_stands_behind_its_command():
    steps = [
        AddBridge(BR, "02:00:00:00:00:01", 1500, reason="first"),
        SetLink(BR, up=True),
    ]
    for every in (False, True):
        lines = output.plan_lines(steps, every=every)
        assert lines[0].startswith("ip link add name br0")
        assert lines[0].endswith("  # first")
        assert lines[-1].startswith("ip link set dev br0 up")
        assert lines[-1].endswith('  # "host:br0" is to be up') is every


def test_a_table_is_as_wide_as_it_must_be():
    rows = output.table(("A", "LONG"), [("xxxx", "y"), ("z", "")])
    assert rows == ["A     LONG", "xxxx  y", "z"]


def test_words_for_numbers():
    assert output.counted(1, "cable") == "1 cable"
    assert output.counted(2, "cable") == "2 cables"
    assert output.joined(["a"]) == "a"
    assert output.joined(["a", "b", "c"]) == "a, b or c"


# Completion


@pytest.mark.parametrize(
    ("words", "at", "whole", "place"),
    [
        ("tuilab set red : e", 4, ["tuilab", "set", "red:e"], 2),
        ("tuilab set red :", 3, ["tuilab", "set", "red:"], 2),
        ("tuilab set", 2, ["tuilab", "set"], 2),
        (
            "tuilab add cable a : b c : d",
            5,
            ["tuilab", "add", "cable", "a:b", "c:d"],
            3,
        ),
        ("tuilab ls", 1, ["tuilab", "ls"], 1),
    ],
)
def test_words_that_bash_split_at_a_colon(words, at, whole, place):
    assert colons.joined(words.split(), at) == (whole, place)


@pytest.fixture
def proposed(monkeypatch, capsys):
    """What bash gets for a command line, the cursor at its end."""

    def ask(line):
        words = line.replace(":", " : ").split()
        at = len(words) - (not line.endswith(" "))
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", str(at))
        monkeypatch.setenv("_TUILAB_COMPLETE", "complete_bash")
        monkeypatch.setenv("TUILAB_LAB", "router")
        assert app.run([]) == 0
        return capsys.readouterr().out.split()

    return ask


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("tuilab exe", ["exec"]),
        ("tuilab rou", ["router"]),
        ("tuilab add na", ["namespace"]),
        ("tuilab exec ", ["host", "red", "router", "blue"]),
        ("tuilab shell r", ["red", "router"]),
        ("tuilab set router:", ["eth0", "eth1"]),
        ("tuilab set router:eth1", ["eth1"]),
        ("tuilab rm link b", ["blue:eth0"]),
        ("tuilab set red:eth0 m", ["mtu", "mac", "master"]),
        ("tuilab set red net.ipv4.ip_f", ["net.ipv4.ip_forward"]),
        ("tuilab ping red bl", ["blue"]),
        ("tuilab down r", ["router"]),
        ("tuilab show --o", ["--observed"]),
        ("tuilab up two", ["two-hosts"]),
        ("tuilab up labs/", ["labs/mine.yaml"]),
        ("tuilab exec --lab other ", ["host", "green"]),
        ("tuilab exec --lab nope ", []),
    ],
)
def test_completion(proposed, tmp_path, line, expected):
    make_lab("router", verbs.become("load", ROUTER))
    make_lab("other", verbs.add_namespace("green"))
    (tmp_path / "labs").mkdir()
    for name in ("mine.yaml", "notes.txt", ".hidden.yaml"):
        (tmp_path / "labs" / name).touch()
    assert proposed(line) == expected


def test_completion_of_the_first_word_has_verbs_and_labs(proposed):
    make_lab("router", verbs.become("load", ROUTER))
    found = proposed("tuilab ")
    shown = [verb for verb, where in app.VERBS.items() if where.panel]
    assert found == [*shown, "router"]
