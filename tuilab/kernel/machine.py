"""This machine, for labs in host mode: which it is, and the rights over its network."""

from __future__ import annotations

import os
from fcntl import ioctl
from pathlib import Path

from tuilab.errors import RightsError
from tuilab.kernel import syscalls

_NS_GET_USERNS = 0xB701


def check_rights() -> None:
    """Refuse to work on this network without the rights to.

    They are CAP_NET_ADMIN in the user namespace that the network namespace belongs
    to, and CAP_SYS_ADMIN to make namespaces and name them.

    Raises:
        RightsError: They are lacking.
    """
    needed = {"CAP_NET_ADMIN": syscalls.CAP_NET_ADMIN}
    needed["CAP_SYS_ADMIN"] = syscalls.CAP_SYS_ADMIN
    missing = [name for name, number in needed.items() if not syscalls.capable(number)]
    if missing or not _owns_network():
        lack = f": {' and '.join(missing)} missing" if missing else ""
        raise RightsError(
            f"host mode needs root's rights over the machine's network{lack}",
            "run it as root (sudo tuilab --host ...), or leave --host out: the lab "
            "gets a sandbox of its own",
        )


def _owns_network() -> bool:
    """Whether our user namespace is the one that owns the network namespace."""
    fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Where the owner is outside of ours, the kernel does not tell it.
        owner = ioctl(fd, _NS_GET_USERNS)
    except OSError:
        return False
    finally:
        os.close(fd)
    try:
        return os.path.samestat(os.fstat(owner), os.stat("/proc/self/ns/user"))  # noqa: PTH116
    finally:
        os.close(owner)


def may() -> bool:
    """Whether this process has those rights."""
    try:
        check_rights()
    except RightsError:
        return False
    return True


def here() -> dict[str, str]:
    """Which boot of the machine and which network this is, for a lab's record."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return {"boot_id": boot, "net": str(Path("/proc/self/ns/net").stat().st_ino)}
