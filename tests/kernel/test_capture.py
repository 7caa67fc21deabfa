"""What is in a capture of real interfaces, checked with tcpdump and tshark."""

import asyncio
import fcntl
import os
import socket
import struct
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.kernel.frames import (
    BLUE,
    OURS,
    RED,
    SECONDS,
    frame,
    held_up,
    number_of,
    ours,
    port,
    send,
    tshark,
)
from tests.kernel.packetbox import boxed, pair, sh
from tuilab.errors import PacketError, UsageError
from tuilab.kernel import netns
from tuilab.model.links import Endpoint
from tuilab.packets import pcapng
from tuilab.packets.capture import Capture
from tuilab.packets.dissect import summary
from tuilab.packets.filters import PRESETS
from tuilab.packets.select import Selection
from tuilab.packets.store import Store

REAL_TRAFFIC = (
    "ip netns exec red ping -c 2 -i 0.01 10.9.0.2",
    "ip netns exec red ping -c 2 -i 0.01 -s 4000 10.9.0.2",
    "ip netns exec red ping -c 2 -i 0.01 fd00::2",
    "ip netns exec red ping -c 1 -s 3000 fd00::2",
)


@boxed
def test_every_packet_is_on_disk(directory):
    pair()
    path = directory / "all.pcapng"
    capture = Capture([BLUE], **ours(path=path))
    capture.start()
    send("red", range(5000))
    capture.stop()
    assert capture.written == 5000
    assert [number_of(p.data) for p in capture.store.packets()] == list(range(5000))
    (counts,) = capture.counts
    assert (counts.received, counts.dropped, counts.ended) == (5000, 0, "")
    assert len(tshark(path)) == 5000
    assert sh(f"tcpdump -n -r {path} --count") == "5000 packets\n"
    assert set(tshark(path, "-T", "fields", "-e", "frame.interface_name")) == {
        "blue:eth0"
    }
    capture.close()


@boxed
def test_two_endpoints_in_one_file_in_time_order(directory):
    pair()
    path = directory / "two.pcapng"
    with Capture([RED, BLUE], **ours(path=path)) as capture:
        with port("red") as red, port("blue") as blue:
            for number in range(0, 400, 2):
                red.send(frame(number))
                blue.send(frame(number + 1))
        capture.stop()
        packets = list(capture.store.packets())
    assert len(packets) == 800
    for endpoint in (RED, BLUE):
        seen = [number_of(p.data) for p in packets if p.endpoint == endpoint]
        assert seen == list(range(400))
    stamps = [p.time_ns for p in packets]
    assert stamps == sorted(stamps)
    names = tshark(path, "-T", "fields", "-e", "frame.interface_name")
    assert names == [str(p.endpoint) for p in packets]
    assert (names.count("red:eth0"), names.count("blue:eth0")) == (400, 400)


@boxed
def test_what_is_sent_between_start_and_stop_is_there(directory):
    pair()
    with port("red") as sock:
        for capture_filter in ("", f"ether proto {OURS:#x}"):
            for number in range(8):
                capture = Capture(
                    [BLUE], capture_filter=capture_filter, directory=directory
                )
                capture.start()
                sock.send(frame(number))
                capture.stop()
                assert number in {
                    number_of(p.data)
                    for p in capture.store.packets()
                    if p.data[12:14] == b"\x88\xb5"
                }
                capture.stop()
                capture.close()


@boxed
def test_the_kernel_filters(directory):
    pair()
    with Capture([BLUE], capture_filter="icmp", directory=directory) as capture:
        send("red", range(100))
        sh("ip netns exec red ping -c 3 -i 0.01 10.9.0.2")
        assert capture.wait(6, SECONDS)
        capture.stop()
        assert {summary(p).protocol for p in capture.store.packets()} == {"ICMP"}
        assert capture.written == 6


@boxed
def test_statistics_close_the_file(directory):
    pair()
    path = directory / "stats.pcapng"
    with Capture([RED, BLUE], **ours(path=path)):
        send("red", range(7))
    data = path.read_bytes()
    found = [
        pcapng.parse_statistics(data[offset : offset + total], "=")
        for kind, offset, total in pcapng.blocks(data)
        if kind == pcapng.STATISTICS
    ]
    assert found == [(0, 7, 0), (1, 7, 0)]


@boxed
def test_a_rush_is_complete_and_in_order(directory):
    pair()
    with Capture([RED, BLUE], **ours(path=directory / "rush.pcapng")) as capture:
        with held_up():
            send("red", range(30_000), size=1400)
        send("blue", range(30_000, 31_000))
        capture.stop()
        assert capture.dropped == 0
        packets = list(capture.store.packets())
    for endpoint in (RED, BLUE):
        seen = [number_of(p.data) for p in packets if p.endpoint == endpoint]
        assert seen == list(range(31_000))
    stamps = [p.time_ns for p in packets]
    assert stamps == sorted(stamps)


