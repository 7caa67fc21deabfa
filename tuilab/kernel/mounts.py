"""What the file system looks like inside a sandbox.

Standard library only: the keeper runs this in a bare interpreter. Everything here
acts on the calling process's mount namespace, which must be its own already.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tuilab.kernel import syscalls
from tuilab.kernel.syscalls import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_REC

_LAID_OVER = ("/run", "/run/netns", "/etc", "/etc/netns")
_TMPFS = "mode=755,size=64m"


def build() -> list[str]:
    """Cut the mounts loose from the machine's and lay the sandbox's own over them.

    Returns:
        What had to be left out, one sentence each; empty is the rule.

    Raises:
        OSError: A mount that the sandbox can't do without was refused.
    """
    syscalls.mount("none", "/", flags=MS_REC | syscalls.MS_SLAVE)
    notes = []
    try:
        _own_etc_netns()
    except OSError as error:
        notes.append(f"/etc/netns can't be made: {error.strerror}")
    _own_run_netns()
    try:
        mount_sys()
    except OSError as error:
        notes.append(f"/sys still shows the machine's links: {error.strerror}")
    return notes


def is_own(folder: Path) -> bool:
    """Whether what is written there is seen in this sandbox only, and ends with it.

    Only true of a process that is in a sandbox.
    """
    while not folder.exists():
        folder = folder.parent
    machine = Path("/").stat().st_dev
    own = {Path(it).stat().st_dev for it in _LAID_OVER if Path(it).is_dir()}
    return folder.stat().st_dev in own - {machine}


def mount_sys() -> None:
    """Mount a sysfs of the calling thread's network namespace over /sys."""
    cgroup = _open_directory("/sys/fs/cgroup")
    try:
        flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
        syscalls.mount("sysfs", "/sys", "sysfs", flags)
        if cgroup is not None and Path("/sys/fs/cgroup").is_dir():
            source = f"/proc/self/fd/{cgroup}"
            syscalls.mount(source, "/sys/fs/cgroup", flags=MS_BIND | MS_REC)
    finally:
        if cgroup is not None:
            os.close(cgroup)


def mount_proc() -> None:
    """Mount a /proc of the calling process's PID namespace."""
    syscalls.mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def bind_etc(namespace: str, *, own: bool = True) -> None:
    """Bind what /etc/netns has for a namespace over /etc, as `ip netns exec` does.

    Args:
        namespace: Its name.
        own: /etc is the sandbox's own, so that files may be made to bind over.
    """
    folder = Path("/etc/netns", namespace)
    if not folder.is_dir():
        return
    for source in sorted(folder.iterdir()):
        target = Path("/etc", source.name)
        if not target.exists() and not target.is_symlink() and source.is_file():
            if not own:
                continue
            target.touch()
        syscalls.mount(str(source), str(target), flags=MS_BIND | MS_REC)


def _own_run_netns() -> None:
    """An empty /run/netns; `ip netns add` wants it to be a shared mount point."""
    _cover("/run", "netns")
    _tmpfs("/run/netns")
    syscalls.mount("none", "/run/netns", flags=syscalls.MS_SHARED)


def _own_etc_netns() -> None:
    """An empty /etc/netns that the user can write to."""
    try:
        _overlay("/etc", "netns")
    except OSError:
        _cover("/etc", "netns")
    _tmpfs("/etc/netns")


def _tmpfs(directory: str) -> None:
    syscalls.mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, _TMPFS)


def _overlay(directory: str, own: str) -> None:
    """Lay a writable layer over a directory; it has a folder of the name `own`."""
    old = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    stage = "/run"  # any directory does: what is staged here goes at once
    _tmpfs(stage)
    try:
        Path(stage, "upper").mkdir(mode=0o755)
        Path(stage, "upper", own).mkdir(mode=0o755)
        Path(stage, "work").mkdir(mode=0o700)
        layers = f"lowerdir={directory},upperdir={stage}/upper,workdir={stage}/work"
        options = f"{layers},userxattr" if os.geteuid() else layers
        syscalls.mount("overlay", directory, "overlay", MS_NODEV, options)
    finally:
        syscalls.umount(stage, syscalls.MNT_DETACH)
    # Container engines mount resolv.conf and others one by one; an overlay sees
    # through to what is below them.
    for inner in _mounts_below(directory):
        name = inner[len(directory) + 1 :]
        syscalls.mount(f"/proc/self/fd/{old}/{name}", inner, flags=MS_BIND | MS_REC)
    os.close(old)


def _mounts_below(directory: str) -> list[str]:
    found = []
    for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
        point = mount_point(line)
        if point.startswith(f"{directory}/") and point not in found:
            found.append(point)
    outer: list[str] = []
    for point in sorted(found):
        if not any(point.startswith(f"{other}/") for other in outer):
            outer.append(point)
    return outer


def mount_point(line: bytes) -> str:
    """The mount point in a line of mountinfo, see proc_pid_mountinfo(5)."""
    field = line.split(b" ")[4]
    # Blanks, line ends and backslashes stand there in octal.
    plain = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), field)
    return os.fsdecode(plain)


def _cover(directory: str, own: str) -> None:
    """Mount a tmpfs over a directory and bind every entry of it back, except `own`."""
    old = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    _tmpfs(directory)
    Path(directory, own).mkdir(mode=0o755)
    with os.scandir(old) as entries:
        for entry in entries:
            if entry.name == own:
                continue
            _bind_back(entry, f"/proc/self/fd/{old}/{entry.name}", directory, old)
    os.close(old)


def _bind_back(entry: os.DirEntry[str], source: str, directory: str, old: int) -> None:
    target = Path(directory, entry.name)
    if entry.is_symlink():
        target.symlink_to(os.readlink(entry.name, dir_fd=old))
        return
    if entry.is_dir(follow_symlinks=False):
        target.mkdir()
    else:
        target.touch()
    try:
        syscalls.mount(source, str(target), flags=MS_BIND | MS_REC)
    except OSError:
        # One broken mount (a dead FUSE server, say) must not cost the whole lab.
        return


def _open_directory(path: str) -> int | None:
    try:
        return os.open(path, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
