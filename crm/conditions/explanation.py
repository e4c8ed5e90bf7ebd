"""Why a condition holds, or does not, for one contact: the tree with each clause's answer and what the contact has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Row, select, type_coerce

from crm.conditions.compiler import compile_clause
from crm.conditions.fields import Field
from crm.conditions.queries import contacts_table
from crm.conditions.reading import Clause, Group, Path, read_condition
from crm.conditions.sentences import say
from crm.conditions.spans import Clock
from crm.database import db

ALL_OR_ANY = {"all": all, "any": any}


@dataclass(frozen=True)
class Explained:
    """One node of the tree. `actual` is what the contact has, in words, None if nothing; groups have none."""

    path: Path
    matched: bool
    sentence: str
    actual: str | None = None
    match: str | None = None
    children: tuple["Explained", ...] = ()

    @property
    def is_group(self) -> bool:
        return self.match is not None


def explain(
    condition: Any, contact_id: int, now: datetime | None = None, fields: Mapping[str, Field] | None = None
) -> Explained | None:
    """Which clauses hold for this contact, answered by the same SQL as everywhere; None if there is no such contact."""
    reading = read_condition(condition, now, fields)
    clauses = list(_clauses(reading.tree))
    row = _answers(clauses, contact_id)
    if row is None:
        return None
    return _explained(reading.tree, _About(contact_id, reading.clock, clauses, row))


class _About:
    """What the one row says about the contact."""

    def __init__(self, contact_id: int, clock: Clock, clauses: list[Clause], row: Row):
        self.contact_id, self.clock = contact_id, clock
        columns = list(_columns(clauses))
        self.answers = {clause.path: bool(row[n]) for n, clause in enumerate(clauses)}
        self.stored = {key: row[len(clauses) + n] for n, key in enumerate(columns)}

    def actual(self, field: Field | None) -> str | None:
        if field is None:
            return None
        if field.relation is not None:
            return ", ".join(field.relation.names_of(self.contact_id)) or None
        return field.type.actual(field, self.stored[field.key], self.clock)


def _clauses(node: Clause | Group) -> Iterator[Clause]:
    if isinstance(node, Clause):
        yield node
    else:
        for child in node.children:
            yield from _clauses(child)


def _answers(clauses: list[Clause], contact_id: int) -> Row | None:
    """One row: each clause's answer, then the stored value of each column asked for."""
    answers = [type_coerce(compile_clause(clause), Boolean).label(f"answer_{n}") for n, clause in enumerate(clauses)]
    values = [field.expression.label(f"value_{n}") for n, field in enumerate(_columns(clauses).values())]
    known = select(*answers, *values, contacts_table().c.id).where(contacts_table().c.id == contact_id)
    return db.session.execute(known).first()


def _columns(clauses: list[Clause]) -> dict[str, Field]:
    """The fields that are columns, once each."""
    return {c.field.key: c.field for c in clauses if c.field is not None and c.field.expression is not None}


def _explained(node: Clause | Group, about: _About) -> Explained:
    if isinstance(node, Clause):
        return Explained(node.path, about.answers[node.path], say(node), about.actual(node.field))
    children = tuple(_explained(child, about) for child in node.children)
    matched = ALL_OR_ANY[node.match](child.matched for child in children) or not children
    return Explained(node.path, matched, say(node), match=node.match, children=children)
