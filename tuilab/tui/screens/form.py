"""Dialogs with fields: proposals, problems while typing, and what will be run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from tuilab.errors import InvalidTopology, NotFoundError, TuilabError
from tuilab.lab.snapshot import Snapshot
from tuilab.lab.uninterrupted import beside
from tuilab.tui.forms.base import Field, Form, Proposal, Value
from tuilab.tui.moves import moves
from tuilab.tui.screens import fields
from tuilab.tui.screens.dialog import AROUND, Dialog
from tuilab.tui.text import Line, contents, line
from tuilab.tui.widgets.check import Check
from tuilab.tui.widgets.choice import Choice
from tuilab.tui.widgets.form_row import FormHead, FormRow
from tuilab.tui.widgets.lines_field import LinesField
from tuilab.tui.widgets.tick_list import TickList
from tuilab.tui.widgets.ticks import Ticks

Answers = dict[str, Value]


@dataclass(frozen=True, slots=True)
class _Judged:
    """What comes of some answers.

    Attributes:
        problems: What is wrong, by field name.
        hidden: The fields that mean nothing.
        notes: What is said beside others.
        lines: What will be run.
        error: Why it can't be, or empty.
    """

    problems: dict[str, str]
    hidden: frozenset[str]
    notes: dict[str, str]
    lines: list[Line]
    error: str


SLOW = 0.2
"""Seconds after which it is said that it takes its time."""


class FormDialog(Dialog[Answers]):
    """Asks, proposes, checks while typing, says what Enter will do.

    Attributes:
        large: Whether proposing and planning take longer than keys may wait.
    """

    large = False

    DEFAULT_CSS = """
    FormDialog {
        & #rows { height: auto; max-height: 50vh; }
        & .-problems #rows { max-height: 75vh; }
        & FormRow Input { background: $boost; }
        & FormRow Input:focus { background: $accent 30%; }
        & FormRow Input:ansi:focus { background: ansi_default; text-style: underline; }
        & #plan { height: auto; margin-top: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*moves("form")]

    def __init__(
        self,
        form: Form,
        *,
        focus: str = "",
        line: str = "",
        proposed: Proposal | None = None,
    ) -> None:
        super().__init__()
        self._form = form
        self._start, self._line = focus, line
        self._topology = form.topology
        self._given: Answers = {}
        self._fields: dict[str, Widget] = {}
        self._previewed: list[Line] = []
        self._turn = asyncio.Lock()
        self._late = False
        self._tried = False
        begin = form.proposal({}) if proposed is None else proposed
        self.values: Answers = begin.values
        self._offers = begin.offers
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
        with VerticalScroll(id="rows", can_focus=False):
            if self._form.columns:
                yield FormHead(self._form.columns)
            for row in self._form.rows:
                made = [self._make(field) for field in row.fields]
                yield FormRow(row, made, only=len(self._form.rows) == 1)
        with VerticalScroll(id="plan", can_focus=False):
            yield Static(id="commands")

    def _make(self, field: Field) -> Widget:
        options = self._offers.get(field.name, ())
        made = fields.make(field, self.values[field.name], options)
        self._fields[field.name] = made
        return made

    def on_mount(self) -> None:
        """Show the proposals, as the fields have taken them."""
        self.values = {**self.values, **self._held()}
        if self.large:
            self._await_plan()
            self._collect_soon()
        else:
            self._show_judged(self._judged())

    def first_focus(self) -> Widget | None:
        """The field that was asked for, else the first in use."""
        hidden = self._form.unused(self.values)
        names = [name for name in self._form.fields if name not in hidden]
        if self._start in names:
            names = [self._start]
        if not names:
            return None
        field = self._fields[names[0]]
        meant = (
            it for it in field.query(Input) if it.value.split()[:1] == [self._line]
        )
        return next(meant, fields.focusable(field))

    # -- answers ---------------------------------------------------------------------

    @on(Input.Changed)
    @on(Choice.Changed)
    @on(Check.Changed)
    @on(LinesField.Changed)
    @on(TickList.Changed)
    @on(Ticks.Changed)
    async def _changed(self) -> None:
        # Fields also tell of what they were given to begin with.
        new = self.is_current and not self._busy and self._held() != self.values
        if new and self.large:
            self._late = True
            self._await_plan()
            self._collect_soon()
        elif new:
            await self._collect()

    def _held(self) -> Answers:
        """What the fields hold."""
        return {name: fields.read(field) for name, field in self._fields.items()}

    def _collect_soon(self) -> None:
        """Take in what changed: at once, or beside the loop."""
        if self.large:
            self.holder.run_job(self._collect, of=self, group="collect")
        else:
            self.call_later(self._collect)

    async def _collect(self) -> None:
        """Take in what the fields hold; propose the rest anew; check everything.

        In a large lab that takes a while. What changes meanwhile is taken in too before
        this ends: nothing is shown that was made from what the fields held before.
        """
        if not self.large:
            await self._take_in()
            return
        self._late = True
        async with self._turn:
            while self._late and self.is_attached:
                self._late = False
                await self._take_in()

    async def _take_in(self) -> None:
        held, form = self._held(), self._form
        before, form.topology = form.topology, self._topology
        self._given |= {n: it for n, it in held.items() if it != self.values[n]}
        try:
            if form.topology is not before:
                await beside(self.large, self._look_for, held)
            found = await beside(self.large, form.proposal, dict(self._given))
        except NotFoundError as error:
            # Nothing is proposed in its place: that is not what was asked for.
            form.topology = before
            self._show_judged(
                _Judged({}, form.unused(self.values), {}, [], _words(error))
            )
            return
        self.values, self._offers = found.values, found.offers
        for name, field in self._fields.items():
            # What was typed meanwhile has a message of its own on the way here.
            if fields.read(field) == held[name]:
                options = self._offers.get(name, ())
                await fields.write(field, self.values[name], options)
        held = self._held()
        judged = await beside(self.large, self._judged)
        if self.large and self._held() != held:
            self._late = True  # and told of in a moment
        if self.is_attached and not self._late:
            self._show_judged(judged)

    def _look_for(self, held: Answers) -> None:
        """See whether all that is chosen is still there; may run beside the loop.

        Raises:
            NotFoundError: Something is not.
        """
        form = self._form
        for name in form.fields.keys() - form.unused(held):
            chosen = [it for it in self._offers.get(name, ()) if it.value == held[name]]
            there = [option.value for option in form.options(name, held)]
            if chosen and held[name] not in there:
                fact = f'"{chosen[0].label}" is no longer there'
                raise NotFoundError(fact, "choose another")

    def _judged(self) -> _Judged:
        """What is wrong, else what will be run; may run beside the loop."""
        form, values = self._form, self.values
        problems = form.problems(values)
        hidden, notes = form.unused(values), form.notes(values)
        lines: list[Line] = []
        error = ""
        if not problems:
            try:
                lines = self.prepare()
            except TuilabError as failure:
                error = _words(failure)
        return _Judged(problems, hidden, notes, lines, error)

    def _show_judged(self, judged: _Judged) -> None:
        """Show what is wrong, else what will be run."""
        awaited = self._awaited(judged.problems)
        wrong = {n: it for n, it in judged.problems.items() if n not in awaited}
        for row in self.query(FormRow):
            row.hide(judged.hidden)
            row.tell(wrong, {**judged.notes, **awaited})
        self._ready = not judged.problems and not judged.error
        if self._ready:
            self._show_plan(judged.lines)
        self.query_one("#plan").display = self._ready
        self.query_one("#frame").set_class(not self._ready, "-problems")
        self.show_error(judged.error)
        self.measure()
        if self._ready:
            self.prepared()

    def _awaited(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Those of the problems that are only that nobody has typed anything yet."""
        known = {} if self._tried else problems
        return {
            name: words
            for name, words in known.items()
            if name not in self._given and self.values[name] in ("", ())
        }

    def judge_again(self) -> None:
        """More is known of what will be run than when it was shown."""
        if self.large:
            self._collect_soon()
        else:
            self._show_judged(self._judged())

    def prepared(self) -> None:
        """What will be run is shown."""

    def _show_plan(self, lines: list[Line]) -> None:
        if lines != self._previewed:
            # Other words are laid out anew, however long they are.
            self._previewed = lines
            self.query_one("#commands", Static).update(contents(lines))

    def _await_plan(self) -> None:
        """What is shown is for other answers; nothing moves until there is another."""
        rest = [line("")] * (len(self._previewed) - 1)
        self._show_plan([line(("planning ...", "dim")), *rest])

    def measure(self) -> None:
        """The plan has all the room that the fields leave."""
        hidden, height = self._form.unused(self.values), self.app.size.height
        taken = bool(self._form.columns) + sum(
            max(fields.height(self._fields[f.name]) for f in shown)
            for row in self._form.rows
            if (shown := [f for f in row.fields if f.name not in hidden])
        )
        left = self.rows_left - min(taken, height // 2) - AROUND - 2
        self.query_one("#plan").styles.max_height = max(left, 3)

    def subtitle(self) -> Line:
        """How to read on, and what tells of the field."""
        if self._told:
            return line(self._told)
        told = super().subtitle()
        return (
            *told,
            *line("  " if told else ""),
            self.hint("form.help", "field help"),
        )

    # -- running ---------------------------------------------------------------------

    async def run(self) -> None:
        """Do it; stay, with everything typed, when that is not possible."""
        slow = self.set_timer(SLOW, lambda: self._say(self.working))
        try:
            self._tried = True
            await self._collect()
            if not self._ready:
                self._focus_problem()
                self.holder.drop_keys()
                self.app.bell()
                return
            self._busy = True
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
            self.set_focus(fields.focusable(self._fields[name]))
            return

    def lab_changed(self, snapshot: Snapshot) -> None:
        """Somebody else changed the lab: check against what it is now."""
        if self._busy:
            return
        if snapshot.topology is not self._topology:
            # The form gets it when nothing is being made from it.
            self._topology = snapshot.topology
            self._late = self.large
            self._collect_soon()

    def action_field_help(self) -> None:
        """Say what the focused field is for."""
        if self.focused is None:
            return
        for row in self._form.rows:
            for field in row.fields:
                if self._fields[field.name] in self.focused.ancestors_with_self:
                    help_text = field.help or "no help here"
                    self.notify(help_text, title=row.label, markup=False)


def _words(error: TuilabError) -> str:
    lines = error.lines() if isinstance(error, InvalidTopology) else [str(error)]
    return "\n".join(lines)
