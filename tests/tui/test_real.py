"""The screen on the real kernel, in a sandbox of its own."""

import json
import re
import subprocess
from contextlib import asynccontextmanager

from tests.kernel.packetbox import boxed, sh
from tests.tui.bench import opened
from tests.tui.labs import RED, two_hosts
from tuilab.kernel.netlink import NetlinkDriver
from tuilab.lab.journal import MemoryJournal
from tuilab.lab.lab import Lab
from tuilab.model import edits
from tuilab.model.topology import HOST, Endpoint, Topology
from tuilab.packets.send import Sender
from tuilab.packets.store import Store
from tuilab.tui.app import Surroundings
from tuilab.tui.canvas.graph import Item


@asynccontextmanager
async def screen(folder, topology=None, size=(80, 24)):
    """The app on a real lab, with a real sender."""
    lab = await Lab.open(
        NetlinkDriver(), MemoryJournal(topology or Topology("demo")), folder
    )
    await lab.restore()
    async with Sender() as sender:
        around = Surroundings(sender=sender, folders=(folder,), reports=folder)
        async with opened(lab=lab, surroundings=around, size=size) as bench:
            yield bench


def sent(bench):
    """How many results each sending had that is over."""
    runs = bench.main.sends.runs
    return [len(run.results) for run in runs if not run.running]


@boxed
async def test_eight_keys_from_nothing_to_four_replies(folder):
    async with screen(folder) as bench:
        await bench.press("n", "enter", "n", "enter", "v", "enter", "s", "enter")
        await bench.until(lambda: "4 sent" in bench.text)
        assert "4 sent, 4 received, 0% lost, rtt min/avg/max" in bench.text
        assert bench.text.count("64 bytes from 10.0.0.2: seq=") >= 4
        out = sh("ip -j -n red addr show dev eth0")
        assert json.loads(out)[0]["addr_info"][0]["local"] == "10.0.0.1"
        await bench.press("escape", "u", "u", "u")
        assert list(bench.topology.namespaces) == [HOST]
        assert sh("ip netns list").strip() == ""


@boxed
async def test_arp_answers_and_silence(folder):
    async with screen(folder, two_hosts()) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("s")
        await bench.choose("kind", "arp")
        await bench.fill("count", "1")
        await bench.press("enter")
        await bench.until(lambda: "1 sent, 1 received" in bench.text)
        assert "is-at 02:" in bench.text
        await bench.choose("kind", "ping")
        await bench.fill("to", "10.0.0.99")
        assert "not an address of this lab" in bench.text
        await bench.press("enter")
        await bench.until(lambda: "1 sent, 0 received, 100% lost" in bench.text)
        await bench.press("escape", "3")
        assert "arp 10.0.0.2 from red" in bench.main.query_one("#ping").plain_text


@boxed
async def test_sending_has_all_its_buttons_in_the_smallest_window(folder):
    async with screen(folder, two_hosts()) as bench:
        await bench.pilot.resize_terminal(40, 12)
        bench.main.select(Item("namespace", "red"))
        await bench.press("s")
        for button in ("[ Close  Esc ]", "[ Stop  ^x ]", "[ Send  Enter ]"):
            assert button in bench.text
        await bench.press("escape")


@boxed
async def test_sending_can_be_stopped(folder):
    async with screen(folder, two_hosts()) as bench:
        await bench.press("s")
        await bench.fill("count", "1000")
        await bench.fill("interval", "0.05")
        await bench.press("enter")
        await bench.until(lambda: "seq=3" in bench.text)
        await bench.press("ctrl+x")
        await bench.until(lambda: sent(bench))
        assert 3 <= sent(bench)[0] < 1000


