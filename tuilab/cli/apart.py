"""Doing something in a process of its own, and putting the terminal right after it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator

from tuilab.cli.guard import guard
from tuilab.cli.output import say
from tuilab.kernel import syscalls

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)
_FOR_THE_CHILD = (signal.SIGINT, signal.SIGQUIT)
_AS_FOUND = (
    "\x1b[?1049l"  # the usual screen, not the alternate one
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # no mouse
    "\x1b[?2004l\x1b[?1004l\x1b[<u"  # no bracketed paste, focus events, key protocol
    "\x1b[?25h\x1b[?7h\x1b[0m"  # a cursor, long lines wrapped, no colour
)


def apart(job: Callable[[], str]) -> tuple[int, str]:
    """Run a job in a child process that ends when this one does.

    Call it before any thread is started.

    Returns:
        The exit code, and what the job returned; empty when it failed, which has been
        told by then.
    """
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    with _signals_passed_on() as children, _terminal_kept() as put_right:
        # None may come before there is somebody to pass it on to.
        signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
        child = os.fork()
        if not child:
            os.close(read)
            _be_the_child(job, write)
        children.append(child)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
        os.close(write)
        status = _wait(child)
        word = _read(read)
        if os.WIFSIGNALED(status):
            put_right()
            name = signal.Signals(os.WTERMSIG(status)).name
            say(f"tuilab: the screen was ended by {name}")
            return 128 + os.WTERMSIG(status), ""
    return os.waitstatus_to_exitcode(status), word


def _be_the_child(job: Callable[[], str], write: int) -> None:
    code = 1
    try:
        for number in (*_PASSED_ON, *_FOR_THE_CHILD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)

        def tell() -> int:
            os.write(write, job().encode())
            return 0

        code = guard(tell)
        sys.stderr.flush()
    finally:
        # Nothing of the parent's may run in here again.
        os._exit(code)


def end_with_parent() -> None:
    """Have the kernel end this child when its parent is killed.

    Entering a sandbox takes this setting away, so it comes after that.
    """
    syscalls.set_parent_death_signal(signal.SIGKILL)


def _read(fd: int) -> str:
    with os.fdopen(fd, "rb") as pipe:
        return pipe.read().decode()


def _wait(child: int) -> int:
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            return status
        # ctrl+z: stop as one job, go on as one.
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(child, signal.SIGCONT)


def give_size() -> None:
    """Call a terminal that does not know its size (a serial line) 80x24.

    The size is the terminal's own: what some shells and libraries once exported stays
    the same when the window does not, and Textual would believe it.
    """
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    with contextlib.suppress(termios.error, OSError):
        if 0 in termios.tcgetwinsize(1):
            termios.tcsetwinsize(1, (24, 80))


@contextlib.contextmanager
def _signals_passed_on() -> Iterator[list[int]]:
    children: list[int] = []

    def pass_on(number: int, _: object) -> None:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)

    before = [signal.signal(number, pass_on) for number in _PASSED_ON]
    # The terminal sends these to both; the child decides.
    before += [signal.signal(number, lambda *_: None) for number in _FOR_THE_CHILD]
    try:
        yield children
    finally:
        for number, handler in zip((*_PASSED_ON, *_FOR_THE_CHILD), before, strict=True):
            signal.signal(number, handler)


@contextlib.contextmanager
def _terminal_kept() -> Iterator[Callable[[], None]]:
    """Gives what puts the terminal back to how it is now."""
    mode = None
    with contextlib.suppress(termios.error, OSError):
        mode = termios.tcgetattr(0)

    def put_right() -> None:
        if mode is None:
            return
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(0, termios.TCSADRAIN, mode)
            sys.stdout.write(_AS_FOUND)
            sys.stdout.flush()

    yield put_right
