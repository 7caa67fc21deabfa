"""Dialogs with fields: proposals, problems while typing, and what will be run."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static

from tuilab.errors import InvalidTopology, TuilabError
from tuilab.lab.snapshot import Snapshot
from tuilab.tui.forms.base import Field, Form, Row, Value
from tuilab.tui.moves import moves
from tuilab.tui.screens import fields
from tuilab.tui.screens.dialog import AROUND, Dialog
from tuilab.tui.text import Line, contents
from tuilab.tui.widgets.check import Check
from tuilab.tui.widgets.lines_field import LinesField
from tuilab.tui.widgets.tick_list import TickList
from tuilab.tui.widgets.ticks import Ticks

Answers = dict[str, Value]
SLOW = 0.2
"""Seconds after which it is said that it takes its time."""
ALONE = ("list", "many")
"""Kinds of fields that have their row for themselves."""


class FormDialog(Dialog[Answers]):
    """Asks, proposes, checks while typing, says what Enter will do."""

    DEFAULT_CSS = """
    FormDialog {
        & #rows { height: auto; max-height: 50vh; }
        & .-problems #rows { max-height: 75vh; }
        & .row { height: auto; width: 1fr; }
        & .name { width: 10; color: $text-muted; }
        & .row Input { background: $boost; }
        & .row .value { width: 1fr; }
        & .row Input:focus { background: $accent 30%; }
        & .row Input:ansi:focus { background: ansi_default; text-style: underline; }
        & .row .wide { width: 1fr; margin-right: 1; }
        & .note { width: 1fr; padding-left: 1; color: $text-muted; }
        & .-alone .note { width: auto; max-width: 40; }
        & .problem { color: $text-error; padding-left: 10; display: none; }
        & .problem.-shown { display: block; }
        & #columns Label { width: 1fr; text-style: bold; }
        & #columns .name { width: 10; }
        & .inner { width: auto; color: $text-muted; margin-right: 1; }
        & #plan { height: auto; margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("form")]

    def __init__(self, form: Form, *, focus: str = "") -> None:
        super().__init__()
        self._form = form
        self._start = focus
        self._given: Answers = {}
        self.values: Answers = form.propose({})
        self._ready = False
        self._busy = False
        self._told = ""
        self.title_text = form.title
        self.verb = form.verb

    # -- what it is for --------------------------------------------------------------

    def prepare(self) -> list[Line]:
        """What Enter will do with the values as they are.

        Raises:
            TuilabError: It can't be done.
        """
        raise NotImplementedError

    async def carry_out(self) -> None:
        """Do it, and `dismiss`.

        Raises:
            TuilabError: It was refused; the dialog stays, with all that was typed.
        """
        raise NotImplementedError

    # -- looks -----------------------------------------------------------------------

    def body(self) -> ComposeResult:
        """The rows, and below them the plan."""
        alone = "-alone" if len(self._form.rows) == 1 else ""
        with VerticalScroll(id="rows", can_focus=False, classes=alone):
            if self._form.columns:
                with Horizontal(id="columns", classes="row"):
                    yield Label("", classes="name")
                    for name in self._form.columns:
                        yield Label(name)
            for number, row in enumerate(self._form.rows):
                yield from self._row(number, row)
        with VerticalScroll(id="plan", can_focus=False):
            yield Static(id="commands")

    def _row(self, number: int, row: Row) -> ComposeResult:
        with Vertical(id=f"row-{number}", classes="row"):
            with Horizontal(classes="row"):
                yield Label(row.label, classes="name")
                for field in row.fields:
                    yield from self._field_in_row(field, len(row.fields) > 1)
                if len(row.fields) == 1 and row.fields[0].kind not in ALONE:
                    note = Static(id=f"note-{row.fields[0].name}", markup=False)
                    yield note.add_class("note")
            for field in row.fields:
                problem = Static(id=f"problem-{field.name}", markup=False)
                yield problem.add_class("problem")

    def _field_in_row(self, field: Field, several: bool) -> ComposeResult:
        options = self._form.options(field.name, self.values)
        widget = fields.make(field, self.values[field.name], options)
        if not several:
            own = field.kind == "check" or field.kind in ALONE
            yield widget if own else widget.add_class("value")
        elif field.kind == "check":
            with Horizontal(classes="row"):
                yield widget
        else:
            if field.label:
                label = Label(field.label, classes="inner", id=f"label-{field.name}")
                yield label
            yield widget.add_class("wide")

    def on_mount(self) -> None:
        """Show the proposals."""
        self._judge()

    def first_focus(self) -> Widget | None:
        """The field that was asked for, else the first in use."""
        hidden = self._form.unused(self.values)
        names = [name for name in self._form.fields if name not in hidden]
        if self._start in names:
            names = [self._start]
        return fields.focusable(self._field(names[0])) if names else None

    def _field(self, name: str) -> Widget:
        return self.query_one(f"#{name}")

    # -- answers ---------------------------------------------------------------------

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Check.Changed)
    @on(LinesField.Changed)
    @on(TickList.Changed)
    @on(Ticks.Changed)
    async def _changed(self) -> None:
        if self.is_current and not self._busy:
            await self._collect()

    async def _collect(self) -> None:
        """Take in what the fields hold; propose the rest anew; check everything."""
        for name in self._form.fields:
            held = fields.read(self._field(name))
            if held != self.values[name]:
                self._given[name] = held
        await self._propose()

    async def _propose(self) -> None:
        held = {name: fields.read(self._field(name)) for name in self._form.fields}
        self.values = self._form.propose(self._given)
        for name in self._form.fields:
            options = self._form.options(name, self.values)
            # What was typed meanwhile has a message of its own on the way here.
            if fields.read(self._field(name)) == held[name]:
                await fields.write(self._field(name), self.values[name], options)
        self._judge()

    def _judge(self) -> None:
        """Show what is wrong, else what will be run."""
        problems = self._form.problems(self.values)
        hidden = self._form.unused(self.values)
        notes = self._form.notes(self.values)
        for number, row in enumerate(self._form.rows):
            shown = [field for field in row.fields if field.name not in hidden]
            self.query_one(f"#row-{number}").display = bool(shown)
            for field in row.fields:
                self._hide(field.name, hidden=field.name in hidden)
                problem = self.query_one(f"#problem-{field.name}", Static)
                problem.update(problems.get(field.name, ""))
                problem.set_class(field.name in problems, "-shown")
            for noted in self.query(f"#note-{row.fields[0].name}").results(Static):
                name = row.fields[0].name
                noted.update("" if name in problems else notes.get(name, ""))
        error = "" if problems else self._preview()
        self._ready = not problems and not error
        self.query_one("#plan").display = self._ready
        self.query_one("#frame").set_class(not self._ready, "-problems")
        self._show_error(error)
        self.measure()

    def _hide(self, name: str, *, hidden: bool) -> None:
        """A field that means nothing now takes no keys; beside another it is gone."""
        field = self._field(name)
        field.disabled = hidden
        if field.has_class("wide"):
            field.display = not hidden
            self.query(f"#label-{name}").set(display=not hidden)

    def measure(self) -> None:
        """The plan has all the room that the fields leave."""
        hidden, height = self._form.unused(self.values), self.app.size.height
        taken = bool(self._form.columns) + sum(
            max(fields.height(self._field(f.name)) for f in shown)
            for row in self._form.rows
            if (shown := [f for f in row.fields if f.name not in hidden])
        )
        left = height - min(taken, height // 2) - AROUND - 2
        self.query_one("#plan").styles.max_height = max(left, 3)
        self.call_after_refresh(self.show_more)

    def subtitle(self) -> str:
        """How to read on, and what tells of the field."""
        words = [super().subtitle(), f"{self.key('form.help')} field help"]
        return self._told or "  ".join(filter(None, words))

    def _preview(self) -> str:
        """Show what will be run; what is wrong with it, or empty."""
        try:
            preview = contents(self.prepare())
        except TuilabError as error:
            return _words(error)
        self.query_one("#commands", Static).update(preview)
        return ""

    def _show_error(self, text: str) -> None:
        error = self.query_one("#error", Static)
        error.update(text)
        error.set_class(bool(text), "-shown")

    # -- running ---------------------------------------------------------------------

    async def run(self) -> None:
        """Do it; stay, with everything typed, when that is not possible."""
        await self._collect()
        if not self._ready:
            self._focus_problem()
            self.holder.drop_keys()
            self.app.bell()
            return
        self._busy = True
        slow = self.set_timer(SLOW, lambda: self._say(self.working))
        try:
            await self.carry_out()
        except TuilabError as error:
            self.refuse(_words(error))
        finally:
            self._busy = False
            slow.stop()
            if self.is_attached:
                self._say("")

    @property
    def working(self) -> str:
        """What is said while it takes its time."""
        return "working ..."

    def _say(self, words: str) -> None:
        self._told = words
        self.show_more()

    def _focus_problem(self) -> None:
        for name in self._form.problems(self.values):
            self.set_focus(fields.focusable(self._field(name)))
            return

    def lab_changed(self, snapshot: Snapshot) -> None:
        """Somebody else changed the lab: check against what it is now."""
        if self._busy:
            return
        if snapshot.topology is not self._form.topology:
            self._form.topology = snapshot.topology
            self.call_later(self._collect)

    def action_field_help(self) -> None:
        """Say what the focused field is for."""
        for name, field in self._form.fields.items():
            widget = self._field(name)
            if self.focused is not None and widget in self.focused.ancestors_with_self:
                self.notify(field.help or "no help here", title=name, markup=False)


def _words(error: TuilabError) -> str:
    lines = error.lines() if isinstance(error, InvalidTopology) else [str(error)]
    return "\n".join(lines)
