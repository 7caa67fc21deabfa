"""Topology files as they are written: in place, without losing a word, or whole."""

import os
import re
import stat
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.handwriting import handwritten
from tests.strategies import documents, sequences
from tests.texts import HEAD, SLOW, TEN_RIGHT, red
from tuilab.errors import InvalidTopology, NotFoundError, UsageError
from tuilab.formats import emit
from tuilab.formats.patch import patch
from tuilab.formats.yaml import Document, dump, load, loads, save
from tuilab.model import edits, policy_edits
from tuilab.model.edits import Change
from tuilab.model.links import KINDS, Endpoint
from tuilab.model.topology import (
    Hop,
    Neighbour,
    Route,
    Rule,
    Topology,
)


@given(documents())
@settings(SLOW, max_examples=60)
def test_what_is_dumped_is_loaded(lab: Topology) -> None:
    text = dump(lab)
    document = loads(text)
    assert document.topology == lab
    assert dump(lab, document) == text


def test_a_fresh_file_is_as_a_person_would_write_it() -> None:
    lab = loads(TEN_RIGHT).topology
    assert dump(lab) == (
        "tuilab: 1\n"
        "name: right\n"
        "namespaces:\n"
        "  red:\n"
        "    sysctls: {net.ipv4.ip_forward: 1}\n"
        "    links:\n"
        "      lo: {addresses: [192.0.2.1/32]}\n"
        "      t:\n"
        "        kind: tap\n"
        "        up: false\n"
        "        mtu: 1400\n"
        "        mac: 02:00:00:00:00:0a\n"
        '        user: "1000"\n'
        "      eth0: {addresses: [10.0.0.1/24, fd00::1/64]}\n"
        "    routes:\n"
        "      - {to: default, via: fd00::2, metric: 5, table: 100}\n"
        "  blue: {}\n"
        "cables:\n"
        "  - [blue:eth0, red:eth0]\n"
        "layout: {red: [4, 2], red:t: [-1, 0]}\n"
        "expect:\n"
        "  - {from: red, to: blue, reachable: true}\n"
    ).replace(
        "      t:\n        kind: tap\n        up: false\n        mtu: 1400\n"
        '        mac: 02:00:00:00:00:0a\n        user: "1000"\n',
        "      t: {kind: tap, up: false, mtu: 1400, mac: 02:00:00:00:00:0a, "
        'user: "1000"}\n',
    )


ROUTING = """\
tuilab: 1
name: routing
namespaces:
  red:
    links:
      eth0: {addresses: [10.0.0.1/24]}
      eth1: {addresses: [10.0.1.1/24, fd00::1/64]}
    routes:
      # both ways at once
      - to: default
        table: main
        hops:
          - {via: 10.0.0.254, weight: 2}
          - {via: 10.0.1.254, dev: eth1}   # the slow one
      - {to: default, via: fd00::fe, src: fd00::1}
      - {to: 192.0.2.0/24, type: blackhole}
      - {to: 10.9.0.0/16, via: 10.8.0.1, dev: eth0, onlink: true, table: 100}
    rules:
      - {priority: 10, from: 10.0.0.0/24, table: 100}   # mine
      - {priority: 20, fwmark: 0x10/0xFF, action: prohibit}
      - {priority: 20, family: 6, iif: eth7, table: default}
    neighbours:
      - {to: 10.0.0.9, dev: eth0, mac: 02:00:00:00:00:09}
      - {to: FD00::9, dev: eth1, proxy: true}   # for the one behind
cables:
  - [red:eth0, host:p0]
  - [red:eth1, host:p1]
"""


