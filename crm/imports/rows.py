"""A row of the file → the values of a contact, or what is wrong with it. Nothing here asks the database."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from crm.contacts import parsing
from crm.contacts.indexing import text_of
from crm.contacts.models import sort_name
from crm.contacts.operations import NAMELESS
from crm.imports.answers import WANTS, wants
from crm.lib.csv_files import Record
from crm.tags.models import slug_of

Problem = dict[str, str]
"""Column, value and reason."""


@dataclass(slots=True)
class Row:
    """One row: `values` by column of contacts, only what the file says; then what became of it."""

    line: int
    cells: list[str]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    tags: tuple[str, ...] = ()
    links: dict[str, str] = field(default_factory=dict)
    """Column → whom it points at, as written: found among the contacts, and, at the end, among the other rows."""
    wants: bool | None = None
    """Whether the file says that they want news by email; None where it does not say."""
    identity: str = ""
    """What two rows, or a row and a contact, are the same person by."""
    sort_name: str = ""
    searched: str = ""
    """What the index of words keeps of a new contact."""
    stage: str = ""
    """The stage an existing contact was in."""
    outcome: str = ""
    contact_id: int | None = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    """Column → old and new value, for a contact that exists."""

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing but what a contact is."""
        return not self.tags and not self.links and self.wants is None

    @property
    def opts_out(self) -> bool:
        """Whether it says that somebody opted out. A refused row without a usable address says it of nobody."""
        return self.wants is False and (self.outcome != "refused" or bool(self.contact_id or self.values.get("email")))

    @property
    def usual_identity(self) -> str:
        """The address; without one phone and name."""
        return self.values.get("email") or identity_without_email(self.values.get("phone"), self.sort_name)

    def refuse(self, column: str, value: str, reason: str) -> None:
        """The row is not imported, for this reason."""
        self.outcome = "refused"
        self.problems.append({"column": column, "value": value[:200], "reason": reason})

    def skip(self, reason: str) -> None:
        """The row is left out, though nothing is wrong with it."""
        self.outcome = "skipped"
        self.problems.append({"column": "", "value": "", "reason": reason})


LINKS = {"guardian": "guardian_id", "referrer": "referrer_id"}
"""Fields that point at another contact, and where that is kept."""
POINTING = {"owner": "owner_id", "team": "team_id", **LINKS}


def pointed_at(text: str) -> parsing.Parsed:
    """Another contact, by address, external ID, id or name: an address in lower case, anything else as it stands."""
    return parsing.email(text) if "@" in text else parsing.line(text)


def identity_without_email(phone: str | None, name: str) -> str:
    """Someone without an address is known by phone and name together: families share a phone, strangers a name."""
    return f"{phone or ''}|{name}"


@dataclass(frozen=True)
class Known:
    """What the reading of values depends on."""

    country: str | None = None
    day_first: bool | None = None
    owners: Mapping[str, int] = field(default_factory=dict)
    """Folded email of a colleague → id."""
    tags: frozenset[str] | None = None
    """Slugs of the tags that may be given; None: any, new ones are made."""
    custom: Mapping[str, parsing.Parser] = field(default_factory=dict)
    """Name of each field the school made itself → its rule."""
    teams: Mapping[str, int] = field(default_factory=dict)
    """Folded name of a team, or its id as text → id."""
    dedupe: str = "email"
    """By which column a row and a contact are the same person, where the row has it; else as usual."""


