"""A real OpenSSH server on the loopback, for the user who runs the tests."""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import select
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.terminal import DEADLINE

_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
SSHD = shutil.which("sshd", path=_PATH)
_SEPARATION = Path("/run/sshd")
_TRIES = 5


class Server:
    """An sshd with keys of its own in a folder; ends with `close`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for key in ("host_key", "user_key"):
            path = folder / key
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
            subprocess.run(command, check=True)
        (folder / "authorized").write_text((folder / "user_key.pub").read_text())
        self._separation = ExitStack()
        with ExitStack() as undo:
            undo.enter_context(_separation())
            self._start()
            self._separation = undo.pop_all()

    def command(self, remote: Sequence[str], settings: Mapping[str, str]) -> list[str]:
        """What to type to run a program there, on a terminal."""
        words = ["env", *(f"{name}={value}" for name, value in settings.items())]
        options = {
            "IdentityFile": self._folder / "user_key",
            "UserKnownHostsFile": self._folder / "known",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "yes",
            "LogLevel": "ERROR",
        }
        return [
            *("ssh", "-F", "none", "-tt", "-p", str(self._port)),
            *(word for k, v in options.items() for word in ("-o", f"{k}={v}")),
            *("127.0.0.1", shlex.join([*words, *remote])),
        ]

    def close(self) -> None:
        """End the server and whoever is logged in."""
        self._process.terminate()
        self._process.wait(DEADLINE)
        self._separation.close()

    def _start(self) -> None:
        log = self._folder / "sshd.log"
        prefix = _able_to_give_terminals(self._folder)
        for _ in range(_TRIES):
            # Somebody else may take the port in between: then with another one.
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self._port = probe.getsockname()[1]
            settings = self._folder / "sshd_config"
            settings.write_text(self._settings())
            log.write_text("")
            self._process = subprocess.Popen(
                [*prefix, str(SSHD), "-D", "-f", str(settings), "-E", str(log)],
                stdin=subprocess.DEVNULL,
            )
            if self._listens(log):
                break
        else:
            raise AssertionError(log.read_text())
        public = " ".join((self._folder / "host_key.pub").read_text().split()[:2])
        known = f"[127.0.0.1]:{self._port} {public}\n"
        (self._folder / "known").write_text(known)

    def _listens(self, log: Path) -> bool:
        """Whether it does; it tells of that in its log, before or after starting."""
        pidfd = os.pidfd_open(self._process.pid)
        end = time.monotonic() + DEADLINE
        try:
            while "Server listening" not in log.read_text():
                assert time.monotonic() < end, log.read_text()
                if select.select([pidfd], [], [], 0)[0]:
                    self._process.wait()
                    assert "in use" in log.read_text(), log.read_text()
                    return False
                os.sched_yield()
        finally:
            os.close(pidfd)
        return True

    def _settings(self) -> str:
        return f"""\
ListenAddress 127.0.0.1
Port {self._port}
HostKey {self._folder}/host_key
PidFile none
AuthorizedKeysFile {self._folder}/authorized
AllowUsers {pwd.getpwuid(os.geteuid()).pw_name}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PrintMotd no
PrintLastLog no
"""


@contextmanager
def _separation() -> Iterator[None]:
    """The empty directory that root's sshd wants to be; made by one test at a time."""
    if os.geteuid() != 0:
        yield
        return
    lock = os.open(_SEPARATION.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = not _SEPARATION.exists()
        if made:
            _SEPARATION.mkdir(mode=0o755)
        try:
            yield
        finally:
            if made:
                _SEPARATION.rmdir()
    finally:
        os.close(lock)


def _able_to_give_terminals(folder: Path) -> list[str]:
    """What an ordinary user's sshd has to run through to hand out terminals.

    It wants them to belong to the group tty, and can't have that where /dev/pts is
    mounted without that group. Where there is no such group it takes the user's own.
    """
    ours, theirs = os.openpty()
    group = os.fstat(theirs).st_gid
    os.close(ours)
    os.close(theirs)
    if os.geteuid() == 0 or group == grp.getgrnam("tty").gr_gid:
        return []
    lines = Path("/etc/group").read_text().splitlines(keepends=True)
    groups = folder / "group"
    groups.write_text("".join(it for it in lines if not it.startswith("tty:")))
    script = 'mount --bind "$1" /etc/group; shift; exec "$@"'
    unshare = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]
    drop = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all"]
    return [*unshare, "sh", "-ec", script, "sh", str(groups), *drop]
