"""Kernel settings of a namespace."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from tuilab.model.sysctls import typed_key
from tuilab.model.topology import HOST
from tuilab.plan.operations.base import Operation, Request, WriteSysctl
from tuilab.plan.simulate import Machine


@dataclass(frozen=True, slots=True)
class SetSysctl(Operation):
    """One setting."""

    namespace: str
    key: str
    value: str

    @property
    def touches(self) -> tuple[str, ...]:
        return (self.namespace,)

    def simulate(self, machine: Machine) -> None:
        machine.set_sysctl(self.namespace, self.key, self.value)

    def requests(self) -> tuple[Request, ...]:
        return (WriteSysctl(self.namespace, self.key, self.value),)

    def commands(self) -> tuple[str, ...]:
        line = f"sysctl -qw {quote(f'{typed_key(self.key)}={self.value}')}"
        if self.namespace == HOST:
            return (line,)
        return (f"ip netns exec {quote(self.namespace)} {line}",)
