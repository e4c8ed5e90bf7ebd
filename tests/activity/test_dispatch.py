"""Facts are handed, once, to those who react."""

import pytest
import sqlalchemy as sa

from crm.activity.dispatcher import ATTEMPTS, Listener, dispatch, parked
from crm.activity.models import ContactActivity
from crm.activity.operations import emit
from crm.activity.vocabulary import ContactCreated, TagAdded
from crm.database import commit, db, rollback
from crm.tags.models import Tag
from tests import factories


@pytest.fixture
def heard(app):
    kinds: list[str] = []
    app.extensions["listeners"] = (
        Listener(lambda batch: kinds.extend(each.activity_type for each in batch), (TagAdded,)),
    )
    return kinds


def test_a_listener_hears_its_kinds_once(heard):
    carla = factories.contact()
    emit(TagAdded(contact_id=carla.id, subject_id=1, tag="Hot"), ContactCreated(contact_id=carla.id))
    commit()
    assert dispatch() == 2
    assert dispatch() == 0
    assert heard == ["tag_added"]


def test_a_fact_that_was_undone_never_happened(heard):
    carla = factories.contact()
    emit(TagAdded(contact_id=carla.id, subject_id=1, tag="Hot"))
    rollback()
    assert dispatch() == 0
    assert heard == []


def test_one_that_keeps_failing_is_parked_and_blocks_nobody(app):
    carla = factories.contact()

    def fails_on_hot(batch):
        if any(each.metadata_["tag"] == "Hot" for each in batch):
            raise RuntimeError("hot")

    app.extensions["listeners"] = (Listener(fails_on_hot, (TagAdded,)),)
    emit(*(TagAdded(contact_id=carla.id, subject_id=1, tag=tag) for tag in ("Cold", "Hot", "Warm")))
    commit()
    for _ in range(ATTEMPTS + 1):
        dispatch()
    left = db.session.scalars(parked()).one()
    assert (left.metadata_["tag"], left.dispatch_error) == ("Hot", "RuntimeError: hot")
    waiting = sa.select(sa.func.count()).where(ContactActivity.dispatched_at.is_(None)).select_from(ContactActivity)
    assert db.session.scalar(waiting) == 1


def test_one_bad_fact_among_a_thousand_costs_twenty_tries_and_the_others_happen_once_in_order(app):
    """The listener writes rows, which are undone with the try that failed."""
    carla, tries = factories.contact(), []

    def tags_all_but_one(batch):
        tries.append(len(batch))
        for each in batch:
            if each.metadata_["tag"] == "713":
                raise RuntimeError("713")
            db.session.add(Tag(name=each.metadata_["tag"], slug=each.metadata_["tag"], color="#000000"))
        db.session.flush()

    app.extensions["listeners"] = (Listener(tags_all_but_one, (TagAdded,)),)
    emit(*(TagAdded(contact_id=carla.id, subject_id=1, tag=f"{number:03d}") for number in range(1000)))
    commit()
    assert dispatch() == 1000
    assert len(tries) <= 21
    names = db.session.scalars(sa.select(Tag.name).order_by(Tag.id)).all()
    assert names == [f"{number:03d}" for number in range(1000) if number != 713]
    assert dispatch() == 1


def test_a_database_that_is_busy_counts_against_nobody_and_is_not_asked_again_and_again(app):
    carla, tries = factories.contact(), []

    def meets_a_lock(batch):
        tries.append(len(batch))
        raise sa.exc.OperationalError("UPDATE", {}, Exception("database is locked"))

    app.extensions["listeners"] = (Listener(meets_a_lock),)
    emit(*(TagAdded(contact_id=carla.id, subject_id=1, tag="Hot") for _ in range(8)))
    commit()
    with pytest.raises(sa.exc.OperationalError):
        dispatch()
    assert tries == [8]
    assert set(db.session.scalars(sa.select(ContactActivity.dispatch_attempts))) == {0}
