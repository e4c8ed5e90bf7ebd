"""Questions about contacts; each begins at the viewer's scope."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort

from crm.contacts.models import Contact
from crm.contacts.search import found_by
from crm.database import db
from crm.users.models import User
from crm.users.queries import colleagues_of, in_team_with, teams_of


def scope(viewer: User, of: type[Contact] = Contact) -> sa.ColumnElement[bool]:
    """The condition every query of contacts goes through: what this viewer may know of. `of` is an alias of contacts in the query."""
    if not viewer.can("crm.contacts.view"):
        return sa.false()
    if viewer.reach == "all":
        return sa.true()
    mine = of.owner_id == viewer.id
    if viewer.reach == "own":
        return mine
    return sa.or_(mine, of.owner_id.in_(colleagues_of(viewer)), of.team_id.in_(teams_of(viewer)))


def who_sees(contact: Contact, users: Sequence[User]) -> list[User]:
    """Those of `users` who may see the contact; one query however many they are."""
    near = in_team_with(contact.owner_id, contact.team_id)
    own = {contact.owner_id}
    reach = {"own": own, "team": near | own}
    return [
        each
        for each in users
        if each.can("crm.contacts.view") and (each.reach == "all" or each.id in reach[each.reach])
    ]


def visible_contacts(viewer: User) -> sa.Select[tuple[Contact]]:
    """The contacts this viewer may see."""
    return sa.select(Contact).where(scope(viewer))


def visible_contact(viewer: User, contact_id: int, *, to_change: bool = False) -> Contact:
    """The contact, if this viewer may see it; else the answer is 404. `to_change` keeps others from changing it meanwhile."""
    found = visible_contacts(viewer).where(Contact.id == contact_id)
    contact = db.session.scalar(found.with_for_update(of=Contact) if to_change else found)
    return contact or abort(404)


def visible_ids(viewer: User, ids: Iterable[int]) -> list[int]:
    """Those of `ids` that are contacts this viewer may see, in order and once each."""
    wanted = sorted({each for each in ids if 0 < each < 2**63})
    found: list[int] = []
    for start in range(0, len(wanted), 500):
        some = Contact.id.in_(wanted[start : start + 500])
        found += db.session.scalars(sa.select(Contact.id).where(some, scope(viewer)).order_by(Contact.id))
    return found


def contacts_like(viewer: User, text: str, limit: int = 8) -> Sequence[Contact]:
    """Contacts the viewer may be thinking of: the one with this address, else those found by the words."""
    text = text.strip()
    exact = db.session.scalars(visible_contacts(viewer).where(Contact.email == text.lower())).all()
    found = visible_contacts(viewer).where(found_by(text)).order_by(Contact.id.desc()).limit(limit)
    return exact or db.session.scalars(found).all()


def contact_meant(viewer: User, text: str) -> Contact:
    """The one contact the viewer can mean by `text`. Raises ValueError, in words for them, when there is none or several."""
    found = contacts_like(viewer, text)
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{each.name} ({each.email})" if each.email else each.name for each in found[:4])
    raise ValueError(f"Which one? {names}. Write the email." if found else "There is no such contact.")


def what_goes_with(contact: Contact) -> list[tuple[int, str]]:
    """What is deleted with a contact, as counts and words: every table whose rows cannot be without one."""
    return [
        (count, word_for(table.name, count))
        for table, column in _dependents()
        if (count := db.session.scalar(sa.select(sa.func.count()).where(column == contact.id)))
    ]


def word_for(table: str, count: int) -> str:
    """What rows of a table that hang on a contact are called."""
    return WORDS.get(table, (table.replace("_", " "),) * 2)[count != 1]


WORDS = {
    "contact_activities": ("timeline entry", "timeline entries"),
    "contact_taggings": ("tag", "tags"),
    "contact_field_values": ("value of a field", "values of fields"),
    "contact_tasks": ("task", "tasks"),
    "audience_members": ("audience", "audiences"),
    "contact_notes": ("note", "notes"),
    "automation_enrollments": ("workflow run", "workflow runs"),
    "bulk_action_changes": ("change made in bulk", "changes made in bulk"),
    "duplicate_pairs": ("possible duplicate", "possible duplicates"),
    "contact_merges": ("merge that can be undone", "merges that can be undone"),
    "email_messages": ("email", "emails"),
    "broadcast_contacts": ("broadcast that is being written", "broadcasts that are being written"),
    "email_link_clicks": ("click on a link", "clicks on links"),
    "communication_preferences": ("set of preferences", "sets of preferences"),
    "consent_records": ("record of a choice", "records of choices"),
    "automation_step_logs": ("step of a workflow run", "steps of workflow runs"),
    "email_opens": ("opening of an email", "openings of emails"),
}


def _dependents() -> Iterator[tuple[sa.Table, sa.Column[Any]]]:
    for table in db.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == "contacts" and key.ondelete == "CASCADE":
                yield table, key.parent
