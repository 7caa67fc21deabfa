"""Operations on their way to the kernel: gathered, sent, their answers read.

What is planned one step at a time goes out in batches, one for each stretch of steps in
the same namespace, in the order of the plan.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Protocol

from tuilab.errors import KernelError, TuilabError
from tuilab.kernel.channel import Answer
from tuilab.kernel.driver import Progress
from tuilab.kernel.space import Space
from tuilab.kernel.wire import Message
from tuilab.plan.operations import Operation
from tuilab.plan.operations.base import Request, Rtnl

HINTS = {
    errno.EPERM: "this needs CAP_NET_ADMIN in the lab; see tuilab doctor",
    errno.EOPNOTSUPP: "this kernel has no support for it; see tuilab doctor",
    errno.ENODEV: "it is gone: removed outside tuilab, or never made",
    errno.EEXIST: "something of that name or number is there already",
    errno.ENETUNREACH: "the gateway must be in a network of its link",
    errno.EBUSY: "something is using it; end that first",
    errno.EMFILE: "let this user have more open files (ulimit -n)",
}
"""What to do about what the kernel says."""
_TAKEN = (errno.EEXIST, errno.EBUSY)
"""What the kernel says when there is a link of that name, or of that number."""


class Carrier(Protocol):
    """What an errand needs of the driver."""

    def requests(self, operation: Operation) -> Sequence[Request]:
        """What an operation takes here."""

    def require(self, name: str) -> Space:
        """The open namespace; raises KernelError where there is none."""

    def open_spaces(self) -> list[Space]:
        """All of those that are open."""

    def message(self, space: Space, request: Rtnl, *, numbered: bool = True) -> Message:
        """A request as it is sent."""

    def send(self, space: Space, messages: Sequence[Message]) -> list[Answer]:
        """Have the kernel do something in a namespace."""

    def do(self, request: Request) -> None:
        """Do what is not netlink's to do."""


class Errand:
    """Operations on their way: requests gathered for as long as one namespace takes."""

    def __init__(self, driver: Carrier, stop: bool) -> None:
        self._driver = driver
        self._stop = stop
        self._done: list[Operation] = []
        self._refused: TuilabError | None = None
        self._space: Space | None = None
        self._waiting: list[tuple[Operation, Rtnl, Message, bool]] = []

    def run(self, operations: Sequence[Operation]) -> Progress:
        """Have them done, in order; see `kernel.driver.Driver.carry_out`."""
        for operation in operations:
            try:
                self._take(operation)
            except TuilabError as error:
                self._refuse(error)
            except OSError as error:
                self._refuse(_failed(operation, error))
            if self._over:
                break
        self._flush()
        return Progress(tuple(self._done), self._refused)

    def _refuse(self, error: TuilabError) -> None:
        self._flush()
        self._refused = self._refused or error

    def _take(self, operation: Operation) -> None:
        requests = self._driver.requests(operation)
        for request in requests:
            last = request is requests[-1]
            if isinstance(request, Rtnl):
                space = self._driver.require(request.namespace)
                # The number that a link was given is not known to be its own before
                # the kernel has said so.
                made = self._waiting and _makes_link(self._waiting[-1][1])
                if space is not self._space or (made and not _makes_link(request)):
                    self._flush()
                    self._space = space
                if self._over:
                    return
                message = self._driver.message(space, request)
                self._waiting.append((operation, request, message, last))
            else:
                self._flush()
                if self._over:
                    return
                self._driver.do(request)
                if last:
                    self._done.append(operation)

    @property
    def _over(self) -> bool:
        return self._stop and self._refused is not None

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting or self._space is None:
            return
        space = self._space
        messages = [message for _, _, message, _ in waiting]
        try:
            answers = self._driver.send(space, messages)
        except OSError as error:
            self._refused = self._refused or _failed(waiting[0][0], error)
            return
        failed: Operation | None = None
        for (operation, request, _, last), answer in zip(waiting, answers, strict=True):
            if answer.errno in _TAKEN and _makes_link(request):
                answer = self._again(space, request)
            number = answer.errno
            if number and number not in operation.already:
                failed = operation
                refusal = _refusal(operation, number, answer.text)
                self._refused = self._refused or refusal
            elif last and operation is not failed:
                self._done.append(operation)

    def _again(self, space: Space, request: Rtnl) -> Answer:
        """Make a link whose number somebody else took meanwhile; any other will do."""
        for other in self._driver.open_spaces():
            other.forget_numbers()
        message = self._driver.message(space, request, numbered=False)
        (answer,) = self._driver.send(space, [message])
        return answer


def _makes_link(request: Rtnl) -> bool:
    return request.noun == "link" and request.verb == "add"


def _refusal(operation: Operation, number: int, said: str) -> KernelError:
    line = " ; ".join(operation.commands())
    return KernelError(f'"{line}" was refused: {said}', HINTS.get(number, ""), number)


def _failed(operation: Operation, error: OSError) -> KernelError:
    line, number = " ; ".join(operation.commands()), error.errno or 0
    return KernelError(
        f'"{line}" failed: {error.strerror}', HINTS.get(number, ""), number
    )
