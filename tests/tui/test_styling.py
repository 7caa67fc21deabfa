"""Widgets look as Textual's own style sheet has them, though few are styled anew."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from textual.color import Color
from textual.containers import Vertical
from textual.css.stylesheet import Stylesheet
from textual.widgets import Static

from tests.tui.bench import opened
from tests.tui.labs import router
from tests.tui.test_lag import SIZE
from tuilab.tui.base import BaseApp

KEYS = ["down", "tab", "i", "z", "T", "z", "n", "escape", "2", "slash"]
SIZES = [(80, 24), (160, 48), (60, 20), (120, 36)]
THEMES = ["textual-light", "nord", "ansi-dark", "textual-dark"]


def styled(app):
    """The rules of every widget and of their parts."""
    found = {}
    for screen in app.screen_stack:
        for node in screen.walk_children(with_self=True):
            looks = {"": node.styles}
            for name in sorted(node._get_component_classes()):
                looks[name] = node.get_component_styles(name)
            for name, style in looks.items():
                found[node, name] = dict(style.base.get_rules())
    return found


def anew(app):
    """The same after everything has been styled by Textual alone."""
    app.stylesheet._styled.clear()
    for screen in app.screen_stack:
        for node in screen.walk_children(with_self=True):
            node._component_styles.clear()
            Stylesheet.apply(app.stylesheet, node)
            Stylesheet._process_component_classes(app.stylesheet, node)
    return styled(app)


async def test_everything_is_styled_as_if_it_were_new():
    async with opened(router(), size=SIZES[-1]) as bench:
        assert styled(bench.app) == anew(bench.app)
        for size, theme in zip(SIZES, THEMES, strict=True):
            await bench.pilot.resize_terminal(*size)
            await bench.idle()
            assert styled(bench.app) == anew(bench.app), size
            for key in KEYS:
                await bench.press(key)
                assert styled(bench.app) == anew(bench.app), (size, key)
            bench.app.theme = theme
            await bench.idle()
            assert styled(bench.app) == anew(bench.app), theme
            await bench.press("escape")


@contextmanager
def counted(monkeypatch):
    """What Textual goes through all rules for from now on."""
    nodes = []
    apply = Stylesheet.apply

    def counting(self, node, **options):
        nodes.append(node)
        apply(self, node, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Stylesheet, "apply", counting)
        yield nodes


@pytest.mark.parametrize(
    ("key", "most"), [("i", 6), ("tab", 6), ("z", 12), ("T", 6), ("f1", 0)]
)
async def test_few_are_styled_when_something_changes(key, most, monkeypatch):
    async with opened(router(), size=SIZE) as bench:
        await bench.press("down", key, key)
        widgets = len(bench.main.query("*"))
        with counted(monkeypatch) as nodes:
            await bench.press(key)
        assert len(nodes) <= most < widgets / 2


class Bare(BaseApp[None]):
    CSS = """
    #pane { background: blue; }
    #pane.-alarm { background: red; }
    """

    def compose(self):
        with Vertical(id="pane"):
            yield Static("words", id="words")


async def test_what_is_behind_a_widget_shines_through_it():
    async with Bare().run_test() as pilot:
        words = pilot.app.query_one("#words")
        assert words.rich_style.bgcolor == Color.parse("blue").rich_color
        pilot.app.query_one("#pane").add_class("-alarm")
        assert words.rich_style.bgcolor == Color.parse("red").rich_color
        await pilot.pause()
        (row,) = pilot.app.screen._compositor.render_strips()[:1]
        assert all(
            style.bgcolor == Color.parse("red").rich_color for _, style, _ in row
        )