@boxed
async def test_sending_goes_on_without_its_dialog_until_it_is_stopped(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        await bench.press("X")
        assert "nothing is being sent: s sends" in bench.toasts[-1]
        await bench.press("s")
        await bench.fill("count", "1000")
        await bench.fill("interval", "0.05")
        await bench.press("enter")
        await bench.until(lambda: "seq=2" in bench.text)
        await bench.press("escape", "3")
        assert not bench.in_dialog, (bench.app.screen, bench.text)
        (run,) = bench.main.sends.running
        count = len(run.results)
        await bench.until(lambda: len(run.results) > count + 3)
        await bench.until(lambda: "1 running, X ends all" in bench.text)
        assert f"seq={count + 1} " in bench.main.query_one("#ping").plain_text
        await bench.press("X")
        await bench.until(lambda: not run.running)
        assert len(run.results) < 1000
        await bench.until(lambda: "X ends all" not in bench.text)
        assert "ping 10.0.0.2 from red:" in bench.toasts[-1]
        assert "0% lost" in bench.toasts[-1]


@boxed
async def test_pairs_are_pinged_and_drawn(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        canvas = bench.main.canvas
        await bench.press("E")
        await bench.until(lambda: "✓1/1" in canvas.drawing.text())
        # On a busy machine one may be late, and the pane is painted after the drawing.
        words = "2 of 2 pairs reach each other, the slowest in"
        await bench.until(lambda: words in bench.text)
        await bench.until(lambda: "red > blue: reached in" in bench.text)
        reached = re.compile(r"✓\d+(\.\d\d)?ms")
        await bench.until(lambda: reached.search(canvas.drawing.text()))
        sh("ip -n blue link set dev eth0 down")
        await bench.until(lambda: "✗no" in canvas.drawing.text())
        await bench.until(lambda: "✗0/1" in canvas.drawing.text())
        await bench.until(lambda: "0 of 2 pairs reach each other" in bench.text)
        await bench.press("E")
        await bench.until(lambda: not bench.main.sends.running)
        await bench.until(lambda: "✗0/1" not in canvas.drawing.text())
        assert "✗no" not in canvas.drawing.text()


@boxed
async def test_a_link_is_watched_paused_followed_and_saved(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("w")
        await bench.fill("filter", "icmp oder arp")
        assert "syntax error" in bench.problem("filter")
        await bench.fill("filter", "icmp")
        await bench.press("enter")
        assert "FOLLOW" in bench.text
        assert bench.app.watching.running
        await bench.press("s")
        await bench.fill("interval", "0.05")
        await bench.press("enter")
        await bench.until(lambda: "4 sent" in bench.text)
        await bench.press("escape", "1")
        await bench.until(lambda: bench.main.packets.line_count() == 8)
        assert "echo request" in bench.text
        assert "echo reply" in bench.text
        assert "8 pkt  drop 0" in bench.text
        await bench.press("space")
        assert "PAUSED" in bench.text
        await bench.press("s", "enter")
        await bench.until(lambda: sent(bench) == [4, 4])
        await bench.press("escape", "1")
        await bench.until(lambda: "PAUSED +8 new, End follows" in bench.text)
        assert bench.main.packets.line_count() == 8
        await bench.press("end")
        await bench.until(lambda: bench.main.packets.line_count() == 16)
        await bench.press("home")
        assert bench.main.packets.cursor == 0
        await bench.press("S")
        await bench.fill("path", str(folder / "kept.pcapng"))
        await bench.press("enter")
        await bench.until(lambda: (folder / "kept.pcapng").exists())
        await bench.press("W")
        await bench.until(lambda: "STOPPED" in bench.text)
        assert len(Store.open(folder / "kept.pcapng")) == 16
        read = subprocess.run(
            ["tcpdump", "-nr", str(folder / "kept.pcapng")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert read.stdout.count("ICMP echo") == 16
    # Only what was saved is left.
    assert [path.name for path in folder.glob("*.pcapng")] == ["kept.pcapng"]


@boxed
async def test_a_link_that_is_down_can_not_be_watched(folder):
    async with screen(folder, two_hosts()) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("x", "w", "enter")
        assert bench.in_dialog
        assert '"red:eth0"' in bench.problem("")
        await bench.press("escape")
        assert not bench.app.watching.running


@boxed
async def test_several_links_in_one_list(folder):
    async with screen(folder, two_hosts(), size=(160, 48)) as bench:
        ends = Endpoint("red", "eth1"), Endpoint("blue", "eth1")
        await bench.edit(edits.connect(*ends))
        bench.main.select(Item("namespace", "red"))
        await bench.press("w")
        await bench.choose("link", "red:*")
        await bench.press("enter", "s", "enter")
        await bench.until(lambda: "4 sent" in bench.text)
        await bench.press("escape", "1")
        await bench.until(lambda: "red:eth0" in bench.text)
        assert "Link" in bench.text
        assert bench.app.watching.names == "red:eth0, red:eth1"


@boxed
async def test_a_watch_of_the_whole_lab_takes_in_links_that_come(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        watching = bench.app.watching
        await bench.press("w")
        await bench.choose("link", "*")
        await bench.press("enter")
        assert bench.app.watching.running
        ends = {Endpoint("red", "eth1"), Endpoint("blue", "eth1")}
        await bench.edit(edits.connect(*ends))
        await bench.until(
            lambda: ends <= {it.endpoint for it in watching.capture.counts}
        )
        await bench.until(lambda: "4 links of 2 ns" in bench.text)
        await bench.press("u")
        await bench.until(lambda: "is gone" in watching.trouble)
        await bench.press("U")
        await bench.until(lambda: not watching.trouble)
        assert len(watching.store.interfaces) == 6


@boxed
async def test_a_watch_of_one_link_goes_on_after_undo_and_redo(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        watching = bench.app.watching
        await bench.edit(
            edits.connect(Endpoint("red", "eth1"), Endpoint("blue", "eth1"))
        )
        bench.main.select(Item("link", "red", "eth1"))
        await bench.press("w", "enter")
        await bench.until(lambda: "FOLLOW" in bench.text)
        await bench.press("escape", "u")
        await bench.until(lambda: watching.state == "waiting")
        assert '"red:eth1" is gone' in watching.trouble
        await bench.press("1")
        await bench.until(lambda: "WAITING" in bench.text)
        count = watching.count
        await bench.press("escape", "U")
        await bench.until(lambda: watching.state == "live")
        assert not watching.trouble
        # It says so itself that it is there, as IPv6 has it.
        await bench.until(lambda: watching.count > count)
        # Down and up again, it never ended.
        interfaces = len(watching.store.interfaces)
        await bench.press("x")
        await bench.until(lambda: "down" in bench.text)
        await bench.press("x")
        await bench.idle()
        assert len(watching.store.interfaces) == interfaces == 2
        await watching.stop()
        assert watching.state == "stopped"


@boxed
async def test_what_is_selected_together_is_watched_together(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        bench.main.select(Item("namespace", "red"), Item("namespace", "blue"))
        await bench.press("w")
        assert "[x] red:eth0" in bench.text
        await bench.fill("filter", "arp")
        assert "valid" in bench.text
        await bench.press("enter")
        assert bench.app.watching.names == "red:eth0, blue:eth0"
        await bench.press("w")
        await bench.choose("link", "*")
        await bench.press("enter")
        assert bench.app.watching.names == "red:eth0, blue:eth0"


@boxed
async def test_a_link_that_vanishes_is_told_of_and_its_packets_stay(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("w", "enter", "s")
        await bench.fill("interval", "0.05")
        await bench.press("enter")
        await bench.until(lambda: "4 sent" in bench.text)
        await bench.press("escape", "1")
        await bench.until(lambda: bench.main.packets.line_count() >= 8)
        sh("ip -n red link del eth0")
        await bench.until(lambda: '! "red:eth0" is gone' in bench.text)
        assert "echo reply" in bench.text


async def pinged(bench):
    """Four pings from red to blue, with the packet list in front again."""
    bench.main.sends.runs.clear()
    await bench.press("s")
    await bench.fill("interval", "0.05")
    await bench.press("enter")
    await bench.until(lambda: sent(bench) == [4])
    await bench.press("escape", "1")


@boxed
async def test_a_filter_goes_on_with_what_comes_and_clearing_begins_anew(folder):
    async with screen(folder, two_hosts(), size=(160, 48)) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("w")
        await bench.fill("filter", "icmp")
        await bench.press("enter")
        await pinged(bench)
        await bench.press("slash")
        await bench.fill("bar-input", "icmp[0] == 0")
        await bench.press("enter")
        await bench.until(lambda: "4 of 8 pkt" in bench.text)
        await pinged(bench)
        await bench.until(lambda: "8 of 16 pkt" in bench.text)
        assert bench.main.packets.line_count() == 8
        detail = bench.main.bottom.detail
        await bench.until(lambda: detail.packet == bench.main.packets.packet)
        assert "echo-reply" in bench.text
        await bench.press("enter")
        assert not bench.main.packets.following
        await bench.press("escape", "C", "enter")
        await bench.until(lambda: bench.app.watching.count == 0)
        assert bench.app.watching.running
        await pinged(bench)
        await bench.until(lambda: bench.main.packets.line_count() == 8)
    assert list(folder.glob("*.pcapng")) == []


@boxed
async def test_everything_that_can_be_sent_is_answered(folder):
    async with screen(folder, two_hosts(), size=(120, 36)) as bench:
        bench.main.select(Item("namespace", "red"))
        await bench.press("s")
        for kind, words in (
            ("trace-icmp", "there after 1 hop"),
            ("tcp", "closed"),
            ("udp", "unreachable"),
        ):
            await bench.choose("kind", kind)
            await bench.press("enter")
            await bench.until(lambda: len(sent(bench)) == 1, kind)
            assert words in bench.text, (kind, bench.text)
            bench.main.sends.runs.clear()
        await bench.choose("kind", "scapy")
        await bench.fill("expression", "IP(ds")
        await bench.fill("expression", 'IP(dst="10.0.0.2")/ICMP()')
        await bench.until(lambda: "Makes IP / ICMP" in bench.text)
        await bench.fill("count", "1")
        await bench.press("enter")
        await bench.until(lambda: sent(bench) == [1])
        assert "echo-reply" in bench.text


@boxed
async def test_what_is_done_outside_is_drawn_and_logged(folder):
    async with screen(folder, two_hosts()) as bench:
        sh("ip -n red link set dev eth0 down")
        await bench.until(lambda: "outside:" in bench.main.query_one("#log").plain_text)
        await bench.until(lambda: "≠1 drift" in bench.text)
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("enter")
        assert '"red:eth0" is down' in bench.text
        assert "F repair  A adopt" in bench.text
        await bench.press("F")
        assert bench.in_dialog
        assert "ip -n red link set dev eth0 up" in bench.text
        assert "no undo entry" in bench.text
        await bench.press("enter")
        assert not bench.in_dialog
        assert "1 drift" not in bench.text
        assert bench.lab.snapshot.history.position == 0
        link = json.loads(sh("ip -j -n red link show dev eth0"))[0]
        assert "UP" in link["flags"]
        await bench.press("F")
        assert "nothing has drifted" in bench.toasts[-1]


@boxed
async def test_drift_is_adopted_and_undone(folder):
    async with screen(folder, two_hosts()) as bench:
        sh("ip -n red link set dev eth0 mtu 1400")
        sh("ip -n blue link set dev eth0 mtu 1300")
        await bench.until(lambda: "≠2 drift" in bench.text)
        bench.main.select(Item("namespace", "red"))
        await bench.press("F")
        assert "All 2 of the lab" in bench.text
        # The facts may also be seen in the log.
        assert "ip -n blue link set dev eth0 mtu 1500" not in bench.text
        await bench.press("a")
        assert "ip -n blue link set dev eth0 mtu 1500" in bench.text
        await bench.press("escape", "A")
        assert "Becomes what the lab is to be:" in bench.text
        assert "no command, one undo entry" in bench.text
        await bench.press("enter")
        assert "done: adopt 2 changes made outside" in bench.toasts[-1]
        assert bench.topology.link(RED).mtu == 1400
        assert bench.lab.snapshot.drift == ()
        await bench.press("u")
        assert json.loads(sh("ip -j -n red link show dev eth0"))[0]["mtu"] == 1500


@boxed
async def test_an_edit_the_kernel_refuses_leaves_the_lab_as_before(folder):
    async with screen(folder, two_hosts()) as bench:
        # No name of a link, and yet taken.
        sh("ip -n red link property add dev eth0 altname eth1")
        before = bench.topology
        await bench.press("v")
        await bench.choose("a_place", "red")
        await bench.choose("b_place", "blue")
        await bench.fill("a_address", "10.9.0.1/24")
        await bench.press("enter")
        assert bench.in_dialog
        assert "the lab is as before" in bench.problem("")
        assert bench.topology == before
        sh("ip -n red link property del dev eth0 altname eth1")
        await bench.press("enter")
        assert not bench.in_dialog
        end = Endpoint("red", "eth1")
        assert bench.topology.link(end).addresses == ("10.9.0.1/24",)
        assert "10.9.0.1" in sh("ip -n red addr show dev eth1")


@boxed
async def test_an_address_that_can_not_be_is_refused_in_the_dialog(folder):
    async with screen(folder, two_hosts()) as bench:
        sh("ip netns exec red sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
        await bench.press("v")
        await bench.choose("a_place", "red")
        await bench.choose("b_place", "blue")
        await bench.fill("a_address", "fd00::1/64")
        await bench.press("enter")
        assert bench.in_dialog
        said = '"red:eth1" can\'t have fd00::1/64: IPv6 was switched off there'
        assert said in bench.problem("")
        await bench.fill("a_address", "10.9.0.1/24")
        await bench.press("enter")
        assert not bench.in_dialog


@boxed
async def test_a_removal_names_the_programs_and_the_capture_that_end(folder):
    async with screen(folder, two_hosts()) as bench:
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("w", "enter")
        await bench.until(lambda: bench.app.watching.running)
        words = ["ip", "netns", "exec", "red", "sh", "-c", "echo up; exec sleep 77"]
        program = subprocess.Popen(words, stdout=subprocess.PIPE)
        try:
            assert program.stdout.readline() == b"up\n"
            bench.main.select(Item("namespace", "red"))
            await bench.press("d")
            await bench.until(lambda: "sleep 77" in bench.text)
            assert f"process {program.pid} in red: sleep 77" in bench.text
            assert "the capture of red:eth0" in bench.text
            await bench.press("enter")
            assert "red" not in bench.topology.namespaces
            assert program.wait(10) != 0
        finally:
            program.kill()
            program.wait()
            program.stdout.close()
