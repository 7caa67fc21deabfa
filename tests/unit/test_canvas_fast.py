"""Drawings are made in little time, told against networkx in the same run.

The peer finds the rows of the same graph, the first and least step of a layered
drawing. Times are those of the processor, the least of several runs, and what is left
over of other tests is not looked for meanwhile: other work on the machine counts for
little. See ``tests/bench/canvas.py`` for milliseconds.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

import pytest

from tests.bench.canvas import LABS, layers
from tests.canvas_labs import snapshot
from tuilab.tui.canvas.boxes import Level
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.raster import draw

LEAST, MOST = 5, 25
"""Runs of ours; more than the least ones only while they take too long."""
PEERS = 5
"""Runs of the peer for each of ours: it takes much less."""


@pytest.fixture(autouse=True)
def no_garbage() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def took(work: Callable[[], object]) -> float:
    """Seconds of the processor that something takes."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


@pytest.mark.parametrize(
    ("name", "level", "most"),
    [
        # A third to a half as much again as it was when this was written.
        ("fat tree of 36", 2, 65),
        ("fat tree of 8 pods", 0, 55),
        ("fat tree of 8 pods", 1, 70),
        ("fat tree of 8 pods", 2, 80),
        ("fat tree of 8 pods", 3, 90),
        ("mesh of 24 switches", 1, 120),
        ("mesh of 24 switches", 3, 120),
        ("line of 200 switches", 1, 120),
        ("line of 200 switches", 3, 130),
    ],
)
def test_a_drawing_takes_so_many_times_as_long_as_its_rows_in_networkx(
    name: str, level: Level, most: float
) -> None:
    make, fold = LABS[name]
    graph = build(snapshot(make()))
    wish = Wish(160, 48, level, Choices(most=fold))
    ours, peers = [], []
    for run in range(MOST):
        ours.append(took(lambda: draw(compose(graph, wish))))
        peers += [took(lambda: layers(graph)) for _ in range(PEERS)]
        if run >= LEAST and min(ours) / min(peers) < most:
            break
    assert min(ours) / min(peers) < most
