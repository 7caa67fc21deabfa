"""What goes wrong with packets is said on the screen, which lives on."""

import os
import socket
import struct
import threading

import pytest

from tests.kernel.frames import port, send, tshark
from tests.kernel.packetbox import boxed, sh
from tests.kernel.test_probes import answering
from tests.tui.bench import opened
from tests.tui.labs import two_hosts
from tests.tui.test_real import pinged, screen, sent
from tuilab.kernel import netns, syscalls
from tuilab.model import edits
from tuilab.model.links import Tap
from tuilab.model.topology import Endpoint
from tuilab.packets import pcapng
from tuilab.tui.canvas.graph import Item

RED = Item("link", "red", "eth0")
SECOND = 1_000_000


async def watching(bench, words=""):
    """Watch red's link."""
    bench.main.select(RED)
    await bench.press("w")
    await bench.fill("filter", words)
    await bench.press("enter")
    await bench.until(lambda: bench.app.watching.running)


@boxed
async def test_a_disk_that_is_full(folder):
    kept = folder.parent / f"{folder.name}.kept.pcapng"
    syscalls.mount("tmpfs", str(folder), "tmpfs", data="size=256k")
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        await watching(bench)
        with port("blue") as sock:
            for number in range(3000):
                sock.send(b"\xff" * 6 + bytes(6) + b"\x88\xb5" + number.to_bytes(128))
        await bench.until(lambda: "No space left on device" in bench.text)
        assert "FOLLOW" not in bench.text
        count = bench.app.watching.count
        assert 100 < count < 3000
        assert bench.main.packets.line_count() == count
        await bench.press("1", "home")
        assert bench.main.packets.packet.number == 1
        # What there is can be kept where there is room.
        await bench.press("S")
        await bench.fill("path", str(kept))
        await bench.press("enter")
        await bench.until(kept.exists)
        assert len(tshark(kept)) == count
        # With room again it goes on.
        await bench.press("C", "enter")
        await bench.until(lambda: bench.app.watching.count == 0)
        await watching(bench)
        await pinged(bench)
        await bench.until(lambda: bench.main.packets.line_count() >= 8)


@boxed
async def test_packets_that_would_be_lost_are_told_of(folder):
    kept = folder / "kept.pcapng"
    lost = "packets of red:eth0, which S would save"
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        await watching(bench, "icmp")
        await bench.press("w")
        assert "which S would save" not in bench.text  # there is none yet
        await bench.press("escape")
        await pinged(bench)
        await bench.until(lambda: bench.main.packets.line_count() == 8)
        await bench.press("w")
        assert f"Drops 8 {lost}" in bench.text
        await bench.press("escape", "q")
        assert f"Gone with it: 8 {lost}" in bench.text
        await bench.press("escape", "S")
        await bench.fill("path", str(kept))
        await bench.press("enter")
        await bench.until(lambda: not bench.in_dialog and kept.exists())
        for key in ("w", "q"):
            await bench.press(key)
            assert bench.in_dialog
            assert "which S would save" not in bench.text
            await bench.press("escape")


