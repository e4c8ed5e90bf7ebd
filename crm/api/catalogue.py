"""Every resource of the API, in the order the documentation shows them."""

from __future__ import annotations

from crm.api.resource import Resource
from crm.api.resources import (
    audiences,
    broadcasts,
    contact_activities,
    contact_notes,
    contact_preferences,
    contact_tags,
    contacts,
    enrollments,
    events,
    messages,
    suppressions,
    tags,
    tasks,
    templates,
    topics,
    unsubscribes,
    workflows,
)

RESOURCES: tuple[Resource, ...] = (
    contacts.bp,
    contact_tags.bp,
    contact_notes.bp,
    contact_activities.bp,
    contact_preferences.bp,
    events.bp,
    tasks.bp,
    tags.bp,
    audiences.bp,
    workflows.bp,
    enrollments.bp,
    templates.bp,
    broadcasts.bp,
    messages.bp,
    unsubscribes.bp,
    suppressions.bp,
    topics.bp,
)  # fmt: skip
