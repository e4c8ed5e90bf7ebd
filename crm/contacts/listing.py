"""The list of contacts: what it can be narrowed to and sorted by, and its count; `paging` has its pages.

Other features add filters, columns and bulk actions by declaring them here and naming them in the map.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from flask import current_app, url_for
from werkzeug.datastructures import MultiDict

from crm.conditions.compiler import compile_condition
from crm.contacts.columns import may_sort_by
from crm.contacts.few import count_up_to, is_few
from crm.contacts.models import Contact
from crm.contacts.orders import FEW, ordered, sort_of
from crm.contacts.queries import scope
from crm.contacts.search import found_among_others, found_by, said, searched
from crm.database import db, table_of
from crm.users.models import User

COUNTED = 10_000
"""Counts stop here and say so."""
DEFAULT = "-created"


@dataclass(frozen=True)
class Choice:
    """A value a filter offers."""

    value: str
    label: str
    color: str = ""


@dataclass(frozen=True)
class Filter:
    """A way to narrow the list to contacts with any of the chosen values. `key` is its name in the address."""

    key: str
    label: str
    icon: str
    choices: Callable[[], Sequence[Choice]]
    condition: Callable[[Sequence[str]], sa.ColumnElement[bool]]
    is_for: Callable[[User], bool] = lambda _viewer: True


@dataclass(frozen=True)
class BulkAction:
    """What can be done to the chosen contacts: controls in `template`, drawn with the `values`, sending `ids`."""

    template: str
    values: Callable[[User], Mapping[str, Any]]
    permission: str = "crm.contacts.edit"


SHOWN = (
    "id", "first_name", "last_name", "email", "phone", "lifecycle_stage", "last_activity_at", "created_at", "stage_changed_at",
    "team_id", "guardian_id", "referrer_id", "country", "city", "language", "birthday", "source", "utm_source", "utm_medium",
    "utm_campaign", "external_id",
)  # fmt: skip
LONGEST_CONDITION = 5_000


@dataclass(frozen=True)
class Wanted:
    """What the address of a list asks for. `condition` is JSON as `crm.conditions` reads it; `view` the saved view it began with."""

    text: str = ""
    sort: str = DEFAULT
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    condition: str = ""
    view: int | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.text or self.chosen or self.condition)

    @property
    def tree(self) -> Any:
        """The condition, read."""
        return json.loads(self.condition) if self.condition else None

    @property
    def saved_query(self) -> dict[str, Any]:
        """What a saved view keeps."""
        return self.query(view=None)

    def query(self, **changed: Any) -> dict[str, Any]:
        """The address's parameters, with some changed; None leaves one out."""
        sort = self.sort if self.sort != DEFAULT else None
        given = {"q": self.text or None, "sort": sort, **{key: list(values) for key, values in self.chosen.items()}}
        given |= {"if": self.condition or None, "view": self.view}
        return {key: value for key, value in {**given, **changed}.items() if value not in (None, [])}

    def without(self, key: str, value: str) -> Wanted:
        """The same with one chosen value less."""
        left = tuple(each for each in self.chosen.get(key, ()) if each != value)
        others = {each: values for each, values in self.chosen.items() if each != key}
        return replace(self, chosen={**others, key: left} if left else others)


def filters_for(viewer: User) -> list[Filter]:
    """The filters this viewer may use, in the order of the map."""
    return [each for each in current_app.extensions["contact_filters"] if each.is_for(viewer)]


def read_wanted(args: MultiDict[str, str], viewer: User) -> Wanted:
    """What an address asks for; what it cannot ask for is left out."""
    sort = args.get("sort", "")
    chosen = {each.key: tuple(dict.fromkeys(filter(None, args.getlist(each.key)[:50]))) for each in filters_for(viewer)}
    return Wanted(
        text=" ".join(args.get("q", "").replace("\0", " ").split())[:200],
        sort=sort if sort_of(sort) and may_sort_by(viewer, sort) else DEFAULT,
        chosen={key: values for key, values in chosen.items() if values},
        condition=condition_text(_json(args.get("if", ""))),
        view=args.get("view", type=int),
    )


def condition_text(tree: Any) -> str:
    """The condition as an address carries it; an empty one is nothing."""
    if not isinstance(tree, dict) or not tree.get("conditions"):
        return ""
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False)


def _json(text: str) -> Any:
    try:
        return json.loads(text) if 0 < len(text) <= LONGEST_CONDITION else None
    except (ValueError, RecursionError):
        return None


def contact_count(wanted: Wanted, viewer: User, most: int | None = None) -> int:
    """How many contacts there are, counted up to `most`, else to one more than COUNTED."""
    source, conditions, _ = source_of(wanted, viewer)
    return count_up_to(most or COUNTED + 1, source, conditions)


def matching(wanted: Wanted, viewer: User) -> sa.Select[tuple[int]]:
    """The ids of all contacts of the list."""
    words = [found_by(wanted.text)] if wanted.text else []
    return sa.select(Contact.id).where(*conditions_of(wanted, viewer), *words)


def contact_list_url(wanted: Wanted) -> str:
    """Where the list is looked at."""
    return url_for("contacts.index", **wanted.query())


def matching_ids(wanted: Wanted, viewer: User) -> Sequence[int]:
    """The ids of every contact of the list, in its order: all pages of it at once."""
    source, conditions, _ = source_of(wanted, viewer)
    tables, _, order = ordered(wanted.sort, source, table_of(Contact))
    columns: list[sa.ColumnElement[Any]] = [order.column, order.id]
    columns = [each.desc() for each in columns] if order.is_descending else columns
    found = sa.select(order.id).select_from(tables).where(*conditions)
    return db.session.scalars(found.order_by(order.column.is_(None), *columns)).all()


def sort_url_value(wanted: Wanted, key: str) -> str:
    """What a click on a column's head sorts by: up first, then down."""
    return f"-{key}" if wanted.sort == key else key


def source_of(
    wanted: Wanted, viewer: User
) -> tuple[sa.FromClause, list[sa.ColumnElement[bool]], sa.ColumnElement[int] | None]:
    """The tables to read from, the conditions that narrow them, and the cheapest order of a search for words alone.

    Words beside other conditions are looked up once and kept: asked again for each contact that the others leave, a word
    that many share takes half a minute at a million contacts.
    """
    others = conditions_of(wanted, viewer)
    if not wanted.text:
        return table_of(Contact), others, None
    if others:
        shared = said(wanted.text, FEW)
        if shared is None or not is_few(FEW, table_of(Contact), others):
            shared = found_among_others(wanted.text, 10 * FEW)
        return table_of(Contact), [shared, *others], None
    source, matches, cheapest = searched(wanted.text)
    return source, [matches], cheapest


def conditions_of(wanted: Wanted, viewer: User) -> list[sa.ColumnElement[bool]]:
    """What the viewer's scope and the filters ask of a contact."""
    conditions = [scope(viewer)]
    for each in filters_for(viewer):
        if values := wanted.chosen.get(each.key):
            conditions.append(each.condition(values))
    if wanted.condition:
        conditions.append(compile_condition(wanted.tree))
    return [each for each in conditions if not isinstance(each, sa.True_)]
