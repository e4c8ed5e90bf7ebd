"""The four roles and fourteen permissions, as data. A school makes roles of its own from the same permissions."""

from __future__ import annotations

PERMISSIONS = (
    ("crm.contacts.view", "See contacts"),
    ("crm.contacts.edit", "Add and change contacts"),
    ("crm.contacts.delete", "Delete contacts"),
    ("crm.contacts.export", "Export contacts"),
    ("crm.tags.manage", "Manage tags"),
    ("crm.audiences.manage", "Manage audiences"),
    ("crm.broadcasts.view", "See broadcasts and messages"),
    ("crm.broadcasts.create", "Write broadcasts and templates"),
    ("crm.broadcasts.send", "Send broadcasts"),
    ("crm.workflows.view", "See workflows"),
    ("crm.workflows.create", "Build workflows"),
    ("crm.workflows.activate", "Activate and pause workflows"),
    ("crm.analytics.view", "See analytics and reports"),
    ("crm.settings.manage", "Manage settings and people"),
)
ALL = frozenset(key for key, _ in PERMISSIONS)

ROLES: dict[str, frozenset[str]] = {
    "crm_admin": ALL,
    "crm_manager": ALL - {"crm.settings.manage"},
    "crm_agent": frozenset({"crm.contacts.view", "crm.contacts.edit"}),
    "crm_viewer": frozenset({"crm.analytics.view"}),
}
ROLE_LABELS = {
    "crm_admin": "Administrator",
    "crm_manager": "Manager",
    "crm_agent": "Agent",
    "crm_viewer": "Viewer",
}
ROLE_NOTES = {
    "crm_admin": "everything, settings and people included",
    "crm_manager": "all contacts, workflows and broadcasts",
    "crm_agent": "the contacts assigned to them",
    "crm_viewer": "reports, to read",
}
REACH = {
    "all": "All contacts",
    "team": "Their own and their teams’",
    "own": "Those assigned to them",
}
"""Whose contacts a role sees, the widest first. Of the four only agents see less than all, and the school may widen it to their teams."""
