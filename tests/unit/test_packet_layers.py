"""Packets taken apart: layers, fields, and the bytes they are in."""

import random

import pytest

from tests.unit.test_dissect import BYTES, mutated
from tuilab.packets import decode as decoding
from tuilab.packets.layers import Layer, at, hex_lines, layer_from


def decoded(data: bytes, linktype: int = 1) -> tuple[Layer, ...]:
    return tuple(
        layer_from(layer)
        for layer in decoding.decode(data=data.hex(), linktype=linktype)
    )


def named(layers: tuple[Layer, ...], name: str) -> dict[str, tuple[int, int, str]]:
    layer = next(layer for layer in layers if layer.name == name)
    return {f.name: (f.start, f.end, f.value) for f in layer.fields}


def test_fields_are_where_their_bytes_are():
    layers = decoded(BYTES["http"])
    assert [layer.name for layer in layers][:3] == ["Ethernet", "IP", "TCP"]
    assert [(layer.start, layer.end) for layer in layers][:3] == [
        (0, 14),
        (14, 34),
        (34, 54),
    ]
    ether, ip, tcp = (named(layers, name) for name in ("Ethernet", "IP", "TCP"))
    assert ether["src"] == (6, 12, "02:00:00:00:00:0a")
    # Two fields of four bits each share a byte.
    assert (ip["version"][:2], ip["ihl"][:2]) == ((14, 15), (14, 15))
    assert ip["src"] == (26, 30, "10.0.0.1")
    assert ip["ttl"] == (22, 23, "64")
    assert tcp["dport"][:2] == (36, 38)
    assert tcp["flags"][:2] == (46, 48)
    assert layers[-1].end == len(BYTES["http"])


def test_a_byte_leads_back_to_its_field():
    layers = decoded(BYTES["echo"])
    for offset, name in ((0, "dst"), (11, "src"), (22, "ttl"), (14, "version")):
        layer, field = at(layers, offset)
        assert field.name == name
        assert layer.start <= field.start <= offset < field.end <= layer.end
    assert at(layers, len(BYTES["echo"])) is None


def test_records_and_options_have_fields_of_their_own():
    layers = decoded(BYTES["dns answer"])
    answer = next(f for f in layers[-1].fields if f.name == "an")
    inner = {f.name: f.value for record in answer.children for f in record.children}
    assert inner["rrname"] == "a.example."
    values = [f.value for record in answer.children for f in record.children]
    assert "10.1.2.3" in values


def test_what_is_inside_a_tunnel_is_shown():
    layers = decoded(BYTES["vxlan"])
    names = [layer.name for layer in layers]
    assert names.count("Ethernet") == 2
    assert "VXLAN" in names
    starts = [layer.start for layer in layers]
    assert starts == sorted(starts)


@pytest.mark.parametrize("name", BYTES)
def test_every_byte_range_lies_in_the_packet(name):
    check(BYTES[name])
    check(BYTES[name][14:], 101)
    check(BYTES[name][: len(BYTES[name]) * 2 // 3])


def test_bytes_as_hex_and_text():
    assert hex_lines(b"") == []
    assert hex_lines(b"abc\x00" * 4 + b"\xff~") == [
        "0000  " + "61 62 63 00 " * 4 + " abc.abc.abc.abc.",
        "0010  ff 7e" + " " * 44 + ".~",
    ]


def test_damaged_packets_are_taken_apart_as_far_as_it_goes():
    chance = random.Random(3)
    frames = list(BYTES.values())
    for _ in range(300):
        check(mutated(chance, frames))
    check(b"")
    check(b"\x45", 147)


def check(data: bytes, linktype: int = 1) -> None:
    before = 0
    for layer in decoded(data, linktype):
        assert layer.start == before <= layer.end <= max(len(data), 0)
        before = layer.end
        for field in layer.fields:
            assert layer.start <= field.start <= field.end <= layer.end, field
            assert field.value.isprintable()
