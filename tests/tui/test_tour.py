"""The first minute: the card of an empty lab, and the tour."""

from __future__ import annotations

import json

from tests.kernel.packetbox import boxed, sh
from tests.tui.bench import opened
from tests.tui.labs import two_hosts
from tests.tui.test_real import screen
from tuilab.model.topology import HOST
from tuilab.plan.imported import Imported
from tuilab.tui.app import ExitChoice, Surroundings
from tuilab.tui.canvas.graph import Item
from tuilab.tui.tour import STEPS, Tour
from tuilab.tui.widgets.tour_pane import TourPane


def at(bench):
    """The title of the step we are at, or empty."""
    tour = bench.main.guide.tour
    return tour.step.title if tour else ""


async def test_the_card_has_numbers_only_while_the_lab_is_empty():
    async with opened() as bench:
        assert "1    Take the tour" in bench.text
        await bench.press("2")
        assert "Load a topology file" in bench.text
        assert "ready lab" in bench.text
        await bench.press("escape", "1")
        assert at(bench) == "A namespace"
        # What the tour does is not offered once more.
        assert "Take the tour" not in bench.text
        assert "nothing outside it can be changed." in bench.text
        await bench.press("escape")
        assert "Take the tour" in bench.text
        assert at(bench) == ""
        await bench.press("n", "enter", "1")
        assert at(bench) == ""
        assert bench.main.bottom.tab == "packets"
        await bench.press("2")
        assert bench.main.bottom.tab == "log"


async def test_what_the_machine_has_is_looked_at_outside_and_imported_by_one_edit():
    async with opened() as bench:
        await bench.press("3")
        assert bench.app.return_value == ExitChoice("machine")
    note = '"host:eth0" is left out: it is a network card'
    around = Surroundings(machine=Imported(two_hosts(), (note,)))
    async with opened(surroundings=around) as bench:
        before = bench.topology
        await bench.press("3")
        await bench.until(lambda: "Import from this machine" in bench.text)
        assert note in bench.text
        assert "ip netns add red" in bench.text
        assert "one undo entry" in bench.text
        assert bench.topology == before
        await bench.press("enter")
        await bench.until(lambda: "import from this machine (u undoes" in bench.text)
        assert bench.topology.namespaces == two_hosts().namespaces
        await bench.press("u")
        assert bench.topology == before
        # What was seen is old by now.
        await bench.press("3")
        assert bench.app.return_value == ExitChoice("machine")


async def test_the_card_can_be_clicked():
    async with opened() as bench:
        for words, title in (("Take the tour", "Tour 1/10"), ("first bridge", "Add b")):
            rows = bench.text.splitlines()
            row = next(y for y, text in enumerate(rows) if words in text)
            column = rows[row].index(words)
            await bench.pilot.click(offset=(column, row))
            await bench.until(lambda title=title: title in bench.text)
            await bench.press("escape")


async def test_the_tour_in_a_preview_by_enter_alone_and_removed_at_the_end():
    async with opened(two_hosts()) as bench:
        before = bench.topology
        await bench.press("colon")
        await bench.type("take the tour")
        await bench.press("enter")
        await bench.until(lambda: at(bench) == "A namespace")
        seen = []
        while at(bench) != STEPS[-1].title:
            seen.append(at(bench))
            assert f"Tour {bench.main.guide.tour.index + 1}/10" in bench.text
            assert "Enter" in bench.text
            await bench.press("enter")
        assert seen == [
            "A namespace",
            "A second one",
            "A cable",
            "Addresses",
            "A ping",
            "A ping",  # A preview says why there is none.
            "A bridge",
            "Break it",
            "Look",
            "Undo",
        ]
        assert len(bench.topology.namespaces) == len(before.namespaces) + 2
        await bench.press("r")
        assert at(bench) == ""
        assert bench.topology == before
        await bench.press("U")
        assert bench.topology != before


async def test_the_tour_shows_what_enter_will_run():
    async with opened() as bench:
        await bench.press("1")
        assert "ip netns add red" in bench.text
        await bench.press("enter", "enter")
        assert "ip -n red link add" in bench.text
        assert "or yourself: v veth" in bench.text


async def test_whatever_a_person_does_the_tour_keeps_up():
    async with opened(size=(120, 36)) as bench:
        await bench.press("1")
        # The eight keys do four of its steps.
        await bench.press("n", "enter", "n", "enter", "v", "enter")
        assert at(bench) == "A ping"
        await bench.press("u")
        assert at(bench) == "A cable"
        await bench.press("U")
        assert at(bench) == "A ping"
        await bench.press("question_mark", "escape", "4", "z", "escape", "T", "tab")
        bench.main.set_focus(bench.main.query_one(TourPane))
        await bench.press("enter", "enter", "b", "enter")
        assert at(bench) == "Break it"
        bench.main.select(Item("link", "red", "eth0"))
        await bench.press("x")
        assert at(bench) == "Look"
        await bench.press("u")
        assert at(bench) == STEPS[-1].title
        bench.main.select(Item("namespace", "red"))
        await bench.press("d", "enter")
        assert at(bench) == "A second one"
        await bench.press("escape")
        assert at(bench) == ""
        assert "what was made stays" in bench.toasts[-1]
        assert "blue" in bench.topology.namespaces


async def test_a_history_that_went_another_way_is_not_undone_blindly():
    async with opened(two_hosts()) as bench:
        await bench.press("n", "enter")
        bench.main.start("tour")
        await bench.idle()
        tour = bench.main.guide.tour
        assert isinstance(tour, Tour)
        await bench.press("u", "n", "enter")
        assert tour.way_back(bench.lab.snapshot) is None


@boxed
async def test_the_tour_builds_a_real_lab_and_keeps_it(folder):
    async with screen(folder) as bench:
        await bench.press("1", *["enter"] * 4)
        assert at(bench) == "A ping"
        await bench.press("enter")
        await bench.until(lambda: "4 sent, 4 received" in bench.text)
        assert "[ Enter goes on ]" in bench.text
        await bench.press("enter", "enter", "enter")
        assert at(bench) == "Look"
        link = json.loads(sh("ip -j -n red link show dev eth0"))[0]
        assert "UP" not in link["flags"]
        await bench.press("enter", "enter")
        link = json.loads(sh("ip -j -n red link show dev eth0"))[0]
        assert "UP" in link["flags"]
        bridge = json.loads(sh("ip -j link show type bridge"))
        assert [it["ifname"] for it in bridge] == ["br0"]
        await bench.press("enter")
        assert at(bench) == ""
        assert "the lab stays" in bench.toasts[-1]
        assert list(bench.topology.namespaces) == [HOST, "red", "blue"]
