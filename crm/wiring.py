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
import crm.duplicates.models
import crm.email.models
import crm.exports.models
import crm.health.models
import crm.imports.models
import crm.preferences.models
import crm.privacy.models
import crm.recovery.models
import crm.settings.models
import crm.tags.models
import crm.tasks.models
import crm.users.models  # noqa: F401
from crm.activity import jobs as activity_jobs
from crm.activity.dispatcher import Listener
from crm.automation import draft_routes, enrollment_routes, mentions, step_routes
from crm.automation import jobs as automation_jobs
from crm.automation import listeners as automation
from crm.automation import routes as workflows
from crm.conditions.fields import Field
from crm.contacts import condition_routes, recently_deleted
from crm.contacts import fields as contact_fields
from crm.contacts import filters as contacts_filters
from crm.contacts import listeners as contacts_listeners
from crm.contacts import profile as contacts
from crm.contacts.listing import BulkAction, Column, Filter
from crm.demo import routes as demo
from crm.duplicates import jobs as duplicates_jobs
from crm.duplicates import routes as duplicates
from crm.email import fields as email_fields
from crm.email import jobs as email_jobs
from crm.email import message_routes as messages
from crm.email import routes as templates
from crm.email import tracking_routes as tracking
from crm.exports import jobs as exports_jobs
from crm.exports import routes as exports
from crm.health import jobs as health_jobs
from crm.health import routes as health
from crm.home import routes as home
from crm.imports import jobs as imports_jobs
from crm.imports import routes as imports
from crm.privacy import jobs as privacy_jobs
from crm.privacy import routes as privacy
from crm.recovery import jobs as recovery_jobs
from crm.settings import routes as settings
from crm.setup import routes as setup
from crm.style import routes as style
from crm.tags import fields as tag_fields
from crm.tags import listing as tags_listing
from crm.tags import routes as tags
from crm.tags import wearing as tagging
from crm.tags.models import Tag
from crm.tags.queries import Use
from crm.tasks import routes as tasks
from crm.timeline import routes as timeline
from crm.users import people
from crm.users import routes as users
from crm.users.models import User

BLUEPRINTS: tuple[Blueprint, ...] = (
    condition_routes.bp,
    home.bp,
    setup.bp,
    users.bp,
    people.bp,
    workflows.bp,
    draft_routes.bp,
    step_routes.bp,
    enrollment_routes.bp,
    settings.bp,
    templates.bp,
    messages.bp,
    tracking.bp,
    health.bp,
    imports.bp,
    exports.bp,
    tasks.bp,
    contacts.bp,
    privacy.bp,
    duplicates.bp,
    recently_deleted.bp,
    tags.bp,
    tagging.bp,
    timeline.bp,
    style.bp,
    demo.bp,
)  # fmt: skip

JOB_MODULES: tuple[ModuleType, ...] = (
    activity_jobs,
    email_jobs,
    automation_jobs,
    health_jobs,
    imports_jobs,
    exports_jobs,
    recovery_jobs,
    privacy_jobs,
    duplicates_jobs,
)  # fmt: skip

LISTENERS: tuple[Listener, ...] = (
    Listener(automation.wake_waiting),
    Listener(automation.reach_goals),
    Listener(automation.start_workflows, automation.STARTING),
    Listener(contacts_listeners.keep_last_activity),
)  # fmt: skip
"""What happens when something happened, in this order."""

CONDITION_FIELDS: tuple[Field, ...] = (
    *contact_fields.FIELDS,
    *tag_fields.FIELDS,
    *email_fields.FIELDS,
)
"""What conditions may ask for, in the order the builder offers it."""


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
    Panel("emails", "Email", "messages.of_contact"),
    Panel("tasks", "Tasks", "tasks.panel"),
    Panel("workflows", "Workflows", "enrollments.of_contact", permission="crm.workflows.view"),
    Panel("duplicates", "Duplicates", "duplicates.panel"),
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

TAG_USES: tuple[Callable[[Tag], Sequence[Use]], ...] = (
    mentions.workflows_with,
)  # fmt: skip
"""What refers to a tag; each is asked before one is deleted."""

SUBJECT_PAGES: dict[str, tuple[str, str]] = {
    "contact_tags": ("tags.edit", "tag_id"),
    "contact_tasks": ("tasks.edit", "task_id"),
    "email_messages": ("messages.show", "message_id"),
    "automation_workflows": ("workflows.show", "workflow_id"),
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
            Place("tasks", "Tasks", "tasks.index", "checkbox", "crm.contacts.view", is_daily=True),
        ),
    ),
    (
        "Reach",
        (
            Place("workflows", "Workflows", "workflows.index", "route", "crm.workflows.view", is_daily=True),
            Place("templates", "Templates", "templates.index", "template", "crm.broadcasts.view"),
            Place("messages", "Messages", "messages.index", "mail", "crm.broadcasts.view", is_daily=True),
        ),
    ),
    (
        "Settings",
        (
            Place("tags", "Tags", "tags.index", "tags", "crm.tags.manage"),
            Place("people", "People", "people.index", "users-group", "crm.settings.manage"),
            Place("settings", "School", "settings.index", "building", "crm.settings.manage"),
        ),
    ),
)


QUICK_ADD: tuple[Place, ...] = (
    Place("c", "Contact", "contacts.new", "user-plus", "crm.contacts.edit"),
    Place("t", "Task", "tasks.new", "checkbox", "crm.contacts.edit"),
)
"""The menu behind the plus, each with the key that opens it."""


def page_context() -> dict[str, Any]:
    """What every page knows: the school's name and the places this viewer may go."""
    return {
        "school_name": current_app.config["SCHOOL_NAME"],
        "navigation": list(_visible_navigation()),
        "quick_add": [
            each for each in QUICK_ADD if current_user.is_authenticated and current_user.can(each.permission)
        ],
    }


def places_of(user: User) -> list[Place]:
    """The places of the navigation this user may go, in order."""
    return [each for _, places in NAVIGATION for each in places if not each.permission or user.can(each.permission)]


def _visible_navigation() -> Iterator[tuple[str | None, list[Place]]]:
    seen = places_of(current_user) if current_user.is_authenticated else []
    for label, places in NAVIGATION:
        if here := [each for each in places if each in seen]:
            yield label, here
