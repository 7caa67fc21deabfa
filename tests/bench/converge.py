"""How fast labs come up, change and go: ``python -m tests.bench.converge``.

tuilab in process, verification included, against ``ip -batch``, a shell script of
``ip`` commands, and Mininet with Linux bridges (skipped where it is missing), on the
same shapes, interleaved, each run in a sandbox of its own. Seconds are wall time, the
median of the runs; ratios are medians of the ratios run by run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tuilab.kernel import sandbox
from tuilab.lab.journal import FileJournal
from tuilab.lab.lab import Lab
from tuilab.model import edits, generate
from tuilab.model.topology import HOST, Bridge, Endpoint, Topology
from tuilab.model.validate import problems
from tuilab.plan.planner import plan
from tuilab.plan.simulate import fresh_namespace
from tuilab.plan.state import State, expand

SHAPES: dict[str, Callable[[int], Topology]] = {
    "star": generate.star,
    "linear": generate.linear,
    "fattree4": lambda _: generate.fat_tree(4),
    "mesh10": lambda _: generate.mesh(10, 10),
}
FIXED = {"fattree4": 16, "mesh10": 100}
"""Hosts of the shapes that come in one size."""
STEPS = ("check", "plan", "up", "edit", "undo", "down")
"""``check`` is whether the lab can be built at all, ``plan`` what to do; ``up`` has
both in it once more."""
EDITS = 15
"""Times to edit and undo: right after ``up`` the kernel is still busy."""
MININET_PYTHON = "/usr/bin/python3"
EDITED = Endpoint("h1", "eth0")


def lines_of(topology: Topology) -> list[str]:
    """The ``ip`` command lines that build a topology from nothing."""
    start = State({HOST: fresh_namespace()})
    return list(plan(start, expand(topology), start).commands)


# -- one run of each, inside a sandbox -----------------------------------------------


async def tuilab(topology: Topology) -> dict[str, float]:
    from tuilab.kernel.netlink import NetlinkDriver

    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        journal = FileJournal.create(directory, Topology("bench"))
        lab = await Lab.open(NetlinkDriver(), journal, directory)
        await lab.restore()
        took = await steps_of(lab, topology)
        await lab.aclose()
    return took


async def steps_of(lab: Lab, topology: Topology) -> dict[str, float]:
    took: dict[str, float] = {}
    before = resident_kb()
    change = edits.become("up", topology)
    began = time.perf_counter()
    assert not problems(topology)
    base = expand(lab.snapshot.topology)
    target = expand(topology)
    checked = time.perf_counter()
    plan(base, target, lab.snapshot.observed)
    took["check"] = checked - began
    took["plan"] = time.perf_counter() - checked
    down = edits.set_link(EDITED, up=False)
    steps = {"edit": lambda: lab.edit(down), "undo": lab.undo}
    began = time.perf_counter()
    await lab.edit(change)
    took["up"] = time.perf_counter() - began
    times: dict[str, list[float]] = {step: [] for step in steps}
    for _ in range(EDITS):
        for step, run in steps.items():
            began = time.perf_counter()
            await run()
            times[step].append(time.perf_counter() - began)
    took |= {step: statistics.median(some) for step, some in times.items()}
    count = max(1, len(topology.namespaces) - 1)
    took["fds"] = len(os.listdir("/proc/self/fd")) / count
    took["rss_kb"] = (resident_kb() - before) / count
    return took


def resident_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def ip_batch(topology: Topology) -> dict[str, float]:
    """Two kinds of batch: the root's, then one for each namespace."""
    root, inside = [], {}
    for line in lines_of(topology):
        words = line.split()
        if words[1] == "-n":
            inside.setdefault(words[2], []).append(" ".join(words[3:]))
        else:
            root.append(" ".join(words[1:]))
    began = time.perf_counter()
    feed(["ip", "-batch", "-"], root)
    for name, commands in inside.items():
        feed(["ip", "-n", name, "-batch", "-"], commands)
    return {"up": time.perf_counter() - began, **edit_by_hand()}


def shell(topology: Topology) -> dict[str, float]:
    script = ["set -e", *lines_of(topology)]
    began = time.perf_counter()
    feed(["sh", "-s"], script)
    return {"up": time.perf_counter() - began, **edit_by_hand()}


def edit_by_hand() -> dict[str, float]:
    words = {"edit": "down", "undo": "up"}
    times: dict[str, list[float]] = {step: [] for step in words}
    for _ in range(EDITS):
        for step, word in words.items():
            began = time.perf_counter()
            subprocess.run(["ip", "-n", "h1", "link", "set", "eth0", word], check=True)
            times[step].append(time.perf_counter() - began)
    return {step: statistics.median(some) for step, some in times.items()}


