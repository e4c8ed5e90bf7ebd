"""A mail server that takes everything and keeps nothing, in a process of its own: never the slower side."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


@contextmanager
def sink() -> Iterator[int]:
    """The port of a sink, open until the end of the block."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection) -> None:
    asyncio.run(_listen(ready))


async def _listen(ready: Connection) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Session, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class _Session(asyncio.Protocol):
    """One connection: commands line by line, then data up to the dot."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""
        self.in_data = False
        self._say("220 sink")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        end = b"\r\n.\r\n" if self.in_data else b"\r\n"
        head, found, rest = self.buffer.partition(end)
        if not found:
            return False
        self.buffer = rest
        if self.in_data:
            self.in_data = False
            self._say("250 taken")
        else:
            self._answer(head[:4].upper())
        return True

    def _answer(self, verb: bytes) -> None:
        if verb in {b"EHLO", b"HELO"}:
            self._say("250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000")
        elif verb == b"DATA":
            self.in_data = True
            self._say("354 go")
        elif verb == b"QUIT":
            self._say("221 bye")
            self.transport.close()
        else:
            self._say("250 ok")

    def _say(self, line: str) -> None:
        self.transport.write(line.encode() + b"\r\n")  # type: ignore[attr-defined]
