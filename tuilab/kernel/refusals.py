"""What forbids a sandbox on this machine, and the command that allows it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from tuilab.errors import KernelError, RightsError, TuilabError

_NAMES = {
    "user": "user",
    "mount": "mount",
    "network": "network",
    "pid": "PID",
}
_LIMITS = {"user": "user", "mount": "mnt", "network": "net", "pid": "pid"}
_APPARMOR = "kernel.apparmor_restrict_unprivileged_userns"
_DEBIAN = "kernel.unprivileged_userns_clone"


def setting(name: str) -> int | None:
    """A sysctl's number, None where this kernel does not have it."""
    path = Path("/proc/sys", *name.split(".", 2))
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def forbidding() -> tuple[str, str] | None:
    """The setting that forbids unprivileged user namespaces and what allows them."""
    if setting("user.max_user_namespaces") == 0:
        name = "user.max_user_namespaces"
        return f"{name} is 0", f"sudo sysctl -w {name}=10000"
    if setting(_DEBIAN) == 0:
        return f"{_DEBIAN} is 0", f"sudo sysctl -w {_DEBIAN}=1"
    if setting(_APPARMOR) == 1:
        fact = f"AppArmor takes their rights away ({_APPARMOR} is 1)"
        return fact, f"sudo sysctl -w {_APPARMOR}=0"
    return None


def explain(report: dict[str, Any]) -> TuilabError:
    """The keeper's report of a failed step as an error for a person."""
    step, number = str(report["step"]), int(report["errno"])
    message = str(report["message"])
    denied = number in (errno.EPERM, errno.EACCES)
    if number == errno.ENOSPC and step in _LIMITS:
        return _limit(step)
    if number == errno.EINVAL and step in _NAMES:
        return RightsError(
            f"this kernel has no {_NAMES[step]} namespaces",
            "use a kernel with CONFIG_NAMESPACES, or work in preview",
        )
    cause = forbidding()
    if cause and (denied or step == "idmap"):
        fact, command = cause
        return RightsError(
            f"no sandbox can be made: user namespaces are refused, {fact}",
            f"allow them with `{command}`, or run tuilab as root",
        )
    if denied:
        return RightsError(
            f"no sandbox can be made: {message}",
            "inside a container, start it with rights for namespaces "
            "(docker: `--privileged`); elsewhere run tuilab as root",
        )
    return KernelError(
        f"no sandbox can be made: {message}",
        "`tuilab doctor` shows what this machine allows",
        number,
    )


def _limit(step: str) -> RightsError:
    name = f"user.max_{_LIMITS[step]}_namespaces"
    value = setting(name)
    fact = f"{name} is 0" if value == 0 else f"{name} ({value}) is used up"
    return RightsError(
        f"no sandbox can be made: {_NAMES[step]} namespaces are refused, {fact}",
        f"allow them with `sudo sysctl -w {name}=10000`, or run tuilab as root",
    )
