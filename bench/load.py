"""A bounded load of requests on this machine, over kept connections, from a process of its own."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time


def hits_per_second(port: int, paths: list[str], connections: int = 16, body: str = "") -> float:
    """Request every path once, by POST if there is a body, spread over the connections; how many were answered a second."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_load, (port, paths, connections, body))


def _load(port: int, paths: list[str], connections: int, body: str) -> float:
    shares = [paths[index::connections] for index in range(connections)]
    threads = [threading.Thread(target=_visit, args=(port, share, body)) for share in shares]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(paths) / (time.perf_counter() - start)


def _visit(port: int, paths: list[str], body: str) -> None:
    start, rest = ("POST", _FORM.format(len(body), body)) if body else ("GET", "\r\n")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        file = connection.makefile("rb")
        for path in paths:
            connection.sendall(
                f"{start} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {AGENT}\r\n{rest}".encode()
            )
            _read_reply(file)


_FORM = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _read_reply(file: object) -> None:
    length = 0
    while (line := file.readline().strip().lower()) != b"":  # type: ignore[attr-defined]
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    file.read(length)  # type: ignore[attr-defined]