def test_routes_rules_and_neighbours_are_read_and_changed_in_place() -> None:
    document = loads(ROUTING)
    lab = document.topology
    red = lab.namespaces["red"]
    assert red.routes[0] == Route(
        "0.0.0.0/0",
        table=254,
        hops=(Hop("10.0.0.254", weight=2), Hop("10.0.1.254", "eth1")),
    )
    assert red.routes[1] == Route("::/0", "fd00::fe", src="fd00::1")
    assert red.rules[1] == Rule(20, fwmark="0x10/0xff", action="prohibit")
    assert red.rules[2] == Rule(20, 6, iif="eth7", table=253)
    assert red.neighbours[1] == Neighbour("fd00::9", "eth1", proxy=True)
    assert loads(dump(lab)).topology == lab
    changed = edits.together(
        "",
        (
            policy_edits.add_rule("red", Rule(0, table=254), priority=15),
            policy_edits.remove_neighbour(Endpoint("red", "eth0"), "10.0.0.9"),
            edits.remove_route("red", Route("192.0.2.0/24")),
        ),
    ).apply(lab)
    text = dump(changed, document)
    assert loads(text).topology == changed
    lost = set(ROUTING.splitlines()) - set(text.splitlines())
    assert lost == {
        "      - {to: 192.0.2.0/24, type: blackhole}",
        "      - {to: 10.0.0.9, dev: eth0, mac: 02:00:00:00:00:09}",
    }
    assert set(text.splitlines()) - set(ROUTING.splitlines()) == {
        "      - {priority: 15, table: 254}"
    }


def comments(text: str) -> list[str]:
    return re.findall(r"# c\d+:", text)


@given(sequences(max_start=12, max_edits=6), st.data())
@settings(SLOW, max_examples=60)
def test_a_hand_written_file_is_changed_where_the_lab_has_changed(
    start: tuple[Topology, list[Change]], data: st.DataObject
) -> None:
    """Whatever its style: adding loses no comment, and it is never written anew."""
    lab, changes = start
    text = data.draw(handwritten(lab))
    assert loads(text).topology == lab
    assert dump(lab, loads(text)) == text
    for change in changes:
        before, lab = lab, change.apply(lab)
        after = patch(text, before, lab)
        assert loads(after).topology == lab
        if change.title.startswith("add "):
            assert comments(after) == comments(text)
        text = after


COMMENTED = """\
# The office.

tuilab:  1
name:    office

namespaces:
  # where everything meets
  host:
    links:
      br0:   {kind: bridge, addresses: [192.168.15.5/24]}   # the switch
      port1: {master: br0}

      # for the virtual machine
      tap0:  {kind: tap, master: br0}

  # the boss
  red:
    links:
      eth0: {addresses: [192.168.15.1/24]}
    routes:
      - {to: default, via: 192.168.15.5}   # out

  # everybody else
  blue:
    links: {vpn: {kind: tap, addresses: ['192.168.16.1/24']}}

cables:
  - [red:eth0, host:port1]
  # to be done: blue
"""


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (edits.add_namespace("green"), None, ["  green: {}"]),
        (
            edits.add_bridge(Endpoint("red", "br0")),
            None,
            ["      br0: {kind: bridge}"],
        ),
        (
            edits.set_link(Endpoint("host", "port1"), mtu=1400),
            "      port1: {master: br0}",
            ["      port1: {master: br0, mtu: 1400}"],
        ),
        (
            edits.set_link(Endpoint("host", "br0"), up=False),
            "      br0:   {kind: bridge, addresses: [192.168.15.5/24]}   # the switch",
            [
                "      br0:   {kind: bridge, addresses: [192.168.15.5/24], up: false}"
                "   # the switch"
            ],
        ),
        (
            edits.add_address(Endpoint("blue", "vpn"), "fd00::1/64"),
            "    links: {vpn: {kind: tap, addresses: ['192.168.16.1/24']}}",
            [
                "    links: {vpn: {kind: tap, addresses: ['192.168.16.1/24', "
                "fd00::1/64]}}"
            ],
        ),
        (
            edits.set_sysctl("blue", "net.ipv4.ip_forward", "1"),
            None,
            ["    sysctls: {net.ipv4.ip_forward: 1}"],
        ),
        (
            edits.rename_link(Endpoint("host", "br0"), "sw"),
            "      port1: {master: br0}",
            ["      port1: {master: sw}"],
        ),
    ],
)
def test_one_change_is_one_line(
    change: Change, old: str | None, new: list[str]
) -> None:
    document = loads(COMMENTED)
    lines = dump(change.apply(document.topology), document).splitlines()
    before = COMMENTED.splitlines()
    assert all(line in lines for line in new)
    if old is None:
        assert [line for line in lines if line not in new] == before
    else:
        assert old not in lines
    assert comments_of(lines) == comments_of(before)


