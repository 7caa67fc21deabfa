"""What one drawing of a scene leaves to the next one changes nothing that is seen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canvas_labs import KNOWN, at_random, snapshot
from tuilab.lab.snapshot import Live
from tuilab.model.topology import Endpoint, Topology
from tuilab.plan.state import State, expand
from tuilab.tui.canvas.activity import Flow
from tuilab.tui.canvas.again import again, same
from tuilab.tui.canvas.build import build
from tuilab.tui.canvas.choices import Choices
from tuilab.tui.canvas.drawing import Drawing, Run
from tuilab.tui.canvas.glyphs import ASCII, UNICODE
from tuilab.tui.canvas.group import group
from tuilab.tui.canvas.layout import layout
from tuilab.tui.canvas.paper import Draft, Lazy
from tuilab.tui.canvas.raster import draw
from tuilab.tui.canvas.regions import arrange
from tuilab.tui.canvas.scene import Manner

LABS = {
    **{name: make().topology() for name, make in KNOWN.items()},
    **{f"seed {seed}": at_random(seed).topology() for seed in range(12)},
}


def walk(
    topology: Topology, level: int, seed: int
) -> Iterator[tuple[Drawing, Drawing]]:
    """Drawings of a lab in which selection, mark, traffic and states change at random.

    Yields:
        One of a scene that has been drawn before, and one of a scene that has not.
    """
    dice = random.Random(seed)
    choices = Choices(most=3)
    graph = group(build(snapshot(topology)), choices)
    other = Manner(level, combs=level == 1, tight=True)
    manner = dice.choice([Manner(level), other])
    scene = layout(graph, arrange(graph), manner, 120)
    items = [*draw(scene).items]
    ends = [end for end, _ in topology.links()]
    for _ in range(12):
        chosen = dice.sample(items, min(len(items), dice.randrange(3)))
        mark = dice.choice([None, None, *items])
        look = (dice.choice([UNICODE, UNICODE, ASCII]), chosen, mark)
        activity = {
            end: Flow(*(dice.random() < share for share in (0.5, 0.5, 0.1)))
            for end in ends
            if dice.random() < dice.choice((0.0, 0.2, 0.9))
        }
        if dice.random() < 0.5:
            states = group(build(snapshot(topology, **now(topology, dice))), choices)
            if same(scene, states):  # a grid may have more to tell in its frame
                scene = again(scene, states)
        fresh = replace(scene, kept=None, traces=None)
        yield draw(scene, *look, activity), draw(fresh, *look, activity)


def now(topology: Topology, dice: random.Random) -> dict[str, Any]:
    """Links as the kernel may hold them: some are down, some have no carrier."""
    wish = expand(topology)
    live: dict[Endpoint, Live] = {}
    namespaces = {}
    share = dice.choice((0.0, 0.1, 0.6))
    for name, namespace in wish.namespaces.items():
        links = dict(namespace.links)
        for ifname, link in links.items():
            up = dice.random() > share
            links[ifname] = replace(link, up=up)
            carrier = "up" if dice.random() > share else "no-carrier"
            live[Endpoint(name, ifname)] = Live(carrier if up else "down")
        namespaces[name] = replace(namespace, links=links)
    pending = dice.choice(["", "set something down"])
    return {"observed": State(namespaces), "live": live, "pending": pending}


def told(drawing: Drawing) -> Drawing:
    """All that a drawing says; the numbers of the owners of its cells say nothing."""
    items = [*drawing.items, None]
    owners = tuple(tuple(items[it] for it in row) for row in drawing.owners)
    return replace(drawing, owners=owners, items=())  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("name", LABS)
def test_a_scene_that_was_drawn_before_is_drawn_the_same(name: str, level: int) -> None:
    for touched_up, fresh in walk(LABS[name], level, level):
        assert told(touched_up) == told(fresh)


def test_a_row_that_looks_the_same_is_the_same() -> None:
    topology = LABS["fat tree"]
    graph = build(snapshot(topology))
    scene = layout(graph, arrange(graph), Manner(2), 120)
    before = draw(scene)
    after = draw(scene, selected=[before.items[-1]])
    kept = [one is two for one, two in zip(before.rows, after.rows, strict=True)]
    assert before.rows != after.rows
    assert kept.count(False) <= 5


STROKES = st.tuples(
    st.integers(0, 19), st.integers(1, 6), st.sampled_from("ab"), st.sampled_from("xyz")
)


@given(st.lists(STROKES), st.integers(0, 9))
def test_a_row_has_a_run_for_each_style_and_every_cell_as_it_was_painted_last(
    strokes: list[tuple[int, int, str, str]], half: int
) -> None:
    width = 20
    known = Lazy[tuple[str, str], Run](lambda key: Run(*key))
    draft, cells = Draft.blank(width), [(" ", "space", -1)] * width
    for number, (left, count, sign, style) in enumerate(strokes):
        end = min(left + count, width)
        if number == half:  # what is painted can be painted over later
            draft = Draft.of(draft.row(known), draft.owners).copy()
        if count == 1:
            draft.put(left, sign, style, number)
        elif sign == "a":
            draft.fill(left, end, sign, style, number)
        else:
            draft.write(left, sign * (end - left), style, number)
        cells[left:end] = [(sign, style, number)] * (end - left)
    row = draft.row(known)
    assert [(sign, run.style) for run in row for sign in run.text] == [
        (sign, style) for sign, style, _ in cells
    ]
    assert list(draft.owners) == [owner for *_, owner in cells]
    assert all(one.style != two.style for one, two in pairwise(row))
