"""What merge tags may ask for, and the answers for many contacts at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app

from crm.contacts.models import Contact
from crm.custom_fields.models import PREFIX
from crm.custom_fields.queries import custom_fields
from crm.custom_fields.queries import values_of as custom_values
from crm.database import db
from crm.lib.bulk import listed
from crm.lib.markdown import to_text
from crm.settings.queries import school_name
from crm.tags.queries import tags_of
from crm.users.models import User

_COLUMNS: dict[str, Any] = {
    **{
        fact: getattr(Contact, fact)
        for fact in (
            "first_name", "last_name", "email", "phone", "city", "country", "language", "timezone", "source", "lifecycle_stage",
            "birthday",
        )
    },
    "owner": User.name,
    "owner_signature": User.signature,
}  # fmt: skip
TAGS = (
    ("contact.first_name", "First name"),
    ("contact.last_name", "Last name"),
    ("contact.name", "Full name"),
    ("contact.email", "Email"),
    ("contact.phone", "Phone"),
    ("contact.city", "City"),
    ("contact.country", "Country"),
    ("contact.language", "Language"),
    ("contact.timezone", "Time zone"),
    ("contact.source", "Source"),
    ("contact.lifecycle_stage", "Stage"),
    ("contact.birthday", "Birthday"),
    ("contact.tags", "Tags"),
    ("contact.owner", "Owner's name"),
    ("contact.owner_signature", "Owner's signature"),
    ("school.name", "School name"),
    ("school.address", "Postal address"),
    ("school.website", "Website"),
    ("school.logo", "Address of the logo"),
    ("unsubscribe_url", "Unsubscribe address"),
    ("preferences_url", "Preference page address"),
    ("view_url", "Address of this email in a browser"),
)
"""The merge tags of every school, with their labels, in the order the picker shows them; `tags` has its own fields too."""
DEFAULTS = {
    "contact.first_name": "there",
    "contact.name": "there",
    "contact.city": "your town",
    "contact.owner": "our team",
    "contact.language": "your language",
}
"""What the picker puts in for those who have nothing there."""
CUSTOM = f"contact.{PREFIX}"
ALWAYS = frozenset({"school.name", "school.address", "school.website", "school.logo"})
"""What the frame around every email reads."""
EXAMPLE: dict[str, Any] = {
    "first_name": "Carla", "last_name": "Diaz", "name": "Carla Diaz", "email": "carla@example.com", "phone": "+34600111222",
    "city": "Valencia", "country": "ES", "language": "es", "timezone": "Europe/Madrid", "source": "Website",
    "lifecycle_stage": "lead", "birthday": "2001-05-14", "tags": ["Interested"], "owner": "Mo",
    "owner_signature": "Mo · Head of studies",
}  # fmt: skip
"""Somebody to preview an email with while there is nobody else."""


class Tag(NamedTuple):
    """A merge tag and its label."""

    name: str
    label: str

    @property
    def picked(self) -> str:
        """As the picker puts it in: with a default where one is often needed."""
        default = DEFAULTS.get(self.name)
        return f'{{{{ {self.name} | default: "{default}" }}}}' if default else f"{{{{ {self.name} }}}}"


def tags() -> tuple[Tag, ...]:
    """Every merge tag an email may hold, with its label."""
    return (*(Tag(*each) for each in TAGS), *(Tag(f"contact.{each.name}", each.label) for each in custom_fields()))


def known() -> frozenset[str]:
    """The names an email may read."""
    return frozenset(name for name, _ in tags())


def values_of(contact_ids: Collection[int], names: Collection[str]) -> dict[int, dict[str, Any]]:
    """For each contact what its merge tags of these names give; one or two queries for all."""
    keys = _keys(frozenset(names))
    db.session.flush()
    rows = db.session.connection().execute(_asking(keys), {"ids": json.dumps([*contact_ids])}).all()
    tags = tags_of(list(contact_ids)) if any(name.startswith("contact.tags") for name in names) else {}
    custom = _custom(contact_ids) if any(name.startswith(CUSTOM.rstrip(".")) for name in names) else {}
    school, found = school_values(), {}
    for number, *facts in rows:
        contact = _in_words(dict(zip(keys, facts, strict=True)))
        contact["tags"] = [each.name for each in tags.get(number, [])]
        contact["fields"] = custom.get(number, {})
        found[number] = {"contact": contact, "school": school}
    return found


@lru_cache(maxsize=64)
def _keys(names: frozenset[str]) -> tuple[str, ...]:
    """The columns that answer these names."""
    wanted = {name.split(".")[1] for name in names if name.startswith("contact.")}
    if "name" in wanted:
        wanted |= {"first_name", "last_name", "email"}
    return tuple(each for each in _COLUMNS if each in wanted)


@lru_cache(maxsize=64)
def _asking(keys: tuple[str, ...]) -> sa.Select[Any]:
    asking = sa.select(Contact.id, *(_COLUMNS[each] for each in keys)).where(Contact.id.in_(listed("ids")))
    return asking.outerjoin(User, User.id == Contact.owner_id) if {"owner", "owner_signature"} & {*keys} else asking


def _in_words(facts: dict[str, Any]) -> dict[str, Any]:
    """What is not known is None, which `default` and `if` take for nothing."""
    for key, value in facts.items():
        if not value:
            facts[key] = None
    if facts.get("birthday"):
        facts["birthday"] = facts["birthday"].isoformat()
    if facts.get("owner_signature"):
        facts["owner_signature"] = " · ".join(to_text(facts["owner_signature"]).splitlines())
    if "first_name" in facts and "last_name" in facts:
        name = f"{facts['first_name'] or ''} {facts['last_name'] or ''}".strip()
        facts["name"] = name or facts.get("email") or ""
    return facts


def _custom(contact_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """What the contacts have in the school's own fields, in words."""
    fields = custom_fields()
    kinds = {each.key: each.kind for each in fields}
    return {
        contact_id: {key: kinds[key].words(value) for key, value in values.items()}
        for contact_id, values in custom_values(contact_ids, fields).items()
    }


def example_values() -> dict[str, Any]:
    """Values for a preview with nobody in particular."""
    fields = {each.key: each.label for each in custom_fields()}
    return {"contact": {**EXAMPLE, "fields": fields}, "school": school_values()}


def school_values() -> dict[str, str | None]:
    """The school's name, where it is, and the whole address of its logo."""
    set_ = current_app.config
    return {
        "name": school_name(),
        "address": ", ".join(line.strip(" ,") for line in set_["MAIL_ADDRESS"].splitlines() if line.strip(" ,"))
        or None,
        "website": set_["WEBSITE"] or None,
        "logo": f"{set_['PUBLIC_URL']}/logo/{set_['LOGO']}" if set_["LOGO"] else None,
    }


def kept(values: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Of these values those that a content reads: what is stored with a message, so that it can be shown as it was sent."""
    chosen: dict[str, Any] = {}
    for group, keys in _grouped(frozenset(names)):
        there = values.get(group)
        if isinstance(there, dict) and (found := {key: there[key] for key in keys if key in there}):
            chosen[group] = found
    return chosen


@lru_cache(maxsize=64)
def _grouped(names: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups: dict[str, dict[str, None]] = {}
    for name in sorted(names | ALWAYS):
        group, _, key = name.partition(".")
        groups.setdefault(group, {})[key.partition(".")[0]] = None
    return tuple((group, tuple(keys)) for group, keys in groups.items())
