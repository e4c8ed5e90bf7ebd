"""Colleagues named in a note: “@Ada Lovelace”, or “@Ada” when only one of them is called so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from crm.activity.vocabulary import Actor
from crm.contacts.models import Contact
from crm.contacts.queries import who_sees
from crm.lib.markdown import to_text
from crm.notes.models import KINDS, Note
from crm.notifications.kinds import MENTION
from crm.notifications.operations import notify
from crm.users.models import User
from crm.users.queries import users_by_name


def mentioned(text: str, users: Sequence[User]) -> list[User]:
    """Those of `users` the text names, each once, in the order of their names."""
    found: set[int] = set()
    by_name = _names(users)
    for start in (at.end() for at in re.finditer(r"(?<![\w@.])@", text)):
        rest = text[start : start + 130].casefold()
        for name, user in by_name:
            if rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum():
                found.add(user.id)
                break
    return [each for each in users if each.id in found]


def who_can_be_mentioned(contact: Contact) -> list[User]:
    """Colleagues who may see the contact, by name."""
    return who_sees(contact, users_by_name())


def out_of_sight(text: str, contact: Contact) -> list[User]:
    """Colleagues the text names who may not see the contact, and so are not told."""
    named = mentioned(text, users_by_name())
    told = who_sees(contact, named)
    return [each for each in named if each not in told]


def tell_mentioned(note: Note, contact: Contact, by: Actor, before: str = "") -> None:
    """Tell those whom the note names now and did not name before. Nobody is told what they may not see, or wrote themselves."""
    people = who_can_be_mentioned(contact)
    known = {each.id for each in mentioned(before, people)} | {by.user_id}
    new = [each.id for each in mentioned(note.content, people) if each.id not in known]
    words = f"{by.name or 'Somebody'} mentioned you in a {KINDS[note.kind].lower()} about {contact.name}"
    notify(new, MENTION, words, _short(to_text(note.content)), f"/contacts/{contact.id}/notes/{note.id}")


def _names(users: Sequence[User]) -> list[tuple[str, User]]:
    """What each is called, the longest first: full names, and first names that only one of them has."""
    full = [(each.name.casefold(), each) for each in users]
    first = [(name.split()[0], each) for name, each in full if " " in name]
    alone = [(name, each) for name, each in first if sum(name == other.split()[0] for other, _ in full) == 1]
    return sorted([*full, *alone], key=lambda each: -len(each[0]))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 200 else words[:199].rstrip() + "…"
