"""What is set aside comes out as it went in, in its order, whatever the disk says."""

import os
import resource
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tuilab.packets.spool import Batch, Spool


def batch(number: int, size: int = 100) -> Batch:
    return Batch(number, number / 8, bytes([number % 256]) * size, b"m" * 16)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3)), st.booleans())
def test_first_in_is_first_out(takes, disk):
    spool = Spool(Path("/tmp" if disk else "/nowhere"))
    expected = []
    for number, several in enumerate(takes):
        spool.put(batch(number, 1000 * several))
        expected.append(batch(number, 1000 * several))
        for _ in range(several):
            if expected:
                assert spool
                assert spool.take() == expected.pop(0)
    while expected:
        assert spool.take() == expected.pop(0)
    assert not spool
    assert not spool.full
    spool.close()


def test_a_full_disk_is_no_loss_and_asks_for_a_pause(tmp_path):
    spool = Spool(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The third does not fit as a whole.
    resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, limits[1]))
    try:
        for number in range(2):
            spool.put(batch(number, 100_000))
        assert not spool.full
        spool.put(batch(2, 100_000))
        assert spool.full
        spool.put(batch(3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [spool.take().number for _ in range(3)] == [0, 1, 2]
    assert spool.full
    assert spool.take() == batch(3)
    assert not spool.full
    # There is room again.
    spool.put(batch(4))
    assert not spool.full
    assert spool.take() == batch(4)
    spool.close()


def test_its_file_has_no_name_and_leaves_the_disk_room(tmp_path, monkeypatch):
    spool = Spool(tmp_path)
    spool.put(batch(0, 5000))
    assert not list(tmp_path.iterdir())
    spool.take()
    real = os.fstatvfs

    def nearly_full(fd):
        disk = real(fd)
        free = 150 << 20
        return os.statvfs_result([*disk[:4], free // disk.f_frsize, *disk[5:10]])

    monkeypatch.setattr(os, "fstatvfs", nearly_full)
    sizes = [5 << 20] * 12
    for number, size in enumerate(sizes):
        spool.put(batch(number, size))
    # A third of 150 MB has room for three pieces of three such batches.
    assert spool.full
    assert [spool.take() for _ in sizes] == [
        batch(number, size) for number, size in enumerate(sizes)
    ]
    spool.close()


def test_its_file_grows_no_further_than_what_waits(tmp_path):
    spool = Spool(tmp_path)
    for number in range(3):
        spool.put(batch(number, 10 << 20))
    files = [fd for fd in Path("/proc/self/fd").iterdir() if _is_of(fd, tmp_path)]
    assert len(files) == 1
    for number in range(3, 40):
        spool.put(batch(number, 10 << 20))
        assert spool.take().number == number - 3
    assert os.stat(files[0]).st_size <= 4 * (16 << 20)
    for number in range(40, 50):
        spool.put(batch(number, 10 << 20))
    assert os.stat(files[0]).st_size > 8 * (16 << 20)
    assert [spool.take().number for _ in range(13)] == list(range(37, 50))
    assert os.stat(files[0]).st_size <= 4 * (16 << 20)
    spool.put(batch(50, 40 << 20))  # larger than a piece
    assert spool.take() == batch(50, 40 << 20)
    spool.close()


def _is_of(fd, directory):
    try:
        return str(directory) in os.readlink(fd)
    except OSError:
        return False
