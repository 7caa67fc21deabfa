"""How long a drawing takes: ``python -m tests.bench.canvas``.

Labs are folded, put in order, placed, routed and given their signs at every level of
detail. The peer is networkx, on the same graph in the same run: the rows that its BFS
layers make from one node. That is the first and least step of a layered drawing, and
it yields neither columns nor lines. Milliseconds, the median of the runs; a ratio is
the median of the ratios run by run. ``state`` is what a link that goes down costs,
placed and painted; ``repaint`` gives the signs again to what has been placed, as when
the selection moves. Large labs are placed beside the loop of the screen, see
``LabView``: what that takes delays no key.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import networkx

from tests.canvas_labs import branches, fat_tree, nested, snapshot, switch
from tuilab.lab.snapshot import Live
from tuilab.model.generate import generate
from tuilab.model.topology import Topology, Veth
from tuilab.tui.canvas.boxes import LEVELS
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.graph import Graph
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.raster import draw
from tuilab.tui.sweeping import take_short_turns

LABS: dict[str, tuple[Callable[[], Topology], int]] = {
    "two nodes of pods": (lambda: nested().topology(), 8),
    "fat tree of 36": (lambda: fat_tree().topology(), 8),
    "190 hosts on 10 bridges": (lambda: branches(10, 19).topology(), 8),
    "the same unfolded": (lambda: branches(10, 19).topology(), 999),
    "1000 hosts folded": (lambda: switch(1000).topology(), 8),
    "mesh of 24 switches": (lambda: generate("mesh", 24), 8),
    "fat tree of 8 pods": (lambda: generate("fat-tree", 8), 8),
    "ring of 60 switches": (lambda: generate("ring", 60), 8),
    "line of 200 switches": (lambda: generate("linear", 200), 8),
}


def took(work: Callable[[], object]) -> float:
    """Milliseconds that something takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def layers(graph: Graph) -> int:
    """What the peer does."""
    made = networkx.MultiGraph()
    made.add_nodes_from(range(len(graph.nodes)))
    made.add_edges_from((edge.a.node, edge.b.node) for edge in graph.edges)
    return sum(
        len(list(networkx.bfs_layers(made, min(part))))
        for part in networkx.connected_components(made)
    )


def measure(name: str, level: int, runs: int) -> dict[str, object]:
    """One row of the table."""
    make, most = LABS[name]
    topology = make()
    graph = build(snapshot(topology))
    end = next(end for end, link in topology.links() if isinstance(link, Veth))
    down = build(snapshot(topology, live={end: Live("down")}))
    wish = Wish(160, 48, level, Choices(most=most))  # type: ignore[arg-type]
    scene = compose(graph, wish)
    whole, state, paint, peer = [], [], [], []
    for _ in range(runs):
        whole.append(took(lambda: draw(compose(graph, wish))))
        state.append(took(lambda: draw(compose(down, wish, scene.memory, scene))))
        paint.append(took(lambda: draw(scene)))
        peer.append(took(lambda: layers(graph)))
    return {
        "lab": name,
        "nodes": len(graph.nodes),
        "level": level,
        "columns": scene.width,
        "rows": scene.height,
        "milliseconds": statistics.median(whole),
        "state": statistics.median(state),
        "repaint": statistics.median(paint),
        "against": "networkx bfs_layers",
        "ratio": statistics.median(a / b for a, b in zip(whole, peer, strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    take_short_turns()  # garbage is looked for as seldom as in the app
    rows = [
        measure(name, level, options.runs) for name in LABS for level in sorted(LEVELS)
    ]
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(
            f"{row['lab']:24}{row['nodes']:5} nodes  level {row['level']}"
            f"{row['columns']:6}x{row['rows']:<4}{row['milliseconds']:8.1f} ms"
            f"  state{row['state']:7.1f}  repaint{row['repaint']:6.1f} ms "
            f"  {row['ratio']:5.1f}x of networkx"
        )


if __name__ == "__main__":
    main()
