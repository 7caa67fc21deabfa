"""What the kernel's list of mounts says."""

from tuilab.kernel.mounts import mount_point


def test_mount_points_are_read_as_the_kernel_writes_them():
    line = "36 35 98:0 / /etc/caf\u00e9\\040au\\134lait rw - ext4 /dev/x rw".encode()
    assert mount_point(line) == "/etc/caf\u00e9 au\\lait"
