"""What flows through links, and how it shows without colour."""

from __future__ import annotations

import pytest

from tests.canvas_labs import Sketch, snapshot, switch, two_hosts
from tuilab.lab.snapshot import Live
from tuilab.model import edits
from tuilab.model.topology import HOST, Endpoint
from tuilab.tui.canvas.activity import Activity, Flow, activity
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.drawing import differences
from tuilab.tui.canvas.glyphs import ASCII, UNICODE, Glyphs
from tuilab.tui.canvas.layout import Wish, compose
from tuilab.tui.canvas.raster import draw

RED, BLUE = Endpoint("red", "eth0"), Endpoint("blue", "eth0")


def text(sketch: Sketch, flows: Activity, glyphs: Glyphs = UNICODE) -> str:
    wish = Wish(80, 24, 2, roomy=glyphs is ASCII)
    scene = compose(build(sketch.snapshot()), wish)
    return draw(scene, glyphs, activity=flows).text()


def test_counters_that_grew_are_what_happened() -> None:
    before = {RED: Live("up", rx_packets=5), BLUE: Live("up", tx_packets=1, dropped=2)}
    after = {RED: Live("up", rx_packets=6), BLUE: Live("up", tx_packets=1, dropped=3)}
    assert activity(before, after) == {
        RED: Flow(rx=True),
        BLUE: Flow(errors=True),
    }
    assert activity(before, before) == {}


@pytest.mark.parametrize(
    ("later", "wrong"),
    [
        (Live("up", errors=1, rx_packets=900), True),
        (Live("up", dropped=1), True),  # all that was tried
        (Live("up", dropped=40, rx_packets=20, tx_packets=20), True),
        (Live("up", dropped=45, rx_packets=600), False),  # the rest of a burst
        (Live("up", rx_packets=600), False),
    ],
)
def test_drops_are_a_fault_where_little_else_came_through(
    later: Live, wrong: bool
) -> None:
    flows = activity({RED: Live("up")}, {RED: later})
    assert flows[RED].errors == wrong


def test_another_link_of_the_same_name_has_done_nothing_yet() -> None:
    before, after = Live("up", index=3), Live("up", index=9, rx_packets=7)
    assert activity({RED: before}, {RED: after}) == {}
    assert activity({}, {RED: after}) == {}


@pytest.mark.parametrize(
    ("flows", "line"),
    [
        ({}, "●───────●"),
        ({RED: Flow(tx=True)}, "●▸━━━━━━●"),
        ({BLUE: Flow(rx=True)}, "●▸━━━━━━●"),
        ({BLUE: Flow(tx=True)}, "●━━━━━━◂●"),
        ({RED: Flow(rx=True, tx=True)}, "●▸━━━━━◂●"),
        ({RED: Flow(errors=True)}, "!───────●"),
    ],
)
def test_traffic_shows_in_its_direction(flows: Activity, line: str) -> None:
    assert line in text(two_hosts(), flows)


def test_traffic_shows_in_plain_signs_too() -> None:
    flows = {RED: Flow(tx=True), BLUE: Flow(errors=True)}
    assert "o>------E" in text(two_hosts(), flows, ASCII)


def test_a_tap_sends_what_its_program_reads() -> None:
    sketch = Sketch().tap("host/br0", "tap0").bridge("host/br0")
    flows = {Endpoint(HOST, "tap0"): Flow(tx=True)}
    assert "▾" in text(sketch, flows)
    assert "▴" in text(sketch, {Endpoint(HOST, "tap0"): Flow(rx=True)})


def test_a_folded_leaf_shows_what_it_does() -> None:
    flows = {
        Endpoint("h1", "eth0"): Flow(tx=True),
        Endpoint("h2", "eth0"): Flow(rx=True),
        Endpoint("h3", "eth0"): Flow(rx=True, tx=True),
        Endpoint("h4", "eth0"): Flow(errors=True),
    }
    shown = text(switch(12), flows)
    for cell in ("▴h1 ", "▾h2 ", "◆h3 ", "!h4 ", "●h5 "):
        assert cell in shown
    assert "▾" in shown.splitlines()[3]  # the trunk


def test_traffic_moves_nothing() -> None:
    scene = compose(build(switch(3).snapshot()), Wish(80, 24, 2))
    quiet = draw(scene)
    busy = draw(scene, activity={Endpoint("h2", "eth0"): Flow(tx=True)})
    assert busy.boxes == quiet.boxes
    assert busy.ways == quiet.ways
    areas = differences(quiet, busy, range(quiet.height))
    assert areas
    assert all(area.width == 1 for area in areas)


@pytest.mark.parametrize("count", [2, 12])
def test_what_is_down_is_told_before_what_it_loses(count: int) -> None:
    lab = switch(count).topology()
    end = Endpoint("h1", "eth0")
    lab = edits.set_link(end, up=False).apply(lab)
    live = {it: Live("down" if it == end else "up") for it, _ in lab.links()}
    graph = build(snapshot(lab, live=live))
    scene = compose(graph, Wish(80, 24, 2))
    quiet = draw(scene).text()
    assert draw(scene, activity={end: Flow(errors=True)}).text() == quiet
    other = {Endpoint("h2", "eth0"): Flow(errors=True)}
    assert "!" in draw(scene, activity=other).text()
