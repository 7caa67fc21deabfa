"""Pictures of larger labs and of other looks, each with what must hold in it."""

from __future__ import annotations

from tests.tui.labs import router
from tuilab.formats import library, yaml
from tuilab.model import generate
from tuilab.tui.canvas.graph import Item

MIDDLE, LARGE = (120, 36), (160, 48)


async def nothing(bench):
    """Touch no key."""


async def router_selected(bench):
    bench.main.select(Item("namespace", "r1"))


def drawn(bench):
    """What the canvas shows."""
    return bench.main.canvas.drawing.text()


def ready(name):
    """One of the labs that come with the program."""
    return yaml.load(library.find(name)).topology


def is_nested(bench):
    text = drawn(bench)
    assert "node-a" in text and "cni0" in text
    for pod in ("pod-a1", "pod-a2", "pod-b1", "pod-b2"):
        assert pod in text


def test_nested_80x24(picture):
    assert picture(nothing, is_nested, topology=ready("k8s-nodes"))


def test_nested_120x36(picture):
    assert picture(nothing, is_nested, topology=ready("k8s-nodes"), size=MIDDLE)


def test_nested_160x48(picture):
    assert picture(nothing, is_nested, topology=ready("k8s-nodes"), size=LARGE)


def test_nested_ascii(picture):
    def check(bench):
        is_nested(bench)
        assert bench.text.isascii()

    options = {"topology": ready("k8s-nodes"), "size": MIDDLE, "ascii_only": True}
    assert picture(nothing, check, **options)


def is_fat_tree(bench):
    hosts = [n for n in bench.topology.namespaces if n != "host"]
    assert len(hosts) == 16
    assert all(name in drawn(bench) for name in hosts)


def test_fat_tree_80x24(picture):
    def check(bench):
        is_fat_tree(bench)
        assert "% in sight" in bench.text

    assert picture(nothing, check, topology=generate.fat_tree(4))


def test_fat_tree_120x36(picture):
    options = {"topology": generate.fat_tree(4), "size": MIDDLE}
    assert picture(nothing, is_fat_tree, **options)


def test_fat_tree_160x48(picture):
    options = {"topology": generate.fat_tree(4), "size": LARGE}
    assert picture(nothing, is_fat_tree, **options)


def test_mesh_160x48(picture):
    """Every router with every other one: 36 cables, and as few crossings as can be."""

    async def keys(bench):
        await bench.press("z")
        await bench.until(lambda: bench.main.canvas.portion == 1)

    def check(bench):
        assert len(bench.topology.cables) == 36
        assert (
            drawn(bench).count("\N{BOX DRAWINGS LIGHT VERTICAL AND HORIZONTAL}") == 36
        )

    topology = generate.generate("mesh", 9, routers=True)
    assert picture(keys, check, topology=topology, size=LARGE)


def test_ring_of_switches_80x24(picture):
    def check(bench):
        for name in ("s1", "s2", "s3", "red", "blue", "green"):
            assert name in drawn(bench)

    assert picture(nothing, check, topology=ready("ring"))


def test_line_120x36(picture):
    """Too long for one row, it runs to and fro; nothing is out of sight at the side."""

    def check(bench):
        canvas = bench.main.canvas
        assert all(f"br{number}" in drawn(bench) for number in range(1, 31))
        assert canvas.drawing.width <= canvas.size.width

    assert picture(nothing, check, topology=generate.linear(30), size=MIDDLE)


def test_vlans_160x48(picture):
    """Which port is in which VLAN stands beside it; the inspector says it in full."""

    async def keys(bench):
        bench.main.select(Item("link", "s1", "trunk"))

    def check(bench):
        text = drawn(bench)
        assert text.count("trunk v10t,20t") == 2
        assert text.count("port1 v10") == 4
        assert "10, 20" in bench.main.inspector.plain_text

    assert picture(keys, check, topology=ready("vlans"), size=LARGE)


def has_hundred_hosts(bench):
    text = drawn(bench)
    assert all(f"h{number}" in text for number in range(1, 101))


def test_hundred_hosts_80x24(picture):
    assert picture(nothing, has_hundred_hosts, topology=generate.star(100))


def test_hundred_hosts_120x36(picture):
    topology = generate.star(100)
    assert picture(nothing, has_hundred_hosts, topology=topology, size=MIDDLE)


def test_hundred_hosts_160x48(picture):
    topology = generate.star(100)
    assert picture(nothing, has_hundred_hosts, topology=topology, size=LARGE)


def has_router_selected(bench):
    assert "▐r1▌" in bench.text


def test_router_light(picture):
    options = {"topology": router(), "theme": "textual-light"}
    assert picture(router_selected, has_router_selected, **options)


def test_router_ansi(picture):
    options = {"topology": router(), "theme": "ansi-dark"}
    assert picture(router_selected, has_router_selected, **options)


def test_router_without_colours(picture, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    def check(bench):
        assert bench.app.no_color
        has_router_selected(bench)

    assert picture(router_selected, check, topology=router())


def test_list_of_an_empty_lab_without_colours(picture, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def keys(bench):
        await bench.press("T")
        await bench.until(lambda: "the lab's own namespace" in bench.text)

    def check(bench):
        assert bench.main.is_empty
        assert "Add the first namespace" in bench.text

    assert picture(keys, check)


def test_fat_tree_light(picture):
    options = {"topology": generate.fat_tree(4), "theme": "textual-light"}
    assert picture(nothing, is_fat_tree, size=MIDDLE, **options)