MININET = """
import json, sys, time
from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import Topo
setLogLevel("error")
hosts, switches, links, stp = json.loads(sys.stdin.read())
topo = Topo()
for host in hosts:
    topo.addHost(host)
for switch in switches:
    topo.addSwitch(switch, stp=stp)
for one, other in links:
    topo.addLink(one, other)
near, far = next((a, b) for a, b in links if "h1" in (a, b))
began = time.perf_counter()
net = Mininet(topo, switch=LinuxBridge, controller=None)
net.start()
up = time.perf_counter()
net.configLinkStatus(near, far, "down")
edit = time.perf_counter()
net.configLinkStatus(near, far, "up")
undo = time.perf_counter()
net.stop()
down = time.perf_counter()
print(json.dumps({"up": up - began, "edit": edit - up, "undo": undo - edit,
                  "down": down - undo}))
"""


def mininet(topology: Topology) -> dict[str, float]:
    """The same hosts, switches and links; only names of the form s1 will do."""
    hosts = [name for name in topology.namespaces if name != HOST]
    switches: dict[tuple[str, str | None], str] = {}

    def node(end: Endpoint) -> str:
        link = topology.link(end)
        if link is None or link.master is None:
            return end.namespace
        return switches.setdefault(
            (end.namespace, link.master), f"s{len(switches) + 1}"
        )

    links = [(node(cable.a), node(cable.b)) for cable in topology.cables]
    stp = any(isinstance(it, Bridge) and it.stp for _, it in topology.links())
    done = subprocess.run(
        [MININET_PYTHON, "-c", MININET],
        input=json.dumps([hosts, list(switches.values()), links, stp]),
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def feed(command: list[str], lines: list[str]) -> None:
    subprocess.run(command, input="\n".join(lines) + "\n", text=True, check=True)


def inside(contender: str, shape: str, size: int) -> dict[str, float]:
    topology = SHAPES[shape](size)
    if contender == "tuilab":
        return asyncio.run(tuilab(topology))
    if contender == "mininet":
        return mininet(topology)
    return ip_batch(topology) if contender == "ip -batch" else shell(topology)


# -- all of them, outside ------------------------------------------------------------


def run(contender: str, shape: str, size: int) -> dict[str, float]:
    """One run of one contender in a fresh sandbox; ending it is timed as ``down``."""
    keeper = sandbox.create("bench")
    try:
        command = [sys.executable, "-m", "tests.bench.converge", "--inside"]
        command += [json.dumps(keeper.to_data()), contender, shape, str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        took = json.loads(done.stdout.splitlines()[-1])
    except subprocess.CalledProcessError as error:
        sys.exit(f"{contender} on {shape} {size}: {error.stderr}")
    finally:
        began = time.perf_counter()
        sandbox.destroy(keeper)
        ended = time.perf_counter() - began
    if contender == "tuilab":
        took["down"] = ended
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="2,16,100")
    parser.add_argument("--shapes", default="star,linear,fattree4,mesh10")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--inside", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        keeper, contender, shape, size = options.inside
        sandbox.enter(sandbox.Keeper.from_data(json.loads(keeper)))
        print(json.dumps(inside(contender, shape, int(size))))
        return
    rows = []
    for shape in options.shapes.split(","):
        sizes = [FIXED[shape]] if shape in FIXED else options.sizes.split(",")
        for size in map(int, sizes):
            rows += measure(shape, size, options.runs)
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        table(rows)


def measure(shape: str, size: int, runs: int) -> list[dict[str, object]]:
    contenders = ["tuilab", "ip -batch", "shell"]
    if shutil.which("mn") and shutil.which("brctl") and os.geteuid() == 0:
        contenders.append("mininet")
    else:
        print("Mininet left out: needs root, mininet, bridge-utils", file=sys.stderr)
    results: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name in contenders:
            results[name].append(run(name, shape, size))
    rows = []
    for name, took in results.items():
        row: dict[str, object] = {"shape": shape, "size": size, "who": name}
        for key in took[0]:
            row[key] = statistics.median(one[key] for one in took)
            if key in STEPS and key in results["tuilab"][0] and name != "tuilab":
                pairs = zip(results["tuilab"], took, strict=True)
                row[f"{key} ratio"] = statistics.median(
                    ours[key] / theirs[key] for ours, theirs in pairs
                )
        rows.append(row)
    return rows


def table(rows: list[dict[str, object]]) -> None:
    head = f"{'shape':8}{'size':>5}  {'who':10}" + "".join(f"{s:>18}" for s in STEPS)
    print(
        head + f"{'fds':>7}{'rss kB':>8}   (ms; in brackets tuilab's share; per host)"
    )
    for row in rows:
        line = f"{row['shape']:8}{row['size']:>5}  {row['who']:10}"
        for step in STEPS:
            cell = f"{row[step] * 1000:.1f}" if step in row else "-"
            if f"{step} ratio" in row:
                cell += f" ({row[f'{step} ratio']:.2f}x)"
            line += f"{cell:>18}"
        if "fds" in row:
            line += f"{row['fds']:>7.1f}{row['rss_kb']:>8.0f}"
        print(line)


if __name__ == "__main__":
    main()
