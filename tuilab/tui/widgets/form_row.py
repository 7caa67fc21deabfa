"""One row of a form: its name, its fields, and what is to be said about them.

All but the fields is painted by the row itself. A widget for each word would have to be
made, styled and placed, and a form opens five times as fast without.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.layout import ArrangeResult, Layout
from textual.layouts.horizontal import HorizontalLayout
from textual.widget import Widget

from tuilab.tui.forms.base import Row
from tuilab.tui.text import fit
from tuilab.tui.widgets.check import Check

NAME = 10
"""Columns of a row's name."""
NOTE = 40
"""Columns of a note at most, where there is but one row."""
ALONE = ("list", "many")
"""Kinds of fields that have their row for themselves."""
_PROBLEM = "$text-error"


class _BesideNote(HorizontalLayout):
    """A field by itself leaves room for its note."""

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,
        greedy: bool = True,
    ) -> ArrangeResult:
        """Place the field."""
        assert isinstance(parent, FormRow)
        room = Size(parent.note_column(size.width), size.height)
        return super().arrange(parent, children, room, greedy)


_BESIDE_NOTE = _BesideNote()


class FormRow(Widget):
    """Fields side by side; a single one has its note beside it."""

    DEFAULT_CSS = """
    FormRow {
        layout: horizontal;
        width: 1fr;
        height: auto;
        color: $text-muted;
        & > * { color: $foreground; }
        & > .field { width: 1fr; }
        & > .first { margin-left: 10; }
        & > .beside { margin-right: 1; }
        & > .first.beside { margin: 0 1 0 10; }
        & > Check.first { margin: 0 2 0 10; }
        & > Check.beside { margin-right: 0; }
        & > Check.first.beside { margin: 0 0 0 10; }
    }
    """

    def __init__(self, row: Row, fields: Sequence[Widget], *, only: bool) -> None:
        """Make it.

        Args:
            row: What is asked.
            fields: Its widgets; their ids are the names of its fields.
            only: Whether the form has no other rows: the field has all the room that
                its note does not take.
        """
        super().__init__()
        self.label = row.label
        self.fields = dict(
            zip((field.name for field in row.fields), fields, strict=True)
        )
        self._only = only
        self._kind = row.fields[0].kind if len(fields) == 1 else ""
        self._note = ""
        self._problems: dict[str, str] = {}
        self._inner = {field.name: field.label for field in row.fields[1:]}
        for field, widget in zip(row.fields, fields, strict=True):
            widget.set_class(widget is fields[0], "first", update=False)
            widget.set_class(self._kind != "check", "field", update=False)
            widget.set_class(not self._kind, "beside", update=False)
            if field.kind == "check":
                self._inner[field.name] = ""
            elif inner := self._inner.get(field.name):
                widget.styles.margin = (0, 1, 0, cell_len(inner) + 2)

    def compose(self) -> ComposeResult:
        """The fields."""
        yield from self.fields.values()

    @property
    def layout(self) -> Layout:
        """How the fields are placed."""
        return _BESIDE_NOTE if self._kind and self._kind != "check" else super().layout

    # -- what is said of them ----------------------------------------------------------

    def hide(self, names: Collection[str]) -> None:
        """Have some fields out of the way: they mean nothing now."""
        self.display = any(name not in names for name in self.fields)
        if not self.display:
            return  # what is not there takes no keys either
        for name, field in self.fields.items():
            field.disabled = name in names
            if not any(self._inner.values()):
                field.visible = name not in names  # what is in a column stays there
            elif field.has_class("beside") and not isinstance(field, Check):
                field.display = name not in names

    def tell(self, problems: Mapping[str, str], notes: Mapping[str, str]) -> None:
        """Say what is wrong with which field, and what may be of interest.

        Args:
            problems: By the name of the field; those of other fields don't matter.
            notes: The same; beside a single field, while nothing is wrong with it.
        """
        own = {name: problems[name] for name in self.fields if name in problems}
        noted = self._kind and self._kind not in ALONE and not own
        note = notes.get(next(iter(self.fields)), "") if noted else ""
        if (note, own) == (self._note, self._problems):
            return
        width = self.size.width
        before = self.note_column(width), *map(len, self._said(width))
        self._note, self._problems = note, own
        now = self.note_column(width), *map(len, self._said(width))
        self.refresh()
        if before != now:
            # From a field upwards: that places the fields of the row anew too.
            next(iter(self.fields.values())).refresh(layout=True)

    def problem(self, field: str) -> str:
        """What is wrong with a field; empty when nothing is."""
        return self._problems.get(field, "")

    # -- looks -------------------------------------------------------------------------

    def note_column(self, width: int) -> int:
        """Where a row of so many columns goes on with the note."""
        field = next(iter(self.fields.values()))
        if isinstance(field, Check):
            return NAME + field.cells
        if self._kind in ALONE or not self._kind:
            return width
        if self._only:
            return width - min(NOTE, cell_len(self._note) + 1 if self._note else 0)
        return NAME + max(0, width - NAME) // 2

    def _said(self, width: int) -> tuple[list[Content], list[Content]]:
        """The lines of the note beside the field, and of the problems below it."""
        beside = _lines(self._note, width - self.note_column(width) - 1)
        words = self._problems.values()
        below = [it for one in words for it in _lines(one, width - NAME, _PROBLEM)]
        return beside, below

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Rows of the fields, or of the note, and of what is wrong."""
        high = super().get_content_height(container, viewport, width)
        beside, below = self._said(width)
        return max(high, len(beside)) + len(below)

    def render(self) -> Content:
        """Everything but the fields."""
        width, height = self.size
        beside, below = self._said(width)
        lines = [Content("")] * (height - len(below))
        lines += [Content(" " * NAME) + line for line in below]
        blank = Content(" " * (self.note_column(width) + 1))
        for row, note in enumerate(beside[:height]):
            lines[row] = blank + note
        return Content("\n").join([self._first_line(lines[0]), *lines[1:]])

    def _first_line(self, rest: Content) -> Content:
        """Names before the fields, and what is beside them."""
        line = Content(fit(self.label, NAME)) + rest[NAME:]
        for name, inner in self._inner.items():
            field = self.fields[name]
            if inner and field.display:
                blanks = field.virtual_region.x - cell_len(inner) - 1 - line.cell_length
                line += Content(" " * blanks + inner)
        return line


def _lines(text: str, room: int, style: str = "") -> list[Content]:
    """Words in as many lines as they take."""
    if not text or room <= 0:
        return []
    return Content.styled(text, style).wrap(room)


class FormHead(Widget):
    """The names of the columns of fields."""

    DEFAULT_CSS = """
    FormHead { width: 1fr; height: 1; text-style: bold; }
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = names

    def render(self) -> Content:
        """All of them, each above its fields."""
        wide = max(1, self.size.width - NAME) // len(self._names)
        return Content(" " * NAME + "".join(fit(name, wide) for name in self._names))
