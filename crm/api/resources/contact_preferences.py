"""/contacts/{id}/preferences: what a contact wants to receive."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_login import current_user
from marshmallow import fields
from marshmallow.validate import OneOf

from crm.api.resource import Resource, actor
from crm.api.shapes import Shape, an_id, moment, text
from crm.contacts.models import Contact
from crm.contacts.queries import visible_contact
from crm.email.confirming import NotAsked, ask_to_confirm
from crm.lib.problems import Problem
from crm.preferences import choices
from crm.preferences.models import FREQUENCIES, SWITCHES
from crm.preferences.proof import Source
from crm.preferences.queries import in_force
from crm.users.access import requires

bp = Resource("contacts/<int:contact_id>/preferences", "What a contact wants to receive, and the proof of it.")
CHANNELS = ("email", "sms", "whatsapp")
TIME = {"format": "%H:%M"}
SWITCH_WORDS = {key: fields.Boolean(metadata={"description": f"{words}."}) for key, words in SWITCHES.items()}


class PreferencesIn(Shape):
    """What to change. What is left out stays as it is."""

    topics = fields.Dict(
        keys=text(most=80), values=fields.Boolean(), metadata={"description": "Topics by slug, on or off."}
    )
    frequency = fields.String(validate=OneOf(list(FREQUENCIES)))
    preferred_channel = fields.String(validate=OneOf(CHANNELS))
    quiet_hours_start = fields.Time(
        **TIME, allow_none=True, metadata={"description": "On the contact's clock, such as 21:00."}
    )
    quiet_hours_end = fields.Time(**TIME, allow_none=True, metadata={"description": "Such as 08:00; both or neither."})
    reason = text("Where the wish comes from. Needed to switch on what the contact had refused.", 200)
    shown = text("The words the person saw when choosing; kept as proof.", 2000)
    ip_address = text("Where they chose from; kept as proof.", 45)
    ask_to_confirm = fields.Boolean(
        metadata={"description": "Send an email that asks to confirm the address (double opt-in)."}
    )


class PreferencesOut(Shape):
    """What a contact wants."""

    contact_id = an_id(required=True)
    topics = fields.Dict(
        keys=fields.String(), values=fields.Boolean(), required=True, metadata={"description": "Every topic by slug."}
    )
    frequency = fields.String(required=True)
    preferred_channel = fields.String(required=True)
    quiet_hours_start = fields.Time(**TIME, required=True, allow_none=True)
    quiet_hours_end = fields.Time(**TIME, required=True, allow_none=True)
    is_unsubscribed = fields.Boolean(
        required=True, metadata={"description": "Whether the address left; only its reader comes back."}
    )
    confirmation = fields.String(required=True, metadata={"description": "Double opt-in: empty, pending or confirmed."})
    confirmed_at = moment(required=True, allow_none=True)


PreferencesIn._declared_fields = {**SWITCH_WORDS, **PreferencesIn._declared_fields}
PreferencesOut._declared_fields = {
    **{key: fields.Boolean(required=True, metadata=each.metadata) for key, each in SWITCH_WORDS.items()},
    **PreferencesOut._declared_fields,
}


@bp.get("")
@requires("crm.contacts.view")
@bp.response(200, PreferencesOut)
def show(contact_id: int) -> Any:
    """How everything stands."""
    return _shown(visible_contact(current_user, contact_id))


@bp.patch("")
@requires("crm.contacts.edit")
@bp.arguments(
    PreferencesIn, example={"class_reminders": False, "topics": {"news": True}, "reason": "asked on the phone"}
)
@bp.response(200, PreferencesOut)
def change(sent: dict[str, Any], contact_id: int) -> Any:
    """Switch things on or off. Each change is kept as proof."""
    contact = visible_contact(current_user, contact_id, to_change=True)
    wanted = _wanted(contact, sent)
    shown = {"": sent.get("shown", "")}
    source = Source("api", actor(), sent.get("reason", ""), sent.get("ip_address") or request.remote_addr, shown)
    choices.choose(contact, wanted, source)
    choices.set_habits(contact, _habits(contact, sent), source)
    if sent.get("ask_to_confirm"):
        try:
            ask_to_confirm(contact, actor().name)
        except NotAsked as refused:
            raise Problem(422, errors=[{"pointer": "/ask_to_confirm", "detail": str(refused)}]) from None
    return _shown(contact)


def _wanted(contact: Contact, sent: dict[str, Any]) -> dict[str, bool]:
    standing = choices.standing(contact)
    topics = {f"topic:{slug}": is_on for slug, is_on in sent.get("topics", {}).items()}
    unknown = [key.removeprefix("topic:") for key in topics if key not in standing]
    if unknown:
        raise Problem(
            422, errors=[{"pointer": f"/topics/{slug}", "detail": "There is no such topic."} for slug in unknown]
        )
    wanted = {**{key: sent[key] for key in SWITCHES if key in sent}, **topics}
    on_again = {key for key, is_on in wanted.items() if is_on and not standing[key]} & choices.refusals(contact)
    if on_again and not sent.get("reason", "").strip():
        raise Problem(
            422, errors=[{"pointer": "/reason", "detail": "The contact had refused this. Say why it changes."}]
        )
    return wanted


def _habits(contact: Contact, sent: dict[str, Any]) -> dict[str, Any]:
    row = choices.preferences_of(contact)
    habits = {key: sent.get(key, getattr(row, key)) for key in choices.HABITS}
    if (habits["quiet_hours_start"] is None) != (habits["quiet_hours_end"] is None):
        missing = "quiet_hours_end" if habits["quiet_hours_end"] is None else "quiet_hours_start"
        raise Problem(422, errors=[{"pointer": f"/{missing}", "detail": "Quiet hours have two ends, or none."}])
    return habits


def _shown(contact: Contact) -> dict[str, Any]:
    row = choices.preferences_of(contact)
    plain = {key: getattr(row, key) for key in (*SWITCHES, *choices.HABITS, "confirmation", "confirmed_at")}
    topics = {each.key.removeprefix("topic:"): each.is_on for each in choices.topic_choices(contact)}
    left = bool(contact.email and in_force(contact.email))
    return {**plain, "contact_id": contact.id, "topics": topics, "is_unsubscribed": left}
