"""How a value is entered in the builder: each control reads itself from a posted form, and shows a value again.

Reading keeps what was typed, right or wrong; `validate` judges it. Showing never fails, whatever JSON is stored.
`template` is the piece in templates/conditions/ that draws the control.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from werkzeug.datastructures import MultiDict

from crm.conditions.operators import BadValue
from crm.conditions.spans import MOST
from crm.conditions.values import read_number

TIMES = {True: {"moment": "the time"}, False: {}}
DAY_UNITS = tuple(unit for unit in MOST if unit != "hours")


class TextBox:
    """One line of text."""

    template = "text"

    def read(self, posted: MultiDict, name: str) -> Any:
        return posted.get(name, "").strip()

    def show(self, raw: Any) -> Any:
        return str(raw) if isinstance(raw, str | float) or _is_whole(raw) else ""


class NumberBox(TextBox):
    """One number."""

    template = "number"

    def read(self, posted: MultiDict, name: str) -> Any:
        return number_or_text(super().read(posted, name))


class NumberPair:
    """Two numbers, from and to."""

    template = "numbers"
    box = NumberBox()

    def read(self, posted: MultiDict, name: str) -> Any:
        return [self.box.read(posted, f"{name}-{end}") for end in (0, 1)]

    def show(self, raw: Any) -> Any:
        return [self.box.show(item) for item in _pair(raw)]


class Lines:
    """Several texts, one on each line."""

    template = "lines"

    def read(self, posted: MultiDict, name: str) -> Any:
        return [line.strip() for line in posted.get(name, "").splitlines() if line.strip()]

    def show(self, raw: Any) -> Any:
        return "\n".join(TextBox().show(item) for item in raw) if isinstance(raw, list | tuple) else ""


class NumberLines(Lines):
    """Several numbers, one on each line."""

    def read(self, posted: MultiDict, name: str) -> Any:
        return [number_or_text(line) for line in super().read(posted, name)]


class Select:
    """One of the field's options."""

    template = "select"

    def read(self, posted: MultiDict, name: str) -> Any:
        return posted.get(name) or None

    def show(self, raw: Any) -> Any:
        return TextBox().show(raw)


class YesNoSelect(Select):
    """Yes or no, stored as true or false."""

    def read(self, posted: MultiDict, name: str) -> Any:
        return {"yes": True, "no": False}.get(posted.get(name, ""))

    def show(self, raw: Any) -> Any:
        return ("yes" if raw else "no") if isinstance(raw, bool) else super().show(raw)


class Checks:
    """Some of the field's options."""

    template = "checks"

    def read(self, posted: MultiDict, name: str) -> Any:
        return [value for value in posted.getlist(name) if value]

    def show(self, raw: Any) -> Any:
        return [TextBox().show(item) for item in raw] if isinstance(raw, list | tuple) else []


class PointBox:
    """A day, fixed or counted from today; with `has_times` also a moment, and hours."""

    template = "point"

    def __init__(self, has_times: bool = False):
        self.units = tuple(MOST) if has_times else DAY_UNITS
        self.kinds = {"day": "the date"} | TIMES[has_times] | {"ago": "ago", "in": "from now"}

    def read(self, posted: MultiDict, name: str) -> Any:
        kind = posted.get(f"{name}-kind", "day")
        if kind in ("ago", "in"):
            return {kind: number_or_text(posted.get(f"{name}-count", "")), "unit": posted.get(f"{name}-unit", "days")}
        if kind == "moment":
            return posted.get(f"{name}-moment") or (posted.get(f"{name}-day", "")[:10] or "0000-00-00") + "T00:00"
        return (posted.get(f"{name}-day") or posted.get(f"{name}-moment", ""))[:10]

    def show(self, raw: Any) -> Any:
        raw = raw if isinstance(raw, dict | str) else ""
        kind = next((key for key in ("ago", "in") if key in raw), "day") if isinstance(raw, dict) else _kind(raw)
        count, unit = (raw.get(kind), raw.get("unit")) if isinstance(raw, dict) else ("", "days")
        fixed = raw if isinstance(raw, str) else ""
        shown = {"kind": kind, "count": TextBox().show(count), "unit": unit, "kinds": self.kinds, "units": self.units}
        return shown | {"day": fixed[:10], "moment": _school_time(fixed)}


class PeriodBox:
    """The last or next so many days, or two points."""

    template = "period"
    kinds = {"last": "the last", "next": "the next", "points": "two dates"}

    def __init__(self, has_times: bool = False):
        self.point = PointBox(has_times)

    def read(self, posted: MultiDict, name: str) -> Any:
        kind = posted.get(f"{name}-period", "last")
        if kind == "points":
            return [self.point.read(posted, f"{name}-{end}") for end in (0, 1)]
        count = number_or_text(posted.get(f"{name}-count", ""))
        return {kind if kind == "next" else "last": count, "unit": posted.get(f"{name}-unit", "days")}

    def show(self, raw: Any) -> Any:
        kind = next((key for key in ("last", "next") if key in raw), "last") if isinstance(raw, dict) else None
        kind = kind or ("points" if isinstance(raw, list | tuple) else "last")
        count, unit = (raw.get(kind), raw.get("unit")) if isinstance(raw, dict) else ("", "days")
        shown = {"kind": kind, "count": TextBox().show(count), "unit": unit, "kinds": self.kinds}
        return shown | {"units": self.point.units, "points": [self.point.show(item) for item in _pair(raw)]}


def number_or_text(text: str) -> Any:
    """The number typed, or what was typed instead."""
    try:
        return read_number(text.strip().replace("\N{MINUS SIGN}", "-"))
    except BadValue:
        return text.strip()


def _is_whole(raw: Any) -> bool:
    return isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 2**63


def _pair(raw: Any) -> list:
    return list(raw) if isinstance(raw, list | tuple) and len(raw) == 2 else ["", ""]


def _kind(text: str) -> str:
    return "moment" if len(text) > 10 else "day"


def _school_time(text: str) -> str:
    """A moment as the school's clock shows it, as an input for moments wants it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    zone = ZoneInfo(current_app.config.get("TIMEZONE") or "UTC")
    local = moment.astimezone(zone) if moment.tzinfo else moment
    return f"{local:%Y-%m-%dT%H:%M:%S}" if local.second else f"{local:%Y-%m-%dT%H:%M}"
