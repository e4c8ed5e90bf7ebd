"""Names that are spelt almost as typed.

Every word of every name is kept under itself and under what is left when any one letter is taken out. Two words that differ by a
letter too many, too few, another or two swapped then meet under one of these keys, whatever the number of contacts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa

from crm.database import db, is_postgresql
from crm.lib.trigrams import all_threes, whole

CREATE = (
    "CREATE TABLE contacts_search_words (key VARCHAR(40) NOT NULL, word VARCHAR(40) NOT NULL, PRIMARY KEY (key, word))"
)
SHORTEST, LONGEST = 4, 40
MOST = 8
"""So many spellings of one word are tried, the nearest first."""
WORDS = sa.table("contacts_search_words", sa.column("key", sa.String), sa.column("word", sa.String))


def alike(word: str) -> list[str]:
    """Words of names that may have been meant, the nearest first: one slip away, or two if the word is long."""
    if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
        return []
    met = db.session.scalars(sa.select(WORDS.c.word).where(WORDS.c.key.in_(_keys(word))).distinct().limit(400))
    slips = [(distance(word, each), each) for each in met if each != word]
    return [each for count, each in sorted(slips) if count <= (2 if len(word) > 7 else 1)][:MOST]


def learn(names: Iterable[str]) -> None:
    """Know the words of these names. Knowing them twice changes nothing."""
    new = words_of(names)
    ordered = sorted(new)
    for start in range(0, len(ordered), 500):
        known = sa.select(WORDS.c.word).where(
            WORDS.c.key.in_(ordered[start : start + 500]), WORDS.c.key == WORDS.c.word
        )
        new -= set(db.session.scalars(known))
    rows = [{"key": key, "word": word} for word in sorted(new) for key in _keys(word)]
    if rows:
        db.session.execute(_LEARN, rows)


_LEARN = sa.text("INSERT INTO contacts_search_words (key, word) VALUES (:key, :word) ON CONFLICT DO NOTHING")


def forget(names: Iterable[str]) -> None:
    """Forget the words of these names that no contact has any more."""
    for word in words_of(names):
        if not _is_had(word):
            gone = sa.delete(WORDS).where(WORDS.c.key.in_(_keys(word)), WORDS.c.word == word)
            db.session.execute(gone)


def _is_had(word: str) -> bool:
    """Whether anybody has this word in name, email or phone."""
    if is_postgresql():
        return bool(db.session.scalar(_HAS_POSTGRES, {"word": word}))
    part = whole(word)
    return bool(db.session.scalar(_HAS, {"wanted": all_threes(part), "part": f"%{part}%"}))


_HAS = sa.text("SELECT 1 FROM contacts_search WHERE contacts_search MATCH :wanted AND +text LIKE :part LIMIT 1")
_HAS_POSTGRES = sa.text(
    "SELECT 1 FROM contacts WHERE to_tsvector('simple', sort_name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, ''))"
    " @@ to_tsquery('simple', :word) LIMIT 1"
)


def sweep(after: str, count: int = 500) -> str:
    """Forget what no contact has, among the next `count` words after `after`; the last of them, "" at the end."""
    some = db.session.scalars(
        sa.select(WORDS.c.word)
        .where(WORDS.c.key > after, WORDS.c.key == WORDS.c.word)
        .order_by(WORDS.c.key)
        .limit(count)
    ).all()
    forget(some)
    return some[-1] if len(some) == count else ""


def words_of(names: Iterable[str]) -> set[str]:
    """The words of these names that can be misspelt."""
    found = set(re.findall(r"[^\W\d_]+", " ".join(names)))
    return {word for word in found if 3 <= len(word) <= LONGEST}


def _keys(word: str) -> Sequence[str]:
    return sorted({word, *(word[:place] + word[place + 1 :] for place in range(len(word)))})


def distance(one: str, other: str) -> int:
    """How many letters were added, left out, taken for another or swapped with the next."""
    rows: list[list[int]] = [list(range(len(other) + 1))]
    for place, letter in enumerate(one, 1):
        rows.append(list(_next_row(rows, one, other, place, letter)))
    return rows[-1][-1]


def _next_row(rows: list[list[int]], one: str, other: str, place: int, letter: str) -> Iterator[int]:
    above, left = rows[-1], place
    yield left
    for column, there in enumerate(other, 1):
        left = min(above[column] + 1, left + 1, above[column - 1] + (letter != there))
        if place > 1 and column > 1 and letter == other[column - 2] and one[place - 2] == there:
            left = min(left, rows[-2][column - 2] + 1)
        yield left
