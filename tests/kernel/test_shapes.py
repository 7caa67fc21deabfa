"""Ready shapes and copies on the real kernel: everybody there pings everybody."""

import asyncio

from tests.kernel.alive import a_lab, assert_as_wished
from tests.kernel.packetbox import boxed, sh
from tests.tui.labs import BR0, switch
from tuilab.model import edits
from tuilab.model.edits.paste import duplicate
from tuilab.model.generate import SHAPES, generate, grow
from tuilab.model.topology import HOST

SIZES = {"star": 3, "linear": 3, "ring": 4, "tree": 2, "mesh": 3, "fat-tree": 2}
SECONDS = 40
"""For a ping: spanning tree takes eight, on a busy machine more."""


def addresses(topology, names):
    return {
        name: [
            cidr.partition("/")[0]
            for link in topology.namespaces[name].links.values()
            for cidr in link.addresses
        ]
        for name in names
    }


async def all_ping(topology, names):
    """Every namespace reaches every address of every other one."""
    there = addresses(topology, names)

    async def ping(source, target):
        words = f"ip netns exec {source} ping -c 1 -W 1 {target}".split()
        async with asyncio.timeout(SECONDS):
            while True:
                process = await asyncio.create_subprocess_exec(
                    *words, stdout=asyncio.subprocess.DEVNULL
                )
                if await process.wait() == 0:
                    return

    pairs = [(s, t) for s in there for n in there if n != s for t in there[n]]
    await asyncio.gather(*(ping(*pair) for pair in pairs))


def made(before, after):
    return [name for name in after.namespaces if name not in before.namespaces]


async def _everybody_pings(lab, kind, *, routers):
    before = lab.snapshot.topology
    shape = generate(kind, SIZES[kind], routers=routers)
    await lab.edit(grow(shape, f"generate {shape.name}"))
    after = lab.snapshot.topology
    await all_ping(after, made(before, after))
    await assert_as_wished(lab)
    await lab.undo()
    assert lab.snapshot.topology == before


@boxed
async def test_hosts_on_switches_of_every_shape_ping_each_other(tmp_path):
    async with a_lab() as lab:
        await lab.edit(grow(generate("star", 2), "what is there already"))
        for kind in SHAPES:
            await _everybody_pings(lab, kind, routers=False)


@boxed
async def test_routers_of_every_shape_ping_each_other(tmp_path):
    async with a_lab() as lab:
        await lab.edit(grow(generate("star", 2), "what is there already"))
        for kind, shape in SHAPES.items():
            if shape.edges is not None:
                await _everybody_pings(lab, kind, routers=True)


@boxed
async def test_a_copy_works_as_the_original_does(tmp_path):
    async with a_lab() as lab:
        await lab.edit(edits.become("a switch", switch()))
        before = lab.snapshot.topology
        await lab.edit(duplicate(before, ["red"]))
        await all_ping(lab.snapshot.topology, ["red", "blue", "red2"])
        sh("ip netns exec red2 ping -c 1 -w 5 10.0.0.254")
        await lab.edit(duplicate(before, ["red", "blue", BR0]))
        await all_ping(lab.snapshot.topology, ["red3", "blue2"])
        sh("ip netns exec red3 ping -c 1 -w 5 10.0.1.254")
        await assert_as_wished(lab)
        # All that was copied goes in one edit, and comes back in one.
        after = lab.snapshot.topology
        await lab.edit(edits.remove([*made(before, after), BR0]))
        assert set(lab.snapshot.topology.namespaces) == {HOST, "red", "blue"}
        await lab.undo()
        await all_ping(lab.snapshot.topology, ["red", "blue", "red2"])
        await lab.undo()
        await lab.undo()
        assert lab.snapshot.topology == before
        await assert_as_wished(lab)
