"""What stands on the frame of a pane: it changes without the pane being painted.

Textual paints all of a widget anew for a word on its frame, even for the same word.
"""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget


def show_title(pane: Widget, words: str | Content) -> None:
    """Write on the upper edge of a pane's frame; text is read as markup."""
    title = _one_line(pane, words)
    if pane._border_title is None or not title.is_same(pane._border_title):
        pane._border_title = title
        _paint_row(pane, 0)


def show_subtitle(pane: Widget, words: str | Content) -> None:
    """Write on the lower edge of a pane's frame; text is read as markup."""
    subtitle = _one_line(pane, words)
    if pane._border_subtitle is None or not subtitle.is_same(pane._border_subtitle):
        pane._border_subtitle = subtitle
        _paint_row(pane, pane.outer_size.height - 1)


def _one_line(pane: Widget, words: str | Content) -> Content:
    return pane.render_str(words).expand_tabs(4).split()[0]


def _paint_row(pane: Widget, row: int) -> None:
    """Paint one row of a pane, counted from its frame on."""
    # Textual counts from the first column and row within the frame on.
    left, top = pane.content_offset
    pane.refresh(Region(-left, row - top, pane.outer_size.width, 1))
