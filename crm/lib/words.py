"""Words as people type them, compared with names: without case and accents, in any order, by any part."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeVar

Thing = TypeVar("Thing")
_WORD = re.compile(r"[^\W_]+")


def fold(value: str) -> str:
    """The text without case, accents and outer spaces, to compare what people write."""
    value = value.strip()
    if value.isascii():
        return value.lower()
    plain = unicodedata.normalize("NFKD", value)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def words(text: str) -> list[str]:
    """The words of the text, folded: letters and digits, as many as stand together."""
    return _WORD.findall(fold(text))


def best(text: str, things: Iterable[tuple[str, Thing]], limit: int) -> list[Thing]:
    """The things whose name holds every word of `text`: those it begins first, then those with a word it begins."""
    typed = fold(text).split()
    ranked = [
        (_rank(typed, name), name, number, thing)
        for number, (given, thing) in enumerate(things)
        if typed and all(word in (name := fold(given)) for word in typed)
    ]
    return [each[-1] for each in sorted(ranked, key=lambda each: each[:3])[:limit]]


def _rank(typed: list[str], name: str) -> int:
    if name.startswith(typed[0]):
        return 0
    return 1 if all(f" {word}" in f" {name}" for word in typed) else 2
