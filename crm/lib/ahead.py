"""Making the next thing in a process of its own while the last one is used."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from queue import Queue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
WAITING = 4
"""So many things wait at most, for while one takes long to be used."""


def ahead(things: Iterator[T]) -> Iterator[T]:
    """The same things, made by a copy of this process while those before are used. A few may wait; what making one raises is raised here.

    It pays where making takes the processor, and so does using: two threads of Python would take turns. The copy shares no memory that is
    written, so that making must change nothing the user looks at, and touch no connection: those belong to this process. Things, and what
    making them raises, can be pickled. For programs of one thread only. Raises EOFError if the copy was killed.
    """
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    maker = fork.Process(target=_make, args=(things, ours, theirs), daemon=True)
    maker.start()
    theirs.close()
    try:
        while (coming := ours.recv()) is not None:
            thing, problem = coming
            if problem is not None:
                raise problem
            yield thing
    finally:
        ours.close()
        maker.terminate()
        maker.join()


def _make(things: Iterator[object], ours: Connection, theirs: Connection) -> None:
    gc.disable()  # nor is what this process left behind collected here, connections least of all
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the program means the other side
    ours.close()
    waiting: Queue[bytes | None] = Queue(WAITING)
    sender = Thread(target=_send, args=(waiting, theirs))
    sender.start()
    try:
        for each in things:
            waiting.put(ForkingPickler.dumps((each, None)))
        waiting.put(ForkingPickler.dumps(None))
    except Exception as problem:
        waiting.put(ForkingPickler.dumps((None, problem)))
    waiting.put(None)
    sender.join()


def _send(waiting: Queue[bytes | None], theirs: Connection) -> None:
    """What is left when the other side is gone is not made."""
    try:
        while (thing := waiting.get()) is not None:
            theirs.send_bytes(thing)
    except BrokenPipeError:
        os._exit(0)
