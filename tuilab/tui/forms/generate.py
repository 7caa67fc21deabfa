"""Generate: a ready shape of any size, beside what is there."""

from __future__ import annotations

from collections.abc import Sequence

from tuilab.errors import UsageError
from tuilab.model.edits import Change
from tuilab.model.generate import FAN, SHAPES, generate, grow
from tuilab.model.topology import HOST, Topology
from tuilab.tui.forms.base import (
    ChangeForm,
    Field,
    Option,
    Value,
    Values,
    flag,
    row,
    text,
)

_USUAL = {"star": 4, "linear": 3, "ring": 4, "tree": 2, "mesh": 3, "fat-tree": 4}


class Generate(ChangeForm):
    """The dialog of the key ``B``."""

    title = "Generate a shape"
    verb = "Generate"
    rows = (
        row("Shape", Field("kind", "choice", help="How it is joined together.")),
        row("Number", Field("number", help="How large it is; beside it, of what.")),
        row(
            "Fan-out",
            Field("fan", help="How many switches or hosts are below each switch."),
        ),
        row(
            "Of",
            Field(
                "routers",
                "check",
                label="routers, with a network for each cable and static routes",
                help="Without it: switches, with all hosts in one network.",
            ),
        ),
    )

    _made: tuple[object, Topology] | None = None

    def options(self, name: str, values: Values) -> Sequence[Option]:
        """Every shape."""
        return [Option(kind, kind) for kind in SHAPES]

    def propose(self, given: Values) -> dict[str, Value]:
        """A small star of switches."""
        values: dict[str, Value] = {
            "kind": "star",
            "fan": str(FAN),
            "routers": False,
            **given,
        }
        values.setdefault("number", str(_USUAL[text(values, "kind")]))
        return values

    def unused(self, values: Values) -> frozenset[str]:
        """Only a tree fans out; a fat tree is made of switches alone."""
        shape = SHAPES[text(values, "kind")]
        hidden = set() if shape.fan else {"fan"}
        return frozenset(hidden if shape.edges else {*hidden, "routers"})

    def problems(self, values: Values) -> dict[str, str]:
        """No number, or one that can't be made."""
        unused = self.unused(values)
        for name in ("number", "fan"):
            typed = text(values, name)
            if name not in unused and not (typed.isdecimal() and typed.isascii()):
                return {name: f'"{typed}" is no number; write one such as 4'}
        try:
            self.shape(values)
        except UsageError as error:
            field = "fan" if "fan" in error.summary else "number"
            return {field: str(error)}
        return {}

    def notes(self, values: Values) -> dict[str, str]:
        """How it is joined together, and what the number counts."""
        shape = SHAPES[text(values, "kind")]
        noun = shape.number
        if flag(values, "routers"):
            noun = noun.replace("switches", "routers")
        return {"kind": shape.about, "number": noun}

    def change(self, values: Values) -> Change:
        """The shape with names and addresses that are free."""
        shape = self.shape(values)
        return grow(shape, f"generate {shape.name}")

    def shape(self, values: Values) -> Topology:
        """What is generated.

        Raises:
            UsageError: It can't be.
        """
        unused = self.unused(values)
        asked = (
            text(values, "kind"),
            int(text(values, "number")[:9]),
            None if "fan" in unused else int(text(values, "fan")[:9]),
            "routers" not in unused and flag(values, "routers"),
        )
        if self._made is None or self._made[0] != asked:
            kind, number, fan, routers = asked
            self._made = asked, generate(kind, number, fan=fan, routers=routers)
        return self._made[1]


def counts(shape: Topology) -> str:
    """Of what a generated lab has how many."""
    names = [name for name in shape.namespaces if name != HOST]
    hosts = sum(1 for name in names if not shape.namespaces[name].sysctls)
    found = {
        "host": hosts,
        "router": len(names) - hosts,
        "switch": len(shape.namespaces[HOST].bridges()),
        "cable": len(shape.cables),
    }
    return ", ".join(
        f"{n} {noun if n == 1 else noun + ('es' if noun == 'switch' else 's')}"
        for noun, n in found.items()
        if n
    )
