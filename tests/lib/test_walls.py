"""A time on the wall becomes a moment, on the days the clock changes too."""

from datetime import UTC, datetime, time

import pytest

from crm.lib import clock
from crm.lib.clock import moment_of, read_time
from crm.preferences.quiet import quiet_until

NIGHT = time(22, 0), time(2, 30)


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2026-07-01T08:00", datetime(2026, 7, 1, 6, 0, tzinfo=UTC)),
        ("2027-03-28T02:30", datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
    ids=["a plain day", "an hour left out", "an hour that comes twice"],
)
def test_a_wall_clock_gives_one_moment(wall, moment):
    assert moment_of(datetime.fromisoformat(wall), "Europe/Berlin") == moment


@pytest.mark.parametrize("hour", [0, 1], ids=["the first time", "the second time"])
def test_what_the_clock_shows_now_is_now(hour):
    here = datetime(2026, 10, 25, hour, 30, 20, tzinfo=UTC)
    assert clock.moment("2026-10-25T02:30", "Europe/Berlin", here) == datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    assert clock.moment("2027-03-28T02:30", "Europe/Berlin", here) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_quiet_hours_end_once_in_the_night_with_an_hour_too_many():
    before, again = datetime(2026, 10, 25, 0, 10, tzinfo=UTC), datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert quiet_until(before, NIGHT, "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert quiet_until(again, NIGHT, "Europe/Berlin") is None


def test_times_are_read_or_refused():
    assert (read_time("21:30"), read_time("24:00"), read_time("half nine"), read_time("")) == (
        time(21, 30),
        None,
        None,
        None,
    )
