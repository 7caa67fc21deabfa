"""Pictures of the screen, each with what must hold in it."""

from __future__ import annotations

import pytest

from tests.tui.alive import FLOW, MAC, Alive
from tests.tui.labs import RED, router, switch, two_hosts
from tuilab.lab.meter import Meter
from tuilab.model import edits
from tuilab.model.topology import HOST
from tuilab.tui.canvas.graph import Item
from tuilab.tui.widgets.inspector import Inspector
from tuilab.tui.widgets.packet_list import PacketList

SMALL, MIDDLE, LARGE, TINY = (80, 24), (120, 36), (160, 48), (60, 15)


async def nothing(bench):
    """Touch no key."""


def is_empty(bench):
    assert bench.main.is_empty
    assert "Add the first namespace" in bench.text


def test_empty_80x24(picture):
    assert picture(nothing, is_empty)


def test_empty_120x36(picture):
    assert picture(nothing, is_empty, size=MIDDLE)


def test_empty_160x48(picture):
    assert picture(nothing, is_empty, size=LARGE)


async def two_hosts_by_keys(bench):
    await bench.press("n", "enter", "n", "enter", "v", "enter")


def has_two_hosts(bench):
    assert bench.topology.namespaces == two_hosts().namespaces
    assert bench.main.selected.kind == "cable"


def test_two_hosts_80x24(picture):
    assert picture(two_hosts_by_keys, has_two_hosts)


def test_two_hosts_120x36(picture):
    assert picture(two_hosts_by_keys, has_two_hosts, size=MIDDLE)


def test_two_hosts_160x48(picture):
    assert picture(two_hosts_by_keys, has_two_hosts, size=LARGE)


async def router_selected(bench):
    bench.main.select(Item("namespace", "r1"))


def is_router(bench):
    assert bench.topology == router()
    text = bench.main.query_one(Inspector).plain_text
    assert "forward 4 on" in text
    assert "10.1.0.1/24" in text


def test_router_80x24(picture):
    assert picture(router_selected, is_router, topology=router())


def test_router_120x36(picture):
    assert picture(router_selected, is_router, topology=router(), size=MIDDLE)


def test_router_160x48(picture):
    assert picture(router_selected, is_router, topology=router(), size=LARGE)


def test_router_ascii(picture):
    def check(bench):
        is_router(bench)
        assert bench.text.isascii()

    assert picture(router_selected, check, topology=router(), ascii_only=True)


def test_router_60x15(picture):
    assert picture(router_selected, is_router, topology=router(), size=TINY)


@pytest.fixture
def flowing(monkeypatch):
    monkeypatch.setattr(Meter, "of", lambda self, endpoint: FLOW)


def inspecting(*path, drift=False):
    """Keys that open the inspector on something; the kernel may be otherwise."""

    async def keys(bench):
        if drift:
            wish = bench.topology
            await bench.edit(edits.set_link(RED, mtu=1400))
            bench.lab._view.update(topology=wish)
        bench.main.select(Item(*path))
        await bench.press("enter")
        await bench.until(lambda: bench.main.inspector.closeup.details)
        await bench.until(lambda: bench.app.focused is bench.main.inspector)

    return keys


def test_inspector_80x24(picture, flowing):
    async def keys(bench):
        await inspecting("bridge", HOST, "br0")(bench)
        await bench.press("end")

    def check(bench):
        text = bench.main.inspector.plain_text
        assert "Ports (2)" in text
        assert f"{MAC}  port1  learned 3 s" in text
        assert text.count("learned") == 2

    assert picture(keys, check, topology=switch(), driver=Alive())


def test_inspector_120x36(picture, flowing):
    def check(bench):
        text = bench.main.inspector.plain_text
        assert "peer      host:port1" in text
        assert bench.main.inspector.item == Item("namespace", "red")

    keys = inspecting("namespace", "red")
    assert picture(keys, check, topology=switch(), size=MIDDLE, driver=Alive())