@boxed
def test_drops_are_counted(directory):
    """The process that captures is held up until its ring has overflowed."""
    pair()
    path = directory / "drops.pcapng"
    capture = Capture([BLUE], **ours(path=path))
    capture.start()
    send("red", [0])
    assert capture.wait(1, SECONDS)
    with held_up():
        send("red", range(1, 70_000), size=1400)
    capture.stop()
    (counts,) = capture.counts
    assert counts.received == 70_000
    assert counts.dropped == capture.dropped > 0
    assert capture.written == counts.received - counts.dropped
    capture.close()
    data = path.read_bytes()
    last = [b for b in pcapng.blocks(data) if b[0] == pcapng.STATISTICS][-1]
    block = data[last[1] : last[1] + last[2]]
    assert pcapng.parse_statistics(block, "=") == (0, 70_000, counts.dropped)


@boxed
def test_stopping_under_load_loses_nothing_silently(directory):
    """There is more in the rings than can be written in the time a ring hides some."""
    pair()
    capture = Capture([RED, BLUE], **ours(directory=directory))
    capture.start()
    send("red", [0])
    assert capture.wait(2, SECONDS)
    with held_up():
        send("red", range(1, 150_000))
    capture.stop()
    assert [c.received for c in capture.counts] == [150_000, 150_000]
    assert capture.written == 300_000 - capture.dropped
    assert capture.written > 150_000
    stamps = [p.time_ns for p in capture.store.packets()]
    assert stamps == sorted(stamps)
    capture.close()


@boxed
def test_what_is_down_may_be_left_out(directory):
    pair()
    sh("ip -n red link add down0 type veth peer name down1")
    down, away = Endpoint("red", "down0"), Endpoint("red", "eth9")
    path = directory / "some.pcapng"
    capture = Capture([down, BLUE, away, RED], **ours(path=path, lenient=True))
    capture.start()
    send("red", range(5))
    assert capture.wait(10, SECONDS)
    capture.stop()
    ended = {c.endpoint: c.ended for c in capture.counts}
    assert ended[down] == '"red:down0" is down'
    assert ended[away] == '"red:eth9" does not exist'
    assert ended[RED] == ended[BLUE] == ""
    assert {p.endpoint for p in capture.store.packets()} == {RED, BLUE}
    assert len(tshark(path)) == 10
    capture.close()
    alone = Capture([down], directory=directory, lenient=True)
    with pytest.raises(PacketError, match="is down"):
        alone.start()


@boxed
def test_links_that_come_later_are_taken_in(directory):
    pair()
    path = directory / "grows.pcapng"
    with Capture([BLUE], **ours(path=path)) as capture:
        send("red", range(5))
        assert capture.wait(5, SECONDS)
        selection = Selection(capture.store, "len > 100")
        assert selection.advance()
        sh("ip -n red link add v0 type veth peer name v1 netns blue")
        late = [Endpoint("red", "v0"), Endpoint("blue", "v1"), Endpoint("blue", "no")]
        capture.add(late)
        news = {late[0]: "is down", late[1]: "is down", late[2]: "does not exist"}
        wait_for(lambda: len(capture.counts) == 4)
        told = {it.endpoint: it.ended for it in capture.counts if it.ended}
        assert {end: why.partition('" ')[2] for end, why in told.items()} == news
        sh("ip -n red link set v0 up")
        sh("ip -n blue link set v1 up")
        capture.add(late[:2])
        wait_for(lambda: not any(it.ended for it in capture.counts[:3]))
        with port("red", "v0") as sock:
            for number in range(5, 10):
                sock.send(frame(number))
        send("red", range(10, 15))
        assert capture.wait(20, SECONDS)
        assert selection.advance()
        capture.stop()
        packets = list(capture.store.packets())
    assert len(selection) == 20
    assert [p.time_ns for p in packets] == sorted(p.time_ns for p in packets)
    seen = Counter(str(p.endpoint) for p in packets)
    assert seen == {"blue:eth0": 10, "red:v0": 5, "blue:v1": 5}
    assert Counter(tshark(path, "-T", "fields", "-e", "frame.interface_name")) == seen


def wait_for(holds) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@boxed
def test_a_preset_filters_and_is_spelled_out_in_the_file(directory):
    pair()
    path = directory / "syn.pcapng"
    server = netns.run_in("blue", lambda: socket.create_server(("10.9.0.2", 8080)))
    with Capture([RED], capture_filter="tcp syn", path=path) as capture, server:
        netns.run_in("red", lambda: talk(server))
        assert capture.wait(2, SECONDS)
    rows = tshark(path, "-T", "fields", "-e", "tcp.flags")
    assert rows == ["0x0002", "0x0012"]
    assert PRESETS["tcp syn"].encode() in path.read_bytes()


