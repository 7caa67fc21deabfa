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
from pathlib import Path
from typing import Any, Final

from tuilab.errors import NotFoundError, PacketError
from tuilab.model.links import Endpoint
from tuilab.packets import failures, talk
from tuilab.packets.handle import Handle
from tuilab.packets.pcapng import Interface
from tuilab.packets.recorder import Recorder
from tuilab.packets.sink import FileSink, Sink, StreamSink
from tuilab.packets.spool import Spool
from tuilab.packets.writing import Classic, Format, Pcapng

NICENESS: Final = -5
"""Packets are lost while it waits; but where there is one processor only, whoever looks
at them needs a part of it too. An ordinary user may not lower it. A kernel that groups
programs by session (sched_autogroup_enabled) gives each an equal part anyway."""


def main() -> int:
    """Capture what is asked for until that is to end."""
    # Ctrl-C is for the one who started us, who ends us if that is meant.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    captor = _Captor(socket.socket(fileno=int(sys.argv[1])))
    return captor.work()


class _Captor:
    """Opens what it is asked for and has it recorded."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._job: dict[str, Any] = {}
        self._left_out: dict[Endpoint, str] = {}
        self._joined: list[tuple[str, str, int]] = []
        self._kind = 0

    def work(self) -> int:
        """Do what is said."""
        line = self._line
        self._job, _ = talk.hear(line)
        lenient = self._job["lenient"]
        try:
            handles = self._open(self._job["endpoints"], lenient=lenient, some=True)
        except Exception as error:
            talk.say(line, {"failed": failures.told(error)})
            return 1
        opened = [(*_pair(handle.endpoint), handle.linktype) for handle in handles]
        talk.say(line, {"opened": opened, "left_out": self._told_left_out()})
        go, files = talk.hear(line)
        self._kind = handles[0].linktype
        self._record(handles, go, files)
        return 0

    def _open(
        self, pairs: list[tuple[str, str]], *, lenient: bool, some: bool
    ) -> list[Handle]:
        """Handles; what is left out is noted, if that may be: if ``some``, not all."""
        handles: list[Handle] = []
        missing = 0
        for endpoint in (Endpoint(*pair) for pair in pairs):
            try:
                handle = Handle.open(endpoint, self._job["filter"], self._job["ring"])
                handles.append(handle)
                self._left_out.pop(endpoint, None)
            except (NotFoundError, PacketError) as error:
                missing += 1
                if not lenient or (some and missing == len(pairs)):
                    raise
                self._left_out[endpoint] = error.summary
        return handles

    def _record(
        self, handles: list[Handle], go: dict[str, Any], files: list[int]
    ) -> None:
        """Write to the first of the files, and packets' places to the second."""
        sink: Sink
        if go["stream"]:
            sink = StreamSink(files[0], _said_no_more(self._line))
        else:
            sink = FileSink(files[0], go["size"])
        self._form: Format = Classic() if go["classic"] else Pcapng()
        self._recorder = Recorder(
            handles,
            sink,
            self._form,
            size=go["size"],
            limit=go["limit"],
            line=self._line.fileno(),
            listen=self._listen,
            # One who does not listen now is told again.
            tell=lambda: talk.say(self._line, self._news(), wait=False),
            spool=Spool(Path(go["beside"])),
            index=files[1] if len(files) > 1 else None,
            lasting=self._job["lasting"],
        )
        self._recorder.run()
        problem = {"problem": self._recorder.problem}
        talk.say(self._line, self._news() | problem)

    def _listen(self) -> bool:
        """Take in more links; False when nothing more will be said."""
        try:
            wish, _ = talk.hear(self._line)
        except (EOFError, ConnectionError):
            return False
        for handle in self._open(wish["add"], lenient=True, some=False):
            end = handle.endpoint
            if self._form.classic and handle.linktype != self._kind:
                handle.close()
                self._left_out[end] = f'"{end}" is of another kind than the file holds'
                continue
            self._joined.append((*_pair(end), handle.linktype))
            interface = Interface(str(end), handle.linktype)
            head = self._form.another(interface, self._job["filter"])
            self._recorder.join(handle, head)
        self._recorder.changed = True
        return True

    def _news(self) -> dict[str, Any]:
        counts = self._recorder.counts
        return {
            "written": self._recorder.written,
            "size": self._recorder.size,
            "joined": self._joined,
            "left_out": self._told_left_out(),
            "counts": [(it.received, it.dropped, it.ended) for it in counts],
        }

    def _told_left_out(self) -> list[tuple[str, str, str]]:
        return [(*_pair(end), why) for end, why in self._left_out.items()]


def _pair(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.namespace, endpoint.ifname


def _said_no_more(line: socket.socket) -> Callable[[], bool]:
    """Whether the capture is to end."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return lambda: bool(poll.poll(0))


if __name__ == "__main__":
    with contextlib.suppress(EOFError, ConnectionError):
        sys.exit(main())
