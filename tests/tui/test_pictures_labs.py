"""Pictures of larger labs and of other looks, each with what must hold in it."""

from __future__ import annotations

from tests.tui.labs import router
from tuilab.formats import library, yaml
from tuilab.model import generate
from tuilab.tui.canvas.graph import Item


async def nothing(bench):
    """Touch no key."""


async def router_selected(bench):
    bench.main.select(Item("namespace", "r1"))


def drawn(bench):
    """What the canvas shows."""
    return bench.main.canvas.drawing.text()


def test_nested_120x36(picture):
    def check(bench):
        text = drawn(bench)
        assert "node-a" in text and "cni0" in text
        for pod in ("pod-a1", "pod-a2", "pod-b1", "pod-b2"):
            assert pod in text

    topology = yaml.load(library.find("k8s-nodes")).topology
    assert picture(nothing, check, topology=topology, size=(120, 36))


def test_fat_tree_160x48(picture):
    def check(bench):
        hosts = [n for n in bench.topology.namespaces if n != "host"]
        assert len(hosts) == 16
        assert all(name in drawn(bench) for name in hosts)

    assert picture(nothing, check, topology=generate.fat_tree(4), size=(160, 48))


def has_hundred_hosts(bench):
    text = drawn(bench)
    assert all(f"h{number}" in text for number in range(1, 101))


def test_hundred_hosts_80x24(picture):
    assert picture(nothing, has_hundred_hosts, topology=generate.star(100))


def test_hundred_hosts_120x36(picture):
    topology = generate.star(100)
    assert picture(nothing, has_hundred_hosts, topology=topology, size=(120, 36))


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
