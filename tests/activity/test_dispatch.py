"""Facts are handed, once, to those who react."""

import pytest
import sqlalchemy as sa

from crm.activity.dispatcher import ATTEMPTS, Listener, dispatch, parked
from crm.activity.models import ContactActivity
from crm.activity.operations import emit
from crm.activity.vocabulary import ContactCreated, TagAdded
from crm.database import commit, db, rollback
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
