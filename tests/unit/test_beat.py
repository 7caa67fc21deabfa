"""When a screen is painted."""

import asyncio
from itertools import pairwise

from tuilab.tui.beat import PERIOD, Beat


async def test_a_change_is_painted_at_once_and_the_next_a_period_later():
    loop = asyncio.get_running_loop()
    painted: list[float] = []
    done = asyncio.Event()

    def paint() -> None:
        painted.append(loop.time())
        done.set()

    beat = Beat(paint)
    for number in range(3):
        beat.resume()
        beat.resume()  # is the same beat
        assert beat._next is not None
        due = painted[-1] + PERIOD if painted else loop.time()
        assert beat._next.when() <= due
        await asyncio.wait_for(done.wait(), 10)
        done.clear()
        assert len(painted) == number + 1
    apart = [after - before for before, after in pairwise(painted)]
    assert min(apart) >= PERIOD * 0.9
    # After a rest nothing is waited for.
    await asyncio.sleep(PERIOD)
    beat.resume()
    assert beat._next.when() <= loop.time()
    beat.pause()
    await asyncio.sleep(0)
    assert len(painted) == 3
