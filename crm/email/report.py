"""What came back from some emails, ready to be shown: numbers of people and of programs, charts, and what it earned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.database import db
from crm.email import analytics
from crm.email.analytics import EmailFigures, Which
from crm.email.devices import DEVICES
from crm.email.models import EmailMessage
from crm.email.revenue import Revenue, revenue
from crm.lib.charts import BarChart, LineChart, Row, ShareChart, bar_chart, line_chart, percent, share_chart
from crm.users.models import User

PEOPLE = ("By people", "By programs")
YOUNG = timedelta(days=3)


@dataclass(frozen=True)
class Number:
    """One figure with what it is a share of, in words."""

    label: str
    value: str
    sub: str = ""


@dataclass(frozen=True)
class Report:
    """Everything there is to say; charts once something was sent."""

    figures: EmailFigures
    numbers: Sequence[Number] = ()
    over_time: LineChart | None = None
    links: BarChart | None = None
    devices: ShareChart | None = None
    domains: BarChart | None = None


def report_of(which: Which, viewer: User, now: datetime) -> Report:
    """The report on these messages, as far as this viewer may know of their readers."""
    which = in_sight(which, viewer)
    figures = analytics.figures(which)
    if not figures.sent:
        return Report(figures)
    return Report(figures, _numbers(figures, revenue(which)), _over_time(which, now), _links(which), _devices(which), _domains(which))  # fmt: skip


def in_sight(which: Which, viewer: User) -> Which:
    """Those of the messages whose readers the viewer may see."""
    if not viewer.sees_assigned_only:
        return which
    return sa.and_(which, EmailMessage.contact_id.in_(sa.select(Contact.id).where(scope(viewer))))


def _numbers(found: EmailFigures, earned: Sequence[Revenue]) -> list[Number]:
    arrived = found.delivered
    days = current_app.config["REVENUE_WINDOW_DAYS"]
    numbers = [
        Number("Delivered", f"{arrived:,}", f"{percent(arrived, found.sent)} of {found.sent:,} sent"),
        Number("Opened", percent(found.opened, arrived), f"{found.opened:,} people; {found.machine_opened:,} by programs alone"),
        Number("Clicked", percent(found.clicked, arrived), f"{found.clicked:,} people; {found.machine_clicked:,} by programs alone"),
        Number("Bounced", f"{found.bounced:,}", f"{found.hard_bounced:,} for good"),
        Number("Unsubscribed", f"{found.unsubscribed:,}", percent(found.unsubscribed, arrived)),
        Number("Complained", f"{found.complained:,}", percent(found.complained, arrived)),
    ]  # fmt: skip
    for each in earned:
        orders = "1 order" if each.orders == 1 else f"{each.orders:,} orders"
        numbers.append(
            Number("Earned", f"{each.amount:,.2f} {each.currency}", f"{orders} within {days} days of a click")
        )
    return numbers


def _over_time(which: Which, now: datetime) -> LineChart:
    """By the hour while the first of them is young, then by the day."""
    first = db.session.scalar(sa.select(sa.func.min(EmailMessage.sent_at)).where(which))
    is_young = first is not None and now - first < YOUNG
    points = analytics.over_time(which, "hour" if is_young else "day", 120)
    times = [f"{each.at:%-d %b, %H:00}" if is_young else f"{each.at:%-d %b}" for each in points]
    series = [
        ("Opened", [each.opened for each in points]),
        ("Clicked", [each.clicked for each in points]),
        ("Fetched by programs", [each.machine_opens + each.machine_clicks for each in points]),
    ]
    return line_chart("Opens and clicks over time", times, [each for each in series if any(each[1])] or series[:1])


def _links(which: Which) -> BarChart:
    rows = [
        Row(each.url or "A link that was forgotten", each.clicks, each.machine_clicks, (f"{each.unique:,}",))
        for each in analytics.links(which)[:20]
    ]
    return bar_chart("Links", rows, "clicks", names=PEOPLE, heads=("Different people",))  # fmt: skip


def _devices(which: Which) -> ShareChart:
    counts: dict[str, int] = {}
    for each in analytics.devices(which):
        counts[each.name] = counts.get(each.name, 0) + each.count
    ranked = sorted(counts.items(), key=lambda each: -each[1])
    return share_chart("Devices", [Row(DEVICES.get(name, name), count) for name, count in ranked], "opens")


def _domains(which: Which) -> BarChart:
    rows = [
        Row(
            each.domain,
            each.figures.delivered,
            0,
            (f"{each.figures.opened:,}", f"{each.figures.clicked:,}", f"{each.figures.bounced:,}"),
        )
        for each in analytics.domains(which, 8)
    ]
    return bar_chart("Mail domains", rows, "delivered", heads=("Opened", "Clicked", "Bounced"))  # fmt: skip
