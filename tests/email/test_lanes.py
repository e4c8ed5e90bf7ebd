"""Lanes: held, released, slowed down and called off; nobody in one lane waits for ever because of another."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crm.database import commit, db
from crm.email import lanes
from crm.email.models import EmailLane, EmailMessage
from crm.email.turns import Turns, next_turn
from crm.lib import clock
from tests import factories
from tests.email.mailroom import deliver, later, queue


@pytest.fixture
def people(app):
    return [factories.contact(first_name=f"P{n}", email=f"p{n}@example.com") for n in range(12)]


def lane(**more) -> EmailLane:
    made = lanes.open_lane("broadcast", 7, "Summer", **{"is_held": False, **more})
    commit()
    return made


def taken(turns: Turns, limit: int, at=None) -> list[int]:
    """The lanes of the messages claimed."""
    rows = turns.claim(at or clock.now(), limit)
    commit()
    return sorted(row.lane_id for row in rows)


def test_nothing_leaves_a_held_lane(people):
    held = lane(is_held=True)
    rows = queue(people[:2], lane_id=held.id) + queue(people[2:3])
    assert next_turn(clock.now()) is not None
    deliver()
    assert [each.status for each in rows] == ["pending", "pending", "sent"]
    assert next_turn(clock.now()) is None
    lanes.release(held)
    deliver()
    assert [each.status for each in rows] == ["sent"] * 3


def test_holding_in_the_middle_keeps_the_rest(people):
    summer = lane()
    rows = queue(people, lane_id=summer.id)
    Turns().claim(clock.now(), 5)
    commit()
    lanes.hold(summer)
    commit()
    assert taken(Turns(), 100) == []
    assert lanes.counts(summer)["claimed"] == 5
    assert sum(lanes.counts(summer).values()) == len(rows)


def test_the_ordinary_lane_and_the_others_share(people):
    one, two = lane(), lane()
    queue(people[:4], lane_id=one.id)
    queue(people[4:8], lane_id=two.id, visit_no=1)
    queue(people[8:], visit_no=2)
    turns = Turns()
    assert taken(turns, 4) == [0, 0, one.id, two.id]
    assert taken(turns, 6) == [0, 0, one.id, one.id, two.id, two.id]
    assert taken(turns, 6) == [one.id, two.id]


def test_one_lane_alone_takes_the_whole_batch(people):
    summer = lane()
    queue(people, lane_id=summer.id)
    assert taken(Turns(), 10) == [summer.id] * 10
    assert taken(Turns(), 10) == [summer.id] * 2


def test_a_lane_keeps_its_pace_whoever_takes(people):
    slow = lane(per_minute=60)
    queue(people, lane_id=slow.id)
    start = clock.now()
    counts = [len(taken(Turns(), 50, start + timedelta(seconds=half / 2))) for half in range(9)]
    assert counts == [1, 0, 1, 0, 1, 0, 1, 0, 1]
    commit()
    assert next_turn(start + timedelta(seconds=4)) == start + timedelta(seconds=5)
    assert len(taken(Turns(), 50, start + timedelta(seconds=60))) == 2, "what was not used is not saved up"


def test_calling_off_ends_what_waits_and_leaves_the_rest(people):
    summer = lane()
    rows = queue(people, lane_id=summer.id)
    other = queue(people[:1], visit_no=1)
    Turns().claim(clock.now(), 4)
    assert [lanes.cancel_pending(summer, "Mo stopped it.", 5) for _ in range(3)] == [5, 4, 0]
    commit()
    db.session.expire_all()
    kept = lanes.counts(summer)
    assert sum(kept.values()) == len(rows)
    assert (kept["pending"], kept["cancelled"], kept["claimed"]) == (0, 9, 3)
    assert {each.reason for each in rows if each.status == "cancelled"} == {"Mo stopped it."}
    assert other[0].status in {"pending", "claimed"}


def test_what_is_due_later_waits(people):
    summer = lane()
    queue(people[:1], lane_id=summer.id)
    db.session.execute(sa.update(EmailMessage).values(due_at=later(hours=1)))
    assert next_turn(clock.now()) is None
    assert taken(Turns(), 5) == []
    assert taken(Turns(), 5, later(hours=2)) == [summer.id]


def test_finding_lanes_and_counting_them_read_an_index_alone(app):
    plan = db.session.execute(
        sa.text(
            "EXPLAIN QUERY PLAN SELECT status, count(*) FROM email_messages WHERE status IN ('pending', 'sent') AND lane_id = 3 GROUP BY status"
        )
    ).all()
    assert any("COVERING INDEX ix_email_messages_due" in row.detail for row in plan)
