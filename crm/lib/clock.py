"""The one source of the time: UTC everywhere, a zone only where a person reads or writes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local(moment: datetime, zone: str) -> datetime:
    """The same moment on the clock of `zone`; an unknown zone reads as UTC."""
    return moment.astimezone(ZoneInfo(zone) if is_zone(zone) else UTC)


def moment(text: str, zone: str, now: datetime | None = None) -> datetime:
    """The moment written as 2026-11-24T08:00, on the clock of `zone` unless it names its own. Raises ValueError.

    Of an hour that comes twice the first; the second where that has come `now`.
    """
    read = datetime.fromisoformat(text.strip())
    if read.tzinfo:
        return read.astimezone(UTC)
    place = ZoneInfo(zone) if is_zone(zone) else UTC
    first, second = (read.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return second if now and first < second <= now else first


def moment_of(wall: datetime, zone: str) -> datetime:
    """The moment a clock on the wall shows this; an unknown zone reads as UTC. Of an hour that comes twice the first; of one left out, its end."""
    place = ZoneInfo(zone) if is_zone(zone) else UTC
    early, late = sorted(wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(place).replace(tzinfo=None) == wall or early == late:
        return early
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) / 2
        early, late = (early, middle) if middle.astimezone(place).replace(tzinfo=None) > wall else (middle, late)
    return late.replace(second=0, microsecond=0)


def read_time(text: str) -> time | None:
    """A time such as 21:30; None for anything else."""
    hours, colon, minutes = (text or "").strip().partition(":")
    if not colon or not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit()):
        return None
    return time(int(hours), int(minutes)) if int(hours) < 24 and int(minutes) < 60 else None


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone, such as Europe/Berlin."""
    return name in zones()


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Every IANA time zone name known here."""
    return frozenset(available_timezones())


@lru_cache(maxsize=1)
def zone_choices() -> list[str]:
    """The zones a person chooses among: places by continent, and UTC first."""
    return ["UTC", *sorted(zone for zone in zones() if zone.split("/")[0] in CONTINENTS)]


def is_near(day: date) -> bool:
    """Whether the year is one that people mean. At the ends of the calendar a day may not have a day before or after, or a moment no local time."""
    return 1800 <= day.year < 3000


CONTINENTS = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
