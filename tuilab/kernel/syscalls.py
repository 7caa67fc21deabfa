"""System calls that Python 3.11 does not have, typed; failures are OSError.

Standard library only: the keeper runs this in a bare interpreter.
"""

from __future__ import annotations

import ctypes
import os
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000
MS_SHARED = 0x100000
MNT_DETACH = 0x2

CAP_SETGID = 6
CAP_SETUID = 7
CAP_NET_ADMIN = 12
CAP_SYS_ADMIN = 21

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION_3 = 0x20080522

_CLONE_NAMES = {
    CLONE_NEWUSER: "CLONE_NEWUSER",
    CLONE_NEWNS: "CLONE_NEWNS",
    CLONE_NEWNET: "CLONE_NEWNET",
    CLONE_NEWPID: "CLONE_NEWPID",
}

_libc = ctypes.CDLL(None, use_errno=True)
if sys.platform == "linux":  # elsewhere there is only preview, which imports us too
    _text, _word = ctypes.c_char_p, ctypes.c_ulong
    _libc.mount.argtypes = (_text, _text, _text, _word, _text)
    _libc.umount2.argtypes = (_text, ctypes.c_int)
    _libc.unshare.argtypes = (ctypes.c_int,)
    _libc.setns.argtypes = (ctypes.c_int, ctypes.c_int)
    _libc.prctl.argtypes = (ctypes.c_int, _word, _word, _word, _word)

_Words = ctypes.c_uint32 * 6


def _check(result: int, call: str) -> None:
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{call}: {os.strerror(errno)}")


def _flags(flags: int) -> str:
    return "|".join(name for bit, name in _CLONE_NAMES.items() if flags & bit)


def unshare(flags: int) -> None:
    """Put the calling thread into new namespaces."""
    _check(_libc.unshare(flags), f"unshare({_flags(flags)})")


def setns(fd: int, flags: int) -> None:
    """Put the calling thread into the namespaces of a pidfd or nsfs descriptor."""
    _check(_libc.setns(fd, flags), f"setns({_flags(flags)})")


def mount(
    source: str, target: str, fstype: str = "", flags: int = 0, data: str = ""
) -> None:
    """Mount something, bind it, or change its propagation."""
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(fstype) if fstype else None,
        flags,
        os.fsencode(data) if data else None,
    )
    _check(result, f"mount({fstype or source} on {target})")


def umount(target: str, flags: int = 0) -> None:
    """Take the topmost mount off a path."""
    _check(_libc.umount2(os.fsencode(target), flags), f"umount2({target})")


def capget() -> tuple[int, int, int]:
    """Effective, permitted and inheritable capabilities of the calling thread."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    words = _Words()
    _check(_libc.capget(ctypes.byref(header), ctypes.byref(words)), "capget")
    low, high = words[:3], words[3:]
    effective, permitted, inheritable = (
        one | two << 32 for one, two in zip(low, high, strict=True)
    )
    return effective, permitted, inheritable


def capset(effective: int, permitted: int, inheritable: int) -> None:
    """Change the capabilities of the calling thread."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (effective, permitted, inheritable)
    words = _Words(*(s & 0xFFFFFFFF for s in sets), *(s >> 32 for s in sets))
    _check(_libc.capset(ctypes.byref(header), ctypes.byref(words)), "capset")


def capable(capability: int) -> bool:
    """Whether the calling thread has this capability in its user namespace."""
    return bool(capget()[0] >> capability & 1)


def raise_ambient() -> None:
    """Make every permitted capability survive execve(2) of ordinary programs."""
    _, permitted, _ = capget()
    capset(permitted, permitted, permitted)
    for capability in range(permitted.bit_length()):
        if permitted >> capability & 1:
            result = _libc.prctl(
                _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0
            )
            _check(result, f"prctl(PR_CAP_AMBIENT_RAISE, {capability})")


def set_name(name: str) -> None:
    """Name the calling thread as ps(1) shows it; 15 bytes count."""
    buffer = ctypes.create_string_buffer(os.fsencode(name))
    address = ctypes.addressof(buffer)
    _check(_libc.prctl(_PR_SET_NAME, address, 0, 0, 0), "prctl(PR_SET_NAME)")


def set_parent_death_signal(number: int) -> None:
    """Have the kernel send this signal when the parent thread ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0), "prctl(PR_SET_PDEATHSIG)")
