"""Audiences on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from crm.activity.dispatcher import dispatch
from crm.activity.vocabulary import SYSTEM
from crm.audiences.operations import add_to_audience, duplicate_audience
from crm.audiences.queries import audience_page, audiences_of
from crm.audiences.refreshing import refresh_due, settle_touched
from crm.database import commit, db
from crm.tags.operations import tag_contacts, untag_contacts
from tests import factories
from tests.conftest import make_app
from tests.postgresql import postgresql

HOT = {
    "match": "all",
    "conditions": [
        {"field": "tags", "operator": "contains", "value": "hot"},
        {"field": "created_at", "operator": "between", "value": {"last": 30, "unit": "days"}},
    ],
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with postgresql() as url:
        app = make_app(tmp_path, DATABASE_URL=url)
        with app.app_context():
            db.create_all()
            yield app
            db.session.remove()
            db.engine.dispose()


def test_they_are_gathered_kept_and_copied(app):
    carla, hot, regulars = factories.contact(), factories.tag("Hot"), factories.audience()
    audience = factories.audience("Hot ones", HOT)
    assert refresh_due()
    tag_contacts(hot, [carla.id], SYSTEM)
    commit()
    while dispatch() or settle_touched():
        pass
    assert audiences_of(carla) == [audience]
    untag_contacts(hot, [carla.id], SYSTEM)
    add_to_audience(regulars, [carla.id], SYSTEM)
    copy = duplicate_audience(regulars, SYSTEM)
    audience.due_at = copy.due_at
    commit()
    assert refresh_due()
    assert {each.name for each in audiences_of(carla)} == {"Regulars", "Copy of Regulars"}
    assert (audience.member_count, copy.member_count) == (0, 1)
    assert [row.name for row in audience_page("ONES", "dynamic", None).rows] == ["Hot ones"]
