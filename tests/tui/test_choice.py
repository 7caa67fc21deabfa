"""A field with a menu: opened, searched, left."""

from __future__ import annotations

import pytest

from tests.tui.bench import opened
from tests.tui.labs import switch
from tuilab.tui.widgets.choice import Choice


async def place(bench):
    """The first field of a dialog, which has the focus."""
    await bench.press("v")
    field = bench.app.screen.query_one("#a_place", Choice)
    assert bench.app.focused is field
    return field


@pytest.mark.parametrize("key", ["down", "up", "space"])
async def test_a_key_opens_it_and_enter_chooses(key):
    async with opened(switch()) as bench:
        field = await place(bench)
        before = field.value
        await bench.press(key)
        assert field.menu is not None
        assert bench.app.focused is field.menu
        assert "▲" in bench.text
        await bench.press("down", "enter")
        assert field.menu is None
        assert field.value != before
        assert bench.app.focused is field
        assert field.label in bench.text
        # The form has heard of it: what is proposed goes with the place.
        assert bench.app.screen.values["a_place"] == field.value


async def test_letters_go_to_the_option_that_has_them():
    async with opened(switch()) as bench:
        field = await place(bench)
        await bench.press("down", *"blue", "enter")
        assert field.value == "blue"


async def test_escape_and_tab_leave_it_as_it_was():
    async with opened(switch()) as bench:
        field = await place(bench)
        before = field.value
        await bench.press("down", "down", "escape")
        assert bench.in_dialog
        assert (field.menu, field.value) == (None, before)
        assert bench.app.focused is field
        await bench.press("down", "down", "tab")
        assert (field.menu, field.value) == (None, before)
        assert bench.app.focused is not field


async def test_a_click_opens_it_chooses_and_shuts_it():
    async with opened(switch()) as bench:
        field = await place(bench)
        await bench.pilot.click("#a_place")
        await bench.idle()
        assert field.menu is not None
        await bench.pilot.click("#a_place")
        await bench.idle()
        assert field.menu is None
        await bench.pilot.click("#a_place")
        await bench.idle()
        await bench.pilot.click(field.menu, offset=(3, 2))
        await bench.idle()
        assert field.value == bench.app.screen.values["a_place"] == "blue"
        assert field.menu is None
