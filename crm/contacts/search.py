"""Finding contacts by name, email or phone: by the beginnings of words, by any part of them, and by names spelt otherwise.

On SQLite an FTS5 table beside `contacts` knows the words and a second one, over the same text, every three letters in a row. PostgreSQL
has its own text search, and finds parts by an index where the extension pg_trgm is to be had. Whatever changes a contact's name,
email or phone calls `reindex`, in the same transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import event

from crm.contacts import spelling
from crm.contacts.models import Contact
from crm.database import db, is_postgresql, table_of
from crm.lib.words import fold

LONGEST_READY = 4
"""Beginnings of words up to so many letters have an index of their own."""
COMMON, NEWEST = 500, 2_000
"""What twenty times so many contacts share is common, and looked for among so many of the newest first."""
TEXT = "sort_name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '')"
"""What is searched: the name without accents and case, the address and the number."""
WORDS = (
    "CREATE VIRTUAL TABLE contacts_search USING fts5(text, prefix='1 2 3 4', tokenize='unicode61 remove_diacritics 2')"
)
FILL = f"INSERT INTO contacts_search (rowid, text) SELECT id, {TEXT} FROM contacts ORDER BY id"  # noqa: S608
CREATE = (
    WORDS,
    "CREATE VIRTUAL TABLE contacts_search_parts USING fts5(text, tokenize='trigram', detail=none, columnsize=0,"
    " content='contacts_search', content_rowid='rowid')",
    f"{spelling.CREATE} WITHOUT ROWID",
    "CREATE TRIGGER contacts_search_delete AFTER DELETE ON contacts BEGIN"
    " INSERT INTO contacts_search_parts (contacts_search_parts, rowid, text)"
    " SELECT 'delete', rowid, text FROM contacts_search WHERE rowid = old.id;"
    " DELETE FROM contacts_search WHERE rowid = old.id; END",
)
POSTGRES = f"""DO $$ BEGIN
  CREATE INDEX ix_contacts_search ON contacts USING gin (to_tsvector('simple', {TEXT}));
  {spelling.CREATE};
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX ix_contacts_search_parts ON contacts USING gin (({TEXT}) gin_trgm_ops);
  EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'parts of names are found without an index';
  END;
