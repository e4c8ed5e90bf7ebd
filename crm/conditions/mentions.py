"""Where a thing is used: who speaks of a tag or an audience in conditions and configurations, asked before it is deleted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.database import db


@dataclass(frozen=True)
class Use:
    """Something that refers to a thing, and where it is looked at."""

    label: str
    url: str


@dataclass(frozen=True)
class Mentioned:
    """A thing others refer to, by id or slug: as a value of the condition `field`, or under `key` in a configuration."""

    key: str
    field: str
    refs: frozenset[str]

    def is_in(self, value: Any) -> bool:
        """Whether these conditions or configurations, any JSON, speak of the thing."""
        return self._speaks(value, False)

    def replaced(self, value: Any, new_id: int, new_slug: str) -> Any:
        """The same with another thing in its place, spoken of in the same way: by id or by slug. A saved address carries its condition as text."""
        return self._replaced(value, False, new_id, new_slug)

    def _replaced(self, value: Any, is_about_it: bool, new_id: int, new_slug: str) -> Any:
        if isinstance(value, list):
            return [self._replaced(each, is_about_it, new_id, new_slug) for each in value]
        if isinstance(value, dict):
            is_clause = value.get("field") == self.field
            keys = {self.key, self.key.removesuffix("_id")}
            return {
                key: self._replaced(each, key in keys or is_clause, new_id, new_slug) for key, each in value.items()
            }
        if isinstance(value, str) and value.startswith("{") and '"conditions"' in value:
            return json.dumps(
                self._replaced(json.loads(value), False, new_id, new_slug), separators=(",", ":"), ensure_ascii=False
            )
        if not is_about_it or str(value) not in self.refs:
            return value
        return new_id if isinstance(value, int) else str(new_id) if value.isdigit() else new_slug

    def _speaks(self, value: Any, is_about_it: bool) -> bool:
        if isinstance(value, list):
            return any(self._speaks(each, is_about_it) for each in value)
        if isinstance(value, dict):
            is_clause = value.get("field") == self.field
            return any(self._speaks(each, key == self.key or is_clause) for key, each in value.items())
        return is_about_it and str(value) in self.refs


@dataclass(frozen=True)
class MentionedByName(Mentioned):
    """A thing others refer to by its name alone, wherever it stands as a whole word: in conditions and in merge tags."""

    name: str = ""

    def is_in(self, value: Any) -> bool:
        if isinstance(value, dict | list):
            return any(self.is_in(each) for each in (value.values() if isinstance(value, dict) else value))
        return isinstance(value, str) and re.search(rf"\b{re.escape(self.name)}\b", value) is not None


def replace_everywhere(thing: Mentioned, new_id: int, new_slug: str) -> int:
    """Put another thing in its place wherever the map says that it may be spoken of; in how many rows it was."""
    return sum(
        _replace_in(db.metadata.tables[table].c[column], thing, new_id, new_slug)
        for table, column in current_app.extensions["mentioning"]
    )


def _replace_in(column: sa.Column[Any], thing: Mentioned, new_id: int, new_slug: str) -> int:
    table, number = column.table, 0
    rows = db.session.execute(sa.select(table.c.id, column).where(column.is_not(None)).with_for_update()).all()
    for row_id, value in rows:
        new = thing.replaced(value, new_id, new_slug)
        if new != value:
            number += 1
            db.session.execute(sa.update(table).where(table.c.id == row_id).values({column: new}))
    return number


def uses_of(thing: Mentioned) -> list[Use]:
    """Everything that refers to the thing, feature by feature in the order of the map."""
    return [use for find in current_app.extensions["where_used"] for use in find(thing)]
