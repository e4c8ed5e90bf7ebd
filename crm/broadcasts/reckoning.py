"""How many will get a broadcast, and why the others will not: counted in the database by the rules that the sending keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from crm.broadcasts import reach
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.custom_fields.models import PREFIX, FieldValue
from crm.custom_fields.queries import custom_fields
from crm.database import db
from crm.preferences import consent
from crm.preferences.kinds import MARKETING
from crm.tags.models import Tagging

_COLUMNS = {
    "contact.first_name": (Contact.first_name,), "contact.last_name": (Contact.last_name,), "contact.email": (Contact.email,),
    "contact.name": (Contact.first_name, Contact.last_name), "contact.phone": (Contact.phone,), "contact.city": (Contact.city,),
    "contact.country": (Contact.country,), "contact.language": (Contact.language,), "contact.timezone": (Contact.timezone,),
    "contact.source": (Contact.source,),
}  # fmt: skip
_NULLABLE = {"contact.birthday": Contact.birthday, "contact.owner": Contact.owner_id}


@dataclass(frozen=True)
class Reckoning:
    """Who is meant, who is left out by reason in words, and who will get it."""

    total: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def will_get(self) -> int:
        return max(0, self.total - sum(self.left_out.values()))


def reckon(broadcast: Broadcast) -> Reckoning:
    """Count as of now. What happens until it is sent is reckoned with again when each message goes."""
    found = consent.outcomes_for(reach.meant(broadcast), "email", MARKETING, broadcast.topic_id)
    return Reckoning(sum(found.values()), {reason: count for reason, count in found.items() if reason})


def empty_values(broadcast: Broadcast, names: Sequence[str]) -> dict[str, int]:
    """For how many of those it is for each of these merge tags is empty; in one statement. Tags nobody lacks are left out."""
    asked = {name: lacks for name in names if (lacks := _lacks(name)) is not None}
    if not asked:
        return {}
    sums = [sa.func.sum(sa.case((lacks, 1), else_=0)) for lacks in asked.values()]
    row = db.session.execute(sa.select(*sums).select_from(Contact).where(reach.meant(broadcast))).one()
    return {name: int(count) for name, count in zip(asked, row, strict=True) if count}


def _lacks(name: str) -> sa.ColumnElement[bool] | None:
    """The condition that a contact has nothing for this merge tag."""
    if name in _COLUMNS:
        return sa.and_(*(sa.func.coalesce(column, "") == "" for column in _COLUMNS[name]))
    if name in _NULLABLE:
        return _NULLABLE[name].is_(None)
    if name == "contact.tags":
        return ~sa.exists().where(Tagging.contact_id == Contact.id)
    own = next((each for each in custom_fields() if name == f"contact.{PREFIX}{each.key}"), None)
    if own is None:
        return None
    return ~sa.exists().where(FieldValue.contact_id == Contact.id, FieldValue.field_id == own.id)
