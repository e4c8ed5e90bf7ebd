"""Why a condition holds, or does not, for one contact: the tree with each clause's answer and what the contact has."""

from collections.abc import Callable, Iterator, Mapping
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
    answers = {clause.path: bool(answer) for clause, answer in zip(clauses, row[1:], strict=True)}
    return _explained(reading.tree, answers, lambda field: _actual(field, contact_id, reading.clock))


def _clauses(node: Clause | Group) -> Iterator[Clause]:
    if isinstance(node, Clause):
        yield node
    else:
        for child in node.children:
            yield from _clauses(child)


def _answers(clauses: list[Clause], contact_id: int) -> Row | None:
    """One row: the contact's id, then each clause's answer."""
    answers = [type_coerce(compile_clause(clause), Boolean).label(f"answer_{n}") for n, clause in enumerate(clauses)]
    id_ = contacts_table().c.id
    return db.session.execute(select(id_, *answers).where(id_ == contact_id)).first()


def _explained(node: Clause | Group, answers: dict[Path, bool], actual: Callable[[Field], str | None]) -> Explained:
    if isinstance(node, Clause):
        return Explained(node.path, answers[node.path], say(node), actual(node.field) if node.field else None)
    children = tuple(_explained(child, answers, actual) for child in node.children)
    matched = ALL_OR_ANY[node.match](child.matched for child in children) or not children
    return Explained(node.path, matched, say(node), match=node.match, children=children)


def _actual(field: Field, contact_id: int, clock: Clock) -> str | None:
    return field.type.actual(field, field.type.stored(field, contact_id), clock)
