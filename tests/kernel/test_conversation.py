"""Conversations and the same packet on several links, of a captured router lab."""

import socket
import subprocess
import threading
from collections import Counter

from tests.kernel.packetbox import boxed, routed, sh
from tests.kernel.test_probes import answering
from tuilab.kernel import netns
from tuilab.model.links import Endpoint
from tuilab.packets.capture import Capture
from tuilab.packets.conversation import conversation_filter, said, twins
from tuilab.packets.dissect import summary
from tuilab.packets.select import Selection
from tuilab.packets.store import Store

ENDS = [
    Endpoint(*text.split(":"))
    for text in ("red:eth0", "gw:eth0", "gw:eth1", "blue:eth0")
]
SECONDS = 10.0
PAGE = b"0123456789" * 2000


def chosen(store: Store, text: str) -> list[int]:
    selection = Selection(store, text)
    while not selection.advance():
        pass
    return [selection[i] for i in range(len(selection))]


def index_of(store: Store, endpoint: str, words: str) -> int:
    for index, packet in enumerate(store.packets()):
        if str(packet.endpoint) == endpoint and words in summary(packet).info:
            return index
    raise AssertionError(f"no {words} on {endpoint}")


def seen(store: Store, index: int) -> dict[str, dict[str, tuple[str, str]]]:
    return {
        str(twin.packet.endpoint): {
            name: (mine, theirs) for name, mine, theirs in twin.differences
        }
        for twin in twins(store, index)
    }


def ask(port: int, words: bytes, host: str = "10.0.2.9") -> bytes:
    with socket.create_connection((host, port)) as client:
        client.sendall(words)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while data := client.recv(10_000):
            answer += data
        return answer


def serve(server: socket.socket, times: int) -> None:
    for _ in range(times):
        far, _ = server.accept()
        with far:
            while far.recv(1000):
                pass
            far.sendall(PAGE)


@boxed
def test_a_conversation_is_followed_both_ways(directory):
    routed()
    server = netns.run_in("blue", lambda: socket.create_server(("10.0.2.9", 8080)))
    thread = threading.Thread(target=serve, args=(server, 2))
    thread.start()
    with Capture(ENDS, path=directory / "talk.pcapng") as capture, server:
        for words in (b"first", b"second"):
            assert netns.run_in("red", lambda w=words: ask(8080, w)) == PAGE
        thread.join()
        with answering(socket.SOCK_DGRAM, 7):
            netns.run_in("red", shout)
        capture.stop()
    store = Store.open(directory / "talk.pcapng")
    for words in (b"first", b"second"):
        at = next(
            index
            for index, packet in enumerate(store.packets())
            if words in packet.data and packet.endpoint == ENDS[0]
        )
        text = conversation_filter(store, at)
        indexes = chosen(store, text)
        assert at in indexes
        assert {store.packet(i).endpoint for i in indexes} == set(ENDS)
        chunks = said(store.packet(i) for i in indexes)
        assert [(c.forward, c.data, c.missing) for c in chunks] == [
            (True, words, 0),
            (False, PAGE, 0),
        ]
        # A lost segment is told, what was sent twice is not.
        mine = [i for i in indexes if store.packet(i).endpoint == ENDS[0]]
        packets = [store.packet(i) for i in mine]
        large = [p for p in packets if p.length > 1000]
        without = [p for p in packets if p is not large[1]]
        told = said(without + without[-3:])
        assert sum(c.missing for c in told) == large[1].length - 66
        assert sum(len(c.data) for c in told if not c.forward) == len(PAGE) - (
            large[1].length - 66
        )
    at = index_of(store, "red:eth0", " > 7 len=5")
    indexes = chosen(store, conversation_filter(store, at))
    chunks = said(store.packet(i) for i in indexes)
    assert [(c.forward, c.data) for c in chunks] == [
        (True, b"hallo"),
        (False, b"HALLO"),
    ]
    store.close()


