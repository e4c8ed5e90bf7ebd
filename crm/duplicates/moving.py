"""Everything that hangs on one contact changes hands to another, found through the foreign keys of every table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from crm.contacts.models import Contact
from crm.database import db, table_of
from crm.lib import clock
from crm.recovery.belongings import Bundle, key_of, plain, typed

OWN = {"duplicate_pairs", "contact_merges", "contact_field_values"}
"""Tables that go with the contact: about contacts as such, or fields, of which the person who merges chooses."""
Moved = list[list[Any]]


def links() -> Iterator[tuple[sa.Table, sa.Column[Any]]]:
    """Every column of every table that names a contact."""
    for table in db.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda each: each.parent.name):
            if key.column.table.name == "contacts" and table.name not in OWN:
                yield table, key.parent


def move_all(loser: int, survivor: int) -> Moved:
    """Hand over every row; where both have the same already, the survivor's stays.

    Returns what was moved: table, key, column, and what else was changed of it as it was before.
    """
    moved: Moved = []
    for table, column in links():
        keys = _keys(table, column == loser, table.c.id != survivor if table is table_of(Contact) else sa.true())
        for key in keys:
            if (before := _move(table, column, key, survivor)) is not None:
                moved.append([table.name, list(key), column.name, *([before] if before else [])])
    return moved


def hand_back(moved: Moved, survivor: int, contact_id: int) -> None:
    """Give back what still is where it was moved to."""
    for name, key, column, *before in moved:
        table = db.metadata.tables.get(name)
        if table is not None and column in table.c:
            former = {each: typed(table.c[each], value) for each, value in (before[0] if before else {}).items()}
            _set(table, table.c[column], key, contact_id, table.c[column] == survivor, **former)


def _keys(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(sa.select(*table.primary_key).where(*conditions))]


def _move(table: sa.Table, column: sa.Column[Any], key: tuple[Any, ...], survivor: int) -> dict[str, Any] | None:
    """Hand one row over; what else of it was changed, as it was; None for one that stays."""
    try:
        with db.session.begin_nested():
            _set(table, column, key, survivor)
    except sa.exc.IntegrityError:
        return _move_renamed(table, column, key, survivor)
    return {}


def _move_renamed(
    table: sa.Table, column: sa.Column[Any], key: tuple[Any, ...], survivor: int
) -> dict[str, Any] | None:
    """A second run of one workflow stays in the history, and ends, so that nothing is sent twice; a second email of a mailing stays, too."""
    if table.name == "email_messages":
        return _renumbered(table, column, key, survivor)
    if table.name != "automation_enrollments":
        return None
    ended = sa.case((table.c.status.in_(("active", "paused", "held")), "exited"), else_=table.c.status)
    values = {
        "entry_key": f"merged {key[0]}",
        "status": ended,
        "exit_reason": sa.func.coalesce(table.c.exit_reason, "Merged with a contact who is in the workflow, too"),
        "completed_at": sa.func.coalesce(table.c.completed_at, sa.literal(clock.now(), table.c.completed_at.type)),
        "next_action_at": None,
        "waiting_for": None,
    }
    before = db.session.execute(sa.select(*(table.c[each] for each in values)).where(table.c.id == key[0])).one()
    _set(table, column, key, survivor, **values)
    return {each: plain(value) for each, value in before._mapping.items()}


def _renumbered(table: sa.Table, column: sa.Column[Any], key: tuple[Any, ...], survivor: int) -> dict[str, Any]:
    """A mailing has one message of each number to a person: another's gets a number of its own, below nothing."""
    before = db.session.scalar(sa.select(table.c.visit_no).where(table.c.id == key[0]))
    _set(table, column, key, survivor, visit_no=-key[0])
    return {"visit_no": before}


def _set(table: sa.Table, column: sa.Column[Any], key: Any, contact_id: int, *conditions: Any, **values: Any) -> None:
    here = [each == value for each, value in zip(table.primary_key, key, strict=True)]
    statement = sa.update(table).where(*here, *conditions).values({column.name: contact_id, **values})
    db.session.execute(statement, execution_options={"synchronize_session": False})


def gone_from(bundle: Bundle) -> Bundle:
    """Those rows of the bundle that are no longer there."""
    left = {}
    for name, rows in bundle.rows.items():
        table = db.metadata.tables[name]
        there = _there(table, [key_of(table, row) for row in rows])
        if gone := [row for row in rows if key_of(table, row) not in there]:
            left[name] = gone
    return Bundle(left, [])


def _there(table: sa.Table, keys: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    columns = list(table.primary_key)
    for start in range(0, len(keys), 200):
        some = keys[start : start + 200]
        match = columns[0].in_([key[0] for key in some]) if len(columns) == 1 else sa.tuple_(*columns).in_(some)
        found.update(tuple(row) for row in db.session.execute(sa.select(*columns).where(match)))
    return found
