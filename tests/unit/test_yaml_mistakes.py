"""Mistakes in topology files: all are told, each with its place and a remedy."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import documents
from tests.texts import HEAD, SLOW, red
from tuilab.errors import EXIT_USAGE, InvalidTopology
from tuilab.formats import tree
from tuilab.formats.yaml import dump, loads
from tuilab.model.topology import (
    Topology,
)


def mistakes(text: str) -> list[str]:
    with pytest.raises(InvalidTopology) as caught:
        loads(text, "f")
    assert all(p.hint for p in caught.value.problems), caught.value.lines()
    return caught.value.lines()


TEN = """\
# Ten mistakes.
tuilab: 1
name: ten
namespaces:
  host:
    links:
      br0: {kind: bridge, colour: blue}
      br0: {kind: bridge}
      br1: {kind: bridge, master: br2}
      br2: {kind: bridge, master: br1}
      p1: {master: br0, addresses: [10.0.5.1/24]}
      p2: {master: eth9}
      eth9: {addresses: [10.0.9.1/24]}
  red:
    links:
      eth0: {addresses: [10.0.0.300/24]}
      eth1: {addresses: [10.0.1.1/24, 10.0.1.1/24]}
    routes:
      - {to: default, via: 10.0.7.1}
  blue:
    links:
      a-name-of-16-chr: {kind: tap}
cables:
  - [red:eth0, host:p1]
  - [red:eth1, host:p2]
  - [blue:eth0, host:eth9]
  - [blue:eth1, green:eth0]
