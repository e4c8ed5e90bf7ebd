"""The pipeline board."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.board import board
from crm.contacts.listing import Wanted
from crm.database import db
from crm.lib import clock
from crm.tags.operations import tag_contacts
from tests import factories

HTMX = {"HX-Request": "true"}


def column(reply, stage):
    """The contacts in this stage's column."""
    found = re.search(rf'data-stage="{stage}".*?</ol>', reply.text, re.DOTALL)
    return [int(each) for each in re.findall(r'id="card-(\d+)"', found[0])]


def test_contacts_stand_in_their_stage_with_owner_and_days(as_mo, mo):
    carla = factories.contact(owner_id=mo.id, stage_changed_at=clock.now() - timedelta(days=3))
    otto = factories.contact(email="otto@example.com", lifecycle_stage="active")
    page = as_mo.get("/pipeline")
    assert (column(page, "lead"), column(page, "active")) == ([carla.id], [otto.id])
    assert "for 3 days" in page.text
    assert "Owner Mo" in page.text


@pytest.mark.parametrize(("zone", "days"), [("UTC", 1), ("Europe/Berlin", 0)])
def test_today_is_the_viewers(mo, zone, days):
    factories.contact(stage_changed_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    mo.timezone = zone
    stages = board(Wanted(), mo, datetime(2026, 11, 20, 6, tzinfo=UTC))
    assert [card.days for stage in stages for card in stage.cards] == [days]


def test_a_card_is_moved_and_told(as_mo):
    carla = factories.contact()
    reply = as_mo.post(f"/pipeline/{carla.id}/stage", data={"stage": "active", "seen": "lead"}, headers=HTMX)
    assert column(reply, "active") == [carla.id]
    assert "<html" not in reply.text
    again = as_mo.post(f"/pipeline/{carla.id}/stage?owner=none", data={"stage": "active"})
    assert again.location == "/pipeline?owner=none"
    assert db.session.scalars(sa.select(ContactActivity.activity_type)).all() == ["stage_changed"]


def test_who_was_too_late_is_told(as_mo):
    carla = factories.contact(lifecycle_stage="lost")
    reply = as_mo.post(f"/pipeline/{carla.id}/stage", data={"stage": "active", "seen": "lead"}, headers=HTMX)
    assert (reply.status_code, column(reply, "lost")) == (409, [carla.id])
    assert "Somebody else moved Carla Diaz" in reply.text


def test_a_stage_that_is_none_is_refused(as_mo):
    carla = factories.contact()
    as_mo.post(f"/pipeline/{carla.id}/stage", data={"stage": "king"})
    assert carla.lifecycle_stage == "lead"


def test_it_is_narrowed_by_owner_and_tag(as_mo, mo):
    carla, otto = factories.contact(owner_id=mo.id), factories.contact(email="otto@example.com")
    tag_contacts(factories.tag("Hot"), [otto.id], mo.actor)
    assert column(as_mo.get(f"/pipeline?owner={mo.id}"), "lead") == [carla.id]
    assert column(as_mo.get("/pipeline?tag=hot&stage=active"), "lead") == [otto.id]


def test_it_shows_fifty_and_counts_all(as_mo, monkeypatch):
    monkeypatch.setattr("crm.contacts.board.CARDS", 2)
    monkeypatch.setattr("crm.contacts.board_routes.CARDS", 2)
    for number in range(3):
        factories.contact(email=f"p{number}@example.com")
    page = as_mo.get("/pipeline")
    assert len(column(page, "lead")) == 2
    assert "Show all in the list" in page.text


def test_an_agent_sees_and_moves_her_own(as_agnes, agnes):
    carla, otto = factories.contact(owner_id=agnes.id), factories.contact(email="otto@example.com")
    assert column(as_agnes.get("/pipeline"), "lead") == [carla.id]
    assert as_agnes.post(f"/pipeline/{otto.id}/stage", data={"stage": "lost"}).status_code == 404


def test_a_viewer_is_refused(as_vic):
    assert as_vic.get("/pipeline").status_code == 403
