"""Finding contacts by name, email or phone: by the beginnings of words, by any part of them, and by names spelt otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from crm.contacts import spelling
from crm.contacts.indexing import TEXT
from crm.contacts.models import Contact
from crm.database import db, is_postgresql, table_of
from crm.lib import words as folded
from crm.lib.trigrams import all_threes, beginning, threes, whole

INDEX = "contacts_search"
_TEXT_OF_CONTACT = sa.literal_column("(SELECT c0 FROM contacts_search_content WHERE id = contacts.id)", sa.String)


@dataclass(frozen=True)
class Way:
    """A way to find contacts: a condition on `table` and its values. On SQLite `table` is the index, which gives the newest first at no cost."""

    table: str
    condition: str
    values: dict[str, str] = field(default_factory=dict)
    roughly: str = ""
    """What the index alone says: a condition that finds some more, in a twentieth of the time."""
    said: tuple[sa.ColumnElement[bool], ...] = ()
    """What is to be true beyond that of a row of contacts."""

    def rowids(self, more: str = "", **values: int) -> sa.TextualSelect:
        """The ids found; `more` follows the condition."""
        key = "id" if is_postgresql() else "rowid"
        found = sa.text(f"SELECT {key} FROM {self.table} WHERE {self.condition} {more}")  # noqa: S608
        return found.bindparams(**self.values, **values).columns(sa.column(key, sa.Integer))

    def rough_rowids(self, more: str, **values: int) -> sa.TextualSelect:
        """The ids of those who may be found, in the same order. On SQLite."""
        found = sa.text(f"SELECT rowid FROM {self.table} WHERE {self.roughly} {more}")  # noqa: S608
        return found.bindparams(wanted=self.values["wanted"], **values).columns(sa.column("rowid", sa.Integer))

    def finds_any(self) -> bool:
        """Whether it finds anybody."""
        return bool(db.session.scalar(self.rowids("LIMIT 1")))

    def is_common(self, few: int) -> bool:
        """Whether it finds more than so many, as far as the index tells."""
        found = self.rough_rowids if self.roughly else self.rowids
        some = found("LIMIT :most", most=few + 1).subquery()
        return (db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > few


def words(text: str) -> list[str]:
    """The searchable words of what a person typed."""
    return folded.words(text)[:8]


def by_beginnings(text: str) -> Way | None:
    """Every word of `text` begins a word of name, email or phone."""
    typed = words(text)
    if not typed:
        return None
    if is_postgresql():
        return _in_postgresql([[f"{word}:*"] for word in typed])
    return _having([[beginning(word)] for word in typed])


def by_parts(text: str) -> Way | None:
    """Every word of `text` stands somewhere in name, email or phone; of a number the digits count, however it is written.

    None unless one of them has three letters, by which it can be looked up.
    """
    typed = [digits] if (digits := _dialled(text)) else words(text)
    if not any(len(word) > 2 for word in typed):
        return None
    if is_postgresql():
        values = {f"part{number}": f"%{word}%" for number, word in enumerate(typed)}
        return Way("contacts", " AND ".join(f"({TEXT}) ILIKE :{name}" for name in values), values)
    return _having([[word] for word in typed])


def by_spelling(text: str) -> Way | None:
    """The same with words replaced by names that are spelt almost so: those that nobody has, or else all."""
    typed = words(text)
    unknown = [word for word in typed if not (way := by_beginnings(word)) or not way.finds_any()] or typed
    meant = [[word, *(spelling.alike(word) if word in unknown else ())] for word in typed]
    if all(len(each) == 1 for each in meant):
        return None
    if is_postgresql():
        return _in_postgresql([[f"{each[0]}:*", *each[1:]] for each in meant])
    return _having([[beginning(each[0]), *map(whole, each[1:])] for each in meant])


def _dialled(text: str) -> str:
    """The digits of a text that can only be a number, without what is dialled before it; otherwise nothing."""
    return re.sub(r"\D", "", text).lstrip("0") if re.fullmatch(r"[\d\s()+./-]{3,40}", text, re.ASCII) else ""


def _having(meant: Sequence[Sequence[str]]) -> Way:
    """On SQLite: of each of these, one of the parts stands in the text. The threes are looked up, and the text is compared where they do not say all.

    The plus keeps FTS5 from its own LIKE, which crashes on a single letter in SQLite 3.40.
    """
    wanted = [" OR ".join(f"({all_threes(part)})" for part in parts) for parts in meant if all(map(threes, parts))]
    compared = [parts for parts in meant if any(len(part) != len("abc") for part in parts)]
    values = {
        f"part{number}_{place}": f"%{part}%"
        for number, parts in enumerate(compared)
        for place, part in enumerate(parts)
    }
    said = [
        " OR ".join(f"+{INDEX}.text LIKE :part{number}_{place}" for place in range(len(parts)))
        for number, parts in enumerate(compared)
    ]
    values["wanted"] = " AND ".join(f"({each})" for each in wanted)
    roughly = f"{INDEX} MATCH :wanted"
    of_contacts = tuple(sa.or_(*(_TEXT_OF_CONTACT.contains(part) for part in parts)) for parts in compared)
    return Way(INDEX, " AND ".join([roughly, *(f"({each})" for each in said)]), values, roughly, of_contacts)


def _in_postgresql(meant: Sequence[Sequence[str]]) -> Way:
    """All of these words, each in one of its spellings."""
    wanted = " & ".join(f"({' | '.join(each)})" for each in meant)
    return Way("contacts", f"to_tsvector('simple', {TEXT}) @@ to_tsquery('simple', :wanted)", {"wanted": wanted})


def ways(text: str) -> Iterator[Way]:
    """How contacts may be found by this text, the likeliest first."""
    kinds = (by_parts,) if _dialled(text) else (by_beginnings, by_parts, by_spelling)
    yield from (way for kind in kinds if (way := kind(text)))


def best_way(text: str) -> Way | None:
    """The beginnings of words if they find anybody, else their parts."""
    beginnings, parts = by_beginnings(text), by_parts(text)
    if beginnings and not (parts and _dialled(text)) and (not parts or beginnings.finds_any()):
        return beginnings
    return parts


def found_by(text: str) -> sa.ColumnElement[bool]:
    """The condition on contacts that every word of `text` begins a word of name, email or phone, or is a part of one if none begins so."""
    way = best_way(text)
    return _is_found(way, Contact.id.expression) if way else sa.false()


def _is_found(way: Way, number: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """That it finds a row of contacts: the index is asked once, and then only what is looked at is compared."""
    if not way.roughly:
        return number.in_(way.rowids().scalar_subquery())
    return sa.and_(number.in_(way.rough_rowids("").scalar_subquery()), *way.said)


def found_among_others(text: str, few: int) -> sa.ColumnElement[bool]:
    """The same as `found_by`, for use beside other conditions: words that more than `few` share do not lead the search."""
    way = best_way(text)
    if way is None:
        return sa.false()
    is_common = not is_postgresql() and way.is_common(few)
    return _is_found(way, Contact.id + 0 if is_common else Contact.id.expression)


def searched(text: str) -> tuple[sa.FromClause, sa.ColumnElement[bool], sa.ColumnElement[int] | None]:
    """Where to read the contacts found by `text` from: tables, condition, and the id that is cheapest to sort by, if any.

    The same contacts as `found_by`, but for a word that half the contacts share the index is read newest first and no further
    than needed.
    """
    contacts, way = table_of(Contact), best_way(text)
    if way is None or is_postgresql():
        return contacts, found_by(text), None
    index = sa.table(way.table, sa.column("rowid", sa.Integer))
    matches = sa.text(way.condition).bindparams(**way.values)
    return index.join(contacts, contacts.c.id == index.c.rowid), matches, index.c.rowid  # type: ignore[return-value]


def said(text: str, few: int) -> sa.ColumnElement[bool] | None:
    """The same as `by_beginnings`, as a look at one contact after the other; None unless more than `few` are found so."""
    way = None if is_postgresql() or _dialled(text) else by_beginnings(text)
    if way is None or not way.is_common(few):
        return None
    return sa.and_(*(_TEXT_OF_CONTACT.contains(beginning(word)) for word in words(text)))
