"""Topology files as they are read: what YAML makes of words, and other spellings."""

from dataclasses import fields

import pytest

from tests.texts import HEAD, TEN_RIGHT, red
from tuilab.formats.yaml import dump, loads
from tuilab.model.links import Endpoint, Veth
from tuilab.model.topology import (
    HOST,
    Namespace,
)


def test_names_may_look_like_anything() -> None:
    text = (
        HEAD
        + "namespaces:\n"
        + "  1: {links: {0x10: {kind: tap}, on: {kind: bridge}, null: {kind: tap,"
        + " master: on, user: 1000}, 2024-01-01: {kind: tap, master: on}}}\n"
        + "  1e3:\n  true: {}\n"
        + "cables: [[1:eth0, 1e3:2]]\nexpect: [{from: 1, to: 1e3}]\n"
    )
    lab = loads(text).topology
    assert set(lab.namespaces) == {HOST, "1", "1e3", "true"}
    links = lab.namespaces["1"].links
    assert list(links) == ["0x10", "on", "null", "2024-01-01", "eth0"]
    assert links["null"].master == "on"
    assert links["eth0"] == Veth(peer=Endpoint("1e3", "2"))
    assert loads(dump(lab)).topology == lab
    assert all(type(name) is str for name in links)


@pytest.mark.parametrize("mac", ["10:20:30:40:50:58", "02:00:00:00:00:01"])
def test_a_mac_is_no_number_to_the_base_of_sixty(mac: str) -> None:
    lab = loads(red(f"    links: {{t: {{kind: tap, mac: {mac}}}}}")).topology
    assert lab.namespaces["red"].links["t"].mac == mac
    assert f'mac: "{mac}"' in dump(lab)  # for those who still read YAML 1.1


def test_everything_is_plain_inside() -> None:
    lab = loads(dump(loads(TEN_RIGHT).topology)).topology
    for _, link in lab.links():
        for field in fields(link):
            value = getattr(link, field.name)
            if value is not None:
                assert type(value) in (str, int, bool, tuple, Endpoint)


def test_what_is_written_is_read_in_its_one_spelling() -> None:
    lab = loads(TEN_RIGHT).topology
    tap, eth0 = lab.namespaces["red"].links["t"], lab.namespaces["red"].links["eth0"]
    assert (tap.mtu, tap.mac, tap.up) == (1400, "02:00:00:00:00:0a", False)
    assert eth0.addresses == ("10.0.0.1/24", "fd00::1/64")
    assert lab.namespaces["red"].sysctls == {"net.ipv4.ip_forward": "1"}
    assert lab.namespaces["red"].routes[0].to == "::/0"
    assert lab.namespaces["blue"] == Namespace(
        {"eth0": Veth(peer=Endpoint("red", "eth0"))}
    )
    assert lab.layout == {"red": (4, 2), "red:t": (-1, 0)}
    assert lab.expect[0].reachable is True


def test_aliases_and_merges_work() -> None:
    text = red(
        "    links:\n      t: &std {kind: tap, mtu: 1400}\n      u: *std\n"
        "      v: {<<: *std, mtu: 9000}\n      w: {<<: [*std], up: false}\n"
    )
    links = loads(text).topology.namespaces["red"].links
    assert [links[n].mtu for n in "tuvw"] == [1400, 1400, 9000, 1400]
    assert links["w"].up is False


@pytest.mark.parametrize("start", ["\ufeff", "%YAML 1.2\n---\n", "# c\r\n"])
def test_beginnings(start: str) -> None:
    assert loads(start + HEAD + "namespaces: {red: }\n").topology.name == "x"


def test_json_is_yaml() -> None:
    text = '{"tuilab": 1, "name": "x", "namespaces": {"red": {}, "blue": null}}'
    assert list(loads(text).topology.namespaces) == [HOST, "red", "blue"]


def test_a_lo_with_nothing_to_say_is_no_difference() -> None:
    assert loads(red("    links: {lo: {}}")).topology == loads(red("")).topology