def shout() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("10.0.2.9", 7))
        sock.send(b"hallo")
        assert sock.recv(100) == b"HALLO"


def tunnel(kind: str) -> None:
    """From red to blue, with addresses of its own at both ends."""
    for name, mine, theirs, last in (("red", 1, 2, 1), ("blue", 2, 1, 2)):
        sh(
            f"ip -n {name} link add vx mtu 1450 type {kind} "
            f"local 10.0.{mine}.9 remote 10.0.{theirs}.9"
        )
        sh(f"ip -n {name} addr add 10.42.0.{last}/24 dev vx")
        sh(f"ip -n {name} link set vx up")


@boxed
def test_a_conversation_is_followed_inside_a_tunnel_too(directory):
    routed()
    tunnel("vxlan id 42 dstport 4789")
    ends = [*ENDS, Endpoint("red", "vx")]
    server = netns.run_in("blue", lambda: socket.create_server(("10.42.0.2", 8080)))
    thread = threading.Thread(target=serve, args=(server, 2))
    thread.start()
    with Capture(ends, path=directory / "talk.pcapng") as capture, server:
        for words in (b"first", b"second"):
            page = netns.run_in("red", lambda w=words: ask(8080, w, "10.42.0.2"))
            assert page == PAGE
        thread.join()
        sh("ip netns exec red ping -c 1 10.42.0.2")
        capture.stop()
    store = Store.open(directory / "talk.pcapng")
    for words in (b"first", b"second"):
        at = next(
            index
            for index, packet in enumerate(store.packets())
            if words in packet.data and packet.endpoint == Endpoint("gw", "eth1")
        )
        indexes = chosen(store, conversation_filter(store, at))
        assert at in indexes
        assert {store.packet(i).endpoint for i in indexes} == set(ends)
        middle = [i for i in indexes if store.packet(i).endpoint.namespace == "gw"]
        chunks = said(store.packet(i) for i in middle)
        assert [(c.forward, c.data, c.missing) for c in chunks] == [
            (True, words, 0),
            (False, PAGE, 0),
        ]
    at = index_of(store, "gw:eth0", "echo request")
    indexes = chosen(store, conversation_filter(store, at))
    infos = [summary(store.packet(i)).info for i in indexes]
    assert sum("echo re" in info for info in infos) == 2 * len(ends)
    store.close()


def hide() -> None:
    """Have red seen as its router from blue on; its port 8081 is blue's 8080."""
    rules = """
        add table ip n
        add chain ip n out { type nat hook postrouting priority 100; }
        add rule ip n out oifname "eth1" masquerade
        add chain ip n in { type nat hook prerouting priority -100; }
        add rule ip n in tcp dport 8081 dnat to 10.0.2.9:8080
    """
    nft = ["ip", "netns", "exec", "gw", "nft", "-f", "-"]
    assert subprocess.run(nft, input=rules, text=True).returncode == 0


@boxed
def test_a_conversation_is_followed_on_both_sides_of_nat(directory):
    routed()
    hide()
    server = netns.run_in("blue", lambda: socket.create_server(("10.0.2.9", 8080)))
    thread = threading.Thread(target=serve, args=(server, 2))
    thread.start()
    with Capture(ENDS, path=directory / "talk.pcapng") as capture, server:
        # Both of its addresses and a port are others on the other side.
        for words in (b"first", b"second"):
            page = netns.run_in("red", lambda w=words: ask(8081, w, "10.0.1.1"))
            assert page == PAGE
        thread.join()
        with answering(socket.SOCK_DGRAM, 7):
            netns.run_in("red", shout)
        sh("ip netns exec red ping -c 1 10.0.2.9")
        capture.stop()
    store = Store.open(directory / "talk.pcapng")
    for place in range(len(ENDS)):
        for words in (b"first", b"second"):
            at = next(
                index
                for index, packet in enumerate(store.packets())
                if words in packet.data and packet.endpoint == ENDS[place]
            )
            text = conversation_filter(store, at)
            assert text.count(" or ") == 1, text
            indexes = chosen(store, text)
            each = Counter(store.packet(i).endpoint for i in indexes)
            assert set(each) == set(ENDS)
            assert len(set(each.values())) == 1
            chunks = said(store.packet(i) for i in indexes)
            assert [(c.forward, c.data) for c in chunks] == [
                (True, words),
                (False, PAGE),
            ]
    for words, link in ((" > 7 len=5", "red:eth0"), ("echo request", "blue:eth0")):
        text = conversation_filter(store, index_of(store, link, words))
        each = Counter(store.packet(i).endpoint for i in chosen(store, text))
        assert each == dict.fromkeys(ENDS, 2), text
    store.close()


