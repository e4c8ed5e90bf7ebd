"""What conditions may ask of a contact."""

from functools import lru_cache

from babel import Locale

from crm.conditions.choice_types import Choice
from crm.conditions.date_types import Date, Moment
from crm.conditions.field_types import Number, Text
from crm.conditions.fields import Field, Option
from crm.contacts.models import LIFECYCLE_STAGES, Contact
from crm.users.queries import teams_by_name, users_by_name


@lru_cache(maxsize=1)
def countries() -> tuple[Option, ...]:
    """Every country by its two-letter code, in the order of their names."""
    names = Locale("en").territories
    found = [Option(code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code != "ZZ"]
    return tuple(sorted(found, key=lambda option: option.label))


def owners() -> list[Option]:
    return [Option(user.id, user.name) for user in users_by_name()]


def teams() -> list[Option]:
    return [Option(team.id, team.name) for team in teams_by_name()]


FIELDS = (
    Field("first_name", "First name", Text(), "Contact", Contact.first_name),
    Field("last_name", "Last name", Text(), "Contact", Contact.last_name),
    Field("email", "Email", Text(stored_folded=True), "Contact", Contact.email),
    Field("phone", "Phone", Text(), "Contact", Contact.phone),
    Field("country", "Country", Choice(), "Contact", Contact.country, choices=countries),
    Field("city", "City", Text(), "Contact", Contact.city),
    Field("language", "Language", Text(), "Contact", Contact.language),
    Field("timezone", "Time zone", Text(), "Contact", Contact.timezone),
    Field("birthday", "Birthday", Date(), "Contact", Contact.birthday),
    Field("source", "Source", Text(), "Contact", Contact.source),
    Field(
        "lifecycle_stage",
        "Stage",
        Choice(),
        "Contact",
        Contact.lifecycle_stage,
        choices=tuple(LIFECYCLE_STAGES.items()),
    ),
    Field("owner", "Owner", Choice(), "Contact", Contact.owner_id, choices=owners),
    Field("team", "Team", Choice(), "Contact", Contact.team_id, choices=teams),
    Field("stage_changed_at", "In this stage since", Moment(), "Contact", Contact.stage_changed_at),
    Field("external_id", "External ID", Text(), "Contact", Contact.external_id),
    Field("utm_source", "UTM source", Text(), "Contact", Contact.utm_source),
    Field("utm_medium", "UTM medium", Text(), "Contact", Contact.utm_medium),
    Field("utm_campaign", "UTM campaign", Text(), "Contact", Contact.utm_campaign),
    Field("utm_term", "UTM term", Text(), "Contact", Contact.utm_term),
    Field("utm_content", "UTM content", Text(), "Contact", Contact.utm_content),
    Field("guardian", "Guardian", Number(), "Contact", Contact.guardian_id, operators=("is_set", "is_not_set")),
    Field("referrer", "Referred by", Number(), "Contact", Contact.referrer_id, operators=("is_set", "is_not_set")),
    Field("created_at", "Added", Moment(), "Contact", Contact.created_at),
    Field("last_activity_at", "Last activity", Moment(), "Contact", Contact.last_activity_at),
)
