"""Watches the session: each flush that touches a record of a listed model leaves one entry per record, written in one statement.

Set-based changes of listed models that are declared `is_small` are looked up before they happen. Larger ones (an import, a bulk
action) leave the entry of the record that asked for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app, has_app_context
from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from crm.audit.operations import HIDDEN, write
from crm.database import Base, db

NEVER = {"id", "created_at", "updated_at", "last_activity_at", "last_seen_at", "last_used_at", "seen_at", "created_by"}
"""Columns that say nothing a person did."""
SECRET = ("password", "secret", "token", "hash", "private", "recovery_code", "api_key", "totp")
"""A column or setting with one of these in its name is said to have changed, never what it holds."""
LONGEST = 2_000
MOST = 200
"""Rows of one set-based change that are written down one by one."""


@dataclass(frozen=True)
class Audited:
    """A model whose changes are written down. `label` names a record; `verbs` rename added, changed, deleted.

    `ignored` columns change by themselves; of `masked` ones it is said that they changed, not how. `is_small`: set-based changes are looked up first.
    """

    model: type[Base]
    label: Callable[[Any], Any]
    ignored: frozenset[str] = frozenset()
    verbs: Mapping[str, str] = field(default_factory=dict)
    masked: frozenset[str] = frozenset()
    is_small: bool = False

    @property
    def kind(self) -> str:
        return self.model.__tablename__


def init_app(app: Flask, audited: Collection[Audited]) -> None:
    """Watch the session for these models."""
    app.extensions["audited"] = {each.model: each for each in audited}
    app.extensions["audited_tables"] = {each.kind: each for each in audited if each.is_small}
    if not event.contains(db.session, "after_flush", _after_flush):
        event.listen(db.session, "after_flush", _after_flush)
        event.listen(db.session, "do_orm_execute", _before_statement)


def is_secret(name: str) -> bool:
    """Whether what stands under this name is never shown."""
    return any(each in name.lower() for each in SECRET)


def _known(name: str) -> Mapping[Any, Audited]:
    return current_app.extensions.get(name, {}) if has_app_context() else {}


def _after_flush(session: Session, _context: UOWTransaction) -> None:
    known = _known("audited")
    if known:
        write([entry for entry in _entries(session, known) if entry])


def _entries(session: Session, known: Mapping[Any, Audited]) -> Iterator[dict[str, Any] | None]:
    for action, records in (("added", session.new), ("changed", session.dirty), ("deleted", session.deleted)):
        for each in records:
            if audited := known.get(type(each)):
                yield _entry(audited, action, each)


def _entry(audited: Audited, action: str, record: Any) -> dict[str, Any] | None:
    changes = dict(_changes(audited, action, record))
    if not changes and action == "changed":
        return None
    number = getattr(record, "id", None)
    about = number if audited.kind == "contacts" else getattr(record, "contact_id", None)
    return {
        "action": audited.verbs.get(action, action),
        "kind": audited.kind,
        "record_id": number if isinstance(number, int) else None,
        "label": str(audited.label(record) or "")[:255],
        "contact_id": about,
        "changes": changes,
    }


def _changes(audited: Audited, action: str, record: Any) -> Iterator[tuple[str, list[Any]]]:
    state = inspect(record)
    for attribute in state.mapper.column_attrs:
        name = attribute.columns[0].name
        if name in NEVER or name in audited.ignored:
            continue
        if action == "deleted":
            before, after = state.dict.get(attribute.key), None
        else:
            history = state.attrs[attribute.key].history
            if not history.has_changes():
                continue
            before, after = _first(history.deleted), _first(history.added)
        if _is_said(before) or _is_said(after):
            yield name, shown(name, before, after, record, name in audited.masked)
    if action == "changed":
        yield from _members(state)


def _members(state: Any) -> Iterator[tuple[str, list[Any]]]:
    for relation in state.mapper.relationships:
        if relation.secondary is not None and (history := state.attrs[relation.key].history).has_changes():
            yield relation.key, [_names(history.deleted), _names(history.added)]


def _names(records: Collection[Any]) -> str:
    return ", ".join(str(getattr(each, "name", each)) for each in records)


def _first(values: Any) -> Any:
    return values[0] if values else None


def _is_said(value: Any) -> bool:
    return value is not None and value != "" and value != {} and value != []


def shown(name: str, before: Any, after: Any, record: Any = None, is_masked: bool = False) -> list[Any]:
    """The pair as it is kept: plain values, no secrets. Of a setting, its key decides."""
    if is_masked or is_secret(name) or (name == "value" and is_secret(str(getattr(record, "key", "")))):
        return [HIDDEN if _is_said(each) else None for each in (before, after)]
    return [_plain(before), _plain(after)]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, date | time):
        return value.isoformat()
    if not isinstance(value, dict | list | tuple):
        return "(data)" if isinstance(value, bytes) else str(value)[:LONGEST]
    text = json.dumps(value, ensure_ascii=False, default=str)
    return json.loads(text) if len(text) <= LONGEST and not is_secret(text) else "(long)"


def _before_statement(state: ORMExecuteState) -> None:
    """A set-based change or deletion in a small listed table: what it is about to touch is written down first."""
    if not (state.is_update or state.is_delete):
        return
    table = getattr(state.statement, "table", None)
    audited = _known("audited_tables").get(getattr(table, "name", None))
    if audited is None:
        return
    values = {} if state.is_delete else _new_values(state.statement)
    if state.is_update and not values:
        return
    where = state.statement.whereclause
    found = sa.select(*table.c) if where is None else sa.select(*table.c).where(where)
    rows = state.session.connection().execute(found.limit(MOST), state.parameters or {}).all()
    write([_row_entry(audited, each, values, state.is_delete) for each in rows])


def _new_values(statement: Any) -> dict[str, Any]:
    pairs = (getattr(statement, "_values", None) or {}).items()
    known = {getattr(column, "name", str(column)): getattr(value, "value", None) for column, value in pairs}
    return {name: value for name, value in known.items() if name not in NEVER}


def _row_entry(audited: Audited, row: Any, values: Mapping[str, Any], is_delete: bool) -> dict[str, Any]:
    action = "deleted" if is_delete else "changed"
    facts = dict(row._mapping)
    wanted = {name: None for name in facts if name not in NEVER} if is_delete else values
    changes = {
        name: shown(name, facts.get(name), value, row, name in audited.masked)
        for name, value in wanted.items()
        if name not in audited.ignored and facts.get(name) != value
    }
    return {
        "action": audited.verbs.get(action, action),
        "kind": audited.kind,
        "record_id": facts.get("id"),
        "label": str(audited.label(row) or "")[:255],
        "contact_id": facts.get("contact_id"),
        "changes": changes,
    }
