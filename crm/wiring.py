"""The map: what the product is made of, in the order people see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from flask import Blueprint, current_app
from flask_login import current_user

import crm.activity.models
import crm.automation.models
import crm.contacts.models
import crm.delivery.models
import crm.email.models
import crm.health.models
import crm.preferences.models
import crm.tags.models
import crm.tasks.models
import crm.users.models  # noqa: F401
from crm.activity import jobs as activity_jobs
from crm.activity.dispatcher import Listener
from crm.contacts import filters as contacts_filters
from crm.contacts import listeners as contacts_listeners
from crm.contacts import profile as contacts
from crm.contacts.listing import BulkAction, Column, Filter
from crm.health import jobs as health_jobs
from crm.health import routes as health
from crm.tags import listing as tags_listing
from crm.tags import routes as tags
from crm.tags import wearing as tagging
from crm.tags.models import Tag
from crm.tags.queries import Use
from crm.timeline import routes as timeline

BLUEPRINTS: tuple[Blueprint, ...] = (
    health.bp,
    contacts.bp,
    tags.bp,
    tagging.bp,
    timeline.bp,
)  # fmt: skip

JOB_MODULES: tuple[ModuleType, ...] = (
    activity_jobs,
    health_jobs,
)  # fmt: skip

LISTENERS: tuple[Listener, ...] = (
    Listener(contacts_listeners.keep_last_activity),
)  # fmt: skip
"""What happens when something happened, in this order."""


@dataclass(frozen=True)
class Panel:
    """A part of the contact page that loads itself from `endpoint`, called with `contact_id`. `side`: left (facts) or right."""

    key: str
    title: str
    endpoint: str
    side: str = "left"
    permission: str = "crm.contacts.view"


CONTACT_PANELS: tuple[Panel, ...] = (
    Panel("tags", "Tags", "tagging.panel"),
    Panel("timeline", "Timeline", "timeline.panel", side="right"),
)  # fmt: skip

CONTACT_FILTERS: tuple[Filter, ...] = (
    tags_listing.FILTER,
    contacts_filters.STAGE,
    contacts_filters.OWNER,
)  # fmt: skip

CONTACT_COLUMNS: tuple[Column, ...] = (
    tags_listing.COLUMN,
)  # fmt: skip

CONTACT_BULK_ACTIONS: tuple[BulkAction, ...] = (
    tags_listing.BULK,
)  # fmt: skip

TAG_USES: tuple[Callable[[Tag], Sequence[Use]], ...] = ()
"""What refers to a tag; each is asked before one is deleted."""

SUBJECT_PAGES: dict[str, tuple[str, str]] = {
    "contact_tags": ("tags.edit", "tag_id"),
    "contact_tasks": ("tasks.edit", "task_id"),
    "email_messages": ("email.show_message", "message_id"),
    "automation_workflows": ("automation.show", "workflow_id"),
}
"""Where the subject of an activity is looked at: its table → endpoint and argument."""


@dataclass(frozen=True)
class Place:
    """A line of the navigation. `is_daily` places are on the phone's bottom bar."""

    key: str
    label: str
    endpoint: str
    icon: str
    permission: str | None = None
    is_daily: bool = False


NAVIGATION: tuple[tuple[str | None, tuple[Place, ...]], ...] = (
    (
        None,
        (
            Place("contacts", "Contacts", "contacts.index", "users", "crm.contacts.view", is_daily=True),
        ),
    ),
    (
        "Settings",
        (
            Place("tags", "Tags", "tags.index", "tags", "crm.tags.manage"),
        ),
    ),
)  # fmt: skip


def page_context() -> dict[str, Any]:
    """What every page knows: the school's name and the places this viewer may go."""
    return {"school_name": current_app.config["SCHOOL_NAME"], "navigation": list(_visible_navigation())}


def _visible_navigation() -> Iterator[tuple[str | None, list[Place]]]:
    for label, places in NAVIGATION:
        seen = [
            each
            for each in places
            if current_user.is_authenticated and (not each.permission or current_user.can(each.permission))
        ]
        if seen:
            yield label, seen
