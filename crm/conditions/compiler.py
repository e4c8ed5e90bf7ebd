"""The one compiler: a condition becomes an SQL expression over `contacts`, with bound values only.

Sets are asked as `contacts.id IN (SELECT contact_id FROM … WHERE …)`, facts as columns; never one subquery per row.
Measured at a million contacts with half a million tags on SQLite: 0.1 s to count up to the cap, 5 ms to check 500.
Beside a period such as “opened in the last 30 days” the index of the moments is read and each contact looked up in the set:
40 ms instead of 120 ms for a tag that 100,000 wear.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from crm.conditions.field_types import contact_id
from crm.conditions.fields import Field
from crm.conditions.reading import Clause, Group, read_condition


def compile_condition(
    condition: Any, now: datetime | None = None, fields: Mapping[str, Field] | None = None
) -> ColumnElement[bool]:
    """An expression to filter contacts by. Never raises: what cannot be understood is true of nobody."""
    return compile_node(read_condition(condition, now, fields).tree)


def compile_node(node: Clause | Group) -> ColumnElement[bool]:
    """One clause, or a group with all below it; an empty condition is true of everyone."""
    if isinstance(node, Clause):
        return compile_clause(node)
    parts = [compile_node(child) for child in _probing(node)]
    if not parts:
        return true()
    return and_(*parts) if node.match == "all" else or_(*parts)


def _probing(group: Group) -> Sequence[Clause | Group]:
    """The group's children; where all must hold and one is a period that an index answers, sets are only looked into."""
    if group.match == "any" or not any(_is_indexed_period(child) for child in group.children):
        return group.children
    return [
        replace(child, field=child.field.probed()) if isinstance(child, Clause) and child.field else child
        for child in group.children
    ]


def _is_indexed_period(node: Clause | Group) -> bool:
    if not isinstance(node, Clause) or not node.operator or node.operator.key != "between":
        return False
    column = getattr(node.field.expression, "name", None)
    return any(index.columns[0].name == column for index in contact_id().table.indexes)


def compile_clause(clause: Clause) -> ColumnElement[bool]:
    if clause.operator is None or clause.problem:
        return false()
    return getattr(clause.field.type, clause.operator.key)(clause.field, *clause.values)
