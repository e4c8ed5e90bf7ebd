"""A POST with an Idempotency-Key is done once."""

from datetime import timedelta

import sqlalchemy as sa

from crm.api.idempotency import forget_old
from crm.api.jobs import forget_keys
from crm.api.models import IdempotencyKey
from crm.database import db
from crm.lib import clock
from crm.tasks.models import Task

NEW = {"title": "Call", "contact_id": 1}


def count():
    return db.session.scalar(sa.select(sa.func.count(Task.id)))


def test_the_answer_is_given_again_and_the_work_not_done_again(api, carla):
    first, second = (api.post("/tasks", NEW, "a") for _ in range(2))
    assert (first.status_code, second.status_code, count()) == (201, 201, 1)
    assert first.json == second.json
    assert (first.headers["Location"], second.headers["Idempotent-Replayed"]) == (second.headers["Location"], "true")


def test_the_order_of_its_fields_makes_no_other_body(api, carla):
    api.post("/tasks", NEW, "a")
    assert api.post("/tasks", dict(reversed(NEW.items())), "a").headers["Idempotent-Replayed"] == "true"


def test_another_body_or_address_is_refused(api, carla):
    api.post("/tasks", NEW, "a")
    assert api.post("/tasks", {**NEW, "title": "Write"}, "a").status_code == 422
    assert api.post("/tags", {"name": "Call"}, "a").status_code == 422
    assert count() == 1


def test_keys_belong_to_the_tokens_owner(api, program, mo, carla):
    api.post("/tasks", NEW, "a")
    assert program(mo).post("/tasks", NEW, "a").status_code == 201
    assert count() == 2


def test_while_the_first_is_under_way_a_second_is_refused(api, carla):
    api.post("/tasks", NEW, "a")
    db.session.execute(sa.update(IdempotencyKey).values(status=None, lease_until=clock.now() + timedelta(seconds=9)))
    assert api.post("/tasks", NEW, "a").status_code == 409
    db.session.execute(sa.update(IdempotencyKey).values(lease_until=clock.now() - timedelta(seconds=9)))
    assert api.post("/tasks", NEW, "a").status_code == 201


def test_what_was_refused_may_be_sent_again_corrected(api, carla):
    assert api.post("/tasks", {**NEW, "title": ""}, "a").status_code == 422
    assert api.post("/tasks", NEW, "a").status_code == 201


def test_a_key_counts_for_a_day(api, carla):
    api.post("/tasks", NEW, "a")
    db.session.execute(sa.update(IdempotencyKey).values(created_at=clock.now() - timedelta(hours=25)))
    assert api.post("/tasks", {**NEW, "title": "Write"}, "a").status_code == 201
    assert count() == 2


def test_old_keys_are_forgotten(api, carla):
    api.post("/tasks", NEW, "a")
    forget_keys()
    assert forget_old(clock.now() + timedelta(hours=25)) == 1


def test_a_key_that_is_too_long_is_refused(api, carla):
    assert api.post("/tasks", NEW, "a" * 256).status_code == 400