def test_inspector_160x48(picture, flowing):
    def check(bench):
        text = bench.main.inspector.plain_text
        assert "mtu       1400  \N{NOT EQUAL TO} wished 1500" in text
        assert (
            "172.16.0.0/16 via 10.0.0.254 dev eth0 metric 100  dhcp for 60 min" in text
        )
        assert "tcp LISTEN 0.0.0.0:80  nginx 41" in text
        assert "10.0.0.9 dev eth0 FAILED" in text
        assert bench.topology == switch()

    keys = inspecting("namespace", "red", drift=True)
    assert picture(keys, check, topology=switch(), size=LARGE, driver=Alive())


def test_inspector_ascii(picture, flowing):
    def check(bench):
        text = bench.main.inspector.plain_text
        assert "state   ^ up" in text
        assert "rx now  1.2 kB/s" in text
        assert bench.text.isascii()

    cable = two_hosts().cables[0]
    keys = inspecting("cable", cable.a.namespace, cable.a.ifname, cable.b)
    assert picture(
        keys,
        check,
        topology=two_hosts(),
        size=(120, 36),
        ascii_only=True,
        driver=Alive(),
    )


async def one_undone(bench):
    await two_hosts_by_keys(bench)
    await bench.press("u", "4")


def has_one_undone(bench):
    assert bench.lab.snapshot.history.position == 2
    assert "undone" in bench.text


def test_history_80x24(picture):
    assert picture(one_undone, has_one_undone)


def test_history_120x36(picture):
    assert picture(one_undone, has_one_undone, size=MIDDLE)


def test_history_160x48(picture):
    assert picture(one_undone, has_one_undone, size=LARGE)


def test_log_160x48(picture):
    async def keys(bench):
        await bench.edit(edits.become("two hosts", two_hosts()))
        await bench.press("2", "z")

    def check(bench):
        assert "ip netns add red" in bench.text

    assert picture(keys, check, size=LARGE)


def test_packets_80x24(picture, tmp_path):
    from tests.tui.packets import ping_store

    async def keys(bench):
        await bench.press("1")
        packets = bench.main.query_one(PacketList)
        packets.show_store(ping_store(tmp_path / "ping.pcapng"))
        bench.main.desk.show_head()

    def check(bench):
        assert "echo request" in bench.text

    assert picture(keys, check, topology=two_hosts())


async def packet_open(bench, path):
    """The fourth of some packets, taken apart as the worker does it."""
    from tests.tui.packets import many_store
    from tuilab.packets.decode import decode
    from tuilab.packets.layers import layer_from

    many_store(path, 12).close()
    await bench.app.watching.open(path)
    await bench.press("1", "home", "down", "down", "m", "a", "down", "enter")
    detail, packet = bench.main.bottom.detail, bench.main.packets.packet
    await bench.until(lambda: detail.packet == packet)
    found = decode(data=packet.data.hex(), linktype=packet.linktype)
    detail.show_packet(packet, [layer_from(layer) for layer in found])
    await bench.press("down", "right", *["down"] * 10)


def is_open(bench):
    assert bench.main.bottom.detail.headers.branch.field.name == "chksum"
    assert bench.main.packets.packet.number == 4


def test_packet_detail_80x24(picture, tmp_path):
    async def keys(bench):
        await packet_open(bench, tmp_path / "many.pcapng")

    assert picture(keys, is_open, topology=two_hosts())


def test_packet_detail_160x48(picture, tmp_path):
    async def keys(bench):
        await packet_open(bench, tmp_path / "many.pcapng")

    assert picture(keys, is_open, topology=two_hosts(), size=LARGE)


def test_packet_filter_80x24(picture, tmp_path):
    from tests.tui.packets import many_store

    path = tmp_path / "many.pcapng"

    async def keys(bench):
        many_store(path, 12).close()
        await bench.app.watching.open(path)
        await bench.press("1")
        await bench.until(lambda: bench.main.packets.line_count() == 12)
        await bench.press("g")
        await bench.until(lambda: not bench.main.packets.following)
        await bench.press("slash")
        await bench.fill("bar-input", "icmp[0] == 8")
        await bench.until(lambda: "valid" in bench.text)

    def check(bench):
        assert bench.main.desk.bar.asking
        assert bench.main.packets.line_count() == 12

    assert picture(keys, check, topology=two_hosts())
