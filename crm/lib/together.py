"""Doing in one go what several threads ask for at the same time: a commit for many costs little more than a commit for one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Together(Generic[Item, Result]):
    """Each caller waits for its own result; meanwhile one of them does the work of all who wait, at most `most` at a time.

    Nobody waits for company: whoever comes alone starts at once, and those who come while it works are the next to be done.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], most: int = 256):
        self._work, self._most = work, most
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket[Item, Result]] = deque()
        self._is_led = False

    def do(self, item: Item) -> Result:
        """The result for this item. Raises what the work raised."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        with self._lock:
            self._waiting.append(ticket)
            leads, self._is_led = not self._is_led, True
        if not leads:
            ticket.woken.acquire()
        if not ticket.is_done:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]

    def _lead(self) -> None:
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            for ticket, result in zip(batch, self._work([each.item for each in batch]), strict=True):
                ticket.result = result
        except Exception as error:
            for ticket in batch:
                ticket.error = error
        finally:
            self._hand_over(batch)

    def _hand_over(self, batch: Sequence[_Ticket[Item, Result]]) -> None:
        """To the first of those who came meanwhile, and let those who were served go."""
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._is_led = following is not None
        if following is not None:
            following.woken.release()
        for ticket in batch:
            ticket.is_done = True
            ticket.woken.release()


class _Ticket(Generic[Item, Result]):
    """What one caller asks for. `woken` is a bare lock, held from the start: an Event takes five times as long."""

    __slots__ = ("error", "is_done", "item", "result", "woken")

    def __init__(self, item: Item):
        self.item = item
        self.result: Result | None = None
        self.error: Exception | None = None
        self.is_done = False
        self.woken = threading.Lock()
        self.woken.acquire()


class Soon:
    """A call that is made once within `delay` seconds, however often it is asked for meanwhile; at once if there is no delay."""

    def __init__(self, function: Callable[[], object], delay: float):
        self._function, self._delay = function, delay
        self._lock = threading.Lock()
        self._is_coming = False

    def ask(self) -> None:
        """Have it called."""
        if not self._delay:
            self._function()
            return
        with self._lock:
            if self._is_coming:
                return
            self._is_coming = True
        timer = threading.Timer(self._delay, self._call)
        timer.daemon = True
        timer.start()

    def _call(self) -> None:
        with self._lock:
            self._is_coming = False
        self._function()


class Buffer(Generic[Item]):
    """Items that are worked off within `delay` seconds, `most` at a time; it holds no more than `room`.

    Whoever ends the program calls `drain` to work off the rest.
    """

    def __init__(self, work: Callable[[Sequence[Item]], object], delay: float, room: int = 10_000, most: int = 250):
        self._work, self._room, self._most = work, room, most
        self._items: deque[Item] = deque()
        self._draining = threading.Lock()
        self._soon = Soon(self.drain, delay)

    def put(self, item: Item) -> bool:
        """Take the item; whether there was room."""
        if len(self._items) >= self._room:
            return False
        self._items.append(item)
        self._soon.ask()
        return True

    def drain(self) -> None:
        """Work off what is there."""
        with self._draining:
            while batch := [self._items.popleft() for _ in range(min(self._most, len(self._items)))]:
                self._work(batch)
