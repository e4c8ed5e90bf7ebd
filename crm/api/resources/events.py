"""/events: what happened elsewhere, told by programs of the school."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask_login import current_user
from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Regexp

from crm.activity.operations import emit_dated
from crm.activity.vocabulary import Custom
from crm.api.bodies import body, load
from crm.api.many import ItemsOut, answered, check_length, one_or_many, refusal
from crm.api.resource import Resource, actor
from crm.api.shapes import Shape, an_id, moment, text
from crm.contacts.models import Contact
from crm.contacts.queries import visible_contacts
from crm.database import db
from crm.lib import clock
from crm.lib.problems import Problem
from crm.users.access import requires

bp = Resource("events", "What happened elsewhere: it stands on the contact's timeline as an activity of type `custom`.")
EXAMPLE = {"contact": {"email": "carla@example.com"}, "type": "webinar_joined", "metadata": {"minutes": 42}}
SKEW = timedelta(minutes=5)
"""How far a program's clock may be ahead."""


class Whom(Shape):
    """A contact, by id or email address."""

    id = an_id()
    email = text("The address.")

    @validates_schema
    def names_one(self, data: Mapping[str, Any], **_: Any) -> None:
        """By one of the two."""
        if len(data) != 1:
            raise ValidationError("Name the contact by id or by email.")


class EventIn(Shape):
    """An event."""

    contact = fields.Nested(Whom, required=True)
    type = fields.String(
        required=True,
        validate=Regexp(r"^[a-z0-9][a-z0-9_.:-]{0,49}$", error="Write it like webinar_joined, in up to 50 characters."),
        metadata={"description": "Your word for what happened, such as webinar_joined."},
    )
    occurred_at = moment("When it happened, if not now.")
    metadata = fields.Dict(
        keys=text(most=100), metadata={"description": "What else there is to know, up to 50 values."}
    )


class EventOut(Shape):
    """An event that was taken down."""

    contact_id = an_id(required=True)
    type = fields.String(required=True)
    occurred_at = moment(required=True)
    metadata = fields.Dict(required=True)


@bp.post("")
@requires("crm.contacts.edit")
@bp.doc(requestBody=one_or_many(EventIn, EXAMPLE))
@bp.response(201, EventOut)
@bp.alt_response(200, schema=ItemsOut, description="What became of each item of a list.")
def create() -> Any:
    """Take down an event, or a list of up to 1,000, answered item by item."""
    sent = body()
    is_list = isinstance(sent, list)
    if is_list:
        check_length(sent)
    read = [_read(each) for each in (sent if is_list else [sent])]
    known = _contacts([each["contact"] for each in read if not isinstance(each, Problem)])
    events = [each if isinstance(each, Problem) else _event(each, known) for each in read]
    by = actor()
    emit_dated((_activity(each, by), each["occurred_at"]) for each in events if not isinstance(each, Problem))
    if is_list:
        return answered([{"index": index, **_answer(each)} for index, each in enumerate(events)])
    if isinstance(events[0], Problem):
        raise events[0]
    return events[0]


Event = dict[str, Any]


def _read(item: Any) -> Event | Problem:
    try:
        event: Event = load(EventIn(), item)
    except Problem as problem:
        return problem
    event.setdefault("metadata", {})
    event.setdefault("occurred_at", clock.now())
    return _wrong(event) or event


def _wrong(event: Event) -> Problem | None:
    if event["occurred_at"] > clock.now() + SKEW:
        return Problem(422, errors=[{"pointer": "/occurred_at", "detail": "This lies in the future."}])
    if len(event["metadata"]) > 50:
        return Problem(422, errors=[{"pointer": "/metadata", "detail": "At most 50 values."}])
    return None


def _contacts(whom: Sequence[Mapping[str, Any]]) -> dict[int | str, int]:
    """The contacts meant, by what they were named by, as far as this caller may see them."""
    ids = _found(Contact.id, {each["id"] for each in whom if "id" in each})
    emails = _found(Contact.email, {each["email"].strip().lower() for each in whom if "email" in each})
    return {**ids, **emails}


def _found(column: Any, values: Iterable[int | str]) -> dict[int | str, int]:
    wanted = sorted(values, key=str)
    found: dict[int | str, int] = {}
    for start in range(0, len(wanted), 500):
        some = visible_contacts(current_user).where(column.in_(wanted[start : start + 500]))
        found.update(dict(db.session.execute(some.with_only_columns(column, Contact.id)).all()))
    return found


def _event(event: Event, known: Mapping[int | str, int]) -> Event | Problem:
    whom = event["contact"]
    contact_id = known.get(whom["id"] if "id" in whom else whom["email"].strip().lower())
    if contact_id is None:
        return Problem(422, errors=[{"pointer": "/contact", "detail": "There is no such contact."}])
    return {**event, "contact_id": contact_id}


def _activity(event: Event, by: Any) -> Custom:
    return Custom(contact_id=event["contact_id"], type=event["type"], values=event["metadata"], by=by)


def _answer(event: Event | Problem) -> dict[str, Any]:
    return refusal(event) if isinstance(event, Problem) else {"status": 201}