class RowReader:
    """Reads rows by one mapping. Made once per pass; calling it costs a few microseconds per cell."""

    def __init__(self, columns: Sequence[str], mapping: Mapping[str, str], known: Known) -> None:
        self.columns = columns
        self.known = known
        order = sorted(((int(index), each) for index, each in mapping.items()), key=lambda each: each[1] == "phone")
        self.plain = [
            (index, POINTING.get(each, each), _remembering(self._parser(each), each))
            for index, each in order
            if each not in {"tags", "full_name", *WANTS}
        ]
        self.index = {each: index for index, each in order}
        self.has_full_name, self.has_tags = "full_name" in self.index, "tags" in self.index
        self.consent = [(index, each) for index, each in order if each in WANTS]
        self.links = [LINKS[each] for _, each in order if each in LINKS]

    @property
    def fills(self) -> frozenset[str]:
        """The keys that rows may have values for."""
        names = {"first_name", "last_name"} if "full_name" in self.index else set()
        return frozenset({key for _, key, _ in self.plain} | names)

    def read(self, record: Record) -> Row:
        """The row with its values, or with its problems."""
        line, cells, unreadable = record
        row = Row(line, cells)
        if unreadable:
            row.refuse("", "", unreadable)
        elif len(cells) > len(self.columns) and any(cells[len(self.columns) :]):
            row.refuse("", "", f"It has {len(cells)} cells, but there are {len(self.columns)} columns.")
        else:
            self._read_values(row)
        return row

    def _read_values(self, row: Row) -> None:
        cells, values = row.cells, row.values
        width = len(cells)
        for index, key, parse in self.plain:
            if index >= width or not cells[index]:
                continue
            cell = cells[index]
            value, problem = parse(cell) if parse else parsing.phone(cell, values.get("country", self.known.country))
            if problem:
                row.refuse(self.columns[index], cell, problem)
            elif value is not None and value != "":
                values[key] = value
        if self.has_full_name:
            self._read_full_name(row)
        if self.has_tags:
            self._read_tags(row)
        if self.consent:
            self._read_consent(row)
        row.sort_name = sort_name(values.get("first_name", ""), values.get("last_name", ""), values.get("email"))
        row.searched = text_of(row.sort_name, values.get("email"), values.get("phone"))
        row.identity = row.usual_identity
        if self.links:
            row.links = {key: values.pop(key) for key in self.links if key in values}
        if self.known.dedupe != "email" and (key := values.get(self.known.dedupe)):
            row.identity = f"{self.known.dedupe} {key}"
        if not row.outcome and row.identity == "|":
            row.refuse("", "", NAMELESS)

    def _parser(self, key: str) -> parsing.Parser | None:
        """The rule of the field; none for the phone, which depends on the row's country."""
        if key == "birthday":
            return partial(parsing.birthday, day_first=self.known.day_first)
        if key in self.known.custom:
            return self.known.custom[key]
        own = {"owner": self._owner, "team": self._team, "guardian": pointed_at, "referrer": pointed_at, "phone": None}
        return own[key] if key in own else parsing.PARSERS[key]

    def _team(self, text: str) -> parsing.Parsed:
        found = self.known.teams.get(parsing.fold(text))
        return (found, None) if found else (None, "There is no such team.")

    def _owner(self, text: str) -> parsing.Parsed:
        found = self.known.owners.get(parsing.fold(text))
        return (found, None) if found else (None, "Nobody at the school has this account.")

    def _cell(self, row: Row, key: str) -> str:
        index = self.index.get(key, len(row.cells))
        return row.cells[index] if index < len(row.cells) else ""

    def _read_full_name(self, row: Row) -> None:
        text = self._cell(row, "full_name")
        if not text.strip():
            return
        for key, part in zip(("first_name", "last_name"), split_name(text), strict=True):
            value, problem = parsing.name(part)
            if problem:
                row.refuse(self.columns[self.index["full_name"]], text, problem)
            elif value:
                row.values.setdefault(key, value)

    def _read_consent(self, row: Row) -> None:
        """One no among several columns is a no."""
        for index, key in self.consent:
            text = row.cells[index] if index < len(row.cells) else ""
            said, problem = wants(key, text)
            if problem:
                row.refuse(self.columns[index], text, problem)
            elif said is not None and row.wants is not False:
                row.wants = said

    def _read_tags(self, row: Row) -> None:
        text = self._cell(row, "tags")
        if not text:
            return
        names = tuple(dict.fromkeys(" ".join(each.split()) for each in re.split(r"[,;|]", text) if each.strip()))
        for each in names:
            if problem := self._problem_of_tag(each):
                row.refuse(self.columns[self.index["tags"]], each, problem)
        row.tags = names

    def _problem_of_tag(self, name: str) -> str | None:
        slug = slug_of(name)
        if self.known.tags is not None and slug not in self.known.tags:
            return "There is no such tag."
        if not slug or slug.isdigit() or not name.isprintable() or len(name) > 100:
            return "This cannot be the name of a tag."
        return None


def _remembering(parse: parsing.Parser | None, key: str) -> parsing.Parser | None:
    """The same rule, which reads a name or a city that many share once. Nearly every address is another one."""
    return parse if parse is None or key == "email" else lru_cache(maxsize=5_000)(parse)


def split_name(text: str) -> tuple[str, str]:
    """First and last name of “Carla Diaz” or “Diaz, Carla”."""
    if "," in text:
        last, first = text.split(",", 1)
        return first, last
    words = text.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else (text, "")
