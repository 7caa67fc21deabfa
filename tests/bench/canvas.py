"""How long a drawing takes: ``python -m tests.bench.canvas``.

Order, places and cells of a fat tree of 36 nodes at each level of detail, and of wider
labs, against an empty lab's; milliseconds, the best of ten.
"""

from __future__ import annotations

import time

from tests.canvas_labs import branches, fat_tree, two_hosts
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.layout import layout
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner


def main() -> None:
    labs = {"2 hosts": two_hosts(), "fat tree": fat_tree(), "10x19": branches(10, 19)}
    for name, sketch in labs.items():
        graph = build(sketch.snapshot())
        for level in LEVELS:
            times = []
            for _ in range(10):
                began = time.perf_counter()
                draw(layout(graph, arrange(graph), Manner(level), 160))
                times.append(time.perf_counter() - began)
            size = len(graph.nodes)
            print(
                f"{name:10} {size:4} nodes level {level}: {min(times) * 1000:7.1f} ms"
            )


if __name__ == "__main__":
    main()
