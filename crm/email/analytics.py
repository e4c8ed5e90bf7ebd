"""The figures of emails: of a broadcast, a workflow's step, a template, or whatever a condition on `email_messages` picks.

Every question takes `which`, such as `and_(EmailMessage.purpose == "broadcast", EmailMessage.parent_id == 7)`, and is answered by
one grouped statement. People and programs are counted apart; rates are of people, and of the emails that arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.database import db, is_postgresql
from crm.email.figures import CAME_BACK, COUNTS, EmailFigures, number_of
from crm.email.models import EmailLink, EmailLinkClick, EmailMessage, EmailOpen
from crm.lib import clock
from crm.preferences.models import EmailUnsubscribe

_M = EmailMessage
Which = sa.ColumnElement[bool]


def of_broadcast(broadcast_id: int) -> Which:
    """The messages of a broadcast."""
    return sa.and_(EmailMessage.purpose == "broadcast", EmailMessage.parent_id == broadcast_id)


def of_template(template_id: int) -> Which:
    """The messages made from a template, but for tests."""
    return sa.and_(EmailMessage.template_id == template_id, EmailMessage.purpose != "test")


def of_step(step_id: int) -> Which:
    """The messages that a step of a workflow sent."""
    return sa.and_(EmailMessage.step_id == step_id, EmailMessage.purpose == "workflow")


def figures(which: Which) -> EmailFigures:
    """The numbers of these messages, in one pass."""
    row = db.session.execute(sa.select(*COUNTS.values()).where(which)).one()
    return EmailFigures.of(row)


def figures_by(column: Any, which: Which) -> dict[Any, EmailFigures]:
    """The numbers of these messages for each value of a column, such as `EmailMessage.content_id` for the variants of an A/B test."""
    rows = db.session.execute(sa.select(column, *COUNTS.values()).where(which).group_by(column))
    return {row[0]: EmailFigures.of(row[1:]) for row in rows}


@dataclass(frozen=True)
class Point:
    """A stretch of time: how many messages people opened and clicked for the first time, and how often programs came."""

    at: datetime
    opened: int = 0
    clicked: int = 0
    machine_opens: int = 0
    machine_clicks: int = 0


def over_time(which: Which, bucket: str = "hour", limit: int = 400) -> list[Point]:
    """The answers by "hour" or by "day" on the school's clock, without gaps, oldest first; the last `limit` stretches at most."""
    counted: dict[datetime, dict[str, int]] = {}
    for name, statement in _answers(which).items():
        for hour, number in db.session.execute(statement):
            at = _stretch(bucket, datetime.fromisoformat(str(hour)[:19]).replace(tzinfo=UTC))
            here = counted.setdefault(at, {})
            here[name] = here.get(name, 0) + number
    if not counted:
        return []
    stretches = [*_stretches(bucket, min(counted), max(counted))][-limit:]
    return [Point(clock.local(at, _zone()).replace(minute=0), **counted.get(at, {})) for at in stretches]


def _answers(which: Which) -> dict[str, sa.Select[Any]]:
    return {
        "opened": _by_hour(_M.opened_at).where(which, _M.opened_at.is_not(None)),
        "clicked": _by_hour(_M.clicked_at).where(which, _M.clicked_at.is_not(None)),
        "machine_opens": _joined(EmailOpen, EmailOpen.opened_at).where(which, EmailOpen.visitor != "person"),
        "machine_clicks": _joined(EmailLinkClick, EmailLinkClick.clicked_at).where(which, EmailLinkClick.visitor != "person"),
    }  # fmt: skip


def _by_hour(moment: Any) -> sa.Select[Any]:
    if is_postgresql():
        hour = sa.func.to_char(sa.func.timezone("UTC", moment), sa.literal_column("'YYYY-MM-DD HH24:00:00'"))
    else:
        hour = sa.func.strftime(sa.literal_column("'%Y-%m-%d %H:00:00'"), moment)
    return sa.select(hour.label("hour"), sa.func.count()).group_by(sa.literal_column("1"))


def _joined(model: Any, moment: Any) -> sa.Select[Any]:
    return _by_hour(moment).select_from(_M).join(model, model.email_message_id == _M.id)


def _stretch(bucket: str, hour: datetime) -> datetime:
    """What an hour of UTC counts for: itself, so that an hour the clock shows twice is two; or its day on the school's clock."""
    return clock.local(hour, _zone()).replace(hour=0, minute=0, fold=0) if bucket == "day" else hour


