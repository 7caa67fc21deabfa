"""What is on the screen is the lab: its cables, followed sign by sign."""

from __future__ import annotations

from collections import Counter

from tests.canvas_labs import at_random, snapshot
from tests.tui.canvas_bench import CanvasBench
from tests.unit.test_canvas_trace import Reader, expected

SIZE = (250, 70)


async def test_the_cables_on_the_screen_are_those_of_the_lab() -> None:
    """Of 200 random labs, one after the other in one canvas, at every level."""
    app, read = CanvasBench(snapshot(at_random(0).topology())), Counter[str]()
    async with app.run_test(size=SIZE) as pilot:
        canvas = app.canvas
        for seed in range(200):
            topology = at_random(seed).topology()
            canvas.snapshot = snapshot(topology)
            canvas.zoom_to(seed % 4)
            await pilot.pause()
            drawing, (left, top) = canvas.drawing, canvas._origin
            if not drawing.boxes or canvas.portion < 1:
                continue
            reader = Reader(drawing, ascii_only=False)
            reader.rows = [
                canvas.render_line(top + y).text[left : left + drawing.width]
                for y in range(drawing.height)
            ]
            assert reader.lines() == expected(topology, drawing), seed
            read.update(labs=1, cables=len(topology.cables))
    # Very few are larger than the screen.
    assert read["labs"] > 180
    assert read["cables"] > 1000