@boxed
async def test_a_namespace_that_vanishes(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        await watching(bench, "icmp")
        await pinged(bench)
        await bench.until(lambda: bench.main.packets.line_count() == 8)
        sh("ip netns del red")
        await bench.until(lambda: '! namespace "red" is gone' in bench.text)
        assert "echo reply" in bench.text
        assert bench.app.watching.state == "waiting"
        assert "WAITING" in bench.text
        await bench.press("home", "slash")
        await bench.fill("bar-input", "icmp[0] == 8")
        await bench.press("enter")
        await bench.until(lambda: "4 of 8 pkt" in bench.text)


@boxed
async def test_a_worker_that_is_killed_while_it_sends(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        await watching(bench, "icmp")
        await bench.press("s")
        await bench.fill("count", "1000")
        await bench.fill("interval", "0.05")
        await bench.press("enter")
        await bench.until(lambda: "seq=2" in bench.text)
        bench.app.around.sender._worker._process.kill()
        await bench.until(lambda: "the packet worker died" in bench.text)
        assert len(sent(bench)) == 1
        await bench.press("escape")
        assert bench.app.watching.running
        await pinged(bench)
        await bench.until(lambda: "FOLLOW" in bench.text)


@boxed
async def test_a_capture_whose_process_is_killed(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        await watching(bench, "icmp")
        await pinged(bench)
        await bench.until(lambda: bench.main.packets.line_count() == 8)
        bench.app.watching.capture._recording._process.kill()
        await bench.until(lambda: "! the process that captures died" in bench.text)
        assert "STOPPED" in bench.text
        await bench.press("home", "enter")
        await bench.until(lambda: "Ethernet" in bench.text)
        await bench.press("escape")
        await watching(bench, "icmp")
        await pinged(bench)
        await bench.until(lambda: bench.main.packets.line_count() == 8)
        await bench.until(lambda: "FOLLOW" in bench.text)


@boxed
async def test_a_capture_ends_with_its_lab(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        await watching(bench, "icmp")
        await pinged(bench)
        bench.app.lab.end('lab "x" has ended')
        await bench.until(lambda: not bench.app.watching.running)
        await bench.until(lambda: "STOPPED" in bench.text)
        assert bench.app.watching.count == 8


@boxed
async def test_the_largest_frames(folder):
    async with screen(folder, two_hosts(), size=(160, 48)) as bench:
        for name in ("red", "blue"):
            sh(f"ip -n {name} link set eth0 mtu 9000")
        await watching(bench, "ether proto 0x88b5")
        send("blue", [1], 9014)
        send("blue", [2], 18)
        await bench.until(lambda: bench.main.packets.line_count() == 2)
        await bench.press("1", "home")
        assert " 9014 " in bench.text
        detail = bench.main.bottom.detail
        await bench.until(lambda: detail.packet == bench.main.packets.packet)
        await bench.press("enter", "tab", "end")
        await bench.until(lambda: "2330" in bench.text)  # the last line of the bytes


async def test_stamps_that_go_back_and_frames_of_nothing(tmp_path):
    """A clock that is set, and frames that hold nothing."""
    path = tmp_path / "back.pcapng"
    stamps = [100, 101, 40, 41, 102]
    frames = [b"a" * 60, b"", b"b" * 60, b"", b"c" * 60]
    head = pcapng.section_block("test") + pcapng.interface_block("red:eth0", 1)
    path.write_bytes(
        head
        + b"".join(
            pcapng.packet_block(0, stamp * SECOND, data)
            for stamp, data in zip(stamps, frames, strict=True)
        )
    )
    async with opened(two_hosts(), size=(120, 36), directory=tmp_path) as bench:
        await bench.app.watching.open(path)
        await bench.press("1")
        packets = bench.main.packets
        assert packets.line_count() == 5
        assert "-60.000000" in bench.text
        assert "cut short" in bench.text
        while bench.main.packets.looks.time != "delta":
            await bench.press("t")
        assert "-61.000000" in bench.text
        await bench.press("home", "number_sign")
        await bench.fill("bar-input", "1")
        await bench.press("enter", "number_sign")
        await bench.fill("bar-input", "2s")
        await bench.press("enter")
        assert packets.index == 4
        await bench.press("slash")
        await bench.fill("bar-input", "less 0")
        await bench.press("enter")
        await bench.until(lambda: "2 of 5 pkt" in bench.text)
        await bench.press("enter")
        assert bench.app.is_running


@boxed
async def test_every_kind_of_probe_from_the_dialog(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("s")

        async def probe(kind, words, **fields):
            await bench.choose("kind", kind)
            for name, value in fields.items():
                await bench.fill(name, value)
            await bench.press("enter")
            await bench.until(lambda: sent(bench), kind)
            assert words in bench.text, (kind, bench.text)
            bench.main.sends.runs.clear()

        await probe("trace-udp", "there after 1 hop")
        await probe("trace-tcp", "there after 1 hop", port="80")
        once = {"count": "2", "interval": "0.05"}
        with answering(socket.SOCK_STREAM, 81):
            await probe("syn", "open", port="81", **once)
            await probe("tcp", "open", port="81", **once)
        await probe("syn", "closed", port="82", **once)
        with name_server():
            await probe("dns", "A 10.0.0.2", name="www.lab", **once)
        await probe("dns", "port unreachable", name="www.lab", **once)


def name_server():
    """A server in blue that has one answer for everything."""

    def make():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("10.0.0.2", 53))
        return sock

    def serve():
        while True:
            try:
                data, sender = sock.recvfrom(2000)
            except OSError:
                return
            answer = struct.pack("!HHHIH4s", 0xC00C, 1, 1, 60, 4, bytes((10, 0, 0, 2)))
            head = data[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
            sock.sendto(head + data[12:] + answer, sender)

    sock = netns.run_in("blue", make)
    threading.Thread(target=serve, daemon=True).start()
    return sock


@boxed
async def test_a_tap_is_answered_on_from_the_dialog(folder):
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        pytest.skip("this user may not open /dev/net/tun")
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        tap = Endpoint("red", "tap0")
        await bench.edit(
            edits.add_link(tap, Tap()), edits.add_address(tap, "10.7.0.1/24")
        )
        bench.main.select(Item("link", "red", "tap0"))
        await bench.press("s")
        assert "answer for a tap's machine" in bench.text
        await bench.fill("addresses", "10.7.0.9/24")
        await bench.press("enter")
        await bench.until(lambda: "told everybody: 10.7.0.9 is at" in bench.text)
        sender = bench.app.around.sender
        pings = [r async for r in sender.ping("red", "10.7.0.9", count=2, interval=0)]
        assert all(r.ok for r in pings)
        await bench.until(lambda: "ping seq=2 from 10.7.0.1" in bench.text)
        await bench.press("ctrl+x")
        await bench.until(lambda: sent(bench))
        (lost,) = [
            r async for r in sender.ping("red", "10.7.0.9", count=1, timeout=0.1)
        ]
        assert not lost.ok
