"""Dates in conditions: fixed or relative points, and the stretch of time each one covers.

A point is one of
    "2026-03-31"                     that whole day
    "2026-03-31T18:00"               that moment; school time unless it carries Z or an offset (moments only)
    {"ago": 30, "unit": "days"}      the whole day 30 days before today; 0 is today
    {"in": 7, "unit": "days"}        the whole day 7 days after today

and the value of `between` is `[point, point]`, both included, or a period up to or from now
    {"last": 30, "unit": "days"}     from the day 30 days ago to today: the opposite of `before` 30 days ago
    {"next": 7, "unit": "days"}      from today to the day in 7 days

Units are hours (moments only, counted to the second from now), days, weeks, months and years. A day is a day of the
school's timezone. `after` a day means after its end, `before` a day before its start.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from crm.conditions.operators import BadValue
from crm.lib.html import day, exact, on_the_clock

FIRST_DAY, LAST_DAY = date(1800, 1, 1), date(2300, 12, 31)
MOST = {"hours": 876_600, "days": 36_525, "weeks": 5_218, "months": 1_200, "years": 100}
POINTS = {"ago": -1, "in": 1}
PERIODS = {"last": "ago", "next": "in"}
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Clock:
    """The moment a condition is asked at, and the timezone its days are counted in."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def span_of(self, day: date) -> "Span":
        return Span(self._midnight(day), self._midnight(day + timedelta(days=1)))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Span:
    """A stretch of time from `start` up to, but not including, `end`; both UTC."""

    start: datetime
    end: datetime


def read_day(raw: Any, clock: Clock) -> date:
    """The day a point names; hours and times of day are refused."""
    if isinstance(raw, dict):
        sign, count, unit = _relative(raw, POINTS)
        if unit == "hours":
            raise BadValue("Hours cannot be counted on a date without a time; use days.")
        return clock.today + relativedelta(**{unit: POINTS[sign] * count})
    return _fixed_day(raw)


def read_span(raw: Any, clock: Clock) -> Span:
    """The stretch of time a point covers: its day, or one moment."""
    if isinstance(raw, dict) and raw.get("unit") == "hours":
        sign, count, _ = _relative(raw, POINTS)
        moment = clock.now.astimezone(UTC) + timedelta(hours=POINTS[sign] * count)
        return Span(moment, moment + TICK)
    if isinstance(raw, str) and len(raw) > 10:
        moment = _fixed_moment(raw, clock)
        return Span(moment, moment + TICK)
    return clock.span_of(read_day(raw, clock))


def read_period(raw: Any) -> tuple[Any, Any]:
    """The two points of a `between` value."""
    if isinstance(raw, dict):
        word, count, unit = _relative(raw, PERIODS)
        edge, today = {PERIODS[word]: count, "unit": unit}, {"ago": 0, "unit": unit}
        return (edge, today) if word == "last" else (today, edge)
    if not isinstance(raw, list | tuple) or len(raw) != 2:
        raise BadValue("Give two dates, from and to.")
    return raw[0], raw[1]


def say_point(raw: Any) -> str:
    """A point in words; the raw value is known to be good."""
    if not isinstance(raw, dict):
        return _say_fixed(raw)
    sign, count, unit = _relative(raw, POINTS)
    if count == 0:
        return "now" if unit == "hours" else "today"
    return f"{_count(count, unit)} ago" if sign == "ago" else f"{_count(count, unit)} from now"


def _say_fixed(raw: str) -> str:
    if len(raw) <= 10:
        return day(date.fromisoformat(raw))
    moment = datetime.fromisoformat(raw)
    return exact(moment) if moment.tzinfo else on_the_clock(moment)


def say_period(raw: dict) -> str:
    """A relative period in words: "is in the last 30 days"."""
    word, count, unit = _relative(raw, PERIODS)
    return f"is in the {word} {_count(count, unit)}"


def _relative(raw: dict, words: dict) -> tuple[str, int, str]:
    word = next((word for word in words if word in raw), None)
    unit = raw.get("unit", "days")
    if word is None or not isinstance(unit, str) or unit not in MOST:
        raise BadValue(f"A relative date needs one of {', '.join(words)} and a unit: {', '.join(MOST)}.")
    count = raw[word]
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST[unit]:
        raise BadValue(f"Give a whole number of {unit} between 0 and {MOST[unit]:,}.")
    return word, count, unit


def _fixed_day(raw: Any) -> date:
    try:
        day = date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise BadValue("Give a date such as 2026-03-31.") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise BadValue(f"Give a date between {FIRST_DAY.year} and {LAST_DAY.year}.")
    return day


def _fixed_moment(raw: str, clock: Clock) -> datetime:
    _fixed_day(raw[:10])
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        raise BadValue("Give a date and time such as 2026-03-31T18:00.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=clock.zone)).astimezone(UTC)


def _count(count: int, unit: str) -> str:
    return f"{count:,} {unit}" if count != 1 else f"1 {unit.removesuffix('s')}"
