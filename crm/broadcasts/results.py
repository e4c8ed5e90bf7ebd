"""What came back from a broadcast: its figures, its charts, and its wordings beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from crm.broadcasts import deciding, significance
from crm.broadcasts.deciding import Trial
from crm.broadcasts.models import Broadcast
from crm.contacts.models import Contact
from crm.contacts.queries import scope
from crm.email import analytics
from crm.email.analytics import EmailFigures, Said, Which
from crm.email.models import EmailMessage
from crm.email.revenue import Revenue, revenue
from crm.lib.charts import BarChart, LineChart, Row, ShareChart, bar_chart, line_chart, percent, share_chart
from crm.preferences.queries import REASONS
from crm.users.models import User

PEOPLE = ("By people", "By programs")


@dataclass(frozen=True)
class Stat:
    """One number; `answer` narrows the recipients to those it counts."""

    label: str
    value: str
    sub: str = ""
    answer: str = ""


@dataclass(frozen=True)
class Result:
    """Everything that came back."""

    figures: EmailFigures
    stats: Sequence[Stat] = ()
    over_time: LineChart | None = None
    links: BarChart | None = None
    devices: ShareChart | None = None
    domains: BarChart | None = None
    bounces: BarChart | None = None
    leavers: BarChart | None = None
    said: Sequence[Said] = ()


@dataclass(frozen=True)
class Compared:
    """A wording in a test beside the best of the others."""

    trial: Trial
    is_best: bool = False
    words: str = field(default="")


def result_of(broadcast: Broadcast, viewer: User, now: datetime) -> Result:
    """The figures, and the charts once something was sent, of the contacts this viewer may see."""
    which = analytics.of_broadcast(broadcast.id)
    if viewer.sees_assigned_only:
        which = sa.and_(which, EmailMessage.contact_id.in_(sa.select(Contact.id).where(scope(viewer))))
    figures = analytics.figures(which)
    if not figures.sent:
        return Result(figures)
    bounces, leavers = analytics.bounce_reasons(which, 10), analytics.unsubscribe_reasons(which)
    return Result(
        figures,
        [*_stats(figures), *map(_earned, revenue(which))],
        _over_time(broadcast, which, now),
        bar_chart("Links", [Row(each.url, each.clicks, each.machine_clicks) for each in analytics.links(which)], "clicks", names=PEOPLE),
        share_chart("Devices", _devices(which), "opens"),
        bar_chart("Domains", [Row(each.domain, each.figures.sent) for each in analytics.domains(which, 10)], "emails"),
        bar_chart("Bounces", [Row(each.name[:120], each.count) for each in bounces], "bounces") if bounces else None,
        bar_chart("Unsubscribed", [Row(REASONS.get(each.name, each.name or "No reason given"), each.count) for each in leavers], "people")
        if leavers
        else None,
        analytics.unsubscribe_words(which) if leavers else (),
    )  # fmt: skip


def trials_of(broadcast: Broadcast) -> Sequence[Compared]:
    """How each wording did, and whether the best is so by more than chance."""
    found = deciding.trials(broadcast)
    by = "clicks" if broadcast.winner_by == "clicks" else "opens"
    ranked = sorted(found, key=lambda each: -each.share(by))
    if len(ranked) < 2 or not ranked[0].share(by):
        return [Compared(each) for each in found]
    pairs = [(each.clicked if by == "clicks" else each.opened, each.sent) for each in ranked[:2]]
    words = significance.in_words(significance.p_value(*pairs))
    return [Compared(each, True, words) if each is ranked[0] else Compared(each) for each in found]


def _stats(found: EmailFigures) -> list[Stat]:
    arrived = found.delivered
    return [
        Stat("Delivered", f"{arrived:,}", f"{percent(arrived, found.sent)} of those sent"),
        Stat("Opened", percent(found.opened, arrived), f"{found.opened:,} people; {found.machine_opened:,} by programs alone", "opened"),
        Stat("Clicked", percent(found.clicked, arrived), f"{found.clicked:,} people; {found.machine_clicked:,} by programs alone", "clicked"),
        Stat("Bounced", f"{found.hard_bounced + found.soft_bounced:,}", f"{found.hard_bounced:,} for good", "bounced"),
        Stat("Unsubscribed", f"{found.unsubscribed:,}", percent(found.unsubscribed, arrived), "left"),
        Stat("Complained", f"{found.complained:,}"),
    ]  # fmt: skip


def _earned(found: Revenue) -> Stat:
    """What was paid soon after a click, in one currency."""
    return Stat("Earned", f"{found.amount:,.2f} {found.currency}", f"{found.orders:,} orders soon after a click")


def _devices(which: Which) -> list[Row]:
    """The kinds of devices, whatever program was used on them."""
    found: dict[str, int] = {}
    for each in analytics.devices(which):
        name = "Not told" if each.name == "unknown" else each.name.capitalize()
        found[name] = found.get(name, 0) + each.count
    return [Row(name, count) for name, count in sorted(found.items(), key=lambda pair: -pair[1])]


def _over_time(broadcast: Broadcast, which: Which, now: datetime) -> LineChart:
    """By the hour in its first three days, then by the day."""
    is_young = broadcast.launched_at is not None and now - broadcast.launched_at < timedelta(days=3)
    points = analytics.over_time(which, "hour" if is_young else "day", 400)
    times = [f"{each.at:%-d %b, %H:00}" if is_young else f"{each.at:%-d %b}" for each in points]
    series = [("Opened", [each.opened for each in points]), ("Clicked", [each.clicked for each in points])]
    return line_chart("Opens and clicks over time", times, series)