def comments_of(lines: list[str]) -> list[str]:
    return [line[line.index("#") :] for line in lines if "#" in line]


def test_what_goes_takes_its_own_comment_along_and_no_other() -> None:
    document = loads(COMMENTED)
    lab = edits.remove_namespace("red").apply(document.topology)
    text = dump(lab, document)
    assert "the boss" not in text
    assert "everybody else" in text
    assert "where everything meets" in text
    assert "port1" not in text


def test_a_renamed_namespace_keeps_its_place_and_comment() -> None:
    document = loads(COMMENTED)
    lab = edits.rename_namespace("red", "boss").apply(document.topology)
    text = dump(lab, document)
    assert "  # the boss\n  boss:\n" in text
    assert "[boss:eth0, host:port1]" in text
    assert "192.168.15.5}   # out" in text


def test_what_aliases_do_not_allow_in_place_is_written_anew() -> None:
    text = "# head\n" + red(
        "    links:\n      t: &std {kind: tap, mtu: 1400}\n      u: *std\n"
    )
    document = loads(text)
    at = Endpoint("red", "t")
    lab = edits.set_link(at, mtu=1300).apply(document.topology)
    saved = dump(lab, document)
    assert loads(saved).topology == lab
    assert saved.startswith("# head\n")
    # The one that only refers to it can be changed where it stands.
    lab = edits.set_link(Endpoint("red", "u"), mtu=1300).apply(document.topology)
    saved = dump(lab, document)
    assert "t: &std {kind: tap, mtu: 1400}" in saved
    assert loads(saved).topology == lab


def test_a_byte_order_mark_and_line_ends_stay() -> None:
    text = "\ufeff" + COMMENTED.replace("\n", "\r\n")
    document = loads(text)
    saved = dump(edits.add_namespace("green").apply(document.topology), document)
    assert saved.startswith("\ufeff# The office.\r\n")
    assert saved.replace("\r\n", "").count("\n") == 0


def test_a_file_without_a_last_line_end() -> None:
    document = loads(HEAD + "namespaces:\n  red: {}")
    saved = dump(edits.add_namespace("green").apply(document.topology), document)
    assert saved == HEAD + "namespaces:\n  red: {}\n  green: {}\n"


# -- files -------------------------------------------------------------------------


