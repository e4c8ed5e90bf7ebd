"""Changing many contacts at once: chosen ones, whole lists, in the worker, and back again."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.audiences.membership import members_among
from crm.audiences.operations import create_audience
from crm.bulk import runs
from crm.bulk.jobs import run_bulk_actions
from crm.bulk.kinds import KINDS
from crm.bulk.models import BulkAction, BulkActionChange
from crm.bulk.operations import request_action, stop_action, undo_action
from crm.contacts.models import Contact
from crm.custom_fields.operations import create_field, write_values
from crm.custom_fields.queries import values_of
from crm.database import db, table_of
from crm.tags.queries import tags_of
from tests import factories


@pytest.fixture
def people(app):
    rows = [
        {"first_name": f"P{n}", "sort_name": f"p{n}", "city": ("Lima", "Quito")[n % 2], "lifecycle_stage": "lead"}
        for n in range(30)
    ]
    db.session.execute(sa.insert(table_of(Contact)), rows)
    db.session.commit()
    return list(db.session.scalars(sa.select(Contact.id).order_by(Contact.id)))


def cities(ids):
    return list(db.session.scalars(sa.select(Contact.city).where(Contact.id.in_(ids)).order_by(Contact.id)))


def wearers(people):
    return [contact_id for contact_id, worn in tags_of(people).items() if worn]


def last():
    return db.session.scalar(sa.select(BulkAction).order_by(BulkAction.id.desc()).limit(1))


LIMA = {"if": '{"conditions":[{"field":"city","operator":"equals","value":"Lima"}]}'}


def test_the_page_offers_what_this_person_may_do(as_mo, as_agnes, agnes, people):
    page = as_mo.post("/contacts/bulk/new", data={"ids": people[:3]}).text
    assert "Change 3 contacts" in page
    assert all(kind.button in page for kind in KINDS.values())
    assert 'value="Enrolled" label="Stage: Enrolled"' in page
    assert "Change all 15 contacts" in as_mo.get("/contacts/bulk/new", query_string=LIMA).text
    db.session.get(Contact, people[0]).owner_id = agnes.id
    page = as_agnes.get("/contacts/bulk/new").text
    assert "Change all 1 contact<" in page
    assert "Assign" not in page
    assert "Delete contacts" not in page


def test_few_are_changed_at_once_and_given_back(as_mo, people):
    as_mo.post(
        "/contacts/bulk/set_field", data={"ids": people[:4], "set_field-field": "city", "set_field-value": "Cusco"}
    )
    assert cities(people[:5]) == ["Cusco"] * 4 + ["Lima"]
    assert (last().status, last().changed, last().title) == ("done", 4, "Set City to “Cusco”")
    db.session.get(Contact, people[0]).city = "Paris"
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    assert cities(people[:4]) == ["Paris", "Quito", "Lima", "Quito"]
    assert last().status == "undone"
    assert "Undone" in as_mo.get("/contacts/bulk").text


def test_a_whole_list_is_tagged_by_its_condition(as_mo, people):
    as_mo.post("/contacts/bulk/add_tag", query_string=LIMA, data={"add_tag-tag": "Peru"})
    assert len(wearers(people)) == 15
    assert set(cities(wearers(people))) == {"Lima"}
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    assert wearers(people) == []
    as_mo.post("/contacts/bulk/remove_tag", query_string=LIMA, data={"remove_tag-tag": "Peru"})
    assert last().changed == 0


def test_those_who_had_the_tag_keep_it_when_it_is_undone(as_mo, people):
    as_mo.post("/contacts/bulk/add_tag", data={"ids": people[:2], "add_tag-tag": "Peru"})
    as_mo.post("/contacts/bulk/add_tag", data={"ids": people[:4], "add_tag-tag": "Peru"})
    assert last().changed == 2
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    assert wearers(people) == people[:2]


def test_many_are_left_to_the_worker(as_mo, people, monkeypatch):
    monkeypatch.setattr("crm.bulk.routes.AT_ONCE", 10)
    reply = as_mo.post("/contacts/bulk/add_tag", data={"add_tag-tag": "All"})
    assert reply.location == f"/contacts/bulk/{last().id}"
    assert "Waiting for the worker" in as_mo.get(reply.location).text
    run_bulk_actions()
    assert len(wearers(people)) == 30
    assert "30 of 30 contacts changed" in as_mo.get(f"{reply.location}/state").text


def test_a_killed_worker_loses_and_repeats_nothing(mo, people, monkeypatch):
    monkeypatch.setattr(runs, "BATCH", 7)
    action = request_action(
        "set_field",
        {"field": "lifecycle_stage", "label": "Stage", "text": "active", "words": "Active"},
        "Set",
        mo,
        query={},
    )
    db.session.commit()
    real, calls = KINDS["set_field"].apply, []

    def dying(ids, params, by):
        calls.append(ids)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(ids, params, by)

    monkeypatch.setattr(KINDS["set_field"], "apply", dying)
    with pytest.raises(KeyboardInterrupt):
        runs.run(action.id, is_gentle=False)
    db.session.rollback()
    db.session.refresh(action)
    assert (action.done, action.changed, action.status) == (14, 14, "running")
    action.lease_until = None
    db.session.commit()
    runs.run(action.id, is_gentle=False)
    assert (action.done, action.changed, action.status) == (30, 30, "done")
    kinds = db.session.execute(
        sa.select(ContactActivity.activity_type, sa.func.count()).group_by(ContactActivity.activity_type)
    )
    assert [tuple(each) for each in kinds] == [("stage_changed", 30)]


def test_it_stops_and_what_was_done_can_be_undone(mo, people, monkeypatch):
    monkeypatch.setattr(runs, "BATCH", 10)
    action = request_action(
        "set_field", {"field": "city", "label": "City", "text": "Cusco", "words": "Cusco"}, "Set", mo, query={}
    )
    db.session.commit()
    assert runs.run(action.id, seconds=-1)
    stop_action(action)
    db.session.commit()
    assert not runs.run(action.id)
    assert (action.status, action.done) == ("stopped", 10)
    undo_action(action)
    db.session.commit()
    runs.run(action.id, is_gentle=False)
    assert cities(people) == ["Lima", "Quito"] * 15


def test_a_field_of_the_school_is_set_and_given_back(as_mo, people):
    level = create_field("Since", "date")
    db.session.commit()
    write_values(level, {people[0]: date(2020, 1, 2)})
    data = {"ids": people[:2], "set_field-field": "fields.since", "set_field-value": "2026-04-03"}
    as_mo.post("/contacts/bulk/set_field", data=data)
    assert last().changed == 2
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    kept = values_of(people[:2], [level])
    assert [str(kept[each].get("since")) for each in people[:2]] == ["2020-01-02", "None"]


def test_owners_are_assigned_and_given_back(as_mo, mo, ada, people):
    db.session.get(Contact, people[0]).owner_id = ada.id
    as_mo.post("/contacts/bulk/assign_owner", data={"ids": people[:2], "assign_owner-owner": str(mo.id)})
    assert {db.session.get(Contact, each).owner_id for each in people[:2]} == {mo.id}
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    assert [db.session.get(Contact, each).owner_id for each in people[:2]] == [ada.id, None]


def test_an_audience_takes_them_in_and_lets_them_go(as_mo, mo, people):
    audience = create_audience("Peru")
    as_mo.post("/contacts/bulk/add_to_audience", query_string=LIMA, data={"add_to_audience-audience": audience.slug})
    assert (last().changed, len(members_among(audience, people))) == (15, 15)
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    assert members_among(audience, people) == set()


def test_deletion_is_meant_and_final(as_mo, people):
    assert as_mo.post("/contacts/bulk/delete", data={"ids": people[:2]}).status_code == 422
    as_mo.post("/contacts/bulk/delete", data={"ids": people[:2], "delete-is_meant": "y"})
    assert db.session.scalar(sa.select(sa.func.count(Contact.id))) == 28
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    assert last().status == "done"


def test_what_cannot_be_is_told_and_changes_nothing(as_mo, people):
    for kind, data in (
        ("set_field", {"set_field-field": "country", "set_field-value": "Atlantis"}),
        ("remove_tag", {"remove_tag-tag": "gone"}),
        ("add_tag", {}),
        ("add_tag", {"add_tag-tag": "9" * 200}),
        ("set_field", {"set_field-field": "email", "set_field-value": "x@example.com"}),
    ):
        reply = as_mo.post(f"/contacts/bulk/{kind}", data={"ids": people[:2], **data})
        assert reply.status_code == 422
        assert 'role="alert"' in reply.text
    assert last() is None


def test_an_agent_changes_her_own_and_sees_her_own(as_agnes, agnes, as_mo, people):
    factories.tag("Peru")
    db.session.get(Contact, people[0]).owner_id = agnes.id
    as_agnes.post("/contacts/bulk/add_tag", data={"ids": people[:5], "add_tag-tag": "Peru"})
    assert wearers(people) == people[:1]
    as_agnes.post("/contacts/bulk/add_tag", data={"add_tag-tag": "Peru"})
    assert wearers(people) == people[:1]
    assert as_agnes.post("/contacts/bulk/delete", data={"delete-is_meant": "y"}).status_code == 403
    assert as_mo.get(f"/contacts/bulk/{last().id}").status_code == 404


def test_a_day_later_it_is_too_late(as_mo, people):
    as_mo.post("/contacts/bulk/add_tag", data={"ids": people[:2], "add_tag-tag": "Peru"})
    last().finished_at -= timedelta(days=1)
    as_mo.post(f"/contacts/bulk/{last().id}/undo")
    assert (last().status, len(wearers(people))) == ("done", 2)


def test_who_may_no_longer_do_it_does_not(mo, people):
    action = request_action("add_tag", {"tag_id": factories.tag("Peru").id, "tag": "Peru"}, "Add", mo, query={})
    mo.role = "crm_viewer"
    db.session.commit()
    runs.run(action.id, is_gentle=False)
    assert (action.status, wearers(people)) == ("failed", [])
    assert db.session.query(BulkActionChange).count() == 0


def test_a_viewer_is_refused(as_vic):
    assert as_vic.get("/contacts/bulk/new").status_code == as_vic.post("/contacts/bulk/add_tag").status_code == 403
