"""On which line of a file each person came first."""

from __future__ import annotations

from array import array

EMPTY = 0


class Seen:
    """Remembers a million people in some twenty-five megabytes, where a dictionary takes two hundred.

    A table of two arrays, at most half full: the hash of the person, and the line. Two people of one hash of 64 bits are one in ten
    million files of a million rows.
    """

    def __init__(self) -> None:
        self.count = 0
        self._make(1 << 10)

    def first_line(self, identity: str, line: int) -> int:
        """The line this person came first on, which is `line` if they were not seen before."""
        key = hash(identity) or 1
        place = key & self.mask
        keys = self.keys
        while (there := keys[place]) != EMPTY:
            if there == key:
                return self.lines[place]
            place = (place + 1) & self.mask
        keys[place], self.lines[place] = key, line
        self.count += 1
        if self.count * 2 > self.mask:
            self._grow()
        return line

    def has(self, identity: str) -> bool:
        """Whether this person came."""
        key = hash(identity) or 1
        place = key & self.mask
        while (there := self.keys[place]) != EMPTY:
            if there == key:
                return True
            place = (place + 1) & self.mask
        return False

    def _make(self, size: int) -> None:
        self.mask = size - 1
        self.keys = array("q", bytes(8 * size))
        self.lines = array("I", bytes(4 * size))

    def _grow(self) -> None:
        keys, lines = self.keys, self.lines
        self._make(2 * len(keys))
        mask, into = self.mask, self.keys
        for key, line in zip(keys, lines, strict=True):
            if key != EMPTY:
                place = key & mask
                while into[place] != EMPTY:
                    place = (place + 1) & mask
                into[place], self.lines[place] = key, line
