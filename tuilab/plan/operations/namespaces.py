"""Network namespaces, named as ``ip netns`` names them."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from tuilab.plan.operations.base import NamedNamespace, Operation, Request
from tuilab.plan.simulate import Machine


@dataclass(frozen=True, slots=True)
class CreateNamespace(Operation):
    """A new, empty namespace."""

    name: str

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.name,)

    def simulate(self, machine: Machine) -> None:
        machine.create_namespace(self.name)

    def requests(self) -> tuple[Request, ...]:
        return (NamedNamespace("add", self.name),)

    def commands(self) -> tuple[str, ...]:
        return (f"ip netns add {quote(self.name)}",)


@dataclass(frozen=True, slots=True)
class DeleteNamespace(Operation):
    """A namespace and what is still in it."""

    name: str

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.name,)

    def simulate(self, machine: Machine) -> None:
        machine.delete_namespace(self.name)

    def requests(self) -> tuple[Request, ...]:
        return (NamedNamespace("del", self.name),)

    def commands(self) -> tuple[str, ...]:
        return (f"ip netns del {quote(self.name)}",)


@dataclass(frozen=True, slots=True)
class RenameNamespace(Operation):
    """The same namespace under another name; iproute2 has no verb for it."""

    old: str
    new: str
    around: tuple[str, ...] = ()
    """Namespaces that cables lead to from here: their far ends are named anew."""

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.old, self.new, *self.around)

    def simulate(self, machine: Machine) -> None:
        machine.rename_namespace(self.old, self.new)

    def requests(self) -> tuple[Request, ...]:
        return (NamedNamespace("rename", self.old, self.new),)

    def commands(self) -> tuple[str, ...]:
        old, attach = quote(self.old), f"ip netns attach {quote(self.new)} $$"
        return (
            f"nsenter --net=/run/netns/{old} sh -c {quote(attach)}",
            f"ip netns del {old}",
        )