"""


def test_ten_mistakes_are_ten_lines_each_with_place_and_remedy() -> None:
    wanted = [
        ("f:7:27: ", '"colour" is not known here', "known are"),
        ("f:8:7: ", '"br0" is there twice, first in line 7', "rename one"),
        ("f:9:35: ", "is in a loop of masters", "break it"),
        ("f:11:25: ", '"host:p1" is a port of "br0" and has addresses', "give them"),
        ("f:12:20: ", '"eth9" is the master of "host:p2", but no bridge', "name a"),
        ("f:16:26: ", '"10.0.0.300/24" is not an address', "write one like"),
        ("f:17:39: ", '"red:eth1" has the address 10.0.1.1 twice', "remove one"),
        ("f:19:28: ", "the gateway is unreachable", "use a gateway"),
        ("f:22:7: ", "16 characters long, 15 are the most", "choose another"),
        ("f:27:17: ", 'no namespace "green"', "add the namespace"),
    ]
    lines = mistakes(TEN)
    assert len(lines) == len(wanted), lines
    for line, (place, fact, remedy) in zip(lines, wanted, strict=True):
        assert line.startswith(place), line
        said, _, hint = line.partition("; ")
        assert fact in said, line
        assert hint.startswith(remedy), line
    assert InvalidTopology.exit_code == EXIT_USAGE


def one(body: str) -> str:
    """A file with red, a tap and blue in it, and something more."""
    return HEAD + "namespaces:\n  red: {links: {t: {kind: tap}}}\n  blue: {}\n" + body


ONE_LINE = {
    # YAML
    "nothing": ("", "1:1", "the file says nothing"),
    "only a comment": ("# hello\n", "1:1", "the file says nothing"),
    "a list": ("- a\n", "1:1", "is a mapping"),
    "a word": ("lab", "1:1", "is a mapping"),
    "tab": (HEAD + "namespaces:\n\tred: {}\n", "4:1", "cannot start any token"),
    "open brace": (HEAD + "namespaces: {red: {}\nx", "4:1", "flow mapping in line 3"),
    "open quote": (HEAD + 'layout: "', "3:10", "end of stream"),
    "two colons": (HEAD + "namespaces: a: b\n", "3:14", "not allowed here"),
    "indentation": (HEAD + "layout:\n   a: b\n  c: d\n", "5:3", "no YAML"),
    "no anchor": (HEAD + "layout: *x", "3:9", '"*x" has no anchor'),
    "anchor in itself": (HEAD + "layout: &a {x: *a}", "3:16", "inside itself"),
    "two documents": (HEAD + "---\n" + HEAD, "3:1", "a second document"),
    "control character": (HEAD + "layout: {\x07: 1}", "3:10", '"\\x07"'),
    "list as key": (one("? [a, b]\n: c\n"), "6:3", "no name for anything"),
    "merge of a word": (red("    links: {t: {<<: 3, kind: tap}}"), "5:17", '"<<"'),
    "deep": (HEAD + "layout: " + "[" * 5000, "3:40", "levels deep"),
    # keys
    "key twice": (one("layout: {red: [1, 1], red: [2, 2]}"), "6:23", "twice"),
    "unknown key": (one("notes: 1"), "6:1", "known are tuilab, name"),
    "slip": (one("cable: []"), "6:1", 'did you mean "cables"?'),
    "slip in a link": (
        red("    links: {t: {kind: tap, adresses: [10.0.0.1/24]}}\n")
        + "    routes: [{to: default, via: 10.0.0.2}]",
        "5:28",
        'did you mean "addresses"?',
    ),
    "synonym": (
        red("    links: {t: {kind: tap, addresses: [10.0.0.1/24]}}\n")
        + "    routes: [{to: default, gateway: 10.0.0.2}]",
        "6:28",
        'did you mean "via"?',
    ),
    "key of another kind": (
        red("    links: {b: {kind: bridge, user: bob}}"),
        "5:31",
        '"user" is nothing that a bridge has; only a tap',
    ),
    "key of a kind, and no kind": (
        red("    links: {t: {user: bob}}"),
        "5:17",
        '"user" is for a tap, but "t" has no kind; add "kind: tap"',
    ),
    # shape
    "no name": ("tuilab: 1\n", "1:1", '"name" is missing'),
    "name without value": ("tuilab: 1\nname:\n", "2:1", '"name" has no value'),
    "no version": ("name: x\n", "1:1", '"tuilab" is missing'),
    "version": ("tuilab: one\nname: x\n", "1:9", '"one" is no version'),
    "truth as version": ("tuilab: true\nname: x\n", "1:9", '"true" is no version'),
    "later version": (
        "tuilab: 2\nname: x\nwonders: 1\n",
        "1:9",
        "update tuilab, or write 1",
    ),
    "namespaces a word": (
        HEAD + "namespaces: red\ncables: [[red:a, blue:a]]\nlayout: {red: [1, 1]}",
        "3:13",
        "must be a mapping",
    ),
    "namespaces a list": (
        HEAD + "namespaces: [red, blue]\ncables: [[red:a, blue:a]]",
        "3:1",
        "must be a mapping",
    ),
    "namespace a list": (HEAD + "namespaces: {red: [1]}", "3:14", "must be a mapping"),
    "links a list": (
        red("    links: [t]\n    routes: [{to: default, via: 10.0.0.1}]"),
        "5:5",
        "must be a mapping",
    ),
    "link a word": (red("    links: {b: bridge}"), "5:16", "write {kind: bridge}"),
    "addresses a word": (
        red("    links: {t: {kind: tap, addresses: 10.0.0.1/24}}\n")
        + "    routes: [{to: default, via: 10.0.0.2}]",
        "5:39",
        "must be a list; write [10.0.0.1/24]",
    ),
    "address a list": (
        red("    links: {t: {kind: tap, addresses: [[10.0.0.1/24]]}}\n")
        + "    routes: [{to: default, via: 10.0.0.2}]",
        "5:40",
        "must be one word, not a list",
    ),
    "address empty": (
        red("    links: {t: {kind: tap, addresses: [null]}}"),
        "5:40",
        "has no value",
    ),
    "mtu a word": (red("    links: {t: {kind: tap, mtu: big}}"), "5:33", '"big"'),
    "mtu in quotes": (
        red("    links: {t: {kind: tap, mtu: '1500'}}"),
        "5:33",
        "leave out the quotes",
    ),
    "mtu half": (red("    links: {t: {kind: tap, mtu: 1.5}}"), "5:33", '"1.5" is no'),
    "up yes": (red("    links: {t: {kind: tap, up: yes}}"), "5:32", "write true"),
    "up maybe": (red("    links: {t: {kind: tap, up: 2}}"), "5:32", "true or false"),
    "routes one mapping": (
        red("    links: {t: {kind: tap}}\n    routes: {to: default, dev: t}"),
        "6:5",
        '"routes" must be a list',
    ),
    "routes a word": (red("    routes: default"), "5:13", "must be a list"),
    "route a word": (red("    routes: [default]"), "5:14", "must be a mapping"),
    "route to nowhere known": (
        red("    links: {t: {kind: tap}}\n    routes: [{dev: t}]"),
        "6:14",
        '"to" is missing in this route',
    ),
    "gateway a list": (
        red("    routes: [{to: default, via: [a]}]"),
        "5:28",
        '"via" must be one word',
    ),
    "sysctl a list": (
        red("    sysctls: {net.ipv4.ip_forward: [1]}"),
        "5:15",
        "must be one word",
    ),
    "place": (one("layout: {red: [1]}"), "6:10", "needs a column and a row"),
    "place in words": (one("layout: {red: [a, 1]}"), "6:16", "write a whole number"),
    "expectation": (one("expect: [{from: red}]"), "6:10", '"to" is missing'),
    "expectation a word": (one("expect: [red]"), "6:10", "write {from: red"),
    # kinds and cables
    "kind slip": (
        red("    links: {b: {kind: brige}, t: {kind: tap, master: b}}"),
        "5:23",
        'did you mean "bridge"?',
    ),
    "kind unknown": (
        red("    links: {b: {kind: vxlan, vni: 3}, t: {kind: tap, master: b}}"),
        "5:23",
        '"vxlan" is no kind of link; known are veth, bridge, tap',
    ),
    "kind a list": (red("    links: {b: {kind: [x]}}"), "5:17", "a list is no kind"),
    "kind of lo": (red("    links: {lo: {kind: bridge}}"), "5:24", "remove its kind"),
    "neither kind nor cable": (
        red("    links: {eth0: {addresses: [10.0.0.1/24]}}"),
        "5:13",
        '"red:eth0" has neither a kind nor a cable',
    ),
    "veth without a cable": (
        red("    links: {e: {kind: veth}}"),
        "5:23",
        "neither a kind nor a cable",
    ),
    "kind and cable": (
        one("cables: [[red:t, blue:a]]"),
        "6:11",
        '"red:t" is a tap and can\'t be the end of a cable',
    ),
    "cable at lo": (one("cables: [[blue:lo, red:a]]"), "6:11", "loopback link"),
    "no endpoint": (
        one("cables: [[red-a, blue:a]]").replace("{}", "{links: {a: {mtu: 1400}}}"),
        "6:11",
        "write NAMESPACE:LINK",
    ),
    "endpoint with a space": (
        one("cables: [[red: a, blue:a]]"),
        "6:11",
        "write red:a, without a space",
    ),
    "one end": (
        one("cables: [[blue:a]]").replace("{}", "{links: {a: {mtu: 1400}}}"),
        "6:10",
        "two ends, this one has 1",
    ),
    "three ends": (one("cables: [[red:a, blue:a, blue:b]]"), "6:10", "has 3"),
    "cable a word": (
        one("cables: [blue:a = red:a]").replace("{}", "{links: {a: {mtu: 1400}}}"),
        "6:10",
        "must be a list of its two ends",
    ),
    "cables a mapping": (one("cables: {red:a: blue:a}"), "6:1", "must be a list"),
    "cables a word": (
        one("cables: all").replace("{}", "{links: {a: {mtu: 1400}}}"),
        "6:9",
        "must be a list",
    ),
    "two cables at an end": (
        one("cables:\n  - [red:a, blue:a]\n  - [blue:b, red:a]").replace(
            "{}", "{links: {b: {mtu: 1400}}}"
        ),
        "8:14",
        '"red:a" is the end of two cables, the first is in line 7',
    ),
    "cable twice": (
        one("cables:\n  - [red:a, blue:a]\n  - [blue:a, red:a]"),
        "8:6",
        "the end of two cables",
    ),
    "cable to itself": (one("cables: [[red:a, red:a]]"), "6:10", "both ends"),
    "namespace of a cable misspelt": (
        one("cables: [[blu:a, red:a]]").replace("{}", "{links: {a: {mtu: 1400}}}"),
        "6:11",
        'did you mean "blue"?',
    ),
    # what the topology itself says, by the place in the file
    "name in a cable": (
        one("cables: [[red:a, blue:much-too-long-a-name]]"),
        "6:18",
        "20 characters",
    ),
    "name of a namespace": (HEAD + "namespaces: {a/b: {}}", "3:14", '"a/b" is'),
    "bad mac by alias, once": (
        red("    links: {t: &x {kind: tap, mtu: 7}, u: *x, v: {<<: *x}}"),
        "5:36",
        "mtu 7",
    ),
    # routing
    "type of a route misspelt": (
        red("    routes: [{to: 10.1.0.0/16, type: blakhole}]"),
        "5:38",
        '"blakhole" is no type of a route',
    ),
    "key of a hop": (
        red(
            "    links: {t: {kind: tap, addresses: [10.0.0.1/24]}}\n    routes:\n"
            "      - to: default\n        hops:\n"
            "          - {via: 10.0.0.2, wait: 2}\n          - {via: 10.0.0.3}\n"
        ),
        "9:29",
        '"wait" is not known here',
    ),
    "gateway of a hop": (
        red(
            "    links: {t: {kind: tap, addresses: [10.0.0.1/24]}}\n    routes:\n"
            "      - to: default\n        hops:\n"
            "          - {via: 10.0.0.2}\n          - {via: 10.7.0.3}\n"
        ),
        "10:19",
        "is in no network",
    ),
    "no priority": (
        red("    rules: [{from: 10.0.0.0/24, table: 7}]"),
        "5:13",
        '"priority" is missing in this rule',
    ),
    "priority in words": (
        red("    rules: [{priority: high, table: 7}]"),
        "5:24",
        'no number for "priority"',
    ),
    "table in words": (
        red("    rules: [{priority: 9, table: side}]"),
        "5:34",
        'no number for "table"',
    ),
    "a rule that is no mapping": (
        red("    rules: [from 10.0.0.0/24 table 7]"),
        "5:13",
        "a rule must be a mapping",
    ),
    "a neighbour without link": (
        red("    neighbours: [{to: 10.0.0.9, mac: 02:00:00:00:00:09}]"),
        "5:18",
        '"dev" is missing in this neighbour',
    ),
    "a link of a neighbour": (
        red("    neighbours: [{to: 10.0.0.9, dev: t, proxy: true}]"),
        "5:38",
        'has no link "t"',
    ),
    "neighbours as one": (
        red(
            "    links: {t: {kind: tap}}\n"
            "    neighbours: {to: 10.0.0.9, dev: t, proxy: true}"
        ),
        "6:5",
        '"neighbours" must be a list',
    ),
    "port with addresses": (
        red(
            "    links:\n      br0: {kind: bridge}\n      t:\n        kind: tap\n"
            "        master: br0\n        addresses:\n          - 10.0.0.1/24\n"
        ),
        "10:9",
        "is a port of",
    ),
}


@pytest.mark.parametrize("what", ONE_LINE)
def test_a_mistake_is_one_line_with_its_place(what: str) -> None:
    text, place, fact = ONE_LINE[what]
    lines = mistakes(text)
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"f:{place}: "), lines[0]
    assert fact in lines[0]


def test_mistakes_of_shape_hide_no_others() -> None:
    lines = mistakes(
        red("    links: {t: {kind: tap, addresses: 10.0.0.0/24, mtu: [1], mac: x}}\n")
        + "    routes: [{to: default, via: 10.9.9.9, colour: 1}, {to: 10.0.0.1/8}]\n"
        + "cables: [[red-a, blue:a], [red:b, blue:b]]\n"
    )
    wanted = {
        '5:39: "addresses" must be a list',
        '5:39: "10.0.0.0/24" is the address of the network itself',
        '5:52: a list is no number for "mtu"',
        '5:67: "x" is not a MAC address',
        '6:43: "colour" is not known here',
        '6:55: "red" has a route to 10.0.0.1/8 that leads nowhere',
        '6:60: "10.0.0.1/8" is an address inside a network',
        '7:11: "red-a" is no end of a cable',
        '7:35: "blue:b" is an end of a cable, but there is no namespace "blue"',
    }
    assert len(lines) == len(wanted)
    for line, start in zip(lines, sorted(wanted), strict=True):
        assert line.startswith(f"f:{start.split(': ')[0]}: "), line
    for start in wanted:
        assert any(line.startswith(f"f:{start}") for line in lines), start


def test_of_several_odd_cables_each_is_one_line() -> None:
    lines = mistakes(
        HEAD + "namespaces:\n  red: {links: {b: {mtu: 1400}, y: {mtu: 1400}}}\n"
        "  blue: {links: {b: {mtu: 1400}}}\ncables:\n"
        "  - [red-a, blue:a]\n  - [red:b, blue:b]\n  - [nonsense, red:y]\n"
        "  - [red:z, blue:z, blue:zz]\n  - red:q\n  - [red:b, blue:c]\n"
    )
    assert [line.split(": ")[0] for line in lines] == [
        "f:7:6",
        "f:9:6",
        "f:10:5",
        "f:11:5",
        "f:12:6",
    ]


def test_a_link_that_was_remarked_on_excuses_no_other_gateway() -> None:
    lines = mistakes(
        red("    links: {t: {addresses: [10.0.0.1/24]}}\n")
        + "    routes: [{to: default, via: 10.0.7.1}, {to: 10.9.0.0/16, dev: x, "
        + "via: 10.0.0.2}]\n"
    )
    assert ["unreachable" in line for line in lines] == [False, True, False]
    lines = mistakes(
        red("    links: {t: {kind: tap}, u: {addresses: [10.0.0.1/24]}}\n")
        + "    routes: [{to: default, dev: t, via: 10.0.0.2}]\n"
    )
    assert len(lines) == 1


def test_a_doubled_namespace_is_looked_at_all_the_same() -> None:
    lines = mistakes(
        HEAD + "namespaces:\n"
        "  red: {links: {t: {kind: tap, addresses: [10.0.0.1/24]}}}\n"
        "  red:\n"
        "    links:\n"
        "      t: {addresses: [10.0.0.1/24, 10.0.0.0/24]}\n"
        "      u: {kind: tap, mtu: 1}\n"
        "    routes: [{to: default, via: 10.0.0.2}]\n"
    )
    assert [line.split(": ")[0] for line in lines] == ["f:5:3", "f:7:36", "f:8:27"]


def test_aliases_that_grow_without_end_are_refused_at_once() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for one_, other in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{other}: &{other} [{', '.join(['*' + one_] * 10)}]")
    assert "grows to far too much" in mistakes(HEAD + "\n".join(lines))[0]


def test_a_huge_text_is_refused_at_once() -> None:
    lines = mistakes(HEAD + "#" * tree.MOST_CHARACTERS)
    assert "characters" in lines[0]


def test_a_mistake_has_its_path_too() -> None:
    with pytest.raises(InvalidTopology) as caught:
        loads(red("    links: {t: {kind: tap, mtu: 1, up: 3}}"))
    at = ("namespaces", "red", "links", "t")
    assert [p.path for p in caught.value.problems] == [(*at, "mtu"), (*at, "up")]


TEXT = (
    "tuilab name namespaces cables layout expect red blue host links eth0 br0 lo kind "
    "up mtu mac master addresses user routes to via dev metric table sysctls from "
    "src onlink type hops weight rules neighbours priority family iif oif fwmark "
    "action proxy prohibit 0x10/0xff "
    "net.ipv4.ip_forward reachable red:eth0 blue:eth0 bridge tap vxlan adresses << 1 "
    "isolated fdb stp ageing priority net.ipv4.conf.eth0.rp_filter "
    "10.0.0.1/24 10.0.0.1 default ::/0 fd00::1/64 02:00:00:00:00:01 on null"
)
WORDS = st.sampled_from(re.split(" ", TEXT))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 70000), st.floats(), WORDS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)
    ),
    max_leaves=25,
)


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(v) for v in value) + "]"
    return "null" if value is None else str(value).lower()


def survives(text: str) -> None:
    try:
        document = loads(text)
    except InvalidTopology as error:
        for problem in error.problems:
            assert problem.line > 0
            assert problem.column > 0
            assert problem.hint
            assert "\n" not in problem.message
    else:
        assert loads(dump(document.topology)).topology == document.topology


@given(st.dictionaries(WORDS, VALUES, max_size=6))
@settings(SLOW, max_examples=100)
def test_no_data_is_too_odd_to_be_refused_politely(data: dict[str, object]) -> None:
    survives(_flow({"tuilab": 1, "name": "x", **data}))


@given(documents(), st.data())
@settings(SLOW, max_examples=50)
def test_no_text_is_too_odd_to_be_refused_politely(
    lab: Topology, data: st.DataObject
) -> None:
    text = dump(lab)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        odd = st.text(alphabet="\n :-[]{}#&*!|>'\"%@`,ab1\t?<", max_size=4)
        text = text[:start] + data.draw(odd) + text[end:]
    survives(text)