END $$"""

_created = [sa.DDL(each).execute_if(dialect="sqlite") for each in CREATE]
_created.append(sa.DDL(POSTGRES.replace("%", "%%")).execute_if(dialect="postgresql"))
_created.append(sa.DDL("DROP TABLE IF EXISTS contacts_search_words").execute_if(dialect="postgresql"))
for _ddl in _created[:-1]:
    event.listen(table_of(Contact), "after_create", _ddl)
event.listen(table_of(Contact), "after_drop", _created[-1])


@dataclass(frozen=True)
class Way:
    """A way to find contacts: a condition on `table` and its values. On SQLite `table` is one of the indexes."""

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
    return re.findall(r"[^\W_]+", fold(text))[:8]


def by_beginnings(text: str) -> Way | None:
    """Every word of `text` begins a word of name, email or phone."""
    typed = words(text)
    return _matching([[f'"{word}"*'] for word in typed], [[f"{word}:*"] for word in typed]) if typed else None


def by_common_beginnings(text: str) -> Way | None:
    """The same among the newest of very many that begin alike, looked at one after the other; None where the index of words is quick.

    The index reads all that begins with a word before it gives the first; the beginnings of up to four letters it has ready.
    """
    if is_postgresql() or not words(text) or is_ready(text, COMMON):
        return None
    values = {f"said{number}": said for number, said in enumerate(_spoken(text))}
    values["wanted"] = " AND ".join(f'"{word[:LONGEST_READY]}"*' for word in words(text))
    newest = f"(SELECT rowid FROM contacts_search WHERE contacts_search MATCH :wanted ORDER BY rowid DESC LIMIT 1 OFFSET {NEWEST})"  # noqa: S608
    said = [f"' ' || text GLOB :{name}" for name in values if name != "wanted"]
    return Way("contacts_search", " AND ".join(["contacts_search MATCH :wanted", f"rowid >= {newest}", *said]), values)


def _spoken(text: str) -> list[str]:
    """What GLOB finds each word of `text` with at the beginning of a word."""
    return [f"*[^0-9a-z\u00aa-\U0010ffff]{word}*" for word in words(text)]


def by_parts(text: str) -> Way | None:
    """Every word of `text` stands somewhere in name, email or phone; of a number the digits count, however it is written.

    The letters are looked up by threes and then compared: FTS5 has a LIKE of its own, and in SQLite 3.40 it crashes on a single letter.
    """
    typed = [digits] if (digits := _dialled(text)) else words(text)
    if not any(len(word) > 2 for word in typed):
        return None
    values = {f"part{number}": f"%{word}%" for number, word in enumerate(typed)}
    if is_postgresql():
        return Way("contacts", " AND ".join(f"({TEXT}) ILIKE :{name}" for name in values), values)
    threes = {word[place : place + 3] for word in typed for place in range(len(word) - 2)}
    values["wanted"] = " AND ".join(f'"{three}"' for three in sorted(threes)[:40])
    said = [f"+text LIKE :{name}" for name in values if name != "wanted"]
    return Way("contacts_search_parts", " AND ".join(["contacts_search_parts MATCH :wanted", *said]), values)


def by_spelling(text: str) -> Way | None:
    """The same with words replaced by names that are spelt almost so: those that nobody has, or else all."""
    typed = words(text)
    unknown = [word for word in typed if not (way := by_beginnings(word)) or not way.up_to(1)] or typed
    meant = [[word, *(spelling.alike(word) if word in unknown else ())] for word in typed]
    if all(len(each) == 1 for each in meant):
        return None
    return _matching(
        [[f'"{each[0]}"*', *(f'"{word}"' for word in each[1:])] for each in meant],
        [[f"{each[0]}:*", *each[1:]] for each in meant],
    )


def _dialled(text: str) -> str:
    """The digits of a text that can only be a number, without what is dialled before it; otherwise nothing."""
    return re.sub(r"\D", "", text).lstrip("0") if re.fullmatch(r"[\d\s()+./-]{3,40}", text, re.ASCII) else ""


def _matching(sqlite: list[list[str]], postgresql: list[list[str]]) -> Way:
    """All of these words, each in one of its spellings."""
    if is_postgresql():
        wanted = " & ".join(f"({' | '.join(each)})" for each in postgresql)
        return Way("contacts", f"to_tsvector('simple', {TEXT}) @@ to_tsquery('simple', :wanted)", {"wanted": wanted})
    wanted = " AND ".join(f"({' OR '.join(each)})" for each in sqlite)
    return Way("contacts_search", "contacts_search MATCH :wanted", {"wanted": wanted})


def ways(text: str) -> Iterator[Way]:
    """How contacts may be found by this text, the likeliest first."""
    kinds = (by_parts,) if _dialled(text) else (by_common_beginnings, by_beginnings, by_parts, by_spelling)
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


def is_ready(text: str, few: int) -> bool:
    """Whether the index of words gives the newest of what it finds without reading all of it first: short beginnings, or what not many share."""
    typed = words(text)
    if is_postgresql() or not typed:
        return False
    stems = by_beginnings(" ".join(word[:LONGEST_READY] for word in typed))
    return max(map(len, typed)) <= LONGEST_READY or stems is None or stems.up_to(20 * few) < 20 * few


def said(text: str, few: int) -> sa.ColumnElement[bool] | None:
    """The same as `by_beginnings`, as a look at one contact after the other; None unless more than `few` share what the words begin with.

    The index reads all that begins with a word before it gives the first; the beginnings of up to four letters it has ready.
    """
    typed = words(text)
    stems = by_beginnings(" ".join(word[:3] for word in typed))
    if stems is None or is_postgresql() or _dialled(text) or stems.up_to(few + 1) <= few:
        return None
    spoken = sa.literal_column(
        "' ' || contacts.sort_name || ' ' || coalesce(contacts.email, '') || ' ' || coalesce(contacts.phone, '')",
        sa.String,
    )
    return sa.and_(*(spoken.op("GLOB")(each) for each in _spoken(text)))


def index_after(last_id: int, names: Iterable[str]) -> None:
    """Index the contacts added since `last_id` was the newest, in a few statements; `names` are their `sort_name`s. None of them may be indexed yet."""
    if not is_postgresql():
        _index("id > :last", last=last_id)
    spelling.learn(names)


def reindex(ids: Sequence[int]) -> None:
    """Bring the index up to date for these contacts. PostgreSQL keeps its own, but for the spelling of names."""
    db.session.flush()
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        before = [] if is_postgresql() else _take_out(some)
        if not is_postgresql():
            _index("id IN :ids", ids=list(some))
        spelling.learn(db.session.scalars(sa.select(Contact.sort_name).where(Contact.id.in_(some))))
        spelling.forget(before)


def _take_out(ids: Sequence[int]) -> Sequence[str]:
    """Remove these contacts from the indexes; what stood there."""
    before = db.session.scalars(
        _listed("SELECT text FROM contacts_search WHERE rowid IN :ids"), {"ids": list(ids)}
    ).all()
    if before:
        for statement in TAKE_OUT:
            db.session.execute(_listed(statement), {"ids": list(ids)})
    return before


TAKE_OUT = (
    "INSERT INTO contacts_search_parts (contacts_search_parts, rowid, text)"
    " SELECT 'delete', rowid, text FROM contacts_search WHERE rowid IN :ids",
    "DELETE FROM contacts_search WHERE rowid IN :ids",
)


def _index(which: str, **values: object) -> None:
    for table in ("contacts_search", "contacts_search_parts"):
        statement = f"INSERT INTO {table} (rowid, text) SELECT id, {TEXT} FROM contacts WHERE {which} ORDER BY id"  # noqa: S608
        db.session.execute(_listed(statement), values)


def _listed(statement: str) -> sa.TextClause:
    text = sa.text(statement)
    return text.bindparams(sa.bindparam("ids", expanding=True)) if ":ids" in statement else text
