"""What writes a capture: it ends for those who wait, whatever fails."""

import contextlib
import itertools
import math
import os
import re
import resource
import struct
import time

import pytest

from tuilab.model.topology import Endpoint
from tuilab.packets.order import Merge
from tuilab.packets.recorder import Recorder
from tuilab.packets.sink import FileSink
from tuilab.packets.spool import Spool
from tuilab.packets.writing import Pcapng


class Broken:
    """A capture whose every call fails, but for those that let go of it."""

    endpoint = Endpoint("red", "eth0")
    received = dropped = 0
    ended = ""
    deadline = math.inf

    def __init__(self):
        self.read_end, self.write_end = os.pipe()
        os.write(self.write_end, b"x")
        self.closed = False

    def fileno(self):
        return self.read_end

    def read(self):
        raise RuntimeError("libpcap is broken")

    count = read

    def close(self):
        os.close(self.read_end)
        os.close(self.write_end)
        self.closed = True


@contextlib.contextmanager
def recording(handles, sink, spool, *, tell=lambda: True, index=None):
    """A recorder of pcapng that is told at once to end with what is there."""
    line, ours = os.pipe()
    try:
        yield Recorder(
            handles,
            sink,
            Pcapng(),
            size=0,
            limit=None,
            line=line,
            listen=lambda: False,
            tell=tell,
            spool=spool,
            index=index,
        )
    finally:
        os.close(line)
        os.close(ours)


def file_sink(path):
    return FileSink(os.open(path, os.O_RDWR | os.O_CREAT))


def test_a_capture_that_fails_ends_with_its_file(tmp_path, caplog):
    handle = Broken()
    sink = file_sink(tmp_path / "a.pcapng")
    with recording([handle], sink, Spool(tmp_path)) as recorder:
        recorder.run()
    assert recorder.problem == "the capture failed: libpcap is broken"
    assert handle.closed


class Steady(Broken):
    """A capture that always has a packet more, for a second."""

    def __init__(self):
        super().__init__()
        self.end = time.monotonic() + 1

    def read(self):
        meta = struct.pack("=4I", 1, self.received, 0, 4)
        self.received += 1
        return None if self.received % 2 else (b"data", meta)

    def count(self):
        """Nothing was lost."""

    def check(self):
        return True

    def complete(self):
        return time.monotonic() > self.end


def test_news_are_told_at_most_ten_times_a_second(tmp_path):
    told = []
    tell = lambda: told.append(time.monotonic()) or True  # noqa: E731
    sink = file_sink(tmp_path / "a.pcapng")
    with recording([Steady()], sink, Spool(tmp_path), tell=tell) as recorder:
        recorder.run()
    assert not recorder.problem
    assert len(told) >= 3
    assert min(b - a for a, b in itertools.pairwise(told)) >= 0.099


class Rush(Steady):
    """A capture on which packets arrive faster than they can be written.

    Every 10 us there is one, numbered by its stamp, for a while.
    """

    def __init__(self, packets, start):
        super().__init__()
        self.packets = packets
        self.start = start

    def read(self):
        arrived = int((time.monotonic() - self.start) * 100_000)
        stop = min(self.received + 32, arrived, self.packets)
        numbers = range(self.received, stop)
        self.received = stop
        meta = [
            struct.pack("=4I", 1, 10 * number, 9 * place, 9)
            for place, number in enumerate(numbers)
        ]
        payload = b"".join(b"%09d" % number for number in numbers)
        return (payload, b"".join(meta)) if numbers else None

    def complete(self):
        return self.received >= self.packets


class Slow(FileSink):
    """A disk that takes its time, and notes how much there was to read meanwhile."""

    def __init__(self, path, handles):
        super().__init__(os.open(path, os.O_RDWR | os.O_CREAT))
        self.handles = handles
        self.behind = 0
        self.blocks = 0

    def write_blocks(self, blocks):
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass
        read = sum(handle.received for handle in self.handles)
        self.behind = max(self.behind, read - self.blocks)
        self.blocks += len(blocks)
        return super().write_blocks(blocks)


