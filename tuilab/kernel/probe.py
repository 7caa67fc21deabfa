"""What this kernel and machine can do, for `tuilab doctor`; changes nothing.

Run as a program it is the part that looks around inside a sandbox made for it.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pwd
import re
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).resolve().parents[2]))

from tuilab.errors import RightsError, TuilabError
from tuilab.kernel import idmap, machine, sandbox

_TUN = "/dev/net/tun"
_TUNSETIFF = 0x400454CA
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000
_RTM_NEWLINK = 16
_NLM_F_REQUEST_ACK_CREATE_EXCL = 0x1 | 0x4 | 0x400 | 0x200
_IFLA_IFNAME = 3
_IFLA_LINKINFO = 18
_IFLA_INFO_KIND = 1
_IFLA_INFO_DATA = 2
_IFLA_BR_VLAN_FILTERING = 7
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_DOCKER = "inside a container, start it with"
_NO_SANDBOX = "not tried, as no sandbox can be made"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        name: What it is.
        ok: It works.
        detail: What was found.
        remedy: What to do about it; empty when it works.
        required: No lab can be had without it; else something is merely missing.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    required: bool = False


def checks() -> list[Check]:
    """Look at all there is; works without any rights and leaves nothing behind."""
    found = [_kernel()]
    try:
        with sandbox.trial() as (keeper, notes):
            found += _around(keeper, notes)
            found += _inside(keeper)
    except TuilabError as error:
        found.append(Check("sandbox", False, error.summary, error.hint, required=True))
        found += [
            Check(name, False, _NO_SANDBOX, "make the sandbox possible first")
            for name in _INSIDE
        ]
    return [*found, _id_range(), _host_mode(), _tun(), *map(_tool, _TOOLS)]


def _kernel() -> Check:
    release = os.uname().release
    if sys.platform != "linux":
        return Check("kernel", False, sys.platform, "use Linux 5.8 or later", True)
    number = re.match(r"(\d+)\.(\d+)", release)
    # pidfds that setns(2) takes: Linux 5.8.
    ok = number is not None and tuple(map(int, number.groups())) >= (5, 8)
    return Check("kernel", ok, release, "" if ok else "use Linux 5.8 or later", True)


def _around(keeper: sandbox.Keeper, notes: list[str]) -> list[Check]:
    how = "unprivileged user namespace" if keeper.user_ns else "root, no user namespace"
    own_proc = Check(
        "process isolation",
        keeper.pid_ns,
        "own PID namespace and /proc" if keeper.pid_ns else "no fresh /proc allowed",
        ""
        if keeper.pid_ns
        else f"{_DOCKER} `--security-opt systempaths=unconfined`; labs work without, "
        "but show the machine's process numbers",
    )
    files = Check(
        "own /etc/netns and /sys",
        not notes,
        "; ".join(notes) or "yes",
        f"{_DOCKER} `--privileged`; labs work without" if notes else "",
    )
    return [Check("sandbox", True, how, required=True), own_proc, files]


def _id_range() -> Check:
    name = "users and groups in the sandbox"
    if not idmap.needed():
        return Check(name, True, "all of the machine's, as root")
    missing = [tool for tool in ("newuidmap", "newgidmap") if not shutil.which(tool)]
    if missing:
        detail = f"only the own one: {' and '.join(missing)} not found"
        return Check(name, False, detail, "install the package uidmap")
    if idmap.subordinate("uid") and idmap.subordinate("gid"):
        return Check(name, True, "a range from /etc/subuid and /etc/subgid")
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return Check(name, False, "only the own one: no account", "use an account")
    ranges = "--add-subuids 100000-165535 --add-subgids 100000-165535"
    return Check(
        name,
        False,
        f'only the own one: no range for "{user}" in /etc/subuid and /etc/subgid',
        f"`sudo usermod {ranges} {user}`; labs work without",
    )


def _host_mode() -> Check:
    name = "host mode (--host)"
    try:
        machine.check_rights()
    except RightsError as error:
        remedy = "`sudo tuilab --host`; labs in a sandbox need none of it"
        return Check(name, False, error.summary, remedy)
    from tuilab.kernel import former, ssh

    detail = "labs may be made on the machine's own network"
    if labs := former.labs():
        detail += f"; there are {', '.join(sorted(labs))}"
    if way := ssh.connection():
        detail += f"; the connection from {way.peer} is watched over"
    return Check(name, True, detail)


def _tun() -> Check:
    if not Path(_TUN).exists():
        return Check(_TUN, False, "does not exist", "`sudo modprobe tun`")
    if os.access(_TUN, os.R_OK | os.W_OK):
        return Check(_TUN, True, "may be opened")
    return Check(
        _TUN, False, "may not be opened by this user", f"`sudo chmod 666 {_TUN}`"
    )


_TOOLS = {
    "nft": ("nftables", "masquerading, port forwards and filters"),
    "ip": ("iproute2", "typing `ip` in a lab"),
    "ping": ("iputils-ping", "typing `ping` in a lab"),
    "tcpdump": ("tcpdump", "typing `tcpdump` in a lab"),
    "tshark": ("tshark", "decoding protocols that tuilab does not know"),
}


def _tool(name: str) -> Check:
    package, purpose = _TOOLS[name]
    folders = os.environ.get("PATH", os.defpath)
    path = shutil.which(name, path=f"{folders}:{_SYSTEM_PATH}")
    if path:
        return Check(name, True, f"{path}, for {purpose}")
    remedy = f"install the package {package}"
    return Check(name, False, f"not found; needed for {purpose}", remedy)


def _inside(keeper: sandbox.Keeper) -> list[Check]:
    """The checks that need to be in a sandbox, made by a process that enters it."""
    data = json.dumps(keeper.to_data())
    command = [sys.executable, "-I", "-S", __file__, data]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        detail = "no answer after 30 s"
        return [
            Check("inside the sandbox", False, detail, "see if the machine is busy")
        ]
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return [Check("inside the sandbox", False, last, "report this as a fault")]
    return [Check(**values) for values in json.loads(done.stdout)]


def _veth() -> None:
    _new_link("veth", "probe0")


def _bridge() -> None:
    _new_link("bridge", "probe1")


def _vlan_filtering() -> None:
    options = _attribute(_IFLA_BR_VLAN_FILTERING, b"\1")
    _new_link("bridge", "probe3", options)


def _tap() -> None:
    fd = os.open(_TUN, os.O_RDWR)
    try:
        request = struct.pack("16sH22x", b"probe2", _IFF_TAP | _IFF_NO_PI)
        fcntl.ioctl(fd, _TUNSETIFF, request)
    finally:
        os.close(fd)


def _capture() -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


_INSIDE: dict[str, tuple[Callable[[], None], str]] = {
    "cables (veth)": (_veth, "use a kernel with CONFIG_VETH (`sudo modprobe veth`)"),
    "bridges": (_bridge, "use a kernel with CONFIG_BRIDGE (`sudo modprobe bridge`)"),
    "VLAN filtering on bridges": (
        _vlan_filtering,
        "use a kernel with CONFIG_BRIDGE_VLAN_FILTERING; bridges work without",
    ),
    "taps": (_tap, f"`sudo modprobe tun` and `sudo chmod 666 {_TUN}`"),
    "capturing packets": (_capture, "use a kernel with CONFIG_PACKET"),
}


def _attribute(kind: int, data: bytes) -> bytes:
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + bytes(-length % 4)


def _new_link(kind: str, name: str, options: bytes = b"") -> None:
    """`ip link add NAME type KIND`, by hand: rtnetlink(7)."""
    info = _attribute(_IFLA_INFO_KIND, kind.encode())
    if options:
        info += _attribute(_IFLA_INFO_DATA, options)
    payload = (
        bytes(16)
        + _attribute(_IFLA_IFNAME, name.encode() + b"\0")
        + _attribute(_IFLA_LINKINFO, info)
    )
    flags = _NLM_F_REQUEST_ACK_CREATE_EXCL
    header = struct.pack("=IHHII", 16 + len(payload), _RTM_NEWLINK, flags, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.bind((0, 0))
        netlink.send(header + payload)
        reply = netlink.recv(65536)
    number = -struct.unpack_from("=i", reply, 16)[0]
    if number:
        raise OSError(number, os.strerror(number))


def _try(name: str) -> Check:
    action, remedy = _INSIDE[name]
    required = name == "cables (veth)"
    try:
        action()
    except OSError as error:
        lacking = error.errno in (errno.EOPNOTSUPP, errno.ENODEV, errno.EAFNOSUPPORT)
        detail = "not in this kernel" if lacking else str(error.strerror)
        return Check(name, False, detail, remedy, required)
    return Check(name, True, "works", "", required)


def _main() -> None:
    sandbox.enter(sandbox.Keeper.from_data(json.loads(sys.argv[1])))
    sys.stdout.write(json.dumps([asdict(_try(name)) for name in _INSIDE]))


if __name__ == "__main__":
    _main()
