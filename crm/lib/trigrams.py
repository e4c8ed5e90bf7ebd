"""Texts for an index of every three letters in a row, which finds words by how they begin, by how they are written and by any part.

A space is a letter to such an index. So every word has two before it and one after it: “  ma” begins a word, “ mary ” is one.
"""

from __future__ import annotations

from crm.lib.words import words

MOST = 4
"""So many threes of a part are looked up. More find no fewer rows worth mentioning, and cost as much again where many share them."""


def spaced(text: str) -> str:
    """The words of the text as the index keeps them, each once: addresses often repeat the name."""
    return f"  {'  '.join(dict.fromkeys(words(text)))} "


def beginning(word: str) -> str:
    """What stands in a spaced text where a word begins so."""
    return f" {word}" if len(word) > 1 else f"  {word}"


def whole(word: str) -> str:
    """What stands in a spaced text where this is a word of it."""
    return f" {word} " if len(word) > 1 else f"  {word} "


def threes(part: str) -> list[str]:
    """Threes of the part, spread over it; none if it is shorter. A text that has them all need not have the part, unless that is one three itself."""
    last = len(part) - 3
    places = range(last + 1) if last < MOST else (round(last * number / (MOST - 1)) for number in range(MOST))
    return list(dict.fromkeys(part[place : place + 3] for place in places))


def all_threes(part: str) -> str:
    """What FTS5 is asked for texts that have them all."""
    return " AND ".join(f'"{each}"' for each in threes(part))
