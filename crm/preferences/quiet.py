"""Quiet hours: a message due at night on the contact's clock waits for the morning."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import current_app

from crm.lib import clock

Hours = tuple[time, time]


def school_hours() -> Hours | None:
    """The school's quiet hours, for whoever has none of their own."""
    start, end = (clock.read_time(current_app.config[key]) for key in ("QUIET_HOURS_START", "QUIET_HOURS_END"))
    return (start, end) if start is not None and end is not None else None


def zone_of(zone: str | None) -> str:
    """The contact's time zone, or the school's where it is unknown."""
    school = current_app.config["TIMEZONE"]
    return zone if zone and clock.is_zone(zone) else school


def quiet_until(now: datetime, hours: Hours | None, zone: str) -> datetime | None:
    """When the quiet hours that hold at `now` are over; None when none hold. Equal ends are no quiet hours."""
    if hours is None or hours[0] == hours[1]:
        return None
    start, end = hours
    here = now.astimezone(ZoneInfo(zone))
    at = here.time().replace(tzinfo=None)
    is_quiet = start <= at < end if start < end else at >= start or at < end
    if not is_quiet:
        return None
    day = here.date() if at < end else here.date() + timedelta(days=1)
    over = clock.moment_of(datetime.combine(day, end), zone)
    return over if over > now else None
