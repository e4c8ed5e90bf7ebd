"""Finding contacts on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from crm.contacts.finding import contacts_like
from crm.contacts.operations import delete_contact, update_contact
from crm.database import db
from tests import factories
from tests.conftest import make_app
from tests.postgresql import postgresql


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with postgresql() as url:
        app = make_app(tmp_path, DATABASE_URL=url)
        with app.app_context():
            db.create_all()
            yield app
            db.session.remove()
            db.engine.dispose()


def test_contacts_are_found_by_part_number_and_spelling(app, ada, agnes):
    jose = factories.contact(
        first_name="José", last_name="González", email="j.gonz77@example.com", phone="+34600123456"
    )
    factories.contact()
    for text in ("gonzalez jose", "nzal", "onz77", "0600 123 456", "Gonzales", "Jsoé"):
        assert [each.id for each in contacts_like(ada, text)] == [jose.id], text
    assert contacts_like(agnes, "gonzalez") == []
    update_contact(jose, {"last_name": "Ruiz"}, ada.actor)
    assert contacts_like(ada, "Gonzales") == []
    delete_contact(jose)
    assert contacts_like(ada, "ruiz") == []
