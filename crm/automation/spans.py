"""Lengths of time as people set them: a number and a unit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from wtforms import IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange

from crm.lib.form_checks import choices

UNITS = {"minutes": "minutes", "hours": "hours", "days": "days"}
LONGEST = 100_000


def number_field(label: str) -> IntegerField:
    """How many of the unit."""
    range_ = NumberRange(min=1, max=LONGEST, message=f"Give a whole number from 1 to {LONGEST:,}.")
    return IntegerField(label, [InputRequired("Say how long."), range_])


def unit_field() -> SelectField:
    """Minutes, hours or days."""
    return SelectField("Unit", choices=choices(UNITS.items()), default="days")


def span(config: Mapping[str, Any], key: str) -> timedelta:
    """The time set under `key` and `unit`."""
    return timedelta(**{config.get("unit", "days"): int(config[key])})


def say(config: Mapping[str, Any], key: str) -> str:
    """“3 days”, “1 hour”; “…” while it is not set."""
    number, unit = config.get(key), str(config.get("unit", "days"))
    if not number:
        return "…"
    return f"1 {unit.removesuffix('s')}" if number == 1 else f"{number} {unit}"