@boxed
def test_pieces_of_a_tunnel_s_packets_are_followed(directory):
    routed()
    tunnel("vxlan id 42 dstport 4789 df unset")
    sh("ip -n red link set vx mtu 4000")
    sh("ip -n blue link set vx mtu 4000")
    with Capture(ENDS, path=directory / "cut.pcapng") as capture:
        sh("ip netns exec red ping -c 2 -i 0.2 -s 3500 10.42.0.2")
        capture.stop()
    store = Store.open(directory / "cut.pcapng")
    first = next(
        index
        for index, packet in enumerate(store.packets())
        if packet.length > 1400 and packet.endpoint == ENDS[0]
    )
    text = conversation_filter(store, first)
    assert set(text.split()) == {"flow", "icmp", "10.42.0.1", "10.42.0.2"}
    each = Counter(store.packet(i).endpoint for i in chosen(store, text))
    assert each == dict.fromkeys(ENDS, 2 * 2 * 3)
    store.close()


@boxed
def test_a_packet_is_found_again_behind_router_nat_and_tunnel(directory):
    routed()
    tunnel("vxlan id 42 dstport 4789")
    ends = [*ENDS, Endpoint("red", "vx"), Endpoint("blue", "vx")]
    with Capture(ends, path=directory / "seen.pcapng") as capture:
        sh("ip netns exec red ping -c 1 10.0.2.9")
        sh("ip netns exec red ping -c 1 10.42.0.2")
        sh("ip netns exec red ping -c 1 fd00:2::9")
        hide()
        sh("ip netns exec red ping -c 1 -s 99 10.0.2.9")
        capture.stop()
    store = Store.open(directory / "seen.pcapng")
    found = seen(store, index_of(store, "red:eth0", "echo request"))
    assert set(found) == {"gw:eth0", "gw:eth1", "blue:eth0"}
    assert found["gw:eth0"] == {}
    assert found["blue:eth0"]["TTL"] == ("64", "63")
    assert set(found["blue:eth0"]) == {"TTL", "source MAC", "destination MAC"}
    # NAT: another source.
    found = seen(store, index_of(store, "red:eth0", "length=107"))
    assert found["blue:eth0"]["source"] == ("10.0.1.9", "10.0.2.1")
    assert found["gw:eth0"] == {}
    # In the tunnel, and at both ends of it.
    inside = index_of(store, "red:vx", "echo request")
    found = seen(store, inside)
    assert set(found) == {"red:eth0", "gw:eth0", "gw:eth1", "blue:eth0", "blue:vx"}
    assert found["blue:vx"] == {}
    assert found["gw:eth0"]["tunnel"] == ("none", "vxlan 42 10.0.1.9 > 10.0.2.9")
    six = [
        index
        for index, packet in enumerate(store.packets())
        if str(packet.endpoint) == "blue:eth0"
        and summary(packet).protocol == "ICMPv6"
        and "echo request" in summary(packet).info
    ]
    assert seen(store, six[0])["red:eth0"]["TTL"] == ("63", "64")
    store.close()
