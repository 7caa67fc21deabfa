"""Runs a test's body inside a sandbox of its own.

Only a process with one thread can enter a sandbox, and pytest has more: so bodies run
in processes forked from an interpreter that does nothing else. A plain assert there
fails the test here, with its trace.
"""

import asyncio
import gc
import importlib
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from tuilab.errors import KernelError, RightsError
from tuilab.kernel import netns, sandbox

_SECONDS = 240
"""What a body may take: some take 20 on an idle machine, and others may be at work."""
_UP_SECONDS = 20.0
_SKIPPED = 77
"""Exit status of a body that called pytest.skip."""
_TOOLS = ("ip", "nft", "ping", "tcpdump", "tshark")
# An ordinary user of Debian has no sbin in the path, but nft is there.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_ROOT = Path(__file__).parents[2]
_NEEDED = (
    "hypothesis",
    "tuilab.kernel.netlink",
    "tuilab.packets.send",
    "tuilab.tui.app",
)
"""What bodies import, some of it in half a second. Tests' own modules look around when
they are imported, which must be inside of the sandbox."""


class Starter:
    """An interpreter that has imported what bodies need, and forks for each of them."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tuilab-packetbox-")
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.kernel.packetbox"],
            cwd=_ROOT,
            env=os.environ | {"PATH": _PATH},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=_SECONDS)
        self._folder.cleanup()

    def run(self, *words: str) -> tuple[int, str, str]:
        """Have `run_body` called with that; exit status, output and errors."""
        said = [Path(self._folder.name, name) for name in ("out", "err")]
        assert self._process.stdin
        assert self._process.stdout
        print(
            json.dumps([*map(str, said), *words]), file=self._process.stdin, flush=True
        )
        status = self._process.stdout.readline()
        assert status, "the interpreter that starts bodies has ended"
        out, err = (path.read_text() for path in said)
        return int(status), out, err


def boxed(body: Callable) -> Callable:
    """Make a test of a function, or coroutine function, that takes a directory."""

    @pytest.mark.kernel
    @pytest.mark.timeout(_SECONDS + 30)
    def test(tmp_path, starter):
        missing = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)}")
        try:
            keeper = sandbox.create("packetbox")
        except (RightsError, KernelError) as error:
            pytest.skip(str(error))
        try:
            status, out, err = starter.run(
                json.dumps(keeper.to_data()),
                *(body.__module__, body.__name__, str(tmp_path)),
            )
        finally:
            sandbox.destroy(keeper)
        if status == _SKIPPED:
            pytest.skip(out.strip())
        if status:
            pytest.fail(f"ended with {status}\n{out}\n{err}", pytrace=False)

    test.__name__ = body.__name__
    test.__doc__ = body.__doc__
    test.body = body
    return test


def sh(command: str) -> str:
    """Run a program, words split at blanks, and give its output."""
    done = subprocess.run(command.split(), capture_output=True, text=True)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def wait_until_up(*names: str) -> None:
    """Wait until links send: the kernel drops everything until it has seen a carrier.

    It looks for carriers in a worker of its own, which on a busy machine takes a while.
    """
    deadline = time.monotonic() + _UP_SECONDS
    for name in names:
        while states := [
            line
            for line in sh(f"ip -n {name} -o link show").splitlines()
            if "lo:" not in line and "state UP" not in line
        ]:
            assert time.monotonic() < deadline, states
            time.sleep(0.005)


def pair() -> None:
    """red:eth0 and blue:eth0, joined by a cable, up, with IPv4 and IPv6 addresses."""
    sh("ip link set lo up")
    netns.create("red")
    netns.create("blue")
    sh("ip -n red link add eth0 type veth peer name eth0 netns blue")
    for name, host in (("red", 1), ("blue", 2)):
        sh(f"ip -n {name} link set lo up")
        # No link-local address: no router solicitations among the packets.
        sh(f"ip -n {name} link set eth0 addrgenmode none")
        sh(f"ip -n {name} link set eth0 up")
        sh(f"ip -n {name} addr add 10.9.0.{host}/24 dev eth0")
        sh(f"ip -n {name} addr add fd00::{host}/64 dev eth0 nodad")
    wait_until_up("red", "blue")


def routed(*, quiet: bool = True) -> None:
    """red - gw - blue, with IPv4 and IPv6; if ``quiet``, none speaks unasked."""
    for name in ("red", "gw", "blue"):
        netns.create(name)
        sh(f"ip -n {name} link set lo up")
    for name, port, host in (("red", "eth0", 1), ("blue", "eth1", 2)):
        sh(f"ip -n {name} link add eth0 type veth peer name {port} netns gw")
        for where, dev, last in ((name, "eth0", 9), ("gw", port, 1)):
            if quiet:
                sh(f"ip -n {where} link set {dev} addrgenmode none")
                # Who forwards asks for neighbours from its link-local address.
                sh(f"ip -n {where} addr add fe80::{last}/64 dev {dev} nodad")
            sh(f"ip -n {where} addr add 10.0.{host}.{last}/24 dev {dev}")
            sh(f"ip -n {where} addr add fd00:{host}::{last}/64 dev {dev} nodad")
            sh(f"ip -n {where} link set {dev} up")
        sh(f"ip -n {name} route add default via 10.0.{host}.1")
        sh(f"ip -n {name} route add default via fd00:{host}::1")
    for setting in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        netns.run_in("gw", lambda s=setting: Path(f"/proc/sys/net/{s}").write_text("1"))
    sh("ip -n gw route add unreachable 10.0.3.0/24")
    sh("ip -n gw route add unreachable fd00:3::/64")
    wait_until_up("red", "gw", "blue")


def main() -> None:
    """Fork for each line of the input, and say how that has ended."""
    for module in _NEEDED:
        importlib.import_module(module)
    gc.freeze()
    for line in sys.stdin:
        out, err, *words = json.loads(line)
        child = os.fork()
        if child == 0:
            _turn_to("/dev/null", os.O_RDONLY, 0)
            _turn_to(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 1)
            _turn_to(err, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 2)
            # Who hangs ends, and its test fails, before pytest's own time is over.
            signal.alarm(_SECONDS)
            run_body(*words)
            return
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _turn_to(path: str, flags: int, descriptor: int) -> None:
    opened = os.open(path, flags, 0o600)
    os.dup2(opened, descriptor)
    os.close(opened)


def run_body(keeper: str, module: str, name: str, directory: str) -> None:
    """Enter the sandbox and run that function of that module."""
    sandbox.enter(sandbox.Keeper.from_data(json.loads(keeper)))
    body = getattr(importlib.import_module(module), name).body
    try:
        result = body(Path(directory))
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except pytest.skip.Exception as skipped:
        print(skipped)
        sys.exit(_SKIPPED)


if __name__ == "__main__":
    main()
