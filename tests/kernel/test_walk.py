"""A long random walk through edits, undo and redo on the real kernel.

After each step what is observed is what is wished for, and wherever the history comes
by again the dump is the very same. TUILAB_TEST_SEED replays a walk by its seed.
"""

import collections
import os
import random

from tests.kernel.alive import a_lab, assert_as_wished
from tests.kernel.packetbox import boxed
from tests.strategies import applied, random_change
from tuilab.plan.state import to_data

EDITS = 300
CHAPTER = 30
"""Edits of one lab; the next begins with an empty one."""
GROWTH = 10
"""The first of them, which make it big enough for its parts to meet."""
VERBS = ("edit",) * 5 + ("undo",) * 2 + ("redo", "leap")


async def step(lab, verb, chance, growing):
    """One step, if it can be made here; whether it was an edit."""
    history = lab.snapshot.history
    if verb == "edit":
        change = random_change(lab.snapshot.topology, chance, growing)
        after = applied(lab.snapshot.topology, change)
        if after is None or after == lab.snapshot.topology:
            return False
        await lab.edit(change)
        return True
    if verb == "undo" and history.position:
        await lab.undo()
    elif verb == "redo" and history.position < len(history.edits):
        await lab.redo()
    elif verb == "leap":
        await lab.go_to(chance.randint(0, len(history.edits)))
    return False


async def chapter(chance, count):
    async with a_lab() as lab:
        dumps = {0: to_data(lab.snapshot.observed)}
        edited = 0
        while edited < CHAPTER:
            verb = chance.choice(VERBS)
            if await step(lab, verb, chance, edited < GROWTH):
                edited += 1
                # What could have been redone is gone.
                position = lab.snapshot.history.position
                dumps = {k: v for k, v in dumps.items() if k < position}
            await assert_as_wished(lab)
            count[verb] += 1
            seen = to_data(lab.snapshot.observed)
            assert dumps.setdefault(lab.snapshot.history.position, seen) == seen, verb
        await lab.go_to(0)
        await assert_as_wished(lab)
        assert to_data(lab.snapshot.observed) == dumps[0]


@boxed
async def test_a_random_walk_of_three_hundred_edits(tmp_path):
    seed = int(os.environ.get("TUILAB_TEST_SEED") or random.randrange(2**32))
    print(f"TUILAB_TEST_SEED={seed}")
    chance = random.Random(seed)
    count = collections.Counter()
    for _ in range(EDITS // CHAPTER):
        await chapter(chance, count)
    print(dict(count))
    assert count["edit"] >= EDITS
    assert set(count) == set(VERBS)
