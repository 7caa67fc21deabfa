"""The machine's kernel settings as they were before labs in host mode changed them.

Kept as long as the settings themselves: under /run, so that a boot forgets both, and
apart from any lab's folder, so that losing that does not lose this. Several labs may
have changed one setting; the last to let go of it puts the machine's own value back.
Beside it stand the names of the labs that may have anything on the machine.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tuilab.errors import KernelError
from tuilab.kernel import sysctl

FOLDER = Path("/run/tuilab")
_FILE = "sysctls.json"
_LABS = "labs"
_ROOT = Path("/proc/sys")


def record(lab: str, keys: Iterable[str]) -> None:
    """Remember how settings are, as the machine's own, before a lab changes them.

    Raises:
        KernelError: It can't be written down.
    """
    with _table() as table:
        for key in keys:
            if key not in table:
                with suppress(OSError):
                    value = sysctl.path(key).read_text().strip()
                    table[key] = {"former": value, "beside": _beside(key), "labs": []}
            if key in table and lab not in table[key]["labs"]:
                table[key]["labs"].append(lab)


def release(lab: str, keys: Iterable[str]) -> None:
    """Forget that a lab has changed these.

    Raises:
        KernelError: It can't be written down.
    """
    if not keys:
        return
    with _table() as table:
        for key in set(keys) & set(table):
            labs = table[key]["labs"]
            if lab in labs:
                labs.remove(lab)
            if not labs:
                del table[key]


def held(lab: str) -> dict[str, str]:
    """The settings that a lab may have changed, with the machine's own values."""
    return {k: str(v["former"]) for k, v in _read().items() if lab in v["labs"]}


def shared(lab: str) -> set[str]:
    """Those of them that another lab may have changed as well."""
    return {k for k, v in _read().items() if lab in v["labs"] and len(v["labs"]) > 1}


def enter(lab: str) -> None:
    """Say that a lab may have something on the machine from now on.

    Raises:
        KernelError: It can't be written down.
    """
    with _told():
        (FOLDER / _LABS).mkdir(mode=0o700, parents=True, exist_ok=True)
        (FOLDER / _LABS / lab).touch()


def leave(lab: str) -> None:
    """Say that a lab has nothing there any more."""
    with suppress(OSError):
        (FOLDER / _LABS / lab).unlink(missing_ok=True)
        # What is left of others stops this.
        (FOLDER / _LABS).rmdir()
        FOLDER.rmdir()


def labs() -> set[str]:
    """The labs that may have something there."""
    found = {str(lab) for entry in _read().values() for lab in entry["labs"]}
    with suppress(OSError):
        found |= {entry.name for entry in (FOLDER / _LABS).iterdir()}
    return found


def put_right(key: str, value: str) -> None:
    """After a setting has its own value again: those that the kernel set along.

    Turning forwarding on and off sets that of every link, and whether redirects are
    accepted (inet_forward_change in the kernel's net/ipv4/devinet.c).
    """
    entry = _read().get(key)
    if entry is None or entry["former"] != value:
        return
    beside: Mapping[str, str] = entry["beside"]
    for name, was in beside.items():
        path = _ROOT / name
        # A link may have gone meanwhile, with its settings.
        with suppress(OSError):
            if path.read_text().strip() != was:
                path.write_text(was)


def _beside(key: str) -> dict[str, str]:
    parts = key.split(".")
    patterns = []
    if key == "net.ipv4.ip_forward":
        patterns = ["net/ipv4/conf/*/forwarding", "net/ipv4/conf/all/accept_redirects"]
    elif parts[2:3] == ["conf"] and parts[3] in ("all", "default"):
        patterns = ["/".join([*parts[:3], "*", *parts[4:]])]
    found = {}
    for pattern in patterns:
        for path in sorted(_ROOT.glob(pattern)):
            name = str(path.relative_to(_ROOT))
            if name not in (key.replace(".", "/"), "net/ipv4/conf/all/forwarding"):
                with suppress(OSError):
                    found[name] = path.read_text().strip()
    return found


def _here() -> list[str]:
    """Which boot and network that is: in a container, /run may outlive both."""
    status = Path("/proc/self/ns/net").stat()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return [boot, f"{status.st_dev}:{status.st_ino}"]


def _read() -> dict[str, Any]:
    try:
        data = json.loads((FOLDER / _FILE).read_text())
    except (OSError, ValueError):
        return {}
    return dict(data["settings"]) if data.get("here") == _here() else {}


@contextmanager
def _table() -> Iterator[dict[str, Any]]:
    """The table, open to change while no other process changes it."""
    with _told():
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            before = _read()
            table = json.loads(json.dumps(before))
            yield table
            if table and table != before:
                draft = FOLDER / f"{_FILE}.draft"
                draft.write_text(json.dumps({"here": _here(), "settings": table}))
                draft.rename(FOLDER / _FILE)
            elif not table:
                (FOLDER / _FILE).unlink(missing_ok=True)
        finally:
            os.close(fd)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KernelError(
            f'"{FOLDER}" can\'t be written: {error.strerror}',
            "host mode keeps the machine's own settings there",
            error.errno or 0,
        ) from error