def test_load_says_what_is_wrong_with_a_path(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(UsageError, match="is a directory"):
        load(tmp_path)
    with pytest.raises(UsageError, match="can't be read"):
        load(tmp_path / ("x" * 300))


@pytest.mark.parametrize(
    ("raw", "place", "fact"),
    [
        (b"\x7fELF\x02\x01\x00", "1:1", "no character"),
        (b"tuilab: 1\nname: caf\xe9\n", "2:10", '"\\xe9" is not UTF-8'),
        ("tuilab: 1\n".encode("utf-16"), "1:1", "not UTF-8"),
    ],
)
def test_what_is_no_text(tmp_path: Path, raw: bytes, place: str, fact: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(raw)
    with pytest.raises(InvalidTopology) as caught:
        load(path)
    (line,) = caught.value.lines()
    assert line.startswith(f"{path}:{place}: ")
    assert fact in line


@pytest.mark.parametrize("magic", ["0a0d0d0a", "d4c3b2a1", "a1b23c4d"])
def test_a_file_of_packets_is_told_from_a_lab(tmp_path: Path, magic: str) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(bytes.fromhex(magic) + bytes(20))
    with pytest.raises(UsageError, match="file of packets") as caught:
        load(path)
    assert "open packets of a file" in caught.value.hint


def test_save_replaces_the_file_as_a_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(COMMENTED)
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    document = load(link)
    lab = edits.add_namespace("green").apply(document.topology)
    saved = save(link, lab, document)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert saved.text == path.read_text() != document.text
    assert load(path).topology == lab
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.yaml", "link.yaml"]
    again = edits.remove_namespace("green").apply(lab)
    assert save(link, again, saved).text == COMMENTED


def test_a_new_file_has_the_mode_of_new_files(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    save(tmp_path / "f.yaml", Topology("x"))
    mode = (tmp_path / "f.yaml").stat().st_mode
    assert mode == other.stat().st_mode


def test_a_failed_save_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(COMMENTED)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        save(path, Topology("x"))
    assert path.read_text() == COMMENTED
    assert [p.name for p in tmp_path.iterdir()] == ["f.yaml"]
    with pytest.raises(UsageError, match="can't be written"):
        save(tmp_path / "no" / "f.yaml", Topology("x"))
    with pytest.raises(UsageError, match="can't be written"):
        save(tmp_path, Topology("x"))


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        save(pipe, Topology("x"))
        assert os.read(reader, 1000) == dump(Topology("x")).encode()
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


# -- schema and house rules --------------------------------------------------------


def test_the_schema_knows_what_the_model_knows() -> None:
    from tuilab.formats.schema import LINKS

    for kind, cls in KINDS.items():
        if kind == "loopback":
            continue
        wanted = {f.name for f in fields(cls)} - {"peer"}
        assert set(LINKS[kind].model_fields) == wanted | {"kind"}


def test_the_schema_knows_all_of_routing() -> None:
    from tuilab.formats import schema

    for model, cls in (
        (schema.RouteModel, Route),
        (schema.HopModel, Hop),
        (schema.RuleModel, Rule),
        (schema.NeighbourModel, Neighbour),
    ):
        names = {"source" if f == "from_" else f for f in model.model_fields}
        assert names == {f.name for f in fields(cls)}


def test_the_schema_describes_everything() -> None:
    from tuilab.formats.schema import json_schema

    schema = json_schema()
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"tuilab", "name"}
    for model in (schema, *schema["$defs"].values()):
        assert model["description"]
        for name, field in model["properties"].items():
            assert field.get("description"), name
    assert schema["properties"]["expect"]["examples"]


def test_nobody_pays_for_yaml_who_does_not_read_any() -> None:
    code = (
        "import sys, tuilab.formats.yaml as y, tuilab.formats.library\n"
        "y.dump(y.Topology('x'))\n"
        "print([m for m in ('pydantic', 'ruamel.yaml') if m in sys.modules])"
    )
    root = Path(__file__).parent.parent.parent
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True
    )
    assert out.stdout == "[]\n", out.stderr


def test_documents_are_values() -> None:
    document = loads(HEAD, "f")
    assert document == Document(replace(document.topology), "f", HEAD)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("red", "red"),
        ("10.0.0.1/24", "10.0.0.1/24"),
        ("fd00::1/64", "fd00::1/64"),
        ("red:eth0", "red:eth0"),
        ("::/0", '"::/0"'),
        ("fe80::", '"fe80::"'),
        ("on", '"on"'),
        ("1", '"1"'),
        ("1.5", '"1.5"'),
        ("12:30", '"12:30"'),
        ("null", '"null"'),
        ("", '""'),
        ("a b", '"a b"'),
        ("-x", '"-x"'),
        (True, "true"),
        (7, "7"),
    ],
)
def test_words_are_quoted_where_they_must_be(value: object, text: str) -> None:
    assert emit.word(value) == text
