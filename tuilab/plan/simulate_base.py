"""What the parts of `plan.simulate` share."""

from __future__ import annotations

from tuilab.errors import KernelError
from tuilab.plan.state import NamespaceState


def refusal(number: int, subject: object, fact: str) -> KernelError:
    """What the kernel would say: the object, the fact, and the error number."""
    return KernelError(f'"{subject}" {fact}', errno=number)


class OpenNamespace:
    """One namespace of a `Machine` as it is now; the machine alone changes it."""

    __slots__ = ("links", "neighbours", "partial", "routes", "rules", "sysctls")

    def __init__(self, state: NamespaceState) -> None:
        self.links = dict(state.links)
        self.routes = set(state.routes)
        self.sysctls = dict(state.sysctls)
        self.rules = set(state.rules)
        self.neighbours = set(state.neighbours)
        self.partial = state.partial

    def state(self) -> NamespaceState:
        """A copy that stays as it is."""
        return NamespaceState(
            dict(self.links),
            frozenset(self.routes),
            dict(self.sysctls),
            frozenset(self.rules),
            frozenset(self.neighbours),
            self.partial,
        )
