"""/broadcasts: one email to many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask_login import current_user
from sqlalchemy.orm import selectinload

from crm.api.broadcast_shapes import (
    EVERYONE,
    EXAMPLE,
    BroadcastFields,
    BroadcastIn,
    BroadcastListArgs,
    BroadcastOut,
    SendIn,
    TestIn,
    TestOut,
    shown,
)
from crm.api.paging import paged
from crm.api.resource import Resource, actor
from crm.api.resources.audiences import checked
from crm.api.shapes import page_of
from crm.audiences.queries import audience_by_ref
from crm.broadcasts import checklist, drafting, operations, previewing, queries, reckoning
from crm.broadcasts.drafting import Refused, Words
from crm.broadcasts.models import Broadcast
from crm.contacts.queries import visible_contact
from crm.database import db, reading
from crm.email.compose import check
from crm.email.models import EmailTemplate
from crm.email.values import known
from crm.lib.merge_tags import MergeError
from crm.lib.problems import Problem
from crm.users.access import requires
from crm.users.queries import users_by_name

bp = Resource("broadcasts", "One email to many. Its recipients are fixed when it is sent; each gets it once.")
WORDS = ("subject", "preheader", "format", "body")


@bp.get("")
@requires("crm.broadcasts.view")
@bp.arguments(BroadcastListArgs, location="query")
@bp.response(200, page_of(BroadcastOut))
def index(args: dict[str, Any]) -> Any:
    """Broadcasts, newest first; without their counts."""
    found = sa.select(Broadcast).options(selectinload(Broadcast.audiences), selectinload(Broadcast.variants))
    page = paged(found.where(Broadcast.status == args["status"]) if "status" in args else found, Broadcast, args)
    return {**page, "data": [shown(each, with_counts=False) for each in page["data"]]}


@bp.post("")
@requires("crm.broadcasts.create")
@bp.arguments(BroadcastIn, example=EXAMPLE)
@bp.response(201, BroadcastOut)
def create(sent: dict[str, Any]) -> Any:
    """Draft a broadcast. Nothing goes out before it is sent."""
    broadcast = drafting.create_broadcast(sent["name"], actor())
    _write(broadcast, sent)
    return shown(broadcast), 201, {"Location": url_for(".show", broadcast_id=broadcast.id)}


@bp.get("/<int:broadcast_id>")
@requires("crm.broadcasts.view")
@bp.response(200, BroadcastOut)
def show(broadcast_id: int) -> Any:
    """One broadcast, with its messages counted by status."""
    return shown(_broadcast(broadcast_id))


@bp.patch("/<int:broadcast_id>")
@requires("crm.broadcasts.create")
@bp.arguments(BroadcastFields)
@bp.response(200, BroadcastOut)
def change(sent: dict[str, Any], broadcast_id: int) -> Any:
    """Change a broadcast that was not sent yet (409 afterwards). One that was scheduled becomes a draft."""
    broadcast = _broadcast(broadcast_id)
    _refusing(lambda: drafting.check_writable(broadcast))
    _write(broadcast, sent)
    return shown(broadcast)


@bp.delete("/<int:broadcast_id>")
@requires("crm.broadcasts.create")
@bp.response(204)
def delete(broadcast_id: int) -> Any:
    """Delete a broadcast. Its messages stay with the contacts; one under way has to be cancelled first (409)."""
    broadcast = _broadcast(broadcast_id)
    if broadcast.is_launched and not current_user.can("crm.broadcasts.send"):
        abort(403)
    _refusing(lambda: drafting.delete_broadcast(broadcast))


@bp.post("/<int:broadcast_id>/send")
@requires("crm.broadcasts.send")
@bp.arguments(SendIn, required=False)
@bp.response(200, BroadcastOut)
def send(sent: dict[str, Any], broadcast_id: int) -> Any:
    """Send it now or later. One that was sent already is left as it is; what stops it is named (409)."""
    broadcast = _broadcast(broadcast_id)
    if broadcast.is_launched:
        return shown(broadcast)
    with reading():
        stops = checklist.blocking(broadcast, reckoning.reckon(broadcast))
    if stops:
        raise Problem(409, "; ".join(f"{each.title}. {each.text}".strip() for each in stops)[:1000])
    broadcast = _broadcast(broadcast_id)
    _refusing(lambda: _begin(broadcast, sent))
    return shown(broadcast)


@bp.post("/<int:broadcast_id>/test")
@requires("crm.broadcasts.create")
@bp.arguments(TestIn, required=False)
@bp.response(200, TestOut)
def test(sent: dict[str, Any], broadcast_id: int) -> Any:
    """Send its first wording to yourself, or to members of staff."""
    broadcast = _broadcast(broadcast_id)
    if broadcast.content is None:
        raise Problem(409, "Nothing is written yet.")
    wanted = {each.lower() for each in sent["to"]} or {current_user.email}
    people = [each for each in users_by_name() if each.email in wanted]
    if len(people) < len(wanted):
        raise Problem(422, errors=[{"pointer": "/to", "detail": "A test goes to members of staff only."}])
    contact = visible_contact(current_user, sent["contact_id"]) if "contact_id" in sent else None
    try:
        return {"queued": previewing.send_test(broadcast.content, people, contact)}
    except MergeError as error:
        raise Problem(409, str(error)) from None


@bp.post("/<int:broadcast_id>/pause")
@requires("crm.broadcasts.send")
@bp.response(200, BroadcastOut)
def pause(broadcast_id: int) -> Any:
    """Stop for now. Pausing twice changes nothing."""
    return _moved(broadcast_id, operations.pause, ("paused",))


@bp.post("/<int:broadcast_id>/resume")
@requires("crm.broadcasts.send")
@bp.response(200, BroadcastOut)
def resume(broadcast_id: int) -> Any:
    """Go on after a pause."""
    return _moved(broadcast_id, operations.resume, ("sending",))


@bp.post("/<int:broadcast_id>/cancel")
@requires("crm.broadcasts.send")
@bp.response(200, BroadcastOut)
def cancel(broadcast_id: int) -> Any:
    """Send nothing more, for good. What was scheduled is a draft again."""
    broadcast = _broadcast(broadcast_id)
    if broadcast.is_writable:
        operations.unschedule(broadcast)
        return shown(broadcast)
    return _moved(broadcast_id, operations.cancel, ("cancelled",))


def _moved(broadcast_id: int, act: Callable[[Broadcast], bool], done: tuple[str, ...]) -> Any:
    broadcast = _broadcast(broadcast_id)
    if not act(broadcast) and broadcast.status not in done:
        raise Problem(409, f"The broadcast is “{broadcast.status_label.lower()}”, so this cannot be done.")
    return shown(broadcast)


def _begin(broadcast: Broadcast, sent: dict[str, Any]) -> None:
    if "at" in sent:
        operations.schedule(broadcast, sent["at"], actor())
    elif "local_time" in sent:
        try:
            wall = datetime.fromisoformat(sent["local_time"])
        except ValueError:
            detail = "Write it as 2026-12-24T09:00."
            raise Problem(422, errors=[{"pointer": "/local_time", "detail": detail}]) from None
        operations.schedule_locally(broadcast, wall.replace(tzinfo=None), actor())
    else:
        operations.launch(broadcast, actor())


def _write(broadcast: Broadcast, sent: dict[str, Any]) -> None:
    """Keep what was sent. Raises Problem by JSON pointer."""
    broadcast.name = sent.get("name", broadcast.name).strip() or broadcast.name
    if "per_minute" in sent:
        broadcast.per_minute = sent["per_minute"]
    if "audience" in sent or "exclude" in sent:
        _choose(broadcast, sent)
    if "template" in sent:
        drafting.use_template(broadcast, _template(sent["template"]))
    if any(key in sent for key in WORDS):
        _word(broadcast, sent)
    drafting.touch(broadcast)


def _choose(broadcast: Broadcast, sent: dict[str, Any]) -> None:
    exclude = [each.audience for each in broadcast.excluded if each.audience]
    if "exclude" in sent:
        exclude = [_audience(ref, f"/exclude/{at}") for at, ref in enumerate(sent["exclude"])]
    include, condition = [each.audience for each in broadcast.included if each.audience], broadcast.condition
    is_for_everyone = broadcast.is_for_everyone
    if "audience" in sent:
        wanted = sent["audience"]
        is_for_everyone = wanted == EVERYONE
        condition = checked(wanted, "/audience") if isinstance(wanted, dict) else None
        include = [] if is_for_everyone or isinstance(wanted, dict) else [_audience(wanted, "/audience")]
    drafting.choose_audience(
        broadcast, include, exclude, condition, is_for_everyone, keeps_chosen="audience" not in sent
    )


def _audience(ref: int | str, pointer: str) -> Any:
    found = audience_by_ref(ref)
    if found is None:
        raise Problem(422, errors=[{"pointer": pointer, "detail": "There is no such audience."}])
    return found


def _template(ref: int | str) -> EmailTemplate:
    is_id = str(ref).isascii() and str(ref).isdigit() and int(ref) < 2**63
    way = EmailTemplate.id == int(ref) if is_id else EmailTemplate.slug == str(ref)
    found = db.session.scalar(sa.select(EmailTemplate).where(way))
    if found is None:
        raise Problem(422, errors=[{"pointer": "/template", "detail": "There is no such template."}])
    return found


def _word(broadcast: Broadcast, sent: dict[str, Any]) -> None:
    now = broadcast.content
    base = {key: getattr(now, key) if now else "" for key in WORDS}
    words = {**base, "format": base["format"] or "markdown", **{key: sent[key] for key in WORDS if key in sent}}
    words["body"] = words["body"].replace("\r\n", "\n")
    problems = check(words["format"], words["subject"].strip(), words["preheader"].strip(), words["body"], known())
    if problems:
        found = [{"pointer": f"/{key}", "detail": each} for key in problems for each in problems[key]]
        raise Problem(422, errors=found)
    said = Words(words["subject"].strip(), words["preheader"].strip(), words["body"], words["format"])
    drafting.write(broadcast, said)


def _broadcast(broadcast_id: int) -> Broadcast:
    return queries.broadcast(broadcast_id) or abort(404)


def _refusing(act: Callable[[], object]) -> None:
    """Do it; what cannot be is a 409 in words."""
    try:
        act()
    except Refused as refused:
        raise Problem(409, str(refused)) from None
