"""What the list of contacts can show of each, and be sorted by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.contacts import fieldset
from crm.contacts.models import Contact
from crm.custom_fields.models import CustomField
from crm.custom_fields.queries import custom_fields, values_of
from crm.database import db
from crm.users.models import User
from crm.users.queries import teams_by_name

Rows = Sequence[sa.Row[Any]]


@dataclass(frozen=True)
class Column:
    """What a feature shows of each contact: `load` gets the page's ids, `template` draws one `cell`."""

    key: str
    label: str
    load: Callable[[Sequence[int]], Mapping[int, Any]]
    template: str
    sort: str = ""
    """What a click on its head sorts by."""
    is_wide: bool = False
    """Whether a narrow screen leaves it out."""
    is_for_all_seeing: bool = False
    look: str = "text"

    def cells(self, rows: Rows) -> Mapping[int, Any]:
        """What to draw, by contact."""
        return self.load([row.id for row in rows])


@dataclass(frozen=True)
class Fact(Column):
    """A column of the contact's own row."""

    words: Callable[[sa.Row[Any]], Any] = lambda row: row

    def cells(self, rows: Rows) -> Mapping[int, Any]:
        return {row.id: self.words(row) for row in rows}


def _fact(
    key: str,
    label: str,
    column: str = "",
    words: Callable[[Any], Any] = lambda value: value,
    look: str = "text",
    **options: bool,
) -> Fact:
    name = column or key
    return Fact(
        key, label, dict, "contacts/_cell.html", sort=key, look=look, words=lambda row: words(getattr(row, name)),
        **options,
    )  # fmt: skip


def _named(key: str) -> Callable[[Any], str]:
    return lambda value: fieldset.BY_KEY[key].words_for(value)


def _teams(rows: Rows) -> Mapping[int, Any]:
    names = {team.id: team.name for team in teams_by_name()}
    return {row.id: names.get(row.team_id, "") for row in rows}


@dataclass(frozen=True)
class OfRows(Column):
    """A column worked out for the whole page at once."""

    of: Callable[[Rows], Mapping[int, Any]] = lambda _rows: {}

    def cells(self, rows: Rows) -> Mapping[int, Any]:
        return self.of(rows)


def _people(attribute: str) -> Callable[[Rows], Mapping[int, Any]]:
    """The names of the contacts that these rows point to."""

    def load(rows: Rows) -> Mapping[int, Any]:
        ids = {getattr(row, attribute) for row in rows} - {None}
        found = (
            {each.id: each.name for each in db.session.scalars(sa.select(Contact).where(Contact.id.in_(ids)))}
            if ids
            else {}
        )
        return {row.id: found.get(getattr(row, attribute), "") for row in rows}

    return load


COLUMNS: tuple[Column, ...] = (
    _fact("email", "Email"),
    _fact("phone", "Phone"),
    _fact("stage", "Stage", "lifecycle_stage", look="stage"),
    _fact("owner", "Owner", "owner_name", is_wide=True, is_for_all_seeing=True),
    OfRows("team", "Team", dict, "contacts/_cell.html", sort="team", is_for_all_seeing=True, of=_teams),
    _fact("activity", "Last activity", "last_activity_at", look="when", is_wide=True),
    _fact("created", "Added", "created_at", look="day", is_wide=True),
    _fact("since", "In stage since", "stage_changed_at", look="when"),
    _fact("country", "Country", words=_named("country")),
    _fact("city", "City"),
    _fact("language", "Language", words=_named("language")),
    _fact("birthday", "Birthday", look="day"),
    _fact("source", "Source"),
    OfRows(
        "guardian",
        "Guardian",
        dict,
        "contacts/_cell.html",
        sort="guardian",
        is_for_all_seeing=True,
        of=_people("guardian_id"),
    ),
    OfRows(
        "referrer",
        "Referred by",
        dict,
        "contacts/_cell.html",
        sort="referrer",
        is_for_all_seeing=True,
        of=_people("referrer_id"),
    ),
    _fact("utm_source", "UTM source"),
    _fact("utm_medium", "UTM medium"),
    _fact("utm_campaign", "UTM campaign"),
    _fact("external_id", "External ID"),
)
DEFAULT = ("email", "tags", "stage", "owner", "activity", "created")
MOST = 20


def columns_for(viewer: User) -> dict[str, Column]:
    """Every column this viewer can choose, by key: a contact's own, those of other features, the school's own fields."""
    every = (*COLUMNS, *current_app.extensions["contact_columns"], *map(_custom, custom_fields()))
    return {each.key: each for each in every if not (each.is_for_all_seeing and viewer.sees_assigned_only)}


def may_sort_by(viewer: User, key: str) -> bool:
    """Whether the order by this column tells the viewer nothing that the columns do not."""
    hidden = {each.sort for each in COLUMNS if each.is_for_all_seeing}
    return key.removeprefix("-") not in hidden or not viewer.sees_assigned_only


def chosen_columns(viewer: User, keys: Sequence[str]) -> list[Column]:
    """The columns of these keys that there are, in this order; without any, what everybody begins with."""
    known = columns_for(viewer)
    return [known[key] for key in dict.fromkeys(keys) if key in known] or [
        known[key] for key in DEFAULT if key in known
    ]


def _custom(field: CustomField) -> Column:
    def load(ids: Sequence[int]) -> Mapping[int, Any]:
        return {each: field.kind.words(values.get(field.key)) for each, values in values_of(ids, [field]).items()}

    look = "link" if field.kind.control == "url" else "text"
    return Column(field.name, field.label, load, "contacts/_cell.html", sort=field.name, look=look)
