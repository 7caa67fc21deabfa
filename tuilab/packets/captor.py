"""The process that captures: whatever others of ours do, it reads and writes on.

`recording.Recording` runs it as a program and talks to it. When nothing more is said to
it, the capture ends: whoever started it and dies leaves a complete file.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from tuilab.errors import NotFoundError, PacketError
from tuilab.model.links import Endpoint
from tuilab.packets import failures, talk
from tuilab.packets.handle import Handle
from tuilab.packets.recorder import Recorder
from tuilab.packets.sink import FileSink, Sink, StreamSink
from tuilab.packets.writing import Classic, Pcapng

NICENESS: Final = -5
"""Packets are lost while it waits; but where there is one processor only, whoever looks
at them needs a part of it too. An ordinary user may not lower it."""


def main() -> int:
    """Capture what is asked for until that is to end."""
    # Ctrl-C is for the one who started us, who ends us if that is meant.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    line = socket.socket(fileno=int(sys.argv[1]))
    job, _ = talk.hear(line)
    try:
        handles, left_out = _open(job)
    except Exception as error:
        talk.say(line, {"failed": failures.told(error)})
        return 1
    opened = [(*_pair(handle.endpoint), handle.linktype) for handle in handles]
    talk.say(line, {"opened": opened, "left_out": left_out})
    go, files = talk.hear(line)
    _record(line, handles, go, files)
    return 0


def _pair(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.namespace, endpoint.ifname


def _open(job: dict[str, Any]) -> tuple[list[Handle], list[tuple[str, str, str]]]:
    """Handles, and what is left out with the reason why."""
    handles: list[Handle] = []
    left_out: list[tuple[str, str, str]] = []
    endpoints = [Endpoint(*pair) for pair in job["endpoints"]]
    for endpoint in endpoints:
        try:
            handles.append(Handle.open(endpoint, job["filter"], job["ring"]))
        except (NotFoundError, PacketError) as error:
            last = len(left_out) + 1 == len(endpoints)
            if not job["lenient"] or last:
                raise
            left_out.append((*_pair(endpoint), error.summary))
    return handles, left_out


def _record(
    line: socket.socket, handles: list[Handle], go: dict[str, Any], files: list[int]
) -> None:
    """Write to the first of the files, and packets' places to the second."""
    sink: Sink
    if go["stream"]:
        sink = StreamSink(files[0], _said_no_more(line))
    else:
        sink = FileSink(files[0], go["size"])

    def news() -> dict[str, Any]:
        counts = [(it.received, it.dropped, it.ended) for it in recorder.counts]
        return {"written": recorder.written, "size": recorder.size, "counts": counts}

    recorder = Recorder(
        handles,
        sink,
        Classic() if go["classic"] else Pcapng(),
        size=go["size"],
        limit=go["limit"],
        stop=line.fileno(),
        # One who does not listen now is told again.
        tell=lambda: talk.say(line, news(), wait=False),
        index=files[1] if len(files) > 1 else None,
    )
    recorder.run()
    talk.say(line, news() | {"problem": recorder.problem})


def _said_no_more(line: socket.socket) -> Callable[[], bool]:
    """Whether the capture is to end."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return lambda: bool(poll.poll(0))


if __name__ == "__main__":
    with contextlib.suppress(EOFError, ConnectionError):
        sys.exit(main())
