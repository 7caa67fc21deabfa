"""Pictures of the list, of packets, of the overview and of the map."""

from __future__ import annotations

import pytest

from tests.canvas_labs import branches
from tests.tui.labs import two_hosts
from tests.tui.packets import many_store
from tuilab.formats import library, yaml
from tuilab.model import generate

SIZES = ((80, 24), (120, 36), (160, 48))
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def nested():
    """Two nodes with pods."""
    return yaml.load(library.find("k8s-nodes")).topology


async def list_with_a_line(bench):
    """The lab in words, at one of its links."""
    await bench.press("T", "home", *["down"] * 4)


@sizes
def test_list(size, picture):
    def check(bench):
        assert str(bench.main.selected) == "node-a:vetha1"
        assert "vetha1: port of cni0, veth to pod-a1:eth0, up" in bench.text

    assert picture(list_with_a_line, check, topology=nested(), size=size)


def test_list_ascii(picture):
    def check(bench):
        assert bench.text.isascii()
        assert "vetha1: port of cni0" in bench.text

    options = {"topology": nested(), "ascii_only": True}
    assert picture(list_with_a_line, check, **options)


@sizes
def test_packets(size, picture, tmp_path):
    """Of a file, one of them marked, the list where it is not followed."""

    async def keys(bench):
        path = tmp_path / "many.pcapng"
        many_store(path, 40).close()
        await bench.app.watching.open(path)
        await bench.press("1", "home", "down", "m", "a", "down")

    def check(bench):
        assert bench.main.packets.packet.number == 3
        assert bench.main.packets.line_count() == 40
        assert "echo request" in bench.text

    assert picture(keys, check, topology=two_hosts(), size=size)


@sizes
def test_overview(size, picture):
    """Of a lab full of hosts, that is larger than its pane."""

    async def keys(bench):
        await bench.press("down", "plus")
        if bench.main.canvas._map() is None:  # it would hide a node: on request only
            await bench.press("N")

    def check(bench):
        assert bench.main.canvas._map() is not None
        assert bench.main.canvas.portion < 1
        assert bench.main.canvas.level > 0

    assert picture(keys, check, topology=branches(10, 19).topology(), size=size)


def test_map_80x24(picture):
    """The least detailed level has no names: what is selected says what it is."""

    async def keys(bench):
        await bench.press("minus", "minus", "minus", "down", "down")

    def check(bench):
        assert bench.main.canvas.level == 0
        assert f"sel {bench.main.selected}" in bench.text

    assert picture(keys, check, topology=generate.fat_tree(4))
