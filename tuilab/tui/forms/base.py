"""What every form is: fields, proposals, problems, and the change it stands for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tuilab.model.edits import Change
from tuilab.model.topology import Topology

Value = str | bool | tuple[str, ...]
Values = Mapping[str, Value]
Kind = Literal["text", "check", "choice", "list", "many", "ticks"]
OFFERING = ("choice", "many", "ticks")
"""Kinds of fields that have options."""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks.

    Attributes:
        name: Key of its value.
        kind: ``text`` and ``choice`` hold a string, ``check`` a bool, ``list`` (lines
            to type), ``many`` (a few options to tick) and ``ticks`` (a list of any
            number of them) a tuple of strings.
        help: A sentence for F1.
        label: Text beside a check; other fields are labelled by their row.
        placeholder: Shown while the field is empty.
    """

    name: str
    kind: Kind = "text"
    help: str = ""
    label: str = ""
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Fields on one line, with the label before them."""

    label: str
    fields: tuple[Field, ...]


def row(label: str, *fields: Field) -> Row:
    """A row, written shortly."""
    return Row(label, fields)


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a field: what is kept and what is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a form begins with, or goes on with.

    Attributes:
        values: What the fields hold, by name.
        offers: What those offer that offer anything.
    """

    values: dict[str, Value]
    offers: dict[str, Sequence[Option]]


class Form(ABC):
    """The fields of one dialog, without their looks.

    Attributes:
        title: Shown on the frame.
        verb: On the button that runs it.
        rows: All fields, top to bottom.
        topology: The lab as it is while the dialog is open; may be replaced.
    """

    title: str
    verb = "Create"
    rows: tuple[Row, ...]
    columns: tuple[str, ...] = ()

    def __init__(self, topology: Topology) -> None:
        self.topology = topology

    @abstractmethod
    def propose(self, given: Values) -> dict[str, Value]:
        """All values: what the person gave, the rest proposed to go with it."""

    def problems(self, values: Values) -> dict[str, str]:
        """What is wrong, by field name."""
        return {}

    def notes(self, values: Values) -> dict[str, str]:
        """What a person may want to know beside a field that is right."""
        return {}

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """What a ``choice``, ``many`` or ``ticks`` field offers."""
        return ()

    def proposal(self, given: Values) -> Proposal:
        """What to propose, and what to choose from; may run beside the loop.

        Args:
            given: What the person gave.
        """
        values = self.propose(given)
        offers = {
            name: self.options(name, values)
            for name, field in self.fields.items()
            if field.kind in OFFERING
        }
        return Proposal(values, offers)

    def unused(self, values: Values) -> frozenset[str]:
        """Fields that mean nothing with these values; they are hidden."""
        return frozenset()

    @property
    def fields(self) -> dict[str, Field]:
        """All fields by name."""
        return {field.name: field for r in self.rows for field in r.fields}


class ChangeForm(Form):
    """A form that stands for a change of the lab."""

    @abstractmethod
    def change(self, values: Values) -> Change:
        """What the form asks for. Only called when there are no problems."""


def text(values: Values, name: str) -> str:
    """The value of a text or choice field, without spaces around it."""
    value = values.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def flag(values: Values, name: str) -> bool:
    """The value of a check."""
    return values.get(name) is True


def lines(values: Values, name: str) -> tuple[str, ...]:
    """The non-empty lines of a list field, or the ticked options of a many field."""
    value = values.get(name, ())
    if not isinstance(value, tuple):
        return ()
    return tuple(line.strip() for line in value if line.strip())