@boxed
def test_a_classic_file_is_what_a_name_asks_for(directory):
    pair()
    path = directory / "both.pcap"
    with Capture([RED, BLUE], **ours(path=path)) as capture:
        send("red", range(10))
        assert capture.wait(20, SECONDS)
        capture.stop()
        numbers = [number_of(p.data) for p in capture.store.packets()]
        assert {str(p.endpoint) for p in capture.store.packets()} == {":both"}
    assert sorted(numbers) == sorted([*range(10)] * 2)
    assert path.read_bytes()[:4] == struct.pack("=I", 0xA1B2C3D4)
    fields = ("-T", "fields", "-e", "frame.len", "-e", "frame.time_epoch")
    lines = tshark(path, *fields)
    store = Store.open(path)
    assert [p.time_ns for p in store.packets()] == [
        int(line.partition("\t")[2].replace(".", "")) for line in lines
    ]
    store.close()
    add = "ip -n red tuntap add dev tun0 mode tun"
    sh(add)
    sh("ip -n red link set tun0 up")
    ends = [RED, Endpoint("red", "tun0")]
    capture = Capture(ends, path=directory / "mixed.pcap")
    with pytest.raises(UsageError, match="one kind of link only, not both red:eth0"):
        capture.start()
    assert not (directory / "mixed.pcap").exists()
    assert len(Store.open(path)) == 20


@boxed
async def test_waiting_without_blocking(directory):
    pair()
    capture = Capture([BLUE], **ours(directory=directory))
    await asyncio.to_thread(capture.start)
    assert not await capture.wait_async(1, 0.01)
    waiting = [asyncio.create_task(capture.wait_async(n, SECONDS)) for n in (1, 5, 6)]
    end = asyncio.create_task(capture.wait_async(timeout=SECONDS))
    await asyncio.to_thread(send, "red", range(5))
    assert await waiting[0]
    assert await waiting[1]
    assert not waiting[2].done()
    await asyncio.to_thread(capture.stop)
    assert not await waiting[2]
    assert await end
    capture.close()


@boxed
def test_news_come_at_most_ten_times_a_second(directory):
    pair()
    calls = []
    capture = Capture(
        [BLUE],
        **ours(directory=directory, on_change=lambda: calls.append(time.monotonic())),
    )
    capture.start()
    began = time.monotonic()
    with port("red") as sock:
        number = 0
        while time.monotonic() < began + 1:
            sock.send(frame(number))
            number += 1
    assert capture.wait(number, SECONDS)
    capture.stop()
    assert 3 <= len(calls) <= 14
    capture.close()


@boxed
def test_a_hook_that_fails_does_not_end_the_capture(directory):
    pair()

    def hook() -> None:
        raise RuntimeError("the screen is gone")

    capture = Capture([BLUE], **ours(directory=directory, on_change=hook))
    capture.start()
    send("red", [1])
    assert capture.wait(1, SECONDS)
    send("red", [2])
    assert capture.wait(2, SECONDS)
    capture.close()


@boxed
def test_saving_while_it_runs_gives_a_complete_file(directory):
    pair()
    copy = directory / "copy.pcapng"
    copy.write_text("an older one")
    capture = Capture([BLUE], **ours(directory=directory))
    capture.start()
    assert capture.save(copy) == 0
    assert tshark(copy) == []
    send("red", range(50))
    assert capture.wait(50, SECONDS)
    assert capture.save(copy) == 50
    send("red", range(50, 60))
    assert capture.wait(60, SECONDS)
    assert len(tshark(copy)) == 50
    assert len(Store.open(copy)) == 50
    with pytest.raises(PacketError, match="captured into"):
        capture.save(capture.path)
    capture.close()
    assert {p.name for p in directory.iterdir()} == {copy.name, capture.path.name}


@boxed
def test_a_tun_link_has_no_ethernet_header(directory):
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"this user may not open /dev/net/tun: {error.strerror}")
    iff_tun, iff_no_pi, tunsetiff = 1, 0x1000, 0x400454CA
    fcntl.ioctl(tun, tunsetiff, struct.pack("16sH22x", b"tun0", iff_tun | iff_no_pi))
    sh("ip addr add 10.8.8.1/24 dev tun0")
    sh("ip link set tun0 up")
    path = directory / "tun.pcapng"
    capture = Capture([Endpoint("host", "tun0")], capture_filter="icmp", path=path)
    capture.start()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
        sock.sendto(struct.pack("!BBHHH", 8, 0, 0, 1, 2), ("10.8.8.2", 0))
    capture.stop()
    (packet,) = capture.store.packets()
    capture.close()
    os.close(tun)
    row = summary(packet)
    assert (row.source, row.destination, row.protocol) == (
        "10.8.8.1",
        "10.8.8.2",
        "ICMP",
    )
    assert tshark(path, "-T", "fields", "-e", "_ws.col.Protocol") == ["ICMP"]


