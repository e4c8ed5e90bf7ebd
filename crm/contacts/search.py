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
from crm.lib.trigrams import beginning, threes, whole

INDEX = "contacts_search"


@dataclass(frozen=True)
class Way:
    """A way to find contacts: a condition on `table` and its values. On SQLite `table` is the index, which gives the newest first at no cost."""

    table: str
    condition: str
    values: dict[str, str] = field(default_factory=dict)

    def rowids(self, more: str = "", **values: int) -> sa.TextualSelect:
        """The ids found; `more` follows the condition."""
        key = "id" if is_postgresql() else "rowid"
        found = sa.text(f"SELECT {key} FROM {self.table} WHERE {self.condition} {more}")  # noqa: S608
        return found.bindparams(**self.values, **values).columns(sa.column(key, sa.Integer))

    def up_to(self, most: int) -> int:
        """How many it finds, counted no further than `most`."""
        some = self.rowids("LIMIT :most", most=most).subquery()
        return db.session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


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
    unknown = [word for word in typed if not (way := by_beginnings(word)) or not way.up_to(1)] or typed
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
    wanted = [
        " OR ".join(f"({' AND '.join(_quoted(threes(part)))})" for part in parts)
        for parts in meant
        if all(map(threes, parts))
    ]
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
    return Way(INDEX, " AND ".join([f"{INDEX} MATCH :wanted", *(f"({each})" for each in said)]), values)


def _quoted(some: Sequence[str]) -> list[str]:
    return [f'"{each}"' for each in some]


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
    return _counted(text, 1)[0]


def _counted(text: str, most: int) -> tuple[Way | None, int]:
    """The best way, and how many it finds, counted up to `most`: the costly part, done once."""
    beginnings, parts = by_beginnings(text), by_parts(text)
    if beginnings and not (parts and _dialled(text)) and ((count := beginnings.up_to(most)) or not parts):
        return beginnings, count
    return parts, parts.up_to(most) if parts else 0


def found_by(text: str) -> sa.ColumnElement[bool]:
    """The condition on contacts that every word of `text` begins a word of name, email or phone, or is a part of one if none begins so."""
    way = best_way(text)
    return Contact.id.in_(way.rowids().scalar_subquery()) if way else sa.false()


def found_among_others(text: str, few: int) -> sa.ColumnElement[bool]:
    """The same as `found_by`, for use beside other conditions: words that more than `few` share do not lead the search."""
    way, count = _counted(text, few + 1)
    if way is None:
        return sa.false()
    is_common = count > few and not is_postgresql()
    return (Contact.id + 0 if is_common else Contact.id).in_(way.rowids().scalar_subquery())


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
    if way is None or way.up_to(few + 1) <= few:
        return None
    kept = sa.literal_column("(SELECT c0 FROM contacts_search_content WHERE id = contacts.id)", sa.String)
    return sa.and_(*(kept.contains(beginning(word)) for word in words(text)))
