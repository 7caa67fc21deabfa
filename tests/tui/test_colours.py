"""Colours that can be told apart, whatever the theme."""

from __future__ import annotations

from textual.color import Color

from tests.tui.bench import opened
from tuilab.tui.contrast import LEAST, contrast


async def test_words_and_frames_can_be_told_from_the_ground_in_every_theme() -> None:
    changed = {}
    async with opened() as bench:
        for name, theme in bench.app.available_themes.items():
            bench.app.theme = name
            colours = bench.app.get_css_variables()
            if Color.parse(colours["background"]).ansi is not None:
                continue  # the terminal's own
            for text, least in LEAST.items():
                for ground in ("background", "surface"):
                    pair = Color.parse(colours[text]), Color.parse(colours[ground])
                    assert contrast(*pair) >= least, (name, text, ground)
            made = theme.to_color_system().generate()
            changed[name] = [text for text in LEAST if made[text] != colours[text]]
    # What can be told apart anyhow is as the theme has it.
    assert changed["textual-dark"] == []
    assert "accent" in changed["textual-light"]


async def test_keys_are_written_in_the_colour_that_can_be_read() -> None:
    async with opened() as bench:
        bench.app.theme = "textual-light"
        await bench.idle()
        await bench.press("question_mark")
        wanted = Color.parse(bench.app.get_css_variables()["accent"])
        styles = bench.app.screen.listed.get_component_styles("line--key")
        assert styles.color == wanted


def test_contrast_is_as_the_web_measures_it() -> None:
    white, black, grey = (Color.parse(text) for text in ("white", "black", "#767676"))
    assert round(contrast(white, black), 3) == round(contrast(black, white), 3) == 21
    assert contrast(white, white) == 1
    assert round(contrast(white, grey), 2) == 4.54
