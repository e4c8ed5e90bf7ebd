"""Stage, team, guardian, referrer and where a contact came from."""

import pytest
import sqlalchemy as sa

from crm.activity.models import ContactActivity
from crm.contacts.models import Contact
from crm.contacts.operations import Refused, update_contact
from crm.database import db
from crm.users.models import Team
from crm.users.operations import save_team
from tests import factories


def test_a_new_stage_is_a_fact_of_its_own_with_its_moment(mo):
    carla = factories.contact()
    before = carla.stage_changed_at
    update_contact(carla, {"lifecycle_stage": "active"}, mo.actor)
    db.session.refresh(carla)
    assert carla.stage_changed_at > before
    [told] = db.session.scalars(sa.select(ContactActivity))
    assert (told.activity_type, told.title) == ("stage_changed", "Stage changed: Lead → Active")


def test_a_guardian_is_named_by_address_and_cannot_be_oneself(mo):
    carla, mother = factories.contact(), factories.contact(first_name="Ana", email="ana@example.com")
    assert update_contact(carla, {"guardian": "Ana@example.com"}, mo.actor) == {"guardian": ["", "Ana Diaz"]}
    assert carla.guardian_id == mother.id
    for text in ("carla@example.com", "nobody@example.com"):
        with pytest.raises(Refused):
            update_contact(carla, {"guardian": text}, mo.actor)


def test_a_guardian_who_is_deleted_leaves_the_contact(mo):
    carla, mother = factories.contact(), factories.contact(email="ana@example.com")
    update_contact(carla, {"guardian": str(mother.id), "referrer": str(mother.id)}, mo.actor)
    db.session.execute(sa.delete(Contact).where(Contact.id == mother.id))
    db.session.refresh(carla)
    assert (carla.guardian_id, carla.referrer_id) == (None, None)


def test_an_agent_links_her_contacts_to_nobody(as_agnes, agnes):
    carla = factories.contact(owner_id=agnes.id)
    assert as_agnes.get(f"/contacts/{carla.id}/fields/guardian").status_code == 404
    assert as_agnes.post(f"/contacts/{carla.id}/fields/team", data={"team": ""}).status_code == 404
    assert "Guardian" not in as_agnes.get(f"/contacts/{carla.id}").text


def test_an_external_id_belongs_to_one(mo):
    factories.contact(external_id="k1", email="otto@example.com")
    carla = factories.contact()
    db.session.commit()
    with pytest.raises(Refused) as refused:
        update_contact(carla, {"external_id": "k1"}, mo.actor)
    assert "external_id" in refused.value.problems


def test_teams_are_made_changed_and_deleted(as_ada, ada, mo):
    assert "No teams yet" in as_ada.get("/teams").text
    as_ada.post("/teams/new", data={"name": "Evenings", "members": [str(mo.id)]})
    [team] = db.session.scalars(sa.select(Team))
    assert [each.id for each in team.members] == [mo.id]
    carla = factories.contact()
    as_ada.post(f"/contacts/{carla.id}/fields/team", data={"team": str(team.id)})
    assert carla.team_id == team.id
    assert "Evenings" in as_ada.get("/teams").text
    assert as_ada.post("/teams/new", data={"name": "evenings"}).status_code == 422
    as_ada.post(f"/teams/{team.id}/deletion")
    db.session.refresh(carla)
    assert carla.team_id is None


def test_a_team_needs_a_name(app):
    with pytest.raises(ValueError, match="name"):
        save_team(Team(), "  ", [])


def test_a_manager_makes_no_teams(as_mo):
    assert as_mo.get("/teams").status_code == 403


def test_contacts_in_sight_are_suggested_while_a_guardian_is_written(as_mo, as_agnes):
    carla = factories.contact()
    factories.contact(first_name="Ana", email="ana@example.com")
    factories.contact(first_name="Anatol", last_name="Nowhere", email=None)
    assert "/contacts/suggestions/guardian" in as_mo.get(f"/contacts/{carla.id}/fields/guardian").text
    found = as_mo.get("/contacts/suggestions/guardian?guardian=ana").text
    assert '<option value="ana@example.com">Ana' in found
    assert "Nowhere" not in found  # without an address nothing could be filled in
    assert "ana@" not in as_agnes.get("/contacts/suggestions/guardian?guardian=ana").text
