"""A field of each type over real columns, and a few contacts to ask about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.conditions.choice_types import Choice, Link, YesNo
from crm.conditions.count_type import Count
from crm.conditions.date_types import Date, Moment
from crm.conditions.field_types import Number, Text
from crm.conditions.fields import Field, Relation
from crm.contacts.models import LIFECYCLE_STAGES, Contact
from crm.database import db
from crm.tags.models import Tag, Tagging
from tests.conftest import make_app
from tests.postgresql import postgresql

NOW = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)

FIELDS = {
    field.key: field
    for field in (
        Field("city", "City", Text(), "Contact", Contact.city),
        Field("email", "Email", Text(stored_folded=True), "Contact", Contact.email),
        Field("score", "Lead score", Number(), "Contact", sa.cast(Contact.source, sa.Double)),
        Field("birthday", "Birthday", Date(), "Contact", Contact.birthday),
        Field("opened", "Last email opened", Moment(), "Email", Contact.last_email_opened_at),
        Field("stage", "Stage", Choice(), "Contact", Contact.lifecycle_stage, choices=tuple(LIFECYCLE_STAGES.items())),
        Field("country", "Country", Choice(), "Contact", Contact.country, choices=lambda: ("FR", "BR", "DE")),
        Field(
            "vip", "VIP", YesNo(), "Contact",
            sa.case((Contact.language == "y", sa.true()), (Contact.language == "n", sa.false())),
        ),
        Field("worn", "Tags worn", Count(), "Tags", relation=Relation(Tagging.contact_id, Tagging.tag_id, Tag)),
        Field("tags", "Tag", Link(), "Tags", relation=Relation(Tagging.contact_id, Tagging.tag_id, Tag)),
    )
}  # fmt: skip


@pytest.fixture
def fields() -> dict[str, Field]:
    return FIELDS


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def anywhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app with the people below, on each of the two databases; the school is in Berlin."""
    instance = Path(tmp_path_factory.mktemp(request.param))
    overrides = {"TIMEZONE": "Europe/Berlin"}
    if request.param == "postgresql":
        overrides["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    app = make_app(instance, **overrides)
    with app.app_context():
        db.create_all()
        add_people()
        yield app
        db.session.remove()
        db.drop_all()
        db.engine.dispose()


def add_people() -> None:
    """Four contacts, called by their first names in the tests. Bo has nothing at all, and Di has empty texts."""
    tags = {name: Tag(name=name.title(), slug=name) for name in ("interested", "vip", "unused")}
    people = [
        Contact(
            first_name="ana", city="ÉVREUX", email="ana@example.com", source="10", birthday=date(2000, 2, 29),
            last_email_opened_at=datetime(2026, 3, 31, 9, 0, tzinfo=UTC), country="FR", language="y",
            lifecycle_stage="lead",
        ),
        Contact(first_name="bo", lifecycle_stage="lost"),
        Contact(
            first_name="cy", city="São Paulo 100%_\\/", email="cy+1@example.org", source="-2.5",
            birthday=date(2026, 4, 7), last_email_opened_at=datetime(2026, 2, 28, 23, 0, tzinfo=UTC), country="BR",
            language="n", lifecycle_stage="active",
        ),
        Contact(
            first_name="di", city="", email="di@example.com", source="1000000000000", birthday=date(2026, 3, 31),
            last_email_opened_at=datetime(2026, 3, 1, 22, 59, 59, 999999, tzinfo=UTC), country="DE", language="y",
            lifecycle_stage="active",
        ),
    ]  # fmt: skip
    db.session.add_all([*tags.values(), *people])
    db.session.flush()
    ids = {person.first_name: person.id for person in people}
    for name, slugs in {"ana": ("interested", "vip"), "cy": ("interested",)}.items():
        db.session.add_all(Tagging(tag_id=tags[slug].id, contact_id=ids[name]) for slug in slugs)
    db.session.commit()
