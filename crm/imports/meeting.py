"""Rows of a file against the contacts there are: who is new, who changes, and who cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import sqlalchemy as sa

from crm.activity.vocabulary import Actor
from crm.contacts.fieldset import DETAILS
from crm.contacts.models import Contact
from crm.contacts.operations import NAMELESS, TAKEN, TAKEN_ID
from crm.custom_fields.models import PREFIX
from crm.custom_fields.queries import custom_fields
from crm.custom_fields.queries import values_of as custom_values
from crm.database import db, is_postgresql, table_of
from crm.imports.linking import resolve
from crm.imports.newcomers import Newcomers
from crm.imports.rows import LINKS, Row, identity_without_email
from crm.imports.seen import Seen
from crm.lib.bulk import STAGED, among

CONTACTS = table_of(Contact)
BY_COLUMN = {each.column or each.key: each for each in DETAILS}
COLUMNS = tuple(BY_COLUMN)
LINKED = frozenset(LINKS.values())
UNIQUE = {"email": TAKEN, "external_id": TAKEN_ID}
"""Columns no two contacts share, and what is said of a row that would."""


@dataclass(frozen=True)
class Rules:
    """How rows meet contacts. `only_of`: the agent beyond whose own contacts nothing is seen or changed."""

    existing: str
    tag_ids: tuple[int, ...]
    actor: Actor
    only_of: int | None = None
    dedupe: str = "email"
    consent_note: str = ""
    asks_confirmation: bool = False
    file_name: str = ""
    fills: frozenset[str] = frozenset()
    """The columns and own fields that rows may have values for."""

    @property
    def given(self) -> dict[str, Any]:
        """What a new contact has of whom the file does not say it."""
        return {"first_name": "", "last_name": "", "lifecycle_stage": "lead", "owner_id": self.only_of}

    @property
    def ask_no_more(self) -> bool:
        """Whether of people who are new nothing is to be known but that nobody has their address or, without one, name and number."""
        is_by_email = self.dedupe == "email" and "external_id" not in self.fills
        return is_by_email and not (self.consent_note or self.asks_confirmation)

    @property
    def fills_own(self) -> bool:
        """Whether the file fills fields that the school made itself."""
        return any(each.startswith(PREFIX) for each in self.fills)


def sort_out(rows: Sequence[Row], taken: Seen, rules: Rules) -> None:
    """Give each row its outcome. `taken` remembers, over all batches, on which line a value came first that no two contacts share."""
    candidates = [row for row in rows if not row.outcome]
    there = _Contacts(candidates, rules.dedupe)
    if _keep_apart(candidates, taken, there, rules.dedupe):
        candidates = [row for row in candidates if not row.outcome]
    if rules.fills & LINKED:
        _link(candidates)
    own = _own_values(candidates, [each.id for row in candidates if (each := there.of(row))]) if rules.fills_own else {}
    for row in candidates:
        contact = there.of(row) if there.are_any else None
        if contact is None:
            row.outcome = "created"
        elif rules.only_of is not None and contact.owner_id != rules.only_of:
            row.refuse("", row.values.get("email") or "", TAKEN)
        else:
            _meet(row, contact, {**contact._mapping, **own.get(contact.id, {})}, rules.existing)


def note_repeated(rows: Sequence[Row], seen: Seen) -> None:
    """Skip those who came on an earlier line. `seen` remembers, over all batches, on which line a person came first."""
    for row in rows:
        if not row.outcome and (line := seen.first_line(row.identity, row.line)) != row.line:
            row.skip(f"The same person as on line {line}.")


def are_strangers(people: Newcomers) -> bool:
    """Whether no contact can be one of these, but that SQLite is quicker to tell who has an address when many are added at once: all or nobody."""
    if (is_postgresql() or len(people) < STAGED) and _by("email", people.emails):
        return False
    return people.identities.isdisjoint(_by_name(people.alone))


class _Contacts:
    """The contacts these rows may be: by the column that tells them apart, else by address, else by name and phone."""

    def __init__(self, rows: Sequence[Row], dedupe: str) -> None:
        self.dedupe = dedupe
        self.by: dict[str, dict[Any, Any]] = {"email": _by("email", [row.values.get("email") for row in rows])}
        for column in {dedupe, "external_id"} - {"email"}:
            self.by[column] = _by(column, [row.values.get(column) for row in rows])
        self.by_name = _by_name([(row.values.get("phone"), row.sort_name) for row in rows if "|" in row.identity])
        self.are_any = any(self.by.values()) or bool(self.by_name)

    def of(self, row: Row) -> Any:
        """The contact the row is about, if there is one."""
        if self.dedupe != "email" and (found := self.by[self.dedupe].get(row.values.get(self.dedupe))):
            return found
        if "email" in row.values:
            return self.by["email"].get(row.values["email"])
        return self.by_name.get(row.identity)

    def holder(self, column: str, value: Any) -> Any:
        """The contact who has this value already."""
        return self.by[column].get(value)


def _by_name(alone: Sequence[tuple[str | None, str]]) -> dict[str, Any]:
    """The oldest contact with each name and number, or name only, among those who may be these."""
    phones, names = [phone for phone, _ in alone if phone], [name for phone, name in alone if not phone]
    unreachable = sa.and_(CONTACTS.c.phone.is_(None), CONTACTS.c.email.is_(None))
    found: dict[str, Any] = {}
    for each in chain(_fetch(CONTACTS.c.phone, phones), _fetch(CONTACTS.c.sort_name, names, unreachable)):
        found.setdefault(identity_without_email(each.phone, each.sort_name), each)
    return found


def _keep_apart(rows: Sequence[Row], taken: Seen, there: _Contacts, dedupe: str) -> bool:
    """Refuse rows that would give two contacts one address or external ID, and those that name nobody. Whether there can be any."""
    columns = [each for each in UNIQUE if any(each in row.values for row in rows)]
    if dedupe == "email" and columns in ([], ["email"]):
        return False
    for row in rows:
        contact = there.of(row)
        for column in columns:
            value = row.values.get(column)
            holder = there.holder(column, value) if value else None
            is_another = holder is not None and (contact is None or holder.id != contact.id)
            is_differing = contact is not None and getattr(contact, dedupe) not in (None, row.values.get(dedupe))
            if value and (is_another or (column == "email" and is_differing and dedupe in row.values)):
                row.refuse("", str(value), UNIQUE[column])
            elif value and column != dedupe and taken.first_line(f"={column} {value}", row.line) != row.line:
                row.refuse("", str(value), f"{UNIQUE[column]} It stands on an earlier line.")
        if not row.outcome and contact is None and row.usual_identity == "|":
            row.refuse("", "", NAMELESS)
    return True


def _link(rows: Sequence[Row]) -> None:
    """Whom the rows point at, where they are contacts already."""
    known = resolve({text for row in rows for text in row.links.values()})
    for row in rows:
        for column, text in list(row.links.items()):
            if found := known.get(text):
                row.values[column] = found
                del row.links[column]


def _by(column: str, values: Iterable[Any]) -> dict[Any, Any]:
    """The oldest contact with each of these values, looked up in the order of the index."""
    found: dict[Any, Any] = {}
    for each in _fetch(CONTACTS.c[column], [value for value in values if value]):
        found.setdefault(getattr(each, column), each)
    return found


def _fetch(column: sa.Column[Any], values: Sequence[str], *also: sa.ColumnElement[bool]) -> Iterable[sa.Row[Any]]:
    wanted = [CONTACTS.c.id, CONTACTS.c.sort_name, *(CONTACTS.c[each] for each in COLUMNS)]
    if values:
        found = db.session.connection().execute(sa.select(*wanted).where(among(column, values), *also)).all()
        yield from sorted(found, key=lambda each: each.id)


def _own_values(rows: Iterable[Row], ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What these contacts have in the school's own fields, as far as the rows fill them, by the fields' names."""
    filled = {key for row in rows for key in row.values if key.startswith(PREFIX)}
    fields = [each for each in custom_fields() if each.name in filled] if filled else []
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids) if fields else 0, 500):
        for contact_id, values in custom_values(ids[start : start + 500], fields).items():
            found[contact_id] = {each.name: values.get(each.key) for each in fields}
    return found


def _meet(row: Row, contact: sa.Row[Any], stored: Mapping[str, Any], existing: str) -> None:
    row.contact_id = contact.id
    if existing == "skip":
        row.skip("Already a contact.")
        return
    row.stage = stored["lifecycle_stage"]
    for column, value in row.values.items():
        old = stored.get(column)
        if value == contact.id and column in LINKS.values():
            continue
        if old != value and (existing == "overwrite" or old in (None, "")):
            row.changes[column] = [old, value]
    row.outcome = "updated" if row.changes else "unchanged"
