"""What every test stands on: the machine stays as it was, no skip goes unseen."""

import compileall
import gc
import os
import signal
import sys
from functools import cache
from pathlib import Path

# Thousands of programs are started: without bytecode each would compile all of tuilab.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import pytest  # noqa: E402

import tests.profile  # noqa: E402, F401 - loads the Hypothesis profile
import tuilab  # noqa: E402
from tests import machine  # noqa: E402
from tuilab.cli import SELDOM  # noqa: E402

BEFORE = pytest.StashKey[dict[str, list[str]]]()
LEFT = pytest.StashKey[list[str]]()
NO_VLANS = "this kernel has no vlan_filtering"
"""Why the tests of VLANs skip; taken for true only where doctor finds so itself."""


def _is_worker(config):
    return hasattr(config, "workerinput")


def _hear_signals():
    """Put right what nohup and background jobs of a shell leave ignored.

    Programs inherit it, a shell can't trap it, and tests that end programs would wait.
    """
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            usual = signal.default_int_handler
            signal.signal(number, usual if number == signal.SIGINT else signal.SIG_DFL)


def pytest_sessionstart(session):
    _hear_signals()
    if not _is_worker(session.config):
        # What only programs import, and some may not write: see `people.environment`.
        compileall.compile_dir(Path(tuilab.__file__).parent, quiet=2)
        session.config.stash[BEFORE] = machine.picture()


def pytest_collection_finish():
    """Look for garbage among what tests make, as seldom as the program does.

    Modules and thousands of tests are no garbage; to go through them took an eighth of
    the time of the tests of the screen.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)


@pytest.fixture(scope="session")
def starter():
    """Runs the bodies of tests in sandboxes; ends before leftovers are looked for."""
    from tests.kernel.packetbox import Starter

    with Starter() as it:
        yield it


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    config = session.config
    if _is_worker(config) or BEFORE not in config.stash:
        return
    left = machine.left_since(config.stash[BEFORE])
    config.stash[LEFT] = left
    if left and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    skipped = terminalreporter.stats.get("skipped", ())
    if skipped:
        reasons = sorted({report.longrepr[2] for report in skipped})
        terminalreporter.write_line(f"{len(skipped)} skipped, because: {reasons}")
    for line in config.stash.get(LEFT, ()):
        terminalreporter.write_line(f"left behind on this machine: {line}", red=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    """In CI, where a sandbox can be had, a skipped kernel or e2e test is a failure.

    Unless it needs VLAN filtering, which this very kernel was built without.
    """
    if (
        os.environ.get("CI")
        and call.excinfo is not None
        and call.excinfo.errisinstance(pytest.skip.Exception)
        and (item.get_closest_marker("kernel") or item.get_closest_marker("e2e"))
        and not (str(call.excinfo.value) == NO_VLANS and lacks_vlans())
        and not _no_sandbox()
    ):
        error = AssertionError(f"no such test may skip here: {call.excinfo.value}")
        call.excinfo = pytest.ExceptionInfo.from_exception(
            error.with_traceback(call.excinfo.tb)
        )


@cache
def lacks_vlans():
    """Whether doctor finds no VLAN filtering here."""
    from tuilab.kernel import probe

    name = "VLAN filtering on bridges"
    return not next(check.ok for check in probe.checks() if check.name == name)


def _no_sandbox():
    from tuilab.kernel import sandbox

    return sandbox.unavailable()
