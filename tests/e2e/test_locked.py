"""Where no sandbox can be had: what works, what is refused, and with what reason."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.e2e.home import ROOT, TUILAB, Home

LOCKED = (
    *("unshare", "--user", "--map-root-user", "sh", "-ec"),
    'echo 0 >/proc/sys/user/max_user_namespaces; exec setpriv --no-new-privs \
--bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"',
    "sh",
)
"""What runs behind it has no capabilities and can make no user namespace."""

REASON = "user.max_user_namespaces is 0"


def _locks():
    if not shutil.which("unshare") or not shutil.which("setpriv"):
        return False
    return subprocess.run([*LOCKED, "true"], capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not _locks(), reason="no user namespace can be locked here"),
]


@pytest.fixture
def locked():
    home = Home()
    try:
        yield home
    finally:
        home.close()


def test_doctor_says_what_is_missing_and_what_to_do(locked):
    done = locked.tuilab("doctor", code=4, through=LOCKED)
    assert REASON in done.out
    assert "sysctl -w user.max_user_namespaces" in done.out


def test_up_is_refused_with_reason_and_remedy_and_leaves_nothing(locked):
    done = locked.tuilab("up", "two-hosts", code=4, through=LOCKED)
    assert REASON in done.err
    assert "sysctl -w user.max_user_namespaces" in done.err
    assert locked.json("ls") == []
    assert not any(locked.labs.glob("*"))


def test_what_needs_no_sandbox_works(locked):
    assert "ip netns add red" in locked.tuilab("plan", "router", through=LOCKED).out
    locked.tuilab("check", "router", through=LOCKED)
    locked.tuilab("schema", through=LOCKED)


def test_the_screen_is_a_preview_that_says_why(locked):
    terminal = locked.terminal(100, 30)
    terminal.run(*LOCKED, *TUILAB)
    terminal.wait_for("Nothing here yet")
    terminal.wait_for("PREVIEW")
    terminal.keys("n", "Enter", "n", "Enter", "v", "Enter")
    terminal.wait_for(lambda screen: re.search(r" ns 2 .* link 2 ", screen))
    for key in ("s", "w"):
        terminal.keys(key)
        terminal.wait_for("preview")
        terminal.wait_for(lambda screen: REASON in " ".join(_toast(screen).split()))
    terminal.keys("u")
    terminal.wait_for(lambda screen: re.search(r" ns 2 .* link 0 ", screen))
    # What was drawn can be kept as a file.
    terminal.keys("U")
    terminal.wait_for(lambda screen: re.search(r" ns 2 .* link 2 ", screen))
    terminal.keys("C-s")
    terminal.wait_for("Save")
    terminal.keys("Enter")
    terminal.wait_for(lambda _: any(locked.folder.glob("*.yaml")))
    terminal.keys("q")
    terminal.wait_for("only a preview")
    terminal.keys("Enter")
    terminal.wait_for("e2e>")
    assert terminal.status() == 0
    assert locked.json("ls") == []
    (file,) = locked.folder.glob("*.yaml")
    locked.tuilab("check", str(file))


def _toast(screen):
    """What stands behind the bars of toasts, as one text."""
    return " ".join(line.partition("▌")[2] for line in screen.splitlines())


def test_the_tests_pass_there_and_count_what_they_skip():
    """A sample of each tier; whoever runs all of them sees the same."""
    sample = [
        "tests/unit/test_lab.py",
        "tests/unit/test_journal.py",
        "tests/property/test_engine.py",
        "tests/tui/test_build.py::test_six_keys_make_two_namespaces_and_a_cable",
        "tests/kernel/test_engine.py",
        "tests/kernel/test_procs.py",
        "tests/kernel/test_sandbox.py",
    ]
    environment = {k: v for k, v in os.environ.items() if "XDIST" not in k}
    environment |= {"CI": "true", "TUILAB_TEST_EXAMPLES": "3"}
    command = [*LOCKED, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-p", "no:xdist", *sample],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr
    passed, skipped = (
        int(found[1]) if (found := re.search(rf"(\d+) {word}", done.stdout)) else 0
        for word in ("passed", "skipped, because")
    )
    assert passed > 20, done.stdout
    assert skipped > 50, done.stdout
    assert REASON in done.stdout