def _stretches(bucket: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """Every hour, or every day of the school's clock, between two: days by the calendar, so that one of 23 hours is one too."""
    at, step = first, timedelta(days=1) if bucket == "day" else timedelta(hours=1)
    while at <= last:
        yield at
        at += step


def _zone() -> str:
    return current_app.config["TIMEZONE"]


@dataclass(frozen=True)
class Portion:
    """One of several kinds, with how many messages; `detail` says more about it."""

    name: str
    count: int
    detail: str = ""


@dataclass(frozen=True)
class Said:
    """What somebody wrote when they left, and from which address."""

    words: str
    email: str
    contact_id: int | None
    at: datetime


def devices(which: Which) -> list[Portion]:
    """What people read with: one portion per kind of device and program, most first. A message opened on two counts on both."""
    opens = (
        sa.select(EmailOpen.device, EmailOpen.client, sa.func.count(EmailOpen.email_message_id.distinct()))
        .join(_M, _M.id == EmailOpen.email_message_id)
        .where(which, EmailOpen.visitor == "person")
        .group_by(EmailOpen.device, EmailOpen.client)
    )
    found = [Portion(device or "unknown", number, detail=client or "") for device, client, number in db.session.execute(opens)]  # fmt: skip
    return sorted(found, key=lambda each: (-each.count, each.name, each.detail))


@dataclass(frozen=True)
class LinkFigures:
    """A link: clicks of people, how many messages they came from, and clicks of programs."""

    url: str
    clicks: int
    unique: int
    machine_clicks: int


def links(which: Which) -> list[LinkFigures]:
    """Every link of these messages, most clicked first; those nobody followed too."""
    person = EmailLinkClick.visitor == "person"
    found = (
        sa.select(
            sa.func.coalesce(EmailLink.url, EmailLinkClick.url).label("link"),
            number_of(person),
            sa.func.count(sa.case((person, EmailLinkClick.email_message_id)).distinct()),
            number_of(sa.not_(person)),
        )
        .select_from(EmailLinkClick)
        .join(_M, _M.id == EmailLinkClick.email_message_id)
        .outerjoin(EmailLink, sa.and_(EmailLink.content_id == _M.content_id, EmailLink.position == EmailLinkClick.position))
        .where(which)
        .group_by(sa.literal_column("link"))
    )  # fmt: skip
    clicked = {row[0]: LinkFigures(*row) for row in db.session.execute(found)}
    contents = sa.select(_M.content_id).where(which).distinct()
    urls = db.session.scalars(sa.select(EmailLink.url).where(EmailLink.content_id.in_(contents)).order_by(EmailLink.id))
    everything = {**{url: LinkFigures(url, 0, 0, 0) for url in urls}, **clicked}
    return sorted(everything.values(), key=lambda each: (-each.unique, -each.clicks))


@dataclass(frozen=True)
class DomainFigures:
    """What became of the messages to one mail domain."""

    domain: str
    figures: EmailFigures


def domains(which: Which, limit: int = 20) -> list[DomainFigures]:
    """The domains most messages went to, each with its figures."""
    name = sa.func.lower(
        sa.func.split_part(_M.to_address, "@", 2)
        if is_postgresql()
        else sa.func.substr(_M.to_address, sa.func.instr(_M.to_address, "@") + 1)
    ).label("domain")
    rows = db.session.execute(
        sa.select(name, *COUNTS.values())
        .where(which, _M.to_address.is_not(None))
        .group_by(sa.literal_column("domain"))
        .order_by(sa.func.count().desc())
        .limit(limit)
    )
    return [DomainFigures(row[0], EmailFigures.of(row[1:])) for row in rows]


def bounce_reasons(which: Which, limit: int = 20) -> list[Portion]:
    """Why messages came back, most frequent first; `detail` is the kind of bounce."""
    back = (
        sa.select(_M.reason, _M.bounce_type, sa.func.count())
        .where(which, CAME_BACK)
        .group_by(_M.reason, _M.bounce_type)
        .order_by(sa.func.count().desc())
    )
    rows = db.session.execute(back.limit(limit))
    return [Portion(reason or "No reason given", number, detail=kind) for reason, kind, number in rows]


def unsubscribe_reasons(which: Which) -> list[Portion]:
    """Why readers of these messages left, by the key of the reason; "" for those who gave none."""
    reason = sa.func.coalesce(EmailUnsubscribe.reason, "")
    left = (
        sa.select(reason, sa.func.count())
        .join(_M, _M.id == EmailUnsubscribe.email_message_id)
        .where(which, _M.unsubscribed_at.is_not(None))
        .group_by(reason)
        .order_by(sa.func.count().desc())
    )
    return [Portion(name, number) for name, number in db.session.execute(left)]


def unsubscribe_words(which: Which, limit: int = 20) -> list[Said]:
    """What readers of these messages wrote when they left, newest first."""
    u = EmailUnsubscribe
    left = (
        sa.select(u.feedback, u.email, u.contact_id, u.unsubscribed_at)
        .join(_M, _M.id == u.email_message_id)
        .where(which, _M.unsubscribed_at.is_not(None), u.feedback != "")
        .order_by(u.unsubscribed_at.desc(), u.id.desc())
    )
    return [Said(*row) for row in db.session.execute(left.limit(limit))]