@boxed
def test_loopback_shows_a_packet_once(directory):
    sh("ip link set lo up")
    with Capture(
        [Endpoint("host", "lo")], capture_filter="icmp", directory=directory
    ) as capture:
        sh("ping -c 2 -i 0.01 127.0.0.1")
        assert capture.wait(4, SECONDS)
        capture.stop()
        assert capture.written == 4


@boxed
def test_fifty_endpoints_at_once(directory):
    pair()
    endpoints = []
    for number in range(25):
        names = f"a{number}", f"b{number}"
        sh(f"ip -n red link add {names[0]} type veth peer name {names[1]}")
        for name in names:
            sh(f"ip -n red link set {name} up")
            endpoints.append(Endpoint("red", name))
    capture = Capture(endpoints, **ours(directory=directory))
    capture.start()
    for number in range(25):
        with port("red", f"a{number}") as sock:
            sock.send(frame(number))
    assert capture.wait(50, SECONDS)
    capture.stop()
    seen = {(str(p.endpoint), number_of(p.data)) for p in capture.store.packets()}
    assert seen == {(f"red:{side}{n}", n) for n in range(25) for side in "ab"}
    capture.close()


@boxed
def test_rows_agree_with_tshark_on_real_traffic(directory):
    """Protocol and addresses as tshark has them, words as tcpdump has them."""
    pair()
    sh("ip -n red neigh flush dev eth0")
    sh("ip -n red route add 10.8.0.0/16 via 10.9.0.2")
    sh("ip -n red route add 10.7.0.0/16 via 10.9.0.2")
    sh("ip -n blue route add unreachable 10.7.0.0/16")
    sh("ip -n blue route add 10.8.0.0/16 via 10.9.0.9")
    netns.run_in("blue", lambda: Path(forwarding()).write_text("1"))
    path = directory / "real.pcapng"
    server = netns.run_in("blue", lambda: socket.create_server(("10.9.0.2", 8080)))
    with Capture([RED], path=path) as capture, server:
        for command in REAL_TRAFFIC:
            sh(command)
        for target in ("10.7.0.1", "-t 1 10.8.0.1"):
            ping = f"ip netns exec red ping -c 1 -W 1 {target}"
            assert subprocess.run(ping.split(), capture_output=True).returncode == 1
        netns.run_in("red", lambda: talk(server))
        netns.run_in("red", knock)
        capture.stop()
        rows = [summary(p) for p in capture.store.packets()]
    columns = ["_ws.col.Source", "_ws.col.Destination", "_ws.col.Protocol"]
    fields = [word for column in columns for word in ("-e", column)]
    # A line is decoded from its own packet alone.
    options = ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE"]
    theirs = tshark(path, *options, "-T", "fields", *fields)
    mine = ["\t".join((r.source, r.destination, r.protocol)) for r in rows]
    assert len(mine) > 30
    different = [pair for pair in zip(mine, theirs, strict=True) if len(set(pair)) > 1]
    assert not different, different
    text = "\n".join(row.info for row in rows)
    for words in (
        "who-has 10.9.0.2 tell 10.9.0.1",
        "10.9.0.2 is-at ",
        "echo request id=0x",
        "host 10.7.0.1 unreachable",
        "time exceeded in-transit",
        "10.9.0.2 udp port 9 unreachable",
        "[S] seq=",
        "[S.] seq=",
        "[F.] seq=",
        "GET / HTTP/1.1",
        "fragment id=0x",
        "neighbor solicitation, who has fd00::",
        "neighbor advertisement, tgt is fd00::",
    ):
        assert words in text, f"{words} not in\n{text}"
    assert "[cut short]" not in text


def forwarding() -> str:
    return "/proc/sys/net/ipv4/ip_forward"


def talk(server: socket.socket) -> None:
    with socket.create_connection(("10.9.0.2", 8080)) as client:
        far, _ = server.accept()
        client.sendall(b"GET / HTTP/1.1\r\nHost: blue\r\n\r\n")
        far.recv(100)
        far.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        client.recv(100)
        far.close()


def knock() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        # Not a port that the kernel chooses: some have a protocol for tshark.
        sock.bind(("10.9.0.1", 61009))
        sock.connect(("10.9.0.2", 9))
        sock.send(b"anybody there")
        with pytest.raises(ConnectionRefusedError):
            sock.recv(1)
