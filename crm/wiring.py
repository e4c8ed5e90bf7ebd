"""The map: what the product is made of, in the order people see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from flask import Blueprint, current_app, g, request, url_for
from flask_login import current_user

import crm.activity.models
import crm.api.models
import crm.audiences.models
import crm.audit.models
import crm.automation.models
import crm.bounces.models
import crm.broadcasts.models
import crm.bulk.models
import crm.contacts.models
import crm.custom_fields.models
import crm.delivery.models
import crm.duplicates.models
import crm.email.models
import crm.exports.models
import crm.health.models
import crm.imports.models
import crm.notes.models
import crm.notifications.models
import crm.ownership.models
import crm.preferences.models
import crm.privacy.models
import crm.recovery.models
import crm.settings.models
import crm.tags.models
import crm.tasks.models
import crm.users.entering
import crm.users.models
import crm.views.models  # noqa: F401
from crm.activity import jobs as activity_jobs
from crm.activity.dispatcher import Listener
from crm.activity.vocabulary import ContactCreated, ContactUpdated
from crm.api import catalogue
from crm.api import jobs as api_jobs
from crm.api import routes as api
from crm.audiences import fields as audience_fields
from crm.audiences import finding as audience_finding
from crm.audiences import jobs as audiences_jobs
from crm.audiences import listeners as audiences_listeners
from crm.audiences import listing as audiences_listing
from crm.audiences import member_routes as audience_members
from crm.audiences import queries as audiences_queries
from crm.audiences import routes as audiences
from crm.audit import operations as audit_operations
from crm.audit_log import routes as audit_log
from crm.automation import draft_routes, enrollment_routes, mentions, problem_routes, step_routes
from crm.automation import email_routes as step_emails
from crm.automation import finding as workflow_finding
from crm.automation import jobs as automation_jobs
from crm.automation import listeners as automation
from crm.automation import routes as workflows
from crm.automation import waiting as automation_waiting
from crm.automation.upcoming import next_steps
from crm.backup import jobs as backup_jobs
from crm.backup import routes as backups
from crm.backup.checks import last_backup
from crm.bounces import jobs as bounces_jobs
from crm.bounces import report_routes as email_reports
from crm.bounces import routes as email_webhooks
from crm.broadcasts import act_routes as broadcast_acts
from crm.broadcasts import fields as broadcast_fields
from crm.broadcasts import finding as broadcast_finding
from crm.broadcasts import jobs as broadcasts_jobs
from crm.broadcasts import listing as broadcasts_listing
from crm.broadcasts import queries as broadcasts_queries
from crm.broadcasts import result_routes as broadcast_results
from crm.broadcasts import routes as broadcasts
from crm.broadcasts import step_routes as broadcast_steps
from crm.broadcasts import waiting as broadcasts_waiting
from crm.bulk import jobs as bulk_jobs
from crm.bulk import listing as bulk_listing
from crm.bulk import routes as bulk
from crm.bulk import waiting as bulk_waiting
from crm.conditions.fields import Field
from crm.conditions.mentions import Mentioned, Use
from crm.contacts import board_routes, condition_routes, list_routes, recently_deleted, view_routes
from crm.contacts import fields as contact_fields
from crm.contacts import filters as contacts_filters
from crm.contacts import finding as contact_finding
from crm.contacts import jobs as contacts_jobs
from crm.contacts import listeners as contacts_listeners
from crm.contacts import newest as contacts_newest  # noqa: F401
from crm.contacts import profile as contacts
from crm.contacts.columns import Column
from crm.contacts.listing import BulkAction, Filter
from crm.contacts.models import Contact
from crm.custom_fields import fields as custom_condition_fields
from crm.custom_fields import routes as custom_fields
from crm.delivery import jobs as delivery_jobs
from crm.delivery import sending_routes as sending
from crm.delivery import suppression_routes as suppressions
from crm.demo import routes as demo
from crm.departures import routes as departures
from crm.duplicates import jobs as duplicates_jobs
from crm.duplicates import routes as duplicates
from crm.email import centre_routes as centre
from crm.email import checks as email_checks
from crm.email import confirming_routes as confirming
from crm.email import fields as email_fields
from crm.email import finding as template_finding
from crm.email import jobs as email_jobs
from crm.email import message_routes as messages
from crm.email import pruning as email_pruning
from crm.email import queries as email_queries
from crm.email import result_routes as email_results
from crm.email import routes as templates
from crm.email import template_routes  # noqa: F401
from crm.email import tracking_routes as tracking
from crm.email import view_routes as view_email
from crm.email import waiting as email_waiting
from crm.email.upcoming import next_emails
from crm.exports import jobs as exports_jobs
from crm.exports import routes as exports
from crm.exports import waiting as exports_waiting
from crm.health import checks as health_checks
from crm.health import hold, hold_routes, waiting
from crm.health import jobs as health_jobs
from crm.health import page_routes as health_page
from crm.health import routes as health
from crm.health.queries import has_trouble
from crm.health.waiting import ACTIVITIES, Waiting
from crm.home import routes as home
from crm.imports import jobs as imports_jobs
from crm.imports import routes as imports
from crm.imports import waiting as imports_waiting
from crm.lib import clock
from crm.notes import jobs as notes_jobs
from crm.notes import routes as notes
from crm.notifications import routes as notifications
from crm.notifications.queries import unread_count
from crm.ownership import listeners as ownership_listeners
from crm.ownership import routes as ownership
from crm.preferences import fields as consent_fields
from crm.preferences import listeners as preferences_listeners
from crm.preferences import routes as preferences
from crm.preferences import topic_routes
from crm.privacy import jobs as privacy_jobs
from crm.privacy import routes as privacy
from crm.recovery import jobs as recovery_jobs
from crm.search import routes as search
from crm.settings import brand
from crm.settings import jobs as settings_jobs
from crm.settings import routes as settings
from crm.settings.pruning import Prune
from crm.setup import routes as setup
from crm.style import routes as style
from crm.tags import fields as tag_fields
from crm.tags import finding as tag_finding
from crm.tags import jobs as tags_jobs
from crm.tags import listeners as tags_listeners
from crm.tags import listing as tags_listing
from crm.tags import routes as tags
from crm.tags import rule_queries as tag_rule_queries
from crm.tags import rule_routes as tag_rules
from crm.tags import wearing as tagging
from crm.tasks import act_routes as task_acts
from crm.tasks import calendar_routes as task_calendar
from crm.tasks import finding as task_finding
from crm.tasks import home_routes as task_home
from crm.tasks import jobs as tasks_jobs
from crm.tasks import routes as tasks
from crm.tasks.upcoming import reminders
from crm.timeline import routes as timeline
from crm.timeline.upcoming import Upcoming
from crm.users import (
    invitations,
    people,
    people_finder,
    photo_routes,
    resets,
    role_routes,
    second_step,
    teams,
    tokens,
    two_factor_routes,
)
from crm.users import jobs as users_jobs
from crm.users import pruning as users_pruning
from crm.users import routes as users
from crm.users.access import access_of
from crm.users.finding import Finder
from crm.users.models import User
from crm.views import queries as views_queries

BLUEPRINTS: tuple[Blueprint, ...] = (
    condition_routes.bp,
    search.bp,
    home.bp,
    setup.bp,
    users.bp,
    people.bp,
    invitations.bp,
    resets.bp,
    second_step.bp,
    two_factor_routes.bp,
    photo_routes.bp,
    role_routes.bp,
    tokens.bp,
    workflows.bp,
    draft_routes.bp,
    step_routes.bp,
    enrollment_routes.bp,
    problem_routes.bp,
    settings.bp,
    brand.bp,
    backups.bp,
    hold_routes.bp,
    health_page.bp,
    audit_log.bp,
    custom_fields.bp,
    teams.bp,
    templates.bp,
    messages.bp,
    tracking.bp,
    email_webhooks.bp,
    suppressions.bp,
    sending.bp,
    email_reports.bp,
    email_results.bp,
    step_emails.bp,
    view_email.bp,
    centre.bp,
    confirming.bp,
    preferences.bp,
    topic_routes.bp,
    health.bp,
    imports.bp,
    exports.bp,
    tasks.bp,
    task_acts.bp,
    task_calendar.bp,
    task_home.bp,
    contacts.bp,
    list_routes.bp,
    board_routes.bp,
    bulk.bp,
    view_routes.bp,
    privacy.bp,
    duplicates.bp,
    departures.bp,
    ownership.bp,
    audiences.bp,
    audience_members.contact_bp,
    broadcasts.bp,
    broadcast_steps.bp,
    broadcast_acts.bp,
    broadcast_results.bp,
    recently_deleted.bp,
    tag_rules.bp,
    tags.bp,
    tagging.bp,
    timeline.bp,
    notes.bp,
    notifications.bp,
    style.bp,
    demo.bp,
    api.bp,
    *catalogue.RESOURCES,
)  # fmt: skip

JOB_MODULES: tuple[ModuleType, ...] = (
    activity_jobs,
    email_jobs,
    audiences_jobs,
    automation_jobs,
    health_jobs,
    settings_jobs,
    backup_jobs,
    imports_jobs,
    bulk_jobs,
    api_jobs,
    notes_jobs,
    tasks_jobs,
    exports_jobs,
    recovery_jobs,
    privacy_jobs,
    duplicates_jobs,
    contacts_jobs,
    bounces_jobs,
    delivery_jobs,
    users_jobs,
    tags_jobs,
    broadcasts_jobs,
)  # fmt: skip

LISTENERS: tuple[Listener, ...] = (
    Listener(ownership_listeners.assign_owners, (ContactCreated,)),
    Listener(preferences_listeners.keep_opt_outs, (ContactUpdated,)),
    Listener(tags_listeners.tag_by_rules),
    Listener(automation.wake_waiting),
    Listener(automation.reach_goals),
    Listener(automation.start_workflows, automation.STARTING),
    Listener(contacts_listeners.keep_last_activity),
    Listener(audiences_listeners.touch),
)  # fmt: skip
"""What happens when something happened, in this order."""

CONDITION_FIELDS: tuple[Field, ...] = (
    *contact_fields.FIELDS,
    *tag_fields.FIELDS,
    *audience_fields.FIELDS,
    *email_fields.FIELDS,
    *broadcast_fields.FIELDS,
    *consent_fields.FIELDS,
)
"""What conditions may ask for, in the order the builder offers it."""

MORE_CONDITION_FIELDS: tuple[Callable[[], Sequence[Field]], ...] = (
    custom_condition_fields.fields,
)  # fmt: skip
"""What they may ask for besides, made by the school: asked for anew each time."""


@dataclass(frozen=True)
class Panel:
    """A part of a page that loads itself from `endpoint`; those of the contact page with `contact_id`.

    `side`: left (facts), first (before the school's own fields), right, or top (a hint without a frame, drawn only when it has something to say).
    """

    key: str
    title: str
    endpoint: str
    side: str = "left"
    permission: str = "crm.contacts.view"


@dataclass(frozen=True)
class Composer:
    """Something one writes about a contact on top of the timeline: `endpoint` is its form, called with `contact_id`."""

    key: str
    label: str
    icon: str
    endpoint: str


COMPOSERS: tuple[Composer, ...] = (
    Composer("note", "Note", "note", "notes.composer"),
    Composer("task", "Task", "checkbox", "tasks.composer"),
)  # fmt: skip

CONTACT_PANELS: tuple[Panel, ...] = (
    Panel("duplicates", "Duplicates", "duplicates.panel", side="top"),
    Panel("tags", "Tags", "tagging.panel", side="first"),
    Panel("tasks", "Tasks", "tasks.panel"),
    Panel("notes", "Notes", "notes.panel"),
    Panel("emails", "Email", "messages.of_contact"),
    Panel("workflows", "Workflows", "enrollments.of_contact", permission="crm.workflows.view"),
    Panel("audiences", "Audiences", "audience_members.panel"),
    Panel("preferences", "Preferences", "preferences.panel"),
    Panel("composer", "", "notes.composer", side="right", permission="crm.contacts.edit"),
    Panel("timeline", "Timeline", "timeline.panel", side="right"),
)  # fmt: skip

ACCOUNT_PANELS: tuple[Panel, ...] = (
    Panel("notifications", "Notifications", "notifications.choices", permission=""),
    Panel("calendar", "Calendar", "task_calendar.link"),
)  # fmt: skip
"""Parts of one's own account page that load themselves."""

HOME_PANELS: tuple[Panel, ...] = (
    Panel("today", "Your tasks today", "task_home.mine"),
    Panel("newest", "New contacts", "contacts.newest", side="right"),
    Panel("team", "Team", "task_home.team", side="right"),
    Panel("problems", "Workflow problems", "problems.panel", side="right", permission="crm.workflows.view"),
)  # fmt: skip
"""What one lands on; each part loads itself."""

UPCOMING: tuple[Callable[[Contact, User], Sequence[Upcoming]], ...] = (
    next_steps,
    next_emails,
    reminders,
)  # fmt: skip
"""What is scheduled for a contact, asked for the top of the timeline."""

CONTACT_FILTERS: tuple[Filter, ...] = (
    tags_listing.FILTER,
    audiences_listing.FILTER,
    contacts_filters.STAGE,
    contacts_filters.OWNER,
)  # fmt: skip

CONTACT_COLUMNS: tuple[Column, ...] = (
    tags_listing.COLUMN,
)  # fmt: skip

CONTACT_BULK_ACTIONS: tuple[BulkAction, ...] = (
    tags_listing.BULK,
    audiences_listing.BULK,
    broadcasts_listing.BULK,
    bulk_listing.BULK,
)  # fmt: skip

FINDERS: tuple[Finder, ...] = (
    contact_finding.FINDER,
    task_finding.FINDER,
    workflow_finding.FINDER,
    broadcast_finding.FINDER,
    template_finding.FINDER,
    tag_finding.FINDER,
    audience_finding.FINDER,
    people_finder.FINDER,
)  # fmt: skip
"""What the search box finds, in this order."""

WAITING: tuple[Waiting, ...] = (
    broadcasts_waiting.WAITING,
    email_waiting.WAITING,
    automation_waiting.WAITING,
    ACTIVITIES,
    imports_waiting.WAITING,
    bulk_waiting.WAITING,
    exports_waiting.WAITING,
)  # fmt: skip
"""Work that waits for its moment: what a hold keeps back and the health page counts."""

HEALTH_CHECKS: tuple[health_checks.Check, ...] = (
    *health_checks.CHECKS,
    email_checks.sends,
    last_backup,
)  # fmt: skip
"""What the health page and `doctor` look at."""

PRUNES: tuple[Prune, ...] = (
    email_pruning.PRUNE,
    Prune("sign-ins", "Sign-ins that have ended", "SIGN_INS_KEPT_DAYS", users_pruning.forget_sessions),
    Prune("tries", "History of signing in", "SIGN_INS_KEPT_DAYS", users_pruning.forget_tries),
    Prune("audit", "Entries of the audit log", "AUDIT_KEPT_DAYS", audit_operations.prune),
)  # fmt: skip
"""What goes when it is old."""

WHERE_USED: tuple[Callable[[Mentioned], Sequence[Use]], ...] = (
    mentions.workflows_with,
    tag_rule_queries.rules_with,
    audiences_queries.audiences_with,
    views_queries.views_with,
    broadcasts_queries.broadcasts_with,
    email_queries.templates_with,
)  # fmt: skip
"""Who may refer to a tag or an audience; each is asked before one is deleted."""

MENTIONING: tuple[tuple[str, str], ...] = (
    ("audiences", "condition"),
    ("contact_views", "query"),
    ("contact_tag_rules", "filters"),
    ("contact_tag_rules", "condition"),
    ("ownership_rules", "condition"),
    ("broadcasts", "condition"),
    ("automation_versions", "trigger_conditions"),
    ("automation_steps", "step_config"),
)  # fmt: skip
"""Columns that speak of tags, in conditions and configurations: where one takes the place of another."""

SUBJECT_PAGES: dict[str, tuple[str, str]] = {
    "contact_tags": ("tags.edit", "tag_id"),
    "contact_tasks": ("tasks.edit", "task_id"),
    "audiences": ("audiences.show", "audience_id"),
    "contact_notes": ("notes.find", "note_id"),
    "email_messages": ("messages.show", "message_id"),
    "automation_workflows": ("workflows.show", "workflow_id"),
}
"""Where the subject of an activity is looked at: its table → endpoint and argument."""


@dataclass(frozen=True)
class Place:
    """A line of the navigation. `is_daily` places are on the phone's bottom bar; `tabs` are the pages side by side behind it;
    the pages of the blueprints `also` named belong to it, too."""

    key: str
    label: str
    endpoint: str
    icon: str
    permission: str | None = None
    is_daily: bool = False
    tabs: tuple[Place, ...] = ()
    also: tuple[str, ...] = ()
    holds_everything: bool = False
    """Only for those from whom nothing is kept."""

    @property
    def pages(self) -> tuple[Place, ...]:
        """What it leads to."""
        return self.tabs or (self,)


MESSAGES_PAGES: tuple[Place, ...] = (
    Place("messages", "Messages", "messages.index", "mail", "crm.broadcasts.view"),
    Place("suppressions", "Suppression list", "suppressions.index", "mail-x", "crm.broadcasts.view"),
)  # fmt: skip
PEOPLE_PAGES: tuple[Place, ...] = (
    Place("people", "People", "people.index", "users-group", "crm.settings.manage"),
    Place("roles", "Roles", "roles.index", "shield", "crm.settings.manage"),
    Place("teams", "Teams", "teams.index", "hierarchy-2", "crm.settings.manage"),
)  # fmt: skip
SETTINGS_PAGES: tuple[Place, ...] = (
    Place("school", "School", "settings.index", "building", "crm.settings.manage"),
    Place("locale", "Locale", "settings.locale", "world", "crm.settings.manage"),
    Place("sending", "Email sending", "sending.index", "send", "crm.settings.manage"),
    Place("topics", "Consent", "topics.index", "shield-check", "crm.settings.manage"),
    Place("retention", "Retention", "settings.retention", "clock", "crm.settings.manage"),
    Place("backups", "Backups", "backups.index", "database", "crm.settings.manage", holds_everything=True),
    Place("health", "Health", "health_page.index", "activity", "crm.settings.manage"),
    Place("audit", "Audit log", "audit_log.index", "history", "crm.settings.manage"),
)  # fmt: skip


NAVIGATION: tuple[tuple[str | None, tuple[Place, ...]], ...] = (
    (
        None,
        (
            Place("home", "Home", "home.index", "home", "crm.contacts.view", is_daily=True),
            Place(
                *("contacts", "Contacts", "contacts.index", "users", "crm.contacts.view"),
                is_daily=True,
                also=("imports", "exports", "duplicates", "privacy"),
            ),
            Place("audiences", "Audiences", "audiences.index", "target", "crm.contacts.view"),
            Place("pipeline", "Pipeline", "pipeline.index", "layout-kanban", "crm.contacts.view"),
            Place("tasks", "Tasks", "tasks.index", "checkbox", "crm.contacts.view", is_daily=True),
        ),
    ),
    (
        "Reach",
        (
            Place("broadcasts", "Broadcasts", "broadcasts.index", "send", "crm.broadcasts.view"),
            Place("workflows", "Workflows", "workflows.index", "route", "crm.workflows.view", is_daily=True),
            Place("templates", "Templates", "templates.index", "template", "crm.broadcasts.view"),
            Place(
                *("messages", "Messages", "messages.index", "mail", "crm.broadcasts.view"),
                is_daily=True,
                tabs=MESSAGES_PAGES,
            ),
        ),
    ),
    (
        "Settings",
        (
            Place("tags", "Tags", "tags.index", "tags", "crm.tags.manage"),
            Place("fields", "Fields", "custom_fields.index", "forms", "crm.settings.manage"),
            Place("ownership", "Ownership", "ownership.index", "user-check", "crm.settings.manage"),
            Place("people", "People", "people.index", "users-group", "crm.settings.manage", tabs=PEOPLE_PAGES),
            Place("settings", "Settings", "settings.index", "settings", "crm.settings.manage", tabs=SETTINGS_PAGES),
        ),
    ),
)

QUICK_ADD: tuple[Place, ...] = (
    Place("c", "Contact", "contacts.new", "user-plus", "crm.contacts.edit"),
    Place("t", "Task", "tasks.new", "checkbox", "crm.contacts.edit"),
    Place("n", "Note", "notes.new", "note", "crm.contacts.edit"),
)
"""The menu behind the plus, each with the key that opens it."""

ACTIONS: tuple[Place, ...] = (
    Place("contact", "Add contact", "contacts.new", "user-plus", "crm.contacts.edit"),
    Place("task", "Add task", "tasks.new", "checkbox", "crm.contacts.edit"),
    Place("import", "Import contacts", "imports.new", "file-import", "crm.contacts.edit"),
    Place("broadcast", "New broadcast", "broadcasts.new", "send", "crm.broadcasts.create"),
    Place("workflow", "New workflow", "workflows.new", "route", "crm.workflows.create"),
    Place("template", "New email template", "templates.new", "template", "crm.broadcasts.create"),
    Place("tag", "New tag", "tags.new", "tag", "crm.tags.manage"),
    Place("person", "Invite a person to the staff", "invitations.new", "users-plus", "crm.settings.manage"),
    Place("account", "Your account, password and theme", "users.account", "user"),
)
"""What the search box offers to do."""


def page_context() -> dict[str, Any]:
    """What every page knows: the school's name and the places this viewer may go."""
    return {
        "school_name": current_app.config["SCHOOL_NAME"],
        "navigation": list(_visible_navigation()),
        "is_here": _is_here,
        "tabs_beside": _tabs_beside,
        "standing_hold": _standing_hold,
        "held_back": lambda: waiting.queues(clock.now(), held_only=True),
        "has_trouble": _has_trouble,
        "may_look_at": _may_look_at,
        "unread_count": lambda: unread_count(current_user),
        "quick_add": [
            each for each in QUICK_ADD if current_user.is_authenticated and current_user.can(each.permission)
        ],
    }


def _standing_hold() -> hold.Hold | None:
    return hold.current() if current_user.is_authenticated else None


def _has_trouble() -> bool:
    if not (current_user.is_authenticated and current_user.can("crm.settings.manage")):
        return False
    if "looks_wrong" not in g:
        g.looks_wrong = has_trouble(clock.now())
    return g.looks_wrong


def _may_look_at(endpoint: str) -> bool:
    """Whether the viewer may go to this page: as the map says of a place, else as its view declares."""
    lines = (line for _, places in NAVIGATION for place in places for line in (place, *place.tabs))
    place = next((each for each in lines if each.endpoint == endpoint), None)
    if place is not None:
        return may_go(current_user, place)
    access = access_of(endpoint)
    return access is not None and all(map(current_user.can, access.permissions))


def places_of(user: User) -> list[Place]:
    """The places this user may go, in the order of the navigation, each followed by the pages side by side behind it."""
    lines = {line.label: line for _, places in NAVIGATION for place in places for line in (place, *place.tabs)}
    return [each for each in lines.values() if may_go(user, each)]


def may_go(user: User, place: Place) -> bool:
    """Whether this user may go there."""
    if place.holds_everything and not user.holds_everything:
        return False
    return not place.permission or user.can(place.permission)


def actions_of(user: User) -> list[Place]:
    """What this user may do from the search box, in order."""
    return [each for each in ACTIONS if not each.permission or user.can(each.permission)]


def _visible_navigation() -> Iterator[tuple[str | None, list[Place]]]:
    for label, places in NAVIGATION:
        if here := [each for each in places if current_user.is_authenticated and may_go(current_user, each)]:
            yield label, here


def _tabs_beside(key: str) -> list[Place]:
    """The pages behind this place that the viewer may see, as tabs."""
    found = next(each for _, places in NAVIGATION for each in places if each.key == key)
    return [each for each in found.pages if may_go(current_user, each)]


def _is_here(place: Place) -> bool:
    """Whether the page shown belongs to the place: it is under its address, or of the same part of the product."""
    return request.blueprint in place.also or any(
        request.blueprint == page.endpoint.split(".")[0] or request.path.startswith(f"{url_for(page.endpoint)}/")
        for page in place.pages
    )
