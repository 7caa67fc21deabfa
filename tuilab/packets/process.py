"""The worker process as this side sees it: jobs in, results out."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator
from typing import Any, Final

from tuilab.errors import PacketError
from tuilab.packets import failures, spawn

_END_SECONDS: Final = 2.0
_LONGEST: Final = 4 << 20
"""Bytes of a message: the decoded layers of a large packet."""


class Worker:
    """One worker process and the jobs it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._jobs: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._last = 0
        self._last_words = b""
        self._listening = asyncio.create_task(self._listen())
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls) -> Worker:
        """Start it; it takes jobs at once, and does them when scapy is imported."""
        try:
            process = await asyncio.create_subprocess_exec(
                *spawn.command("tuilab.packets.worker", str(os.getpid())),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=spawn.environment(),
                start_new_session=True,
                limit=_LONGEST,
            )
        except OSError as error:
            raise PacketError(
                f"the packet worker can't be started: {error.strerror}"
            ) from None
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether it can take jobs."""
        return not self._reading.done()

    async def run(
        self, job: str, namespace: str, wish: dict[str, Any]
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The results of a job."""
        self._last += 1
        number = self._last
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._jobs[number] = queue
        self._tell({"id": number, "job": job, "namespace": namespace, "wish": wish})
        ended = False
        try:
            while True:
                message = await queue.get()
                if "result" in message:
                    yield message["result"]
                    continue
                ended = True
                if "failed" in message:
                    raise failures.heard(*message["failed"])
                if message["end"]:
                    raise self._died()
                return
        finally:
            del self._jobs[number]
            if not ended:
                self._tell({"id": number, "cancel": True})

    async def aclose(self) -> None:
        """End it, and wait until it is gone."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.gather(self._reading, self._listening)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await stdin.wait_closed()

    def _tell(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(json.dumps(message).encode() + b"\n")

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        async for line in stdout:
            message = json.loads(line)
            queue = self._jobs.get(message.get("id"))
            if queue is not None:
                queue.put_nowait(message)
        for queue in self._jobs.values():
            queue.put_nowait({"end": 1})

    async def _listen(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while data := await stderr.read(4096):
            self._last_words = (self._last_words + data)[-2000:]

    def _died(self) -> PacketError:
        words = self._last_words.decode(errors="replace").strip().splitlines()
        why = f": {words[-1]}" if words else ""
        return PacketError(f"the packet worker died{why}", "try again")
