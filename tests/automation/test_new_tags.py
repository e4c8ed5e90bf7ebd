"""A tag that a workflow needs is made where it is needed, by those who may make tags."""

import sqlalchemy as sa

from crm.automation.models import Step
from crm.database import db
from crm.tags.models import Tag
from crm.users.roles import ROLES
from tests.automation.paths import draft
from tests.factories import tag


def add(client, version, **data):
    return client.post(f"/workflows/{version.workflow_id}/steps/new/add_tag", data=data)


def tags() -> list[str]:
    return list(db.session.scalars(sa.select(Tag.name).order_by(Tag.name)))


def configs() -> list[dict]:
    return list(db.session.scalars(sa.select(Step.step_config)))


def test_a_step_makes_the_tag_it_names(as_mo):
    version = draft()
    page = as_mo.get(f"/workflows/{version.workflow_id}/steps/new/add_tag").text
    assert "Or a new tag" in page
    assert add(as_mo, version, tag_id="", new_tag_id=" Evening  class ").status_code == 303
    made = db.session.scalars(sa.select(Tag)).one()
    assert (made.name, configs()) == ("Evening class", [{"tag_id": made.id}])


def test_a_name_that_is_there_already_is_used(as_mo):
    version, there = draft(), tag("Interested")
    add(as_mo, version, tag_id="", new_tag_id="interested")
    assert (tags(), configs()) == (["Interested"], [{"tag_id": there.id}])


def test_the_typed_name_goes_before_the_choice(as_mo):
    version, there = draft(), tag("Interested")
    add(as_mo, version, tag_id=str(there.id), new_tag_id="Kids")
    assert tags() == ["Interested", "Kids"]
    assert configs() != [{"tag_id": there.id}]


def test_a_bad_name_is_told_beside_the_choice_and_stays_typed(as_mo):
    reply = add(as_mo, draft(), tag_id="", new_tag_id="!!!")
    assert reply.status_code == 422
    assert "A tag needs a name with letters or digits." in reply.text
    assert 'value="!!!"' in reply.text
    assert (tags(), configs()) == ([], [])


def test_without_a_choice_or_a_name_nothing_is_saved(as_mo):
    reply = add(as_mo, draft(), tag_id="", new_tag_id="")
    assert reply.status_code == 422
    assert "Choose a tag." in reply.text


def test_a_tag_is_not_left_behind_by_a_change_that_is_refused(as_mo):
    version = draft()
    assert add(as_mo, version, tag_id="", new_tag_id="Kids", revision="99").status_code == 409
    assert (tags(), configs()) == ([], [])


def test_a_trigger_makes_the_tag_it_waits_for(as_mo):
    version = draft()
    as_mo.post(f"/workflows/{version.workflow_id}/trigger?type=tag_added", data={"tag_id": "", "new_tag_id": "Kids"})
    db.session.refresh(version)
    assert version.trigger_conditions == {"tag_id": db.session.scalars(sa.select(Tag.id)).one()}


def test_who_may_not_manage_tags_is_not_asked_and_makes_none(as_mo, monkeypatch):
    monkeypatch.setitem(ROLES, "crm_manager", ROLES["crm_manager"] - {"crm.tags.manage"})
    version = draft()
    assert "new_tag_id" not in as_mo.get(f"/workflows/{version.workflow_id}/steps/new/add_tag").text
    assert add(as_mo, version, tag_id="", new_tag_id="Kids").status_code == 422
    assert tags() == []
