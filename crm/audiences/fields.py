"""Membership as something conditions may ask for.

“Is set” would let an audience depend on all of them, itself included, so it is not offered.
"""

from crm.audiences.models import Audience, AudienceMember
from crm.audiences.references import FIELD
from crm.conditions.choice_types import Link
from crm.conditions.fields import Field, Relation

FIELDS = (
    Field(
        FIELD,
        "Audience",
        Link(),
        "Audiences",
        relation=Relation(AudienceMember.contact_id, AudienceMember.audience_id, Audience),
        operators=("contains", "not_contains", "in_list", "not_in_list"),
    ),
)
