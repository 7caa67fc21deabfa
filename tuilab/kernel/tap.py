"""Making persistent tap devices: the one kind of link that netlink can't make."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable
from ctypes import c_int
from fcntl import ioctl

from tuilab.errors import KernelError, RightsError
from tuilab.plan.operations.base import MakeTap

TUNSETIFF = 0x400454CA
TUNSETPERSIST = 0x400454CB
TUNSETOWNER = 0x400454CC
TUNSETGROUP = 0x400454CE
IFF_TAP, IFF_NO_PI, IFF_TUN_EXCL = 0x0002, 0x1000, 0x8000
TUN = "/dev/net/tun"


def make(request: MakeTap, prepare: Callable[[str], None] | None = None) -> None:
    """Make a tap in the network namespace of the calling thread; see tun(4).

    Args:
        request: Which.
        prepare: Called with its name while it would still end with this process.

    Raises:
        RightsError: The device can't be opened.
        KernelError: The kernel refused.
    """
    try:
        fd = os.open(TUN, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise RightsError(
            f'"{TUN}" can\'t be opened: {error.strerror}',
            "a tap needs it; as root: modprobe tun && chmod 666 /dev/net/tun",
        ) from error
    try:
        flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL
        name = request.ifname.encode()
        ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name, flags))
        for code, owner in ((TUNSETOWNER, request.user), (TUNSETGROUP, request.group)):
            if owner is not None:
                # Python takes a C int, the kernel reads it without sign.
                ioctl(fd, code, c_int(owner).value)
        if prepare is not None:
            prepare(request.ifname)
        ioctl(fd, TUNSETPERSIST, 1)
    except OSError as error:
        hint = ""
        if error.errno == errno.EINVAL:
            hint = "without root, only users mapped into the lab can own a tap: you"
        raise KernelError(
            f'tap "{request.namespace}:{request.ifname}" can\'t be made: '
            f"{error.strerror}",
            hint,
            error.errno or 0,
        ) from error
    finally:
        os.close(fd)
