"""The inspector on the real kernel: what happens there is seen within two seconds."""

import subprocess
import sys
import time

from tests.kernel.packetbox import boxed, sh
from tests.tui.labs import RED, switch, two_hosts
from tests.tui.test_inspector import inspect
from tests.tui.test_real import screen
from tuilab.model import edits
from tuilab.model.topology import HOST
from tuilab.tui.canvas.graph import Item

LARGE = (160, 48)
SOON = 2.0
"""Seconds in which what happened is on the screen."""


@boxed
async def test_a_program_that_listens_is_there_and_gone_again(folder):
    code = "import socket, sys; s = socket.create_server(('', 8080)); sys.stdin.read()"
    async with screen(folder, two_hosts(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("namespace", "red"))
        assert "Sockets" not in inspector.plain_text
        words = ["ip", "netns", "exec", "red", sys.executable, "-c", code]
        with subprocess.Popen(words, stdin=subprocess.PIPE) as program:
            while "8080" not in sh("ip netns exec red ss -Hltn"):
                pass
            began = time.monotonic()
            shown = f" {program.pid}"
            await bench.until(lambda: "0.0.0.0:8080" in inspector.plain_text)
            await bench.until(lambda: shown in inspector.plain_text)
            assert time.monotonic() - began < SOON
            assert "Programs (1)" in inspector.plain_text
            program.stdin.close()
        began = time.monotonic()
        await bench.until(lambda: "8080" not in inspector.plain_text)
        assert time.monotonic() - began < SOON


@boxed
async def test_what_a_bridge_learns_and_what_flows(folder):
    async with screen(folder, switch(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("bridge", HOST, "br0"))
        sh("ip netns exec red ping -c1 -W5 10.0.0.2")
        await bench.until(lambda: "port2  learned 0 s" in inspector.plain_text)
        await inspect(bench, Item("link", "red", "eth0"))
        words = ["ip", "netns", "exec", "blue", "ping", "-i", "0.05", "10.0.0.1"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as flood:
            await bench.until(lambda: "kB/s" in inspector.plain_text)
            # A link made anew counts anew: no rate comes of that.
            await bench.edit(edits.remove_link(RED))
            await bench.press("u")
            flood.terminate()
        await inspect(bench, Item("link", "red", "eth0"))
        index = inspector.closeup.details["red", "eth0"].links["eth0"].index
        await bench.until(lambda: bench.lab.snapshot.live[RED].index == index)
        flow = bench.lab._meter.of(RED)
        assert all(rate.rx >= 0 and rate.tx >= 0 for rate in flow.past)


@boxed
async def test_a_namespace_that_goes_while_it_is_looked_at(folder):
    async with screen(folder, two_hosts(), size=LARGE) as bench:
        inspector = await inspect(bench, Item("namespace", "red"))
        sh("ip netns del red")
        await bench.until(lambda: "not in the kernel (yet)" in inspector.plain_text)
        assert 'namespace "red" is gone' in inspector.plain_text
        bench.main.start("repair")
        await bench.until(lambda: bench.in_dialog)
        await bench.press("enter")
        await bench.until(lambda: not bench.in_dialog)
        await bench.until(lambda: inspector.closeup.details)
        assert "10.0.0.1/24" in inspector.plain_text
        assert not bench.lab.snapshot.drift