@pytest.mark.parametrize("hosts", [1, 2])
@pytest.mark.parametrize("disk", [True, False])
def test_a_rush_is_read_at_once_and_written_in_order(tmp_path, hosts, disk):
    start = time.monotonic()
    handles = [Rush(20_000, start) for _ in range(hosts)]
    path = tmp_path / "a.pcapng"
    sink = Slow(path, handles)
    spool = Spool(tmp_path if disk else tmp_path / "nowhere")
    with recording(handles, sink, spool) as recorder:
        recorder.run()
    assert not recorder.problem
    assert recorder.written == 20_000 * hosts
    numbers = [int(word) for word in re.findall(rb"\d{9}", path.read_bytes())]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(20_000))
    # Of several, what others may come before is held in any case.
    assert hosts > 1 or (sink.behind > 5000) == disk


def test_a_rush_leaves_the_one_who_looks_on_some_of_the_processor(tmp_path):
    rush = Rush(20_000, time.monotonic())
    sink = Slow(tmp_path / "a.pcapng", [rush])
    index = os.memfd_create("index")
    with recording([rush], sink, Spool(tmp_path), index=index) as recorder:
        spent, began = time.thread_time(), time.monotonic()
        recorder.run()
        spent, took = time.thread_time() - spent, time.monotonic() - began
    assert recorder.written == 20_000
    assert os.fstat(index).st_size == 8 * 20_000
    assert spent < 0.8 * took
    os.close(index)


# The clock is set


def merged(steps: list[tuple[float, list[int]]]) -> list[list[bytes]]:
    """What a `Merge` gives out at each batch: (read at, stamps)."""
    merge = Merge()
    given = []
    for now, stamps in steps:
        merge.add(0, stamps, [b"%d" % stamp for stamp in stamps], now)
        given.append(merge.take(now))
    given.append(merge.rest())
    return given


def test_a_clock_that_is_set_back_holds_up_nothing():
    hour = 3_600_000_000
    before, after = [hour + n for n in range(3)], list(range(1, 4))
    steps = [(0.0, before), (0.01, after), (0.5, [10]), (1.0, [11])]
    given = merged(steps)
    assert sorted(map(int, itertools.chain(*given))) == [*after, 10, 11, *before]
    # All of both sides of the step are out as soon as a ring can hide nothing more.
    assert set(map(int, given[2])) >= {*before, *after}


def test_a_clock_that_is_set_ahead_holds_up_nothing():
    hour = 3_600_000_000
    given = merged([(0.0, [1, 2]), (0.01, [hour, hour + 1]), (0.5, [hour + 2])])
    assert [int(stamp) for stamp in given[2]] == [1, 2, hour, hour + 1]
    assert given[3] == [b"%d" % (hour + 2)]


def test_one_that_is_behind_holds_back_what_may_come_behind_its_own():
    merge = Merge()

    def add(number, stamps, now):
        merge.add(number, stamps, [b"%d" % stamp for stamp in stamps], now)

    add(0, [1, 5], 0.0)
    add(1, [2, 9], 0.0)
    assert merge.take(0.2, behind=[0]) == [b"1", b"2", b"5"]
    add(0, [6, 7], 0.2)
    assert merge.take(0.25, behind=[0, 2]) == []  # nothing of 2 is here
    assert merge.take(0.25, behind=[0]) == [b"6", b"7"]
    assert merge.take(0.25) == [b"9"]
    assert not merge


def test_blocks_are_written_in_pieces_and_taken_back_together(tmp_path):
    path = tmp_path / "blocks"
    sink = FileSink(os.open(path, os.O_RDWR | os.O_CREAT))
    sink.write(b"head")
    blocks = [b"%06d" % number for number in range(3000)]
    assert sink.write_blocks(blocks) == 18_000
    assert path.read_bytes() == b"head" + b"".join(blocks)
    assert sink.write_blocks([]) == 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The second piece fits in part, and then not at all.
    resource.setrlimit(resource.RLIMIT_FSIZE, (28_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            sink.write_blocks(blocks)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"head" + b"".join(blocks)
    sink.write(b"tail")
    assert path.read_bytes().endswith(b"002999tail")
    assert sink.size == 18_008
    sink.close()
