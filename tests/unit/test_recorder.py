"""The thread that writes a capture: it ends for those who wait, whatever fails."""

import math
import os

from tuilab.model.topology import Endpoint
from tuilab.packets.recorder import Recorder
from tuilab.packets.sink import FileSink


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


def test_a_capture_that_fails_ends_for_those_who_wait(tmp_path, caplog):
    handle, heard = Broken(), []
    fd = os.open(tmp_path / "a.pcapng", os.O_RDWR | os.O_CREAT)
    recorder = Recorder(
        [handle],
        FileSink(fd),
        store=None,
        size=0,
        limit=None,
        progress=lambda: heard.append(recorder.done),
        change=lambda: None,
    )
    recorder.start()
    recorder.join(10)
    assert recorder.done
    assert heard[-1]
    assert recorder.problem == "the capture failed: libpcap is broken"
    assert handle.closed
    recorder.finish()
